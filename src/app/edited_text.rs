//! Text that was in an external editor when the program ended.
//!
//! The shell finds it at the next start; `flow::edited` puts it where it belongs.

use std::path::PathBuf;

/// What an editor saved after the program that opened it had ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedText {
    /// Where it lies.
    pub path: PathBuf,
    /// Name of the field it was the text of (`body.json`).
    pub field: String,
    /// [`fingerprint`] of the text the editor was opened with.
    pub before: u64,
    /// `None` when it cannot be read or is no text.
    pub text: Option<String>,
}

/// What was found and is on its way into drafts, and from there to disk.
#[derive(Debug, Default)]
pub struct EditedTexts {
    pub(super) waiting: Vec<EditedText>,
    /// Files whose text is in a draft now.
    pub(super) taken: Vec<PathBuf>,
    /// The same, in drafts that are being written.
    pub(super) saving: Vec<PathBuf>,
}

/// A number that tells texts apart: FNV-1a, the same in every version of the program.
#[must_use]
pub fn fingerprint(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
