//! The painter all panes and overlays draw with: the only place that writes text into cells.
//!
//! It carries what is drawn, how that looks, and what is left of its part of the screen: a row is
//! written from left to right, and from the right where there is room.

use std::ops::Range;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Clear, Widget};

use super::theme::ThemeStyles;
use super::widget::fit;
use crate::app::cursor::Cursor;
use crate::app::editor::{Editor, PieceKind, RowPiece, TextStyle};
use crate::app::search_line::SearchLine;
use crate::app::{App, wrap_bytes};
use crate::codec::highlight::HighlightToken;
use crate::codec::printable::printable_str;
use crate::compose::address_parts::{AddressPart, names};
use crate::model::theme::ThemeRole;

/// What writes into a part of the screen.
pub(crate) struct Painter<'a> {
    pub(crate) app: &'a App,
    pub(crate) palette: &'a ThemeStyles,
    /// What is left to write into; text goes into its first row, an empty one takes nothing.
    pub(crate) area: Rect,
    buffer: &'a mut Buffer,
}

impl<'a> Painter<'a> {
    /// Writes on the whole screen.
    pub(crate) fn new(app: &'a App, palette: &'a ThemeStyles, buffer: &'a mut Buffer) -> Self {
        Painter { app, palette, area: buffer.area, buffer }
    }

