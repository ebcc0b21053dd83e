//! Cuts a body into display lines: scanned once while it arrives, laid out only where looked at.
//!
//! Called by the engine's body views. A scanner is a small value that can be copied anywhere, so a
//! copy kept every so often is a checkpoint: to show line n, take the last checkpoint before it
//! and [`LineScanner::format`] the bytes that follow it. Any split of the input gives the same
//! lines, and no line hands out more than `LINE_PIECE` bytes.
//!
//! ```text
//! body ──chunk──> scan ──> starts of lines (counted)     checkpoint = copy of the scanner
//! checkpoint + bytes from there ──> format ──> the rows on the screen
//! ```

mod pretty;
mod start;
mod text;
mod wide;

use bytes::Bytes;

use super::hex::LINE;
use crate::model::view::{ViewLine, ViewMode};
use pretty::JsonScanner;
use text::TextScanner;
use wide::WideScanner;

pub use pretty::{JsonCheck, is_labelled_json, not_json};
pub use start::{LineStart, NotJson, OpenBracket};
pub use wide::encode as encode_wide;

/// Bytes scanned at a time when only some lines are wanted.
const STRIDE: usize = 4096;

/// Scanner of one view mode.
#[derive(Debug, Clone)]
pub struct LineScanner(Scanner);

#[derive(Debug, Clone)]
enum Scanner {
    Pretty(JsonScanner),
    Text(TextScanner),
    Wide(WideScanner),
    /// Bytes scanned so far.
    Hex(u64),
}

impl LineScanner {
    /// A scanner at the start of a body.
    #[must_use]
    pub fn new(mode: ViewMode) -> Self {
        LineScanner(match mode {
            ViewMode::Pretty => Scanner::Pretty(JsonScanner::default()),
            ViewMode::Text => Scanner::Text(TextScanner::default()),
            ViewMode::Wide(wide) => Scanner::Wide(WideScanner::new(wide)),
            ViewMode::Hex => Scanner::Hex(0),
        })
    }

    /// Bytes scanned so far: the place in the body a copy taken now belongs to.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match &self.0 {
            Scanner::Pretty(scanner) => scanner.offset,
            Scanner::Text(scanner) => scanner.offset,
            Scanner::Wide(scanner) => scanner.offset,
            Scanner::Hex(offset) => *offset,
        }
    }

    /// The objects and lists that are open here, from outside; `FOLDABLE` at most.
    #[must_use]
    pub fn open(&self) -> &[OpenBracket] {
        match &self.0 {
            Scanner::Pretty(scanner) => &scanner.open,
            Scanner::Text(_) | Scanner::Wide(_) | Scanner::Hex(_) => &[],
        }
    }

    /// Takes the next bytes and reports every line that starts in them, in order. An error is
    /// final, and only `Pretty` has any.
    pub fn scan(
        &mut self,
        chunk: &[u8],
        mut on_line: impl FnMut(LineStart),
    ) -> Result<(), NotJson> {
        match &mut self.0 {
            Scanner::Pretty(scanner) => return scanner.scan(chunk, &mut on_line),
            Scanner::Text(scanner) => scanner.scan(chunk, &mut on_line),
            Scanner::Wide(scanner) => scanner.scan(chunk, &mut on_line),
            Scanner::Hex(offset) => {
                let (line, end) = (LINE as u64, *offset + chunk.len() as u64);
                let starts = (offset.next_multiple_of(line)..end).step_by(LINE);
                starts.for_each(|offset| on_line(LineStart { offset, ..LineStart::default() }));
                *offset = end;
            }
        }
        Ok(())
    }

    /// Lays out lines from this checkpoint: `bytes` follow [`LineScanner::offset`], `skip` of the
    /// lines that start in them are left out and at most `rows` come back. The last line ends
    /// where `bytes` end, so hand over enough of them ([`LINE_PIECE`](crate::model::view::LINE_PIECE) more than the last line's
    /// start is always enough).
    #[must_use]
    pub fn format(&self, bytes: &[u8], skip: u64, rows: usize) -> Vec<ViewLine> {
        self.format_some(bytes, skip..skip.saturating_add(rows as u64))
    }

    /// The same for lines that need not follow each other: their numbers from here, in order.
    #[must_use]
    pub fn format_some(
        &self,
        bytes: &[u8],
        wanted: impl IntoIterator<Item = u64>,
    ) -> Vec<ViewLine> {
        let mut scanner = self.clone();
        let base = scanner.offset();
        let mut wanted = wanted.into_iter().peekable();
        // Where each starts, and where the line after it does.
        let mut found: Vec<(LineStart, Option<u64>)> = Vec::new();
        let (mut number, mut seen) = (0, 0);
        for chunk in bytes.chunks(STRIDE) {
            if wanted.peek().is_none() && found.last().is_none_or(|(_, end)| end.is_some()) {
                break;
            }
            seen += chunk.len();
            let result = scanner.scan(chunk, |start| {
                if let Some((_, end @ None)) = found.last_mut() {
                    *end = Some(start.offset);
                }
                if wanted.next_if_eq(&number).is_some() {
                    found.push((start, None));
                }
                number += 1;
            });
            if let Err(error) = result {
                seen = (error.offset.saturating_sub(base) as usize).min(bytes.len());
                break;
            }
        }
        let end = base + seen as u64;
        let line = |(start, next): &(LineStart, Option<u64>)| {
            self.line(start, bytes, base, next.unwrap_or(end))
        };
        found.iter().map(line).collect()
    }

    fn line(&self, start: &LineStart, bytes: &[u8], base: u64, end: u64) -> ViewLine {
        let (from, to) = ((start.offset - base) as usize, (end - base) as usize);
        // Lines start in the bytes that were scanned, in order, and the last ends where those end.
        let raw = &bytes[from..to];
        let bytes = match &self.0 {
            Scanner::Pretty(_) => Bytes::from(pretty::normalise(raw, start.inside)),
            Scanner::Text(_) => Bytes::copy_from_slice(text::without_end(raw)),
            Scanner::Wide(scanner) => Bytes::from(wide::to_utf8(scanner.wide, raw, start.offset)),
            Scanner::Hex(_) => Bytes::copy_from_slice(raw),
        };
        let LineStart { offset, indent, continued, place, .. } = *start;
        ViewLine { offset, bytes, indent, continued, place, ..ViewLine::default() }
    }
}

#[cfg(test)]
mod lines_tests;
