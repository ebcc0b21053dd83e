//! What is held of what a client and a server say to each other: each read that the hold is about
//! waits for a decision, what follows it waits behind it, and the other way goes on.
//!
//! What the client said is told when it was read; of what the server said a note tells that it is held,
//! and its bytes are told when they reach the client, or as received of it where they do not as they were.

use bytes::Bytes;

use super::{Half, Live};
use crate::engine::clock;
use crate::engine::holds::{HoldTicket, HoldVerdict, HoldWish};
use crate::model::counts::counted;
use crate::model::fault::FaultMarks;
use crate::model::hold::{Decision, HeldKind, HoldEnd, HoldMark};
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::query::RecordFacts;

/// What became of bytes that were asked to be held.
pub(super) enum HoldAnswer {
    /// They wait; all that is to be told of them is told.
    Waits,
    /// They go on, with these marks.
    GoesOn(FaultMarks),
}

impl Live {
    /// Whether reads of this way are looked at by the hold, or wait behind those that were.
    pub(super) fn asks_hold(&mut self, from: Half) -> bool {
        self.setup.session.holds.asks() || !self.way(from).holds.is_empty()
    }

    /// Holds what was read, if it is to be held, or puts it behind what is.
    pub(super) fn ask_hold(&mut self, from: Half, data: &Bytes) -> HoldAnswer {
        let mut marks = FaultMarks::default();
        if self.fits_hold(from, data) {
            if let Some(ticket) = self.hold(from, data) {
                self.way(from).holds.push(data.clone(), Some(ticket));
                return HoldAnswer::Waits;
            }
            marks = marks.held(HoldMark::Missed);
        }
        if self.way(from).holds.is_empty() {
            return HoldAnswer::GoesOn(marks);
        }
        if from == Half::Client {
            let (events, conn) = (&self.setup.session.events, self.setup.pair.client);
            events.received_touched(conn, data.clone(), marks);
        }
        self.way(from).holds.push(data.clone(), None);
        HoldAnswer::Waits
    }

    fn fits_hold(&self, from: Half, data: &[u8]) -> bool {
        let conn = &self.setup.conn;
        // As it will be told of on the client's half.
        let direction = match from {
            Half::Client => Direction::Received,
            Half::Target => Direction::Sent,
        };
        let record = Record::new(clock::now(), conn.id, direction, RecordKind::Data, Bytes::new());
        let facts = RecordFacts { len: data.len() as u64, data, ..RecordFacts::of(&record) };
        self.setup.session.holds.fits(conn, &facts)
    }

    /// `None` = there is no room.
    fn hold(&self, from: Half, data: &Bytes) -> Option<HoldTicket> {
        let conn = self.setup.pair.client;
        let record = |way, kind, data| Record::new(Stamp::default(), conn, way, kind, data);
        let record = match from {
            Half::Client => record(Direction::Received, RecordKind::Data, data.clone()),
            Half::Target => {
                let text = format!("{} of the server held", counted(data.len() as u64, "byte"));
                record(Direction::Local, RecordKind::Note, text.into())
            }
        };
        let (kind, from_client) = (HeldKind::Stream, from == Half::Client);
        let wish = HoldWish { kind, from_client, data: data.clone(), record };
        self.setup.session.holds.hold(wish)
    }

    /// Does with the first that waits what was decided, and passes on what waited behind it alone.
    pub(super) fn decided(&mut self, from: Half, verdict: HoldVerdict) {
        let Some(original) = self.way(from).holds.pop() else { return };
        let marks = FaultMarks::default().held(HoldMark::Held).held(verdict.mark());
        self.tell_decided(from, &original, verdict.end, marks);
        match verdict.decision {
            Decision::Forward => {
                self.put(from, (&original, original.clone()), marks);
            }
            Decision::Edit(data) if !data.is_empty() => {
                self.put(from, (&original, data), marks);
            }
            Decision::Edit(_) | Decision::Drop => {
                self.way(from).dropped_by_hold += original.len() as u64;
            }
        }
        while let Some(data) = self.way(from).holds.pop_follower() {
            self.put(from, (&data, data.clone()), FaultMarks::default());
        }
    }

    fn tell_decided(&self, from: Half, original: &Bytes, end: HoldEnd, marks: FaultMarks) {
        let (events, pair) = (&self.setup.session.events, self.setup.pair);
        let (bytes, name) = (counted(original.len() as u64, "byte"), from.name());
        let (is_late, is_dropped) = (end == HoldEnd::TimedOut, end == HoldEnd::Dropped);
        if is_late {
            let text = format!("nobody decided in time: {bytes} of the {name} passed on as held");
            events.note_touched(pair.client, &text, marks);
        }
        if is_dropped {
            let text = format!("{bytes} of the {name} dropped, not passed on");
            events.note_touched(pair.client, &text, marks);
        }
        // Nobody else tells what the server said and the client does not get.
        if from == Half::Target && (is_dropped || end == HoldEnd::Edited) {
            events.received_touched(pair.target, original.clone(), marks);
        }
    }

    /// Nobody is to decide any more, and what waits is not passed on.
    pub(super) fn let_go_of_held(&mut self, from: Half) {
        let kept = self.way(from).holds.drain();
        let bytes = kept.iter().map(|data| data.len() as u64).sum::<u64>();
        self.way(from).dropped += bytes;
        let (events, target) = (&self.setup.session.events, self.setup.pair.target);
        let marks = FaultMarks::default().held(HoldMark::Held).held(HoldMark::Dropped);
        for data in kept.into_iter().filter(|_| from == Half::Target) {
            events.received_touched(target, data, marks);
        }
    }
}
