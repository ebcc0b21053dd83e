//! Presets that come while the workspace is read for the first time: the list fills behind, and what is in it can be used.
//!
//! What is about a folder as a whole waits until all of it is known.

use super::restore;
use crate::app::state::App;
use crate::model::preset::StoredPreset;
use crate::store::job::FolderDefaults;

/// Shows what was read until now.
pub(super) fn arrived(app: &mut App, presets: Vec<StoredPreset>, defaults: Vec<FolderDefaults>) {
    if app.loaded {
        return;
    }
    let is_first = !app.shared.workspace.is_partial;
    app.shared.workspace.take_part(presets, defaults);
    app.presets.workspace_changed(&app.shared, is_first);
    if is_first {
        restore::begin_on_a_preset(app);
    }
    app.dirty = true;
}
