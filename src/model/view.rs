//! Windows onto bodies: the screen asks for the lines it shows, never for a whole body.

use bytes::Bytes;
use strum::{EnumString, IntoStaticStr};

use super::id::BodyId;

/// Longest piece of a line handed out as one [`ViewLine`]; longer lines continue on the next.
pub const LINE_PIECE: usize = 4096;

/// A request for some lines of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewQuery {
    pub body: BodyId,
    pub part: ViewPart,
    pub mode: ViewMode,
    /// First display line wanted, from 0. Past the end = the last lines.
    pub top: u64,
    pub rows: u16,
}

/// Which bytes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewPart {
    /// The body after transfer and content codings.
    Decoded,
    /// The whole message as it crossed the wire, head and framing included.
    Raw,
}

/// How bytes are cut into display lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewMode {
    /// JSON laid out anew, one value a line; bytes of strings and numbers untouched.
    Pretty,
    /// Lines as they are.
    Text,
    /// Lines of an encoding whose units are no bytes, handed out as UTF-8.
    Wide(WideEncoding),
    /// Sixteen bytes a line.
    Hex,
}

/// An encoding of Unicode in units of two or four bytes; by name on screen, and as a charset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString)]
#[strum(ascii_case_insensitive, const_into_str)]
pub enum WideEncoding {
    #[strum(to_string = "UTF-16LE", serialize = "UTF-16")]
    Utf16Le,
    #[strum(serialize = "UTF-16BE")]
    Utf16Be,
    #[strum(serialize = "UTF-32LE")]
    Utf32Le,
    #[strum(to_string = "UTF-32BE", serialize = "UTF-32")]
    Utf32Be,
}

/// The answer to a [`ViewQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub query: ViewQuery,
    /// How the lines are cut: text where pretty could not lay out the body.
    pub cut: ViewMode,
    /// Display line number of the first of `lines`.
    pub top: u64,
    pub lines: Vec<ViewLine>,
    /// Display lines known so far.
    pub total_lines: u64,
    pub total_bytes: u64,
    /// Every byte has arrived and is indexed.
    pub complete: bool,
    /// Where a body shown as JSON is none (`not JSON: ... at byte 17`), or that the body is gone.
    pub note: Option<String>,
}

/// One display line; bytes as received, to be made printable by the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewLine {
    /// Place of the first byte in the part.
    pub offset: u64,
    pub bytes: Bytes,
    /// Spaces before it (pretty only).
    pub indent: u16,
    /// Continues the line before.
    pub continued: bool,
}

/// A request to find text in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    pub body: BodyId,
    pub part: ViewPart,
    pub mode: ViewMode,
    /// Literal text; letters match without case when it has no upper-case letter.
    pub text: String,
    /// Byte to start from (exclusive when going on from a hit).
    pub from: u64,
    pub direction: SearchDirection,
}

/// Which way a search goes; past that end it comes in at the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchDirection {
    Forward,
    Backward,
}

/// The answer to a [`SearchQuery`]: the display line and byte offset of the hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    pub query: SearchQuery,
    pub hit: Option<(u64, u64)>,
    /// The search went past an end and came in at the other.
    pub wrapped: bool,
    /// Without a hit: what of the body could not be searched, in words.
    pub flaw: Option<String>,
}

/// A request to compare two bodies as they read decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompareQuery {
    pub old: BodyId,
    pub new: BodyId,
}
