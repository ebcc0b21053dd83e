//! Carries out what panes and overlays ask for, one intent at a time, each by the flow it belongs to.

use crate::app::flow::{curl, draft, program, response, traffic};
use crate::app::intent::Intent;
use crate::app::overlay;
use crate::app::overlay::framing;
use crate::app::state::App;

pub(in crate::app) fn carry_out(app: &mut App, intent: Intent) {
    match intent {
        Intent::Act(action) => {
            program::act(app, action);
        }
        Intent::Perform(effect) => app.effects.push(effect),
        Intent::Say(text) => app.say(app.keyed(&text)),
        Intent::Warn(text) => app.warn(app.keyed(&text)),
        Intent::Quote(text) => app.say(text),
        Intent::Focus(pane) => program::focus(app, pane),
        Intent::ActOn(action, item) => overlay::on_item(app, action, &item),
        Intent::ShowDraft(id) => draft::show_draft(app, id),
        Intent::OpenPreset(path) => drop(draft::open_preset(app, &path)),
        Intent::OpenDraft(spec) => draft::open_draft(app, *spec),
        Intent::LookFor(text) => response::look_for(app, text),
        Intent::PickFraming => framing::open(app),
        Intent::SetFraming(framing) => response::set_framing(app, framing),
        Intent::SetInputFormat(format) => response::set_input_format(app, format),
        Intent::NextLineEnding => response::next_line_ending(app),
        Intent::ToggleMark(record) => traffic::toggle_mark(app, record),
        Intent::ForgetTraffic => traffic::forget(app),
        Intent::RecordOpen(is_open) => traffic::record_open(app, is_open),
        Intent::GoToField(field, caret) => draft::go(app, field, caret),
        Intent::ShowTab(tab) => draft::show_tab(app, tab),
        Intent::EditField(field, text) => draft::edit_field(app, field, &text),
        Intent::CycleField { field, forward } => draft::cycle_field(app, field, forward),
        Intent::AddRow => draft::add_row(app),
        Intent::DeleteRow => draft::delete_row(app),
        Intent::FillFromCurl(command) => curl::pasted(app, command),
        Intent::EditExternal { text, extension, target } => {
            draft::edit_external(app, text, extension, target);
        }
        Intent::OpenSpec(spec) => draft::open_spec(app, *spec),
    }
}
