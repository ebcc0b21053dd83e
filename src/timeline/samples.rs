//! Records and connections for the unit tests of this module.

use bytes::Bytes;

use super::store::Timeline;
use crate::model::id::{ConnId, SessionId};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;

impl Timeline {
    /// Pushes several records.
    pub(super) fn push_batch(&mut self, records: impl IntoIterator<Item = Record>) {
        records.into_iter().for_each(|record| {
            self.push(record);
        });
    }
}

pub(super) fn conn_id(session: u64, index: u32) -> ConnId {
    SessionId(session).conn(index)
}

/// Payload that came in, `millis` after the start of the program.
pub(super) fn received(conn: ConnId, millis: u64, data: &[u8]) -> Record {
    Record {
        frames: bytes::Bytes::new(),
        at: Stamp(millis * 1_000_000),
        conn,
        direction: Direction::Received,
        kind: RecordKind::Data,
        data: Bytes::copy_from_slice(data),
        original_len: data.len() as u64,
        faults: crate::model::fault::FaultMarks::default(),
    }
}

/// Payload that went out, `millis` after the start of the program.
pub(super) fn sent(conn: ConnId, millis: u64, data: &[u8]) -> Record {
    Record { direction: Direction::Sent, ..received(conn, millis, data) }
}

/// A record that is no payload but words about the connection.
pub(super) fn fact(conn: ConnId, millis: u64, kind: RecordKind, text: &str) -> Record {
    Record { direction: Direction::Local, kind, ..received(conn, millis, text.as_bytes()) }
}

/// A listener's connection; the peer's port follows from its number.
pub(super) fn info(id: ConnId, protocol: Protocol) -> ConnInfo {
    ConnInfo {
        local: Some(([127, 0, 0, 1], 9000).into()),
        peer: Some(([10, 1, 2, 3], 40_000 + (id.index % 20_000) as u16).into()),
        ..ConnInfo::new(id, protocol, Side::Listener)
    }
}
