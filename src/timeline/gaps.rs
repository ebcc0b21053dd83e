//! How long after others of its connection a record came.

use crate::model::answer_clock::AnswerClock;
use crate::model::record::Record;
use crate::model::timing::{Lapse, Stamp};

/// The times of one record.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RecordGaps {
    /// After the one before.
    pub delta: Lapse,
    /// Of the first bytes one way: after the last bytes the other way, which they answer.
    pub latency: Lapse,
}

/// What has to be remembered of a connection to tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GapClock {
    last: Option<Stamp>,
    answers: AnswerClock,
}

impl GapClock {
    /// Takes note of the next record of the connection.
    pub fn next(&mut self, record: &Record) -> RecordGaps {
        let since = |from: Stamp| Lapse::between(from, record.at);
        let delta = self.last.replace(record.at).map(since);
        RecordGaps { delta: delta.unwrap_or_default(), latency: self.answers.next(record) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{conn_id, fact, received, sent};
    use super::*;
    use crate::model::record::RecordKind;

    #[test]
    fn an_answer_is_as_late_as_its_first_bytes_after_the_last_that_asked() {
        let conn = conn_id(1, 1);
        let records = [
            fact(conn, 0, RecordKind::Connected, "connected"),
            sent(conn, 10, b"ask"),
            sent(conn, 30, b" more"),
            received(conn, 130, b"answer"),
            received(conn, 150, b" more"),
            fact(conn, 160, RecordKind::Closed, "closed"),
            sent(conn, 400, b"again"),
        ];
        let mut clock = GapClock::default();
        let millis = |lapse: Lapse| lapse.get().map(|it| (it.as_secs_f64() * 1e3).round() as u64);
        let told: Vec<_> = records
            .iter()
            .map(|record| clock.next(record))
            .map(|gaps| (millis(gaps.delta), millis(gaps.latency)))
            .collect();
        let expected = [
            (None, None),
            (Some(10), None),
            (Some(20), None),
            (Some(100), Some(100)),
            (Some(20), None),
            (Some(10), None),
            (Some(240), Some(250)),
        ];
        assert_eq!(told, expected);
    }
}
