//! The rows of a conversation: moving over them, one of them looked at closely, and the search from
//! row to row, in steps of bounded work, so that no key waits for it.
//!
//! ```text
//!   row:   ..  7   8  [9]  10  11 ..      n from a hit in 9: the rest of 9, 10, 11 ...,
//!              8 and 7 come last, and the beginning of 9: everything is looked at once
//! ```

use std::task::Poll;

use super::conversation_areas::ConversationAreas;
use super::conversation_view::{ConversationPane, ConversationView, RunningSearch};
use crate::app::action::Action;
use crate::app::cursor::CursorStep;
use crate::app::decoded_view;
use crate::app::intent::Intent;
use crate::app::layout;
use crate::app::message::Timer;
use crate::app::outcome::Outcome;
use crate::app::prompt;
use crate::app::record_view;
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::codec::search::Pattern;
use crate::model::id::RecordId;
use crate::model::view::SearchDirection;
use crate::timeline::Timeline;
use crate::timeline::conversation::{self, MessageRow};
use crate::timeline::listing::STEP_WORK;

/// What looking at one row costs besides its bytes, in bytes searched.
const ROW_WORK: usize = 64;

impl ConversationPane {
    /// Where the pieces are now.
    fn areas_now(&self, shared: &Shared) -> ConversationAreas {
        self.areas(shared, layout::pane_inner(shared.areas().response))
    }

    /// Changes the view with its session and the areas at hand.
    pub(super) fn change(
        &mut self,
        shared: &Shared,
        change: impl FnOnce(&mut ConversationView, &Session, ConversationAreas),
    ) {
        let areas = self.areas_now(shared);
        if let (Some(session), Some(view)) = (shared.session(), self.view_mut(shared)) {
            change(view, session, areas);
        }
    }

    /// The room changed, or what takes part of it.
    pub(crate) fn settle(&mut self, shared: &Shared) {
        self.change(shared, |view, session, areas| {
            view.settle(session, areas.rows.height.into());
            if let Some(detail) = &mut view.detail {
                detail.fit(areas.detail);
            }
        });
    }

    /// Moves over the rows, or in the one that has the keys.
    pub(crate) fn scroll(&mut self, shared: &Shared, way: CursorStep) {
        let room = self.areas_now(shared).detail;
        let detail = self.view_mut(shared).and_then(|view| view.detail.as_mut());
        if let Some(detail) = detail.filter(|detail| detail.inside) {
            detail.step(way, room);
            return;
        }
        self.move_cursor(shared, |view, session, height| {
            let len = view.len(session);
            view.cursor.step(way, len, height);
            view.is_held = way.is_up() || view.cursor.selected + 1 < len;
        });
    }

    /// The wheel scrolls an open row and leaves the cursor on its bytes where it is.
    pub(super) fn wheel(&mut self, shared: &Shared, way: CursorStep) {
        let room = self.areas_now(shared).detail;
        let detail = self.view_mut(shared).and_then(|view| view.detail.as_mut());
        match detail.filter(|detail| detail.inside) {
            Some(detail) => detail.scroll(way, room),
            None => self.scroll(shared, way),
        }
    }

    /// What an action does to the cursor on the bytes of an open row.
    pub(super) fn act_on_bytes(&mut self, shared: &Shared, action: Action) -> bool {
        let room = self.areas_now(shared).detail;
        let detail = self.view_mut(shared).and_then(|view| view.detail.as_mut());
        detail.is_some_and(|detail| detail.act(action, room))
    }

    /// Puts the cursor on this row of those on screen.
    pub(super) fn select(&mut self, shared: &Shared, row: usize) {
        self.move_cursor(shared, |view, session, _| {
            view.cursor.selected = view.cursor.offset + row;
            view.is_held = view.cursor.selected + 1 < view.len(session);
        });
    }

    /// Puts the cursor on the row that has this record.
    pub(crate) fn show_record(&mut self, shared: &Shared, id: RecordId) {
        self.move_cursor(shared, |view, session, _| {
            let len = view.len(session);
            let is_there = |at: &usize| view.row(session, *at).is_some_and(|row| row.last >= id);
            let at = (0..len).find(is_there);
            view.cursor.selected = at.unwrap_or(len.saturating_sub(1));
            view.is_held = view.cursor.selected + 1 < len;
        });
    }

