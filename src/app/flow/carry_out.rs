//! Carries out what panes and overlays ask for, one intent at a time, each by the flow it belongs to.

use super::{draft, input, jump, program, response, save, traffic, windows};
use crate::app::intent::Intent;
use crate::app::state::App;

pub(in crate::app) fn carry_out(app: &mut App, intent: Intent) {
    match intent {
        Intent::Act(action) => input::act(app, action),
        Intent::PassOn(action) => program::act(app, action),
        Intent::Perform(effect) => app.effects.push(effect),
        Intent::Say(text) => app.say(app.keyed(&text)),
        Intent::Warn(text) => app.warn(app.keyed(&text)),
        Intent::Quote(text) => app.say(text),
        Intent::Focus(pane) => program::focus(app, pane),
        Intent::OpenDraft(spec) => program::open_draft(app, *spec),
        Intent::OpenSpec(spec) => program::open_spec(app, *spec),
        Intent::ShowDraft(id) => program::show_draft(app, id),
        Intent::OpenPreset(path) => drop(draft::open_preset(app, &path)),
        Intent::FindPreset(path) => draft::find_preset(app, &path),
        Intent::LookFor(text) => response::look_for(app, text),
        Intent::PickFraming => windows::framing(app),
        Intent::SetFraming(framing) => response::set_framing(app, framing),
        Intent::SetInputFormat(format) => response::set_input_format(app, format),
        Intent::NextLineEnding => response::next_line_ending(app),
        Intent::EditInputLine(text) => response::edit_input_line(app, text),
        Intent::ToggleMark(record) => traffic::toggle_mark(app, record),
        Intent::ForgetTraffic => traffic::forget(app),
        Intent::RecordOpen(is_open) => traffic::record_open(app, is_open),
        Intent::CloseOverlay => drop(app.overlays.pop()),
        Intent::ActOn(action, item) => windows::act_on(app, action, &item),
        Intent::Ask(question) => windows::ask(app, question),
        Intent::Confirmed(question) => save::confirmed(app, question),
        Intent::GoTo(target) => jump::go(app, &target),
        Intent::ChooseEnvironment(name) => program::choose_environment(app, name),
        Intent::Describe(item, about) => save::describe(app, &item, about),
        Intent::SaveDraft(id, path, overwrite) => save::hand_over(app, id, path, overwrite),
        Intent::SaveCopy { path, spec, about } => save::save_copy(app, path, *spec, &about),
        Intent::KeepMine { mine, based_on } => save::keep_mine(app, *mine, based_on),
        Intent::TakeTheirs { mine, theirs } => save::take_theirs(app, &mine, &theirs),
        Intent::SaveElsewhere(path) => save::save_elsewhere(app, &path),
        Intent::DecideLater(path) => drop(save::decide_later(app, &path)),
    }
}
