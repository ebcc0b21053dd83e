//! What the application and the shell tell each other about an export. Plain data, so a test compares it.
//!
//! ```text
//! Begin ─► Piece ─► Piece ─► Finish        each piece is answered with Took, the end with Ended
//!             └───► Cancel                 nothing comes after it
//! ```
//! A few pieces are on their way at most, so a disk or program that is behind holds up the export alone.

use std::path::PathBuf;

use crate::interop::export::{ExportFormat, ExportPiece, ExportTimes};
use crate::model::failure::Failure;
use crate::model::secrets::Disclosure;
use crate::store::job::Overwrite;

/// Names an export of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ExportId(pub u64);

/// Which records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportChoice {
    #[default]
    All,
    /// Those that the filter in force lets through.
    Shown,
    Marked,
}

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportTarget {
    /// A file of this name; of a format with several, the names made of it.
    File { path: PathBuf, overwrite: Overwrite },
    /// The standard input of this command.
    Program(String),
}

/// An export as the user wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportWish {
    pub choice: ExportChoice,
    pub format: ExportFormat,
    pub with_secrets: bool,
    pub target: ExportTarget,
}

/// What the shell has to know at the beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportOrder {
    pub format: ExportFormat,
    pub target: ExportTarget,
    pub told: Disclosure,
    pub times: ExportTimes,
}

/// What the shell shall do.
#[derive(Debug, Clone, PartialEq)]
pub enum ExportStep {
    Begin(Box<ExportOrder>),
    Piece(Box<ExportPiece>),
    /// That was all.
    Finish,
    /// Nothing of it shall stay.
    Cancel,
}

/// What the shell tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportReport {
    /// A piece is written.
    Took,
    /// There is a file of this name.
    NameTaken(PathBuf),
    /// What was written and what could not be, in words; or why nothing is.
    Ended(Result<String, Failure>),
}
