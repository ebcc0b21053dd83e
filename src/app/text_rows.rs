//! Rows of a text field on the screen: what stands in which cells, and where long lines go on.
//!
//! Used by `editor`. Everything is found from a place nearby: a line is wrapped anew at every
//! [`STRETCH`] of it, so no row costs more than that to find, however long text and line are.

use std::borrow::Cow;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::text_buffer::TextBuffer;
use crate::codec::printable::{is_visible, printable_str};

/// A row begins at least this often in a line, in bytes.
const STRETCH: usize = if cfg!(test) { 64 } else { 4096 };
/// Cells from one tab stop to the next.
pub(super) const TAB: usize = 4;
/// Combining marks kept on one base character; more would grow into neighbouring rows.
const MARKS_PER_BASE: u8 = 3;

/// One character as it is shown: a substitute when a terminal must not get it.
#[derive(Debug)]
pub(super) struct Glyph<'a> {
    /// Bytes from the start of the row.
    pub(super) at: usize,
    pub(super) text: Cow<'a, str>,
    pub(super) column: usize,
    /// 0 for a mark on the character before.
    pub(super) cells: usize,
}

/// The characters of a row from left to right.
#[derive(Debug)]
pub(super) struct Glyphs<'a> {
    text: &'a str,
    at: usize,
    column: usize,
    /// Marks on the character before; `None` = nothing takes one.
    marks: Option<u8>,
    is_masked: bool,
}

impl<'a> Glyphs<'a> {
    /// Those of this text, which begins a row.
    pub(super) fn new(text: &'a str, is_masked: bool) -> Self {
        Glyphs { text, at: 0, column: 0, marks: None, is_masked }
    }
}

impl<'a> Iterator for Glyphs<'a> {
    type Item = Glyph<'a>;

    fn next(&mut self) -> Option<Glyph<'a>> {
        let c = self.text.chars().next()?;
        let (head, rest) = self.text.split_at(c.len_utf8());
        let marks = self.marks.take();
        let (text, cells) = match c.width() {
            _ if self.is_masked => ("•".into(), 1),
            _ if c == '\t' => {
                let cells = TAB - self.column % TAB;
                (" ".repeat(cells).into(), cells)
            }
            Some(0) if is_visible(c) && marks.is_some_and(|marks| marks < MARKS_PER_BASE) => {
                self.marks = marks.map(|marks| marks + 1);
                (head.into(), 0)
            }
            Some(cells) if is_visible(c) && cells > 0 => {
                self.marks = Some(0);
                (head.into(), cells)
            }
            _ => {
                let substitute = printable_str(head);
                let cells = substitute.chars().count();
                (substitute, cells)
            }
        };
        let glyph = Glyph { at: self.at, text, column: self.column, cells };
        self.text = rest;
        self.at += head.len();
        self.column += cells;
        Some(glyph)
    }
}

/// The row of so many cells that holds a place.
pub(super) fn row_at(buffer: &TextBuffer, at: usize, width: usize) -> Range<usize> {
    let stretch = stretch(buffer, at);
    let mut start = stretch.start;
    loop {
        let row = row_from(buffer, start, stretch.end, width);
        if at < row.end || row.end >= stretch.end {
            return row;
        }
        start = row.end;
    }
}

/// The row below one.
pub(super) fn next_row(
    buffer: &TextBuffer,
    row: &Range<usize>,
    width: usize,
) -> Option<Range<usize>> {
    let line = buffer.line(row.start);
    let start = if row.end < line.end { row.end } else { line.end + 1 };
    (start <= buffer.len()).then(|| row_from(buffer, start, stretch(buffer, start).end, width))
}

/// The row above one.
pub(super) fn previous_row(
    buffer: &TextBuffer,
    row: &Range<usize>,
    width: usize,
) -> Option<Range<usize>> {
    (row.start > 0).then(|| row_at(buffer, buffer.previous(row.start), width))
}

/// The cells before a place in a row.
pub(super) fn column_of(buffer: &TextBuffer, row: &Range<usize>, at: usize) -> usize {
    Glyphs::new(buffer.slice(row.start..at), false).last().map_or(0, |it| it.column + it.cells)
}

/// The place in a row at a column; its last one when the row ends before.
pub(super) fn place_at(buffer: &TextBuffer, row: &Range<usize>, column: usize) -> usize {
    let is_line_end = buffer.line(row.start).end == row.end;
    let mut last = 0;
    for glyph in Glyphs::new(buffer.slice(row.clone()), false) {
        if glyph.column + glyph.cells > column {
            return row.start + glyph.at;
        }
        last = glyph.at;
    }
    // The end of a row that goes on is the start of the next one.
    if is_line_end { row.end } else { row.start + last }
}

fn row_from(buffer: &TextBuffer, start: usize, end: usize, width: usize) -> Range<usize> {
    let mut glyphs = Glyphs::new(buffer.slice(start..end), false);
    let too_far = glyphs.find(|it| it.column + it.cells > width && it.at > 0);
    start..too_far.map_or(end, |glyph| start + glyph.at)
}

/// The stretch of its line a place is in.
fn stretch(buffer: &TextBuffer, at: usize) -> Range<usize> {
    let line = buffer.line(at);
    let border = |number: usize| buffer.floor((line.start + number * STRETCH).min(line.end));
    let number = (at - line.start) / STRETCH;
    // The border itself may lie a little before its place.
    let number = number + usize::from(at >= border(number + 1) && border(number + 1) < line.end);
    // The end of a line belongs to the last stretch that holds something.
    let number = number - usize::from(number > 0 && border(number) >= line.end);
    border(number)..border(number + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(buffer: &TextBuffer, width: usize) -> Vec<Range<usize>> {
        let first = row_at(buffer, 0, width);
        std::iter::successors(Some(first), |row| next_row(buffer, row, width)).collect()
    }

    fn shown(text: &str) -> String {
        Glyphs::new(text, false).map(|glyph| glyph.text).collect()
    }

    #[test]
    fn what_must_not_be_shown_has_substitutes_and_marks_do_not_pile_up() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}b"), r"a\e[2J‹U+202E›b");
        assert_eq!(shown("c\td"), "c   d");
        let pile = format!("e{}", "\u{301}".repeat(5));
        assert_eq!(shown(&pile), "e\u{301}\u{301}\u{301}‹U+0301›‹U+0301›");
        assert_eq!(shown("\u{301}"), "‹U+0301›");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn rows_hold_the_whole_text_whichever_way_they_are_gone_through(
            text in "[a-c é漢\t\u{301}\u{200b}\n]{0,80}", long in 0..3usize, width in 1..12usize,
        ) {
            let text = format!("{text}{}{text}", "é漢".repeat(long * 20));
            let buffer = TextBuffer::new(text.clone());
            let rows = rows(&buffer, width);
            let joined: String = rows.iter().map(|row| buffer.slice(row.clone())).collect();
            prop_assert_eq!(joined, text.replace('\n', ""));
            for pair in rows.windows(2) {
                prop_assert_eq!(previous_row(&buffer, &pair[1], width), Some(pair[0].clone()));
                prop_assert_eq!(row_at(&buffer, pair[1].start, width), pair[1].clone());
            }
        }
    }

    #[test]
    fn a_row_of_a_long_line_is_found_near_by() {
        let buffer = TextBuffer::new("\u{200b}".repeat(100_000));
        let row = row_at(&buffer, 299_997, 80);
        assert!(row.contains(&299_997) && row.len() <= 30, "{row:?}");
    }
}
