//! Data records of stretches shorter than a second, for as long as all of them lie within a few seconds: what
//! lasted 50 ms is one bar in a chart of seconds.
//!
//! Filled by the statistics in any order. The stretch grows with what it has to hold, up to a second, from
//! which on there is nothing here.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::timing::Stamp;

/// Stretches that are told apart.
const STRETCHES: u64 = 1_200;
/// The shortest, in nanoseconds.
const SHORTEST: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// See the module.
#[derive(Debug)]
pub(super) struct ShortSpans {
    /// Nanoseconds of a stretch; from a second on nothing is counted any more.
    unit: u64,
    counts: BTreeMap<u64, u64>,
}

/// Stretches that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShortCounts {
    /// How long each is.
    pub(crate) unit: Duration,
    /// When the first begins.
    pub(crate) from: Stamp,
    pub(crate) counts: Vec<u64>,
}

impl Default for ShortSpans {
    fn default() -> Self {
        ShortSpans { unit: SHORTEST, counts: BTreeMap::new() }
    }
}

impl ShortSpans {
    /// A data record crossed then.
    pub(super) fn count(&mut self, at: Stamp) {
        if self.unit >= SECOND {
            return;
        }
        *self.counts.entry(at.0 / self.unit).or_default() += 1;
        while self.length() > STRETCHES {
            self.unit *= 10;
            self.counts = if self.unit < SECOND { tenfold(&self.counts) } else { BTreeMap::new() };
        }
    }

    /// All of them in no more than `room` stretches; `None` = there is nothing, or they take seconds.
    pub(super) fn told(&self, room: usize) -> Option<ShortCounts> {
        let (mut unit, mut counts) = (self.unit, self.counts.clone());
        while unit < SECOND && length(&counts) > room as u64 {
            (unit, counts) = (unit * 10, tenfold(&counts));
        }
        let (first, last) = (*counts.first_key_value()?.0, *counts.last_key_value()?.0);
        let all = (first..=last).map(|at| counts.get(&at).copied().unwrap_or(0)).collect();
        let (from, length) = (Stamp(first.saturating_mul(unit)), Duration::from_nanos(unit));
        (unit < SECOND).then_some(ShortCounts { unit: length, from, counts: all })
    }

    fn length(&self) -> u64 {
        length(&self.counts)
    }
}

/// How many there are from the first to the last.
fn length(counts: &BTreeMap<u64, u64>) -> u64 {
    let ends = counts.first_key_value().zip(counts.last_key_value());
    ends.map_or(0, |((first, _), (last, _))| last - first + 1)
}

/// The same in stretches ten times as long.
fn tenfold(counts: &BTreeMap<u64, u64>) -> BTreeMap<u64, u64> {
    let mut fewer = BTreeMap::new();
    for (at, count) in counts {
        *fewer.entry(at / 10).or_default() += count;
    }
    fewer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(millis: &[u64], room: usize) -> Option<(u128, u64, Vec<u64>)> {
        let mut spans = ShortSpans::default();
        for at in millis {
            spans.count(Stamp(at * 1_000_000));
        }
        let ShortCounts { unit, from, counts } = spans.told(room)?;
        assert_eq!(counts.iter().sum::<u64>(), millis.len() as u64, "each is in one of them");
        Some((unit.as_millis(), from.0 / 1_000_000, counts))
    }

    #[test]
    fn a_stretch_is_as_short_as_there_is_room_for_and_from_a_second_on_there_is_none() {
        assert_eq!(told(&[], 10), None);
        assert_eq!(told(&[5_001], 10), Some((1, 5_001, vec![1])));
        assert_eq!(told(&[5_003, 5_001, 5_001], 10), Some((1, 5_001, vec![2, 0, 1])));
        assert_eq!(told(&[5_001, 5_049], 10), Some((10, 5_000, vec![1, 0, 0, 0, 1])));
        assert_eq!(told(&[995, 1_000], 10), Some((1, 995, vec![1, 0, 0, 0, 0, 1])));
        let (unit, from, counts) = told(&[1_000, 4_999], 60).unwrap();
        assert_eq!((unit, from, counts.len()), (100, 1_000, 40));
        assert_eq!(told(&[1_000, 4_999], 5), None, "seconds are enough");
        assert_eq!(told(&[0, 3_600_000], 120), None);
        assert_eq!(told(&[5_001], 0), None, "no room at all");
    }

    #[test]
    fn what_comes_in_any_order_is_bounded() {
        let mut spans = ShortSpans::default();
        for at in (0..500_000).rev() {
            spans.count(Stamp(at * 777_777));
            assert!(spans.length() <= STRETCHES);
        }
        assert_eq!(spans.told(120), None);
    }
}
