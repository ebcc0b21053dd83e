//! A stretch of the log: records with consecutive ids, their payload one behind the other.
//!
//! ```text
//!   records   [ at len conn start .. | at len conn start .. | ... ]     32 bytes each, no gaps
//!   payload   [ payload 0 | payload 2 | payload 3 | ...           ]     small ones
//!   large     [ payload 1 | ...                                   ]     shared, not copied
//! ```
//! A segment is filled once, never grows beyond its bounds, and is freed as a whole; large payload
//! is let go with its record.
//!
//! Invariant: `start..start + kept` lies within `payload`, or `start` within `large`.

use bytes::Bytes;

use super::conns::ConnSlot;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Records of a segment at most.
const RECORDS_MAX: usize = 4096;
/// Small payload of a segment at most: what is evicted but not yet freed, or allocated but not yet
/// filled, is no more than this and the records.
const PAYLOAD_MAX: usize = 256 * 1024;
/// Payload up to this size is copied into the segment.
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
    /// Bytes that are kept.
    pub(super) kept: u32,
    pub(super) direction: Direction,
    pub(super) kind: RecordKind,
}

/// Records `base..end`.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base: u64,
    records: Vec<StoredRecord>,
    payload: Vec<u8>,
    large: Vec<Bytes>,
}

/// Memory a record takes that keeps so many bytes.
pub(super) fn cost(kept: usize) -> usize {
    kept + size_of::<StoredRecord>()
}

impl Segment {
    /// An empty segment whose first record will have this id.
    pub(super) fn new(base: u64) -> Self {
        Segment {
            base,
            records: Vec::with_capacity(RECORDS_MAX),
            payload: Vec::with_capacity(PAYLOAD_MAX),
            large: Vec::new(),
        }
    }

    /// Id behind its last record.
    pub(super) fn end(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    /// Whether this record can be added.
    pub(super) fn has_room(&self, record: &Record) -> bool {
        let len = record.data.len();
        self.records.len() < RECORDS_MAX && (len > SMALL || self.payload.len() + len <= PAYLOAD_MAX)
    }

    /// Adds a record, for which there is room.
    pub(super) fn push(&mut self, conn: ConnSlot, record: Record) {
        let Record { at, direction, kind, data, original_len: len, .. } = record;
        let kept = data.len() as u32;
        let start = if data.len() > SMALL { self.large.len() } else { self.payload.len() } as u32;
        if data.len() > SMALL {
            self.large.push(data);
        } else {
            self.payload.extend_from_slice(&data);
        }
        self.records.push(StoredRecord { at, len, conn, start, kept, direction, kind });
    }

    /// Gives back what was reserved: nothing more will be added.
    pub(super) fn finish(&mut self) {
        self.records.shrink_to_fit();
        self.payload.shrink_to_fit();
    }

    /// The records from one id to before another, both within the segment or at its end.
    pub(super) fn records(&self, from: u64, to: u64) -> &[StoredRecord] {
        &self.records[(from - self.base) as usize..(to - self.base) as usize]
    }

    /// The payload of a record of this segment.
    pub(super) fn data(&self, record: &StoredRecord) -> &[u8] {
        let start = record.start as usize;
        if record.kept as usize > SMALL {
            &self.large[start]
        } else {
            &self.payload[start..start + record.kept as usize]
        }
    }

    /// The same to keep: large payload is shared, small payload copied.
    pub(super) fn bytes(&self, record: &StoredRecord) -> Bytes {
        if record.kept as usize > SMALL {
            self.large[record.start as usize].clone()
        } else {
            Bytes::copy_from_slice(self.data(record))
        }
    }

    /// The record with this id is not asked for again.
    pub(super) fn release(&mut self, id: u64) -> StoredRecord {
        let record = self.records[(id - self.base) as usize];
        if record.kept as usize > SMALL {
            self.large[record.start as usize] = Bytes::new();
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{conn_id, received};
    use super::*;

    fn slot() -> ConnSlot {
        ConnSlot::default()
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn records_come_out_as_they_went_in(
            lens in prop::collection::vec(prop_oneof![8 => 0..200_usize, 1 => SMALL..SMALL + 2], 1..90),
            released in 0..90_u64,
        ) {
            let record = |at: usize, len: usize| received(conn_id(1, 1), at as u64, &vec![at as u8; len]);
            let mut segment = Segment::new(1000);
            for (at, len) in lens.iter().enumerate() {
                prop_assert!(segment.has_room(&record(at, *len)));
                segment.push(slot(), record(at, *len));
            }
            segment.finish();
            let released = 1000 + released.min(lens.len() as u64);
            (1000..released).for_each(|id| { segment.release(id); });
            prop_assert_eq!(segment.end(), 1000 + lens.len() as u64);
            for (at, stored) in segment.records(released, segment.end()).iter().enumerate() {
                let at = at + (released - 1000) as usize;
                let record = record(at, lens[at]);
                prop_assert_eq!((stored.at, stored.len), (record.at, record.original_len));
                prop_assert_eq!(segment.data(stored), &record.data);
                prop_assert_eq!(segment.bytes(stored), record.data);
            }
        }
    }

    #[test]
    fn a_segment_is_bounded_in_records_and_in_bytes() {
        for (len, most) in [(1000, PAYLOAD_MAX / 1000), (0, RECORDS_MAX), (5000, RECORDS_MAX)] {
            let record = received(conn_id(1, 1), 0, &vec![7; len]);
            let mut segment = Segment::new(0);
            while segment.has_room(&record) {
                segment.push(slot(), record.clone());
            }
            assert_eq!(segment.end(), most as u64);
        }
    }

    #[test]
    fn a_record_costs_no_more_than_is_said() {
        assert_eq!(size_of::<StoredRecord>(), 32);
    }
}
