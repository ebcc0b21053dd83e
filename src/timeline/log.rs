//! The storage under the timeline: records with consecutive ids, fresh ones in segments of fixed
//! size, older ones packed in blocks.
//!
//! ```text
//! first ........ packed_to ............ next
//! [ block | block ][ segment | segment | seg ]
//! ```
//!
//! A segment is allocated once and freed as a whole, so a push never moves what is there (one
//! growing buffer would stall for tens of milliseconds at a million records). When the fresh ones
//! fill a block they are packed, which takes about a millisecond. What is evicted gives back a
//! large payload at once and everything else with its block or segment.

use std::collections::VecDeque;

use bytes::Bytes;

use super::block::{self, BLOCK, Block, Filling, Wanted};
use crate::model::id::RecordId;
use crate::model::record::Record;

/// Records per segment: about 72 KiB, small enough to be slack nobody notices.
const SEGMENT: u64 = 1024;

/// Records freed by a clear itself: about five milliseconds.
const DISCARD_NOW: usize = 100_000;

/// Records freed by each push after a larger clear: a few microseconds.
const DISCARD_PER_PUSH: usize = 64;

/// Records `first..next`, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    blocks: VecDeque<BlockPlace>,
    segments: VecDeque<Vec<Record>>,
    /// Id of slot 0 of the front segment; `base <= packed_to`.
    base: u64,
    first: u64,
    /// Records before it are in blocks; `first <= packed_to`.
    packed_to: u64,
    next: u64,
    /// Room the fresh records would take in a block.
    fresh: usize,
    discarded: Discarded,
}

/// A block and the id of its first record.
#[derive(Debug)]
struct BlockPlace {
    base: u64,
    block: Block,
}

impl BlockPlace {
    fn end(&self) -> u64 {
        self.base + self.block.len()
    }
}

impl Log {
    pub(super) fn first(&self) -> RecordId {
        RecordId(self.first)
    }

    pub(super) fn next_id(&self) -> RecordId {
        RecordId(self.next)
    }

    pub(super) fn len(&self) -> usize {
        (self.next - self.first) as usize
    }

    pub(super) fn push(&mut self, record: Record) -> RecordId {
        self.discarded.free(DISCARD_PER_PUSH);
        self.fresh += block::room(&record);
        match self.segments.back_mut() {
            Some(segment) if (segment.len() as u64) < SEGMENT => segment.push(record),
            _ => {
                let mut segment = Vec::with_capacity(SEGMENT as usize);
                segment.push(record);
                self.segments.push_back(segment);
            }
        }
        let id = self.next;
        self.next += 1;
        if self.fresh >= BLOCK {
            self.pack();
        }
        RecordId(id)
    }

    /// Moves fresh records into a block until it is full.
    fn pack(&mut self) {
        let base = self.packed_to;
        let mut filling = Filling::new();
        while let Some(record) = self.take_fresh() {
            let room = block::room(&record);
            if let Err(record) = filling.add(record) {
                if let Some(place) = self.fresh_mut(self.packed_to) {
                    *place = record;
                }
                break;
            }
            self.fresh -= room;
            self.packed();
        }
        self.blocks.push_back(BlockPlace { base, block: filling.finish() });
    }

    fn fresh_mut(&mut self, id: u64) -> Option<&mut Record> {
        let slot = id.checked_sub(self.base)?;
        self.segments.get_mut((slot / SEGMENT) as usize)?.get_mut((slot % SEGMENT) as usize)
    }

    /// The oldest fresh record without its payload in its place.
    fn take_fresh(&mut self) -> Option<Record> {
        let place = self.fresh_mut(self.packed_to)?;
        Some(Record { data: std::mem::take(&mut place.data), ..place.clone() })
    }

    /// The oldest fresh record is one no more.
    fn packed(&mut self) {
        self.packed_to += 1;
        if self.packed_to - self.base == SEGMENT {
            self.segments.pop_front();
            self.base = self.packed_to;
        }
    }

    pub(super) fn get(&self, id: RecordId) -> Option<Record> {
        if id.0 < self.first {
            return None;
        }
        if id.0 < self.packed_to {
            let place = self.blocks.get(self.block_of(id.0))?;
            return place.block.get(id.0 - place.base, Wanted::All);
        }
        let slot = id.0 - self.base;
        self.segments.get((slot / SEGMENT) as usize)?.get((slot % SEGMENT) as usize).cloned()
    }

