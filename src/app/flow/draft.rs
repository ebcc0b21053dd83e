//! What is done to drafts: which one is on screen, and what is in it.

use super::program;
use crate::app::focus::Pane;
use crate::app::pane;
use crate::app::state::App;
use crate::model::preset::PresetPath;

/// Puts a preset on screen; tells whether it could be read.
pub(in crate::app) fn open_preset(app: &mut App, path: &PresetPath) -> bool {
    let Some(stored) = app.shared.stored(path).cloned() else { return false };
    if let Err(failure) = &stored.content {
        app.warn(failure.to_string());
        return false;
    }
    pane::request::blur(app);
    app.shared.drafts.open_preset(&stored);
    program::draft_changed(app);
    true
}

/// Puts a preset on screen, shows it in its list and gives it the keys.
pub(in crate::app) fn find_preset(app: &mut App, path: &PresetPath) {
    if open_preset(app, path) {
        app.presets.reveal(&app.shared, path);
        program::focus(app, Pane::Request);
    }
}
