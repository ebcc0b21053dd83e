//! Records and bytes in both directions: the one place where they are added up.

use crate::model::record::{Direction, Record, RecordKind};

/// Number of records and bytes in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Volume {
    /// Data records: reads, writes or datagrams.
    pub records: u64,
    /// Bytes that crossed the socket, whether we still keep them or not.
    pub bytes: u64,
}

/// What crossed in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub sent: Volume,
    pub received: Volume,
}

impl Totals {
    /// Adds a data record; facts do not count.
    pub(super) fn count(&mut self, record: &Record) {
        let flow = match (record.kind, record.direction) {
            (RecordKind::Data, Direction::Sent) => &mut self.sent,
            (RecordKind::Data, Direction::Received) => &mut self.received,
            _ => return,
        };
        flow.records += 1;
        flow.bytes = flow.bytes.saturating_add(record.original_len);
    }
}
