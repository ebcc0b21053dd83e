//! The traffic pane: every record of every session on one list.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::message::Mouse;
use crate::app::{App, Handled};
use crate::model::key::Key;

/// State of the pane.
#[derive(Debug, Default)]
pub struct TrafficPane {}

pub fn contexts(_app: &App) -> Vec<Context> {
    vec![Context::Traffic, Context::List, Context::Plain, Context::Global]
}

/// New records arrived.
pub fn extended(_app: &mut App) {}

/// The pane has another size.
pub fn resized(_app: &mut App) {}

pub fn act(_app: &mut App, _action: Action) -> Handled {
    Handled::No
}

pub fn key(_app: &mut App, _key: Key) {}

pub fn paste(_app: &mut App, _text: &str) {}

pub fn click(_app: &mut App, _area: Rect, _mouse: Mouse) {}
