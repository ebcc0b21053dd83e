//! Opening overlays, giving the topmost its input, closing it.

use super::{availability, folders, jump_targets};
use crate::app::action::{Action, Category};
use crate::app::choices::Choices;
use crate::app::cursor::CursorStep;
use crate::app::drafts::{Draft, DraftId};
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::intent::{Intent, Question};
use crate::app::keymap::{Context, Lookup};
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::{Handled, PaneInput};
use crate::app::overlay::about::About;
use crate::app::overlay::code::Code;
use crate::app::overlay::column_window::ColumnWindow;
use crate::app::overlay::confirm::Confirm;
use crate::app::overlay::help::{Help, HelpLanguage};
use crate::app::overlay::jump::Jump;
use crate::app::overlay::naming::Naming;
use crate::app::overlay::readdress::ReaddressWindow;
use crate::app::overlay::{Overlay, filter_picker, pickers};
use crate::app::preset_tree::{TreeItem, in_folder};
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::model::key::Key;
use crate::model::preset::PresetPath;

/// Opens the overlay an action stands for.
pub(crate) fn open(app: &mut App, action: Action) {
    let shared = &app.shared;
    let overlay = match action {
        Action::Palette => {
            let why_not = |action, pane| availability::why_not(app, action, pane);
            Ok(Overlay::Choices(pickers::palette(shared, &app.contexts(), why_not)))
        }
        Action::Help => Ok(Overlay::Help(match language_typed(app) {
            Some(language) => Help::of_language(shared, language),
            None => Help::new(shared, app.contexts()),
        })),
        Action::PickEnvironment if shared.workspace.environments.is_empty() => {
            app.intents.push_back(Intent::PassOn(Action::EditEnvironments));
            return;
        }
        Action::PickEnvironment => Ok(Overlay::Choices(pickers::environments(shared))),
        Action::Recipes => {
            let why_not = |action| availability::why_not(app, action, Pane::Response);
            Ok(Overlay::Choices(pickers::recipes(shared, why_not)))
        }
        Action::FilterBy => {
            let row = app.traffic.selected(shared);
            Ok(Overlay::Choices(filter_picker::filters(shared, row, &app.traffic.filter.text)))
        }
        Action::Columns => Ok(Overlay::Columns(Box::new(ColumnWindow::new(shared)))),
        Action::SortBy => {
            let now = app.traffic.sorted.as_ref().map(|sorted| sorted.order);
            Ok(Overlay::Choices(pickers::sort_orders(shared, now)))
        }
        Action::ColorRows => pickers::row_colors(&app.traffic.filter.text).map(Overlay::Choices),
        Action::Theme => Ok(Overlay::Choices(pickers::themes(shared))),
        Action::Jump => Ok(Overlay::Jump(Jump::new(jump_targets::targets(app)))),
        Action::ShowCode => Code::new(shared).map(Overlay::Code),
        Action::SaveAs => return save_as(app, shared.drafts.current().id),
        _ => {
            let item = TreeItem::of(shared, shared.drafts.current());
            return act_on(app, action, &item);
        }
    };
    push_or_say(app, overlay);
}

/// Whether help is asked for in the line of the filter.
fn language_typed(app: &App) -> Option<HelpLanguage> {
    match app.shared.focus {
        Pane::Traffic if app.traffic.filter.editor.is_some() => Some(HelpLanguage::Filters),
        Pane::History if app.history.is_typing() => Some(HelpLanguage::History),
        _ => None,
    }
}

