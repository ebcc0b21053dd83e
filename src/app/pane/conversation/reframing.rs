//! The rows of a conversation follow what comes, cut into messages as the draft asks: in steps of
//! bounded work, so that no key waits for a large conversation.

use super::conversation_view::ConversationPane;
use crate::app::intent::Intent;
use crate::app::message::Timer;
use crate::app::outcome::Outcome;
use crate::app::shared::{Shared, Shown};
use crate::timeline::frames::Frames;
use crate::timeline::framing::StreamFraming;
use crate::timeline::listing::{Rebuild, STEP_WORK};

/// Opens the framing picker, unless the session on screen cannot be cut anew.
pub(super) fn pick(shared: &Shared) -> Outcome {
    if has_boundaries(shared) {
        let own = "each row is a message already: its boundaries are those of the sender";
        return Outcome::say(own);
    }
    Intent::PickFraming.into()
}

fn has_boundaries(shared: &Shared) -> bool {
    shared.session().is_some_and(|session| session.capabilities().messages)
}

impl ConversationPane {
    /// Records came, or are to be cut another way: the rows follow.
    pub(crate) fn extended(&mut self, shared: &Shared) -> Option<Intent> {
        if shared.shown() != Shown::Conversation {
            return None;
        }
        let more = self.reframe(shared);
        self.change(shared, |view, session, areas| view.extend(session, areas.rows.height.into()));
        more
    }

    /// What was forgotten came back: all rows are other ones.
    pub(crate) fn rows_came_back(&mut self, shared: &Shared) {
        for (id, view) in &mut self.views {
            if let Some(session) = shared.sessions.get(*id) {
                view.frames = None;
                view.is_held = false;
                view.begin_anew(session);
            }
        }
    }

    /// The next step of cutting anew.
    pub(super) fn reframe_on(&mut self, shared: &Shared) -> Option<Intent> {
        self.reframing_due = false;
        self.extended(shared)
    }

    /// Brings the rows in line with the framing and with what came; the rest follows in a moment.
    fn reframe(&mut self, shared: &Shared) -> Option<Intent> {
        if has_boundaries(shared) {
            return None;
        }
        let session = shared.session()?;
        let wanted = &shared.drafts.current().framing;
        let view = self.view_mut(shared)?;
        let now = view.frames.as_ref().map_or(&StreamFraming::AsReceived, Frames::framing);
        if now != wanted {
            view.anchor = view.row(session, view.cursor.selected).map(|row| row.first);
            let next = shared.timeline.next_id();
            let from = session.conversation.row(0).map_or(next, |row| row.first);
            view.frames = (*wanted != StreamFraming::AsReceived)
                .then(|| Frames::new(wanted.clone(), session.id, from));
            view.begin_anew(session);
        }
        let frames = view.frames.as_mut();
        let is_done = frames.is_none_or(|it| it.step(&shared.timeline, STEP_WORK) == Rebuild::Done);
        if is_done {
            self.go_to_anchor(shared);
            return None;
        }
        let is_due = std::mem::replace(&mut self.reframing_due, true);
        (!is_due).then(|| Intent::soon(Timer::ConversationFraming))
    }

    /// Everything is cut: the cursor goes back to what it was on.
    fn go_to_anchor(&mut self, shared: &Shared) {
        self.change(shared, |view, session, areas| {
            let Some(record) = view.anchor.take() else { return };
            let height = areas.rows.height.into();
            view.extend(session, height);
            if !view.is_held {
                return;
            }
            let number = view.rows(session).place_of(record).map(|at| at as u64);
            if let Some(number) = number.map(|at| view.rows(session).gone() + at) {
                view.cursor.selected = view.place(session, number);
                view.settle(session, height);
            }
        });
    }
}
