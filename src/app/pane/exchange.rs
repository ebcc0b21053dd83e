//! The exchange pane: what an HTTP client got back, or what an HTTP listener was asked.
//!
//! It shares the response region of the screen with the conversation. A listener has a list of
//! requests above the exchange; a client has its redirect hops.

pub mod body_view;
mod cookies;
mod exchange_areas;
mod exchange_state;
mod gather;
mod moves;
mod shape;
pub mod shown_exchange;
pub mod tab_lines;
pub mod text_line;
mod windows;

use crate::app::action::Action;
use crate::app::cursor::CursorStep;
use crate::app::keymap::Context;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::prompt;
use crate::app::shared::Shared;
use crate::model::protocol::Side;
use crate::model::view::Towards;
pub use exchange_state::ExchangePane;
use exchange_state::session;

impl ExchangePane {
    /// Takes an input while the pane has the focus.
    pub(crate) fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        let asked = prompt::update(&mut self.prompt, shared, input);
        let mut outcome = asked.unwrap_or_else(|| match input {
            PaneInput::Act(action) => self.act(shared, action),
            PaneInput::Key(_) | PaneInput::Paste(_) => Outcome::no(),
            PaneInput::Press(area, mouse) => self.press(shared, area, mouse),
        });
        outcome.intents.extend(self.settle(shared));
        outcome
    }

    /// Another session is on screen, or none.
    pub(crate) fn session_changed(&mut self, shared: &Shared) {
        self.prompt = None;
        self.places.retain(|id, _| shared.sessions.get(*id).is_some());
    }

    /// Contexts of the pane.
    pub fn contexts(&self) -> Vec<Context> {
        if self.prompt.is_some() {
            return vec![Context::Global];
        }
        vec![Context::Response, Context::List, Context::Plain, Context::Global]
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        match action {
            Action::NextTab => self.switch_tab(shared, true),
            Action::PreviousTab => self.switch_tab(shared, false),
            Action::NextItem => self.step_list(shared, CursorStep::Down),
            Action::PreviousItem => self.step_list(shared, CursorStep::Up),
            Action::ViewMode => self.next_mode(shared),
            Action::ViewHex => self.toggle_hex(shared),
            Action::Left => self.sideways(shared, false),
            Action::Right => self.sideways(shared, true),
            Action::Wrap => {
                self.wrap = !self.wrap;
                let said = if self.wrap { "long lines wrap" } else { "long lines are cut" };
                return Outcome::say(said);
            }
            Action::Find => return self.open_search(shared),
            Action::FindNext => return self.search(shared, Towards::End, true),
            Action::FindPrevious => return self.search(shared, Towards::Start, true),
            Action::SaveBody => return self.open_save(shared),
            Action::Copy => return self.copy(shared),
            Action::TurnAround => return self.turn_around(shared),
            Action::Open => return self.enter(shared, true),
            Action::Back => return self.enter(shared, false),
            _ => match CursorStep::of(action) {
                Some(step) => self.step(shared, step),
                None => return Outcome::no(),
            },
        }
        Outcome::yes()
    }

    /// Actions worth naming in the footer while the pane has the focus.
    pub fn hints(&self, shared: &Shared) -> Vec<Action> {
        let Some(session) = session(shared) else { return Vec::new() };
        let mut hints = match session.side() {
            Side::Client if !session.is_over() => vec![Action::Interrupt],
            Side::Listener if !self.is_inside(shared) => vec![Action::Open, Action::TurnAround],
            Side::Client | Side::Listener => Vec::new(),
        };
        if session.exchanges.len() > 1 {
            hints.push(Action::NextItem);
        }
        let always = [Action::NextTab, Action::Find, Action::ViewMode, Action::SaveBody];
        hints.extend(always);
        hints.push(Action::Copy);
        hints
    }
}
