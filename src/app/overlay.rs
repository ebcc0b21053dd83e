//! Overlays: layers above the panes. The topmost takes every key.

use super::action::Action;
use super::message::Mouse;
use super::{App, Handled};
use crate::model::key::Key;
use crate::model::preset::{Preset, StoredPreset};

/// A layer above the screen.
#[derive(Debug)]
pub enum Overlay {
    Help,
}

/// Opens the overlay an action stands for.
pub(super) fn open(_app: &mut App, _action: Action) -> Handled {
    Handled::No
}

/// The file on disk is not the one the draft was opened with.
pub(super) fn conflict(_app: &mut App, _mine: Preset, _theirs: StoredPreset) {}

pub(super) fn key(app: &mut App, _key: Key) {
    app.overlays.pop();
}

pub(super) fn paste(_app: &mut App, _text: &str) {}

pub(super) fn mouse(_app: &mut App, _mouse: Mouse) {}
