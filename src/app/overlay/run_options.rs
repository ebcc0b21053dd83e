//! Asks what is run and how; Enter at once runs what the cursor was on.
//!
//! ```text
//! Run        ‹ the folder ›   users/
//! Data       people.csv▏      a row for each round: CSV, JSON, JSON Lines
//! Repeat     1
//! …
//! Enter: users/ with environment dev
//! ```

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::intent::Intent;
use crate::app::keymap::Context;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::preset_runs::{RunAsk, RunScope, RunWish};
use crate::app::shared::Shared;
use crate::model::timing::parse_duration;
use crate::runner::TagTest;

/// Rows of the window.
pub const RUN_OPTIONS: usize = 8;
/// Columns before what is chosen.
pub const RUN_LABELS: [&str; RUN_OPTIONS] =
    ["Run", "Data", "Repeat", "Parallel", "Retries", "Tags", "Timeout", "Fail fast"];
/// Rows that are no text.
const WHAT: usize = 0;
const FAIL_FAST: usize = RUN_OPTIONS - 1;
/// What may be typed into the others.
const SAID: [&str; RUN_OPTIONS] = [
    "",
    "a file with a row for each round: CSV, JSON, JSON Lines",
    "so often, each time without what was captured before",
    "so many presets beside each other, as far as none waits for another",
    "so many tries more of what does not pass",
    "smoke, 'smoke and not slow', 'a or (b and c)'",
    "longest time of one try: 500ms, 10s; empty = as each preset has it",
    "",
];

/// State of the overlay.
#[derive(Debug)]
pub struct RunOptions {
    scopes: Vec<RunScope>,
    scope: usize,
    fail_fast: bool,
    /// The row that has the keys.
    pub row: usize,
    pub editors: [Editor; RUN_OPTIONS],
}

