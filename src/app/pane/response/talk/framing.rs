//! The framing of a conversation: kept with the draft, so that it holds when it is opened again,
//! and applied in steps of bounded work, so that no key waits for a large conversation.

use std::time::Duration;

use super::with_talk;
use crate::app::effect::Effect;
use crate::app::message::Timer;
use crate::app::pane::response::session;
use crate::app::state::App;
use crate::timeline::conversation::Subject;
use crate::timeline::conversation::framing::{Frames, StreamFraming};
use crate::timeline::listing::{Rebuild, STEP_WORK};

/// Between two steps: other messages get their turn.
const STEP_PAUSE: Duration = Duration::from_millis(1);

/// The framing in force.
pub fn current(app: &App) -> &StreamFraming {
    &app.shared.drafts.current().framing
}

/// Whether the session on screen can be cut anew; otherwise why not.
pub fn refusal(app: &App) -> Option<&'static str> {
    let Some(session) = session(app) else { return Some("nothing was received yet") };
    let datagrams = session.protocol().capabilities().datagrams;
    datagrams.then_some("a datagram is a message already: its boundaries are those of the sender")
}

/// Cuts what was received anew.
pub fn choose(app: &mut App, framing: StreamFraming) {
    app.say(format!("framing: {framing}"));
    app.shared.drafts.current_mut().framing = framing;
    super::extended(app);
}

/// A timer went off: the next step.
pub(in crate::app::pane::response) fn go_on(app: &mut App) {
    app.response.framing_due = false;
    super::extended(app);
}

/// Brings the rows in line with the framing and with what came; the rest follows in a moment.
pub(super) fn advance(app: &mut App) {
    if refusal(app).is_some() {
        return;
    }
    let wanted = current(app).clone();
    let App { response, shared, .. } = app;
    let crate::app::shared::Shared { sessions, drafts, timeline, .. } = shared;
    let Some(session) = drafts.current().session.and_then(|id| sessions.get(id)) else { return };
    let talk = &mut response.places.entry(session.id).or_default().talk;
    let now = talk.frames.as_ref().map_or(&StreamFraming::AsReceived, Frames::framing);
    if *now != wanted {
        talk.anchor = talk.row(session, talk.cursor.selected).map(|row| row.first);
        let subject = Subject::Session(session.id);
        let from = session.conversation.row(0).map_or(timeline.next_id(), |row| row.first);
        talk.frames =
            (wanted != StreamFraming::AsReceived).then(|| Frames::new(wanted, subject, from));
        talk.begin_anew(session);
    }
    let mut more = false;
    if let Some(frames) = &mut talk.frames {
        more = frames.step(timeline, STEP_WORK) == Rebuild::More;
    }
    if more && !response.framing_due {
        response.framing_due = true;
        app.effects.push(Effect::After { delay: STEP_PAUSE, timer: Timer::ConversationFraming });
    }
    if !more {
        to_anchor(app);
    }
}

/// Everything is cut: the cursor goes back to what it was on.
fn to_anchor(app: &mut App) {
    with_talk(app, |talk, session, height| {
        let Some(record) = talk.anchor.take() else { return };
        talk.extend(session, height);
        if talk.is_following {
            return;
        }
        let number = talk.rows(session).place_of(record).map(|at| at as u64);
        if let Some(number) = number.map(|at| talk.rows(session).gone() + at) {
            talk.cursor.selected = talk.place(session, number);
            talk.settle(session, height);
        }
    });
}
