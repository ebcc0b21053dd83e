//! The rows of the Traffic pane: ids of the records a filter lets through, oldest first.
//!
//! The empty filter needs no list at all; any other keeps eight bytes per match. A new filter is
//! applied from the newest record backwards in steps of bounded work, so the screen shows the
//! latest matches at once and no key waits for a million records.
//!
//! ```text
//!   timeline:   kept pins | first ........ low ......... high ... next_id
//!                         |  not yet seen   |  examined   |  new, extend()
//!                         |  rebuild_step() |
//! ```

use std::collections::VecDeque;

use super::selector::Selector;
use super::store::Timeline;
use super::time_runs::{SpanCount, TimeRuns, span_of};
use crate::model::id::{ConnId, RecordId};
use crate::model::record::{Record, RecordKind};
use crate::model::timing::Stamp;
use crate::query::Filter;

/// Work of one [`rebuild_step`](Listing::rebuild_step) that stays within about two milliseconds:
/// bytes of payload to look through, with a little for each record and connection on top.
pub const STEP_WORK: usize = 2 * 1024 * 1024;

/// Records looked at again when more is known of an exchange: those that came while it ran.
const RECHECKED: usize = 65_536;

/// Up to so many rows are looked at one by one for a strip of time, with every frame.
const EXACT: usize = 2_000;

/// Whether a rebuild has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Rebuild {
    Done,
    /// Call again.
    More,
}

/// A filtered view of a timeline. Call [`extend`](Listing::extend) after every push.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    filter: Filter,
    /// Matching pinned records older than the timeline's first.
    kept: Vec<RecordId>,
    kept_version: u64,
    /// Matches among `low..high`; unused by the empty filter, which lets all of them through.
    matches: VecDeque<RecordId>,
    low: RecordId,
    high: RecordId,
    /// Records below `low` are still to be examined.
    rebuilding: bool,
    /// Nothing is on it but what the filter lets through.
    is_strict: bool,
    /// When the matches came; unused by the empty filter.
    times: TimeRuns,
}

impl Listing {
    /// One without the rows about losses, which others show whatever the filter is.
    pub(crate) fn of_hits() -> Self {
        Listing { is_strict: true, ..Listing::default() }
    }

    /// The filter in force.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Changes the filter. Records that arrive from now on are examined by `extend`, those
    /// already there by `rebuild_step`, newest first.
    pub fn set_filter(&mut self, filter: Filter, timeline: &Timeline) {
        self.filter = filter;
        self.matches.clear();
        self.times.clear();
        self.kept.clear();
        self.high = timeline.next_id();
        self.low = self.high;
        self.rebuilding = true;
        if self.filter.is_everything() {
            self.finish_rebuild(timeline);
        }
    }

    /// Examines records below those already examined, as long as `work` lasts (see
    /// [`STEP_WORK`]).
    pub fn rebuild_step(&mut self, timeline: &Timeline, work: usize) -> Rebuild {
        if !self.rebuilding {
            return Rebuild::Done;
        }
        let mut selector = Selector::new(&self.filter, timeline);
        let is_strict = self.is_strict;
        for record in timeline.log.range(timeline.first(), self.low).rev() {
            self.low = record.id;
            if selector.shows(&record, is_strict) {
                self.matches.push_front(record.id);
                self.times.push_front(record.id, record.stored.at, timeline.went_wrong(record));
            }
            if selector.work >= work {
                break;
            }
        }
        if self.low > timeline.first() {
            return Rebuild::More;
        }
        self.finish_rebuild(timeline);
        Rebuild::Done
    }

    /// Whether every record was examined.
    pub fn is_complete(&self) -> bool {
        !self.rebuilding
    }

    /// Takes in the records that came since the last call and lets go of evicted ones. Linear in
    /// what came and went.
    pub fn extend(&mut self, timeline: &Timeline) {
        self.prune(timeline);
        if !self.filter.is_everything() {
            let mut selector = Selector::new(&self.filter, timeline);
            let is_strict = self.is_strict;
            let came = timeline.log.range(self.high, timeline.next_id());
            for record in came.filter(|it| selector.shows(it, is_strict)) {
                self.matches.push_back(record.id);
                self.times.push(record.id, record.stored.at, timeline.went_wrong(record));
            }
        }
        self.high = timeline.next_id();
    }

    /// More is known of an exchange: records of its connection from then on are looked at again.
    pub(crate) fn recheck(&mut self, timeline: &Timeline, conn: ConnId, from: Stamp) {
        if self.filter.reads().exchange {
            self.decide_anew(timeline, conn, from);
        }
    }

    /// It was found whose the peer of a connection is: its records are looked at again.
    pub(crate) fn owner_found(&mut self, timeline: &Timeline, conn: ConnId, from: Stamp) {
        if self.filter.reads().owner {
            self.extend(timeline);
            self.take_kept(timeline);
            self.decide_anew(timeline, conn, from);
        }
    }

