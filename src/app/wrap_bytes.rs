//! Where a run of bytes breaks when it is shown in rows of a given width.
//!
//! Widths are those of what `codec::printable` makes of the bytes. Used by `update` to scroll by
//! rows and by `ui` to draw them; both must agree, so there is one function.

use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::codec::{joiners, printable};

/// Cells one invisible character takes when it is named (`‹U+10FFFF›` at most).
const NAMED: usize = 10;
/// Cells of one byte that is not UTF-8 (`\xff`).
const BYTE: usize = 4;
/// Combining marks shown on one character; more are named.
const MARKS: u8 = 3;

/// Cells a text takes.
pub fn cells(text: &str) -> usize {
    text.width()
}

/// The rows, as ranges of the bytes; at least one, even for no bytes.
pub fn rows(bytes: &[u8], width: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    each_row(bytes, width, |row| rows.push(row));
    rows
}

/// The same, one after the other.
pub(crate) fn each_row(bytes: &[u8], width: usize, mut on_row: impl FnMut(Range<usize>)) {
    let width = width.max(1);
    if bytes.len() <= width && bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        on_row(0..bytes.len());
        return;
    }
    let mut row = RowFill { start: 0, at: 0, cells: 0, width, marks: None };
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(c) = rest.chars().next() {
            let unit = joiners::unit(rest);
            match unit {
                Some(unit) => {
                    row.take(unit.len(), joiners::unit_cells(unit), &mut on_row);
                    row.marks = Some(0);
                }
                None => row.char(c, &mut on_row),
            }
            rest = rest.split_at(unit.map_or(c.len_utf8(), str::len)).1;
        }
        for _ in chunk.invalid() {
            row.take(1, BYTE, &mut on_row);
            row.marks = None;
        }
    }
    on_row(row.start..row.at);
}

/// A row as far as it is filled.
struct RowFill {
    start: usize,
    at: usize,
    cells: usize,
    width: usize,
    /// Combining marks on the last character; `None` = it cannot carry any.
    marks: Option<u8>,
}

impl RowFill {
    fn char(&mut self, c: char, on_row: &mut impl FnMut(Range<usize>)) {
        let (cells, marks) = match (c, self.marks) {
            (' '..='~', _) => (1, Some(0)),
            ('\0'..='\u{1f}' | '\u{7f}', _) => (printable::control_cells(c), None),
            (c, _) if !printable::is_visible(c) => (NAMED, None),
            (c, marks) => match (c.width().unwrap_or(0), marks) {
                (0, Some(count)) if count < MARKS => (0, Some(count + 1)),
                (0, _) => (NAMED, None),
                (cells, _) => (cells, Some(0)),
            },
        };
        self.take(c.len_utf8(), cells, on_row);
        self.marks = marks;
    }

    fn take(&mut self, bytes: usize, cells: usize, on_row: &mut impl FnMut(Range<usize>)) {
        if self.cells + cells > self.width && self.at > self.start {
            on_row(self.start..self.at);
            self.start = self.at;
            self.cells = 0;
        }
        self.at += bytes;
        self.cells += cells;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_text_is_one_row_and_nothing_is_one_too() {
        assert_eq!(rows(b"", 5), vec![0..0]);
        assert_eq!(rows(b"hello", 5), vec![0..5]);
        assert_eq!(rows(b"hello!", 5), [0..5, 5..6]);
    }

    #[test]
    fn wide_characters_and_bytes_count_what_they_take() {
        assert_eq!(rows("日本語".as_bytes(), 5), [0..6, 6..9]);
        assert_eq!(rows(b"\xff\xff\xff", 8), [0..2, 2..3]);
    }

    #[test]
    fn a_mark_behind_a_byte_that_is_no_text_takes_the_cells_of_its_name() {
        let bytes = [0x80, 0xd6, 0x91, 0x80, 0x80];
        assert_eq!(printable::printable(&bytes[1..3]), "‹U+0591›");
        assert_eq!(rows(&bytes, 10), [0..1, 1..3, 3..5]);
    }

    /// Characters that join, stack or name themselves, and some that are wide.
    const TRICKY: &str = "[a1\t日é\u{7f}\u{301}\u{202e}\u{5d0}\u{591}\u{644}\u{627}\u{1100}\u{1161}\
        \u{11a8}\u{20e3}\u{e33}\u{915}\u{94d}🇩👍🏻👩\u{200d}☺\u{fe0f}یخ\u{200c}]{1,9}";

    /// Bytes that are no text beside characters of every width, in any order.
    fn any_text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            TRICKY.prop_map(String::into_bytes),
            "\\PC{1,9}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 1..9),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn rows_cover_every_byte_in_order_and_fit(
            bytes in any_text(),
            width in 10_usize..40,
        ) {
            let rows = rows(&bytes, width);
            let mut at = 0;
            for row in &rows {
                prop_assert_eq!(row.start, at);
                at = row.end;
                let shown = printable::printable(&bytes[row.clone()]);
                prop_assert!(cells(&shown) <= width, "{:?}", shown);
                let area = ratatui::layout::Rect::new(0, 0, 400, 1);
                let mut buffer = ratatui::buffer::Buffer::empty(area);
                let (end, _) = buffer.set_stringn(0, 0, &shown, 400, ratatui::style::Style::new());
                prop_assert!(usize::from(end) <= width, "{:?}", shown);
            }
            prop_assert_eq!(at, bytes.len());
        }
    }
}
