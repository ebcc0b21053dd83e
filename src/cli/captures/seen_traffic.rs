//! Traffic that is kept in memory while a program has the terminal, to be looked at when it has ended.
//!
//! It is a timeline as the workbench has one, so it has the same bound, and counts what went the same way.
//! What is in it belongs to no session of the run it is looked at in, as what is read from a file.

use bytes::Bytes;

use super::seen_exchanges::SeenExchanges;
use crate::cli::signal_name::by_signal;
use crate::engine::event::{Batch, Event};
use crate::model::counts::counted;
use crate::model::exchange::ExchangeState;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::id::{ConnId, SessionId};
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::timeline::Timeline;

/// What was seen so far.
#[derive(Debug, Default)]
pub struct SeenTraffic {
    timeline: Timeline,
    /// Requests that are over.
    exchanges: u64,
    kept: SeenExchanges,
    /// The signal that ended the program, where one did.
    signal: Option<i32>,
}

fn of_no_session(conn: ConnId) -> ConnId {
    SessionId::FOREIGN.conn(conn.index)
}

impl SeenTraffic {
    /// Takes in what happened.
    pub(super) fn take_in(&mut self, event: &Event) {
        match event {
            Event::Traffic(batch) => self.on_traffic(batch),
            Event::Exchange(exchange) => {
                if exchange.state != ExchangeState::Active {
                    self.exchanges += 1;
                    self.kept.push(exchange, of_no_session(exchange.conn));
                }
                let mut facts = ExchangeFacts::of(exchange);
                facts.conn = of_no_session(facts.conn);
                self.timeline.exchange(facts);
            }
            Event::PeerFound { conn, owner, .. } => {
                self.timeline.found(of_no_session(*conn), owner.clone());
            }
            _ => {}
        }
    }

    /// The program is over, by this signal where it did not end by itself.
    pub(crate) fn program_ended(&mut self, signal: Option<i32>) {
        self.signal = signal;
    }

    fn on_traffic(&mut self, batch: &Batch) {
        for info in &batch.conns {
            let mut info = info.clone();
            info.id = of_no_session(info.id);
            if let Some(pair) = &mut info.pair {
                (pair.client, pair.target) =
                    (of_no_session(pair.client), of_no_session(pair.target));
            }
            self.timeline.connect(info);
        }
        for record in &batch.records {
            let conn = of_no_session(record.conn);
            self.timeline.push(Record { conn, ..record.clone() });
        }
        for conn in &batch.over {
            self.timeline.end_conn(of_no_session(*conn));
        }
    }

    /// The timeline, whose last row says how it ended, that in words, and its exchanges.
    #[must_use]
    pub fn ended(
        mut self,
        program: &str,
        status: u8,
        at: Stamp,
    ) -> (Timeline, String, SeenExchanges) {
        let end = match self.signal {
            None => format!("{program} ended with exit status {status}"),
            Some(signal) => {
                format!("{program} was ended by {} (exit status {status})", by_signal(signal))
            }
        };
        let (conn, data) = (SessionId::FOREIGN.itself(), Bytes::from(end.clone()));
        self.timeline.push(Record::new(at, conn, Direction::Local, RecordKind::Note, data));
        let exchanges = counted(self.exchanges, "request");
        (self.timeline, format!("{end}; {exchanges}"), self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::record::{ConnInfo, RelayPair};

    #[test]
    fn what_was_seen_belongs_to_no_session_keeps_its_numbers_and_ends_with_the_status() {
        let of = |index| SessionId(1).conn(index);
        let pair = Some(RelayPair { client: of(4), target: of(5) });
        let (protocol, side) = (Protocol::Http, Side::Relay);
        let conn = ConnInfo { pair, ..ConnInfo::new(of(4), protocol, side) };
        let record =
            Record::new(Stamp(7), of(4), Direction::Received, RecordKind::Data, "GET".into());
        let mut seen = SeenTraffic::default();
        let batch = Batch { conns: vec![conn], records: vec![record], ..Batch::default() };
        seen.take_in(&Event::Traffic(batch));
        let (timeline, words, _) = seen.ended("curl", 22, Stamp(9));
        assert_eq!(words, "curl ended with exit status 22; 0 requests");
        let id = SessionId::FOREIGN.conn(4);
        assert_eq!(timeline.conn(id).unwrap().pair.unwrap().target, SessionId::FOREIGN.conn(5));
        let rows: Vec<_> = timeline.range(timeline.first(), timeline.next_id()).collect();
        assert_eq!((rows.len(), rows[0].1.conn, rows[0].1.at), (2, id, Stamp(7)));
        assert_eq!(rows[1].1.data, "curl ended with exit status 22");
    }
    #[test]
    fn a_signal_that_ended_the_program_is_named() {
        let words = |signal, status| {
            let mut seen = SeenTraffic::default();
            seen.program_ended(signal);
            seen.ended("sh", status, Stamp(9)).1
        };
        assert_eq!(words(Some(2), 130), "sh was ended by SIGINT (exit status 130); 0 requests");
        let rare = words(Some(40), 168);
        assert_eq!(rare, "sh was ended by signal 40 (exit status 168); 0 requests");
        assert_eq!(words(None, 130), "sh ended with exit status 130; 0 requests");
    }
}