    /// It was learned where a relay leads a connection to: its records are looked at again.
    pub(crate) fn target_known(&mut self, timeline: &Timeline, conn: ConnId, from: Stamp) {
        if self.filter.asks_target() {
            self.decide_anew(timeline, conn, from);
        }
    }

    fn decide_anew(&mut self, timeline: &Timeline, conn: ConnId, from: Stamp) {
        for (id, is_shown) in timeline.decided(&self.filter, conn, from, RECHECKED) {
            self.decide(id, is_shown);
        }
    }

    /// A mark or comment of this record is another.
    pub(crate) fn recheck_one(&mut self, timeline: &Timeline, id: RecordId) {
        self.extend(timeline);
        let reads = self.filter.reads();
        if !(reads.mark || reads.comment) {
            return;
        }
        self.take_kept(timeline);
        if let Some(record) = timeline.get(id) {
            self.decide(id, self.shows(timeline, id, &record));
        }
    }

    /// Whether a record is on the list: one that the filter lets through, or that something is missing.
    fn shows(&self, timeline: &Timeline, id: RecordId, record: &Record) -> bool {
        (record.kind == RecordKind::Lost && !self.is_strict)
            || timeline.matches(&self.filter, id, record)
    }

    /// Shows a record of those examined, or not.
    fn decide(&mut self, id: RecordId, is_shown: bool) {
        if id < self.low || id >= self.high {
            return;
        }
        match (self.matches.binary_search(&id), is_shown) {
            (Ok(at), false) => drop(self.matches.remove(at)),
            (Err(at), true) => self.matches.insert(at, id),
            _ => return,
        }
        self.times.change(id, is_shown);
    }

    /// Lets go of rows whose records were evicted, cleared or unpinned; returns how many rows
    /// went.
    pub(crate) fn prune(&mut self, timeline: &Timeline) -> usize {
        let before = self.len();
        let first = timeline.first();
        while self.matches.front().is_some_and(|id| *id < first) {
            self.matches.pop_front();
        }
        self.times.forget_before(first);
        self.low = self.low.max(first);
        self.high = self.high.max(first);
        if self.kept_version != timeline.kept_version {
            self.take_kept(timeline);
        }
        before.saturating_sub(self.len())
    }

    /// Number of rows.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks whether it is")]
    pub fn len(&self) -> usize {
        self.kept.len() + self.matched()
    }

    /// The record shown in this row, from 0 = oldest.
    pub(crate) fn get(&self, row: usize) -> Option<RecordId> {
        let Some(row) = row.checked_sub(self.kept.len()) else {
            return self.kept.get(row).copied();
        };
        if self.filter.is_everything() {
            (row < self.matched()).then_some(RecordId(self.low.0 + row as u64))
        } else {
            self.matches.get(row).copied()
        }
    }

    /// How many rows there are in so many equal spans from one time to another.
    pub(crate) fn spread(
        &self,
        timeline: &Timeline,
        between: (Stamp, Stamp),
        spans: usize,
    ) -> Vec<SpanCount> {
        if self.len() <= EXACT {
            return self.spread_of_rows(timeline, between, spans);
        }
        let times = if self.filter.is_everything() { &timeline.times } else { &self.times };
        times.spread(between, spans)
    }

    /// The same of few rows, each in its own span: what came one soon after the other is one run of them.
    fn spread_of_rows(
        &self,
        timeline: &Timeline,
        (from, to): (Stamp, Stamp),
        spans: usize,
    ) -> Vec<SpanCount> {
        let mut counts = vec![SpanCount::default(); spans];
        for id in (0..self.len()).filter_map(|row| self.get(row)) {
            let (at, is_error) = match timeline.log.get(id) {
                Some(place) => (place.stored.at, timeline.went_wrong(place)),
                None => match timeline.head(id) {
                    Some(kept) => (kept.at, false),
                    None => continue,
                },
            };
            let span = counts.get_mut(span_of((from, to), at, spans));
            if let Some(count) = span.filter(|_| (from..=to).contains(&at)) {
                count.records += 1;
                count.errors += u64::from(is_error);
            }
        }
        counts
    }

    /// Number of rows whose records are older than this one: the row of the record itself, or of
    /// the next one that is shown. Also what a view paused at that record shows.
    pub(crate) fn rows_before(&self, id: RecordId) -> usize {
        let kept = self.kept.partition_point(|kept| *kept < id);
        if kept < self.kept.len() {
            return kept;
        }
        kept + if self.filter.is_everything() {
            id.0.clamp(self.low.0, self.high.0.max(self.low.0)).saturating_sub(self.low.0) as usize
        } else {
            self.matches.partition_point(|matched| *matched < id)
        }
    }

