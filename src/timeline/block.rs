//! Old records, packed: their facts and small payloads one behind the other in one allocation.
//!
//! A record of its own costs an allocation for its payload, or pins a share of somebody's buffer;
//! two million of them are half a million pages, which the system takes back one by one when the
//! program ends. A block is one page where the system has large ones.
//!
//! ```text
//! [ payload 0 | payload 1 | payload 2 | ...  free  ... | facts 2 | facts 1 | facts 0 ]
//! ```
//!
//! Large payloads stay where they are and are only referred to.

use std::collections::VecDeque;

use bytes::Bytes;
use memmap2::MmapMut;

use crate::model::id::SessionId;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Size of a block: a large page of the most common machines.
pub(super) const BLOCK: usize = 2 * 1024 * 1024;

/// Payloads up to this size are copied into the block.
const SMALL: usize = 4 * 1024;

/// Bytes of the facts of a record.
const FACTS: usize = 40;

/// What of a record is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything but its bytes, which cost most to hand out.
    Facts,
    All,
}

/// Room a record takes in a block.
pub(super) fn room(record: &Record) -> usize {
    FACTS + if record.data.len() > SMALL { 0 } else { record.data.len() }
}

/// A block being filled.
pub(super) struct Filling {
    buffer: Buffer,
    records: u32,
    used: usize,
    large: VecDeque<Bytes>,
}

enum Buffer {
    Mapped(MmapMut),
    /// Where the system gives no map.
    Heap(Vec<u8>),
}

/// Records with consecutive ids.
#[derive(Debug)]
pub(super) struct Block {
    records: u32,
    bytes: Bytes,
    /// Large payloads of the records that are left, oldest first.
    large: VecDeque<Bytes>,
    /// Large payloads that were taken out already.
    gone: u32,
}

impl Filling {
    pub(super) fn new() -> Self {
        Filling { buffer: Buffer::new(), records: 0, used: 0, large: VecDeque::new() }
    }

    /// Adds a record; gives it back when there is no room for it.
    pub(super) fn add(&mut self, record: Record) -> Result<(), Record> {
        let facts_at = BLOCK - FACTS * self.records as usize;
        if self.used + room(&record) > facts_at {
            return Err(record);
        }
        let len = record.data.len();
        let is_large = len > SMALL;
        let place = if is_large { self.large.len() } else { self.used } as u32;
        let bytes = self.buffer.bytes();
        if let Some(slot) = bytes.get_mut(facts_at - FACTS..facts_at) {
            slot.copy_from_slice(&facts(&record, place, is_large));
        }
        if is_large {
            self.large.push_back(record.data);
        } else if let Some(payload) = bytes.get_mut(self.used..self.used + len) {
            payload.copy_from_slice(&record.data);
            self.used += len;
        }
        self.records += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Block {
        let Filling { buffer, records, large, .. } = self;
        Block { records, bytes: buffer.freeze(), large, gone: 0 }
    }
}

impl Block {
    pub(super) fn len(&self) -> u64 {
        self.records.into()
    }

    /// The record at this place.
    pub(super) fn get(&self, place: u64, wanted: Wanted) -> Option<Record> {
        if place >= self.len() {
            return None;
        }
        let end = BLOCK.checked_sub(FACTS * place as usize)?;
        let (words, _) = self.bytes.get(end.checked_sub(FACTS)?..end)?.as_chunks::<8>();
        let [at, session, original_len, ids, rest] =
            words.first_chunk::<5>()?.map(u64::from_le_bytes);
        let [_, _, _, _, direction, kind, is_large, _] = rest.to_le_bytes();
        let (begin, len) = ((ids >> 32) as usize, rest as u32 as usize);
        let data = if len == 0 || wanted == Wanted::Facts {
            Bytes::new()
        } else if is_large == 1 {
            self.large.get(begin.checked_sub(self.gone as usize)?)?.clone()
        } else {
            self.bytes.slice(begin..begin + len)
        };
        Some(Record {
            at: Stamp(at),
            conn: SessionId(session).conn(ids as u32),
            direction: *Direction::ALL.get(usize::from(direction))?,
            kind: *RecordKind::ALL.get(usize::from(kind))?,
            data,
            original_len,
        })
    }

