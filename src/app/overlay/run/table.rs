//! The window of a run to several places while it shows the table of what differs.
//!
//! ```text
//! preset      what          dev               prod
//! users/list                passed 200 12 ms  failed 500 9 ms
//!             json .total   2                 3
//! ```

use ratatui::layout::Rect;

use super::RunWindow;
use crate::app::action::Action;
use crate::app::compared_table::ComparedTable;
use crate::app::copying;
use crate::app::cursor::CursorStep;
use crate::app::intent::Intent;
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::Outcome;
use crate::app::preset_runs::RunAsk;
use crate::app::shared::Shared;

/// Lines of names above it.
pub const NAMED: u16 = 1;

impl RunWindow {
    /// Shows the table, or the rows.
    pub(super) fn turn_table(&mut self, shared: &Shared) {
        self.table = if self.table.is_none() { Some(ComparedTable::default()) } else { None };
        self.scroll = 0;
        self.make_rows(shared);
    }

    /// What its keys do with the table; `None` = what they do with the rows.
    pub(super) fn act_on_table(
        &mut self,
        shared: &Shared,
        inner: Rect,
        action: Action,
    ) -> Option<Outcome> {
        let height = self.areas(shared, inner).list.height.saturating_sub(NAMED);
        let is_large = self.is_large;
        let table = self.table.as_mut()?;
        match action {
            Action::Open => return Some(open(table)),
            Action::Left => table.turn(false),
            Action::Right => table.turn(true),
            Action::Copy => {
                let text = table.selected().map(|line| line.text() + "\n");
                return Some(text.map(|text| copying::put("the line", text)).into());
            }
            Action::NextError | Action::PreviousError => {
                if !table.next_differing(action == Action::NextError) {
                    return Some(Outcome::say("nothing differs"));
                }
                self.scroll = 0;
            }
            action => {
                let step = CursorStep::of(action).filter(|_| !is_large)?;
                table.step(step, height);
                self.scroll = 0;
            }
        }
        Some(Outcome::yes())
    }

    /// A press of the mouse on the table.
    pub(super) fn press_on_table(&mut self, list: Rect, mouse: Mouse) -> Option<Outcome> {
        let table = self.table.as_mut()?;
        let height = list.height.saturating_sub(NAMED);
        let row = mouse.row.checked_sub(list.y + NAMED)?;
        let at = table.cursor(height).offset + usize::from(row);
        table.go_to(at, height);
        if let Some(column) =
            self.columns(list).iter().position(|it| it.contains((mouse.column, list.y).into()))
        {
            self.table.as_mut()?.column = column;
        }
        let is_second = mouse.kind == MouseKind::SecondPress;
        Some(if is_second { open(self.table.as_ref()?) } else { Outcome::yes() })
    }

    /// Where the places stand in a table of this area.
    pub fn columns(&self, area: Rect) -> Vec<Rect> {
        let line = self.table.as_ref().and_then(|table| table.lines.first());
        let places =
            u16::try_from(line.map_or(1, |line| line.cells.len())).unwrap_or(u16::MAX).max(1);
        let (left, _) = self.named(area);
        let rest =
            Rect { x: area.x + left, width: area.width.saturating_sub(left), height: 1, ..area };
        let each = (rest.width / places).max(1);
        let column = |at: u16| Rect { x: rest.x.saturating_add(at * each), width: each, ..rest };
        (0..places).map(|at| column(at).intersection(rest)).collect()
    }

    /// Columns of the names before the places: all of them, and of what is indented below a preset.
    pub fn named(&self, area: Rect) -> (u16, u16) {
        let lines = self.table.iter().flat_map(|table| &table.lines).take(500);
        let wide = |text: &str| u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
        let longest = lines.map(|line| {
            if line.what.is_empty() { wide(&line.name) } else { wide(&line.what).saturating_add(2) }
        });
        let longest = longest.max().unwrap_or(0).saturating_add(2);
        (longest.clamp(12, (area.width * 2 / 5).max(12)), 2)
    }
}

fn open(table: &ComparedTable) -> Outcome {
    match table.row() {
        Some(row) => Intent::Runs(RunAsk::Open(row)).into(),
        None => Outcome::say("it did not run there yet"),
    }
}
