//! Cookies of environments: what answers set goes into the jar of the environment and to the disk, what the disk has comes back.
//!
//! ```text
//! environment in force ─► look ─► Job::Cookies ─► arrived ─► CookieJars ─► plans of what is sent (flow::send)
//! Event::Cookies ─► taken ─┐
//! window of cookies ───────┴─► changed ─► CookieJars, Job::Cookies
//! ```

use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::cookies::CookieWindow;
use crate::app::state::App;
use crate::model::cookie::CookieChange;
use crate::model::cookie_jar::CookieJar;
use crate::model::id::SessionId;
use crate::model::plan::Plan;
use crate::store::job::Job;

/// Seconds by the wall clock.
fn now(app: &App) -> i64 {
    app.shared.wall_seconds()
}

/// Asks the disk for the cookies of the environment in force, once.
pub(super) fn look(app: &mut App) {
    let environment = app.shared.environment.clone();
    if super::restore::is_begun(app) && app.shared.cookies.is_unasked(environment.as_deref()) {
        ask(app, environment, Vec::new());
    }
}

fn ask(app: &mut App, environment: Option<String>, changes: Vec<CookieChange>) {
    app.shared.cookies.asked(environment.as_deref());
    let now = now(app);
    app.effects.push(Effect::Store(Job::Cookies { environment, changes, now }));
}

/// Whether what is to be sent has to wait a moment for the cookies that go along.
pub(super) fn are_awaited(app: &App, plan: &Plan) -> bool {
    plan.uses_cookies() && app.shared.cookies.is_awaited(app.shared.environment.as_deref())
}

/// An answer set some.
pub(super) fn taken(app: &mut App, id: SessionId, changes: Vec<CookieChange>) {
    let Some(session) = app.shared.sessions.get(id).filter(|it| !it.has_own_jar) else { return };
    let environment = session.environment.clone();
    changed(app, environment, changes);
}

/// Does this to the jar of an environment, on the disk too.
pub(crate) fn changed(app: &mut App, environment: Option<String>, changes: Vec<CookieChange>) {
    let now = now(app);
    app.shared.cookies.change(environment.as_deref(), &changes, now);
    // Whatever it was, the disk may have another one of that name.
    ask(app, environment, changes);
    refresh(app);
}

/// The disk told what it has.
pub(super) fn arrived(app: &mut App, environment: Option<&str>, jar: &CookieJar) {
    let now = now(app);
    app.shared.cookies.arrived(environment, jar, now);
    refresh(app);
}

/// The window shows what there is now.
fn refresh(app: &mut App) {
    for overlay in &mut app.overlays {
        if let Overlay::Cookies(window) = overlay {
            window.refresh(&app.shared);
            app.dirty = true;
        }
    }
}

/// Opens the window of cookies, with what the disk has of them now.
pub(crate) fn open(app: &mut App) {
    let environment = app.shared.environment.clone();
    let window = CookieWindow::new(&app.shared);
    app.overlays.push(Overlay::Cookies(Box::new(window)));
    ask(app, environment, Vec::new());
}
