//! A stretch of the log: records with consecutive ids. Small payload lies in the pages of the log.
//!
//! ```text
//!   records   [ at len conn start .. | at len conn start .. | ... ]     no gaps
//!   large     [ payload 1 | ...                                   ]     shared, not copied
//! ```
//! A segment is filled once, never grows beyond its bounds, and is let go of as a whole; large payload
//! goes with its record.
//!
//! Invariant: `payload + start` is a position in the pages, or `start` a place in `large`.

use bytes::Bytes;

use super::conns::ConnSlot;
use super::gaps::RecordGaps;
use super::pages::Pages;
use crate::model::fault::FaultMarks;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Records of a segment at most.
const RECORDS_MAX: usize = 4096;
/// Payload up to this size is copied into the pages.
const SMALL: usize = 4 * 1024;

/// What is kept of a record besides its payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredRecord {
    pub(super) at: Stamp,
    /// Bytes that crossed.
    pub(super) len: u64,
    pub(super) conn: ConnSlot,
    /// Place in the payload, or among the large ones.
    start: u32,
    /// Bytes that are kept of what it says.
    kept: u32,
    /// Bytes of its frames, which lie behind those.
    framed: u32,
    pub(super) gaps: RecordGaps,
    pub(super) direction: Direction,
    pub(super) kind: RecordKind,
    pub(super) faults: FaultMarks,
}

/// Records `base..end`.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base: u64,
    /// Where in the pages the payload of its first record is, and where before it none of it is.
    pub(super) payload: u64,
    records: Vec<StoredRecord>,
    /// What they say, and their frames.
    large: Vec<[Bytes; 2]>,
}

/// Memory a record takes that keeps so many bytes.
pub(super) fn cost(kept: usize) -> usize {
    kept + size_of::<StoredRecord>()
}

impl StoredRecord {
    /// Bytes of it that are kept, its frames too.
    pub(super) fn kept(&self) -> usize {
        self.kept as usize + self.framed as usize
    }

    fn is_large(&self) -> bool {
        self.kept() > SMALL
    }
}

impl Segment {
    /// An empty segment whose first record will have this id, and its payload be there. Its memory
    /// is that of a segment that went, if there is one.
    pub(super) fn new(base: u64, payload: u64, gone: Option<Segment>) -> Self {
        let records = gone.map(|gone| gone.records);
        let mut records = records.unwrap_or_else(|| Vec::with_capacity(RECORDS_MAX));
        records.clear();
        Segment { base, payload, records, large: Vec::new() }
    }

    /// Id behind its last record.
    pub(super) fn end(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    /// Whether another record can be added.
    pub(super) fn has_room(&self) -> bool {
        self.records.len() < RECORDS_MAX
    }

    /// Adds a record, for which there is room; small payload goes into the pages.
    pub(super) fn push(
        &mut self,
        (conn, gaps): (ConnSlot, RecordGaps),
        record: Record,
        pages: &mut Pages,
    ) {
        let Record { at, direction, kind, data, frames, original_len: len, faults, .. } = record;
        let (kept, framed) = (data.len() as u32, frames.len() as u32);
        let start = if data.len() + frames.len() > SMALL {
            self.large.push([data, frames]);
            self.large.len() as u32 - 1
        } else if frames.is_empty() {
            (pages.push(&data) - self.payload) as u32
        } else {
            (pages.push(&[data, frames].concat()) - self.payload) as u32
        };
        self.records.push(StoredRecord {
            at,
            len,
            conn,
            start,
            kept,
            framed,
            gaps,
            direction,
            kind,
            faults,
        });
    }

    /// The records from one id to before another, both within the segment or at its end.
    pub(super) fn records(&self, from: u64, to: u64) -> &[StoredRecord] {
        &self.records[(from - self.base) as usize..(to - self.base) as usize]
    }

    /// The payload of a record of this segment.
    pub(super) fn data<'a>(&'a self, record: &StoredRecord, pages: &'a Pages) -> &'a [u8] {
        if record.is_large() {
            &self.large[record.start as usize][0]
        } else {
            pages.get(self.payload + u64::from(record.start), record.kept as usize)
        }
    }

    /// Its frames.
    pub(super) fn frames<'a>(&'a self, record: &StoredRecord, pages: &'a Pages) -> &'a [u8] {
        if record.is_large() {
            &self.large[record.start as usize][1]
        } else {
            let at = self.payload + u64::from(record.start) + u64::from(record.kept);
            pages.get(at, record.framed as usize)
        }
    }

    /// The same to keep: large payload is shared, small payload copied.
    pub(super) fn bytes(&self, record: &StoredRecord, pages: &Pages) -> [Bytes; 2] {
        if record.is_large() {
            return self.large[record.start as usize].clone();
        }
        let frames = match record.framed {
            0 => Bytes::new(),
            _ => Bytes::copy_from_slice(self.frames(record, pages)),
        };
        [Bytes::copy_from_slice(self.data(record, pages)), frames]
    }

    /// The record with this id is not asked for again.
    pub(super) fn release(&mut self, id: u64) -> StoredRecord {
        let record = self.records[(id - self.base) as usize];
        if record.is_large() {
            self.large[record.start as usize] = [Bytes::new(), Bytes::new()];
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{conn_id, received};
    use super::*;

    fn slot() -> (ConnSlot, RecordGaps) {
        (ConnSlot::default(), RecordGaps::default())
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn records_come_out_as_they_went_in(
            lens in prop::collection::vec(prop_oneof![8 => 0..200_usize, 1 => SMALL..SMALL + 2], 1..90),
            released in 0..90_u64,
        ) {
            let record = |at: usize, len: usize| received(conn_id(1, 1), at as u64, &vec![at as u8; len]);
            let mut pages = Pages::default();
            pages.push(b"of the segment before");
            let mut segment = Segment::new(1000, pages.next_position(0), None);
            for (at, len) in lens.iter().enumerate() {
                prop_assert!(segment.has_room());
                segment.push(slot(), record(at, *len), &mut pages);
            }
            let released = 1000 + released.min(lens.len() as u64);
            (1000..released).for_each(|id| { segment.release(id); });
            prop_assert_eq!(segment.end(), 1000 + lens.len() as u64);
            for (at, stored) in segment.records(released, segment.end()).iter().enumerate() {
                let at = at + (released - 1000) as usize;
                let record = record(at, lens[at]);
                prop_assert_eq!((stored.at, stored.len), (record.at, record.original_len));
                prop_assert_eq!(segment.data(stored, &pages), &record.data);
                prop_assert_eq!(segment.bytes(stored, &pages), [record.data, record.frames]);
            }
        }
    }

    #[test]
    fn a_segment_is_bounded_in_records_and_its_memory_is_used_again() {
        let (record, mut pages) = (received(conn_id(1, 1), 0, b"x"), Pages::default());
        let mut segment = Segment::new(0, 0, None);
        let memory = segment.records.as_ptr();
        while segment.has_room() {
            segment.push(slot(), record.clone(), &mut pages);
        }
        assert_eq!(segment.end(), RECORDS_MAX as u64);
        let next = Segment::new(4096, pages.next_position(0), Some(segment));
        assert_eq!((next.end(), next.records.as_ptr()), (4096, memory));
    }

    #[test]
    fn a_record_costs_no_more_than_is_said() {
        assert_eq!(size_of::<StoredRecord>(), 48);
    }
}
