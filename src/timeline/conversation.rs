//! A session as the user reads it: what was said, in rows.
//!
//! A peer's message often arrives in several reads, so reads (or writes) of one direction on one
//! connection that begin within `JOIN_WITHIN` of the first are one row, up to `JOIN_BYTES`.
//! Datagrams are never joined, and every life-cycle fact is a row of its own. Rows hold no
//! bytes: they name records of the timeline.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use super::store::Timeline;
use crate::model::id::{ConnId, RecordId, SessionId};
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Reads that begin within this time of a row's first read belong to the row.
pub(crate) const JOIN_WITHIN: Duration = Duration::from_millis(20);

/// A row never grows beyond this many bytes by joining.
pub(crate) const JOIN_BYTES: u64 = 64 * 1024;

/// Rows kept; the oldest go first. At forty bytes a line this is more than anybody scrolls.
pub(crate) const ROWS_MAX: usize = 100_000;

/// Open rows remembered before the stale ones are swept out.
const OPEN_MAX: usize = 1024;

/// One row: a fact, or data that crossed in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageRow {
    pub first: RecordId,
    /// Last record joined into it; `first` when it stands alone.
    pub last: RecordId,
    /// Bytes of the first record that lie before the row.
    pub skip: u32,
    /// Reads, writes or datagrams in it.
    pub count: u32,
    pub conn: ConnId,
    pub direction: Direction,
    pub kind: RecordKind,
    /// When its first byte came.
    pub at: Stamp,
    /// Bytes that crossed (for facts: of the sentence).
    pub len: u64,
    /// Bytes of it that were kept; less than `len` when records were cut.
    pub kept: u64,
    pub end: FrameEnd,
}

/// How the frame ends that a row is. Without a framing every row is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameEnd {
    Whole,
    /// More is expected, or was when the connection ended.
    Open,
    /// The next row goes on with it.
    Part,
    /// Its length is smaller than what holds the length.
    Malformed,
}

/// Rows of one session, oldest first.
#[derive(Debug, Clone)]
pub struct Conversation {
    session: SessionId,
    pub rows: VecDeque<MessageRow>,
    /// Rows whose records were cleared and may come back.
    aside: VecDeque<MessageRow>,
    /// Rows that went; number of the first one still here.
    gone: u64,
    /// Number of the last row of each connection that may still be joined.
    open: HashMap<ConnId, u64>,
}

impl Conversation {
    /// An empty conversation of this session.
    #[must_use]
    pub fn new(session: SessionId) -> Self {
        let (rows, aside) = (VecDeque::new(), VecDeque::new());
        Conversation { session, rows, aside, gone: 0, open: HashMap::new() }
    }

    /// Whether records of this connection belong to it.
    pub(super) fn covers(&self, conn: ConnId) -> bool {
        conn.session == self.session
    }

    /// Takes in a record; returns whether it belongs here. Records must come in order.
    pub fn extend(&mut self, record: &Record, id: RecordId, datagram: bool) -> bool {
        if !self.covers(record.conn) {
            return false;
        }
        let joins = record.kind == RecordKind::Data && !datagram && !record.data.is_empty();
        let open = self.open.get(&record.conn).copied();
        if joins
            && let Some(row) = open.and_then(|number| self.row_mut(number))
            && row.takes(record)
        {
            row.last = id;
            row.count += 1;
            row.len += record.original_len;
            row.kept += record.data.len() as u64;
            return true;
        }
        let number = self.push(MessageRow::of(record, id));
        if joins {
            self.sweep_open(record.at);
            self.open.insert(record.conn, number);
        } else {
            self.open.remove(&record.conn);
        }
        true
    }

    /// Adds a row and returns its number.
    pub(super) fn push(&mut self, row: MessageRow) -> u64 {
        self.rows.push_back(row);
        while self.rows.len() > ROWS_MAX {
            self.drop_first();
        }
        self.next_number() - 1
    }

    /// Number of the next row; a number names a row for ever.
    pub(super) fn next_number(&self) -> u64 {
        self.gone + self.rows.len() as u64
    }

    /// The row with this number, unless it went.
    pub(super) fn row_mut(&mut self, number: u64) -> Option<&mut MessageRow> {
        self.rows.get_mut(number.checked_sub(self.gone)? as usize)
    }

    /// Lets go of rows whose records were all evicted; returns how many went.
    pub(crate) fn prune(&mut self, timeline: &Timeline) -> usize {
        let before = self.rows.len();
        while self.rows.front().is_some_and(|row| row.last < timeline.first()) {
            self.drop_first();
        }
        before - self.rows.len()
    }

