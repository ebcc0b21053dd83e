//! Rows of a text field on the screen: what stands in which cells, and where long lines go on.
//!
//! Used by `text_view`. Everything is found from a place nearby: a line is wrapped anew at every
//! [`STRETCH`] of it, so no row costs more than that to find, however long text and line are.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

use super::text_model::{TextModel, TextPlace};
use crate::app::format::start_of;
use crate::codec::printable::{is_visible, printable_str};

/// A row begins at least this often in a line, in bytes.
#[cfg(not(test))]
const STRETCH: usize = 4096;
/// The same where the random texts of the tests are to cross it many times; they are short, because
/// each is compared with a layout of the whole text.
#[cfg(test)]
const STRETCH: usize = 64;
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
    /// The text stands for a character that cannot be shown.
    pub(super) is_substitute: bool,
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
    /// Of a text in one line, where a tab is no blank: it is most likely a mistake.
    is_line: bool,
}

impl<'a> Glyphs<'a> {
    /// Those of this text, which begins a row.
    pub(super) fn new(text: &'a str, is_masked: bool) -> Self {
        Glyphs { text, at: 0, column: 0, marks: None, is_masked, is_line: false }
    }

    /// The same, of a text in one line if it is.
    pub(super) fn of_line(self, is_line: bool) -> Self {
        Glyphs { is_line, ..self }
    }
}

impl<'a> Iterator for Glyphs<'a> {
    type Item = Glyph<'a>;

    fn next(&mut self) -> Option<Glyph<'a>> {
        let c = self.text.chars().next()?;
        let (head, rest) = self.text.split_at(c.len_utf8());
        let marks = self.marks.take();
        let mut is_substitute = false;
        let (text, cells) = match c.width() {
            _ if self.is_masked => ("•".into(), 1),
            _ if c == '\t' && !self.is_line => {
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
                is_substitute = true;
                let substitute = printable_str(head);
                let cells = substitute.chars().count();
                (substitute, cells)
            }
        };
        let glyph = Glyph { at: self.at, text, column: self.column, cells, is_substitute };
        self.text = rest;
        self.at += head.len();
        self.column += cells;
        Some(glyph)
    }
}

/// A row: a piece of a line that fits into the width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DisplayRow<'a> {
    /// Where it begins.
    pub(super) start: TextPlace,
    pub(super) text: &'a str,
    /// Whether its line ends with it.
    pub(super) is_last: bool,
    /// It is a text in one line.
    pub(super) is_line: bool,
}

impl<'a> DisplayRow<'a> {
    fn new(line: &'a str, start: TextPlace, text: &'a str, width: usize) -> Self {
        let too_far = Glyphs::new(text, false).find(|it| it.column + it.cells > width && it.at > 0);
        let text = text.split_at(too_far.map_or(text.len(), |glyph| glyph.at)).0;
        let is_last = start.byte + text.len() == line.len();
        DisplayRow { start, text, is_last, is_line: false }
    }

    /// Where it ends.
    pub(super) fn end(&self) -> TextPlace {
        TextPlace { byte: self.start.byte + self.text.len(), ..self.start }
    }

    /// The cells before a place in it.
    pub(super) fn column_of(&self, place: TextPlace) -> usize {
        let text = self.text.split_at(place.byte - self.start.byte).0;
        let last = Glyphs::new(text, false).of_line(self.is_line).last();
        last.map_or(0, |glyph| glyph.column + glyph.cells)
    }

    /// The place at a column; its last one when it ends before.
    pub(super) fn place_at(&self, column: usize) -> TextPlace {
        let place = |at| TextPlace { byte: self.start.byte + at, ..self.start };
        let mut last = 0;
        for glyph in Glyphs::new(self.text, false).of_line(self.is_line) {
            if glyph.column + glyph.cells > column {
                return place(glyph.at);
            }
            last = glyph.at;
        }
        // The end of a row that goes on is the start of the next one.
        if self.is_last { self.end() } else { place(last) }
    }
}

/// The cells before a byte of a text that begins a row.
pub(super) fn column(text: &str, byte: usize) -> usize {
    let last = Glyphs::new(text.split_at(byte).0, false).last();
    last.map_or(0, |glyph| glyph.column + glyph.cells)
}

/// The row of so many cells that holds a place.
pub(super) fn row_at(model: &dyn TextModel, place: TextPlace, width: usize) -> DisplayRow<'_> {
    let line = model.line(place.line);
    let (start, mut rest) = stretch(line, place.byte);
    let mut start = TextPlace { byte: start, ..place };
    loop {
        let row = DisplayRow::new(line, start, rest, width);
        rest = rest.split_at(row.text.len()).1;
        if place < row.end() || rest.is_empty() {
            return row;
        }
        start = row.end();
    }
}

/// The row below one.
pub(super) fn next_row<'a>(
    model: &'a dyn TextModel,
    row: &DisplayRow<'_>,
    width: usize,
) -> Option<DisplayRow<'a>> {
    let below = TextPlace { line: row.start.line + 1, byte: 0 };
    let place = if row.is_last { below } else { row.end() };
    let line = model.line(place.line);
    let (start, stretch) = stretch(line, place.byte);
    let text = stretch.split_at(place.byte - start).1;
    (place.line < model.count()).then(|| DisplayRow::new(line, place, text, width))
}

/// The row above one.
pub(super) fn previous_row<'a>(
    model: &'a dyn TextModel,
    row: &DisplayRow<'_>,
    width: usize,
) -> Option<DisplayRow<'a>> {
    (!model.is_start(row.start)).then(|| row_at(model, model.before(row.start), width))
}

/// The stretch of its line a byte is in: where it begins, and its text.
fn stretch(line: &str, at: usize) -> (usize, &str) {
    let border = |number: usize| start_of(line, number * STRETCH).len();
    let number = at / STRETCH;
    // The border itself may lie a little before its place.
    let number = number + usize::from(at >= border(number + 1) && border(number + 1) < line.len());
    // The end of a line belongs to the last stretch that holds something.
    let number = number - usize::from(number > 0 && border(number) >= line.len());
    let (start, before) = (border(number), line.split_at(border(number + 1)).0);
    (start, before.split_at(start).1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::editor::large_text::LargeText;

    fn rows(model: &LargeText, width: usize) -> Vec<DisplayRow<'_>> {
        let first = row_at(model, TextPlace::default(), width);
        std::iter::successors(Some(first), |row| next_row(model, row, width)).collect()
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
            let model = LargeText::new(text.clone());
            let rows = rows(&model, width);
            let joined: String = rows.iter().map(|row| row.text).collect();
            prop_assert_eq!(joined, text.replace('\n', ""));
            for pair in rows.windows(2) {
                prop_assert_eq!(previous_row(&model, &pair[1], width), Some(pair[0].clone()));
                prop_assert_eq!(row_at(&model, pair[1].start, width), pair[1].clone());
            }
        }
    }

    #[test]
    fn a_row_of_a_long_line_is_found_near_by() {
        let model = LargeText::new("\u{200b}".repeat(100_000));
        let place = TextPlace { line: 0, byte: 299_997 };
        let row = row_at(&model, place, 80);
        assert!(row.start <= place && place < row.end() && row.text.len() <= 30, "{row:?}");
    }
}
