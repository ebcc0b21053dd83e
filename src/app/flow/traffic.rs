//! What the user does to the timeline, and the panes that show it.

use std::time::Duration;

use super::{overlays, response};
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::intent::{Intent, Question};
use crate::app::message::Timer;
use crate::app::state::App;
use crate::model::id::RecordId;

/// More records than this are not forgotten by a slip of the hand.
const FORGOTTEN_UNASKED: usize = 1000;
/// How long what was forgotten can be brought back.
const UNDO_STAYS: Duration = Duration::from_secs(10);

/// Marks a record, or takes its mark away.
pub(crate) fn toggle_mark(app: &mut App, record: RecordId) {
    if app.shared.timeline.unpin(record) {
        app.say("mark taken away");
    } else if let Err(refused) = app.shared.timeline.pin(record) {
        app.warn(refused.to_string());
    }
    app.traffic.listing.extend(&app.shared.timeline);
}

/// Forgets all records, after asking when they are many.
pub(crate) fn clear(app: &mut App) {
    let count = app.shared.timeline.len();
    if count <= FORGOTTEN_UNASKED {
        return forget(app);
    }
    let seconds = UNDO_STAYS.as_secs();
    let undo = format!("For {seconds} s [undo-clear] brings them back.");
    let all = format::counted(count as u64, "record");
    let text = format!("Forget all {all}? {}", app.keyed(&undo));
    overlays::ask(app, Question::new(text, ["Forget", "Keep"], Intent::ForgetTraffic));
}

/// Forgets all records; for a while they can be brought back.
pub(crate) fn forget(app: &mut App) {
    let gone = app.shared.timeline.len() as u64;
    if gone == 0 {
        return app.say("there is no record to forget");
    }
    app.shared.timeline.clear();
    app.forgettings += 1;
    app.effects.push(Effect::After { delay: UNDO_STAYS, timer: Timer::Forget });
    for session in app.shared.sessions.iter_mut() {
        session.conversation.set_aside();
    }
    app.shared.is_record_open = false;
    app.traffic.cleared(&app.shared);
    response::evicted(app);
    response::extended(app);
    let seconds = UNDO_STAYS.as_secs();
    let gone = format::counted(gone, "record");
    let said = format!("{gone} forgotten; [undo-clear] brings them back for {seconds} s");
    app.say(app.keyed(&said));
}

/// Brings back what was forgotten a moment ago.
pub(crate) fn undo_clear(app: &mut App) {
    let back = app.shared.timeline.undo_clear();
    if back == 0 {
        return app.say("nothing to bring back");
    }
    for session in app.shared.sessions.iter_mut() {
        session.conversation.bring_back(&app.shared.timeline);
    }
    let intents = app.traffic.came_back(&app.shared);
    app.intents.extend(intents);
    app.conversation.rows_came_back(&app.shared);
    response::extended(app);
    app.done(format!("{} brought back", format::counted(back as u64, "record")));
}

/// The time to bring back what was forgotten is over, unless it was forgotten later.
pub(crate) fn undo_is_over(app: &mut App) {
    app.forgettings = app.forgettings.saturating_sub(1);
    app.dirty = false;
    if app.forgettings == 0 {
        app.shared.timeline.discard_cleared();
        for session in app.shared.sessions.iter_mut() {
            session.conversation.forget_aside();
        }
    }
}

/// New records are in the timeline.
pub(crate) fn extended(app: &mut App) {
    let intents = app.traffic.extended(&app.shared);
    app.intents.extend(intents);
    response::extended(app);
}
