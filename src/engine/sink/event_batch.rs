//! What goes to the shell in one go: records in batches, other events beside them.
//!
//! ```text
//! put in:  record  exchange  record  record  exchange  phase  record
//! sent:    Traffic(3 records)  Exchange  Exchange  Phase  Traffic(1 record)
//! ```
//!
//! An exchange says how it stands now, so it may come after records that are a little younger and
//! does not cut a batch in two: a listener under load has one for every few records. Everything
//! else keeps its place among the records of its session.

use std::collections::VecDeque;

use crate::engine::event::{Batch, Event};
use crate::model::ciphertext::Ciphertext;
use crate::model::id::ConnId;
use crate::model::record::Record;

/// A batch is sent at this many records.
pub(super) const BATCH_RECORDS: usize = 512;
/// A batch is sent at this cost.
pub(super) const BATCH_BYTES: usize = 512 * 1024;

/// What an event that is no record costs, roughly (an exchange with its heads).
pub(super) const EVENT_COST: usize = 2_048;

/// What the end of a connection costs.
pub(super) const OVER_COST: usize = 128;

/// A batch in the making.
#[derive(Default)]
pub(super) struct EventBatch {
    sealed: VecDeque<Event>,
    /// In the making: connections are named before the first record that refers to them.
    pub(super) batch: Batch,
    /// Exchanges, progress and counts since the last batch was sealed, in their order.
    beside: VecDeque<Event>,
    records: usize,
    cost: usize,
}

impl EventBatch {
    /// Empty; `records` and `others` are how many are expected, which saves growing.
    pub(super) fn with_room_for(records: usize, others: usize) -> Self {
        let mut events = EventBatch::default();
        events.batch.records.reserve(records.min(BATCH_RECORDS));
        // The records come before them as one more.
        events.beside.reserve(others.min(BATCH_BYTES / EVENT_COST) + 1);
        events
    }

    /// Whether to send it now: enough records, or enough bytes.
    pub(super) fn is_full(&self) -> bool {
        self.records >= BATCH_RECORDS || self.cost >= BATCH_BYTES
    }

    /// Adds to the records of the batch in the making.
    pub(super) fn record(&mut self, record: Record) {
        self.records += 1;
        self.cost += record.cost();
        self.batch.records.push(record);
    }

    /// What crossed below TLS, behind the records so far.
    pub(super) fn ciphertext(&mut self, piece: Ciphertext) {
        self.cost += piece.cost();
        self.seal();
        match self.sealed.back_mut() {
            Some(Event::Ciphertext(pieces)) => pieces.push(piece),
            _ => self.sealed.push_back(Event::Ciphertext(vec![piece])),
        }
    }

    /// Says with the records so far that a connection has no more of them.
    pub(super) fn over(&mut self, conn: ConnId) {
        self.cost += OVER_COST;
        self.batch.over.push(conn);
    }

    /// Anything but records; only exchanges, progress, counts and owners of peers do not end the batch.
    pub(super) fn event(&mut self, event: Event) {
        self.cost += EVENT_COST;
        let is_beside = matches!(
            event,
            Event::Exchange(_)
                | Event::Progress { .. }
                | Event::RuleAnswered { .. }
                | Event::Rewrote { .. }
                | Event::Opened { .. }
                | Event::PeerFound { .. }
        );
        if is_beside {
            self.beside.push_back(event);
        } else {
            self.seal();
            self.sealed.push_back(event);
        }
    }

    /// The events to send, in order.
    pub(super) fn finish(mut self) -> VecDeque<Event> {
        self.seal();
        self.sealed
    }

    fn seal(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if batch != Batch::default() {
            self.beside.push_front(Event::Traffic(batch));
        }
        if self.sealed.is_empty() {
            // Most batches are sealed once: nothing is moved.
            std::mem::swap(&mut self.sealed, &mut self.beside);
        } else {
            self.sealed.append(&mut self.beside);
        }
    }
}
