//! From a row of the presets pane to the draft on screen, and sending it from there.

use super::{TreeItem, draft_of, is_broken, reveal, selected, stored};
use crate::app::drafts::Draft;
use crate::app::flow::program;
use crate::app::focus::Pane;
use crate::app::outcome::Handled;
use crate::app::pane::request;
use crate::app::state::App;
use crate::model::id::SessionId;
use crate::model::preset::PresetPath;

/// Sends the selected row: the program does it to what is on screen.
pub(super) fn send(app: &mut App) -> Handled {
    let Some(item) = selected(app) else { return Handled::No };
    if matches!(item, TreeItem::Folder(_)) {
        app.say("select a preset to send it");
        return Handled::Yes;
    }
    if is_broken(app, &item) {
        show(app, &item);
        return Handled::Yes;
    }
    show(app, &item);
    Handled::No
}

/// A listener is up. In the starter workspace the selection moves from it to the client that
/// talks to it, so that the same key once more shows both ends. Not before: were the port taken,
/// the client would talk to somebody else.
pub fn listening(app: &mut App, id: SessionId) {
    let preset = app.shared.drafts.of_session(id).and_then(|draft| draft.preset.clone());
    let Some(item) = preset.map(TreeItem::Preset) else { return };
    if app.shared.focus != Pane::Presets || selected(app).as_ref() != Some(&item) {
        return;
    }
    if let Some(partner) = partner(app, &item) {
        reveal(app, &partner);
        let hint = app.keyed("listening: [send] again sends to it from");
        app.say(format!("{hint} {}", partner.name()));
    }
}

fn partner(app: &App, item: &TreeItem) -> Option<PresetPath> {
    let TreeItem::Preset(path) = item else { return None };
    let client =
        path.as_str().strip_suffix("-server").filter(|_| app.shared.workspace.is_starter)?;
    let client = PresetPath::parse(&format!("{client}-client")).ok()?;
    stored(app, &client).map(|stored| stored.path.clone())
}

/// Puts a row on screen; tells whether there is something to see.
pub(super) fn show(app: &mut App, item: &TreeItem) -> bool {
    match item {
        TreeItem::Folder(_) => return false,
        TreeItem::Draft(id) => program::show_draft(app, *id),
        TreeItem::Preset(path) => return open(app, path),
    }
    true
}

/// Puts a preset on screen; tells whether it could be read.
pub fn open(app: &mut App, path: &PresetPath) -> bool {
    let Some(stored) = stored(app, path) else { return false };
    if let Err(failure) = &stored.content {
        let text = failure.to_string();
        app.warn(text);
        return false;
    }
    let stored = stored.clone();
    request::blur(app);
    app.shared.drafts.open_preset(&stored);
    program::draft_changed(app);
    true
}

/// Puts the selected row on screen, if it is so.
pub(super) fn show_selected(app: &mut App, is: fn(&App, &TreeItem) -> bool) {
    if let Some(item) = selected(app)
        && is(app, &item)
    {
        show(app, &item);
    }
}

pub(super) fn is_modified(app: &App, item: &TreeItem) -> bool {
    draft_of(app, item).is_some_and(Draft::is_modified)
}
