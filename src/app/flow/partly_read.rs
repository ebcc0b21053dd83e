//! Presets that come while the workspace is read for the first time: the list fills behind, and what is in it can be used.
//!
//! What is about a folder as a whole waits until all of it is known.

use super::restore;
use crate::app::action::Action;
use crate::app::preset_tree::TreeItem;
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

/// Whether an action about an item has to wait until all presets are read; then it says so.
pub(super) fn waits(app: &mut App, action: Action, item: &TreeItem) -> bool {
    let is_whole = match action {
        Action::MoveUp | Action::MoveDown | Action::Readdress => true,
        Action::NewFolder => false,
        _ => matches!(item, TreeItem::Folder(_)),
    };
    let waits = is_whole && app.shared.workspace.is_partial;
    if waits {
        app.say("the presets are still being read: try it again in a moment");
    }
    waits
}
