//! What of a text field is in sight: its rows, scrolled so that the cursor is on one of them.
//!
//! Used by `editor`. Nothing is measured or made printable but the rows in sight.

use std::cell::Cell;
use std::ops::Range;

use ratatui::layout::Rect;

use super::brackets;
use super::row_colors::{PieceKind, RowColors, RowKinds};
use super::text_model::{TextModel, TextPlace};
use super::text_rows::{DisplayRow, Glyphs, next_row, previous_row, row_at};
use crate::codec::highlight::HighlightToken;
use crate::codec::syntax::TextLanguage;

/// Characters before the cursor that are in sight where a line is scrolled back.
const CONTEXT: usize = 8;
/// What is nothing in particular.
const PLAIN: PieceKind = PieceKind::Token(HighlightToken::Plain);

/// How a piece of a row looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextStyle {
    Plain,
    /// It stands for what cannot be shown.
    Substitute,
    Selected,
    Cursor,
    /// A bracket at the cursor, or its partner.
    Bracket,
    /// What is wrong begins with it.
    Wrong,
}

/// A piece of a row as it is drawn: text of one look, so many cells from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPiece {
    pub text: String,
    /// Byte of its line at which it begins.
    pub at: usize,
    pub column: usize,
    pub look: TextStyle,
    /// What it is in the language of the text.
    pub kind: PieceKind,
}

/// The part of a text that is in sight, as it was drawn last.
#[derive(Debug, Default)]
pub(super) struct TextView {
    /// The place of the first character; drawing moves it so that the cursor is in sight.
    top: Cell<TextPlace>,
    /// Cells of a row, and rows; 0 = nothing was drawn yet.
    width: Cell<usize>,
    height: Cell<usize>,
    /// Where on the screen it was drawn.
    pub(super) area: Cell<Rect>,
    /// Whether the text is one line, scrolled sideways.
    pub(super) is_line: bool,
    pub(super) is_masked: bool,
    /// Line breaks are shown as `\n`.
    pub(super) shows_breaks: bool,
    pub(super) language: TextLanguage,
}

/// What of a text stands out, whatever is in sight.
#[derive(Debug, Default)]
struct Marked {
    cursor: TextPlace,
    selection: Option<Range<TextPlace>>,
    brackets: Option<[TextPlace; 2]>,
    wrong: Option<TextPlace>,
}

