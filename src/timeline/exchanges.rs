//! What is known of exchanges, for filters that ask about them: which one a record is of, and what
//! its request and answer say.
//!
//! ```text
//!   client    |started ═ request ═ answer ═ ended|   closed
//!   listener  request |started ═ rest of it ═ answer ═ ended|
//! ```
//! A listener knows of an exchange when the first bytes of a request are read, so those lie before
//! its start; they are taken for it when the one before has ended. Of requests that were sent before
//! the answer to the one before (pipelined) the first bytes count for that one.

use std::collections::{HashMap, VecDeque};

use crate::model::exchange_facts::ExchangeFacts;
use crate::model::id::ConnId;
use crate::model::record::{Direction, RecordKind};
use crate::model::timing::Stamp;

/// Exchanges that are remembered, and their memory; the oldest go.
const MOST: usize = 50_000;
const MEMORY: usize = 32 * 1024 * 1024;

/// The exchanges of all connections.
#[derive(Debug, Default)]
pub(super) struct ExchangeTable {
    /// Of each connection in the order of their beginnings.
    conns: HashMap<ConnId, VecDeque<ExchangeFacts>>,
    /// Connection and number, in the order in which they were met.
    met: VecDeque<(ConnId, u32)>,
    cost: usize,
}

impl ExchangeTable {
    /// Learns of an exchange, or more about it.
    pub(super) fn put(&mut self, facts: ExchangeFacts) {
        let of_conn = self.conns.entry(facts.conn).or_default();
        self.cost += facts.cost();
        // Numbers rise, so most are known to be new without looking through thousands of them.
        let is_new = of_conn.back().is_none_or(|last| last.number < facts.number);
        let known =
            if is_new { None } else { of_conn.iter().rposition(|it| it.number == facts.number) };
        if let Some(known) = known.and_then(|at| of_conn.get_mut(at)) {
            self.cost -= known.cost();
            *known = facts;
        } else {
            self.met.push_back((facts.conn, facts.number));
            // Most begin after all others of their connection.
            let is_last = of_conn.back().is_none_or(|last| last.started <= facts.started);
            let at = if is_last {
                of_conn.len()
            } else {
                of_conn.partition_point(|it| it.started <= facts.started)
            };
            of_conn.insert(at, facts);
        }
        while self.met.len() > MOST || self.cost > MEMORY {
            let Some((conn, number)) = self.met.pop_front() else { return };
            self.forget(conn, number);
        }
    }

    fn forget(&mut self, conn: ConnId, number: u32) {
        let Some(of_conn) = self.conns.get_mut(&conn) else { return };
        if let Some(at) = of_conn.iter().position(|it| it.number == number)
            && let Some(gone) = of_conn.remove(at)
        {
            self.cost -= gone.cost();
        }
        if of_conn.is_empty() {
            self.conns.remove(&conn);
        }
    }

    /// The exchange that a record of this connection is of.
    pub(super) fn of(
        &self,
        conn: ConnId,
        at: Stamp,
        direction: Direction,
        kind: RecordKind,
    ) -> Option<&ExchangeFacts> {
        pick(self.of_conn(conn)?, at, direction, kind)
    }

    /// Whether none is known.
    pub(super) fn is_empty(&self) -> bool {
        self.met.is_empty()
    }

    /// Those of a connection, in the order of their beginnings.
    pub(super) fn of_conn(&self, conn: ConnId) -> Option<&VecDeque<ExchangeFacts>> {
        self.conns.get(&conn)
    }

    /// Every exchange, the newest last.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &ExchangeFacts> {
        self.met.iter().filter_map(|(conn, number)| {
            self.conns.get(conn)?.iter().rev().find(|it| it.number == *number)
        })
    }
}

/// The one of a connection's exchanges that a record is of.
pub(super) fn pick(
    of_conn: &VecDeque<ExchangeFacts>,
    at: Stamp,
    direction: Direction,
    kind: RecordKind,
) -> Option<&ExchangeFacts> {
    let next = of_conn.partition_point(|it| it.started <= at);
    let running = next.checked_sub(1).and_then(|last| of_conn.get(last));
    let running = running.filter(|it| it.ended.is_none_or(|ended| at <= ended));
    let begins = kind == RecordKind::Data && direction == Direction::Received;
    running.or_else(|| of_conn.get(next).filter(|it| it.is_served && begins))
}

#[cfg(test)]
mod tests {
    use super::super::samples::conn_id;
    use super::*;
    use crate::model::exchange::{Exchange, ExchangeState, HttpMessage};
    use crate::model::protocol::Side;
    use std::time::Duration;

    fn exchange(side: Side, number: u32, from: u64, to: Option<u64>) -> ExchangeFacts {
        let conn = conn_id(1, 1);
        let mut exchange = Exchange::begun(side, conn, number, HttpMessage::default(), Stamp(from));
        if let Some(to) = to {
            exchange.state = ExchangeState::Complete;
            exchange.timing.total = Duration::from_nanos(to - from);
        }
        ExchangeFacts::of(&exchange)
    }

    fn of(table: &ExchangeTable, at: u64, direction: Direction, kind: RecordKind) -> Option<u32> {
        table.of(conn_id(1, 1), Stamp(at), direction, kind).map(|it| it.number)
    }

    #[test]
    fn a_record_is_of_the_exchange_that_runs_at_its_time() {
        let mut table = ExchangeTable::default();
        table.put(exchange(Side::Client, 0, 100, Some(200)));
        table.put(exchange(Side::Client, 1, 300, None));
        let data = |at| of(&table, at, Direction::Received, RecordKind::Data);
        assert_eq!(
            [50, 100, 200, 250, 300, 900].map(data),
            [None, Some(0), Some(0), None, Some(1), Some(1)]
        );
    }

    #[test]
    fn the_first_bytes_of_a_request_come_before_a_listener_knows_of_it() {
        let mut table = ExchangeTable::default();
        table.put(exchange(Side::Listener, 0, 100, Some(200)));
        table.put(exchange(Side::Listener, 1, 300, Some(400)));
        let received = |at| of(&table, at, Direction::Received, RecordKind::Data);
        assert_eq!(
            [99, 150, 299, 350, 450].map(received),
            [Some(0), Some(0), Some(1), Some(1), None]
        );
        assert_eq!(of(&table, 99, Direction::Local, RecordKind::Accepted), None);
        assert_eq!(of(&table, 250, Direction::Sent, RecordKind::Data), None);
    }

    #[test]
    fn more_about_an_exchange_takes_its_place_and_the_oldest_go() {
        let mut table = ExchangeTable::default();
        for number in 0..=MOST as u32 {
            let from = u64::from(number) * 10;
            table.put(exchange(Side::Client, number, from, None));
            table.put(exchange(Side::Client, number, from, Some(from + 5)));
        }
        assert_eq!(table.met.len(), MOST);
        let costs: usize = table.iter().take(10).map(ExchangeFacts::cost).sum();
        assert_eq!(table.cost, costs / 10 * MOST);
        assert_eq!(of(&table, 3, Direction::Sent, RecordKind::Data), None);
        assert_eq!(of(&table, 13, Direction::Sent, RecordKind::Data), Some(1));
    }
}
