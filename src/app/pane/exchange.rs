//! The exchange pane: what an HTTP client got back, or what an HTTP listener was asked.
//!
//! It shares the response region of the screen with the conversation. A listener has a list of
//! requests above the exchange; a client has its redirect hops. Here is what keys and clicks do, and
//! every move: over the list or the hops, over the tabs, in the content.

mod body_fetch;
mod body_value;
pub(crate) mod body_view;
mod cell_due;
mod check_lines;
mod checked_tabs;
mod checked_value;
mod copies;
pub(crate) mod derived;
pub(crate) mod event_lines;
pub mod exchange_areas;
mod exchange_state;
mod handed_on;
mod json_value;
mod long_line;
mod pointer;
mod recipe_line;
mod recipes;
mod shape;
pub(crate) mod shown_exchange;
pub(crate) mod tab_lines;
mod table_cells;
mod windows;

use crate::app::action::Action;
use crate::app::cursor::{self, Cursor, CursorStep};
use crate::app::layout::{next_tab, pane_inner};
use crate::app::outcome::{Handled, Outcome, PaneInput};
use crate::app::prompt;
use crate::app::shared::Shared;
use crate::model::protocol::Side;
use crate::model::view::SearchDirection;
use body_view::{BodyView, SIDEWAYS, Viewport};
pub use exchange_state::ExchangePane;
use exchange_state::session;
use shown_exchange::ExchangeTab;
use tab_lines::TabLines;

