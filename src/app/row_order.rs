//! Rows of Traffic in the order of a column, put together in steps of bounded work, so that no key waits for
//! a million rows.
//!
//! ```text
//! read ─► runs, each in order ─► merged        what has nothing in the column comes last, in order of time
//! ```
//! The rows are those that were there when it began: what comes later is counted, and is not put among them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::net::{IpAddr, SocketAddr};

use super::columns::{CellValue, TrafficColumn};
use super::cursor::Cursor;
use crate::model::id::RecordId;

/// Rows that are put in order, the newest.
pub(crate) const SORTED_ROWS: usize = 2_000_000;
/// Rows read, and rows merged, in a step: about two milliseconds.
const READ_STEP: usize = 8_192;
const MERGE_STEP: usize = 32_768;
/// Bytes of a text that decide about its place.
const TEXT: usize = 24;

/// A column and the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortOrder {
    pub column: TrafficColumn,
    /// The greatest first.
    pub is_descending: bool,
}

/// Where a row belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RowKey([u64; 3]);

impl RowKey {
    /// `None` = nothing stands there.
    fn of(value: &CellValue) -> Option<Self> {
        Some(RowKey(match value {
            CellValue::Nothing => return None,
            CellValue::Record(id) => [id.0, 0, 0],
            CellValue::Time(at) => [at.0, 0, 0],
            CellValue::Conn(id) => [id.session.0, id.index.into(), 0],
            CellValue::Way(way) => return Some(RowKey::of_text(way.into_str())),
            CellValue::Number(number) => [*number, 0, 0],
            CellValue::Status(status) => [(*status).into(), 0, 0],
            CellValue::Lapse(lapse) => [lapse.as_secs(), lapse.subsec_nanos().into(), 0],
            CellValue::Word(word) => return Some(RowKey::of_text(word)),
            CellValue::Text(text) => match text.parse() {
                Ok(end) => RowKey::of_end(end).0,
                Err(_) => return Some(RowKey::of_text(text)),
            },
        }))
    }

    /// As a number, so that `10.0.0.9` comes before `10.0.0.10`, and port 80 before 443; before all texts.
    fn of_end(end: SocketAddr) -> Self {
        let (family, ip) = match end.ip() {
            IpAddr::V4(ip) => (0, u128::from(ip.to_bits())),
            IpAddr::V6(ip) => (1, ip.to_bits()),
        };
        let (high, low) = ((ip >> 64) as u64, ip as u64);
        let first = family << 48 | high >> 16;
        let second = (high & 0xFFFF) << 48 | low >> 16;
        RowKey([first, second, (low & 0xFFFF) << 16 | u64::from(end.port())])
    }

    /// By its beginning, letters without case.
    fn of_text(text: &str) -> Self {
        let mut bytes = [0; TEXT];
        for (byte, of_text) in bytes.iter_mut().zip(text.bytes()) {
            *byte = of_text.to_ascii_lowercase();
        }
        let word = |at: usize| {
            bytes.iter().skip(at * 8).take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
        };
        RowKey([word(0), word(1), word(2)])
    }

    fn turned(self, is_descending: bool) -> Self {
        if is_descending { RowKey(self.0.map(|word| !word)) } else { self }
    }
}

/// Rows in another order than that of time.
#[derive(Debug)]
pub struct SortedRows {
    pub order: SortOrder,
    /// The next row to be read, and the one before which reading ends.
    pub(crate) next: RecordId,
    pub(crate) until: RecordId,
    /// In order each, what comes first at the end.
    runs: Vec<Vec<(RowKey, RecordId)>>,
    /// The first of each run that is not merged yet.
    heads: BinaryHeap<Reverse<(RowKey, RecordId, usize)>>,
    without: Vec<RecordId>,
    rows: Vec<RecordId>,
    is_done: bool,
    pub(crate) cursor: Cursor,
}

impl SortedRows {
    /// Rows from one record to before another, none of which was read yet.
    pub(crate) fn new(order: SortOrder, next: RecordId, until: RecordId) -> Self {
        SortedRows {
            order,
            next,
            until,
            runs: Vec::new(),
            heads: BinaryHeap::new(),
            without: Vec::new(),
            rows: Vec::new(),
            is_done: false,
            cursor: Cursor::default(),
        }
    }

    /// Whether all rows stand in their order.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The record in a row.
    pub(crate) fn get(&self, row: usize) -> Option<RecordId> {
        self.rows.get(row).copied()
    }

    /// The row of a record.
    pub(crate) fn row_of(&self, id: RecordId) -> Option<usize> {
        self.rows.iter().position(|it| *it == id)
    }

