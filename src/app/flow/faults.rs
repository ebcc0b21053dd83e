//! The faults of a relay that runs: off and on again.

use crate::app::effect::Effect;
use crate::app::state::App;
use crate::engine::command::Command;

/// Switches the faults of the relay on screen off, or on again.
pub(super) fn toggle(app: &mut App) {
    let running = app.shared.session().filter(|session| !session.is_over());
    let Some(id) = running.map(|session| session.id) else { return app.say("nothing runs here") };
    let Some(session) = app.shared.sessions.get_mut(id) else { return };
    let Some(faults) = session.plan.faults_mut() else {
        return app.say("only a relay has faults");
    };
    if faults.list.is_empty() {
        let hint = "this relay has no faults; its tab Faults adds some, [send] applies them";
        return app.say(app.keyed(hint));
    }
    faults.off = !faults.off;
    let words = if faults.off {
        "the faults are off: what comes is passed on as it is; [toggle-faults] switches them on"
    } else {
        "the faults are on again"
    };
    let plan = Box::new(session.plan_in_force());
    app.effects.push(Effect::Engine(Command::Update { id, plan }));
    app.say(app.keyed(words));
}
