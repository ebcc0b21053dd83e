//! Two answers side by side: what of status, headers and body differs, and how long each phase took.
//!
//! ```text
//! Body  JSON, 2 differences
//! ~ .user.name  "Ann" → "Bob"       n N from one to the next, y copies it, Y copies all
//! + .user.mail  "a@b"
//! ```
//! Heads are compared here at once, bodies by the engine, whose answer comes in later. Of listeners
//! the requests are compared, else the responses.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::compare_rows::{self, BodyDifference, CompareRow, ComparedAnswer, RowTone};
use crate::app::copying;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::format;
use crate::app::outcome::{Outcome, PaneInput};
use crate::codec::compare::Comparison;
use crate::model::view::CompareQuery;

/// State of the overlay.
#[derive(Debug)]
pub struct Compare {
    /// `None` = its rows are made already.
    answers: Option<[ComparedAnswer; 2]>,
    /// It is told what came of a replay, which may be nothing that could differ.
    is_replay: bool,
    body: BodyDifference,
    pub rows: Vec<CompareRow>,
    cursor: Cursor,
}

impl Compare {
    /// Compares two answers, the older one first; what the engine has to compare for it.
    pub(crate) fn new(answers: [ComparedAnswer; 2]) -> (Self, Option<CompareQuery>) {
        let body = BodyDifference::of(&answers);
        let query = match body {
            BodyDifference::Asked(query) => Some(query),
            _ => None,
        };
        let rows = compare_rows::rows(&answers, &body);
        let (answers, cursor) = (Some(answers), Cursor::default());
        (Compare { answers, is_replay: false, body, rows, cursor }, query)
    }

    /// Shows rows that are made already, of two messages.
    pub(crate) fn of_messages(rows: Vec<CompareRow>) -> Self {
        let body = BodyDifference::None;
        Compare { answers: None, is_replay: false, body, rows, cursor: Cursor::default() }
    }

    /// Shows what came of a replay.
    pub(crate) fn of_replay(rows: Vec<CompareRow>) -> Self {
        Compare { is_replay: true, ..Compare::of_messages(rows) }
    }

    /// What is shown in it.
    pub fn title(&self) -> &'static str {
        match (&self.answers, self.is_replay) {
            (Some(_), _) => "Two answers",
            (None, false) => "Differences",
            (None, true) => "Replay",
        }
    }

    /// The engine compared two bodies; others than these are ignored.
    pub(crate) fn arrived(&mut self, query: CompareQuery, found: Result<Box<Comparison>, String>) {
        let Some(answers) = &self.answers else { return };
        if self.body == BodyDifference::Asked(query) {
            self.body = match found {
                Ok(found) => BodyDifference::Found(found),
                Err(why) => BodyDifference::Unknown(why),
            };
            self.rows = compare_rows::rows(answers, &self.body);
        }
    }

    /// Columns and rows it wants on a screen of this size.
    pub(super) fn size(&self, (columns, rows): (u16, u16)) -> (u16, u16) {
        let wanted = u16::try_from(self.rows.len() + 2).unwrap_or(u16::MAX);
        (
            columns.min(compare_rows::MOST_COLUMNS),
            wanted.max(12).min(rows.saturating_sub(2).max(rows.min(12))),
        )
    }

    /// The row under the cursor and the first one shown.
    pub fn cursor(&self, height: usize) -> Cursor {
        let mut cursor = self.cursor;
        cursor.settle(self.rows.len(), height);
        cursor
    }

    /// `2 of 7` when the cursor is on a difference, else how many there are.
    pub fn position(&self) -> String {
        let starts = |rows: &[CompareRow]| rows.iter().filter(|row| row.is_start).count();
        let all = starts(&self.rows);
        let (before, _) = self.rows.split_at((self.cursor.selected + 1).min(self.rows.len()));
        let is_whole = self.rows.iter().all(|row| row.tone != RowTone::Warning);
        match (starts(before), all) {
            (_, 0) if self.is_replay && !is_whole => "not all was said".into(),
            (_, 0) => "no difference".into(),
            (0, all) => format::counted(all as u64, "difference"),
            (at, all) => format!("{} of {}", format::count(at as u64), format::count(all as u64)),
        }
    }

    /// Takes an input.
    pub fn update(&mut self, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let height = usize::from(inner.height);
        match input {
            PaneInput::Act(Action::FindNext) => return self.go(height, true),
            PaneInput::Act(Action::FindPrevious) => return self.go(height, false),
            PaneInput::Act(Action::Copy) => return self.copy(),
            PaneInput::Act(Action::CopyWhole) => {
                return copying::put("the comparison", compare_rows::text(&self.rows)).into();
            }
            PaneInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.cursor.step(step, self.rows.len(), height),
                None => return Outcome::no(),
            },
            PaneInput::Wheel(step) => self.cursor.step(step, self.rows.len(), height),
            PaneInput::Press(_, mouse) => {
                if inner.contains((mouse.column, mouse.row).into()) {
                    let at = self.cursor(height).offset + usize::from(mouse.row - inner.y);
                    self.cursor.selected = at;
                    self.cursor.settle(self.rows.len(), height);
                }
            }
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => return Outcome::no(),
        }
        Outcome::yes()
    }

    /// To the next difference or the one before, round the ends.
    fn go(&mut self, height: usize, forward: bool) -> Outcome {
        let starts: Vec<usize> =
            (0..self.rows.len()).filter(|at| self.rows[*at].is_start).collect();
        let from = self.cursor.selected;
        let found = if forward {
            starts.iter().find(|at| **at > from).or(starts.first())
        } else {
            starts.iter().rev().find(|at| **at < from).or(starts.last())
        };
        let Some(at) = found else { return Outcome::say("nothing differs") };
        self.cursor.selected = *at;
        self.cursor.settle(self.rows.len(), height);
        Outcome::yes()
    }

    /// Copies the difference under the cursor, all rows of it, or the row.
    fn copy(&self) -> Outcome {
        let at = self.cursor.selected.min(self.rows.len().saturating_sub(1));
        let Some(row) = self.rows.get(at) else { return Outcome::yes() };
        let is_one = |other: &&CompareRow| row.change.is_some() && other.change == row.change;
        let rows: Vec<CompareRow> = self.rows.iter().filter(is_one).cloned().collect();
        if rows.is_empty() {
            return copying::put("the line", compare_rows::text(std::slice::from_ref(row))).into();
        }
        copying::put("the difference", compare_rows::text(&rows)).into()
    }
}
