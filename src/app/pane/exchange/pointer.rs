//! The mouse in an exchange: a press chooses a request, a tab or a line, a drag selects text, and what
//! is selected is copied on release.

use std::time::Duration;

use ratatui::layout::Rect;

use super::body_view::TextSpot;
use super::exchange_state::ExchangePane;
use super::tab_lines::TabLines;
use crate::app::cursor::CursorStep;
use crate::app::layout::{pane_inner, tab_at};
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::model::timing::Stamp;

/// Two presses of one cell within this time are a double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// The last press of the button in the content.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastPress {
    at: Stamp,
    cell: (u16, u16),
    /// Where a selection begins if the mouse moves now.
    spot: TextSpot,
    /// A word was selected by it.
    is_double: bool,
}

impl ExchangePane {
    /// A press of the mouse: chooses a request, a tab or a line; the keys go where it was.
    pub(super) fn press(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let parts = self.areas(shared, pane_inner(area));
        let at = (mouse.column, mouse.row).into();
        if parts.list.contains(at) {
            let offset = self.list_cursor(shared, parts.list.height.into()).offset;
            self.choose(shared, offset + usize::from(mouse.row - parts.list.y));
            return self.enter(shared, false);
        }
        if parts.tabs.contains(at) {
            let column = mouse.column - parts.tabs.x;
            if let Some(tab) = tab_at(self.tab_strip(shared), column) {
                self.show_tab(shared, tab);
            }
        }
        if parts.content.contains(at) {
            self.press_content(shared, parts.content, mouse);
        }
        self.enter(shared, true)
    }

    fn press_content(&mut self, shared: &Shared, content: Rect, mouse: Mouse) {
        let row = usize::from(mouse.row - content.y);
        if self.subject(shared).is_none() {
            let count = self.lines(shared).map_or(0, TabLines::count);
            if let Some(place) = self.place_mut(shared) {
                place.cursor.selected = (place.cursor.offset + row).min(count.saturating_sub(1));
            }
            return;
        }
        let Some(spot) = self.spot(shared, content, mouse) else { return };
        let cell = (mouse.column, mouse.row);
        let is_second = self.pressed.is_some_and(|last| {
            last.cell == cell && !last.is_double && shared.now.since(last.at) < DOUBLE
        });
        let room = self.room(shared);
        let gutter = content.width.saturating_sub(room.width as u16);
        let Some(view) = self.view_mut(shared) else { return };
        view.deselect();
        view.place_cursor(spot.line);
        view.choose_cell(spot, room);
        if mouse.column < content.x + gutter
            && view.line(spot.line).is_some_and(|it| view.opens(it))
        {
            // The mark of a fold, which is all there is to be clicked there.
            let _ = view.toggle_fold();
            self.pressed = None;
            return;
        }
        let is_double = is_second && view.select_word(spot);
        self.pressed = Some(LastPress { at: shared.now, cell, spot, is_double });
    }

    /// The mouse moved with its button down, or the button was let go.
    pub(super) fn drag(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let Some(pressed) = self.pressed else { return Outcome::no() };
        let content = self.areas(shared, pane_inner(area)).content;
        let room = self.room(shared);
        if mouse.kind == MouseKind::Release {
            let is_selected = self.view(shared).is_some_and(|view| view.selection().is_some());
            let moved = pressed.is_double || pressed.cell != (mouse.column, mouse.row);
            return if is_selected && moved {
                self.copy_selection(shared, true)
            } else {
                Outcome::yes()
            };
        }
        if pressed.is_double {
            return Outcome::yes();
        }
        // At the edges the text goes on.
        if let Some(view) = self.view_mut(shared) {
            let step = match mouse.row {
                row if row < content.y => Some(CursorStep::Up),
                row if row >= content.bottom() => Some(CursorStep::Down),
                _ => None,
            };
            if let Some(step) = step {
                view.scroll(step, room);
            }
        }
        let Some(head) = self.spot(shared, content, mouse) else { return Outcome::yes() };
        if let Some(view) = self.view_mut(shared) {
            view.select(pressed.spot, head);
        }
        Outcome::yes()
    }

    /// The place in the text the mouse is at, or nearest to.
    fn spot(&self, shared: &Shared, content: Rect, mouse: Mouse) -> Option<TextSpot> {
        let (view, room) = (self.view(shared)?, self.room(shared));
        let row = mouse.row.clamp(content.y, content.bottom().saturating_sub(1)) - content.y;
        let text = content.x + (content.width - room.width.min(content.width.into()) as u16);
        view.spot_at(mouse.column.saturating_sub(text).into(), row.into(), room)
    }
}
