//! What is selected of a body: whole lines by keys, characters by the mouse. Only lines that are here
//! can be.

use std::ops::Range;

use super::{BodyView, Viewport};
use crate::app::wrap_bytes;
use crate::codec::highlight::{self, HighlightToken};
use crate::codec::printable::printable;
use crate::codec::{escape, hex};
use crate::model::view::{View, ViewLine, ViewMode};

/// A place in the text of a body: a line, and a byte of what is shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TextSpot {
    pub line: u64,
    pub at: usize,
}

/// What is selected, from where it began to where it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    anchor: TextSpot,
    head: TextSpot,
    /// Of the first and the last line all is selected.
    whole_lines: bool,
}

impl Selection {
    fn ends(&self) -> (TextSpot, TextSpot) {
        (self.anchor.min(self.head), self.anchor.max(self.head))
    }

    /// Whether all of the lines it reaches into is selected.
    pub(in super::super) fn is_of_lines(&self) -> bool {
        self.whole_lines
    }

    /// The first and the last line of it.
    pub(in super::super) fn lines(&self) -> (u64, u64) {
        let (start, end) = self.ends();
        (start.line, end.line)
    }

    /// The text that is selected of a window; `None` = not all of it is there.
    pub(in super::super) fn text(&self, window: &View) -> Option<String> {
        let (first, last) = self.lines();
        let begins = window.lines.iter().position(|line| line.number == first)?;
        let (mut text, mut number) = (String::new(), first);
        for line in window.lines.get(begins..)?.iter().take_while(|line| line.number <= last) {
            if line.number > first && !line.continued {
                text.push('\n');
            }
            text += &part_of(window.cut, line, self.on(line.number, line.bytes.len())?);
            number = line.next();
        }
        (number > last).then_some(text)
    }

    /// The bytes of a line that are selected.
    fn on(&self, number: u64, length: usize) -> Option<Range<usize>> {
        let (start, end) = self.ends();
        if !(start.line..=end.line).contains(&number) {
            return None;
        }
        let from = if number > start.line || self.whole_lines { 0 } else { start.at };
        let to = if number < end.line || self.whole_lines { length } else { end.at };
        Some(from.min(length)..to.min(length))
    }
}

impl BodyView {
    /// The bytes of a line that are selected.
    pub fn selected(&self, number: u64, line: &ViewLine) -> Option<Range<usize>> {
        self.selection.as_ref()?.on(number, line.bytes.len())
    }

    /// What is selected.
    pub fn selection(&self) -> Option<&Selection> {
        self.selection.as_ref()
    }

    /// Selects lines from that of the cursor on, or nothing any more.
    pub(in super::super) fn toggle_selection(&mut self) {
        let here = TextSpot { line: self.cursor, at: 0 };
        let begun = Selection { anchor: here, head: here, whole_lines: true };
        self.selection = self.selection.is_none().then_some(begun);
    }

    /// Selects nothing any more; tells whether something was.
    pub(in super::super) fn deselect(&mut self) -> bool {
        self.selection.take().is_some()
    }

    /// The cursor moved: what is selected by lines follows it, what the mouse selected is over.
    pub(super) fn follow_cursor(&mut self) {
        match &mut self.selection {
            Some(selection) if selection.whole_lines => selection.head.line = self.cursor,
            other => *other = None,
        }
    }

    /// Selects what lies between two spots; rows of hex as a whole.
    pub(in super::super) fn select(&mut self, anchor: TextSpot, head: TextSpot) {
        let whole_lines = self.mode == ViewMode::Hex;
        self.cursor = head.line.min(self.total().saturating_sub(1));
        self.at_end = false;
        self.selection = Some(Selection { anchor, head, whole_lines });
    }

