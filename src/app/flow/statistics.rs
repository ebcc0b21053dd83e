//! Counting while the window of statistics is open: in steps that keep no key waiting, and its rows a few
//! times a second at most.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::message::Timer;
use crate::app::overlay::Overlay;
use crate::app::overlay::statistics::{REFRESHED, StatisticsWindow};
use crate::app::state::App;
use crate::model::id::ConnId;
use crate::model::peer_owner::PeerOwner;

/// Opens the window.
pub(crate) fn open(app: &mut App) {
    if app.shared.timeline.is_empty() {
        return app.say("there is no record yet");
    }
    let (text, filter) = (&app.traffic.filter.text, app.traffic.listing.filter());
    let window = StatisticsWindow::new(&app.shared, text, filter);
    app.overlays.push(Overlay::Statistics(Box::new(window)));
    app.intents.push_back(Intent::soon(Timer::Statistics));
}

fn window(overlays: &mut [Overlay]) -> Option<&mut StatisticsWindow> {
    overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Statistics(window) => Some(&mut **window),
        _ => None,
    })
}

/// Goes on counting.
pub(super) fn timer_fired(app: &mut App) {
    app.dirty = false;
    let Some(window) = window(&mut app.overlays) else { return };
    window.is_due = false;
    app.dirty = window.go_on(&app.shared);
    if window.is_counting(&app.shared) {
        window.is_due = true;
        app.intents.push_back(Intent::soon(Timer::Statistics));
    }
}

/// Something is new in the timeline: it is counted in a while.
pub(super) fn extended(app: &mut App) {
    if let Some(window) = window(&mut app.overlays)
        && !std::mem::replace(&mut window.is_due, true)
    {
        app.effects.push(Effect::After { delay: REFRESHED, timer: Timer::Statistics });
    }
}

/// It was found whose a peer is.
pub(super) fn peer_found(app: &mut App, conn: ConnId, owner: &Arc<PeerOwner>) {
    if let Some(window) = window(&mut app.overlays) {
        window.owner_found(conn, owner);
        extended(app);
    }
}
