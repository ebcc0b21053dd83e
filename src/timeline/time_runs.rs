//! How much there was when: runs of records close to each other, for a strip that shows a whole timeline.
//!
//! ```text
//!   time   ·····▪▪▪▪▪▪▪▪··▪▪▪▪▪▪▪▪▪······▪·········▪▪▪▪▪···
//!   runs        └──────┘  └───────┘      └         └───┘      64 records each at most
//! ```
//! Kept up with every record that comes and goes, so that nobody looks at a million of them to draw a frame.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::id::RecordId;
use crate::model::timing::Stamp;

/// Records of a run at most.
const RUN_RECORDS: u32 = 64;
/// A longer silence begins another run.
const SILENCE: Duration = Duration::from_millis(50);

/// How many records, and whether something failed among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpanCount {
    pub records: u64,
    pub errors: u64,
}

/// Records with consecutive numbers that came one soon after the other.
#[derive(Debug, Clone, Copy)]
struct TimeRun {
    from: Stamp,
    to: Stamp,
    last: RecordId,
    records: u32,
    errors: u32,
}

/// In which of so many equal spans from one time to another, both included, a time lies.
#[must_use]
pub(crate) fn span_of((from, to): (Stamp, Stamp), at: Stamp, spans: usize) -> usize {
    let length = to.0.saturating_sub(from.0) as f64 + 1.0;
    let before = at.0.saturating_sub(from.0) as f64;
    ((before / length * spans as f64) as usize).min(spans.saturating_sub(1))
}

/// The runs of a list of records, in the order of their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct TimeRuns(VecDeque<TimeRun>);

impl TimeRun {
    fn of(id: RecordId, at: Stamp, is_error: bool) -> Self {
        TimeRun { from: at, to: at, last: id, records: 1, errors: is_error.into() }
    }

    /// Whether a record of this time belongs to it.
    fn takes(&self, at: Stamp) -> bool {
        let is_near = at.since(self.to) <= SILENCE && self.from.since(at) <= SILENCE;
        self.records < RUN_RECORDS && is_near
    }

    fn add(&mut self, at: Stamp, is_error: bool) {
        self.from = self.from.min(at);
        self.to = self.to.max(at);
        self.records += 1;
        self.errors += u32::from(is_error);
    }
}

impl TimeRuns {
    /// Counts a record behind all others.
    pub(super) fn push(&mut self, id: RecordId, at: Stamp, is_error: bool) {
        match self.0.back_mut() {
            Some(run) if run.takes(at) => {
                run.add(at, is_error);
                run.last = id;
            }
            _ => self.0.push_back(TimeRun::of(id, at, is_error)),
        }
    }

    /// Counts a record before all others.
    pub(super) fn push_front(&mut self, id: RecordId, at: Stamp, is_error: bool) {
        match self.0.front_mut() {
            Some(run) if run.takes(at) => run.add(at, is_error),
            _ => self.0.push_front(TimeRun::of(id, at, is_error)),
        }
    }

    /// Counts a record among the others, or no more.
    pub(super) fn change(&mut self, id: RecordId, is_there: bool) {
        let at = self.0.partition_point(|run| run.last < id);
        if let Some(run) = self.0.get_mut(at) {
            run.records = run.records.saturating_add_signed(if is_there { 1 } else { -1 });
        }
    }

    /// It turned out that something of this time went wrong.
    pub(super) fn failed(&mut self, at: Stamp) {
        let place = self.0.partition_point(|run| run.to < at);
        if let Some(run) = self.0.get_mut(place) {
            run.errors = (run.errors + 1).min(run.records);
        }
    }

    /// Records before this one went.
    pub(super) fn forget_before(&mut self, first: RecordId) {
        while self.0.front().is_some_and(|run| run.last < first) {
            self.0.pop_front();
        }
    }

    /// All of them went.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What came from one time to another, both included, in so many spans of equal length.
    pub(super) fn spread(&self, (from, to): (Stamp, Stamp), spans: usize) -> Vec<SpanCount> {
        let mut counts = vec![SpanCount::default(); spans];
        let Some(last) = spans.checked_sub(1) else { return counts };
        let span = |at| span_of((from, to), at, spans).min(last);
        for run in self.0.iter().filter(|run| run.to >= from && run.from <= to) {
            let (begin, end) = (span(run.from), span(run.to));
            let over = (end - begin + 1) as u64;
            let (each, rest) = (u64::from(run.records) / over, u64::from(run.records) % over);
            for (at, count) in counts.iter_mut().skip(begin).take(over as usize).enumerate() {
                count.records += each + u64::from((at as u64) < rest);
            }
            // Where in the run it went wrong is not known: its end is nearest.
            if let Some(count) = counts.get_mut(end) {
                count.errors += u64::from(run.errors);
            }
        }
        counts
    }

    /// How many runs there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Stamp {
        Stamp(millis * 1_000_000)
    }

    fn records(runs: &TimeRuns, from: u64, to: u64, spans: usize) -> Vec<u64> {
        runs.spread((at(from), at(to)), spans).iter().map(|count| count.records).collect()
    }

    #[test]
    fn every_record_is_counted_once_in_its_span_whichever_end_it_came_to() {
        let (mut forward, mut backward) = (TimeRuns::default(), TimeRuns::default());
        for n in 0..1_000 {
            forward.push(RecordId(n), at(n * 10), n == 990);
            backward.push_front(RecordId(999 - n), at((999 - n) * 10), n == 9);
        }
        for runs in [&forward, &backward] {
            assert!(runs.len() < 1_000 / 50);
            let counts = records(runs, 0, 9_999, 10);
            assert_eq!(counts.iter().sum::<u64>(), 1_000);
            assert!(counts.iter().all(|count| (60..140).contains(count)), "{counts:?}");
            let errors = runs.spread((at(0), at(9_999)), 10);
            assert_eq!(errors[9].errors, 1);
        }
        assert!(records(&forward, 0, 9_999, 0).is_empty());
    }

    #[test]
    fn silence_ends_a_run_so_that_single_records_stand_where_they_were() {
        let mut runs = TimeRuns::default();
        for n in 0..10 {
            runs.push(RecordId(n), at(n * 1_000), false);
        }
        assert_eq!(records(&runs, 0, 9_999, 10), [1; 10]);
        assert_eq!(records(&runs, 2_000, 4_999, 3), [1, 1, 1]);
    }

    #[test]
    fn what_went_and_what_changed_is_counted_no_more() {
        let mut runs = TimeRuns::default();
        for n in 0..300 {
            runs.push(RecordId(n), at(n), false);
        }
        runs.forget_before(RecordId(200));
        let left: u64 = records(&runs, 0, 299, 1).iter().sum();
        assert!((100..=164).contains(&left), "whole runs go: {left}");
        runs.change(RecordId(250), false);
        runs.failed(at(260));
        let counts = runs.spread((at(0), at(299)), 1)[0];
        assert_eq!((counts.records, counts.errors), (left - 1, 1));
        runs.clear();
        assert_eq!(records(&runs, 0, 299, 1), [0]);
    }
}
