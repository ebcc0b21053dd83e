//! Counters and rates per session, for the status bar and the session panes.
//!
//! Fed with every record as it enters the timeline; time comes from the records' own stamps, so
//! nothing here reads a clock. Rates are means over whole past seconds: one second of history is
//! one bucket of a ring, and a pause in traffic shows as zeros because the caller says what time
//! it is when it asks.

use std::collections::HashMap;

use super::totals::Flow;
use crate::model::id::SessionId;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Seconds of history kept for rates and sparklines.
pub const SECONDS: usize = 60;

const NANOS: u64 = 1_000_000_000;

/// Counters of everything and of each session.
#[derive(Debug, Default)]
pub struct Stats {
    total: Counters,
    sessions: HashMap<SessionId, Counters>,
}

/// Totals of both directions and the last [`SECONDS`] second by second.
#[derive(Debug, Clone)]
pub struct Counters {
    pub sent: Flow,
    pub received: Flow,
    /// Slot `second % SECONDS`; valid when the bucket names that very second.
    ring: Vec<Bucket>,
    last: Option<Stamp>,
}

/// What crossed within one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    second: u64,
    pub sent: Flow,
    pub received: Flow,
}

/// Means per second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rate {
    pub sent_records: f64,
    pub sent_bytes: f64,
    pub received_records: f64,
    pub received_bytes: f64,
}

impl Stats {
    /// Counts one record.
    pub fn count(&mut self, record: &Record) {
        self.total.count(record);
        self.sessions.entry(record.conn.session).or_default().count(record);
    }

    /// Counters over all sessions.
    pub fn total(&self) -> &Counters {
        &self.total
    }

    /// Counters of one session; `None` before its first record.
    pub fn session(&self, id: SessionId) -> Option<&Counters> {
        self.sessions.get(&id)
    }

    /// Drops the counters of a session nobody shows any more.
    pub fn forget(&mut self, id: SessionId) {
        self.sessions.remove(&id);
    }
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            sent: Flow::default(),
            received: Flow::default(),
            ring: vec![Bucket::default(); SECONDS],
            last: None,
        }
    }
}

impl Counters {
    /// Counts a data record; facts do not count.
    pub fn count(&mut self, record: &Record) {
        if record.kind != RecordKind::Data {
            return;
        }
        let second = record.at.0 / NANOS;
        self.last = self.last.max(Some(record.at));
        let slot = self.ring.get_mut((second % SECONDS as u64) as usize);
        let bucket = slot.filter(|bucket| bucket.second <= second).map(|bucket| {
            if bucket.second != second {
                *bucket = Bucket { second, ..Bucket::default() };
            }
            bucket
        });
        let add = |flow: &mut Flow| {
            flow.records += 1;
            flow.bytes = flow.bytes.saturating_add(record.original_len);
        };
        match record.direction {
            Direction::Sent => {
                add(&mut self.sent);
                if let Some(bucket) = bucket {
                    add(&mut bucket.sent);
                }
            }
            Direction::Received => {
                add(&mut self.received);
                if let Some(bucket) = bucket {
                    add(&mut bucket.received);
                }
            }
            Direction::Local => {}
        }
    }

    /// When the latest data crossed.
    pub fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// Mean over the `seconds` whole seconds before the one of `now` (at least 1, at most
    /// [`SECONDS`]` - 1`).
    pub fn rate(&self, now: Stamp, seconds: usize) -> Rate {
        let seconds = seconds.clamp(1, SECONDS - 1);
        let mut rate = Rate::default();
        for bucket in self.history(now).skip(SECONDS - 1 - seconds).take(seconds) {
            rate.sent_records += bucket.sent.records as f64;
            rate.sent_bytes += bucket.sent.bytes as f64;
            rate.received_records += bucket.received.records as f64;
            rate.received_bytes += bucket.received.bytes as f64;
        }
        let per = seconds as f64;
        Rate {
            sent_records: rate.sent_records / per,
            sent_bytes: rate.sent_bytes / per,
            received_records: rate.received_records / per,
            received_bytes: rate.received_bytes / per,
        }
    }

