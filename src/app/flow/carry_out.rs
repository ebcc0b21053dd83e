//! Carries out what panes and overlays ask for, one intent at a time, each by the flow it belongs to.

use super::edited::begin as edit;
use super::{
    cookies, credentials, curl, draft, environments, focus, history, imports, input, made_rules,
    overlays, program, project, response, restore, rewrites, rows, runs, save, themes, traffic,
    undo,
};
use crate::app::action::Action;
use crate::app::intent::Intent;
use crate::app::state::App;
use crate::model::preset::PresetPath;

/// Does one intent now; what the shell has to do for it is added to `app.effects`.
pub(crate) fn carry_out(app: &mut App, intent: Intent) {
    match intent {
        Intent::Act(action) => input::act(app, action),
        Intent::PassOn(action) => program::act(app, action),
        Intent::Perform(effect) => app.effects.push(effect),
        Intent::Say(_) | Intent::Warn(_) | Intent::Quote(_) => tell(app, intent),
        Intent::SayOpened(action) => draft::say_opened(app, action),
        Intent::Focus(pane) => focus::focus(app, pane),
        Intent::FindPreset(path) => drop(focus::find_preset(app, &path)),
        Intent::SendPreset(path) => send_preset(app, &path),
        Intent::ShowDraft(id) => draft::show_draft(app, id),
        Intent::OpenPreset(path) => drop(draft::open_preset(app, &path)),
        Intent::AddRules(home, made) => made_rules::add(app, home, *made),
        Intent::OpenDraft(spec) => draft::open_draft(app, *spec),
        Intent::LookFor(text) => response::look_for(app, text),
        Intent::PickFraming => overlays::framing(app),
        Intent::SetFraming(framing) => response::set_framing(app, framing),
        Intent::SetInputFormat(_) | Intent::SetLineEnding(_) => set_input(app, &intent),
        Intent::Runs(ask) => runs::asked(app, ask),
        Intent::Traffic(wish) => traffic::wished(app, wish),
        Intent::RecordOpen(is_open) => focus::record_open(app, is_open),
        Intent::CloseOverlay => drop(app.overlays.pop()),
        Intent::DismissOverlay => overlays::dismiss(app),
        Intent::Environments(wish) => environments::wished(app, wish),
        Intent::ChangeCookies(of, changes) => cookies::changed(app, of, changes),
        Intent::Stay => restore::stay(app),
        Intent::UseProject(used) => project::choose(app, used),
        Intent::ActOn(action, item) => overlays::act_on(app, action, &item),
        Intent::Ask(question) => overlays::ask(app, question),
        Intent::Delete(path) => save::delete(app, path),
        Intent::DeleteFolder(folder, presets) => save::delete_folder(app, folder, presets),
        Intent::Discard(id) => save::discard(app, id),
        Intent::Revert(id) => save::revert(app, id),
        Intent::SelectRow(pane, at) => focus::select_row(app, pane, at),
        Intent::Press(column, row) => input::press(app, column, row),
        Intent::ShowTheme(wish) => themes::show(app, wish),
        Intent::ChooseEnvironment(name) => program::choose_environment(app, name),
        Intent::Describe(item, about) => save::describe(app, &item, about),
        Intent::SaveDraft(id, path, overwrite) => save::hand_over(app, id, path, overwrite),
        Intent::SaveCopy(path, copied) => save::save_copy(app, path, copied),
        Intent::SaveCredentials(save, choice) => credentials::answered(app, save, choice),
        Intent::Resolve { mine, theirs, way } => save::resolve(app, mine, &theirs, way),
        Intent::GoToField(field, caret) => draft::go(app, field, caret),
        Intent::LayOut(field) => draft::lay_out(app, field),
        Intent::ShowTab(tab) => draft::show_tab(app, tab),
        Intent::EditField(field, change) => draft::edit_field(app, field, &change),
        Intent::CycleField { field, forward } => rewrites::cycled(app, field, forward),
        Intent::Rows(change) => rows::change(app, change),
        Intent::AddRow | Intent::DuplicateRow | Intent::DeleteRow => change_row(app, &intent),
        Intent::UndoDelete => undo::undo(app),
        Intent::TurnRow { is_back } => draft::turn_row(app, is_back),
        Intent::TypeInto(field, key) => draft::type_into(app, field, key),
        Intent::TypeOn(text) => input::type_on(app, text),
        Intent::PasteInto(field, text) => draft::paste_into(app, field, &text),
        Intent::AdoptAddress => draft::adopt_pasted(app),
        Intent::FillFromCurl(command) => curl::pasted(app, command),
        Intent::Import(wish) => imports::wished(app, wish),
        Intent::EditExternal { text, extension, target } => edit(app, text, extension, target),
        Intent::OpenEntry(name, then) => history::open(app, name, then),
    }
}

/// Says something, with keys in place of their names, or as it is.
fn tell(app: &mut App, intent: Intent) {
    match intent {
        Intent::Say(text) => app.say(app.keyed(&text)),
        Intent::Warn(text) => app.warn(app.keyed(&text)),
        Intent::Quote(text) => app.say(text),
        _ => {}
    }
}

/// Does something with the row the cursor is in.
fn change_row(app: &mut App, intent: &Intent) {
    match intent {
        Intent::AddRow => draft::add_row(app),
        Intent::DuplicateRow => draft::duplicate_row(app),
        _ => draft::delete_row(app),
    }
}

/// Says how the input line is read and ended.
fn set_input(app: &mut App, intent: &Intent) {
    match intent {
        Intent::SetInputFormat(format) => response::set_input_format(app, *format),
        Intent::SetLineEnding(ending) => response::set_line_ending(app, *ending),
        _ => {}
    }
}

fn send_preset(app: &mut App, path: &PresetPath) {
    if focus::find_preset(app, path) {
        input::act(app, Action::Send);
    }
}
