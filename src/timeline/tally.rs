//! What is added up of a group of records: how many, how much each way, errors, sizes, latencies.
//!
//! Latencies go into a log-linear histogram: each doubling is cut into 16 equal steps, and what is told of
//! a step is its middle, so a percentile is off by [`LATENCY_ERROR`] at most, whatever was measured, in
//! memory that does not grow. The fastest and the slowest are exact.

use std::time::Duration;

use super::totals::Totals;
#[cfg(test)]
use crate::model::record::Record;
use crate::model::record::{Direction, RecordKind};
use crate::model::timing::Stamp;

/// How far a percentile may be off: half a sixteenth.
pub(crate) const LATENCY_ERROR: &str = "±3 %";
/// Steps of each doubling, as a power of two.
const FINE: u32 = 4;
const STEPS: u64 = 1 << FINE;
/// Above it (two hours and a half) all fall into the last step.
const HIGHEST: u64 = (1 << 43) - 1;
/// Steps in all.
const BUCKETS: usize = (43 - FINE as usize + 1) * STEPS as usize;

/// Sizes up to these, and larger ones.
pub(crate) const SIZES: [u64; 7] = [64, 256, 1_024, 4_096, 16_384, 65_536, 1_048_576];

/// How long answers took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Latencies {
    /// Empty before the first.
    buckets: Vec<u32>,
    pub(crate) count: u64,
    lowest: u64,
    highest: u64,
}

impl Latencies {
    /// Adds one, in nanoseconds.
    pub(crate) fn add(&mut self, nanos: u64) {
        if self.buckets.is_empty() {
            self.buckets = vec![0; BUCKETS];
            self.lowest = nanos;
        }
        if let Some(bucket) = self.buckets.get_mut(bucket_of(nanos)) {
            *bucket = bucket.saturating_add(1);
        }
        self.count += 1;
        self.lowest = self.lowest.min(nanos);
        self.highest = self.highest.max(nanos);
    }

    /// Adds what others counted.
    pub(crate) fn merge(&mut self, other: &Latencies) {
        if other.count == 0 {
            return;
        }
        if self.buckets.is_empty() {
            return self.clone_from(other);
        }
        for (own, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *own = own.saturating_add(*more);
        }
        self.count += other.count;
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
    }

    /// The time that so many of a thousand did not exceed, 1,000 being the slowest.
    pub(crate) fn quantile(&self, of_thousand: u64) -> Option<Duration> {
        if self.count == 0 {
            return None;
        }
        let wanted = (self.count * of_thousand).div_ceil(1_000).max(1);
        let mut seen = 0;
        let at = self.buckets.iter().position(|bucket| {
            seen += u64::from(*bucket);
            seen >= wanted
        });
        let nanos = match at {
            _ if wanted >= self.count => self.highest,
            Some(at) => middle_of(at).clamp(self.lowest, self.highest),
            None => self.highest,
        };
        Some(Duration::from_nanos(nanos))
    }
}

fn bucket_of(nanos: u64) -> usize {
    let nanos = nanos.min(HIGHEST);
    if nanos < STEPS {
        return nanos as usize;
    }
    let doublings = nanos.ilog2() - FINE;
    ((u64::from(doublings) << FINE) + (nanos >> doublings)) as usize
}

fn middle_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket;
    }
    let doublings = (bucket >> FINE) - 1;
    let first = ((bucket & (STEPS - 1)) + STEPS) << doublings;
    first + (1 << doublings) / 2
}

/// What crossed in a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Records of any kind.
    pub(crate) records: u64,
    pub(crate) totals: Totals,
    pub(crate) errors: u64,
    pub(crate) latencies: Latencies,
    /// Data records by how large they are; see [`SIZES`].
    pub(crate) sizes: [u64; SIZES.len() + 1],
    first: Option<Stamp>,
    last: Option<Stamp>,
}

/// What a tally takes of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tallied {
    pub(crate) at: Stamp,
    pub(crate) kind: RecordKind,
    pub(crate) direction: Direction,
    pub(crate) len: u64,
    pub(crate) is_error: bool,
    /// Of the first bytes of an answer, in nanoseconds.
    pub(crate) latency: Option<u64>,
}

