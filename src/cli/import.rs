//! `wirebench import`: presets of other tools into the workspace, with a summary of what came and what
//! did not.

use std::path::{Path, PathBuf};

use super::exit;
use super::headless::Headless;
use super::output::Output;
use super::stdin::{self, STDIN};
use crate::args;
use crate::interop::import::{IMPORT_LIMIT, ImportFault, ImportFile, ImportKind, ImportSummary};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::{Environment, PresetPath};
use crate::store::{self, ImportChoice};

/// Runs the command; returns the exit status.
pub(super) async fn run(
    arguments: &args::Import,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let done = take_over(arguments, headless, output).await;
    done.map_err(|failure| failure.composed_for(Stage::ComposeImport))
}

async fn take_over(
    arguments: &args::Import,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let choice = choice(arguments)?;
    let kind = arguments.kind.as_deref().and_then(|kind| kind.parse::<ImportKind>().ok());
    let mut files = Vec::new();
    for file in &arguments.files {
        files.extend(read(file).await?);
    }
    let root = headless.paths.workspace_unasked()?.to_owned();
    let work = move || -> Result<ImportSummary, Failure> {
        let trees =
            store::read_trees(&files, kind).map_err(|(name, fault)| broken(&name, &fault))?;
        drop(files);
        let titles = ImportSummary::titled(&trees);
        let (plan, _) = store::take_import(&root, trees, &choice)?;
        Ok(titles.with(&plan))
    };
    let done = tokio::task::spawn_blocking(work).await;
    let summary = done.unwrap_or_else(|error| {
        Err(Failure::new(Stage::Program, "import", FailureKind::Io, error.to_string()))
    })?;
    if !summary.title.is_empty() {
        tell(&summary, arguments.dry_run, output);
    }
    if summary.is_empty {
        let names: Vec<String> =
            arguments.files.iter().map(|file| file.display().to_string()).collect();
        let cause = "nothing in it can be imported";
        return Err(Failure::new(Stage::Compose, names.join(", "), FailureKind::Usage, cause));
    }
    Ok(exit::OK)
}

fn choice(arguments: &args::Import) -> Result<ImportChoice, Failure> {
    let into = arguments.into.as_deref().map(|folder| {
        PresetPath::parse_folder(folder).map_err(|error| {
            let target = format!("--into {folder}");
            Failure::new(Stage::Compose, target, FailureKind::Usage, error.to_string())
        })
    });
    if let Some(name) = &arguments.env {
        Environment::check_name(name).map_err(|cause| {
            Failure::new(Stage::Compose, format!("--env {name}"), FailureKind::Usage, cause)
        })?;
    }
    let environment = arguments.env.clone();
    Ok(ImportChoice { into: into.transpose()?, environment, is_dry: arguments.dry_run })
}

/// A file, or those of a folder.
async fn read(file: &PathBuf) -> Result<Vec<ImportFile>, Failure> {
    if file == Path::new(STDIN) {
        let bytes = stdin::read_whole(IMPORT_LIMIT).await?;
        return Ok(vec![ImportFile { name: "standard input".into(), inside: None, bytes }]);
    }
    let path = file.clone();
    let work = move || store::read_import(&path);
    let read = tokio::task::spawn_blocking(work).await;
    read.unwrap_or_else(|error| {
        let name = file.display().to_string();
        Err(Failure::new(Stage::Program, name, FailureKind::Io, error.to_string()))
    })
}

fn broken(name: &str, fault: &ImportFault) -> Failure {
    store::broken_import(name, fault).hint("nothing was written; --as KIND says what a file is")
}

/// Prints what came, what has another name, and what did not come.
fn tell(summary: &ImportSummary, is_dry: bool, output: &mut Output) {
    let would = if is_dry { " (nothing is written)" } else { "" };
    output.line(&format!("{}{would}", summary.title));
    for line in &summary.comes {
        output.line(&format!("  {line}"));
    }
    if !summary.differs.is_empty() {
        output.line("not as it was:");
    }
    let differs = if is_dry { &summary.differs_in_full } else { &summary.differs };
    for line in differs {
        output.line(&format!("  {line}"));
    }
    if !is_dry && summary.differs != summary.differs_in_full {
        output.line("  (--dry-run names every place)");
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_kind_can_be_named() {
        for kind in ImportKind::VARIANTS {
            let words = ["wirebench", "import", "x", "--as", kind.into_str()];
            assert!(args::Arguments::try_parse_from(words).is_ok(), "{kind:?}");
        }
    }
}
