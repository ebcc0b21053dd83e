//! What is asked of an import of other tools' presets, and what comes of it: looked at first, written when that
//! was seen, and taken back.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::job_kind::JobKind;
use crate::interop::import::{ImportSummary, ImportTree};
use crate::model::failure::Failure;
use crate::model::preset::PresetPath;

/// Where an import goes, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportChoice {
    /// The folder; `None` = one of its own.
    pub into: Option<PresetPath>,
    /// The environment that takes credentials.
    pub environment: Option<String>,
    /// Plans and writes nothing.
    pub is_dry: bool,
}

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportSource {
    /// A file, or a folder with files.
    Named(PathBuf),
    /// A text that was pasted.
    Pasted(String),
    /// What was read before.
    Known(ImportTrees),
}

/// What was read; copies share it.
pub type ImportTrees = Arc<Vec<ImportTree>>;

/// A step of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportTask {
    /// Read it and say what would be written; `asked` tells the answer from that to another question.
    Look { asked: u64, source: ImportSource, into: Option<PresetPath> },
    /// Write it.
    Write { trees: ImportTrees, into: Option<PresetPath> },
    /// Take back what was written, as far as nobody changed it since.
    TakeBack(ImportTrace),
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportDone {
    /// What would be written, or where it is broken and why.
    Looked { asked: u64, found: Result<ImportPreview, Failure> },
    /// It is written: these presets, and how that is taken back.
    Written { presets: Vec<PresetPath>, summary: ImportSummary, trace: ImportTrace },
    /// It is taken back; these presets are gone, and these files stay, since others changed them.
    TakenBack { trace: ImportTrace, gone: Vec<PresetPath>, left: Vec<String> },
}

/// An import that nothing is written of yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportPreview {
    pub trees: ImportTrees,
    pub summary: ImportSummary,
}

/// What an import changed on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportTrace {
    pub presets: Vec<PresetPath>,
    pub changes: Vec<FileChange>,
}

/// A file that is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// From the folder of the workspace, with `/`.
    pub file: String,
    /// What it held; `None` = it was not there.
    pub before: Option<Bytes>,
    /// The fingerprint of what it holds.
    pub after: u64,
}

impl ImportTask {
    /// What it does.
    pub(super) fn kind(&self) -> JobKind {
        match self {
            ImportTask::Look { .. } => JobKind::LookAtImport,
            ImportTask::Write { .. } => JobKind::WriteImport,
            ImportTask::TakeBack(_) => JobKind::TakeImportBack,
        }
    }
}

impl ImportTrace {
    /// Bytes it keeps of files that were there.
    pub(crate) fn bytes(&self) -> usize {
        let before = self.changes.iter().filter_map(|change| change.before.as_ref());
        before.map(Bytes::len).sum()
    }
}
