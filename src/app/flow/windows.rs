//! Opening overlays, giving the topmost its input, closing it.

use super::jump_targets;
use crate::app::action::Action;
use crate::app::drafts::{Draft, DraftId};
use crate::app::intent::Intent;
use crate::app::keymap::{Context, Lookup};
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::{Handled, OverlayInput};
use crate::app::overlay::Overlay;
use crate::app::overlay::about::About;
use crate::app::overlay::code::Code;
use crate::app::overlay::confirm::Confirm;
use crate::app::overlay::conflict::Conflict;
use crate::app::overlay::environments::Environments;
use crate::app::overlay::framing::FramingPicker;
use crate::app::overlay::help::Help;
use crate::app::overlay::jump::Jump;
use crate::app::overlay::naming::Naming;
use crate::app::overlay::palette::Palette;
use crate::app::preset_tree::{TreeItem, in_folder};
use crate::app::question::Question;
use crate::app::state::App;
use crate::model::key::Key;
use crate::model::preset::{Preset, StoredPreset};

/// Opens the overlay an action stands for.
pub(crate) fn open(app: &mut App, action: Action) -> Handled {
    let contexts = app.contexts();
    match action {
        Action::Palette => push(app, Overlay::Palette(Palette::new(&app.shared, contexts))),
        Action::Help => push(app, Overlay::Help(Help::new(&app.shared, contexts))),
        Action::PickEnvironment => {
            push_or_say(app, Environments::new(&app.shared).map(Overlay::Environments));
        }
        Action::Jump => push(app, Overlay::Jump(Jump::new(jump_targets::targets(app)))),
        Action::ShowCode => push_or_say(app, Code::new(&app.shared).map(Overlay::Code)),
        Action::SaveAs => save_as(app, app.shared.drafts.current().id),
        Action::Rename
        | Action::Duplicate
        | Action::Delete
        | Action::Revert
        | Action::EditAbout => {
            let draft = app.shared.drafts.current();
            let item = match &draft.preset {
                Some(path) => TreeItem::Preset(path.clone()),
                None => TreeItem::Draft(draft.id),
            };
            act_on(app, action, &item);
        }
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Renames, duplicates, deletes, reverts or describes what a row of the presets pane stands for,
/// after asking what has to be asked.
pub(crate) fn act_on(app: &mut App, action: Action, item: &TreeItem) {
    let shared = &app.shared;
    match (action, item) {
        (Action::Rename, TreeItem::Draft(id)) => save_as(app, *id),
        (Action::Rename, TreeItem::Folder(_)) => app.say("select a preset to rename it"),
        (Action::Rename, TreeItem::Preset(path)) => {
            push(app, Overlay::Naming(Naming::rename(shared, path)));
        }
        (Action::Duplicate, item) => {
            push_or_say(app, Naming::duplicate(shared, item).map(Overlay::Naming));
        }
        (Action::Delete, TreeItem::Folder(folder)) => {
            let presets = in_folder(&shared.workspace.presets, folder);
            ask(app, Question::DeleteFolder(folder.clone(), presets));
        }
        (Action::Delete, TreeItem::Preset(path)) => ask(app, Question::Delete(path.clone())),
        (Action::Delete, TreeItem::Draft(id)) => {
            let title = shared.drafts.get(*id).map(Draft::title).unwrap_or_default();
            ask(app, Question::Discard(*id, title));
        }
        (Action::Revert, item) => revert(app, item),
        (Action::EditAbout, item) => {
            push_or_say(app, About::new(shared, item.clone()).map(Overlay::About));
        }
        _ => {}
    }
}

fn revert(app: &mut App, item: &TreeItem) {
    let Some(draft) = item.draft(&app.shared).filter(|draft| draft.is_modified()) else {
        app.say("no unsaved changes here");
        return;
    };
    let (id, title) = (draft.id, draft.title());
    let is_saved = draft.preset.is_some();
    ask(app, if is_saved { Question::Revert(id, title) } else { Question::Discard(id, title) });
}

/// Asks for the name a draft is to be saved under.
pub(crate) fn save_as(app: &mut App, id: DraftId) {
    let near = app.presets.selected(&app.shared);
    push(app, Overlay::Naming(Naming::save(&app.shared, id, near.as_ref())));
}

/// Asks a question.
pub(crate) fn ask(app: &mut App, question: Question) {
    push(app, Overlay::Confirm(Confirm::new(&app.shared, question)));
}

/// The file on disk is not the one the draft was opened with.
pub(crate) fn conflict(app: &mut App, mine: Preset, theirs: StoredPreset) {
    push(app, Overlay::Conflict(Conflict::new(mine, theirs)));
}

/// Asks how what was received is cut into messages.
pub(crate) fn framing(app: &mut App) {
    let picker = FramingPicker::new(&app.shared.drafts.current().framing);
    push(app, Overlay::Framing(picker));
}

fn push(app: &mut App, overlay: Overlay) {
    app.overlays.push(overlay);
}

fn push_or_say(app: &mut App, overlay: Result<Overlay, Intent>) {
    match overlay {
        Ok(overlay) => app.overlays.push(overlay),
        Err(why) => app.intents.push_back(why),
    }
}

/// Gives the topmost overlay a key; the actions of the whole program that work everywhere are
/// left to the caller.
pub(crate) fn key(app: &mut App, key: Key) -> Option<Action> {
    let top = app.overlays.last()?;
    let found = |contexts: &[Context]| match app.shared.keymap.lookup(contexts, &[key]) {
        Lookup::Matched(action) => Some(action),
        Lookup::Pending | Lookup::Unbound => None,
    };
    let everywhere = found(&[Context::Global]);
    if everywhere.is_some() && everywhere == top.opened_by() {
        close(app);
        return None;
    }
    let action = found(&top.contexts());
    match action {
        Some(Action::Quit | Action::Suspend | Action::Redraw) => return action,
        Some(Action::Back | Action::Interrupt) => close(app),
        action => {
            let taken = action.map(|action| update(app, OverlayInput::Act(action)));
            if taken != Some(Handled::Yes) {
                update(app, OverlayInput::Key(key));
            }
        }
    }
    None
}

/// Gives the topmost overlay a mouse event; a press outside closes it.
pub(crate) fn mouse(app: &mut App, mouse: Mouse) {
    let Some(top) = app.overlays.last() else { return };
    let inside = top.area(&app.shared).contains((mouse.column, mouse.row).into());
    if mouse.kind == MouseKind::Press && !inside {
        close(app);
    } else {
        update(app, OverlayInput::Mouse(mouse));
    }
}

/// Gives the topmost overlay an input.
pub(crate) fn update(app: &mut App, input: OverlayInput<'_>) -> Handled {
    let App { overlays, shared, .. } = app;
    let Some(top) = overlays.last_mut() else { return Handled::No };
    let outcome = top.update(shared, input);
    app.take(outcome)
}

/// Closes the topmost overlay without doing what it is for.
fn close(app: &mut App) {
    if let Some(Overlay::Conflict(conflict)) = app.overlays.pop() {
        app.intents.push_back(Intent::DecideLater(conflict.mine.path));
    }
}
