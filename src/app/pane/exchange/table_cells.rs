//! A body shown as a table: the cursor is on a cell, which is copied and opened as it is in the body,
//! however it is cut on the screen. What it holds is asked of the engine, which reads it there.

use super::body_view::{BodyView, Selection};
use super::cell_due::{CellAim, CellDue};
use super::derived::DerivedBody;
use super::exchange_state::ExchangePane;
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::codec::recipe::table::SEPARATOR;
use crate::engine::command::Command;
use crate::model::recipe::{Recipe, RecipeKind};
use crate::model::table_cell::{CellQuery, TableCell};

impl ExchangePane {
    /// The table on screen, if the body is shown as one.
    pub(super) fn table(&self, shared: &Shared) -> Option<&DerivedBody> {
        self.view(shared).filter(|view| view.has_cells())?;
        self.derived(shared)
    }

    /// Moves over the cells of a table; tells whether one is on screen.
    pub(super) fn step_cell(&mut self, shared: &Shared, right: bool) -> bool {
        let room = self.room(shared);
        let view = self.view_mut(shared).filter(|view| view.has_cells());
        view.map(|view| view.step_cell(right, room)).is_some()
    }

    /// Brings the cell under the cursor into sight.
    pub(super) fn show_cell(&mut self, shared: &Shared) {
        let room = self.room(shared);
        if let Some(view) = self.view_mut(shared).filter(|view| view.has_cells()) {
            view.show_cell(room);
        }
    }

    /// Asks for the cell under the cursor, or for rows from its own on, to be copied; `None` = no table is
    /// shown.
    pub(super) fn copy_cell(&mut self, shared: &Shared, aim: CellAim) -> Option<Outcome> {
        let view = self.view(shared).filter(|view| view.has_cells())?;
        let cell = view.cell();
        let selected = view.selection().map(Selection::lines);
        let body = view.body;
        let (at, rows) = match selected {
            Some((first, last)) => {
                (view.line(first).map(|line| line.offset), self.rows_between(shared, first, last))
            }
            None => (cell.map(|cell| cell.offset), 1),
        };
        let Some(at) = at else {
            return Some(Outcome::say("this row is not here yet"));
        };
        let aim = if selected.is_some() { CellAim::Rows } else { aim };
        let query = CellQuery { body, at, rows };
        self.cell_due = Some(CellDue { query: query.clone(), aim });
        if let Some(view) = self.view_mut(shared) {
            view.deselect();
        }
        Some(Intent::Perform(Effect::Engine(Command::LookAtCell(query))).into())
    }

    /// Asks for the row under the cursor, or those that are selected, to be copied.
    pub(super) fn copy_row(&mut self, shared: &Shared) -> Outcome {
        let copied = self.copy_cell(shared, CellAim::Rows);
        copied.unwrap_or_else(|| Outcome::say("only a table has rows: [tabulate] makes one"))
    }

    /// Rows that begin in these lines, that of the first included.
    fn rows_between(&self, shared: &Shared, first: u64, last: u64) -> u64 {
        let goes_on = |number: u64| {
            let line = self.view(shared).and_then(|view| view.line(number));
            line.is_some_and(|line| line.continued)
        };
        1 + (first + 1..=last).filter(|number| !goes_on(*number)).count() as u64
    }

    /// Makes a body of the cell under the cursor; `None` = no table is shown.
    pub(super) fn open_cell(&mut self, shared: &Shared) -> Option<Outcome> {
        self.table(shared)?;
        let cell = self.view(shared).and_then(BodyView::cell);
        let Some((cell, text)) = cell.zip(self.cell_place(shared)) else {
            return Some(Outcome::say("this row is not here yet"));
        };
        let at = self.derived_count(shared);
        let recipe = Recipe { kind: RecipeKind::Cell, text };
        Some(self.order_from(shared, cell.offset, recipe, at))
    }

    /// `city, row 12`: the cell under the cursor. Rows are not told where lines are not rows.
    pub fn cell_place(&self, shared: &Shared) -> Option<String> {
        let table = self.table(shared)?;
        let cell = self.view(shared)?.cell()?;
        let name = table.header.split(SEPARATOR).nth(cell.at).map(str::trim);
        let name = name.filter(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("cell {}", cell.at + 1), str::to_owned);
        if table.has_long_lines {
            return Some(name);
        }
        Some(format!("{name}, row {}", format::count(cell.line + 1)))
    }

    /// The bytes of the names above a table that are the column of the cell under the cursor.
    pub fn column_on(&self, shared: &Shared) -> Option<std::ops::Range<usize>> {
        let table = self.table(shared)?;
        let at = self.view(shared)?.cell()?.at;
        let name = table.header.split(SEPARATOR).nth(at)?;
        let start = name.as_ptr() as usize - table.header.as_ptr() as usize;
        Some(start..start + name.len())
    }

    /// The engine says what a cell holds: it is copied.
    pub(crate) fn cell_arrived(
        &mut self,
        query: &CellQuery,
        outcome: Result<Box<TableCell>, String>,
    ) -> Vec<Intent> {
        let Some(due) = self.cell_due.take_if(|due| due.query == *query) else {
            return Vec::new();
        };
        due.copied(outcome)
    }
}