impl Tally {
    /// Adds a record.
    pub(crate) fn count(&mut self, it: Tallied) {
        self.records += 1;
        self.errors += u64::from(it.is_error);
        self.first = Some(self.first.map_or(it.at, |first| first.min(it.at)));
        self.last = self.last.max(Some(it.at));
        let volume = match (it.kind, it.direction) {
            (RecordKind::Data, Direction::Sent) => &mut self.totals.sent,
            (RecordKind::Data, Direction::Received) => &mut self.totals.received,
            _ => return,
        };
        volume.records += 1;
        volume.bytes = volume.bytes.saturating_add(it.len);
        if let Some(size) = self.sizes.get_mut(SIZES.partition_point(|most| *most < it.len)) {
            *size += 1;
        }
        if let Some(latency) = it.latency {
            self.latencies.add(latency);
        }
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn merge(&mut self, other: &Tally) {
        self.records += other.records;
        self.errors += other.errors;
        for (own, more) in [
            (&mut self.totals.sent, other.totals.sent),
            (&mut self.totals.received, other.totals.received),
        ] {
            own.records += more.records;
            own.bytes = own.bytes.saturating_add(more.bytes);
        }
        self.latencies.merge(&other.latencies);
        for (own, more) in self.sizes.iter_mut().zip(other.sizes) {
            *own += more;
        }
        self.first = match (self.first, other.first) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
        self.last = self.last.max(other.last);
    }

    /// When the last record came.
    pub(crate) fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// Bytes both ways.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> u64 {
        self.totals.sent.bytes.saturating_add(self.totals.received.bytes)
    }

    /// Data records a second, from the first record to the last; of less than a second what there is.
    pub(crate) fn rate(&self) -> f64 {
        let (Some(first), Some(last)) = (self.first, self.last) else { return 0.0 };
        let count = (self.totals.sent.records + self.totals.received.records) as f64;
        count / last.since(first).as_secs_f64().max(1.0)
    }
}

impl Tallied {
    /// A record of which only itself is known.
    #[cfg(test)]
    pub(crate) fn of(record: &Record, latency: Option<u64>) -> Self {
        let Record { at, kind, direction, original_len: len, .. } = *record;
        let is_error = matches!(kind, RecordKind::Failed | RecordKind::Reset);
        Tallied { at, kind, direction, len, is_error, latency }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{conn_id, fact, received, sent};
    use super::*;

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn a_percentile_is_off_by_no_more_than_is_said(
            mut all in prop::collection::vec(prop_oneof![0..100_u64, 0..HIGHEST], 1..200),
            of_thousand in 1..=1_000_u64,
        ) {
            let mut latencies = Latencies::default();
            for nanos in &all {
                latencies.add(*nanos);
            }
            all.sort_unstable();
            let rank = (all.len() as u64 * of_thousand).div_ceil(1_000).max(1);
            let exact = all[rank as usize - 1] as f64;
            let told = latencies.quantile(of_thousand).unwrap().as_nanos() as f64;
            prop_assert!((told - exact).abs() <= exact * 0.032 + 0.5, "{told} for {exact}");
        }

        #[test]
        fn what_is_merged_is_what_was_counted_together(
            all in prop::collection::vec((0..1_000_000_u64, any::<bool>()), 0..60),
        ) {
            let (mut one, mut other, mut both) = (Tally::default(), Tally::default(), Tally::default());
            for (at, (nanos, is_first)) in all.into_iter().enumerate() {
                let record = received(conn_id(1, 1), at as u64, b"abc");
                let it = Tallied::of(&record, Some(nanos));
                if is_first { one.count(it) } else { other.count(it) }
                both.count(it);
            }
            one.merge(&other);
            prop_assert_eq!(one, both);
        }
    }

    #[test]
    fn a_tally_says_what_crossed_and_how_large_it_was() {
        let conn = conn_id(1, 1);
        let mut tally = Tally::default();
        let large = vec![0; 300];
        for (record, latency) in [
            (fact(conn, 0, RecordKind::Connected, "connected"), None),
            (sent(conn, 0, b"ask"), None),
            (received(conn, 2_000, &large), Some(2_000_000_000)),
            (received(conn, 4_000, b""), None),
            (fact(conn, 4_000, RecordKind::Reset, "reset"), None),
        ] {
            tally.count(Tallied::of(&record, latency));
        }
        assert_eq!((tally.records, tally.errors, tally.bytes()), (5, 1, 303));
        assert_eq!(tally.sizes, [2, 0, 1, 0, 0, 0, 0, 0]);
        assert_eq!(tally.latencies.quantile(500), Some(Duration::from_secs(2)));
        assert!((tally.rate() - 0.75).abs() < 1e-9);
        assert_eq!(Tally::default().latencies.quantile(500), None);
    }
}
