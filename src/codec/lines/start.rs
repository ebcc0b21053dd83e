//! What the scanners of all view modes report and agree on.

use crate::model::folds::JsonPlace;
use crate::model::view::LINE_PIECE;

/// Raw bytes a piece of a line is cut at: room for the rest of a UTF-8 character (3 bytes) and
/// for the space after a colon.
pub(super) const CUT: u64 = LINE_PIECE as u64 - 4;

/// Where a display line starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineStart {
    /// Place of its first byte.
    pub offset: u64,
    /// Spaces before it (pretty only).
    pub indent: u16,
    /// It continues the line before.
    pub continued: bool,
    /// Where it stands (pretty only).
    pub place: JsonPlace,
    /// What the first byte is inside of (pretty only).
    pub(super) inside: JsonState,
}

/// An object or list that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenBracket {
    /// Place of the first byte of the line that opens it.
    pub at: u64,
    pub is_object: bool,
    /// Members before the one that is next.
    pub member: u64,
}

/// What a byte of JSON is inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum JsonState {
    #[default]
    Nothing,
    String,
    /// In a string, right after a backslash.
    Escape,
}

/// Why bytes cannot be laid out as JSON; the viewer falls back to text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not JSON: {message} at byte {offset}")]
pub struct NotJson {
    pub offset: u64,
    pub message: String,
}

/// Whether a byte continues a UTF-8 character, so that no cut may be made before it.
pub(super) fn continues_character(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}