    fn matched(&self) -> usize {
        if self.filter.is_everything() {
            self.high.0.saturating_sub(self.low.0) as usize
        } else {
            self.matches.len()
        }
    }

    fn finish_rebuild(&mut self, timeline: &Timeline) {
        self.low = timeline.first();
        self.rebuilding = false;
        self.take_kept(timeline);
    }

    /// Pinned records are few (they may take half of the memory at most), so they are examined
    /// anew each time one is added or removed.
    fn take_kept(&mut self, timeline: &Timeline) {
        self.kept_version = timeline.kept_version;
        self.kept.clear();
        if !self.rebuilding {
            let kept =
                timeline.kept.iter().filter(|(id, record)| self.shows(timeline, *id, record));
            self.kept = kept.map(|(id, _)| *id).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{conn_id, info, received, sent};
    use super::super::selector::{CONN_WORK, RECORD_WORK};
    use super::*;
    use crate::model::protocol::Protocol;

    fn filled(records: u64) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.connect(info(conn_id(1, 1), Protocol::Tcp));
        timeline.push_batch((0..records).map(|at| {
            let text = format!("record {at}");
            if at % 3 == 0 {
                sent(conn_id(1, 1), at, text.as_bytes())
            } else {
                received(conn_id(1, 1), at, text.as_bytes())
            }
        }));
        timeline
    }

    fn rows(listing: &Listing) -> Vec<u64> {
        (0..listing.len()).map(|row| listing.get(row).unwrap().0).collect()
    }

    /// The row that shows this record.
    fn row_of(listing: &Listing, id: u64) -> Option<usize> {
        (0..listing.len()).find(|row| listing.get(*row) == Some(RecordId(id)))
    }

    /// One that has seen nothing yet.
    fn filtered(filter: Filter) -> Listing {
        Listing { filter, ..Listing::default() }
    }

    fn filter(text: &str) -> Filter {
        Filter::parse(text).unwrap()
    }

    /// One burst is one run of records, which was drawn at its beginning.
    #[test]
    fn few_rows_stand_in_their_spans_however_close_they_came() {
        let mut timeline = Timeline::default();
        timeline.connect(info(conn_id(1, 1), Protocol::Tcp));
        for at in [0, 1, 20, 49] {
            timeline.push(received(conn_id(1, 1), at, b"x"));
        }
        let mut reset = received(conn_id(1, 1), 49, b"reset");
        reset.kind = RecordKind::Reset;
        timeline.push(reset);
        let ends = (received(conn_id(1, 1), 0, b"").at, received(conn_id(1, 1), 49, b"").at);
        for text in ["", "in"] {
            let mut listing = filtered(filter(text));
            listing.set_filter(filter(text), &timeline);
            assert_eq!(listing.rebuild_step(&timeline, usize::MAX), Rebuild::Done);
            listing.extend(&timeline);
            let counts = listing.spread(&timeline, ends, 10);
            let records: Vec<_> = counts.iter().map(|count| count.records).collect();
            assert_eq!(records, [2, 0, 0, 0, 1, 0, 0, 0, 0, 2], "{text:?}");
            assert_eq!(counts[9].errors, 1, "{text:?}");
        }
    }

    #[test]
    fn the_empty_filter_shows_everything_without_a_list() {
        let timeline = filled(1_000);
        let mut listing = Listing::default();
        listing.extend(&timeline);
        assert_eq!(listing.len(), 1_000);
        assert!(listing.matches.is_empty());
        assert_eq!(listing.get(999), Some(RecordId(999)));
        assert_eq!(listing.get(1_000), None);
        assert_eq!(row_of(&listing, 17), Some(17));
    }

    #[test]
    fn extend_examines_only_what_is_new() {
        let mut timeline = filled(9);
        let mut listing = filtered(filter("dir == out"));
        listing.extend(&timeline);
        assert_eq!(rows(&listing), [0, 3, 6]);
        timeline.push(sent(conn_id(1, 1), 9, b"x"));
        listing.extend(&timeline);
        assert_eq!(rows(&listing), [0, 3, 6, 9]);
        assert_eq!(row_of(&listing, 6), Some(2));
        assert_eq!(row_of(&listing, 7), None);
        assert_eq!(listing.rows_before(RecordId(7)), 3);
    }

    #[test]
    fn a_rebuild_in_steps_shows_the_newest_first_and_ends_equal_to_a_fresh_listing() {
        let mut timeline = filled(1_000);
        let mut listing = Listing::default();
        listing.extend(&timeline);
        listing.set_filter(filter("port == 9000 and dir == out"), &timeline);
        assert!(listing.len() == 0 && !listing.is_complete());
        let mut steps = 1;
        while listing.rebuild_step(&timeline, CONN_WORK + RECORD_WORK * 10) == Rebuild::More {
            if steps == 1 {
                assert!(listing.get(0).unwrap().0 >= 990, "newest first");
                timeline.push(sent(conn_id(1, 1), 0, b"while rebuilding"));
                listing.extend(&timeline);
            }
            steps += 1;
        }
        assert_eq!(steps, 100);
        let mut fresh = filtered(listing.filter().clone());
        fresh.extend(&timeline);
        assert_eq!(rows(&listing), rows(&fresh));
        assert_eq!(listing.len(), 335);
        assert!(listing.is_complete());
    }

    #[test]
    fn evicted_rows_go_and_pinned_ones_stay() {
        for text in ["", "record"] {
            let mut timeline = Timeline::new(100 * 150);
            let mut listing = filtered(filter(text));
            timeline.push_batch((0..50).map(|at| received(conn_id(1, 1), at, b"a record")));
            listing.extend(&timeline);
            timeline.pin(RecordId(3)).unwrap();
            timeline.pin(RecordId(5)).unwrap();
            timeline.push_batch((0..1_000).map(|at| received(conn_id(1, 1), at, b"a record")));
            assert!(listing.prune(&timeline) > 0);
            listing.extend(&timeline);
            assert_eq!(listing.len(), timeline.len(), "{text}");
            assert_eq!(listing.get(0), Some(RecordId(3)));
            assert_eq!(listing.get(2), Some(timeline.first()));
            assert_eq!(row_of(&listing, 5), Some(1));
            assert_eq!(row_of(&listing, timeline.first().0), Some(2));
            assert_eq!(row_of(&listing, 4), None);

            timeline.unpin(RecordId(3));
            listing.extend(&timeline);
            assert_eq!(listing.get(0), Some(RecordId(5)));
            timeline.clear();
            listing.extend(&timeline);
            assert!(listing.len() == 0);
        }
    }

    #[test]
    fn a_rebuild_survives_eviction_and_clear_between_steps() {
        let mut timeline = Timeline::new(200 * 150);
        let fill = |timeline: &mut Timeline, n: u64| {
            timeline.push_batch((0..n).map(|at| received(conn_id(1, 1), at, b"a record")));
        };
        fill(&mut timeline, 150);
        let mut listing = Listing::default();
        listing.set_filter(filter("record"), &timeline);
        let _ = listing.rebuild_step(&timeline, 1);
        fill(&mut timeline, 500);
        listing.extend(&timeline);
        while listing.rebuild_step(&timeline, 1) == Rebuild::More {}
        assert_eq!(listing.len(), timeline.len());

        listing.set_filter(filter("nothing"), &timeline);
        timeline.clear();
        listing.extend(&timeline);
        assert_eq!(listing.rebuild_step(&timeline, 1), Rebuild::Done);
        assert!(listing.len() == 0);
    }

    #[test]
    fn rows_before_tells_what_a_paused_view_shows() {
        let mut timeline = filled(30);
        for text in ["", "dir == out"] {
            let mut listing = filtered(filter(text));
            listing.extend(&timeline);
            let paused = timeline.next_id();
            let shown = listing.len();
            timeline.push(sent(conn_id(1, 1), 99, b"new"));
            listing.extend(&timeline);
            assert_eq!(listing.rows_before(paused), shown);
            assert_eq!(listing.len() - listing.rows_before(paused), 1);
        }
    }

    #[test]
    fn rows_of_a_peer_appear_when_it_is_found_whose_it_is() {
        use crate::model::peer_owner::{LocalUser, PeerOwner, PeerProcess};
        use std::sync::Arc;
        let mut timeline = filled(3);
        let mut listing = filtered(filter("process == curl"));
        listing.extend(&timeline);
        assert_eq!(listing.len(), 0);
        timeline.connect(info(conn_id(1, 2), Protocol::Tcp));
        timeline.push(received(conn_id(1, 2), 4_000, b"of another"));
        let owner = Arc::new(PeerOwner::Process(PeerProcess {
            pid: 7,
            program: "curl".into(),
            user: LocalUser { uid: 0, name: None },
            listens: false,
            is_us: false,
        }));
        timeline.found(conn_id(1, 2), Arc::clone(&owner));
        timeline.found(conn_id(9, 9), owner);
        listing.owner_found(&timeline, conn_id(1, 2), Stamp(0));
        assert_eq!(rows(&listing), [3]);
        timeline.push(received(conn_id(1, 2), 4_001, b"and what comes then"));
        listing.extend(&timeline);
        assert_eq!(rows(&listing), [3, 4]);
        listing.set_filter(filter("not process == curl"), &timeline);
        let _ = listing.rebuild_step(&timeline, usize::MAX);
        assert_eq!(rows(&listing), [0, 1, 2]);
    }
}
