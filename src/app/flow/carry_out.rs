//! Carries out what panes and overlays ask for, one intent at a time, each by the flow it belongs to.

use crate::app::flow::{program, traffic};
use crate::app::intent::Intent;
use crate::app::state::App;

pub(in crate::app) fn carry_out(app: &mut App, intent: Intent) {
    match intent {
        Intent::Act(action) => {
            program::act(app, action);
        }
        Intent::Perform(effect) => app.effects.push(effect),
        Intent::Say(text) => app.say(app.keyed(&text)),
        Intent::Warn(text) => app.warn(app.keyed(&text)),
        Intent::Focus(pane) => program::focus(app, pane),
        Intent::OpenDraft(spec) => program::open_draft(app, *spec),
        Intent::ToggleMark(record) => traffic::toggle_mark(app, record),
        Intent::ForgetTraffic => traffic::forget(app),
        Intent::RecordOpen(is_open) => traffic::record_open(app, is_open),
        Intent::OpenSpec(spec) => program::open_spec(app, *spec),
    }
}
