//! The storage under the timeline: records with consecutive ids in segments.
//!
//! ```text
//! first ................................ next
//! [ segment | segment | segment | filling ]
//! ```
//! A push never moves what is there (one growing buffer would stall for tens of milliseconds at a
//! million records). What is evicted gives back a large payload at once; everything else makes room
//! for what comes, segment by segment and page by page, so a full log asks for no memory. What is
//! cleared goes back in steps, as a key must not wait for all of it.

use std::collections::VecDeque;

use bytes::Bytes;

use super::conns::ConnSlot;
use super::gaps::RecordGaps;
use super::pages::Pages;
use super::segment::{Segment, StoredRecord};
use crate::model::id::RecordId;
use crate::model::record::Record;

/// Segments freed by a clear itself: a few milliseconds.
const DISCARD_NOW: usize = 64;
/// Segments freed when a new one is begun: memory goes back much faster than it fills again.
const DISCARD_PER_SEGMENT: usize = 8;
/// Pages freed with each segment: what one may fill takes as long to come.
const DISCARD_PAGES: usize = 4;

/// Records `first..next`, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    segments: VecDeque<Segment>,
    pages: Pages,
    /// A segment that went, whose memory the next one takes.
    gone: Option<Segment>,
    /// Id of the oldest record, or of the next one.
    pub(super) first: RecordId,
    /// Id the next record will get.
    pub(super) next: RecordId,
    /// Cleared segments and pages that still have to be freed.
    discarded: Vec<Segment>,
    discarded_pages: Vec<Vec<u8>>,
    /// The next record begins a segment.
    is_sealed: bool,
}

/// A record where it lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordPlace<'a> {
    pub(super) id: RecordId,
    pub(super) stored: &'a StoredRecord,
    segment: &'a Segment,
    pages: &'a Pages,
}

impl<'a> RecordPlace<'a> {
    /// Its payload.
    pub(super) fn data(&self) -> &'a [u8] {
        self.segment.data(self.stored, self.pages)
    }

    /// Its frames, where it is a message of WebSocket.
    pub(super) fn frames(&self) -> &'a [u8] {
        self.segment.frames(self.stored, self.pages)
    }

    /// Payload and frames to keep: what is large is shared, what is small copied.
    pub(super) fn bytes(&self) -> [Bytes; 2] {
        self.segment.bytes(self.stored, self.pages)
    }
}

impl Log {
    /// Number of records.
    pub(super) fn len(&self) -> usize {
        (self.next.0 - self.first.0) as usize
    }

    /// Appends a record of the connection in this slot.
    pub(super) fn push(&mut self, conn: (ConnSlot, RecordGaps), record: Record) -> RecordId {
        let id = self.next;
        self.next.0 += 1;
        let full = self.segments.back().is_none_or(|segment| self.is_sealed || !segment.has_room());
        if full {
            self.discard(DISCARD_PER_SEGMENT);
            self.is_sealed = false;
            let payload = self.pages.next_position(0);
            self.segments.push_back(Segment::new(id.0, payload, self.gone.take()));
        }
        if let Some(segment) = self.segments.back_mut() {
            segment.push(conn, record, &mut self.pages);
        }
        id
    }

    /// Takes the oldest record out.
    pub(super) fn pop(&mut self) -> Option<StoredRecord> {
        let segment = self.segments.front_mut().filter(|_| self.first < self.next)?;
        let record = segment.release(self.first.0);
        self.first.0 += 1;
        if self.first.0 == segment.end() {
            self.gone = self.segments.pop_front();
            let kept = self.segments.front().map(|segment| segment.payload);
            self.pages.release_before(kept.unwrap_or_else(|| self.pages.next_position(0)));
        }
        Some(record)
    }

    /// What is here and what will come share no segment, so this can be let go of alone.
    pub(super) fn seal(&mut self) {
        self.is_sealed = true;
        self.pages.seal();
    }

    /// Removes what was there at the last [`seal`](Log::seal), before which this was the next id.
    pub(super) fn clear_before(&mut self, id: RecordId) {
        let gone = self.segments.partition_point(|segment| segment.end() <= id.0);
        self.discarded.extend(self.segments.drain(..gone).chain(self.gone.take()));
        let kept = self.segments.front().map(|segment| segment.payload);
        let kept = kept.unwrap_or_else(|| self.pages.next_position(0));
        self.discarded_pages.extend(self.pages.take_before(kept));
        self.first = self.first.max(id);
        self.discard(DISCARD_NOW);
    }

    fn discard(&mut self, most: usize) {
        self.discarded.truncate(self.discarded.len().saturating_sub(most));
        let most = most * DISCARD_PAGES;
        self.discarded_pages.truncate(self.discarded_pages.len().saturating_sub(most));
    }

    /// Whether cleared records still take memory.
    #[cfg(test)]
    pub(super) fn is_discarding(&self) -> bool {
        !self.discarded.is_empty() || !self.discarded_pages.is_empty()
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
        let pages = &self.pages;
        self.segments.range(front.min(back)..back).flat_map(move |segment| {
            let from = from.max(segment.base);
            let records = segment.records(from, to.min(segment.end()));
            records.iter().enumerate().map(move |(at, stored)| RecordPlace {
                id: RecordId(from + at as u64),
                stored,
                segment,
                pages,
            })
        })
    }
}
