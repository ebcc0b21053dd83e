//! Cells of tables, whole: what a table was made of is read again, from a place before the row that was
//! marked while the table was made. The marks are as near as the blocks it was read in, so that costs as
//! much in a table of a body of 100 MiB as in any other; only text of another charset than UTF-8 is read
//! from its beginning.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{BLOCK, Derivations, Made, Task};
use crate::codec::charset::{NAMED_WITHIN, Recoder};
use crate::codec::recipe::maker::{BodyMaker, RowMark};
use crate::codec::recipe::table::{RowFinder, SEPARATOR};
use crate::engine::body::BodyStore;
use crate::engine::body::message::Body;
use crate::engine::body::table_rows::TableRows;
use crate::engine::body::thread::on_thread;
use crate::engine::body::viewer::GONE;
use crate::engine::event::Event;
use crate::model::recipe::Derivation;
use crate::model::table_cell::{CellQuery, TableCell};
use crate::model::view::ViewPart;

/// Bytes of the text of several rows at most; one is taken whole.
const ROWS: usize = 1 << 20;

/// Notes on what is made where the rows of a table are that the maker has passed.
pub(super) fn note(made: &mut Made, order: &Derivation, maker: &mut dyn BodyMaker) {
    let (marks, columns) = maker.take_marks();
    if !marks.is_empty() {
        made.open().table_rows(|| TableRows::of(order)).passed(marks, columns);
    }
}

/// Looks for a cell and ends the look for another; answered on the urgent channel.
pub(in super::super) fn start(
    looks: &Arc<Derivations>,
    query: CellQuery,
    store: BodyStore,
    urgent: mpsc::Sender<Event>,
) {
    let look = CellLook { looks: Arc::clone(looks), at: looks.cancel() };
    on_thread("body-cell", move || {
        let outcome = look.find(&store, &query).map(Box::new);
        if look.looks.is_newest(look.at) {
            let _ = urgent.blocking_send(Event::Cell { query, outcome });
        }
    });
}

/// Makes a body of what a cell holds.
pub(super) fn make(task: &Task, order: &Derivation, made: &mut Made) -> Result<(), String> {
    let look = CellLook { looks: Arc::clone(&task.derivations), at: task.at };
    let query = CellQuery { body: order.body, at: order.from, rows: 1 };
    let cell = look.find(&made.store, &query)?;
    let value = cell.value.filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| format!("there is nothing in {}", cell.column))?;
    made.push(value.as_bytes())?;
    Ok(())
}

/// Takes a piece of a text, and whether it is its end; tells whether that is enough.
type SourceTaker<'a> = dyn FnMut(&[u8], bool) -> Result<bool, String> + 'a;

/// One look, which a newer one of the same kind ends.
pub(super) struct CellLook {
    looks: Arc<Derivations>,
    at: u64,
}

impl CellLook {
    /// One that nothing but its reader ends.
    pub(super) fn alone() -> Self {
        let looks = Arc::<Derivations>::default();
        let at = looks.cancel();
        CellLook { looks, at }
    }

    fn find(&self, store: &BodyStore, query: &CellQuery) -> Result<TableCell, String> {
        let table = store.get(query.body).ok_or(GONE)?;
        let rows = table.rows.get().ok_or("this is no table whose rows are known")?;
        let (mark, columns) = rows.before(query.at).ok_or("this row is not made yet")?;
        let (passed, cell) = place(&table, mark.made, query.at)?;
        let mut finder = RowFinder::new(mark, passed, query.rows, ROWS)?;
        self.read(store, rows, mark, &mut |block, is_last| finder.push(block, is_last))?;
        let found = finder.cell(cell, &columns).ok_or("this row is not there")?;
        let (column, value) = found;
        Ok(TableCell { column, row: mark.rows + passed, value, text: finder.text() })
    }

    /// Hands the text behind a mark over, and whether that is its end, until `take` says that all is there
    /// that is looked for.
    pub(super) fn read(
        &self,
        store: &BodyStore,
        rows: &TableRows,
        mark: RowMark,
        take: &mut SourceTaker<'_>,
    ) -> Result<(), String> {
        let source = store.get(rows.source).ok_or(GONE)?;
        let mut task = Task {
            derivations: Arc::clone(&self.looks),
            child: Arc::default(),
            at: self.at,
            part: rows.part,
            from: rows.from,
            content_type: rows.content_type.clone(),
            source: Some(Arc::clone(&source)),
        };
        let mut is_found = false;
        if is_utf8(&source, rows)? {
            task.from += mark.read;
            task.blocks(|block| {
                is_found = take(block, false)?;
                Ok(!is_found)
            })?;
        } else {
            let mut before = usize::try_from(mark.read).unwrap_or(usize::MAX);
            task.texts(|text| {
                let passed = before.min(text.len());
                before -= passed;
                is_found = take(&text[passed..], false)?;
                Ok(!is_found)
            })?;
        }
        if !is_found && task.is_wanted() {
            take(b"", true)?;
        }
        Ok(())
    }
}

/// Whether the text is read as it is.
fn is_utf8(source: &Body, rows: &TableRows) -> Result<bool, String> {
    if rows.part == ViewPart::Raw {
        return Ok(true);
    }
    let first = source.read(rows.part, rows.from, NAMED_WITHIN);
    let first = first.map_err(|error| format!("the body cannot be read: {error}"))?;
    Ok(Recoder::of(rows.content_type.as_deref(), &first).is_none())
}

/// Rows between two bytes of a table, and cells before the second one in its row.
fn place(table: &Body, from: u64, to: u64) -> Result<(u64, usize), String> {
    let mut mark = [0; SEPARATOR.len_utf8()];
    let mark = SEPARATOR.encode_utf8(&mut mark).as_bytes();
    let (mut rows, mut cells, mut at) = (0, 0, from);
    let mut line = Vec::new();
    while at < to {
        let count = usize::try_from(to - at).unwrap_or(BLOCK).min(BLOCK);
        let block = table.read(ViewPart::Decoded, at, count);
        let block = block.map_err(|error| format!("the table cannot be read: {error}"))?;
        if block.is_empty() {
            return Err("this row is not there".to_owned());
        }
        at += block.len() as u64;
        rows += memchr::memchr_iter(b'\n', &block).count() as u64;
        match memchr::memrchr(b'\n', &block) {
            Some(end) => {
                line.clear();
                line.extend_from_slice(&block[end + 1..]);
            }
            None => line.extend_from_slice(&block),
        }
        cells = memchr::memmem::find_iter(&line, mark).count();
    }
    Ok((rows, cells))
}