    /// Moves the cursor over rows of this height; an open row goes with it.
    fn move_cursor(
        &mut self,
        shared: &Shared,
        to: impl FnOnce(&mut ConversationView, &Session, usize),
    ) {
        let mut is_open = false;
        self.change(shared, |view, session, areas| {
            let height = areas.rows.height.into();
            to(view, session, height);
            let len = view.len(session);
            view.cursor.settle(len, height);
            is_open = view.detail.is_some();
        });
        if is_open {
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
        if !record_view::enter(&mut view.detail) {
            self.show_detail(shared);
        }
    }

    /// Esc: takes the keys back from the row, then closes it.
    pub(super) fn close_detail(&mut self, shared: &Shared) -> Outcome {
        let open = self.view_mut(shared).map(|view| &mut view.detail);
        if open.is_some_and(record_view::leave) { Outcome::yes() } else { Outcome::no() }
    }

    /// Shows the bytes of the row under the cursor, and the hit of a search if it is in that row.
    fn show_detail(&mut self, shared: &Shared) {
        let Some(row) = self.selected(shared) else { return };
        let bytes = conversation::bytes(&shared.timeline, &row);
        let first = shared.timeline.get(row.first);
        let hints = first.as_ref().map(|first| decoded_view::hints(&shared.timeline, first));
        let hints = hints.unwrap_or_default();
        let Some(view) = self.view_mut(shared) else { return };
        record_view::show(&mut view.detail, (row.first, row.kind), bytes, &hints);
        self.settle(shared);
        self.change(shared, |view, session, areas| {
            let number = view.number(session, view.cursor.selected);
            let hit = view.search.hit.filter(|(row, _)| Some(*row) == number);
            if let (Some(detail), Some((_, byte))) = (view.detail.as_mut(), hit) {
                detail.reveal(byte, areas.detail);
            }
        });
    }

    /// Shows rows as hex or as text, the open one also taken apart, in turn.
    pub(super) fn next_form(&mut self, shared: &Shared) {
        self.change(shared, |view, _, areas| match &mut view.detail {
            Some(detail) => detail.next_form(areas.detail),
            None => view.hex = !view.hex,
        });
    }

    /// Shows rows, or the open one, as hex or as text.
    pub(super) fn toggle_hex(&mut self, shared: &Shared) {
        self.change(shared, |view, _, areas| match &mut view.detail {
            Some(detail) => detail.toggle_hex(areas.detail),
            None => view.hex = !view.hex,
        });
    }

    /// Searches from the last hit, or from the row under the cursor.
    pub(crate) fn search(
        &mut self,
        shared: &Shared,
        direction: SearchDirection,
        from_hit: bool,
    ) -> Outcome {
        if shared.search.text.is_empty() {
            return prompt::open_search(&mut self.prompt);
        }
        self.change(shared, |view, session, _| {
            let selected = view.cursor.selected;
            let len = view.len(session);
            let here = view.number(session, selected);
            // A hit counts as the place to go on from while the cursor is on its row.
            let hit = view.search.hit.filter(|(number, _)| from_hit && Some(*number) == here);
            let from = match (hit, direction) {
                (Some((_, byte)), SearchDirection::Forward) => Some(byte + 1),
                (Some((_, byte)), SearchDirection::Backward) => Some(byte),
                (None, _) => None,
            };
            view.search.running = here.map(|next| {
                // The first row once more at the end, for what lies on its other side.
                let left = len + usize::from(from.is_some());
                RunningSearch { direction, next, from, left, wrapped: false }
            });
        });
        self.search_on(shared).map_or_else(Outcome::yes, Outcome::from)
    }

    /// The next step of a search; the rest follows in a moment.
    pub(super) fn search_on(&mut self, shared: &Shared) -> Option<Intent> {
        let session = shared.session()?;
        let view = self.view_mut(shared)?;
        let mut search = view.search.running.take()?;
        let end = match &shared.search.pattern {
            Some(pattern) => step(&mut search, view, session, &shared.timeline, pattern),
            None => Poll::Ready(None),
        };
        let Poll::Ready(found) = end else {
            view.search.running = Some(search);
            return Some(Intent::soon(Timer::ConversationSearch));
        };
        let Some((at, byte)) = found else {
            return Some(Intent::Quote(format!("'{}' was not found", shared.search.text)));
        };
        self.move_cursor(shared, |view, session, _| {
            view.search.hit = view.number(session, at).map(|number| (number, byte));
            view.cursor.selected = at;
            view.is_held = true;
        });
        search.wrapped.then(|| Intent::say_wrapped(search.direction))
    }
}

/// Looks on for a while; gives the place of the row of a hit and the byte in it.
fn step(
    search: &mut RunningSearch,
    view: &ConversationView,
    session: &Session,
    timeline: &Timeline,
    pattern: &Pattern,
) -> Poll<Option<(usize, usize)>> {
    let len = view.len(session);
    let mut work = STEP_WORK;
    while search.left > 0 && len > 0 {
        let at = view.place(session, search.next).min(len - 1);
        if let Some(row) = view.row(session, at) {
            let bytes = conversation::bytes(timeline, row);
            let hit = match search.direction {
                SearchDirection::Forward => pattern.first(&bytes, search.from.unwrap_or(0)),
                SearchDirection::Backward => {
                    pattern.last(&bytes, search.from.unwrap_or(bytes.len()))
                }
            };
            if let Some(hit) = hit {
                return Poll::Ready(Some((at, hit.start)));
            }
            let between = row.last.0.saturating_sub(row.first.0) as usize;
            work = work.saturating_sub(bytes.len() + ROW_WORK * (1 + between));
        }
        search.from = None;
        search.left -= 1;
        let next = match search.direction {
            SearchDirection::Forward if at + 1 < len => at + 1,
            SearchDirection::Backward if at > 0 => at - 1,
            direction => {
                search.wrapped = true;
                if direction == SearchDirection::Forward { 0 } else { len - 1 }
            }
        };
        search.next = view.number(session, next).unwrap_or(0);
        if work == 0 && search.left > 0 {
            return Poll::Pending;
        }
    }
    Poll::Ready(None)
}
