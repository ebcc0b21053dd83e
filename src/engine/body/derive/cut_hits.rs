//! Hits of a search in what a table leaves out of its cells. What the table was made of is read again from
//! the mark before the place that is asked for, so a hit nearby is found as fast in a large table.

use super::cell::CellLook;
use crate::codec::recipe::maker::RowMark;
use crate::codec::recipe::table::CutCells;
use crate::codec::search::Pattern;
use crate::engine::body::BodyStore;
use crate::engine::body::message::Body;
use crate::engine::body::table_rows::TableRows;
use crate::model::view::{SearchQuery, ViewMode, ViewPart};

/// Bytes of a table read at a time.
const BLOCK: usize = 64 * 1024;

/// A table that is searched.
pub(in super::super) struct CutHits<'a> {
    store: &'a BodyStore,
    table: &'a Body,
    rows: &'a TableRows,
    pattern: &'a Pattern,
    is_current: &'a dyn Fn() -> bool,
}

impl<'a> CutHits<'a> {
    /// `None` = this body is no table, or not looked at as one.
    pub(in super::super) fn of(
        store: &'a BodyStore,
        table: &'a Body,
        query: &SearchQuery,
        pattern: &'a Pattern,
        is_current: &'a dyn Fn() -> bool,
    ) -> Option<Self> {
        let is_shown = query.part == ViewPart::Decoded && query.mode == ViewMode::Text;
        let rows = table.rows.get().filter(|_| is_shown)?;
        Some(CutHits { store, table, rows, pattern, is_current })
    }

    /// The first cut in `start..end` that hides a hit.
    pub(in super::super) fn first(&self, start: u64, end: u64) -> Option<u64> {
        self.all(start, end, 1).first().copied()
    }

    /// The last one.
    pub(in super::super) fn last(&self, start: u64, end: u64) -> Option<u64> {
        let mut end = end;
        while end > start && (self.is_current)() {
            let (mark, _) = self.rows.before(end - 1)?;
            let found = self.all(mark.made.max(start), end, usize::MAX);
            if let Some(last) = found.last() {
                return Some(*last);
            }
            end = mark.made;
        }
        None
    }

    /// So many of those in `start..end`, in order.
    pub(in super::super) fn all(&self, start: u64, end: u64, most: usize) -> Vec<u64> {
        let mut found = Vec::new();
        if let Some((mark, columns)) = self.rows.before(start).filter(|_| start < end) {
            // What cannot be read any more is not searched.
            let _ = self.scan(mark, &columns, start..end, (most, &mut found));
        }
        found.truncate(most);
        found
    }

    fn scan(
        &self,
        mark: RowMark,
        columns: &[String],
        range: std::ops::Range<u64>,
        (most, found): (usize, &mut Vec<u64>),
    ) -> Result<(), String> {
        let mut cells = CutCells::new(mark, columns, self.pattern)?;
        let mut lines = TableLines { table: self.table, at: mark.made, held: Vec::new(), begin: 0 };
        if !lines.has_next() {
            return Ok(());
        }
        CellLook::alone().read(self.store, self.rows, mark, &mut |block, is_last| {
            let hit = &mut |at| {
                if range.contains(&at) {
                    found.push(at);
                }
            };
            cells.push(block, is_last, &mut || lines.next(), hit)?;
            let is_over = found.len() >= most || lines.at >= range.end || !lines.has_next();
            Ok(is_over || !(self.is_current)())
        })
    }
}

/// The lines of a table that are there by now.
struct TableLines<'a> {
    table: &'a Body,
    /// Where the next line begins.
    at: u64,
    /// What was read; the next line begins at `begin` in it.
    held: Vec<u8>,
    begin: usize,
}

impl TableLines<'_> {
    /// Bytes of the next line, its end left out.
    fn peek(&mut self) -> Option<usize> {
        let mut searched = self.begin;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.held[searched..]) {
                return Some(searched + end - self.begin);
            }
            self.held.drain(..self.begin);
            self.begin = 0;
            searched = self.held.len();
            let from = self.at + searched as u64;
            let block = self.table.read(ViewPart::Decoded, from, BLOCK).unwrap_or_default();
            if block.is_empty() {
                return None;
            }
            self.held.extend_from_slice(&block);
        }
    }

    fn has_next(&mut self) -> bool {
        self.peek().is_some()
    }

    /// The next line and where it begins.
    fn next(&mut self) -> Option<(u64, String)> {
        let count = self.peek()?;
        let line = &self.held[self.begin..self.begin + count];
        let next = (self.at, String::from_utf8_lossy(line).into_owned());
        self.begin += count + 1;
        self.at += count as u64 + 1;
        Some(next)
    }
}
