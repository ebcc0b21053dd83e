//! The rows of a conversation: moving over them, and one of them looked at closely.

use ratatui::layout::Rect;

use super::conversation_state::ConversationPane;
use super::conversation_view::ConversationView;
use crate::app::cursor::CursorStep;
use crate::app::layout;
use crate::app::outcome::Outcome;
use crate::app::record_view::Detail;
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::timeline::conversation::{self, MessageRow};

impl ConversationPane {
    /// The room for the row that is looked at closely.
    fn detail_area(&self, shared: &Shared) -> Rect {
        self.areas(shared, layout::inner(shared.areas().response)).detail
    }

    /// Changes the view with its session and the height of the rows at hand.
    pub(super) fn change(
        &mut self,
        shared: &Shared,
        change: impl FnOnce(&mut ConversationView, &Session, usize),
    ) {
        let rows = self.areas(shared, layout::inner(shared.areas().response)).rows;
        if let (Some(session), Some(view)) = (shared.session(), self.view_mut(shared)) {
            change(view, session, rows.height.into());
        }
    }

    /// The room changed, or what takes part of it.
    pub(crate) fn settle(&mut self, shared: &Shared) {
        let width = usize::from(self.detail_area(shared).width);
        self.change(shared, |view, session, height| {
            view.settle(session, height);
            if let Some(detail) = &mut view.detail {
                detail.fit(width);
            }
        });
    }

    /// Moves over the rows, or in the one that has the keys.
    pub(crate) fn scroll(&mut self, shared: &Shared, way: CursorStep) {
        let room = self.detail_area(shared).height.into();
        let mut moved = false;
        self.change(shared, |view, session, height| {
            if let Some(detail) = view.detail.as_mut().filter(|detail| detail.inside) {
                detail.step(way, room);
                return;
            }
            let len = view.len(session);
            view.cursor.step(way, len, height);
            view.is_following = match way {
                CursorStep::Bottom => true,
                CursorStep::Up | CursorStep::PageUp | CursorStep::HalfUp | CursorStep::Top => false,
                CursorStep::Down | CursorStep::PageDown | CursorStep::HalfDown => {
                    view.cursor.selected + 1 >= len
                }
            };
            moved = view.detail.is_some();
        });
        if moved {
            self.show_detail(shared);
        }
    }

    /// Puts the cursor on this row of those on screen.
    pub(super) fn select(&mut self, shared: &Shared, row: usize) {
        self.change(shared, |view, session, height| {
            let len = view.len(session);
            view.cursor.selected = view.cursor.offset + row;
            view.is_following = view.cursor.selected + 1 >= len;
            view.cursor.settle(len, height);
        });
        if self.view(shared).is_some_and(|view| view.detail.is_some()) {
            self.show_detail(shared);
        }
    }

    /// The row under the cursor.
    pub(super) fn selected(&self, shared: &Shared) -> Option<MessageRow> {
        let view = self.view(shared)?;
        view.row(shared.session()?, view.cursor.selected).copied()
    }

    /// Enter: opens the row, then gives it the keys, then closes it.
    pub(super) fn open_detail(&mut self, shared: &Shared) {
        let Some(view) = self.view_mut(shared) else { return };
        match &mut view.detail {
            None => self.show_detail(shared),
            Some(detail) if !detail.inside => detail.inside = true,
            Some(_) => view.detail = None,
        }
        self.settle(shared);
    }

    /// Esc: takes the keys back from the row, then closes it.
    pub(super) fn close_detail(&mut self, shared: &Shared) -> Outcome {
        let Some(view) = self.view_mut(shared) else { return Outcome::no() };
        match &mut view.detail {
            None => return Outcome::no(),
            Some(detail) if detail.inside => detail.inside = false,
            Some(_) => view.detail = None,
        }
        self.settle(shared);
        Outcome::yes()
    }

    /// Shows the bytes of the row under the cursor.
    pub(super) fn show_detail(&mut self, shared: &Shared) {
        let Some(row) = self.selected(shared) else { return };
        let bytes = conversation::bytes(&shared.timeline, &row);
        let Some(view) = self.view_mut(shared) else { return };
        view.detail = Some(match view.detail.take() {
            Some(detail) if detail.of == row.first && detail.bytes == bytes => detail,
            Some(detail) => detail.instead(row.first, bytes).of_kind(row.kind),
            None => Detail::new(row.first, bytes).of_kind(row.kind),
        });
        self.settle(shared);
        self.show_hit(shared);
    }

    /// The open row shows the hit of a search, if it is the one with it.
    fn show_hit(&mut self, shared: &Shared) {
        let height = usize::from(self.detail_area(shared).height);
        self.change(shared, |view, session, _| {
            let number = view.number(session, view.cursor.selected);
            let hit = view.search.hit.filter(|(row, _)| Some(*row) == number);
            if let (Some(detail), Some((_, byte))) = (view.detail.as_mut(), hit) {
                detail.reveal(byte, height);
            }
        });
    }

    /// Shows rows, or the open one, as hex or as text.
    pub(super) fn toggle_hex(&mut self, shared: &Shared) {
        let height = self.detail_area(shared).height;
        let Some(view) = self.view_mut(shared) else { return };
        match &mut view.detail {
            Some(detail) => detail.toggle_hex(height.into()),
            None => view.hex = !view.hex,
        }
    }
}
