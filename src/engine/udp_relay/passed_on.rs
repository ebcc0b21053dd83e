//! What goes from a client to the target and back: through the faults that are in force, and out.
//!
//! Called by the loop of the relay, which owns the sockets.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use tokio::time::Instant;

use super::clients::Clients;
use super::lost::BUSY;
use super::onward::Link;
use super::{Client, UdpRelay};
use crate::engine::clock;
use crate::engine::datagram::bound_socket::{self, is_late_report, socket_for};
use crate::engine::faults::line::FaultStep;
use crate::engine::rewrites::replaced;
use crate::model::fault::{FaultKind, FaultMarks};
use crate::model::id::ConnId;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind, RelayPair};
use crate::query::RecordFacts;

/// Why a datagram is dropped for which a fault leaves no room.
pub(super) const FULL: &str = "too many wait already for what faults do to them";

impl UdpRelay {
    /// Passes on what faults let go of by now.
    pub(super) fn release_due(&mut self) {
        let now = self.faults.elapsed();
        while let Some((due, address)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            self.due.remove(&(due, address));
            self.release(address);
        }
    }

    /// Passes on what faults let go of for one client.
    pub(super) fn release(&mut self, address: SocketAddr) {
        let waits = |client: &mut Client| !client.up.is_empty() || !client.down.is_empty();
        if !self.clients.get_mut(address).is_some_and(waits) {
            return;
        }
        let now = self.faults.elapsed();
        let held = self.session.events.hold_stamp();
        let mut records = Vec::new();
        let take_up = |clients: &mut Clients<Client>| clients.get_mut(address)?.up.pop_due(now);
        while let Some(step) = take_up(&mut self.clients) {
            if let FaultStep::Piece { data, marks, differs } = step
                && let Some(pair) = self.clients.get_mut(address).map(|client| client.pair)
            {
                let record = data_record(pair.target, Direction::Sent, data.clone(), marks);
                // What the client sent is told already, unless something else goes out.
                records.extend(Some(record).filter(|_| differs));
                self.send_up(address, data);
            }
        }
        let take_down = |clients: &mut Clients<Client>| clients.get_mut(address)?.down.pop_due(now);
        while let Some(step) = take_down(&mut self.clients) {
            if let FaultStep::Piece { data, marks, .. } = step
                && let Some(pair) = self.clients.get_mut(address).map(|client| client.pair)
            {
                records.push(self.told_down((address, pair), data, marks));
            }
        }
        self.session.events.offer(records);
        drop(held);
        let Some(client) = self.clients.get_mut(address) else { return };
        let next = [client.up.next_due(), client.down.next_due()].into_iter().flatten().min();
        self.due.extend(next.map(|next| (next, address)));
    }

    /// Sends a datagram to a client; the record of it, or of what did not get there.
    pub(super) fn told_down(
        &mut self,
        (address, pair): (SocketAddr, RelayPair),
        data: Bytes,
        marks: FaultMarks,
    ) -> Record {
        match self.send_down(address, &data) {
            Ok(()) => data_record(pair.client, Direction::Sent, data, marks),
            Err(why) => {
                self.lost.add(pair.client, false, data.len(), why);
                data_record(pair.target, Direction::Received, data, marks)
            }
        }
    }

    /// A datagram of a client, on its way to the target; says what faults do to it.
    pub(super) fn pass_up(&mut self, from: SocketAddr, data: Bytes) -> FaultMarks {
        let now = self.faults.elapsed();
        let (original, (data, marks)) = (data.clone(), self.rewritten(from, true, data));
        let Some(client) = self.clients.get_mut(from) else { return FaultMarks::default() };
        if client.up.is_plain() && marks.is_empty() {
            self.send_up(from, data);
            return FaultMarks::default();
        }
        let (len, conn) = (data.len(), client.pair.target);
        let taken = client.up.take_held(data, (&original, marks), now);
        if taken.is_refused {
            self.lost.add(conn, true, len, FULL.into());
        }
        self.release(from);
        taken.marks
    }

    /// A datagram for the target.
    pub(super) fn send_up(&mut self, from: SocketAddr, data: Bytes) {
        let Some(client) = self.clients.get_mut(from) else { return };
        let (pair, now) = (client.pair, Instant::now());
        match &mut client.link {
            Link::Open(onward) => {
                if let Err(why) = onward.send(&data) {
                    self.lost.add(pair.target, true, data.len(), why);
                }
            }
            Link::Finding(waiting) => {
                if let Err(why) = waiting.push(data.clone()) {
                    self.lost.add(pair.target, true, data.len(), why);
                }
            }
            Link::Unreached { again } if *again > now => {
                self.lost.add(pair.target, true, data.len(), "the target was not found".into());
            }
            Link::Unreached { .. } => self.find_target(from, pair, data),
        }
    }

    /// A datagram that came back, on its way to the client; the record of it, if it is told now.
    pub(super) fn pass_down(
        &mut self,
        (address, pair): (SocketAddr, RelayPair),
        data: Bytes,
    ) -> Option<Record> {
        let now = self.faults.elapsed();
        let (original, (data, marks)) = (data.clone(), self.rewritten(address, false, data));
        let line = self.clients.get_mut(address).map(|client| &mut client.down);
        let Some(line) = line.filter(|line| !line.is_plain() || !marks.is_empty()) else {
            return Some(self.told_down((address, pair), data, FaultMarks::default()));
        };
        let len = data.len();
        let taken = line.take_held(data, (&original, marks), now);
        if taken.is_refused {
            self.lost.add(pair.client, false, len, FULL.into());
        }
        // It does not get to the client, or not as it is.
        let is_told = taken.is_refused || taken.differs || taken.marks.contains(FaultKind::Drop);
        is_told.then(|| data_record(pair.target, Direction::Received, original, taken.marks))
    }

    /// What rules make of a datagram of a client, or of one that came back for it.
    fn rewritten(
        &mut self,
        address: SocketAddr,
        from_client: bool,
        data: Bytes,
    ) -> (Bytes, FaultMarks) {
        let marks = FaultMarks::default();
        if self.plan.rewrites.is_empty() {
            return (data, marks);
        }
        let rules = self.rewrites.now();
        let Some(pair) = self.clients.get_mut(address).map(|client| client.pair) else {
            return (data, marks);
        };
        let local = socket_for(&self.sockets, address).map(|bound| bound.local);
        let conn = ConnInfo {
            id: pair.client,
            protocol: Protocol::Udp,
            side: Side::Relay,
            local,
            peer: Some(address),
            tls: false,
            pair: Some(pair),
        };
        // As it will be told of on the client's half.
        let direction = if from_client { Direction::Received } else { Direction::Sent };
        let record = data_record(pair.client, direction, data.clone(), marks);
        let fitting = rules.fitting(from_client, &conn, &RecordFacts::of(&record));
        let (made, _) = replaced(&fitting, data);
        (made.data, if made.by.is_empty() { marks } else { marks.rewritten() })
    }

    fn send_down(&self, to: SocketAddr, data: &[u8]) -> Result<(), String> {
        let Some(bound) = socket_for(&self.sockets, to) else {
            let cause = io::Error::from(io::ErrorKind::AddrNotAvailable);
            return Err(bound_socket::unsent(to, data.len(), &cause));
        };
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