    /// A painter for another part of the screen.
    pub(crate) fn at(&mut self, area: Rect) -> Painter<'_> {
        Painter { app: self.app, palette: self.palette, area, buffer: self.buffer }
    }

    /// Draws a widget of ratatui; whoever made it made its text printable.
    pub(crate) fn render(&mut self, widget: impl Widget) {
        if !self.area.is_empty() {
            widget.render(self.area, self.buffer);
        }
    }

    /// Gives everything that stands here a style.
    pub(crate) fn fill(&mut self, style: Style) {
        self.buffer.set_style(self.area, style);
    }

    /// Has everything that stands here step back, each cell readable on what it stands.
    pub(crate) fn fade(&mut self) {
        for position in self.area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                let faded = self.palette.faded(cell.style());
                cell.set_style(faded);
            }
        }
    }

    /// Takes away what stands here.
    pub(crate) fn blank(&mut self) {
        self.render(Clear);
    }

    /// On a border: the rest of a text of which the beginning is covered becomes border again.
    pub(crate) fn close_border(&mut self) {
        let is_line = |text: &str| text.starts_with(|c| ('\u{2500}'..='\u{257f}').contains(&c));
        let Some(before) = self.area.x.checked_sub(1) else { return };
        let row = Rect { x: before, width: self.area.width + 1, ..self.area };
        let is_covered = |cell: &Cell| !is_line(cell.symbol());
        let covered: Vec<_> = row
            .positions()
            .take_while(|place| self.buffer.cell(*place).is_some_and(is_covered))
            .collect();
        let behind = covered.last().map(|last| (last.x + 1, last.y));
        let line = behind.and_then(|place| self.buffer.cell(place)).cloned();
        let is_border = |line: &Cell| covered.len() > 1 && is_line(line.symbol());
        let Some(line) = line.filter(is_border) else { return };
        let glyph = if line.symbol() == "\u{251b}" { "\u{2501}" } else { "\u{2500}" };
        for place in covered {
            if let Some(cell) = self.buffer.cell_mut(place) {
                cell.set_symbol(glyph).set_style(line.style());
            }
        }
    }

    /// Leaves cells empty.
    pub(crate) fn skip(&mut self, cells: u16) {
        let cells = cells.min(self.area.width);
        self.area.x += cells;
        self.area.width -= cells;
    }

    /// Writes text, cut at the end of the row, and goes on behind it.
    pub(crate) fn put(&mut self, text: &str, style: Style) {
        self.put_within(text, self.area.width, style);
    }

    /// Writes text as a block of this role and goes on behind it.
    pub(crate) fn block(&mut self, role: ThemeRole, text: &str) {
        let style = self.palette.block(role);
        for text in [" ", text, " "] {
            self.put(text, style);
        }
    }

    /// Writes at most so many cells of a text and goes on behind it. A text that is cut says so: the
    /// rest of an address or a number would be another one.
    pub(crate) fn put_within(&mut self, text: &str, width: u16, style: Style) {
        let width = width.min(self.area.width);
        let shown = printable_str(beginning(text, width.into()));
        // No character has more cells than bytes.
        let is_cut = shown.len() > width.into() && cells(shown.trim_end()) > width;
        self.write(&if is_cut { fit::start(&shown, width) } else { shown }, width, style);
    }

    /// The same for bytes of others, cut without a word: a sign of ours would be taken for theirs.
    pub(crate) fn put_data(&mut self, text: &str, style: Style) {
        let width = self.area.width;
        self.write(&printable_str(beginning(text, width.into())), width, style);
    }

    fn write(&mut self, shown: &str, width: u16, style: Style) {
        let Rect { x, y, .. } = self.area;
        if !self.area.is_empty() {
            let (end, _) = self.buffer.set_stringn(x, y, shown, width.into(), style);
            self.skip(end - x);
        }
    }

    /// Writes text so many cells from here and stays where it is.
    pub(crate) fn put_from(&mut self, column: u16, text: &str, style: Style) {
        let mut there = self.at(self.area);
        there.skip(column);
        there.put(text, style);
    }

    /// Writes text into a column of its own, cut or filled up.
    pub(crate) fn column(&mut self, text: &str, width: u16, style: Style) {
        let width = width.min(self.area.width);
        self.at(Rect { width, ..self.area }).put(text, style);
        self.skip(width);
    }

    /// The same with the text at the column's right edge.
    pub(crate) fn column_right(&mut self, text: &str, width: u16, style: Style) {
        let free = width.saturating_sub(cells(text));
        self.skip(free);
        self.column(text, width - free, style);
    }

    /// Writes text at the right end, if it fits.
    pub(crate) fn right(&mut self, text: &str, style: Style) {
        let width = cells(text);
        if width > 0 && width < self.area.width {
            self.area.width -= width;
            self.at(Rect { x: self.area.right(), width, ..self.area }).put(text, style);
        }
    }

    /// Writes texts one below the other, as many as there are rows.
    pub(crate) fn lines<T: AsRef<str>>(
        &mut self,
        lines: impl IntoIterator<Item = T>,
        style: Style,
    ) {
        for (row, line) in self.area.rows().zip(lines) {
            self.at(row).put(line.as_ref(), style);
        }
    }

    /// Draws the rows of a list that are in sight; the one under the cursor has a style.
    pub(crate) fn list(
        &mut self,
        cursor: Cursor,
        len: usize,
        selected: Style,
        draw: impl FnMut(Painter<'_>, usize),
    ) {
        self.list_of(cursor, (len, 1), selected, draw);
    }

    /// The same where each of so many entries takes so many rows.
    pub(crate) fn list_of(
        &mut self,
        cursor: Cursor,
        (len, rows): (usize, u16),
        selected: Style,
        mut draw: impl FnMut(Painter<'_>, usize),
    ) {
        let (area, rows) = (self.area, rows.max(1));
        let tops = (area.y..area.bottom()).step_by(rows.into());
        for (y, at) in tops.zip(cursor.offset..len) {
            let mut painter = self.at(Rect { y, height: rows, ..area }.intersection(area));
            if at == cursor.selected {
                painter.row(selected, |painter| draw(painter, at));
            } else {
                draw(painter, at);
            }
        }
    }

    /// Draws a row that has a style; where the style says so, all of its text has one colour.
    pub(crate) fn row(&mut self, style: Style, draw: impl FnOnce(Painter<'_>)) {
        self.fill(style);
        draw(self.at(self.area));
        let Some(text) = style.fg.map(|color| Style::new().fg(color)) else { return };
        for position in self.area.positions() {
            if let Some(cell) =
                self.buffer.cell_mut(position).filter(|cell| Some(cell.bg) == style.bg)
            {
                cell.set_style(text);
            }
        }
    }

    /// Draws a row all of whose text has this colour, but for what stands on a block.
    pub(crate) fn tinted(&mut self, style: Style, draw: impl FnOnce(Painter<'_>)) {
        let ground = self.buffer.cell(self.area.as_position()).map(|cell| cell.bg);
        draw(self.at(self.area));
        for position in self.area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position).filter(|it| Some(it.bg) == ground) {
                cell.set_style(style);
            }
        }
    }

    /// Draws a text field with its cursor.
    pub(crate) fn editor(&mut self, editor: &Editor) {
        self.field(editor, true, &[]);
    }

    /// Draws a text field, with its cursor and what is selected if it has the keys.
    pub(crate) fn text_field(&mut self, editor: &Editor, has_keys: bool) {
        self.field(editor, has_keys, &[]);
    }

    /// Draws a text field with its cursor; of a text in one line, these bytes have styles of their own.
    pub(crate) fn editor_with(&mut self, editor: &Editor, spans: &[(Range<usize>, Style)]) {
        self.field(editor, true, spans);
    }

    fn field(&mut self, editor: &Editor, has_keys: bool, spans: &[(Range<usize>, Style)]) {
        let (width, height) = (self.area.width, self.area.height);
        if self.area.is_empty() {
            return;
        }
        editor.drawn_at(self.area);
        for (row, pieces) in self.area.rows().zip(editor.rows(width, height)) {
            for piece in pieces {
                let style = match piece.look {
                    TextStyle::Plain if has_keys && !spans.is_empty() => {
                        self.at(row).colored(&piece, spans);
                        continue;
                    }
                    TextStyle::Substitute => self.palette.dim,
                    TextStyle::Wrong => self.palette.wrong,
                    TextStyle::Selected if has_keys => self.palette.selected,
                    TextStyle::Cursor if has_keys => Style::new().add_modifier(Modifier::REVERSED),
                    TextStyle::Bracket if has_keys => self.palette.active,
                    _ => self.kind(&piece, has_keys),
                };
                let mut there = self.at(row);
                there.skip(piece.column as u16);
                there.put(&piece.text, style);
            }
        }
    }

    /// The style of a piece by what it is in the language of its text.
    fn kind(&self, piece: &RowPiece, has_keys: bool) -> Style {
        match piece.kind {
            PieceKind::Token(HighlightToken::Plain) if has_keys => Style::new(),
            PieceKind::Token(token) => self.palette.token(token),
            PieceKind::Name => {
                let part = names(&piece.text, &self.app.shared).pop().map(|(_, part)| part);
                let is_known = part == Some(AddressPart::Known);
                self.palette.ink(if is_known {
                    ThemeRole::VariableKnown
                } else {
                    ThemeRole::VariableUnknown
                })
            }
        }
    }

    /// What is left of the row in which a text field that was drawn here ends, one cell behind it
    /// being the cursor's; nothing if its end is not in sight.
    pub(crate) fn behind(&self, editor: &Editor) -> Rect {
        let Some((row, column)) = editor.end_in_sight() else { return Rect::default() };
        let left = self.area.width.min(u16::try_from(column + 1).unwrap_or(u16::MAX));
        let end = Rect { y: self.area.y + row as u16, height: 1, ..self.area };
        Rect { x: end.x + left, width: end.width - left, ..end }.intersection(self.area)
    }

    /// Writes a piece of a text field in the styles of its bytes.
    fn colored(&mut self, piece: &RowPiece, spans: &[(Range<usize>, Style)]) {
        self.skip(piece.column as u16);
        let end = piece.at + piece.text.len();
        for (span, style) in spans.iter().filter(|(it, _)| it.start < end && it.end > piece.at) {
            let from = span.start.max(piece.at) - piece.at;
            let text = piece.text.get(from..span.end.min(end) - piece.at);
            self.put(text.unwrap_or_default(), *style);
        }
    }

    /// A text field with a prompt before it.
    pub(crate) fn prompt(&mut self, prompt: &str, editor: &Editor) {
        self.put(prompt, self.palette.key);
        self.editor(editor);
    }

    /// The search line of a list: a text field while it is typed, the text afterwards.
    pub(crate) fn search_line(&mut self, search: &SearchLine) {
        if search.typing {
            self.prompt("/ ", &search.editor);
        } else {
            self.put("/ ", self.palette.key);
            self.put(&search.editor.text(), self.palette.dim);
        }
    }

    /// Draws a scroll bar right of the area, in the column panes leave for it, `top` being the first visible of
    /// `total` lines; nothing when all are visible.
    pub(crate) fn scroll_bar(&mut self, top: u64, total: u64) {
        let height = u64::from(self.area.height);
        if total <= height || height < 2 {
            return;
        }
        let size = (height * height / total).max(1);
        let (free, range) = (height - size, total - height);
        let dim = self.palette.dim;
        let thumb = (u128::from(top.min(range)) * u128::from(free) / u128::from(range)) as u64;
        for row in thumb..thumb + size {
            let cell = Rect::new(self.area.right(), self.area.y + row as u16, 1, 1);
            let cell = cell.intersection(self.buffer.area);
            self.at(cell).put("▐", dim);
        }
    }
}

/// As much of a text as so many cells can take: no character has more than a few marks that take
/// none, however long the text is.
fn beginning(text: &str, cells: usize) -> &str {
    const CHARS_PER_CELL: usize = 8;
    let end = text.char_indices().nth((cells + 1) * CHARS_PER_CELL).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Cells of a text as it is drawn.
pub(crate) fn cells(text: &str) -> u16 {
    u16::try_from(wrap_bytes::cells(&printable_str(text))).unwrap_or(u16::MAX)
}
