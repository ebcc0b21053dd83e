//! What relays hold: what comes to wait and goes, how long it waits, and what is to be held.

use std::time::Duration;

use crate::app::effect::Effect;
use crate::app::format::counted;
use crate::app::message::Timer;
use crate::app::overlay::Overlay;
use crate::app::overlay::held::HeldWindow;
use crate::app::state::App;
use crate::engine::command::Command;
use crate::model::hold::{Held, HoldEnd};
use crate::model::id::SessionId;

/// How often it is shown how long things have waited.
const TICK: Duration = Duration::from_secs(1);

/// A relay holds something.
pub(super) fn came(app: &mut App, held: Held) {
    let is_first = app.shared.held.is_empty();
    let text = format!(
        "a relay holds {} of the {}: [held] shows what waits",
        held.kind.with_article(),
        held.sender()
    );
    app.shared.held.put(held);
    if is_first && !is_open(app) {
        app.warn(app.keyed(&text));
    }
    tick(app);
}

fn is_open(app: &App) -> bool {
    app.overlays.iter().any(|overlay| matches!(overlay, Overlay::Held(_)))
}

/// The time goes on while something waits.
fn tick(app: &mut App) {
    let held = &mut app.shared.held;
    if held.is_empty() || std::mem::replace(&mut held.is_ticking, true) {
        return;
    }
    app.effects.push(Effect::After { delay: TICK, timer: Timer::Held });
}

/// The timer went off.
pub(super) fn timer_fired(app: &mut App) {
    app.shared.held.is_ticking = false;
    tick(app);
}

/// A relay holds something no longer.
pub(super) fn went(app: &mut App, id: SessionId, number: u32, end: HoldEnd) {
    let Some(held) = app.shared.held.take((id, number)) else { return };
    let what = format!("{} of the {}", held.kind.noun(), held.sender());
    match end {
        HoldEnd::TimedOut => {
            let time = counted(held.until.since(held.at).as_secs(), "second");
            app.warn(format!("nobody decided for {time}: the {what} went on as held"));
        }
        HoldEnd::Gone => app.warn(format!("the connection is over: the {what} went nowhere")),
        HoldEnd::Left => app.warn(format!("the client left: the {what} went nowhere")),
        HoldEnd::Forwarded | HoldEnd::Edited | HoldEnd::Dropped | HoldEnd::Released => {}
    }
    for overlay in &mut app.overlays {
        if let Overlay::Held(window) = overlay {
            window.settle(&app.shared, &held);
        }
    }
}

/// Shows what waits.
pub(super) fn open(app: &mut App) {
    let window = HeldWindow::new(&app.shared);
    app.overlays.push(Overlay::Held(Box::new(window)));
}

/// Holds by this filter from now on; empty = nothing is held, and what waits goes on.
pub(super) fn hold_by(app: &mut App, id: SessionId, filter: &str) {
    let Some(session) = app.shared.sessions.get_mut(id).filter(|it| !it.is_over()) else {
        return app.say("this relay does not run any more");
    };
    let Some(hold) = session.plan.hold_mut() else { return };
    hold.filter = (!filter.trim().is_empty()).then(|| filter.trim().to_owned());
    let plan = Box::new(session.plan_in_force());
    app.effects.push(Effect::Engine(Command::Update { id, plan }));
    let words = match filter.trim() {
        "" => "nothing is held any more, and what waited goes on".to_owned(),
        filter => format!("what fits waits from now on: {filter}"),
    };
    app.done(words);
}
