//! A row of the screen written from left to right, and from the right where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::wrap_bytes;
use crate::ui::widget::text::put;

/// What is left of a row.
pub(crate) struct RowWriter<'a> {
    pub(crate) area: Rect,
    buffer: &'a mut Buffer,
}

impl<'a> RowWriter<'a> {
    /// Writes into the first row of `area`; an empty one takes nothing.
    pub(crate) fn new(area: Rect, buffer: &'a mut Buffer) -> Self {
        RowWriter { area: Rect { height: area.height.min(1), ..area }, buffer }
    }

    /// Writes text and goes on behind it.
    pub(crate) fn put(&mut self, text: &str, style: Style) {
        self.put_within(text, self.area.width, style);
    }

    /// Writes at most so many cells of a text and goes on behind it.
    pub(crate) fn put_within(&mut self, text: &str, width: u16, style: Style) {
        let area = Rect { width: width.min(self.area.width), ..self.area };
        let used = put(self.buffer, area, text, style);
        self.skip(used);
    }

    /// Leaves cells empty.
    pub(crate) fn skip(&mut self, cells: u16) {
        let cells = cells.min(self.area.width);
        self.area.x += cells;
        self.area.width -= cells;
    }

    /// Writes text into a column of its own, cut or filled up.
    pub(crate) fn column(&mut self, text: &str, width: u16, style: Style) {
        let width = width.min(self.area.width);
        put(self.buffer, Rect { width, ..self.area }, text, style);
        self.skip(width);
    }

    /// The same with the text at the column's right edge.
    pub(crate) fn column_right(&mut self, text: &str, width: u16, style: Style) {
        let free = width.saturating_sub(cells(text));
        let before = free.min(self.area.width);
        self.skip(before);
        self.column(text, width - free, style);
    }

    /// Writes text at the right end, if it fits.
    pub(crate) fn right(&mut self, text: &str, style: Style) {
        let width = cells(text);
        if width == 0 || width >= self.area.width {
            return;
        }
        let x = self.area.right() - width;
        put(self.buffer, Rect { x, width, ..self.area }, text, style);
        self.area.width -= width;
    }
}

/// Cells of a text.
pub(crate) fn cells(text: &str) -> u16 {
    u16::try_from(wrap_bytes::cells(text)).unwrap_or(u16::MAX)
}
