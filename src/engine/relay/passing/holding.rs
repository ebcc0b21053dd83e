//! What is held of what a client and a server say to each other: each read that the hold is about
//! waits for a decision, what follows it waits behind it, and the other way goes on.
//!
//! What the client said is told when it was read; of what the server said a note tells that it is held,
//! and its bytes are told when they reach the client, or as received of it where they do not as they were.

use bytes::Bytes;

use super::{Half, Live};
use crate::engine::clock;
use crate::engine::holds::line::InTransit;
use crate::engine::holds::{HoldTicket, HoldVerdict, HoldWish};
use crate::model::counts::counted;
use crate::model::fault::FaultMarks;
use crate::model::hold::{Decision, HeldKind, HoldEnd, HoldMark};
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::query::RecordFacts;

impl Live {
    /// Whether reads of this way are looked at by the hold, or wait behind those that were.
    pub(super) fn asks_hold(&mut self, from: Half) -> bool {
        self.setup.session.holds.asks() || !self.way(from).holds.is_empty()
    }

    /// Holds what goes on, if it is to be held, or puts it behind what is; else it goes on.
    pub(super) fn ask_hold(&mut self, from: Half, mut going: InTransit) -> Option<InTransit> {
        let fits = self.fits_hold(from, &going.data);
        if fits || !self.way(from).holds.is_empty() {
            going = going.kept_for_long();
        }
        if fits {
            if let Some(ticket) = self.hold(from, &going) {
                self.way(from).holds.push(going, Some(ticket));
                return None;
            }
            going.marks = going.marks.held(HoldMark::Missed);
        }
        if self.way(from).holds.is_empty() {
            return Some(going);
        }
        if from == Half::Client && !going.is_told {
            let (events, conn) = (&self.setup.session.events, self.setup.pair.client);
            events.received_touched(conn, going.data.clone(), going.marks);
        }
        self.way(from).holds.push(going, None);
        None
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
    fn hold(&self, from: Half, going: &InTransit) -> Option<HoldTicket> {
        let data = &going.data;
        let conn = self.setup.pair.client;
        let record = |way, kind, data| Record::new(Stamp::default(), conn, way, kind, data);
        let record = match from {
            Half::Client if !going.is_told => {
                record(Direction::Received, RecordKind::Data, data.clone())
            }
            Half::Client | Half::Target => {
                let bytes = counted(data.len() as u64, "byte");
                let text = format!("{bytes} of the {} held", from.name());
                record(Direction::Local, RecordKind::Note, text.into())
            }
        };
        let (kind, from_client) = (HeldKind::Stream, from == Half::Client);
        let wish = HoldWish { kind, from_client, data: data.clone(), record };
        self.setup.session.holds.hold(wish)
    }

    /// Does with the first that waits what was decided, and passes on what waited behind it alone.
    pub(super) fn decided(&mut self, from: Half, verdict: HoldVerdict) {
        let Some(going) = self.way(from).holds.pop() else { return };
        let marks = going.marks.held(HoldMark::Held).held(verdict.mark());
        self.tell_decided(from, &going, verdict.end, marks);
        let original = &going.original;
        match verdict.decision {
            Decision::Forward => {
                self.put(from, (original, going.data), marks);
            }
            Decision::Edit(data) if !data.is_empty() => {
                self.put(from, (original, data), marks);
            }
            Decision::Edit(_) | Decision::Drop => {
                self.way(from).dropped_by_hold += original.len() as u64;
            }
        }
        while let Some(InTransit { original, data, marks, .. }) =
            self.way(from).holds.pop_follower()
        {
            self.put(from, (&original, data), marks);
        }
    }

    fn tell_decided(&self, from: Half, going: &InTransit, end: HoldEnd, marks: FaultMarks) {
        let original = &going.original;
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
        if from == Half::Target && !going.is_told && (is_dropped || end == HoldEnd::Edited) {
            events.received_touched(pair.target, original.clone(), marks);
        }
    }

    /// Nobody is to decide any more, and what waits is not passed on.
    pub(super) fn let_go_of_held(&mut self, from: Half) {
        let kept = self.way(from).holds.drain();
        let bytes = kept.iter().map(|going| going.original.len() as u64).sum::<u64>();
        self.way(from).dropped += bytes;
        let (events, target) = (&self.setup.session.events, self.setup.pair.target);
        let marks = FaultMarks::default().held(HoldMark::Held).held(HoldMark::Dropped);
        for going in kept.into_iter().filter(|it| from == Half::Target && !it.is_told) {
            events.received_touched(target, going.original, marks);
        }
    }
}
