//! The search line of the presets pane: keys while it has them, and what it finds.

use super::{
    PresetSearch, TreeItem, listing, open_selected, rebuild, reveal, search_text, select, selected,
    step_to, tree,
};
use crate::app::cursor::CursorStep;
use crate::app::editor::{Editor, LineMode};
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};

/// Whether keys go into the search line.
pub(super) fn is_typing(app: &App) -> bool {
    app.presets.search.as_ref().is_some_and(|search| search.typing)
}

pub(super) fn start(app: &mut App) {
    if let Some(search) = &mut app.presets.search {
        search.typing = true;
        return;
    }
    app.presets.search =
        Some(PresetSearch { editor: Editor::new("", LineMode::One), typing: true });
    rebuild(app);
}

pub(super) fn end(app: &mut App) {
    let item = selected(app);
    app.presets.search = None;
    match item {
        Some(TreeItem::Preset(path)) => reveal(app, &path),
        _ => rebuild(app),
    }
}

/// The focus leaves: the search stays, but takes no more keys.
pub fn blur(app: &mut App) {
    if let Some(search) = &mut app.presets.search {
        search.typing = false;
    }
}

/// Takes a key that no action took: text of the search line.
pub fn key(app: &mut App, key: Key) {
    if !is_typing(app) {
        return;
    }
    match key.code {
        KeyCode::Enter => {
            let item = selected(app);
            end(app);
            if item.is_some() {
                open_selected(app);
            }
        }
        KeyCode::Up => step_to(app, CursorStep::Up),
        KeyCode::Down => step_to(app, CursorStep::Down),
        KeyCode::PageUp => step_to(app, CursorStep::PageUp),
        KeyCode::PageDown => step_to(app, CursorStep::PageDown),
        _ => {
            let search = app.presets.search.as_mut();
            if search.is_some_and(|search| search.editor.key(key)) {
                search_changed(app);
            }
        }
    }
}

/// Takes pasted text: it goes into the search line.
pub fn paste(app: &mut App, text: &str) {
    if let Some(search) = app.presets.search.as_mut().filter(|search| search.typing) {
        search.editor.insert(text);
        search_changed(app);
    }
}

fn search_changed(app: &mut App) {
    rebuild(app);
    let text = search_text(app);
    let best = tree::best(&app.shared.workspace.presets, &text);
    let at = best.and_then(|path| listing(app).position(&TreeItem::Preset(path)));
    select(app, at.unwrap_or(0));
}
