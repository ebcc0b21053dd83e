//! Moving in the exchange pane: over the list of requests or the redirect hops, over the tabs, in
//! the content; and what a click means.

use ratatui::layout::Rect;

use super::body_view::SIDEWAYS;
use super::exchange_state::{ExchangePane, session};
use super::shown_exchange::ExchangeTab;
use super::tab_lines::TabLines;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::layout;
use crate::app::message::Mouse;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;

impl ExchangePane {
    /// Moves in the list of a listener, else in the content.
    pub(super) fn step(&mut self, shared: &Shared, step: CursorStep) {
        if is_listener(shared) && !self.is_inside(shared) {
            self.step_list(shared, step);
        } else {
            self.scroll(shared, step);
        }
    }

    /// Moves the content.
    pub(crate) fn scroll(&mut self, shared: &Shared, step: CursorStep) {
        let room = self.room(shared);
        if self.subject(shared).is_some() {
            if let Some(view) = self.view_mut(shared) {
                view.step(step, room);
            }
            return;
        }
        let len = self.lines(shared).map_or(0, TabLines::count);
        let last = len.saturating_sub(room.height);
        let Some(place) = self.place_mut(shared) else { return };
        let mut cursor = Cursor { selected: place.scroll, offset: place.scroll };
        cursor.step(step, last + 1, room.height);
        place.scroll = cursor.selected;
    }

    /// Moves the content sideways.
    pub(super) fn sideways(&mut self, shared: &Shared, right: bool) {
        let room = self.room(shared);
        if self.subject(shared).is_some() {
            if let Some(view) = self.view_mut(shared) {
                view.sideways(SIDEWAYS, right, room);
            }
        } else if let Some(place) = self.place_mut(shared) {
            place.left =
                if right { place.left + SIDEWAYS } else { place.left.saturating_sub(SIDEWAYS) };
        }
    }

    /// In a listener, Enter gives the keys to the exchange and Esc takes them back to the list.
    pub(super) fn enter(&mut self, shared: &Shared, inside: bool) -> Outcome {
        match self.place_mut(shared) {
            Some(place) if is_listener(shared) && place.inside != inside => {
                place.inside = inside;
                Outcome::yes()
            }
            _ => Outcome::no(),
        }
    }

    /// Shows the next tab or the one before, round the ends.
    pub(super) fn switch_tab(&mut self, shared: &Shared, forward: bool) {
        let Some(shown) = self.shown(shared) else { return };
        let (all, now) = (shown.tabs(), shown.tab(self.tab));
        let at = all.iter().position(|tab| *tab == now).unwrap_or(0);
        let step = if forward { 1 } else { all.len() - 1 };
        if let Some(tab) = all.get((at + step) % all.len()) {
            self.show_tab(shared, *tab);
        }
    }

    fn show_tab(&mut self, shared: &Shared, tab: ExchangeTab) {
        self.tab = tab;
        if let Some(place) = self.place_mut(shared) {
            (place.scroll, place.left) = (0, 0);
        }
    }

    /// Moves in the list of requests, or over the redirect hops. The last place follows the newest.
    pub(super) fn step_list(&mut self, shared: &Shared, step: CursorStep) {
        let Some(session) = session(shared) else { return };
        let inner = layout::inner(shared.areas().response);
        let height = usize::from(self.areas(shared, inner).list.height);
        let mut cursor = self.list_cursor(shared, height);
        cursor.step(step, session.exchanges.len(), height);
        self.choose(shared, cursor.selected);
    }

    /// Looks at the exchange at this place of the list.
    fn choose(&mut self, shared: &Shared, at: usize) {
        let Some(session) = session(shared) else { return };
        let is_last = at + 1 >= session.exchanges.len();
        let exchange = session.exchanges.get(at).filter(|_| !is_last);
        let number = exchange.map(|exchange| exchange.number);
        let Some(place) = self.place_mut(shared) else { return };
        if place.number != number {
            (place.scroll, place.left) = (0, 0);
        }
        place.number = number;
    }

    /// A press of the mouse: chooses a request or a tab; the keys go where it was.
    pub(super) fn press(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let parts = self.areas(shared, layout::inner(area));
        let at = (mouse.column, mouse.row).into();
        if parts.list.contains(at) {
            let offset = self.list_cursor(shared, parts.list.height.into()).offset;
            self.choose(shared, offset + usize::from(mouse.row - parts.list.y));
            return self.enter(shared, false);
        }
        if parts.tabs.contains(at) {
            let column = mouse.column - parts.tabs.x;
            let hit = self.tab_strip(shared).into_iter().find(|(_, title, start)| {
                (*start..*start + title.chars().count() as u16 + 2).contains(&column)
            });
            if let Some((tab, ..)) = hit {
                self.show_tab(shared, tab);
            }
        }
        self.enter(shared, true)
    }
}

fn is_listener(shared: &Shared) -> bool {
    session(shared).is_some_and(|session| session.side().listens())
}
