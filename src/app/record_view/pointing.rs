//! The cursor on the bytes of an open record: moved by keys, put somewhere by the mouse or a search, and what
//! is selected with it.

use std::ops::Range;

use ratatui::layout::{Position, Rect};

use super::{Detail, DetailForm};
use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::message::{Mouse, MouseKind};

impl Detail {
    /// Moves the cursor of the hex view, that on fields, or that of a selection in text, by rows; scrolls text.
    pub fn step(&mut self, step: CursorStep, area: Rect) {
        let height = self.height(area);
        if let Some(fields) = self.fields_mut() {
            fields.step(step, height);
            return self.show_cursor(height);
        }
        let last = self.bytes.len().saturating_sub(1);
        if self.is_text_selected() {
            let mut cursor = Cursor { selected: self.row_at(self.at), offset: self.top };
            cursor.step(step, self.len(), height);
            self.at = match step {
                CursorStep::Top => 0,
                CursorStep::Bottom => last,
                _ => self.byte_in_row(cursor.selected),
            };
            return self.show_cursor(height);
        }
        if !self.is_hex() {
            return self.scroll(step, area);
        }
        let bytes = step.rows(height).saturating_mul(self.hex_row.bytes);
        let (at, row) = (self.at, self.hex_row.bytes);
        self.at = match step {
            CursorStep::Top => 0,
            CursorStep::Bottom => last,
            // At an end it stays in its column.
            _ if step.is_up() => at - bytes.min(at / row * row),
            _ => at + bytes.min((last - at.min(last)) / row * row),
        };
        self.show_cursor(height);
    }

    /// Scrolls and leaves the cursor where it is.
    pub(crate) fn scroll(&mut self, step: CursorStep, area: Rect) {
        let height = self.height(area);
        let last = self.len().saturating_sub(height);
        let mut cursor = Cursor { selected: self.top.min(last), offset: 0 };
        cursor.step(step, last + 1, height);
        self.top = cursor.selected;
    }

    /// What an action does to the cursor on bytes; `false` = it is none of it, or nothing has one.
    pub(crate) fn act(&mut self, action: Action, area: Rect) -> bool {
        let is_text = self.form == DetailForm::Text && !self.is_empty();
        let takes = self.is_hex() || self.is_text_selected();
        if !self.inside || !(takes || is_text && action == Action::Select) {
            return false;
        }
        match action {
            Action::Left => self.at = self.beside(false),
            Action::Right => self.at = self.beside(true),
            Action::Select if self.anchor.is_some() => self.anchor = None,
            Action::Select => {
                if is_text {
                    // Where the search stands, else at the beginning of what is seen.
                    let shown = self.top..self.top + self.height(area);
                    let here = self.here.filter(|byte| shown.contains(&self.row_at(*byte)));
                    let top = self.row(self.top).map_or(0, |(start, _)| start);
                    self.at = here.unwrap_or(top);
                }
                self.anchor = Some(self.at);
            }
            _ => return false,
        }
        self.show_cursor(self.height(area));
        true
    }

    /// The mouse on the bytes: the cursor goes there, and selects while the button is held.
    pub(crate) fn mouse(&mut self, mouse: Mouse, area: Rect) {
        let at = self.byte_under((mouse.column, mouse.row).into(), area);
        let was_inside = std::mem::replace(&mut self.inside, true);
        self.is_dragged = mouse.kind == MouseKind::Drag && !self.is_entered;
        match mouse.kind {
            MouseKind::Drag if self.is_entered => return,
            MouseKind::Drag => self.anchor = self.anchor.or(at.map(|_| self.at)),
            MouseKind::Press | MouseKind::SecondPress | MouseKind::ThirdPress => {
                (self.is_entered, self.anchor) = (!was_inside, None);
            }
            MouseKind::Release | MouseKind::ScrollUp | MouseKind::ScrollDown => return,
        }
        self.at = at.unwrap_or(self.at);
        let field = self.top + usize::from(mouse.row.saturating_sub(area.y));
        if let Some(fields) = self.fields_mut() {
            fields.cursor = field;
        }
        self.show_cursor(self.height(area));
    }

    /// The byte at a place of the text, or of the hex view, in either of its columns.
    pub(super) fn byte_under(&self, at: Position, area: Rect) -> Option<usize> {
        let rows = self.areas(area).rows;
        if !rows.contains(at) {
            return None;
        }
        if self.form == DetailForm::Text {
            let row = self.top + usize::from(at.y - rows.y);
            return self.byte_at_cell(row.min(self.len().checked_sub(1)?), (at.x - rows.x).into());
        }
        if !self.is_hex() {
            return None;
        }
        let row = self.hex_row;
        let x = usize::from(at.x - rows.x).saturating_sub(row.first());
        // A gap of one more cell stands before the second eight.
        let column = if x < row.hex() { (x - x / 25) / 3 } else { x.saturating_sub(row.hex() + 2) };
        let start = (self.top + usize::from(at.y - rows.y)) * row.bytes;
        let last = (start + row.bytes).min(self.bytes.len()).checked_sub(1)?;
        (start <= last).then(|| (start + column.min(row.bytes - 1)).min(last))
    }

    /// The bytes that are selected.
    pub fn selection(&self) -> Option<Range<usize>> {
        let anchor = self.anchor.filter(|_| self.is_hex() || self.form == DetailForm::Text)?;
        Some(anchor.min(self.at)..self.cursor_on(anchor.max(self.at)).end)
    }

    /// Selected bytes, when keys go to them.
    pub(crate) fn selected(&self) -> Option<&[u8]> {
        self.bytes.get(self.selection().filter(|_| self.inside)?)
    }

    /// Brings the cursor into sight.
    pub(super) fn show_cursor(&mut self, height: usize) {
        let top = self.top;
        if let Some(fields) = self.fields_mut() {
            self.top = fields.settled(top, height);
            return;
        }
        if !(self.is_hex() || self.is_text_selected()) {
            return;
        }
        self.at = self.at.min(self.bytes.len().saturating_sub(1));
        let mut cursor = Cursor { selected: self.row_at(self.at), offset: self.top };
        cursor.settle(self.len(), height);
        self.top = cursor.offset;
    }

    /// Brings a byte into view, a third of the way down if it was out of sight.
    pub(crate) fn reveal(&mut self, byte: usize, area: Rect) {
        let height = self.height(area);
        (self.here, self.at, self.anchor) = (Some(byte), byte, None);
        let row = self.row_at(byte);
        if let Some(fields) = self.fields_mut() {
            fields.cursor = row;
        }
        if !(self.top..self.top + height.max(1)).contains(&row) {
            self.top = row.saturating_sub(height / 3).min(self.len().saturating_sub(1));
        }
    }
}
