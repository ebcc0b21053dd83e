//! The response pane: what came back, or the live conversation.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::message::{Mouse, TimerId};
use crate::app::{App, Handled};
use crate::model::id::SessionId;
use crate::model::key::Key;
use crate::model::view::{SearchHit, View};

/// State of the pane.
#[derive(Debug, Default)]
pub struct ResponsePane {}

pub fn contexts(_app: &App) -> Vec<Context> {
    vec![Context::Response, Context::List, Context::Plain, Context::Global]
}

/// A window of a body arrived.
pub fn view_arrived(_app: &mut App, _view: View) {}

/// A search in a body ended.
pub fn found(_app: &mut App, _hit: &SearchHit) {}

/// New records arrived.
pub fn extended(_app: &mut App) {}

/// An exchange of this session began, changed or ended.
pub fn exchange_changed(_app: &mut App, _id: SessionId) {}

/// Another draft, hence another session, is on screen.
pub fn session_changed(_app: &mut App) {}

/// The pane has another size.
pub fn resized(_app: &mut App) {}

/// The focus belongs on the input line: a conversation was just opened.
pub fn focus_input(_app: &mut App) {}

/// Replaces the input line (from the external editor).
pub fn set_input(_app: &mut App, _text: &str) {}

pub fn timer(_app: &mut App, _token: TimerId) {}

pub fn act(_app: &mut App, _action: Action) -> Handled {
    Handled::No
}

pub fn wheel(app: &mut App, action: Action) -> Handled {
    act(app, action)
}

pub fn key(_app: &mut App, _key: Key) {}

pub fn paste(_app: &mut App, _text: &str) {}

pub fn click(_app: &mut App, _area: Rect, _mouse: Mouse) {}

/// Actions worth naming in the footer while the pane has the focus.
pub fn hints(_app: &App) -> Vec<Action> {
    Vec::new()
}
