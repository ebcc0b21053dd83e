//! Carries out what panes and overlays ask for, one intent at a time, each by the flow it belongs to.

use crate::app::flow::{program, response, traffic};
use crate::app::intent::Intent;
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
        Intent::OpenDraft(spec) => program::open_draft(app, *spec),
        Intent::LookFor(text) => response::look_for(app, text),
        Intent::PickFraming => framing::open(app),
        Intent::SetFraming(framing) => response::set_framing(app, framing),
        Intent::SetInputFormat(format) => response::set_input_format(app, format),
        Intent::NextLineEnding => response::next_line_ending(app),
        Intent::EditInputLine(text) => response::edit_input_line(app, text),
        Intent::ToggleMark(record) => traffic::toggle_mark(app, record),
        Intent::ForgetTraffic => traffic::forget(app),
        Intent::RecordOpen(is_open) => traffic::record_open(app, is_open),
        Intent::OpenSpec(spec) => program::open_spec(app, *spec),
    }
}