impl Marked {
    fn look(&self, place: TextPlace) -> TextStyle {
        match place {
            place if place == self.cursor => TextStyle::Cursor,
            place if self.selection.as_ref().is_some_and(|it| it.contains(&place)) => {
                TextStyle::Selected
            }
            place if self.wrong == Some(place) => TextStyle::Wrong,
            place if self.brackets.is_some_and(|it| it.contains(&place)) => TextStyle::Bracket,
            _ => TextStyle::Plain,
        }
    }
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
        (width, height): (u16, u16),
        wrong: Option<TextPlace>,
    ) -> Vec<Vec<RowPiece>> {
        self.fit(width, height);
        let rows =
            if self.is_line { vec![self.line_in_sight(model)] } else { self.rows_in_sight(model) };
        self.top.set(rows.first().map_or_else(TextPlace::default, |row| row.start));
        let (cursor, selection) = (model.cursor(), model.selection());
        let is_json = self.language == TextLanguage::Json;
        let brackets = if is_json { brackets::pair(model) } else { None };
        let marked = Marked { cursor, selection, brackets, wrong };
        let language = if self.is_line { TextLanguage::Plain } else { self.language };
        let mut colors = RowColors::at(model, self.top(model), language);
        rows.iter().map(|row| self.pieces(model, row, &marked, &colors.row(model, row))).collect()
    }

    /// The line of each row that was drawn last, and whether the line begins there.
    pub(super) fn numbers(&self, model: &dyn TextModel) -> Vec<(usize, bool)> {
        let (width, top) = (self.width(), self.row(model, self.top(model)));
        let rows = std::iter::successors(Some(top), |row| next_row(model, row, width));
        rows.take(self.height.get()).map(|row| (row.start.line, row.start.byte == 0)).collect()
    }

    /// The first row of what was drawn last, and how many there are, as far as that is known without
    /// measuring the whole text; `None` = all of it is in sight.
    pub(super) fn extent(&self, model: &dyn TextModel) -> Option<(u64, u64)> {
        let (width, top) = (self.width(), self.top(model));
        let rows = |place: TextPlace| (place.line + model.byte_of(place) / width) as u64;
        let last = self.row_from(model, self.row(model, top), self.page() - 1);
        if model.is_start(top) && self.is_lowest(model, &last) {
            return None;
        }
        let end = TextPlace { line: model.count() - 1, byte: model.line(model.count() - 1).len() };
        let (top, all, height) = (rows(top), rows(end) + 1, self.height.get() as u64);
        let all = all.max(height + 1);
        let is_end = self.is_lowest(model, &last);
        Some((if is_end { all - height } else { top.min(all - height) }, all))
    }

    /// So many cells and rows are there from now on.
    pub(super) fn fit(&self, width: u16, height: u16) {
        self.width.set(usize::from(width).max(1));
        self.height.set(usize::from(height).max(1));
    }

    /// The row and the column behind the last character, if that is in sight of what was drawn last.
    pub(super) fn end_in_sight(&self, model: &dyn TextModel) -> Option<(usize, usize)> {
        let end = |row: &DisplayRow<'_>| {
            let last = self.glyphs(row.text).last();
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
        let (at, top) = (model.cursor(), self.top(model));
        // Going back, some of what is before the cursor comes along.
        let context = (self.width() / 4).min(CONTEXT);
        let back = (0..context).fold(at, |place, _| match place.byte {
            0 => place,
            _ => model.before(place),
        });
        let left = if at < top { back } else { top };
        let cells = |from: TextPlace, to: TextPlace| {
            let text = rest_of_line(model, from).text;
            let text = text.split_at(to.byte - from.byte).0;
            self.glyphs(text).map(|it| it.cells)
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
        let cells = |text| self.glyphs(text).map(|it| it.cells);
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

    fn pieces(
        &self,
        model: &dyn TextModel,
        row: &DisplayRow<'_>,
        marked: &Marked,
        kinds: &RowKinds,
    ) -> Vec<RowPiece> {
        let width = self.width();
        let look = |place| marked.look(place);
        let mut pieces: Vec<RowPiece> = Vec::new();
        let mut column = 0;
        for glyph in self.glyphs(row.text) {
            if glyph.column >= width {
                return pieces;
            }
            column = glyph.column + glyph.cells;
            let look = match look(TextPlace { byte: row.start.byte + glyph.at, ..row.start }) {
                TextStyle::Plain if glyph.is_substitute => TextStyle::Substitute,
                look => look,
            };
            let kind = kinds.of(glyph.at);
            match pieces.last_mut() {
                Some(last) if last.look == look && last.kind == kind || glyph.cells == 0 => {
                    last.text += &glyph.text;
                }
                _ => {
                    let text = glyph.text.into_owned();
                    let at = row.start.byte + glyph.at;
                    pieces.push(RowPiece { text, at, column: glyph.column, look, kind });
                }
            }
        }
        if row.is_last && look(row.end()) != TextStyle::Plain {
            // At the end of a row that is full, the cursor stands on its last cell.
            column = column.min(width - 1);
            let at = row.end().byte;
            let look = look(row.end());
            pieces.push(RowPiece { text: " ".into(), at, column, look, kind: PLAIN });
            column += 1;
        }
        let is_broken = row.is_last && row.start.line + 1 < model.count();
        if self.shows_breaks && is_broken && column < width {
            let at = row.end().byte;
            let (text, look) = (r"\n".into(), TextStyle::Substitute);
            pieces.push(RowPiece { text, at, column, look, kind: PLAIN });
        }
        pieces
    }

    fn glyphs<'a>(&self, text: &'a str) -> Glyphs<'a> {
        Glyphs::new(text, self.is_masked).of_line(self.is_line)
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
    DisplayRow { start, text, is_last: true, is_line: true }
}