impl ExchangePane {
    /// Takes an input while the pane has the focus.
    pub(crate) fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        // Who does something else does not wait for a value any more.
        self.copy_due = None;
        let asked = self
            .type_recipe(shared, input)
            .or_else(|| prompt::update(&mut self.prompt, shared, input));
        let mut outcome = asked.unwrap_or_else(|| match input {
            PaneInput::Act(action) => self.act(shared, action),
            PaneInput::Wheel(step) => {
                self.turn(shared, step);
                Outcome::yes()
            }
            PaneInput::Key(_) | PaneInput::Paste(_) => Outcome::no(),
            PaneInput::Press(area, mouse) => self.press(shared, area, mouse),
            PaneInput::Drag(area, mouse) => self.drag(shared, area, mouse),
        });
        outcome.intents.extend(self.settle(shared));
        outcome
    }

    /// Another session is on screen, or none.
    pub(crate) fn session_changed(&mut self, shared: &Shared) {
        (self.prompt, self.line) = (None, None);
        self.places.retain(|id, _| shared.sessions.get(*id).is_some());
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        match action {
            Action::NextTab => self.switch_tab(shared, true),
            Action::PreviousTab => self.switch_tab(shared, false),
            Action::NextItem if self.has_item(shared, CursorStep::Down) => {
                self.step_list(shared, CursorStep::Down);
            }
            Action::PreviousItem if self.has_item(shared, CursorStep::Up) => {
                self.step_list(shared, CursorStep::Up);
            }
            // Other answers of the same preset are not of this session.
            Action::NextItem | Action::PreviousItem => return Outcome::no(),
            Action::ViewMode => self.next_mode(shared),
            Action::ViewHex => self.toggle_hex(shared),
            Action::Left => self.sideways(shared, false),
            Action::Right => self.sideways(shared, true),
            Action::Wrap => {
                if self.wraps(shared) && !self.wrap {
                    return Outcome::say("a cell that was opened is shown whole: its lines wrap");
                }
                self.wrap = !self.wrap;
                let said = if self.wrap { "long lines wrap" } else { "long lines are cut" };
                return Outcome::say(said);
            }
            Action::Find => return self.open_search(shared),
            Action::FindNext => return self.search(shared, SearchDirection::Forward, true),
            Action::FindPrevious => return self.search(shared, SearchDirection::Backward, true),
            Action::SaveToFile => return self.open_save(shared),
            Action::LineNumbers => {
                self.numbers = !self.numbers;
                return Outcome::yes();
            }
            Action::Select => return self.toggle_selection(shared),
            Action::OpenOutside => return self.open_outside(shared),
            Action::Pager => return self.page(shared),
            Action::MakePreset => return self.make_preset(shared),
            Action::Open | Action::Toggle if self.opens_event(shared) => {}
            Action::Open => match self.enter(shared, true) {
                Outcome { handled: Handled::No, .. } => {
                    let opened = self.open_cell(shared);
                    return opened.unwrap_or_else(|| self.fold(shared, BodyView::toggle_fold));
                }
                entered => return entered,
            },
            Action::Toggle => return self.fold(shared, BodyView::toggle_fold),
            Action::FoldAll => return self.fold(shared, BodyView::toggle_all_folds),
            Action::FoldLevel => return self.fold(shared, |view| view.step_folds(true)),
            Action::UnfoldLevel => return self.fold(shared, |view| view.step_folds(false)),
            Action::Back if self.deselect(shared) => {}
            Action::Back => {
                return self.step_back(shared).unwrap_or_else(|| self.enter(shared, false));
            }
            Action::Cancel => return self.stop_making().unwrap_or_else(Outcome::no),
            _ => match (CursorStep::of(action), self.made_or_copied(shared, action)) {
                (_, Some(outcome)) => return outcome,
                (Some(step), None) => self.step(shared, step),
                (None, None) => return Outcome::no(),
            },
        }
        Outcome::yes()
    }

    fn made_or_copied(&mut self, shared: &Shared, action: Action) -> Option<Outcome> {
        let made = self.make(shared, action).or_else(|| self.copy_by(shared, action));
        made.or_else(|| self.check_by(shared, action))
    }

    /// Moves in the list of a listener, else in the content.
    pub(super) fn step(&mut self, shared: &Shared, step: CursorStep) {
        if is_listener(shared) && !self.is_inside(shared) {
            self.step_list(shared, step);
        } else {
            self.scroll(shared, step);
        }
    }

    /// Whether the cursor is on the last of the events of a stream, so that the next one is looked at.
    pub(crate) fn follows_events(&self, shared: &Shared) -> bool {
        let lines = self.lines(shared).filter(|lines| lines.tab == ExchangeTab::Events);
        let at = self.place(shared).map_or(0, |place| place.cursor.selected);
        lines.is_some_and(|lines| at + 1 >= lines.count())
    }

    /// Events came: of a new stream they are shown, and with the last one who followed them goes on.
    pub(crate) fn events_came(&mut self, shared: &Shared, is_first: bool, follows: bool) {
        let begins = is_first && self.tab(shared) == ExchangeTab::Body;
        if begins {
            self.show_tab(shared, ExchangeTab::Events);
        }
        if begins || follows {
            self.scroll(shared, CursorStep::Bottom);
        }
    }

    /// Opens the event under the cursor, or closes it; whether there is one.
    fn opens_event(&mut self, shared: &Shared) -> bool {
        let lines = self.lines(shared).filter(|lines| lines.tab == ExchangeTab::Events);
        let Some(events) = lines.and_then(tab_lines::TabLines::events) else { return false };
        let Some(place) = self.place(shared) else { return false };
        let Some(event) = events.event_at(place.cursor.selected) else { return false };
        if let Some(place) = self.place_mut(shared) {
            place.opened_event = Some(event).filter(|event| place.opened_event != Some(*event));
        }
        true
    }

    /// Moves the cursor of the content.
    pub(crate) fn scroll(&mut self, shared: &Shared, step: CursorStep) {
        let room = self.room(shared);
        if self.subject(shared).is_some() {
            if let Some(view) = self.view_mut(shared) {
                view.step(step, room);
            }
            self.show_cell(shared);
            return;
        }
        let len = self.lines(shared).map_or(0, TabLines::count);
        if let Some(place) = self.place_mut(shared) {
            place.cursor.step(step, len, room.height);
        }
    }

    /// Turns the content by the wheel; the cursor stays in sight.
    fn turn(&mut self, shared: &Shared, step: CursorStep) {
        if is_listener(shared) && !self.is_inside(shared) {
            return self.step_list(shared, step);
        }
        let room = self.room(shared);
        if self.subject(shared).is_some() {
            if let Some(view) = self.view_mut(shared) {
                view.scroll(step, room);
            }
            return;
        }
        let len = self.lines(shared).map_or(0, TabLines::count);
        let Some(Cursor { selected, offset }) = self.place(shared).map(|place| place.cursor) else {
            return;
        };
        let offset = cursor::scroll(offset, step, len, room.height);
        let selected = selected.clamp(offset, offset + room.height.max(1) - 1);
        if let Some(place) = self.place_mut(shared) {
            place.cursor = Cursor { selected: selected.min(len.saturating_sub(1)), offset };
        }
    }

    /// Folds or unfolds something of the body on screen.
    fn fold(
        &mut self,
        shared: &Shared,
        fold: impl FnOnce(&mut BodyView) -> Result<(), &'static str>,
    ) -> Outcome {
        if is_listener(shared) && !self.is_inside(shared) {
            return Outcome::no();
        }
        let room = self.room(shared);
        match self.view_mut(shared).map(fold) {
            None => return Outcome::no(),
            Some(Err(why)) => return Outcome::say(why),
            Some(Ok(())) => {}
        }
        if let Some(view) = self.view_mut(shared) {
            view.fit(room);
        }
        Outcome::yes()
    }

    /// Selects nothing any more; tells whether something was.
    fn deselect(&mut self, shared: &Shared) -> bool {
        self.view_mut(shared).is_some_and(BodyView::deselect)
    }

    /// Moves the content sideways.
    pub(super) fn sideways(&mut self, shared: &Shared, right: bool) {
        let room = self.room(shared);
        if self.step_cell(shared, right) {
            return;
        }
        if self.subject(shared).is_some() {
            if let Some(view) = self.view_mut(shared) {
                view.sideways(SIDEWAYS, right, room);
            }
        } else if let Some(place) = self.place_mut(shared) {
            place.left =
                if right { place.left + SIDEWAYS } else { place.left.saturating_sub(SIDEWAYS) };
            self.fit_lines(shared, room);
        }
    }

    /// The pane has another size: nothing is scrolled further than there is something to see.
    pub(crate) fn resized(&mut self, shared: &Shared) {
        let room = self.room(shared);
        if room.width == 0 || room.height == 0 {
            return;
        }
        if self.subject(shared).is_none() {
            self.fit_lines(shared, room);
        } else if let Some(view) = self.view_mut(shared) {
            view.fit(room);
        }
    }

    /// Brings the lines of a tab back to where something is to be seen.
    fn fit_lines(&mut self, shared: &Shared, room: Viewport) {
        let Some(lines) = self.lines(shared) else { return };
        let mut cursor = self.place(shared).map(|place| place.cursor).unwrap_or_default();
        cursor.settle(lines.count(), room.height);
        let widest = lines.widest(cursor.offset, room.height);
        if let Some(place) = self.place_mut(shared) {
            place.cursor = cursor;
            place.left = place.left.min(widest.saturating_sub(room.width));
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
        self.show_tab(shared, next_tab(&shown.tabs(), shown.tab(self.tab), forward));
    }

    /// Shows what was expected and captured.
    pub(crate) fn show_checks(&mut self, shared: &Shared) {
        self.show_tab(shared, ExchangeTab::Checks);
    }

    /// Shows a tab from its beginning.
    pub(super) fn show_tab(&mut self, shared: &Shared, tab: ExchangeTab) {
        self.tab = tab;
        if let Some(place) = self.place_mut(shared) {
            (place.cursor, place.left) = (Cursor::default(), 0);
        }
    }

    /// Moves in the list of requests, or over the redirect hops. The last place follows the newest.
    pub(super) fn step_list(&mut self, shared: &Shared, step: CursorStep) {
        let Some(session) = session(shared) else { return };
        let area = pane_inner(shared.areas().response);
        let height = usize::from(self.areas(shared, area).list.height);
        let mut cursor = self.list_cursor(shared, height);
        cursor.step(step, session.exchanges.len(), height);
        self.choose(shared, cursor.selected);
    }

    /// Whether the list of a listener goes by, or there is a redirect hop on that side.
    fn has_item(&self, shared: &Shared, step: CursorStep) -> bool {
        let Some(session) = session(shared) else { return false };
        let selected = self.list_cursor(shared, 1).selected;
        let has_hop =
            if step.is_up() { selected > 0 } else { selected + 1 < session.exchanges.len() };
        session.side().listens() || has_hop
    }

    /// Looks at the exchange at this place of the list.
    pub(super) fn choose(&mut self, shared: &Shared, at: usize) {
        let Some(session) = session(shared) else { return };
        let is_last = at + 1 >= session.exchanges.len();
        let exchange = session.exchanges.get(at).filter(|_| !is_last);
        let number = exchange.map(|exchange| exchange.number);
        let Some(place) = self.place_mut(shared) else { return };
        if place.number != number {
            (place.cursor, place.left) = (Cursor::default(), 0);
        }
        place.number = number;
    }

    /// Actions worth naming in the footer while the pane has the focus.
    pub fn hints(&self, shared: &Shared) -> Vec<Action> {
        let Some(session) = session(shared) else { return Vec::new() };
        let mut hints = match session.side() {
            Side::Client if !session.is_over() => vec![Action::Cancel],
            Side::Listener | Side::Relay if !self.is_inside(shared) => {
                vec![Action::Open, Action::MakePreset]
            }
            Side::Client | Side::Listener | Side::Relay => Vec::new(),
        };
        if session.exchanges.len() > 1 {
            hints.push(Action::NextItem);
        }
        if self.derived(shared).is_some() {
            hints.insert(0, Action::Back);
        }
        if self.making().0.is_some() {
            hints.insert(0, Action::Cancel);
        }
        if self.image(shared).is_some() {
            hints.push(Action::OpenOutside);
        }
        hints.dedup();
        if shared.sessions.before(session).is_some() {
            hints.push(Action::Compare);
        }
        let is_table = self.table(shared).is_some();
        if is_table {
            hints.extend([Action::Open, Action::Copy, Action::CopyRow]);
        }
        let is_json = self.view(shared).is_some_and(|view| view.path().is_some());
        let folds = is_json.then_some(Action::Toggle);
        let always =
            [Action::NextTab, Action::Find, Action::Recipes, Action::ViewMode, Action::SaveToFile];
        let copy = (!is_table).then_some(Action::Copy);
        hints.into_iter().chain(always).chain(folds).chain(copy).collect()
    }
}

fn is_listener(shared: &Shared) -> bool {
    session(shared).is_some_and(|session| session.side().listens())
}
