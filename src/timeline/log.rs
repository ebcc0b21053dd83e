//! The storage under the timeline: records with consecutive ids in segments.
//!
//! ```text
//! first ................................ next
//! [ segment | segment | segment | filling ]
//! ```
//! A push never moves what is there (one growing buffer would stall for tens of milliseconds at a
//! million records). What is evicted gives back a large payload at once and everything else with
//! its segment. Memory that is cleared goes back in steps, as a key must not wait for all of it.

use std::collections::VecDeque;

use super::conns::ConnSlot;
use super::segment::{Segment, StoredRecord};
use crate::model::id::RecordId;
use crate::model::record::Record;

/// Segments freed by a clear itself: a few milliseconds.
const DISCARD_NOW: usize = 64;
/// Segments freed when a new one is begun: memory goes back much faster than it fills again.
const DISCARD_PER_SEGMENT: usize = 8;

/// Records `first..next`, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    segments: VecDeque<Segment>,
    /// Id of the oldest record, or of the next one.
    pub(super) first: RecordId,
    /// Id the next record will get.
    pub(super) next: RecordId,
    /// Cleared segments that still have to be freed.
    discarded: Vec<Segment>,
    /// The next record begins a segment.
    is_sealed: bool,
}

/// A record where it lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordPlace<'a> {
    pub(super) id: RecordId,
    pub(super) stored: &'a StoredRecord,
    pub(super) segment: &'a Segment,
}

impl Log {
    /// Number of records.
    pub(super) fn len(&self) -> usize {
        (self.next.0 - self.first.0) as usize
    }

    /// Appends a record of the connection in this slot.
    pub(super) fn push(&mut self, conn: ConnSlot, record: Record) -> RecordId {
        let id = self.next;
        self.next.0 += 1;
        match self.segments.back_mut() {
            Some(segment) if !self.is_sealed && segment.has_room(&record) => {
                segment.push(conn, record);
            }
            full => {
                if let Some(full) = full {
                    full.finish();
                }
                self.discard(DISCARD_PER_SEGMENT);
                self.is_sealed = false;
                let mut segment = Segment::new(id.0);
                segment.push(conn, record);
                self.segments.push_back(segment);
            }
        }
        id
    }

    /// Takes the oldest record out.
    pub(super) fn pop(&mut self) -> Option<StoredRecord> {
        let segment = self.segments.front_mut().filter(|_| self.first < self.next)?;
        let record = segment.release(self.first.0);
        self.first.0 += 1;
        if self.first.0 == segment.end() {
            self.segments.pop_front();
        }
        Some(record)
    }

    /// What is here and what will come share no segment, so this can be let go of alone.
    pub(super) fn seal(&mut self) {
        self.is_sealed = true;
    }

    /// Removes what was there at the last [`seal`](Log::seal), before which this was the next id.
    pub(super) fn clear_before(&mut self, id: RecordId) {
        let gone = self.segments.partition_point(|segment| segment.end() <= id.0);
        self.discarded.extend(self.segments.drain(..gone));
        self.first = self.first.max(id);
        self.discard(DISCARD_NOW);
    }

    fn discard(&mut self, most: usize) {
        self.discarded.truncate(self.discarded.len().saturating_sub(most));
    }

    /// Whether cleared records still take memory.
    #[cfg(test)]
    pub(super) fn is_discarding(&self) -> bool {
        !self.discarded.is_empty()
    }

    /// The record with this id.
    pub(super) fn get(&self, id: RecordId) -> Option<RecordPlace<'_>> {
        self.range(id, RecordId(id.0.saturating_add(1))).next()
    }

    /// Records with `from <= id < to`, from either end.
    pub(super) fn range(
        &self,
        from: RecordId,
        to: RecordId,
    ) -> impl DoubleEndedIterator<Item = RecordPlace<'_>> {
        let from = from.max(self.first).0;
        let to = to.min(self.next).0.max(from);
        let front = self.segments.partition_point(|segment| segment.end() <= from);
        let back = self.segments.partition_point(|segment| segment.base < to);
        self.segments.range(front.min(back)..back).flat_map(move |segment| {
            let from = from.max(segment.base);
            let records = segment.records(from, to.min(segment.end()));
            records.iter().enumerate().map(move |(at, stored)| RecordPlace {
                id: RecordId(from + at as u64),
                stored,
                segment,
            })
        })
    }
}
