//! The reports of a run: files that appear whole or not at all, opened before anything is sent, and one that may
//! take the place of what is printed.

use std::io::Write as _;

use strum::VariantNames as _;

use crate::cli::exit;
use crate::cli::output::{self, Output};
use crate::cli::output_file::OutputFile;
use crate::interop::run_report::{RunFacts, RunReportKind};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::suggest::suggest;

/// Reports that are to be written.
pub(super) struct Reports {
    files: Vec<(RunReportKind, String, OutputFile)>,
    printed: Option<RunReportKind>,
}

impl Reports {
    /// Opens the files of `KIND[=FILE]`, so that what cannot be written is said before anything is sent.
    pub(super) fn begin(words: &[String]) -> Result<Self, Failure> {
        let mut reports = Reports { files: Vec::new(), printed: None };
        for word in words {
            let refused = |cause: String| {
                let target = format!("--report {word}");
                Failure::new(Stage::Compose, target, FailureKind::Usage, cause)
            };
            let (kind, file) = match word.split_once('=') {
                Some((kind, file)) => (kind, Some(file).filter(|file| *file != "-")),
                None => (word.as_str(), None),
            };
            let kind: RunReportKind = kind.parse().map_err(|_| {
                let known = suggest(kind, RunReportKind::VARIANTS);
                refused(format!("there is no such kind of report; {known}"))
            })?;
            match file {
                Some(name) if reports.files.iter().any(|(_, known, _)| known == name) => {
                    return Err(refused("another report goes to this file".to_owned()));
                }
                Some(name) => {
                    let file = OutputFile::begin(name)?;
                    reports.files.push((kind, name.to_owned(), file));
                }
                None if reports.printed.replace(kind).is_some() => {
                    return Err(refused(
                        "one report at most is printed; write KIND=FILE".to_owned(),
                    ));
                }
                None => {}
            }
        }
        Ok(reports)
    }

    /// Whether one is printed in place of what else would be.
    pub(super) fn takes_output(&self) -> bool {
        self.printed.is_some()
    }

    /// Writes them; whether all are there. What went wrong is said.
    pub(super) async fn write(self, facts: RunFacts<'_>, output: &mut Output) -> bool {
        if let Some(kind) = self.printed {
            output.safe(&facts.report(kind));
        }
        let mut are_written = true;
        for (kind, name, file) in self.files {
            let text = facts.report(kind);
            let written = file.file().and_then(|mut to| {
                to.write_all(text.as_bytes()).map_err(|error| {
                    let (kind, cause) = file_error::words(&error);
                    Failure::new(Stage::Storage, &*name, kind, cause)
                })
            });
            let ended = match written {
                Ok(()) => file.conclude(Ok(exit::OK)).await,
                Err(failure) => file.conclude(Err(failure)).await,
            };
            match ended {
                Ok(exit::OK) => {}
                Ok(_) => are_written = false,
                Err(failure) => {
                    output::print_failure(&failure);
                    are_written = false;
                }
            }
        }
        are_written
    }
}
