//! The storage under the timeline: records with consecutive ids in segments of fixed size.
//!
//! A segment is allocated once and freed as a whole, so a push never moves what is there (one
//! growing buffer would stall for tens of milliseconds at a million records). An evicted record
//! gives back its payload at once and its slot with the segment.

use std::collections::VecDeque;

use crate::model::id::RecordId;
use crate::model::record::Record;

/// Records per segment: about 72 KiB, small enough to be slack nobody notices.
const SEGMENT: u64 = 1024;

/// Records `first..next`, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    segments: VecDeque<Vec<Record>>,
    /// Id of slot 0 of the front segment; `base <= first`.
    base: u64,
    first: u64,
    next: u64,
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
        RecordId(id)
    }

    pub(super) fn get(&self, id: RecordId) -> Option<&Record> {
        if id.0 < self.first {
            return None;
        }
        let slot = id.0 - self.base;
        self.segments.get((slot / SEGMENT) as usize)?.get((slot % SEGMENT) as usize)
    }

    /// Takes the oldest record out.
    pub(super) fn pop(&mut self) -> Option<(RecordId, Record)> {
        let slot = self.first - self.base;
        let place = self.segments.front_mut()?.get_mut(slot as usize)?;
        let record = Record { data: std::mem::take(&mut place.data), ..place.clone() };
        let id = RecordId(self.first);
        self.first += 1;
        if slot + 1 == SEGMENT {
            self.segments.pop_front();
            self.base = self.first;
        }
        Some((id, record))
    }

    pub(super) fn clear(&mut self) {
        self.segments.clear();
        self.first = self.next;
        self.base = self.next;
    }

    pub(super) fn range(
        &self,
        from: RecordId,
        to: RecordId,
    ) -> impl DoubleEndedIterator<Item = (RecordId, &Record)> {
        let from = from.0.max(self.first);
        let to = to.0.min(self.next).max(from);
        (from..to).filter_map(|id| Some((RecordId(id), self.get(RecordId(id))?)))
    }
}
