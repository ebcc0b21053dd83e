//! The presets pane: the workspace as a tree.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::message::Mouse;
use crate::app::{App, Handled};
use crate::model::key::Key;

/// State of the pane.
#[derive(Debug, Default)]
pub struct PresetsPane {}

pub fn contexts(_app: &App) -> Vec<Context> {
    vec![Context::Presets, Context::List, Context::Plain, Context::Global]
}

pub fn workspace_changed(_app: &mut App, _first: bool) {}

pub fn act(_app: &mut App, _action: Action) -> Handled {
    Handled::No
}

pub fn key(_app: &mut App, _key: Key) {}

pub fn paste(_app: &mut App, _text: &str) {}

pub fn click(_app: &mut App, _area: Rect, _mouse: Mouse) {}
