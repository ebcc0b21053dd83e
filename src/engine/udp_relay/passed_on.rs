//! What goes from a client to the target and back: through the faults that are in force, and out.
//!
//! Called by the pairs, which own the sockets.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use tokio::time::Instant;

use super::early::Early;
use super::ends::Ends;
use super::holding::DatagramHold;
use super::lost::BUSY;
use super::onward::Link;
use super::pairs::{Pair, Pairs};
use crate::engine::clock;
use crate::engine::datagram::bound_socket::{self, BoundSocket, is_late_report};
use crate::engine::faults::line::{FaultStep, TakenIn};
use crate::engine::rewrites::replaced;
use crate::model::fault::{FaultKind, FaultMarks};
use crate::model::id::ConnId;
use crate::model::record::{Direction, Record, RecordKind, RelayPair};
use crate::query::RecordFacts;

/// A datagram as it came and as it goes on, with what rules did to it.
#[derive(Debug, Clone)]
pub(super) struct Relayed {
    pub(super) original: Bytes,
    pub(super) data: Bytes,
    pub(super) marks: FaultMarks,
}

/// Why a datagram is dropped for which a fault leaves no room.
const FULL: &str = "too many wait already for what faults do to them";

impl<E: Ends> Pairs<E> {
    /// What rules make of a datagram of a client, or of one that came back for it.
    pub(super) fn rewritten(&self, key: &E::Key, from_client: bool, original: Bytes) -> Relayed {
        let marks = FaultMarks::default();
        let Some(pair) = self.known.get(key).filter(|_| !self.rewrites.is_none()) else {
            return Relayed { data: original.clone(), original, marks };
        };
        // As it will be told of on the client's half.
        let direction = if from_client { Direction::Received } else { Direction::Sent };
        let record = data_record(pair.halves.client, direction, original.clone(), marks);
        let fitting = self.rewrites.fitting(from_client, &pair.conn, &RecordFacts::of(&record));
        let (made, _) = replaced(&fitting, original.clone());
        self.rewrites.count(&made.by, &self.session.events);
        let marks = if made.by.is_empty() { marks } else { marks.rewritten() };
        Relayed { data: made.data, original, marks }
    }

    /// Passes on what faults let go of by now.
    pub(super) fn release_due(&mut self) {
        let now = self.elapsed();
        while self.due.first().is_some_and(|(due, _)| *due <= now)
            && let Some((_, key)) = self.due.pop_first()
        {
            self.release(&key);
        }
    }

    /// Passes on what faults let go of for one pair.
    pub(super) fn release(&mut self, key: &E::Key) {
        let waits = |pair: &Pair| !pair.up.is_empty() || !pair.down.is_empty();
        let Some(halves) = self.known.get(key).filter(|pair| waits(pair)).map(|it| it.halves)
        else {
            return;
        };
        let now = self.elapsed();
        let stamp = self.session.events.hold_stamp();
        let mut records = Vec::new();
        while let Some(step) = self.known.get_mut(key).and_then(|pair| pair.up.pop_due(now)) {
            if let FaultStep::Piece { data, marks, differs } = step {
                let record = data_record(halves.target, Direction::Sent, data.clone(), marks);
                // What the client sent is told already, unless something else goes out.
                records.extend(Some(record).filter(|_| differs));
                self.send_up(key, data);
            }
        }
        while let Some(step) = self.known.get_mut(key).and_then(|pair| pair.down.pop_due(now)) {
            if let FaultStep::Piece { data, marks, .. } = step {
                records.push(self.told_down((key, halves), data, marks));
            }
        }
        self.session.events.offer(records);
        drop(stamp);
        let Some(pair) = self.known.get(key) else { return };
        let next = [pair.up.next_due(), pair.down.next_due()].into_iter().flatten().min();
        self.due.extend(next.map(|next| (next, key.clone())));
    }

    /// Sends a datagram to a client; the record of it, or of what did not get there.
    fn told_down(
        &mut self,
        (key, halves): (&E::Key, RelayPair),
        data: Bytes,
        marks: FaultMarks,
    ) -> Record {
        let link = self.known.get(key).map(|pair| &pair.link);
        let sent = match link {
            Some(Link::Open(onward)) => self.ends.send_down(key, onward.target, &data),
            Some(Link::Finding(_) | Link::Unreached { .. }) | None => Err(BUSY.to_owned()),
        };
        match sent {
            Ok(()) => data_record(halves.client, Direction::Sent, data, marks),
            Err(why) => {
                self.lost.add(halves.client, false, data.len(), why);
                data_record(halves.target, Direction::Received, data, marks)
            }
        }
    }

