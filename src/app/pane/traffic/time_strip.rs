//! The strip below the rows: what they are spread over, from the first to the last, each cell a span of time.
//! It is the scroll bar of the list in time; the keys and the mouse go to a cell of it.
//!
//! ```text
//! 14:02:07  ▁ ▂▅█▇▃▁  ▁      ▂▂▁▁▁▃▆▂   14:05:40
//! ```

use ratatui::layout::Rect;

use super::TrafficPane;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::model::timing::Stamp;
use crate::model::view::SearchDirection;
use crate::query::Filter;
use crate::timeline::{SpanCount, span_of};

/// Cells of a time of day and the air beside it.
pub(crate) const LABEL: u16 = 10;
/// Rows of the list from which it has a strip, and cells of the strip.
pub(super) const LEAST_ROWS: u16 = 10;
const LEAST_CELLS: u16 = 20;
/// Rows that are read for a time where they stand in another order.
const READ: usize = 1_000_000;

/// What the strip shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStrip {
    pub from: Stamp,
    pub to: Stamp,
    /// What there is in each cell.
    pub cells: Vec<SpanCount>,
    /// The first and the last cell of what the rows on the screen show.
    pub seen: (usize, usize),
}

/// The part of the strip that has cells, between the times.
#[must_use]
pub(crate) fn cells_of(strip: Rect) -> Rect {
    if strip.width < LEAST_CELLS + 2 * LABEL {
        return strip;
    }
    Rect { x: strip.x + LABEL, width: strip.width - 2 * LABEL, ..strip }
}

impl TrafficPane {
    /// What there is on the list, by time; `None` = there is nothing, or it stands in another order.
    pub fn time_strip(&self, shared: &Shared, width: u16, height: u16) -> Option<TimeStrip> {
        let last = self.len().checked_sub(1).filter(|_| !self.shows_sorted())?;
        let (from, to) = (self.time_of(shared, 0)?, self.time_of(shared, last)?);
        let cells = self.listing.spread(&shared.timeline, (from, to), width.into());
        let top = self.cursor(height.into()).offset;
        let bottom = (top + usize::from(height.max(1)) - 1).min(last);
        let cell = |row| Some(span_of((from, to), self.time_of(shared, row)?, width.into()));
        Some(TimeStrip { from, to, cells, seen: (cell(top)?, cell(bottom)?) })
    }

    /// When the record in a row came.
    fn time_of(&self, shared: &Shared, row: usize) -> Option<Stamp> {
        Some(shared.timeline.head(self.row(row)?)?.at)
    }

    /// The first row that a filter for times lets through, found in a few looks where the rows stand in
    /// order of time: there may be a million of them.
    pub(super) fn first_at(&self, shared: &Shared, filter: &Filter) -> Option<usize> {
        if self.shows_sorted() || !filter.is_of_time() {
            let ids = (0..self.len()).take(READ).filter_map(|row| self.row(row));
            return shared.timeline.first_of(filter, ids).map(|id| self.row_of(id));
        }
        // One that went meanwhile was among the oldest.
        let mut row = first_not(self.len(), |row| self.time_of(shared, row).is_none());
        // A time of day comes again every day.
        loop {
            let at = self.time_of(shared, row)?;
            let wanted = filter.next_time(at)?;
            if wanted <= at {
                return Some(row);
            }
            let is_before = |row| self.time_of(shared, row).is_none_or(|at| at < wanted);
            row = first_not(self.len(), is_before);
        }
    }

    /// A press on a cell of the strip: goes to the first row from there on.
    pub(super) fn press_strip(&mut self, shared: &Shared, strip: Rect, column: u16) -> Outcome {
        let cells = cells_of(strip);
        // It goes while it is dragged when the rows are put in another order, or the screen shrinks.
        if cells.is_empty() {
            return Outcome::yes();
        }
        let at = column.saturating_sub(cells.x).min(cells.width.saturating_sub(1));
        self.go_to_cell(shared, at.into(), cells.width.into())
    }

    /// Goes by a cell of the strip, to the next one in which there is something.
    pub(super) fn go_by_cell(&mut self, shared: &Shared, direction: SearchDirection) -> Outcome {
        let areas = self.areas_now(shared);
        let cells = usize::from(cells_of(areas.rows).width);
        let last = self.len().checked_sub(1).filter(|_| !self.shows_sorted());
        let (Some(last), Some(here)) = (last, self.selected(shared).map(|id| self.row_of(id)))
        else {
            return Outcome::say("there is nothing in order of time to go through");
        };
        let ends = self.time_of(shared, 0).zip(self.time_of(shared, last));
        let cell = |row| Some(span_of(ends?, self.time_of(shared, row)?, cells));
        match direction {
            SearchDirection::Forward => {
                let row = first_not(self.len(), |row| cell(row) <= cell(here));
                if row > last {
                    return Outcome::say("this is the last span");
                }
                self.select(shared, row)
            }
            SearchDirection::Backward => match here.checked_sub(1).and_then(cell) {
                Some(before) => self.go_to_cell(shared, before, cells),
                None => Outcome::say("this is the first span"),
            },
        }
    }

    fn go_to_cell(&mut self, shared: &Shared, cell: usize, cells: usize) -> Outcome {
        let last = self.len().checked_sub(1).filter(|_| !self.shows_sorted());
        let ends =
            last.and_then(|last| Some((self.time_of(shared, 0)?, self.time_of(shared, last)?)));
        let (Some(last), Some((from, to))) = (last, ends) else { return Outcome::yes() };
        // One that went meanwhile was among the oldest.
        let is_before = |row| {
            let at = self.time_of(shared, row);
            at.is_none_or(|at| span_of((from, to), at, cells) < cell)
        };
        let row = first_not(self.len(), is_before).min(last);
        self.select(shared, row)
    }
}

/// The first of so many rows for which this does not hold, as it does for all before it.
fn first_not(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
