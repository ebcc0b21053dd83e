//! What is held of datagrams: each that the hold is about waits for a decision by itself. Others pass it
//! by, because UDP promises no order and one that waits must not stop a conversation; those that are let
//! go together leave in the order in which they came.
//!
//! What the client said is told when it was read; of what the server said a note tells that it is held,
//! and it is told when it reaches the client, or as received of it where it does not as it was.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};

use super::ends::Ends;
use super::pairs::Pairs;
use super::passed_on::Relayed;
use crate::engine::clock;
use crate::engine::holds::{HoldTicket, HoldVerdict, HoldWish};
use crate::model::counts::counted;
use crate::model::fault::{FaultKind, FaultMarks};
use crate::model::hold::{Decision, HeldKind, HoldEnd, HoldMark};
use crate::model::record::{Direction, Record, RecordKind, RelayPair};
use crate::model::timing::Stamp;
use crate::query::RecordFacts;

/// What waits for a decision: the number of a held datagram and what was decided.
pub(super) type Deciding = BoxFuture<'static, (u32, HoldVerdict)>;

/// A datagram that waits for a decision.
pub(super) struct HeldDatagram<Key> {
    key: Key,
    from_client: bool,
    relayed: Relayed,
}

/// What became of a datagram that was asked to be held.
pub(super) enum DatagramHold {
    /// It waits; all that is to be told of it is told.
    Waits,
    /// It goes on, with these marks.
    GoesOn(FaultMarks),
}

impl<E: Ends> Pairs<E> {
    /// Holds a datagram, if it is to be held.
    pub(super) fn ask_hold(
        &mut self,
        key: &E::Key,
        from_client: bool,
        relayed: &Relayed,
    ) -> DatagramHold {
        let Relayed { original, data, marks } = relayed;
        let untouched = FaultMarks::default();
        if !self.session.holds.asks() {
            return DatagramHold::GoesOn(untouched);
        }
        let Some(pair) = self.known.get_mut(key) else { return DatagramHold::GoesOn(untouched) };
        // As it will be told of on the client's half.
        let direction = if from_client { Direction::Received } else { Direction::Sent };
        let conn = pair.halves.client;
        let record = Record::new(clock::now(), conn, direction, RecordKind::Data, Bytes::new());
        let facts = RecordFacts { len: data.len() as u64, data, ..RecordFacts::of(&record) };
        if !self.session.holds.fits(&pair.conn, &facts) {
            return DatagramHold::GoesOn(untouched);
        }
        let record = |way, kind, data| Record::new(Stamp::default(), conn, way, kind, data);
        let record = if from_client {
            Record { faults: *marks, ..record(direction, RecordKind::Data, original.clone()) }
        } else {
            let text = format!("a datagram of {} of the server held", counted_bytes(data));
            record(Direction::Local, RecordKind::Note, text.into())
        };
        let kind = HeldKind::Datagram;
        let wish = HoldWish { kind, from_client, data: data.clone(), record };
        let Some(ticket) = self.session.holds.hold(wish) else {
            return DatagramHold::GoesOn(untouched.held(HoldMark::Missed));
        };
        pair.held += 1;
        let held = HeldDatagram { key: key.clone(), from_client, relayed: relayed.clone() };
        self.held.insert(ticket.number(), held);
        self.deciding.push(deciding(ticket));
        DatagramHold::Waits
    }

    /// Does what was decided, and whatever else is decided by now: those whose time was up together
    /// leave in their order.
    pub(super) fn decided(&mut self, first: (u32, HoldVerdict)) {
        let mut all = vec![first];
        while let Some(Some(next)) = self.deciding.next().now_or_never() {
            all.push(next);
        }
        all.sort_by_key(|(number, verdict)| match verdict.end {
            HoldEnd::TimedOut | HoldEnd::Released => *number,
            HoldEnd::Forwarded
            | HoldEnd::Edited
            | HoldEnd::Dropped
            | HoldEnd::Gone
            | HoldEnd::Left => 0,
        });
        let stamp = self.session.events.hold_stamp();
        for (number, verdict) in all {
            self.do_decided(number, verdict);
        }
        drop(stamp);
    }