    /// Reads more rows, then merges them; tells whether there is more to do. `rows` gives records from one
    /// on, `value` what stands in the column.
    pub(crate) fn step<I: Iterator<Item = RecordId>>(
        &mut self,
        rows: impl Fn(RecordId) -> I,
        value: impl Fn(RecordId) -> CellValue,
    ) -> bool {
        if self.next < self.until {
            self.read(rows(self.next).take(READ_STEP), value);
        } else {
            self.merge();
        }
        !self.is_done
    }

    fn read(
        &mut self,
        rows: impl Iterator<Item = RecordId>,
        value: impl Fn(RecordId) -> CellValue,
    ) {
        let (mut run, mut last) = (Vec::with_capacity(READ_STEP), None);
        for id in rows.take_while(|id| *id < self.until) {
            last = Some(id);
            match RowKey::of(&value(id)) {
                Some(key) => run.push((key.turned(self.order.is_descending), id)),
                None => self.without.push(id),
            }
        }
        self.next = last.map_or(self.until, |last| RecordId(last.0 + 1));
        run.sort_unstable_by(|one, other| other.cmp(one));
        if !run.is_empty() {
            self.runs.push(run);
        }
        if self.next >= self.until {
            for (at, run) in self.runs.iter_mut().enumerate() {
                self.heads.extend(run.pop().map(|(key, id)| Reverse((key, id, at))));
            }
        }
    }

    fn merge(&mut self) {
        for _ in 0..MERGE_STEP {
            let Some(mut head) = self.heads.peek_mut() else {
                self.rows.append(&mut self.without);
                self.runs.clear();
                self.is_done = true;
                return;
            };
            let Reverse((_, id, at)) = *head;
            self.rows.push(id);
            match self.runs.get_mut(at).and_then(Vec::pop) {
                Some((key, id)) => *head = Reverse((key, id, at)),
                None => drop(PeekMut::pop(head)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(order: SortOrder, count: u64, value: impl Fn(RecordId) -> CellValue) -> Vec<u64> {
        let mut sorted = SortedRows::new(order, RecordId(0), RecordId(count));
        let rows = |from: RecordId| (from.0..count + 5).map(RecordId);
        let mut steps = 1;
        while sorted.step(rows, &value) {
            steps += 1;
        }
        assert!(steps > (count as usize) / READ_STEP);
        sorted.rows.iter().map(|id| id.0).collect()
    }

    #[test]
    fn rows_of_many_steps_stand_in_the_order_of_their_values_and_equal_ones_in_that_of_time() {
        let value = |id: RecordId| match id.0 % 5 {
            0 => CellValue::Nothing,
            _ => CellValue::Number(id.0 * 7919 % 1000),
        };
        let key = |id: &u64| {
            (id.is_multiple_of(5), if id.is_multiple_of(5) { 0 } else { id * 7919 % 1000 }, *id)
        };
        for is_descending in [false, true] {
            let order = SortOrder { column: TrafficColumn::Length, is_descending };
            let found = sorted(order, 40_000, value);
            assert_eq!(found.len(), 40_000);
            let mut expected: Vec<u64> = (0..40_000).collect();
            expected.sort_by_key(|id| {
                let (none, number, id) = key(id);
                (none, if is_descending { 1000 - number } else { number }, id)
            });
            // Those without a value have no number to turn round.
            assert!(found.iter().take(32_000).eq(expected.iter().take(32_000)));
            assert!(found.iter().skip(32_000).all(|id| id.is_multiple_of(5)));
        }
    }

    #[test]
    fn addresses_stand_in_the_order_of_their_numbers_before_texts() {
        let ends = [
            "10.0.0.9:80",
            "10.0.0.9:443",
            "10.0.0.10:80",
            "127.0.0.1:9000",
            "127.0.0.1:10000",
            "[::1]:80",
            "[fe80::1]:9",
            "[fe80::2]:8",
            "[fe80:0:0:1::]:7",
            "unix:/run/a",
        ];
        let order = SortOrder { column: TrafficColumn::Peer, is_descending: false };
        let count = ends.len() as u64;
        let turned = |id: RecordId| CellValue::Text(ends[(count - 1 - id.0) as usize].into());
        let wanted: Vec<u64> = (0..count).rev().collect();
        assert_eq!(sorted(order, count, turned), wanted);
    }

    #[test]
    fn texts_stand_by_their_letters_whatever_their_case() {
        let texts = ["banana", "Apple", "cherry", "apple pie"];
        let order = SortOrder { column: TrafficColumn::Path, is_descending: false };
        let value = |id: RecordId| CellValue::Text(texts[id.0 as usize].to_owned());
        assert_eq!(sorted(order, 4, value), [1, 3, 0, 2]);
    }
}
