//! A request as it stands in a file of requests, and what all readers of one share.

use crate::interop::import::braces::Dialect;

/// How placeholders are written.
pub(super) const DIALECT: Dialect = Dialect::HttpFile;

/// The lines of a request.
#[derive(Default)]
pub(super) struct RequestPiece<'t> {
    pub(super) name: String,
    /// Where it begins, from 1.
    pub(super) line: usize,
    pub(super) lines: Vec<&'t str>,
}

/// Where a line of a piece stands in the file.
pub(super) fn place_at(piece: &RequestPiece<'_>, at: usize) -> String {
    format!("line {}", piece.line + at + usize::from(piece.line > 1))
}