    fn do_decided(&mut self, number: u32, verdict: HoldVerdict) {
        let Some(held) = self.held.remove(&number) else { return };
        let HeldDatagram { key, from_client, relayed: Relayed { original, data: shown, marks } } =
            held;
        let Some(pair) = self.known.get_mut(&key) else { return };
        let halves = pair.halves;
        pair.held -= 1;
        let marks = marks.held(HoldMark::Held).held(verdict.mark());
        self.tell_decided(halves, (from_client, &original), verdict.end, marks);
        let data = match verdict.decision {
            Decision::Forward => shown.clone(),
            // An empty one is a datagram, too.
            Decision::Edit(data) => data,
            Decision::Drop => return,
        };
        let is_edited = data != shown;
        let len = data.len();
        let taken = self.put(&key, from_client, data, (&original, marks));
        // Nobody else tells that a fault kept it from the other side, or what came of the server then.
        if taken.is_refused || taken.marks.contains(FaultKind::Drop) {
            let (conn, name) = (halves.client, sender(from_client));
            let text = format!(
                "{} of the {name}, held before, not passed on",
                counted(len as u64, "byte")
            );
            self.session.events.note_touched(conn, &text, taken.marks);
            if !from_client && !is_edited {
                self.session.events.received_touched(halves.target, original, taken.marks);
            }
        } else if !from_client && taken.differs && !is_edited {
            self.session.events.received_touched(halves.target, original, taken.marks);
        }
        self.release(&key);
    }

    fn tell_decided(
        &self,
        halves: RelayPair,
        (from_client, original): (bool, &Bytes),
        end: HoldEnd,
        marks: FaultMarks,
    ) {
        let (events, size, name) =
            (&self.session.events, counted_bytes(original), sender(from_client));
        let text = match end {
            HoldEnd::TimedOut => Some(format!(
                "nobody decided in time: a datagram of {size} of the {name} passed on as held"
            )),
            HoldEnd::Dropped => {
                Some(format!("a datagram of {size} of the {name} dropped, not passed on"))
            }
            HoldEnd::Forwarded
            | HoldEnd::Edited
            | HoldEnd::Released
            | HoldEnd::Gone
            | HoldEnd::Left => None,
        };
        if let Some(text) = text {
            events.note_touched(halves.client, &text, marks);
        }
        // Nobody else tells what the server said and the client does not get.
        if !from_client && matches!(end, HoldEnd::Dropped | HoldEnd::Edited) {
            events.received_touched(halves.target, original.clone(), marks);
        }
    }

    /// Nobody is to decide about what a pair holds any more, and it is not passed on.
    pub(super) fn let_go_of_held(&mut self, key: &E::Key, words: &str) {
        let Some(pair) = self.known.get_mut(key).filter(|pair| pair.held > 0) else { return };
        let halves = pair.halves;
        pair.held = 0;
        let marks = FaultMarks::default().held(HoldMark::Held).held(HoldMark::Dropped);
        let all = std::mem::take(&mut self.held);
        let (gone, kept): (BTreeMap<_, _>, _) = all.into_iter().partition(|it| it.1.key == *key);
        self.held = kept;
        for (number, HeldDatagram { from_client, relayed, .. }) in gone {
            let data = relayed.original;
            self.session.holds.gone(number);
            let to = if from_client { halves.target } else { halves.client };
            self.lost.add(to, from_client, data.len(), words.to_owned());
            if !from_client {
                self.session.events.received_touched(halves.target, data, marks);
            }
        }
    }
}

fn deciding(mut ticket: HoldTicket) -> Deciding {
    async move {
        let verdict = ticket.decided().await;
        (ticket.number(), verdict)
    }
    .boxed()
}

fn counted_bytes(data: &Bytes) -> String {
    counted(data.len() as u64, "byte")
}

fn sender(from_client: bool) -> &'static str {
    if from_client { "client" } else { "server" }
}