    /// A datagram of a client, through rules, holds and faults; the record of it, unless it is held.
    pub(super) fn pass_in(&mut self, key: &E::Key, data: Bytes) -> Option<Record> {
        let (at, conn) = (clock::now(), self.known.get(key)?.halves.client);
        let relayed = self.rewritten(key, true, data.clone());
        let DatagramHold::GoesOn(held) = self.ask_hold(key, true, &relayed) else { return None };
        let marks = self.pass_up(key, relayed).with(held);
        Some(Record { at, ..data_record(conn, Direction::Received, data, marks) })
    }

    /// A datagram of a client, on its way to the target; says what faults do to it.
    pub(super) fn pass_up(&mut self, key: &E::Key, relayed: Relayed) -> FaultMarks {
        let Relayed { original, data, marks } = relayed;
        if marks.is_empty() && self.known.get(key).is_some_and(|pair| pair.up.is_plain()) {
            self.send_up(key, data);
            return marks;
        }
        let taken = self.put(key, true, data, (&original, marks));
        self.release(key);
        taken.marks
    }

    /// Puts a datagram of a client, or one that came back for it, into the faults of its way, in place of what
    /// came, which rules or a hold touched so. What leaves at once is passed on by [`release`](Self::release).
    pub(super) fn put(
        &mut self,
        key: &E::Key,
        from_client: bool,
        data: Bytes,
        original: (&Bytes, FaultMarks),
    ) -> TakenIn {
        let now = self.elapsed();
        let Some(pair) = self.known.get_mut(key) else { return TakenIn::default() };
        let (line, to) = if from_client {
            (&mut pair.up, pair.halves.target)
        } else {
            (&mut pair.down, pair.halves.client)
        };
        let (len, taken) = (data.len(), line.take_held(data, original, now));
        if taken.is_refused {
            self.lost.add(to, from_client, len, FULL.into());
        }
        taken
    }

    /// A datagram for the target.
    pub(super) fn send_up(&mut self, key: &E::Key, data: Bytes) {
        let now = Instant::now();
        let Some(pair) = self.known.get_mut(key) else { return };
        let (len, to) = (data.len(), pair.halves.target);
        let sent = match &mut pair.link {
            Link::Open(onward) => onward.send(&data),
            Link::Finding(waiting) => waiting.push(Early::Ready(data)),
            Link::Unreached { again } if *again > now => Err("the target was not found".into()),
            Link::Unreached { .. } => return self.find_target(key, to, Early::Ready(data)),
        };
        if let Err(why) = sent {
            self.lost.add(to, true, len, why);
        }
    }

    /// A datagram that came back, on its way to the client; the record of it, if it is told now.
    pub(super) fn pass_down(
        &mut self,
        (key, halves): (&E::Key, RelayPair),
        relayed: Relayed,
        held: FaultMarks,
    ) -> Option<Record> {
        let Relayed { original, data, marks } = relayed;
        if marks.is_empty() && self.known.get(key).is_some_and(|pair| pair.down.is_plain()) {
            return Some(self.told_down((key, halves), data, held));
        }
        let taken = self.put(key, false, data, (&original, marks.with(held)));
        // It does not get to the client, or not as it is.
        let is_told = taken.is_refused || taken.differs || taken.marks.contains(FaultKind::Drop);
        is_told.then(|| data_record(halves.target, Direction::Received, original, taken.marks))
    }
}

/// Sends a datagram to a client by one of the sockets it sends to, or says why not.
pub(super) fn send(bound: &BoundSocket, to: SocketAddr, data: &[u8]) -> Result<(), String> {
    let mut sent = bound.socket.try_send_to(data, to);
    if is_late_report(&sent) {
        sent = bound.socket.try_send_to(data, to);
    }
    match sent {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(BUSY.into()),
        Err(error) => Err(bound_socket::unsent(to, data.len(), &error)),
    }
}

/// The record of a datagram, as of now.
pub(super) fn data_record(
    conn: ConnId,
    direction: Direction,
    data: Bytes,
    faults: FaultMarks,
) -> Record {
    let record = Record::new(clock::now(), conn, direction, RecordKind::Data, data);
    Record { faults, ..record }
}
