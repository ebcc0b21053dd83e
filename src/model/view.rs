//! Windows onto bodies: the screen asks for the lines it shows, never for a whole body.

use bytes::Bytes;
use strum::{EnumString, IntoStaticStr};

use super::folds::{Enclosing, FoldedLines, Folds, JsonPlace};
use super::id::BodyId;

/// Longest piece of a line handed out as one [`ViewLine`]; longer lines continue on the next.
pub const LINE_PIECE: usize = 4096;

/// A request for some lines of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewQuery {
    pub body: BodyId,
    pub part: ViewPart,
    pub mode: ViewMode,
    /// Display line wanted, from 0, or the one that hides it. Past the end = the last lines.
    pub top: u64,
    /// Lines wanted before it; they count as rows.
    pub above: u16,
    pub rows: u16,
    /// What is not shown (pretty only).
    pub folds: Folds,
}

impl ViewQuery {
    /// Lines from `top` on, with nothing folded.
    #[must_use]
    pub fn new(body: BodyId, part: ViewPart, mode: ViewMode, top: u64, rows: u16) -> Self {
        ViewQuery { body, part, mode, top, above: 0, rows, folds: Folds::default() }
    }
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
    /// Objects and lists around the first of `lines`, from outside (pretty only).
    pub enclosing: Vec<Enclosing>,
    /// Display lines known so far, hidden ones included.
    pub total_lines: u64,
    pub total_bytes: u64,
    /// Every byte has arrived and is indexed.
    pub complete: bool,
    /// Where a body shown as JSON is none (`not JSON: ... at byte 17`), or that the body is gone.
    pub note: Option<String>,
}

/// One display line; bytes as received, to be made printable by the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ViewLine {
    /// Its number, hidden lines counted, from 0.
    pub number: u64,
    /// Place of the first byte in the part.
    pub offset: u64,
    pub bytes: Bytes,
    /// Spaces before it (pretty only).
    pub indent: u16,
    /// Continues the line before.
    pub continued: bool,
    pub place: JsonPlace,
    pub folded: Option<FoldedLines>,
}

impl ViewLine {
    /// The number of the line that is shown next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.number + 1 + self.folded.map_or(0, |folded| folded.lines)
    }
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
    /// The objects and lists it is in, from outside, each by the first byte of the line that opens it.
    pub inside: Vec<u64>,
    /// The search went past an end and came in at the other.
    pub wrapped: bool,
    /// The text is in what a table leaves out of a cell; the hit is at the mark that says so.
    pub behind_cut: bool,
    /// Without a hit: what of the body could not be searched, in words.
    pub flaw: Option<String>,
}

/// A request to compare two bodies as they read decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompareQuery {
    pub old: BodyId,
    pub new: BodyId,
}

/// How many hits a search has, told after the hit itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HitCount {
    pub query: SearchQuery,
    /// First byte of the hit the search stands on.
    pub hit: u64,
    /// Hits before it; `None` = it is behind those that were counted.
    pub place: Option<u64>,
    pub total: u64,
    /// There may be more than were counted.
    pub is_more: bool,
}
