//! What of a text field is in sight: its rows, scrolled so that the cursor is on one of them.
//!
//! Used by `editor`. Nothing is measured or made printable but the rows in sight.

use std::cell::Cell;
use std::ops::Range;

use super::text_model::{TextModel, TextPlace};
use super::text_rows::{DisplayRow, Glyphs, next_row, previous_row, row_at};

/// How a piece of a row looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextStyle {
    Plain,
    /// It stands for what cannot be shown.
    Substitute,
    Selected,
    Cursor,
}

/// A piece of a row as it is drawn: text of one look, so many cells from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPiece {
    pub text: String,
    /// Byte of its line at which it begins.
    pub at: usize,
    pub column: usize,
    pub look: TextStyle,
}

/// The part of a text that is in sight, as it was drawn last.
#[derive(Debug, Default)]
pub(super) struct TextView {
    /// The place of the first character; drawing moves it so that the cursor is in sight.
    top: Cell<TextPlace>,
    /// Cells of a row, and rows; 0 = nothing was drawn yet.
    width: Cell<usize>,
    height: Cell<usize>,
    /// Whether the text is one line, scrolled sideways.
    pub(super) is_line: bool,
    pub(super) is_masked: bool,
    /// Line breaks are shown as `\n`.
    pub(super) shows_breaks: bool,
}

impl TextView {
    /// Nothing was drawn yet.
    pub(super) fn new(is_line: bool) -> Self {
        TextView { is_line, ..TextView::default() }
    }

    /// The rows of an area of this size.
    pub(super) fn rows(
        &self,
        model: &dyn TextModel,
        width: u16,
        height: u16,
    ) -> Vec<Vec<RowPiece>> {
        self.width.set(usize::from(width).max(1));
        self.height.set(usize::from(height).max(1));
        let rows =
            if self.is_line { vec![self.line_in_sight(model)] } else { self.rows_in_sight(model) };
        self.top.set(rows.first().map_or_else(TextPlace::default, |row| row.start));
        rows.iter().map(|row| self.pieces(model, row)).collect()
    }

