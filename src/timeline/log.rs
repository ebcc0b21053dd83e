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

/// Records freed by a clear itself: about five milliseconds.
const DISCARD_NOW: usize = 100_000;

/// Records freed by each push after a larger clear: a few microseconds.
const DISCARD_PER_PUSH: usize = 64;

/// Records `first..next`, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    segments: VecDeque<Vec<Record>>,
    /// Id of slot 0 of the front segment; `base <= first`.
    base: u64,
    first: u64,
    next: u64,
    /// Cleared segments whose records still have to be freed.
    discarded: Vec<Vec<Record>>,
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
        if !self.discarded.is_empty() {
            self.discard(DISCARD_PER_PUSH);
        }
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

    /// Removes everything. Giving back millions of payloads takes longer than a key may wait, so
    /// only part of it happens here; pushes do the rest, much faster than they fill memory again.
    pub(super) fn clear(&mut self) {
        self.discarded.extend(self.segments.drain(..));
        self.first = self.next;
        self.base = self.next;
        self.discard(DISCARD_NOW);
    }

    /// Whether cleared records still take memory.
    #[cfg(test)]
    pub(super) fn is_discarding(&self) -> bool {
        !self.discarded.is_empty()
    }

    /// Frees up to this many records of those cleared.
    fn discard(&mut self, mut most: usize) {
        while let Some(segment) = self.discarded.last_mut() {
            let keep = segment.len().saturating_sub(most);
            most -= segment.len() - keep;
            segment.truncate(keep);
            if keep > 0 {
                return;
            }
            self.discarded.pop();
        }
    }

    pub(super) fn range(
        &self,
        from: RecordId,
        to: RecordId,
    ) -> impl DoubleEndedIterator<Item = (RecordId, &Record)> {
        let from = from.0.max(self.first);
        let to = to.0.min(self.next).max(from);
        let front = ((from - self.base) / SEGMENT) as usize;
        let back = ((to - self.base).div_ceil(SEGMENT) as usize).min(self.segments.len());
        self.segments.range(front.min(back)..back).enumerate().flat_map(move |(at, segment)| {
            let base = self.base + (front + at) as u64 * SEGMENT;
            let start = from.saturating_sub(base);
            let end = (to - base).min(segment.len() as u64);
            let records = segment.get(start as usize..end as usize).unwrap_or_default();
            let number = move |(at, record)| (RecordId(base + start + at as u64), record);
            records.iter().enumerate().map(number)
        })
    }
}
