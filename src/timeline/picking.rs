//! Records in the order they came, a piece at a time, for whoever takes all of them along: an export.
//!
//! A piece is bounded in records, payload and work, so that it is made between two keys. Records that are
//! evicted meanwhile are passed over and counted.

use super::listing::STEP_WORK;
use super::selector::Selector;
use super::store::Timeline;
use crate::model::id::RecordId;
use crate::model::record::{Record, RecordKind};
use crate::query::Filter;

/// Records and payload bytes of a piece.
const RECORDS: usize = 4096;
const BYTES: usize = 1024 * 1024;

/// What is picked besides what the filter lets through.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PickWish {
    /// The payload of the others, too.
    pub(crate) with_others: bool,
    /// What was evicted before this is not counted.
    pub(crate) gone_before: RecordId,
}

/// A record that was picked, and whether the filter lets it through.
#[derive(Debug)]
pub(crate) struct PickedRecord {
    pub(crate) id: RecordId,
    pub(crate) record: Record,
    pub(crate) is_chosen: bool,
}

/// Records from an id on.
#[derive(Debug)]
pub(crate) struct Picked {
    pub(crate) records: Vec<PickedRecord>,
    /// Where the next piece begins.
    pub(crate) next: RecordId,
    /// Records that went before they were picked, those that the filter asks for or not.
    pub(crate) evicted: u64,
}

impl Timeline {
    /// A piece of the records with `from <= id < to` that a filter lets through; with the payload of
    /// others between them when they are wished for.
    pub(crate) fn pick(
        &self,
        filter: &Filter,
        (from, to): (RecordId, RecordId),
        wish: PickWish,
    ) -> Picked {
        let first = self.first();
        let mut picked = Picked { records: Vec::new(), next: from, evicted: 0 };
        let mut bytes = 0;
        if from < first {
            let at = self.kept.partition_point(|(id, _)| *id < from);
            for (id, record) in self.kept.iter().skip(at).take_while(|(id, _)| *id < to) {
                if picked.records.len() >= RECORDS || bytes >= BYTES {
                    return picked;
                }
                picked.evicted += id.0.saturating_sub(picked.next.max(wish.gone_before).0);
                picked.next = RecordId(id.0 + 1);
                if self.matches(filter, *id, record) {
                    bytes += record.data.len();
                    let (id, record) = (*id, record.clone());
                    picked.records.push(PickedRecord { id, record, is_chosen: true });
                }
            }
            let missed = first.min(to).0;
            picked.evicted += missed.saturating_sub(picked.next.max(wish.gone_before).0);
            picked.next = picked.next.max(first.min(to));
        }
        let mut selector = Selector::new(filter, self);
        for place in self.log.range(picked.next, to) {
            if picked.records.len() >= RECORDS || bytes >= BYTES || selector.work >= STEP_WORK {
                break;
            }
            picked.next = RecordId(place.id.0 + 1);
            let is_chosen = selector.matches(&place);
            if is_chosen || (wish.with_others && place.stored.kind == RecordKind::Data) {
                let record = self.record(place);
                bytes += record.data.len();
                picked.records.push(PickedRecord { id: place.id, record, is_chosen });
            }
        }
        picked
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{conn_id, info, received};
    use super::*;
    use crate::model::protocol::Protocol;

    fn filled(limit: usize, records: u64) -> Timeline {
        let mut timeline = Timeline::new(limit);
        timeline.connect(info(conn_id(1, 1), Protocol::Tcp));
        for at in 0..records {
            timeline.push(received(conn_id(1, 1), at, format!("record {at}").as_bytes()));
        }
        timeline
    }

    /// All that is picked, in pieces; and how many were gone.
    fn all(timeline: &Timeline, filter: &str, with_others: bool) -> (Vec<(u64, bool)>, u64, usize) {
        let filter = Filter::parse(filter).unwrap();
        let wish = PickWish { with_others, ..PickWish::default() };
        let (mut from, mut found, mut evicted, mut pieces) = (RecordId(0), Vec::new(), 0, 0);
        while from < timeline.next_id() {
            let picked = timeline.pick(&filter, (from, timeline.next_id()), wish);
            assert!(picked.next > from, "each piece goes on");
            found.extend(picked.records.iter().map(|it| (it.id.0, it.is_chosen)));
            (from, evicted, pieces) = (picked.next, evicted + picked.evicted, pieces + 1);
        }
        (found, evicted, pieces)
    }

    #[test]
    fn every_record_comes_once_in_order_in_bounded_pieces() {
        let timeline = filled(usize::MAX, 10_000);
        let (found, evicted, pieces) = all(&timeline, "", false);
        assert!(found.iter().map(|it| it.0).eq(0..10_000));
        assert_eq!((evicted, pieces), (0, 3));
        let (found, ..) = all(&timeline, "data == \"record 7\"", false);
        assert_eq!(found, [(7, true)]);
    }

    #[test]
    fn others_come_along_where_they_are_asked_for() {
        let timeline = filled(usize::MAX, 20);
        let (found, ..) = all(&timeline, "data == \"record 7\"", true);
        assert_eq!((found.len(), found[7], found[8]), (20, (7, true), (8, false)));
    }

    #[test]
    fn what_was_evicted_is_counted_and_what_is_marked_comes() {
        let mut timeline = filled(40_000, 10);
        timeline.pin(RecordId(3)).unwrap();
        for at in 10..2_000 {
            timeline.push(received(conn_id(1, 1), at, b"later"));
        }
        let first = timeline.first();
        assert!(first > RecordId(10));
        let (found, evicted, _) = all(&timeline, "", false);
        assert_eq!(found[0].0, 3);
        assert_eq!(found[1].0, first.0);
        assert_eq!(found.len() as u64 + evicted, 2_000);
        let wish = PickWish { gone_before: first, ..PickWish::default() };
        let picked = timeline.pick(&Filter::default(), (RecordId(3), timeline.next_id()), wish);
        assert_eq!((picked.records[0].id.0, picked.evicted), (3, 0));
        let (marked, ..) = all(&timeline, "marked", false);
        assert_eq!(marked, [(3, true)]);
    }
}