    /// Number of the block that holds this record, or of the first one behind it.
    fn block_of(&self, id: u64) -> usize {
        self.blocks.partition_point(|place| place.end() <= id)
    }

    /// Takes the oldest record out.
    pub(super) fn pop(&mut self) -> Option<(RecordId, Record)> {
        let id = RecordId(self.first);
        let record = if self.first < self.packed_to {
            let place = self.blocks.front_mut()?;
            let record = place.block.get(self.first - place.base, Wanted::All)?;
            place.block.forget(&record);
            if self.first + 1 == place.end() {
                self.blocks.pop_front();
            }
            record
        } else {
            let record = self.take_fresh()?;
            self.fresh -= block::room(&record);
            self.packed();
            record
        };
        self.first += 1;
        Some((id, record))
    }

    /// Removes everything. Giving back millions of payloads takes longer than a key may wait, so
    /// only part of it happens here; pushes do the rest, much faster than they fill memory again.
    pub(super) fn clear(&mut self) {
        self.discarded.segments.extend(self.segments.drain(..));
        self.discarded.blocks.extend(self.blocks.drain(..).map(|place| place.block));
        self.first = self.next;
        self.base = self.next;
        self.packed_to = self.next;
        self.fresh = 0;
        self.discarded.free(DISCARD_NOW);
    }

    /// Whether cleared records still take memory.
    #[cfg(test)]
    pub(super) fn is_discarding(&self) -> bool {
        !self.discarded.segments.is_empty() || !self.discarded.blocks.is_empty()
    }

    pub(super) fn range(
        &self,
        from: RecordId,
        to: RecordId,
        wanted: Wanted,
    ) -> impl DoubleEndedIterator<Item = (RecordId, Record)> {
        let from = from.0.max(self.first);
        let to = to.0.min(self.next).max(from);
        let (front, back) = (self.block_of(from), self.block_of(to));
        let back = (back + 1).min(self.blocks.len());
        let packed = self.blocks.range(front.min(back)..back).flat_map(move |place| {
            let ids = from.max(place.base)..to.min(place.end()).max(from);
            ids.filter_map(move |id| {
                Some((RecordId(id), place.block.get(id - place.base, wanted)?))
            })
        });
        packed.chain(self.fresh_range(from.max(self.packed_to), to, wanted))
    }

    fn fresh_range(
        &self,
        from: u64,
        to: u64,
        wanted: Wanted,
    ) -> impl DoubleEndedIterator<Item = (RecordId, Record)> {
        let to = to.max(from);
        let front = ((from - self.base) / SEGMENT) as usize;
        let back = ((to - self.base).div_ceil(SEGMENT) as usize).min(self.segments.len());
        self.segments.range(front.min(back)..back).enumerate().flat_map(move |(at, segment)| {
            let base = self.base + (front + at) as u64 * SEGMENT;
            let start = from.saturating_sub(base);
            let end = to.saturating_sub(base).min(segment.len() as u64);
            let records = segment.get(start as usize..end as usize).unwrap_or_default();
            records.iter().enumerate().map(move |(at, record)| {
                let record = match wanted {
                    Wanted::All => record.clone(),
                    Wanted::Facts => facts_of(record),
                };
                (RecordId(base + start + at as u64), record)
            })
        })
    }
}

/// A record without its bytes.
fn facts_of(record: &Record) -> Record {
    let Record { at, conn, direction, kind, original_len, .. } = *record;
    Record { at, conn, direction, kind, data: Bytes::new(), original_len }
}

/// Cleared records that still have to be freed.
#[derive(Debug, Default)]
struct Discarded {
    segments: Vec<Vec<Record>>,
    blocks: Vec<Block>,
    /// Records that might have been freed and were not, as blocks go as a whole.
    saved: usize,
}

impl Discarded {
    /// Frees this many records.
    fn free(&mut self, mut most: usize) {
        while let Some(segment) = self.segments.last_mut() {
            let keep = segment.len().saturating_sub(most);
            most -= segment.len() - keep;
            segment.truncate(keep);
            if keep > 0 {
                return;
            }
            self.segments.pop();
        }
        if !self.blocks.is_empty() {
            self.saved += most;
        }
        while let Some(block) = self.blocks.pop_if(|block| block.len() <= self.saved as u64) {
            self.saved -= block.len() as usize;
        }
        if self.blocks.is_empty() {
            self.saved = 0;
        }
    }
}