impl RunOptions {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        if self.is_choice(self.row) {
            "[choose] run · [left] [right] change · [down] next · [back] close"
        } else {
            "[choose] run · [up] before · [down] next · [back] close"
        }
    }

    /// Of the first of these.
    pub(crate) fn new(scopes: Vec<RunScope>) -> Self {
        let texts = ["", "", "1", "1", "0", "", "", ""];
        let editors = texts.map(|text| {
            let mut editor = Editor::new(text, LineMode::One);
            editor.move_to(Caret::End);
            editor
        });
        RunOptions { scopes, scope: 0, fail_fast: false, row: 0, editors }
    }

    /// Whether a row is no text.
    pub fn is_choice(&self, row: usize) -> bool {
        row == WHAT || row == FAIL_FAST
    }

    /// Contexts of its keys.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        let choice = self.is_choice(self.row).then_some(Context::RunChoice);
        choice.into_iter().chain([Context::RunOptions, Context::Global]).collect()
    }

    /// What a row of choices shows, and what is said beside a row.
    pub fn chosen(&self, row: usize) -> (&str, &str) {
        match (row, self.scopes.get(self.scope)) {
            (WHAT, Some(scope)) => (scope.name, &scope.title),
            (FAIL_FAST, _) if self.fail_fast => {
                ("yes", "nothing more begins once one did not pass")
            }
            (FAIL_FAST, _) => ("no", "all of it runs"),
            _ => ("", SAID.get(row).copied().unwrap_or_default()),
        }
    }

    fn typed(&self, row: usize) -> String {
        self.editors.get(row).map(|editor| editor.text().trim().to_owned()).unwrap_or_default()
    }

    fn number(&self, row: usize, least: u32, most: u32) -> Result<u32, String> {
        let (typed, label) = (self.typed(row), RUN_LABELS[row]);
        let number = if typed.is_empty() { Some(least) } else { typed.parse().ok() };
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| format!("{label}: a number from {least} to {most}"))
    }

    /// What Enter runs, or why it cannot.
    ///
    /// # Errors
    /// What is wrong with a row.
    pub(crate) fn wish(&self) -> Result<RunWish, String> {
        let scope = self.scopes.get(self.scope).ok_or("there is nothing to run")?;
        let tags = self.typed(5);
        if !tags.is_empty() {
            TagTest::parse(&tags).map_err(|why| format!("Tags: {why}"))?;
        }
        let timeout = self.typed(6);
        let timeout = (!timeout.is_empty()).then(|| {
            let read = parse_duration(&timeout).map_err(|why| format!("Timeout: {why}"))?;
            let is_some = !read.is_zero();
            is_some.then_some(read).ok_or_else(|| "Timeout: longer than nothing".to_owned())
        });
        Ok(RunWish {
            names: scope.names.clone(),
            title: scope.title.clone(),
            data: self.typed(1),
            repeat: self.number(2, 1, 100_000)? as usize,
            parallel: self.number(3, 1, 256)? as usize,
            retries: self.number(4, 0, 1_000)?,
            timeout: timeout.transpose()?,
            tags,
            fail_fast: self.fail_fast,
        })
    }

    /// What Enter will do, or why it cannot.
    pub fn verdict(&self, shared: &Shared) -> Result<String, String> {
        let wish = self.wish()?;
        let environment = match &shared.environment {
            Some(name) => format!(" with environment {name}"),
            None => String::new(),
        };
        Ok(format!("{}{environment}", wish.title))
    }

    /// The rows, and the verdict below them.
    pub fn parts(inner: Rect) -> ([Rect; RUN_OPTIONS], Rect) {
        let line = |at: u16, height| Rect { y: inner.y + at, height, ..inner }.intersection(inner);
        let rows = [0, 1, 2, 3, 4, 5, 6, 7].map(|at| line(at, 1));
        (rows, line(RUN_OPTIONS as u16 + 1, 1))
    }

    /// Takes an input.
    pub(crate) fn update(&mut self, inner: Rect, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(Action::Choose) => return self.choose(),
            PaneInput::Act(Action::Up) => self.row = self.row.saturating_sub(1),
            PaneInput::Act(Action::Down | Action::Complete) => {
                self.row = (self.row + 1).min(FAIL_FAST);
            }
            PaneInput::Act(Action::Right | Action::Toggle) => self.turn(true),
            PaneInput::Act(Action::Left) => self.turn(false),
            PaneInput::Act(_) => return Outcome::no(),
            PaneInput::Wheel(step) if step.is_up() => self.row = self.row.saturating_sub(1),
            PaneInput::Wheel(_) => self.row = (self.row + 1).min(FAIL_FAST),
            PaneInput::Press(_, mouse) => {
                let (rows, verdict) = RunOptions::parts(inner);
                let at = (mouse.column, mouse.row).into();
                if let Some(row) = rows.iter().position(|row| row.contains(at)) {
                    if row == self.row && self.is_choice(row) {
                        self.turn(true);
                    }
                    self.row = row;
                    self.type_into(input);
                } else if verdict.contains(at) {
                    return self.choose();
                }
            }
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => self.type_into(input),
        }
        Outcome::yes()
    }

    fn type_into(&mut self, input: PaneInput<'_>) {
        let is_choice = self.is_choice(self.row);
        if let Some(editor) = self.editors.get_mut(self.row).filter(|_| !is_choice)
            && !input.point(editor)
        {
            input.edit(editor);
        }
    }

    /// Takes the next choice of the row, or the one before.
    fn turn(&mut self, forward: bool) {
        let len = self.scopes.len().max(1);
        match self.row {
            WHAT => self.scope = (self.scope + if forward { 1 } else { len - 1 }) % len,
            FAIL_FAST => self.fail_fast = !self.fail_fast,
            _ => {}
        }
    }

    fn choose(&self) -> Outcome {
        match self.wish() {
            Ok(wish) => {
                let begin = Intent::Runs(RunAsk::Begin(Box::new(wish)));
                Outcome::from(Intent::CloseOverlay).with(begin)
            }
            Err(why) => Outcome::from(Intent::Quote(why)),
        }
    }
}