    /// The row and the column behind the last character, if that is in sight of what was drawn last.
    pub(super) fn end_in_sight(&self, model: &dyn TextModel) -> Option<(usize, usize)> {
        let end = |row: &DisplayRow<'_>| {
            let last = Glyphs::new(row.text, self.is_masked).last();
            last.map_or(0, |glyph| glyph.column + glyph.cells)
        };
        if self.is_line {
            return Some((0, end(&rest_of_line(model, self.top(model)))));
        }
        let (width, top) = (self.width(), self.row(model, self.top(model)));
        let rows = std::iter::successors(Some(top), |row| next_row(model, row, width));
        let in_sight = rows.take(self.height.get()).enumerate();
        in_sight
            .filter(|(_, row)| row.is_last && row.start.line + 1 == model.count())
            .map(|(at, row)| (at, end(&row)))
            .next()
    }

    /// The row and the column of a place, if it is in sight of what was drawn last.
    pub(super) fn in_sight(
        &self,
        model: &dyn TextModel,
        place: TextPlace,
    ) -> Option<(usize, usize)> {
        let top = self.top(model);
        if self.is_line {
            return Some((0, rest_of_line(model, top.min(place)).column_of(place)));
        }
        let (width, first) = (self.width(), self.row(model, top));
        let wanted = self.row(model, place);
        let rows = std::iter::successors(Some(first), |row| next_row(model, row, width));
        let at = rows.take(self.height.get()).position(|row| row.start == wanted.start)?;
        Some((at, wanted.column_of(place)))
    }

    /// The row a place is on.
    pub(super) fn row<'a>(&self, model: &'a dyn TextModel, place: TextPlace) -> DisplayRow<'a> {
        row_at(model, place, self.width())
    }

    /// Whether nothing is below a row.
    pub(super) fn is_lowest(&self, model: &dyn TextModel, row: &DisplayRow<'_>) -> bool {
        next_row(model, row, self.width()).is_none()
    }

    /// The row so many rows below (or above) one, or the last (or first) one.
    pub(super) fn row_from<'a>(
        &self,
        model: &'a dyn TextModel,
        from: DisplayRow<'a>,
        rows: isize,
    ) -> DisplayRow<'a> {
        let next = if rows > 0 { next_row } else { previous_row };
        let rows = (0..rows.unsigned_abs())
            .try_fold(from, |row, _| next(model, &row, self.width()).ok_or(row));
        rows.unwrap_or_else(|last| last)
    }

    /// Rows of a page.
    pub(super) fn page(&self) -> isize {
        self.height.get().max(1).cast_signed()
    }

    /// The place in a row and column of what is in sight, as far as the text reaches.
    pub(super) fn place_at(&self, model: &dyn TextModel, row: usize, column: usize) -> TextPlace {
        if self.is_line {
            return rest_of_line(model, self.top(model)).place_at(column);
        }
        let top = self.row(model, self.top(model));
        self.row_from(model, top, row.cast_signed()).place_at(column)
    }

    /// Scrolls, down when positive; gives the place in sight the cursor goes to if it was left
    /// behind.
    pub(super) fn scroll(&self, model: &dyn TextModel, rows: isize) -> Option<TextPlace> {
        let top = self.row_from(model, self.row(model, self.top(model)), rows);
        self.top.set(top.start);
        let row = self.row(model, model.cursor());
        let column = row.column_of(model.cursor());
        if row.start < top.start {
            return Some(top.place_at(column));
        }
        let last = self.row_from(model, top, self.page() - 1);
        (row.start > last.start).then(|| last.place_at(column))
    }

    fn rows_in_sight<'a>(&self, model: &'a dyn TextModel) -> Vec<DisplayRow<'a>> {
        let (width, height) = (self.width(), self.height.get());
        let cursor = self.row(model, model.cursor());
        let below = |top: DisplayRow<'a>| -> Vec<DisplayRow<'a>> {
            let rows = std::iter::successors(Some(top), |row| next_row(model, row, width));
            rows.take(height).collect()
        };
        let rows = below(self.row(model, self.top(model)));
        let is_above = rows.first().is_some_and(|first| cursor.start < first.start);
        let is_below = rows.last().is_some_and(|last| cursor.start > last.start);
        match (is_above, is_below) {
            // Where there is more room than text below, what is above comes into sight.
            (false, false) if rows.len() < height => {
                let missing = (height - rows.len()).cast_signed();
                let top = self.row(model, self.top(model));
                below(self.row_from(model, top, -missing))
            }
            (false, false) => rows,
            (true, _) => below(cursor),
            (false, true) => below(self.row_from(model, cursor, 1 - self.page())),
        }
    }

    /// The part of a single line that is in sight.
    fn line_in_sight<'a>(&self, model: &'a dyn TextModel) -> DisplayRow<'a> {
        let (at, left) = (model.cursor(), self.top(model).min(model.cursor()));
        let cells = |from: TextPlace, to: TextPlace| {
            let text = rest_of_line(model, from).text;
            let text = text.split_at(to.byte - from.byte).0;
            Glyphs::new(text, self.is_masked).map(|it| it.cells)
        };
        // The cursor takes a cell of its own.
        let mut room = self.width().saturating_sub(1);
        let fits = cells(left, at).all(|cells| {
            let is_room = cells <= room;
            room = room.saturating_sub(cells);
            is_room
        });
        if fits {
            return rest_of_line(model, self.filled(model, left));
        }
        let mut start = at;
        let mut room = self.width().saturating_sub(1);
        while start.byte > 0 {
            let before = model.before(start);
            let cells: usize = cells(before, start).sum();
            if cells > room {
                break;
            }
            room -= cells;
            start = before;
        }
        rest_of_line(model, start)
    }

    /// Where a single line begins so that its end leaves no room empty while there is text before.
    fn filled(&self, model: &dyn TextModel, left: TextPlace) -> TextPlace {
        let cells = |text| Glyphs::new(text, self.is_masked).map(|it| it.cells);
        let width = self.width().saturating_sub(1);
        let mut used = 0;
        for cells in cells(rest_of_line(model, left).text) {
            used += cells;
            if used >= width {
                return left;
            }
        }
        let mut start = left;
        while start.byte > 0 {
            let before = model.before(start);
            let text = rest_of_line(model, before).text;
            let text = text.split_at(start.byte - before.byte).0;
            used += cells(text).sum::<usize>();
            if used > width {
                break;
            }
            start = before;
        }
        start
    }

    fn pieces(&self, model: &dyn TextModel, row: &DisplayRow<'_>) -> Vec<RowPiece> {
        let width = self.width();
        let (cursor, selection) = (model.cursor(), model.selection());
        let look = |place: TextPlace| match place {
            place if place == cursor => TextStyle::Cursor,
            place if selection.as_ref().is_some_and(|it: &Range<_>| it.contains(&place)) => {
                TextStyle::Selected
            }
            _ => TextStyle::Plain,
        };
        let mut pieces: Vec<RowPiece> = Vec::new();
        let mut column = 0;
        for glyph in Glyphs::new(row.text, self.is_masked) {
            if glyph.column >= width {
                return pieces;
            }
            column = glyph.column + glyph.cells;
            let look = match look(TextPlace { byte: row.start.byte + glyph.at, ..row.start }) {
                TextStyle::Plain if glyph.is_substitute => TextStyle::Substitute,
                look => look,
            };
            match pieces.last_mut() {
                Some(last) if last.look == look || glyph.cells == 0 => last.text += &glyph.text,
                _ => {
                    let text = glyph.text.into_owned();
                    let at = row.start.byte + glyph.at;
                    pieces.push(RowPiece { text, at, column: glyph.column, look });
                }
            }
        }
        if row.is_last && look(row.end()) != TextStyle::Plain {
            // At the end of a row that is full, the cursor stands on its last cell.
            column = column.min(width - 1);
            let at = row.end().byte;
            pieces.push(RowPiece { text: " ".into(), at, column, look: look(row.end()) });
            column += 1;
        }
        let is_broken = row.is_last && row.start.line + 1 < model.count();
        if self.shows_breaks && is_broken && column < width {
            let at = row.end().byte;
            pieces.push(RowPiece { text: r"\n".into(), at, column, look: TextStyle::Substitute });
        }
        pieces
    }

    fn top(&self, model: &dyn TextModel) -> TextPlace {
        model.floor(self.top.get())
    }

    /// Cells of a row; before anything was drawn there is no end to it.
    fn width(&self) -> usize {
        match self.width.get() {
            0 => usize::MAX,
            width => width,
        }
    }
}

/// A line from a place on, as one row.
fn rest_of_line(model: &dyn TextModel, start: TextPlace) -> DisplayRow<'_> {
    let text = model.line(start.line).split_at(start.byte).1;
    DisplayRow { start, text, is_last: true }
}