    /// Every record was cleared: the rows are kept aside, as they may come back.
    pub(crate) fn set_aside(&mut self) {
        self.gone += self.rows.len() as u64;
        self.aside.append(&mut self.rows);
        let too_many = self.aside.len().saturating_sub(ROWS_MAX);
        self.aside.drain(..too_many);
    }

    /// What was cleared came back, as far as there was room: the rows do too.
    pub(crate) fn bring_back(&mut self, timeline: &Timeline) {
        while self.rows.len() < ROWS_MAX
            && let Some(row) = self.aside.pop_back().filter(|row| row.last >= timeline.first())
        {
            self.rows.push_front(row);
            self.gone -= 1;
        }
        self.aside.clear();
    }

    /// What was cleared will not come back.
    pub(crate) fn forget_aside(&mut self) {
        self.aside = VecDeque::new();
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row at this place, from 0 = oldest kept.
    pub(crate) fn row(&self, place: usize) -> Option<&MessageRow> {
        self.rows.get(place)
    }

    /// Rows that were dropped so far; `gone() + place` names a row for ever.
    pub(crate) fn gone(&self) -> u64 {
        self.gone
    }

    /// The place of the row that starts with this record or with the last one before it.
    pub(crate) fn place_of(&self, id: RecordId) -> Option<usize> {
        self.rows.partition_point(|row| row.first <= id).checked_sub(1)
    }

    /// Lets go of the oldest row.
    pub(super) fn drop_first(&mut self) {
        if self.rows.pop_front().is_some() {
            self.gone += 1;
        }
    }

    fn sweep_open(&mut self, now: Stamp) {
        if self.open.len() < OPEN_MAX {
            return;
        }
        let (rows, gone) = (&self.rows, self.gone);
        self.open.retain(|_, number| {
            let row = number.checked_sub(gone).and_then(|place| rows.get(place as usize));
            row.is_some_and(|row| now.since(row.at) < JOIN_WITHIN)
        });
    }
}

/// The bytes of a row that the timeline still holds; shared when they are those of one record.
pub fn bytes(timeline: &Timeline, row: &MessageRow) -> Bytes {
    if row.first == row.last {
        return slices(timeline, row).next().unwrap_or_default();
    }
    let mut joined = Vec::with_capacity(row.kept as usize);
    for part in slices(timeline, row) {
        joined.extend_from_slice(&part);
    }
    Bytes::from(joined)
}

/// The same in pieces, one for each record.
pub(crate) fn slices(timeline: &Timeline, row: &MessageRow) -> impl Iterator<Item = Bytes> {
    let mut skip = row.skip as usize;
    let mut left = row.kept as usize;
    // Without its first record, what is before the row went with it.
    if timeline.get(row.first).is_none() {
        skip = 0;
    }
    records(timeline, row).map(move |record| {
        let start = std::mem::take(&mut skip).min(record.data.len());
        let end = record.data.len().min(start + left);
        left -= end - start;
        record.data.slice(start..end)
    })
}

/// The records of a row that the timeline still holds. Costs a look at everything that came
/// between the first and the last, which is 20 ms of traffic at most.
pub fn records(timeline: &Timeline, row: &MessageRow) -> impl Iterator<Item = Record> {
    let MessageRow { first, last, conn, direction, kind, .. } = *row;
    // A pinned first record may live outside of the log.
    let pinned = (first < timeline.first()).then(|| timeline.get(first)).flatten();
    let logged = timeline.range(first, RecordId(last.0 + 1)).map(|(_, record)| record);
    pinned.into_iter().chain(logged.filter(move |record| {
        record.conn == conn && record.direction == direction && record.kind == kind
    }))
}

impl MessageRow {
    /// A row of one record.
    pub(super) fn of(record: &Record, id: RecordId) -> MessageRow {
        MessageRow {
            first: id,
            last: id,
            skip: 0,
            count: 1,
            conn: record.conn,
            direction: record.direction,
            kind: record.kind,
            at: record.at,
            len: record.original_len,
            kept: record.data.len() as u64,
            end: FrameEnd::Whole,
        }
    }

    fn takes(&self, record: &Record) -> bool {
        self.direction == record.direction
            && record.at.since(self.at) < JOIN_WITHIN
            && self.len.saturating_add(record.original_len) <= JOIN_BYTES
    }
}

#[cfg(test)]
mod conversation_tests;