    /// The last [`SECONDS`] seconds, oldest first, the running second of `now` last.
    pub fn history(&self, now: Stamp) -> impl Iterator<Item = Bucket> + '_ {
        let now = now.0 / NANOS;
        (0..SECONDS as u64).map(move |step| {
            let Some(second) = (now + 1 + step).checked_sub(SECONDS as u64) else {
                return Bucket::default();
            };
            let bucket = self.ring.get((second % SECONDS as u64) as usize);
            bucket.filter(|bucket| bucket.second == second).copied().unwrap_or_default()
        })
    }

    /// Whether a rate asked for from now on is zero until new data comes, so that nothing has to
    /// be drawn again.
    pub fn is_quiet(&self, now: Stamp, seconds: usize) -> bool {
        self.last.is_none_or(|last| now.0 / NANOS > last.0 / NANOS + seconds.max(1) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{conn_id, fact, received, sent};
    use super::*;

    fn second(second: u64) -> Stamp {
        Stamp(second * NANOS)
    }

    #[test]
    fn a_rate_is_the_mean_of_whole_past_seconds() {
        let mut stats = Stats::default();
        for at in 0..30 {
            stats.count(&received(conn_id(1, 1), 10_000 + at * 100, b"abcd"));
        }
        let counters = stats.session(SessionId(1)).unwrap();
        let rate = counters.rate(second(13), 3);
        assert!((rate.received_records - 10.0).abs() < 1e-9, "{rate:?}");
        assert!((rate.received_bytes - 40.0).abs() < 1e-9);
        assert!((counters.rate(second(11), 1).received_records - 10.0).abs() < 1e-9);
        assert_eq!(stats.session(SessionId(2)).map(|c| c.received), None);
    }

    #[test]
    fn rates_fall_to_zero_and_say_so() {
        let mut counters = Counters::default();
        counters.count(&sent(conn_id(1, 1), 5_000, b"x"));
        assert!(!counters.is_quiet(second(6), 1));
        assert!(counters.rate(second(6), 1).sent_records > 0.0);
        assert!(counters.is_quiet(second(7), 1));
        assert_eq!(counters.rate(second(7), 1), Rate::default());
        assert_eq!(counters.rate(second(5_000), 59), Rate::default());
    }

    #[test]
    fn history_ends_with_the_running_second_and_a_slot_is_reused_cleanly() {
        let mut counters = Counters::default();
        counters.count(&received(conn_id(1, 1), 1_000, b"old"));
        counters.count(&received(conn_id(1, 1), 61_000, b"new!"));
        let history: Vec<Bucket> = counters.history(second(61)).collect();
        assert_eq!(history.len(), SECONDS);
        assert_eq!(history.last().unwrap().received, Flow { records: 1, bytes: 4 });
        assert_eq!(history.iter().map(|bucket| bucket.received.records).sum::<u64>(), 1);
        assert_eq!(counters.received.records, 2);
    }

    #[test]
    fn a_record_older_than_the_history_counts_in_the_totals_only() {
        let mut counters = Counters::default();
        counters.count(&received(conn_id(1, 1), 100_000, b"new"));
        counters.count(&received(conn_id(1, 1), 40_000, b"late"));
        assert_eq!(counters.received.records, 2);
        assert_eq!(counters.last(), Some(second(100)));
        assert_eq!(counters.history(second(100)).map(|b| b.received.records).sum::<u64>(), 1);
    }

    #[test]
    fn facts_do_not_count() {
        let mut counters = Counters::default();
        counters.count(&fact(conn_id(1, 1), 0, RecordKind::Closed, "closed"));
        assert_eq!((counters.sent, counters.received), Default::default());
    }
}
