//! Carries out what panes and overlays ask for, one intent at a time, each by the flow it belongs to.

use crate::app::flow::program;
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
        Intent::OpenSpec(spec) => program::open_spec(app, *spec),
    }
}
