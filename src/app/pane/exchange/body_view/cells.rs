//! The cell of a table the cursor is on: found in the lines that are here, by the signs between cells.

use std::ops::Range;

use super::{BodyView, TextSpot, Viewport};
use crate::app::wrap_bytes;
use crate::codec::printable::printable;
use crate::codec::recipe::table::SEPARATOR;
use crate::model::view::{ViewLine, ViewMode};

/// A row of a table, as far as its lines are here.
struct CellRow<'a> {
    /// The lines it stands in, and where each begins in its text.
    lines: Vec<(&'a ViewLine, usize)>,
    /// Where its cells stand in its text, with the air around them.
    cells: Vec<Range<usize>>,
}

/// The cell under the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct CellSpot {
    /// Its place among the cells of its row, from 0.
    pub(in super::super) at: usize,
    /// Its first byte in the table.
    pub(in super::super) offset: u64,
    /// The line its row begins with.
    pub(in super::super) line: u64,
}

impl BodyView {
    /// Whether cells are what is moved over.
    pub fn has_cells(&self) -> bool {
        self.is_table && self.mode == ViewMode::Text
    }

    /// The row that a line is of.
    fn row_of(&self, number: u64) -> Option<CellRow<'_>> {
        let window = self.window.as_ref().filter(|_| self.has_cells())?;
        let place = self.place_of(number)?;
        let first = window.lines[..=place].iter().rposition(|line| !line.continued)?;
        let (mut text, mut lines) = (Vec::new(), Vec::new());
        for line in &window.lines[first..] {
            if !line.continued && !lines.is_empty() {
                break;
            }
            lines.push((line, text.len()));
            text.extend_from_slice(&line.bytes);
        }
        let mut sign = [0; SEPARATOR.len_utf8()];
        let sign = SEPARATOR.encode_utf8(&mut sign).as_bytes();
        let (mut cells, mut start) = (Vec::new(), 0);
        for at in memchr::memmem::find_iter(&text, sign) {
            cells.push(start..at);
            start = at + sign.len();
        }
        cells.push(start..text.len());
        Some(CellRow { lines, cells })
    }

    /// The cell under the cursor, if its row is here.
    pub(in super::super) fn cell(&self) -> Option<CellSpot> {
        let row = self.row_of(self.cursor)?;
        let at = self.cell.min(row.cells.len() - 1);
        let start = row.cells[at].start;
        let (first, _) = row.lines.first()?;
        Some(CellSpot { at, offset: first.offset + start as u64, line: first.number })
    }

    /// The lines the cell under the cursor stands in, with its bytes in each.
    pub fn cell_lines(&self) -> Vec<(u64, Range<usize>)> {
        let Some(row) = self.row_of(self.cursor) else { return Vec::new() };
        let cell = &row.cells[self.cell.min(row.cells.len() - 1)];
        let on = |(line, start): &(&ViewLine, usize)| {
            let end = start + line.bytes.len();
            let is_on = cell.start <= end && cell.end >= *start;
            is_on.then(|| (line.number, cell.start.max(*start) - start..cell.end.min(end) - start))
        };
        row.lines.iter().filter_map(on).collect()
    }

    /// Moves to the next cell of the row, or to the one before.
    pub(in super::super) fn step_cell(&mut self, right: bool, room: Viewport) {
        let Some(cells) = self.row_of(self.cursor).map(|row| row.cells.len()) else { return };
        let at = self.cell.min(cells - 1);
        self.cell = if right { (at + 1).min(cells - 1) } else { at.saturating_sub(1) };
        self.show_cell(room);
    }

    /// Chooses the cell that a spot is in.
    pub(in super::super) fn choose_cell(&mut self, spot: TextSpot, room: Viewport) {
        let Some(row) = self.row_of(spot.line) else { return };
        let Some((_, start)) = row.lines.iter().find(|(line, _)| line.number == spot.line) else {
            return;
        };
        let at = start + spot.at;
        let found = row.cells.iter().position(|cell| at < cell.end + SEPARATOR.len_utf8());
        self.cell = found.unwrap_or(row.cells.len() - 1);
        self.cursor = spot.line;
        self.show_cell(room);
    }

    /// Scrolls sideways so that the cell can be seen, from its beginning where it is wider than the room;
    /// of a row in several lines the cursor goes to the one it begins in.
    pub(in super::super) fn show_cell(&mut self, room: Viewport) {
        let Some(row) = self.row_of(self.cursor) else { return };
        let cell = row.cells[self.cell.min(row.cells.len() - 1)].clone();
        let Some((line, start)) = row.lines.iter().rfind(|(_, start)| *start <= cell.start) else {
            return;
        };
        let cells = |to: usize| {
            let to = (to - start).min(line.bytes.len());
            wrap_bytes::cells(&printable(&line.bytes[..to]))
        };
        let (number, begin, end) = (line.number, cells(cell.start), cells(cell.end));
        if number != self.cursor {
            self.cursor = number;
            self.reach(room);
        }
        if room.wrap {
            return;
        }
        if end > self.left + room.width {
            self.left = end - room.width;
        }
        self.left = self.left.min(begin);
    }
}