    /// Selects the word or value at a spot; tells whether there is one.
    pub(in super::super) fn select_word(&mut self, spot: TextSpot) -> bool {
        let Some(line) = self.line(spot.line).filter(|_| self.mode != ViewMode::Hex) else {
            return false;
        };
        let is_json = self.mode == ViewMode::Pretty;
        let word = if is_json { token_at(line, spot.at) } else { None };
        let word = word.unwrap_or_else(|| word_at(&line.bytes, spot.at));
        if word.is_empty() {
            return false;
        }
        let spot_of = |at| TextSpot { line: spot.line, at };
        self.select(spot_of(word.start), spot_of(word.end));
        true
    }

    /// The spot of a cell of the content, the nearest one where there is no text.
    pub(in super::super) fn spot_at(
        &self,
        column: usize,
        row: usize,
        room: Viewport,
    ) -> Option<TextSpot> {
        let (lines, mut skip) = self.shown();
        let (mut rows, mut last) = (0, None);
        for line in lines {
            let number = line.number;
            for range in self.ranges(line, room).into_iter().skip(std::mem::take(&mut skip)) {
                let left = if room.wrap { 0 } else { self.left };
                let cells = (column + left).saturating_sub(line.indent.into());
                let part = &line.bytes[range.clone()];
                let spot = TextSpot { line: number, at: range.start + byte_at(part, cells) };
                if rows == row {
                    return Some(spot);
                }
                rows += 1;
                last = Some(TextSpot { line: number, at: range.end });
            }
            if rows > row {
                break;
            }
        }
        last
    }

    /// The rows of a line, as ranges of its bytes.
    pub fn ranges(&self, line: &ViewLine, room: Viewport) -> Vec<Range<usize>> {
        if !room.wrap || self.mode == ViewMode::Hex {
            let whole = 0..line.bytes.len();
            return vec![whole];
        }
        let width = room.width.saturating_sub(usize::from(line.indent)).max(1);
        wrap_bytes::rows(&line.bytes, width)
    }
}

fn part_of(mode: ViewMode, line: &ViewLine, part: Range<usize>) -> String {
    let bytes = &line.bytes[part.clone()];
    match mode {
        ViewMode::Hex => hex::dump_line(line.offset, &line.bytes),
        ViewMode::Pretty if !line.continued && part.start == 0 => {
            " ".repeat(line.indent.into()) + &copied(bytes)
        }
        _ => copied(bytes),
    }
}

/// Bytes as text that does nothing to a terminal it is pasted into.
fn copied(bytes: &[u8]) -> String {
    if crate::codec::printable::is_harmless(bytes) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    if bytes.contains(&b'"') { escape::escape(bytes) } else { printable(bytes) }
}

/// The byte that stands so many cells from the beginning.
fn byte_at(bytes: &[u8], cells: usize) -> usize {
    if cells == 0 {
        return 0;
    }
    let mut end = None;
    wrap_bytes::each_row(bytes, cells, |row| {
        end.get_or_insert(row.end);
    });
    end.unwrap_or(0)
}

/// What of a line of JSON stands at this byte, without its quotes.
fn token_at(line: &ViewLine, at: usize) -> Option<Range<usize>> {
    let tokens = if line.continued {
        highlight::json_continued(&line.bytes)
    } else {
        highlight::json(&line.bytes)
    };
    let (range, token) = tokens.into_iter().find(|(range, _)| range.contains(&at))?;
    match token {
        HighlightToken::Key | HighlightToken::String => {
            let text = line.bytes.get(range.clone())?;
            let start = range.start + usize::from(text.starts_with(b"\""));
            let end = range.end - usize::from(text.len() > 1 && text.ends_with(b"\""));
            Some(start..end.max(start))
        }
        HighlightToken::Number | HighlightToken::Literal => Some(range),
        _ => None,
    }
}

/// The word at this byte: letters, digits, and what joins them in names and numbers.
fn word_at(bytes: &[u8], at: usize) -> Range<usize> {
    let is_word =
        |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80 || b"_-.".contains(byte);
    let at = at.min(bytes.len());
    let (before, after) = bytes.split_at(at);
    let start = before.iter().rposition(|byte| !is_word(byte)).map_or(0, |found| found + 1);
    let end = after.iter().position(|byte| !is_word(byte)).map_or(bytes.len(), |found| at + found);
    start..end
}
