//! What crosses in both directions: how much in all, and how much per second. The one place where
//! records are added up.
//!
//! Fed with every record as it enters the timeline; time comes from the records' own stamps, so
//! nothing here reads a clock. Rates are means over whole past seconds: one second of history is
//! one bucket of a ring, and a pause in traffic shows as zeros because the caller says what time
//! it is when it asks.

use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Seconds of history.
const SECONDS: u64 = 60;

const NANOS: u64 = 1_000_000_000;

/// Number of records and bytes in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Volume {
    /// Data records: reads, writes or datagrams.
    pub records: u64,
    /// Bytes that crossed the socket, whether we still keep them or not.
    pub bytes: u64,
}

/// What crossed in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub sent: Volume,
    pub received: Volume,
}

impl Totals {
    /// Adds a data record; facts do not count.
    pub(crate) fn count(&mut self, record: &Record) {
        let flow = match (record.kind, record.direction) {
            (RecordKind::Data, Direction::Sent) => &mut self.sent,
            (RecordKind::Data, Direction::Received) => &mut self.received,
            _ => return,
        };
        flow.records += 1;
        flow.bytes = flow.bytes.saturating_add(record.original_len);
    }
}

/// The last `SECONDS` second by second.
#[derive(Debug)]
pub struct Rates {
    /// Slot `second % SECONDS`: a second and what crossed within it.
    ring: [(u64, Totals); SECONDS as usize],
    last: Option<Stamp>,
}

/// Mean data records per second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rate {
    pub sent: f64,
    pub received: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Rates { ring: [(0, Totals::default()); SECONDS as usize], last: None }
    }
}

impl Rates {
    /// Counts a data record; facts do not count.
    pub(super) fn count(&mut self, record: &Record) {
        if record.kind != RecordKind::Data {
            return;
        }
        let second = record.at.0 / NANOS;
        self.last = self.last.max(Some(record.at));
        let bucket = &mut self.ring[(second % SECONDS) as usize];
        if bucket.0 < second {
            *bucket = (second, Totals::default());
        }
        // A record that came too late for the history has its place taken.
        if bucket.0 == second {
            bucket.1.count(record);
        }
    }

    /// Mean over the `seconds` whole seconds before the one of `now` (from 1 to 59).
    pub(crate) fn rate(&self, now: Stamp, seconds: u64) -> Rate {
        let (now, seconds) = (now.0 / NANOS, seconds.clamp(1, SECONDS - 1));
        let past = now.saturating_sub(seconds)..now;
        let mean = |of: fn(&Totals) -> Volume| {
            let known = self.ring.iter().filter(|(second, _)| past.contains(second));
            let sum: u64 = known.map(|(_, totals)| of(totals).records).sum();
            sum as f64 / seconds as f64
        };
        Rate { sent: mean(|totals| totals.sent), received: mean(|totals| totals.received) }
    }

    /// Data records of each of the `seconds` whole seconds up to the last in which there were some, the
    /// oldest first (at most 59): what is shown of it changes with what comes, and never by itself.
    pub(crate) fn history(&self, now: Stamp, seconds: u64) -> Vec<u64> {
        let Some(last) = self.last else { return Vec::new() };
        let end = (last.0 / NANOS + 1).min(now.0 / NANOS);
        let first = end.saturating_sub(seconds.min(SECONDS - 1));
        let count = |second: u64| match self.ring[(second % SECONDS) as usize] {
            (known, totals) if known == second => totals.sent.records + totals.received.records,
            _ => 0,
        };
        (first..end).map(count).collect()
    }

    /// Whether a rate asked for from now on is zero until new data comes, so that nothing has to
    /// be drawn again.
    pub(crate) fn is_quiet(&self, now: Stamp, seconds: u64) -> bool {
        self.last.is_none_or(|last| now.0 / NANOS > last.0 / NANOS + seconds.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{conn_id, fact, received, sent};
    use super::*;

    fn second(second: u64) -> Stamp {
        Stamp(second * NANOS)
    }

    fn of(records: impl IntoIterator<Item = Record>) -> Rates {
        let mut rates = Rates::default();
        records.into_iter().for_each(|record| rates.count(&record));
        rates
    }

    #[test]
    fn a_rate_is_the_mean_of_whole_past_seconds() {
        let rates = of((0..30).map(|at| received(conn_id(1, 1), 10_000 + at * 100, b"abcd")));
        let rate = rates.rate(second(13), 3);
        assert!((rate.received - 10.0).abs() < 1e-9, "{rate:?}");
        assert!((rates.rate(second(11), 1).received - 10.0).abs() < 1e-9);
    }

    #[test]
    fn the_history_ends_with_the_last_second_that_had_something_and_stays_so() {
        let at = |second: u64| received(conn_id(1, 1), second * 1_000, b"x");
        let rates = of([at(1), at(8), at(8), at(10)]);
        let history = |now, seconds| rates.history(second(now), seconds);
        assert_eq!(history(10, 3), [0, 2, 0], "the running second is left out");
        assert_eq!(history(11, 3), [2, 0, 1]);
        assert_eq!(history(11, 3), history(5_000, 3), "an idle screen stays as it is");
        assert_eq!(history(61, 500).len(), 11);
        assert!(of([]).history(second(9), 5).is_empty());
    }

    #[test]
    fn rates_fall_to_zero_and_say_so() {
        let rates = of([sent(conn_id(1, 1), 5_000, b"x")]);
        assert!(!rates.is_quiet(second(6), 1));
        assert!(rates.rate(second(6), 1).sent > 0.0);
        assert!(rates.is_quiet(second(7), 1));
        assert_eq!(rates.rate(second(7), 1), Rate::default());
        assert_eq!(rates.rate(second(5_000), 59), Rate::default());
    }

    #[test]
    fn the_running_second_does_not_count_and_a_slot_is_reused_cleanly() {
        let at = |second: u64| received(conn_id(1, 1), second * 1_000, b"x");
        let rates = of([at(1), at(61)]);
        assert_eq!(rates.rate(second(61), 59), Rate::default());
        assert!((rates.rate(second(62), 1).received - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_record_older_than_the_history_changes_no_rate() {
        let at = |second: u64| received(conn_id(1, 1), second * 1_000, b"x");
        let rates = of([at(100), at(40)]);
        assert!((rates.rate(second(101), 1).received - 1.0).abs() < 1e-9);
        assert!(rates.is_quiet(second(102), 1), "the newest record decides");
    }

    #[test]
    fn facts_do_not_count() {
        let rates = of([fact(conn_id(1, 1), 0, RecordKind::Closed, "closed")]);
        assert!(rates.is_quiet(second(0), 1));
        assert_eq!(rates.rate(second(1), 1), Rate::default());
    }
}
