//! Jumps from row to row: to errors, slow answers and marked rows, the next one and the one before.

use super::TrafficPane;
use crate::app::action::Action;
use crate::app::format;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::model::view::SearchDirection;
use crate::query::Filter;

/// Rows that are looked at for one; at 50 ns a row that is a twentieth of a second.
const REACH: usize = 1_000_000;
/// Latencies of which the slowest are slow: those of the newest rows.
const SAMPLE: usize = 100_000;
/// Of so many the slowest one is slow.
const SLOW_OF: usize = 20;

impl TrafficPane {
    /// Goes to the next row of a kind or the one before; `None` = the action is none of these.
    pub(super) fn seek(&mut self, shared: &Shared, action: Action) -> Option<Outcome> {
        use SearchDirection::{Backward, Forward};
        Some(match action {
            Action::NextError => self.seek_for(shared, Forward, "error", "error"),
            Action::PreviousError => self.seek_for(shared, Backward, "error", "error"),
            Action::NextMarked => self.seek_for(shared, Forward, "marked", "marked row"),
            Action::PreviousMarked => self.seek_for(shared, Backward, "marked", "marked row"),
            Action::NextSlow => self.seek_slow(shared, Forward),
            Action::PreviousSlow => self.seek_slow(shared, Backward),
            _ => return None,
        })
    }

    fn seek_for(
        &mut self,
        shared: &Shared,
        direction: SearchDirection,
        filter: &str,
        what: &str,
    ) -> Outcome {
        let Ok(filter) = Filter::parse(filter) else { return Outcome::yes() };
        let (at, len) = (self.selected(shared).map(|it| self.row_of(it)), self.len());
        let Some(at) = at else { return Outcome::say("there is no row") };
        let rows = match direction {
            // Who follows the newest begins at the first one.
            SearchDirection::Forward if self.is_following() => 0..len,
            SearchDirection::Forward => at + 1..len,
            SearchDirection::Backward => 0..at,
        };
        let ids = rows.clone().filter_map(|row| self.row(row));
        let found = match direction {
            SearchDirection::Forward => shared.timeline.first_of(&filter, ids.take(REACH)),
            SearchDirection::Backward => {
                let ids = rows.rev().filter_map(|row| self.row(row));
                shared.timeline.first_of(&filter, ids.take(REACH))
            }
        };
        let way = if direction == SearchDirection::Forward { "below" } else { "above" };
        match found {
            Some(id) => self.select(shared, self.row_of(id)),
            None => Outcome::say(format!("no {what} {way} this row")),
        }
    }

    fn seek_slow(&mut self, shared: &Shared, direction: SearchDirection) -> Outcome {
        let from = self.len().saturating_sub(SAMPLE);
        let ids = (from..self.len()).filter_map(|row| self.row(row));
        let mut all: Vec<_> = ids.filter_map(|id| shared.timeline.gaps(id).latency.get()).collect();
        all.sort();
        let slow = all.len().checked_sub(1 + all.len() / SLOW_OF).and_then(|at| all.get(at));
        let Some(slow) = slow else {
            return Outcome::say("no row here answers another, so none has a latency");
        };
        let filter = format!("latency >= {}ns", slow.as_nanos());
        let what = format!("answer as slow as {} (the slowest twentieth)", format::duration(*slow));
        self.seek_for(shared, direction, &filter, &what)
    }
}
