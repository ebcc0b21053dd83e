//! The table of what several places of a run answered: its lines, the cursor, and the place it is on.

use super::cursor::{Cursor, CursorStep};
use super::places_compared::{CellState, ComparedLine};
use super::preset_runs::ShownRun;
use super::run_rows::{DetailKind, DetailLine};
use crate::runner::RunRow;

/// State of the table; the window of runs has it while it shows that.
#[derive(Debug, Default)]
pub struct ComparedTable {
    pub lines: Vec<ComparedLine>,
    cursor: Cursor,
    /// The place the cursor is on.
    pub column: usize,
    /// What the line under the cursor is about, once the cursor was moved.
    chosen: Option<(usize, String)>,
}

impl ComparedTable {
    /// Makes its lines anew; the cursor stays on its line.
    pub(crate) fn make(&mut self, shown: &ShownRun, differing_first: bool, words: &str) {
        self.lines = shown.places.lines(shown.run.rows(), differing_first, words);
        let is_chosen = |line: &ComparedLine| {
            self.chosen.as_ref().is_some_and(|(of, what)| line.of == *of && line.what == *what)
        };
        let place = self.lines.iter().position(is_chosen);
        self.cursor.selected = place.unwrap_or(self.cursor.selected);
        if self.chosen.is_none() {
            self.cursor.selected = 0;
        }
        self.cursor.settle(self.lines.len(), usize::MAX);
    }

    /// The line under the cursor and the first one shown.
    pub fn cursor(&self, height: u16) -> Cursor {
        let mut cursor = self.cursor;
        cursor.settle(self.lines.len(), height.into());
        cursor
    }

    /// The line under the cursor.
    pub(crate) fn selected(&self) -> Option<&ComparedLine> {
        self.lines.get(self.cursor.selected)
    }

    /// The row of the run under the cursor; `None` = it is not there.
    pub(crate) fn row(&self) -> Option<usize> {
        *self.selected()?.rows.get(self.column)?
    }

    /// Moves the cursor.
    pub(crate) fn step(&mut self, step: CursorStep, height: u16) {
        self.cursor = self.cursor(height);
        self.cursor.step(step, self.lines.len(), height.into());
        self.take_cursor();
    }

    /// Puts the cursor on the line at this place of what is shown.
    pub(crate) fn go_to(&mut self, line: usize, height: u16) {
        self.cursor.selected = line;
        self.cursor.settle(self.lines.len(), height.into());
        self.take_cursor();
    }

    /// To the place beside.
    pub(crate) fn turn(&mut self, forward: bool) {
        let places = self.selected().map_or(1, |line| line.cells.len()).max(1);
        let step = if forward { 1 } else { places - 1 };
        self.column = (self.column + step) % places;
    }

    /// To the next preset that differs, or the one before, round the ends; whether there is one.
    pub(crate) fn next_differing(&mut self, forward: bool) -> bool {
        let differs = |line: &ComparedLine| {
            line.what.is_empty() && line.cells.iter().any(|cell| cell.state == CellState::Differs)
        };
        let all = self.lines.iter().enumerate().filter(|(_, line)| differs(line));
        let all: Vec<usize> = all.map(|(at, _)| at).collect();
        let from = self.cursor.selected;
        let found = if forward {
            all.iter().find(|at| **at > from).or(all.first())
        } else {
            all.iter().rev().find(|at| **at < from).or(all.last())
        };
        let Some(at) = found else { return false };
        self.cursor.selected = *at;
        self.take_cursor();
        true
    }

    fn take_cursor(&mut self) {
        self.chosen = self.selected().map(|line| (line.of, line.what.clone()));
    }

    /// The values of the line under the cursor, whole.
    pub(crate) fn detail(&self, shown: &ShownRun) -> Vec<DetailLine> {
        let Some(line) = self.selected() else { return Vec::new() };
        let what = if line.what.is_empty() { "what became of it" } else { &line.what };
        let head = format!("{}  ·  {what}", line.name);
        let mut lines = vec![DetailLine { kind: DetailKind::Plain, text: head }];
        let names = shown.places.places.iter().map(|place| place.name.as_str());
        let longest = names.clone().map(|name| name.chars().count()).max().unwrap_or(0);
        for (place, (name, cell)) in names.zip(&line.cells).enumerate() {
            let kind = match cell.state {
                CellState::Missing => DetailKind::Dim,
                CellState::Differs => DetailKind::Got,
                CellState::Same if place == 0 => DetailKind::Wanted,
                CellState::Same => DetailKind::Plain,
            };
            let mark = if cell.state == CellState::Differs { "≠" } else { " " };
            lines
                .push(DetailLine { kind, text: format!("{mark} {name:<longest$}  {}", cell.text) });
            let row = line.rows.get(place).copied().flatten().filter(|_| line.what.is_empty());
            let row = row.and_then(|at| shown.run.rows().get(at));
            let wrong = row.map(RunRow::lines).unwrap_or_default().into_iter();
            let told = |text| DetailLine { kind: DetailKind::Unmet, text: format!("      {text}") };
            lines.extend(wrong.map(told));
        }
        lines
    }
}