/// Whether an action about an item has to wait until all presets are read; then it says so.
fn waits(app: &mut App, action: Action, item: &TreeItem) -> bool {
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

/// Renames, duplicates, deletes, reverts or describes what a row of the presets pane stands for,
/// after asking what has to be asked.
pub(crate) fn act_on(app: &mut App, action: Action, item: &TreeItem) {
    if waits(app, action, item) {
        return;
    }
    let shared = &app.shared;
    match (action, item) {
        (Action::Rename, TreeItem::Draft(id)) => save_as(app, *id),
        (Action::Rename, TreeItem::Folder(folder)) => {
            app.overlays.push(Overlay::Naming(Naming::rename_folder(shared, folder)));
        }
        (Action::NewFolder, item) => {
            app.overlays.push(Overlay::Naming(Naming::new_folder(shared, item)));
        }
        (Action::Move, item) => {
            push_or_say(app, pickers::folders(shared, item).map(Overlay::Choices));
        }
        (Action::MoveUp | Action::MoveDown, item) => {
            folders::move_by_one(app, item, action == Action::MoveDown);
        }
        (Action::Rename, TreeItem::Preset(path)) => {
            app.overlays.push(Overlay::Naming(Naming::rename(shared, path)));
        }
        (Action::Duplicate, item) => {
            push_or_say(app, Naming::duplicate(shared, item).map(Overlay::Naming));
        }
        (Action::Readdress, item) => readdress(app, item),
        (Action::Delete, TreeItem::Folder(folder)) => {
            let paths = in_folder(&shared.workspace.presets, folder);
            let count = format::counted(paths.len() as u64, "preset");
            let text = if paths.is_empty() {
                format!("Delete {folder}/? No preset is in it; other files stay.")
            } else {
                format!("Delete {folder}/ with {count}? Their files are removed; other files stay.")
            };
            let text = text + &lost_with(shared, &paths);
            ask(app, question(text, "Delete", Intent::DeleteFolder(folder.clone(), paths)));
        }
        (Action::Delete, TreeItem::Preset(path)) => {
            let text = format!("Delete {path}? The file is removed.{}", if_live(shared, item));
            ask(app, question(text, "Delete", Intent::Delete(path.clone())));
        }
        (Action::Delete, TreeItem::Draft(id)) => {
            if let Some(title) = shared.drafts.get(*id).map(Draft::title) {
                discard(app, *id, &title);
            }
        }
        (Action::ShowCode, TreeItem::Folder(folder)) => {
            push_or_say(app, Code::folder(shared, folder).map(Overlay::Code));
        }
        (Action::Revert, item) => revert(app, item),
        (Action::Describe, item) => {
            push_or_say(app, About::new(shared, item.clone()).map(Overlay::About));
        }
        // A key that promises something is never answered with nothing.
        _ if action.row().category != Category::Move => {
            let pane = shared.focus;
            let why = availability::why_not(app, action, pane).unwrap_or("does nothing here");
            app.say(format!("{}: {why}", action.row().title));
        }
        _ => {}
    }
}

fn readdress(app: &mut App, item: &TreeItem) {
    let window = ReaddressWindow::new(&app.shared, item);
    push_or_say(app, window.map(|it| Overlay::Readdress(Box::new(it))));
}

fn revert(app: &mut App, item: &TreeItem) {
    let Some(draft) = item.draft(&app.shared).filter(|draft| draft.can_be_discarded()) else {
        let what = match item {
            TreeItem::Draft(_) => "what was never saved".to_owned(),
            TreeItem::Folder(folder) => format!("{folder}/ itself"),
            TreeItem::Preset(path) => path.to_string(),
        };
        app.say(format!("{what} has no unsaved changes"));
        return;
    };
    let (id, title) = (draft.id, draft.title());
    if matches!(item, TreeItem::Draft(_)) {
        return discard(app, id, &title);
    }
    let text = format!("Throw away the unsaved changes of {title}?");
    ask(app, question(text, "Throw away", Intent::Revert(id)));
}

fn discard(app: &mut App, id: DraftId, title: &str) {
    let remark = if_live(&app.shared, &TreeItem::Draft(id));
    let draft = app.shared.drafts.get(id);
    let is_gone = draft.is_some_and(|draft| draft.preset.is_some());
    let kept = if is_gone { "Its file is gone already." } else { "It was never saved." };
    let text = format!("Throw {title} away? {kept}{remark}");
    ask(app, question(text, "Throw away", Intent::Discard(id)));
}

fn question(text: String, yes: &'static str, then: Intent) -> Question {
    Question::new(text, [yes, "Keep"], then)
}

fn if_live(shared: &Shared, item: &TreeItem) -> &'static str {
    if item.is_live(shared) { " It is running and will be closed." } else { "" }
}

/// What else is lost with these presets.
fn lost_with(shared: &Shared, paths: &[PresetPath]) -> String {
    let items = || paths.iter().map(|path| TreeItem::Preset(path.clone()));
    let live = items().filter(|item| item.is_live(shared)).count();
    let changed = items().filter(|item| item.draft(shared).is_some_and(Draft::is_modified)).count();
    let remark = |count, one, many, what| match count {
        0 => String::new(),
        1 => format!(" 1 {one} {what}"),
        n => format!(" {n} {many} {what}"),
    };
    remark(live, "is", "are", "running and will be closed.")
        + &remark(changed, "has", "have", "unsaved changes, which go too.")
}

