//! A conversation as it is heard, record by record, until it is looked at.

use super::BODY_LIMIT;
use super::came::{Came, CameBody, CameFrom, Talk};
use crate::model::dialled::Dialled;
use crate::model::protocol::Capabilities;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// What was said so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heard {
    talk: Talk,
    received: Vec<u8>,
    length: u64,
    began: Option<Stamp>,
    sent_at: Option<Stamp>,
    /// What is part of it.
    can: Option<Capabilities>,
    first_at: Option<Stamp>,
}

impl Heard {
    /// Nothing was said yet; of datagrams, whether each has an answer is counted.
    #[must_use]
    pub(crate) fn new(can: Capabilities) -> Self {
        let talk = Talk { lost: can.datagrams.then_some(0), ..Talk::default() };
        Heard { talk, can: Some(can), ..Heard::default() }
    }

    /// It is connected, in this way.
    pub fn dialled(&mut self, how: Dialled) {
        self.talk.dialled = how;
    }

    /// Takes a record of it.
    pub fn take(&mut self, record: &Record) {
        if self.can.is_some_and(|can| !record.is_said(can)) {
            return;
        }
        let began = *self.began.get_or_insert(record.at);
        match (record.kind, record.direction) {
            (RecordKind::Data, Direction::Received) => {
                self.talk.received += 1;
                let first = *self.first_at.get_or_insert(record.at);
                self.talk.transfer = Some(record.at.since(first));
                let answered = self.sent_at.map(|sent| record.at.since(sent));
                self.talk.first_byte = self.talk.first_byte.or(answered);
                self.length += record.original_len;
                let room = BODY_LIMIT.saturating_sub(self.received.len());
                self.received.extend(record.data.iter().take(room));
            }
            (RecordKind::Data, Direction::Sent) => {
                self.talk.sent += 1;
                if self.talk.first_byte.is_none() {
                    self.sent_at = Some(record.at);
                }
            }
            _ => return,
        }
        self.talk.took = record.at.since(began);
        let lost = self.talk.sent.saturating_sub(self.talk.received);
        self.talk.lost = self.talk.lost.map(|_| lost);
    }

    /// All that was received.
    #[must_use]
    pub fn body(&self) -> CameBody<'_> {
        CameBody { bytes: &self.received, length: self.length }
    }

    /// What came of it, at this time of the wall clock.
    #[must_use]
    pub fn came(&self, now: Stamp) -> Came<'_> {
        Came::new(CameFrom::Conversation(&self.talk), self.body(), now)
    }
}
