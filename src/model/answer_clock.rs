//! How long an answer took, of bytes that nobody tells requests and answers apart in.
//!
//! The rule is one: the first bytes one way come so long **after** the last bytes the other way. More of
//! them have no time of their own. Where requests are sent before the answer to the one before came, it is
//! no time *of* a request, which nobody can tell here.

use std::collections::HashMap;

use super::id::ConnId;
use super::record::{ConnInfo, Direction, Record, RecordKind};
use super::timing::{Lapse, Stamp};

/// Connections that are remembered at once.
const CONNS: usize = 65_536;

/// What has to be remembered of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnswerClock {
    /// Of the newest record that was bytes.
    last: Option<(Stamp, Direction)>,
}

impl AnswerClock {
    /// Takes note of the next record; how long after the bytes the other way it came, if it is the
    /// first of its way.
    pub fn next(&mut self, record: &Record) -> Lapse {
        if record.kind != RecordKind::Data {
            return Lapse::NONE;
        }
        let before = self.last.replace((record.at, record.direction));
        let turned = before.filter(|(_, direction)| *direction != record.direction);
        turned.map_or(Lapse::NONE, |(at, _)| Lapse::between(at, record.at))
    }
}

/// The clocks of all connections.
#[derive(Debug, Default)]
pub struct AnswerClocks(HashMap<ConnId, AnswerClock>);

impl AnswerClocks {
    /// Takes note of the next record of its connection; the same as [`AnswerClock::next`].
    pub fn next(&mut self, record: &Record) -> Lapse {
        if self.0.len() >= CONNS && !self.0.contains_key(&record.conn) {
            self.0.clear();
        }
        self.0.entry(record.conn).or_default().next(record)
    }

    /// The connection has no records any more.
    pub fn over(&mut self, conn: ConnId) {
        self.0.remove(&conn);
    }
}

impl ConnInfo {
    /// Whether bytes that go this way come from who was connected to, and so answer; else they ask.
    #[must_use]
    pub fn answers(&self, direction: Direction) -> bool {
        match direction {
            Direction::Sent => self.is_accepted(),
            Direction::Received => !self.is_accepted(),
            Direction::Local => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{Received, Sent};
    use super::*;
    use crate::model::id::SessionId;

    #[test]
    fn of_pipelined_requests_only_the_first_answer_has_a_time_and_connections_are_apart() {
        let record = |index, at: u64, direction| {
            let conn = SessionId(1).conn(index);
            Record::new(Stamp(at * 1_000_000), conn, direction, RecordKind::Data, "x".into())
        };
        let records = [
            record(1, 0, Sent),
            record(1, 5, Sent),
            record(2, 6, Received),
            record(1, 9, Received),
            record(1, 11, Received),
            record(2, 16, Sent),
            record(1, 20, Sent),
        ];
        let mut clocks = AnswerClocks::default();
        let millis = |lapse: Lapse| lapse.get().map(|it| it.as_millis());
        let told: Vec<_> = records.iter().map(|it| millis(clocks.next(it))).collect();
        assert_eq!(told, [None, None, None, Some(4), None, Some(10), Some(9)]);
        clocks.over(SessionId(1).conn(1));
        assert_eq!(millis(clocks.next(&record(1, 30, Received))), None);
    }
}