/// Asks for the name a draft is to be saved under.
pub(crate) fn save_as(app: &mut App, id: DraftId) {
    let near = app.presets.selected(&app.shared);
    app.overlays.push(Overlay::Naming(Naming::save(&app.shared, id, near.as_ref())));
}

/// Asks a question.
pub(crate) fn ask(app: &mut App, question: Question) {
    app.overlays.push(Overlay::Confirm(Confirm::new(question)));
}

/// Asks how what was received is cut into messages.
pub(crate) fn framing(app: &mut App) {
    let picker = pickers::framings(&app.shared.drafts.current().framing);
    app.overlays.push(Overlay::Choices(picker));
}

/// Shows a list to choose from.
pub(crate) fn choose_from(app: &mut App, choices: Choices) {
    app.overlays.push(Overlay::Choices(choices));
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
    if key.printable().is_some() && top.is_typed_at() {
        update(app, PaneInput::Key(key));
        return None;
    }
    let everywhere = found(&[Context::Global]);
    if everywhere.is_some() && everywhere == top.opened_by() {
        dismiss(app);
        return None;
    }
    let action = found(&top.contexts());
    match action {
        Some(Action::Quit | Action::Suspend | Action::Redraw) => return action,
        Some(action) if act(app, action) == Handled::Yes => {}
        _ => drop(update(app, PaneInput::Key(key))),
    }
    None
}

/// What an action does in the topmost overlay.
fn act(app: &mut App, action: Action) -> Handled {
    if matches!(action, Action::Back | Action::Cancel) {
        dismiss(app);
        return Handled::Yes;
    }
    update(app, PaneInput::Act(action))
}

/// Gives the topmost overlay a mouse event; a press outside closes it.
pub(crate) fn mouse(app: &mut App, mouse: Mouse) {
    let Some(top) = app.overlays.last() else { return };
    let area = top.area(&app.shared);
    let is_press = mouse.kind == MouseKind::Press;
    let at = (mouse.column, mouse.row).into();
    let kind = if is_press { app.clicks.count(app.shared.now, at) } else { mouse.kind };
    if is_press && let Some(action) = top.hint_at(&app.shared, mouse.column, mouse.row) {
        act(app, action);
        return;
    }
    let mouse = Mouse { kind, ..mouse };
    let input = match mouse.kind {
        _ if is_press && area.contains((mouse.column, mouse.row).into()) => {
            PaneInput::Press(area, mouse)
        }
        MouseKind::Press | MouseKind::SecondPress | MouseKind::ThirdPress if top.is_written() => {
            let said = "what you typed stays; [back] closes the window without it";
            app.intents.push_back(Intent::Say(said.into()));
            return;
        }
        MouseKind::Press | MouseKind::SecondPress | MouseKind::ThirdPress => return close(app),
        MouseKind::ScrollUp => PaneInput::Wheel(CursorStep::Up),
        MouseKind::ScrollDown => PaneInput::Wheel(CursorStep::Down),
        MouseKind::Drag | MouseKind::Release => PaneInput::Drag(area, mouse),
    };
    update(app, input);
}

/// Gives the topmost overlay an input.
pub(crate) fn update(app: &mut App, input: PaneInput<'_>) -> Handled {
    let App { overlays, shared, .. } = app;
    let Some(top) = overlays.last_mut() else { return Handled::No };
    let outcome = top.update(shared, input);
    app.take(outcome)
}

/// Closes the topmost overlay without doing what it is for.
pub(crate) fn dismiss(app: &mut App) {
    let App { overlays, shared, .. } = &mut *app;
    match overlays.last_mut().and_then(|top| top.step_back(shared)) {
        Some(outcome) => drop(app.take(outcome)),
        None => close(app),
    }
}

fn close(app: &mut App) {
    let Some(top) = app.overlays.pop() else { return };
    let typed = top.typed();
    app.intents.extend(top.dismissed());
    // Behind what comes of the answer: it may be a window that asks for a text.
    app.intents.extend(typed.map(Intent::TypeOn));
}