    /// The record at this place is not asked for again: its payload is let go if it is large.
    pub(super) fn forget(&mut self, record: &Record) {
        if record.data.len() > SMALL && self.large.pop_front().is_some() {
            self.gone += 1;
        }
    }
}

/// What stands in a block about a record, besides its payload: `place` is where that begins, or its
/// number among the large ones.
fn facts(record: &Record, place: u32, is_large: bool) -> [u8; FACTS] {
    let Record { at, conn, direction, kind, data, original_len } = record;
    let names = [*direction as u8, *kind as u8, u8::from(is_large), 0];
    let words = [
        at.0,
        conn.session.0,
        *original_len,
        u64::from(conn.index) | u64::from(place) << 32,
        data.len() as u64 | u64::from(u32::from_le_bytes(names)) << 32,
    ];
    let mut facts = [0; FACTS];
    for (slot, word) in facts.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *slot = word.to_le_bytes();
    }
    facts
}

impl Buffer {
    fn new() -> Self {
        let Ok(map) = MmapMut::map_anon(BLOCK) else { return Buffer::Heap(vec![0; BLOCK]) };
        // Without large pages it works as well, only slower.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Buffer::Mapped(map)
    }

    fn bytes(&mut self) -> &mut [u8] {
        match self {
            Buffer::Mapped(map) => map,
            Buffer::Heap(bytes) => bytes,
        }
    }

    fn freeze(self) -> Bytes {
        match self {
            Buffer::Mapped(map) => Bytes::from_owner(map),
            Buffer::Heap(bytes) => Bytes::from(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> impl Strategy<Value = Record> {
        let len = prop_oneof![8 => 0..200_usize, 1 => SMALL..SMALL + 2];
        let ids = (any::<u64>(), any::<u32>());
        let kind = (0..Direction::ALL.len(), 0..RecordKind::ALL.len());
        (any::<u64>(), ids, kind, any::<u64>(), len, any::<u8>()).prop_map(
            |(at, (session, index), (direction, kind), original_len, len, byte)| Record {
                at: Stamp(at),
                conn: SessionId(session).conn(index),
                direction: Direction::ALL[direction],
                kind: RecordKind::ALL[kind],
                data: Bytes::from(vec![byte; len]),
                original_len,
            },
        )
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn records_come_out_as_they_went_in(
            records in proptest::collection::vec(record(), 1..300),
            forgotten in 0..300_usize,
        ) {
            let mut filling = Filling::new();
            for record in &records {
                filling.add(record.clone()).unwrap();
            }
            let mut block = filling.finish();
            let forgotten = forgotten.min(records.len());
            for record in &records[..forgotten] {
                block.forget(record);
            }
            for (place, record) in records.iter().enumerate().skip(forgotten) {
                let packed = block.get(place as u64, Wanted::All);
                prop_assert_eq!(packed.as_ref(), Some(record));
            }
            prop_assert_eq!(block.get(records.len() as u64, Wanted::All), None);
        }
    }

    #[test]
    fn a_block_is_filled_to_its_last_record_and_no_further() {
        let data = Bytes::from(vec![7; 1000]);
        let record = Record {
            at: Stamp(1),
            conn: SessionId(1).conn(2),
            direction: Direction::Received,
            kind: RecordKind::Data,
            data,
            original_len: 1000,
        };
        let mut filling = Filling::new();
        let mut count = 0;
        while filling.add(record.clone()).is_ok() {
            count += 1;
        }
        assert_eq!(count, BLOCK / room(&record));
        let block = filling.finish();
        assert_eq!(block.get(count as u64 - 1, Wanted::All), Some(record));
    }

    #[test]
    fn names_are_kept_by_their_place_in_the_lists() {
        assert!(Direction::ALL.iter().enumerate().all(|(at, name)| *name as usize == at));
        assert!(RecordKind::ALL.iter().enumerate().all(|(at, name)| *name as usize == at));
    }
}
