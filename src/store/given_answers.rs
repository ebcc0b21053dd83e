//! Files of answers that are asked for once and hold for a folder: read for the next time, and written
//! whole. Used by `project` and `command_trust`, which know what an answer is.
//!
//! ```text
//! "FOLDER" = answer
//! ```

use std::fs;
use std::path::Path;

use super::job::Overwrite;
use super::{atomic, workspace};
use crate::model::failure::{Failure, FailureKind};

/// Longest file of answers, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// What a folder is called in such a file: its real path; `None` where that is no UTF-8, or nothing.
pub(super) fn key(folder: &Path) -> Option<String> {
    fs::canonicalize(folder).ok()?.into_os_string().into_string().ok()
}

/// The same for an answer that is to be kept.
///
/// # Errors
/// When there is no such name.
pub(super) fn key_to_keep(folder: &Path) -> Result<String, Failure> {
    key(folder).ok_or_else(|| {
        let cause = "the answer cannot be kept: the name is not UTF-8";
        atomic::refusal(folder, FailureKind::Usage, cause)
    })
}

/// The answers by their folders; none where there is no file.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read(file: &Path) -> Result<toml::Table, Failure> {
    let broken = |cause: String| {
        atomic::refusal(file, FailureKind::Malformed, cause)
            .hint("mend the file or remove it; you are asked again then")
    };
    let text = match workspace::read_ours(file, LIMIT) {
        Err(failure) if failure.kind == FailureKind::NotFound => return Ok(toml::Table::new()),
        text => text?,
    };
    let text = String::from_utf8(text).map_err(|_| broken("not UTF-8".into()))?;
    text.parse().map_err(|error: toml::de::Error| broken(error.to_string()))
}

/// Writes the whole file.
///
/// # Errors
/// When it cannot be written, or would be too long to be read again.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    if text.len() as u64 > LIMIT {
        return Err(workspace::too_large(file, LIMIT).hint("remove what is not needed any more"));
    }
    atomic::write(file, text.as_bytes(), Overwrite::Replace)
}
