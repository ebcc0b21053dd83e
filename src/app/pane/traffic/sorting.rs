//! Rows in the order of a column instead of that of time, and the columns under the mouse.
//!
//! While the rows are put in order those of time stay on the screen. What stands in order then is what was
//! there when it began: following is off, and what came since is counted, until Esc goes back to time.

use ratatui::layout::Rect;

use super::TrafficPane;
use super::time_strip::LEAST_ROWS;
use crate::app::column_set::{ColumnSet, PlacedColumn};
use crate::app::columns::{CellFacts, CellValue};
use crate::app::intent::{Intent, TrafficWish};
use crate::app::layout::pane_inner;
use crate::app::message::{Mouse, MouseKind, Timer};
use crate::app::outcome::Outcome;
use crate::app::row_order::{SORTED_ROWS, SortOrder, SortedRows};
use crate::app::shared::Shared;
use crate::model::id::RecordId;

/// A column whose right edge the mouse has.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnDrag {
    placed: PlacedColumn,
    /// Where the row begins on the screen.
    left: u16,
}

/// What the mouse was pressed on.
#[derive(Debug, Clone, Copy)]
pub(super) enum TrafficDrag {
    Column(ColumnDrag),
    /// The strip of time, which is the scroll bar.
    Strip,
}

impl TrafficPane {
    /// Puts the rows in this order; `None` = that of time, with the same row under the cursor.
    pub(crate) fn sort(&mut self, shared: &Shared, order: Option<SortOrder>) -> Vec<Intent> {
        let selected = self.selected(shared).filter(|_| self.shows_sorted());
        self.sorted = None;
        if let Some(row) = selected.map(|id| self.listing.rows_before(id)) {
            self.select(shared, row);
        }
        let Some(order) = order else { return Vec::new() };
        let from = self.listing.len().saturating_sub(SORTED_ROWS);
        let first = self.listing.get(from).unwrap_or_default();
        self.sorted = Some(SortedRows::new(order, first, shared.timeline.next_id()));
        self.sort_on(shared)
    }

    /// A step of it; the rest follows in a moment.
    pub(super) fn sort_on(&mut self, shared: &Shared) -> Vec<Intent> {
        // A filter that is being applied finds further rows.
        if !self.listing.is_complete() {
            return Vec::new();
        }
        let Some(sorted) = self.sorted.as_mut().filter(|sorted| !sorted.is_done()) else {
            return Vec::new();
        };
        let (listing, column) = (&self.listing, sorted.order.column);
        let rows = |from| {
            let first = listing.rows_before(from);
            (first..listing.len()).filter_map(|row| listing.get(row))
        };
        let value = |id| match shared.timeline.head(id) {
            Some(record) => (column.row().value)(&CellFacts { shared, id, record: &record }),
            None => CellValue::Nothing,
        };
        let has_more = sorted.step(rows, value);
        if has_more && !std::mem::replace(&mut self.sort_due, true) {
            return vec![Intent::soon(Timer::TrafficSort)];
        }
        Vec::new()
    }

    /// A filter was applied: the rows it shows are put in the same order.
    pub(super) fn sort_anew(&mut self, shared: &Shared) -> Vec<Intent> {
        let order = self.sorted.as_ref().map(|sorted| sorted.order);
        self.sorted = None;
        if order.is_some() { self.sort(shared, order) } else { Vec::new() }
    }

    /// Whether the rows on the screen stand in another order than that of time.
    pub fn shows_sorted(&self) -> bool {
        self.sorted.as_ref().is_some_and(SortedRows::is_done)
    }

    /// The record of a row on the screen.
    pub fn row(&self, row: usize) -> Option<RecordId> {
        match self.sorted.as_ref().filter(|sorted| sorted.is_done()) {
            Some(sorted) => sorted.get(row),
            None => self.listing.get(row),
        }
    }

    /// The row of a record that is on the list.
    pub(super) fn row_of(&self, id: RecordId) -> usize {
        match self.sorted.as_ref().filter(|sorted| sorted.is_done()) {
            Some(sorted) => sorted.row_of(id).unwrap_or(0),
            None => self.listing.rows_before(id),
        }
    }

    /// Rows that came since those on the screen were put in order.
    pub(crate) fn came_since_sorted(&self) -> usize {
        let until = self.sorted.as_ref().map(|sorted| sorted.until);
        until.map_or(0, |until| self.listing.len() - self.listing.rows_before(until))
    }

    /// A press on the title of a column: its right edge can be dragged, the rest sorts by it, once more
    /// the other way.
    pub(super) fn press_title(&mut self, shared: &Shared, left: u16, mouse: Mouse) -> Outcome {
        let x = mouse.column - left;
        let placed = shared.columns.placed(self.areas_now(shared).header.width);
        let placed = placed.into_iter().find(|it| (it.x..it.x + it.width).contains(&x));
        let Some(placed) = placed else { return self.sort(shared, None).into() };
        if x + 1 == placed.x + placed.width {
            self.dragged = Some(TrafficDrag::Column(ColumnDrag { placed, left }));
            return Outcome::yes();
        }
        let now = self.sorted.as_ref().map(|sorted| sorted.order);
        let is_again = now.is_some_and(|now| now.column == placed.column && !now.is_descending);
        let order = SortOrder { column: placed.column, is_descending: is_again };
        self.sort(shared, Some(order)).into()
    }

    /// The mouse moved with what it was pressed on, or let go of it.
    pub(super) fn drag(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let dragged = self.dragged;
        if mouse.kind == MouseKind::Release {
            self.dragged = None;
        }
        match dragged {
            Some(TrafficDrag::Column(ColumnDrag { placed, left })) => {
                let width = (mouse.column + 1).saturating_sub(left + placed.x);
                let mut columns = shared.columns.clone();
                columns.resize(placed.column, width);
                columns_wished(columns)
            }
            // Where it was let go it was moved to before.
            Some(TrafficDrag::Strip) if mouse.kind != MouseKind::Release => {
                let strip = self.areas(pane_inner(area)).strip;
                self.press_strip(shared, strip, mouse.column)
            }
            Some(TrafficDrag::Strip) | None => Outcome::yes(),
        }
    }

    /// Shows times in the next way.
    pub(super) fn show_times(shared: &Shared) -> Outcome {
        let times = shared.columns.times.next();
        columns_wished(ColumnSet { times, ..shared.columns.clone() })
    }
}

impl TrafficPane {
    /// Hides the strip of time, or shows it; where it cannot be seen it is said.
    pub(super) fn toggle_strip(&self, shared: &Shared) -> Outcome {
        let hides_strip = !shared.columns.hides_strip;
        let wished = columns_wished(ColumnSet { hides_strip, ..shared.columns.clone() });
        let is_seen = !self.areas_now(shared).strip.is_empty();
        let rows = self.areas_now(shared).rows.height;
        let said = match (hides_strip, self.shows_sorted()) {
            (true, _) if is_seen => return wished,
            (true, _) => "the time strip is off".to_owned(),
            (false, true) => {
                "the time strip is on; rows in the order of a column have none".to_owned()
            }
            (false, false) if rows >= LEAST_ROWS || self.is_empty() => return wished,
            (false, false) => {
                format!("the time strip is on; it shows where the list has {LEAST_ROWS} rows")
            }
        };
        wished.with(Intent::Say(said))
    }
}

fn columns_wished(columns: ColumnSet) -> Outcome {
    Intent::Traffic(TrafficWish::Columns(Box::new(columns))).into()
}
