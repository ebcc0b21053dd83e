//! Asks what is run and how; Enter at once runs what the cursor was on.
//!
//! ```text
//! Run        ‹ the folder ›   users/
//! Data       people.csv▏      a row for each round: CSV, JSON, JSON Lines
//! Repeat     1
//! …
//! Compare    http://127.0.0.1:8080
//!            [x] dev
//!            [ ] prod
//!
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
use crate::runner::{ComparedPlace, PlaceKind, TagTest};

/// Rows of the window before those of the environments.
pub const RUN_OPTIONS: usize = 9;
/// Columns before what is chosen.
pub const RUN_LABELS: [&str; RUN_OPTIONS] =
    ["Run", "Data", "Repeat", "Parallel", "Retries", "Tags", "Timeout", "Fail fast", "Compare"];
/// Rows that are no text.
const WHAT: usize = 0;
const FAIL_FAST: usize = 7;
/// Places that are typed; below it one row for each environment.
const COMPARE: usize = RUN_OPTIONS - 1;
/// Environments in sight at once.
const IN_SIGHT: usize = 6;
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
    "to several at once: NAME=VALUE, http://host:port, and:",
];

/// State of the overlay.
#[derive(Debug)]
pub struct RunOptions {
    scopes: Vec<RunScope>,
    scope: usize,
    fail_fast: bool,
    environments: Vec<String>,
    /// Those it goes to, in the order in which they were chosen: the others are compared with the first.
    chosen: Vec<String>,
    /// It was asked for to be compared.
    compares: bool,
    /// The row that has the keys.
    pub row: usize,
    pub editors: [Editor; RUN_OPTIONS],
}

impl RunOptions {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        if self.row >= RUN_OPTIONS {
            "[choose] run · [toggle] goes there or not · [down] next · [back] close"
        } else if self.is_choice(self.row) {
            "[choose] run · [left] [right] change · [down] next · [back] close"
        } else {
            "[choose] run · [up] before · [down] next · [back] close"
        }
    }

    /// Of the first of these; with these environments to go to.
    pub(crate) fn new(scopes: Vec<RunScope>, environments: Vec<String>) -> Self {
        let texts = ["", "", "1", "1", "0", "", "", "", ""];
        let editors = texts.map(|text| {
            let mut editor = Editor::new(text, LineMode::One);
            editor.move_to(Caret::End);
            editor
        });
        RunOptions {
            scopes,
            scope: 0,
            fail_fast: false,
            environments,
            chosen: Vec::new(),
            compares: false,
            row: 0,
            editors,
        }
    }

    /// The same with the cursor where places are chosen; `names` are those it starts with.
    pub(crate) fn choosing(mut self, names: &[String]) -> Self {
        self.compares = true;
        let known = |name: &String| self.environments.contains(name);
        let (chosen, typed): (Vec<_>, Vec<_>) = names.iter().cloned().partition(known);
        self.chosen = chosen;
        let mut editor = Editor::new(&typed.join(" "), LineMode::One);
        editor.move_to(Caret::End);
        self.editors[COMPARE] = editor;
        self.row = if self.environments.is_empty() { COMPARE } else { RUN_OPTIONS };
        self
    }

    /// Columns and rows it wants.
    pub(super) fn size(&self) -> (u16, u16) {
        let rows = RUN_OPTIONS + self.environments.len().min(IN_SIGHT);
        (90, rows as u16 + 4)
    }

    /// What stands before a row.
    pub fn label(&self, row: usize) -> &'static str {
        RUN_LABELS.get(row).copied().unwrap_or_default()
    }

    fn last(&self) -> usize {
        RUN_OPTIONS + self.environments.len() - 1
    }

    /// The places it goes to, as they are told; none = as it is.
    fn places(&self) -> Result<Vec<String>, String> {
        let mut places = self.chosen.clone();
        let typed = self.typed(COMPARE);
        for word in typed.split([' ', ',']).filter(|word| !word.is_empty()) {
            let is_environment = ComparedPlace::parse(word).kind == PlaceKind::Environment;
            if is_environment && !self.environments.iter().any(|known| known == word) {
                return Err(format!(
                    "Compare: there is no environment '{word}'; an address has a ':'"
                ));
            }
            if !places.iter().any(|known| known == word) {
                places.push(word.to_owned());
            }
        }
        if places.is_empty() && self.compares {
            return Err("choose the places whose answers are to be compared".to_owned());
        }
        Ok(places)
    }

    /// Whether a row is no text.
    pub fn is_choice(&self, row: usize) -> bool {
        row == WHAT || row == FAIL_FAST || row >= RUN_OPTIONS
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
            (row, _) if row >= RUN_OPTIONS => match self.environments.get(row - RUN_OPTIONS) {
                Some(name) => (name, self.said_of(name)),
                None => ("", ""),
            },
            _ => ("", SAID.get(row).copied().unwrap_or_default()),
        }
    }

    fn said_of(&self, environment: &str) -> &'static str {
        match self.chosen.iter().position(|name| name == environment) {
            Some(0) if self.chosen.len() > 1 => "goes there; the others are compared with it",
            Some(_) => "goes there",
            None => "",
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
            places: self.places()?,
            fail_fast: self.fail_fast,
        })
    }

    /// What Enter will do, or why it cannot.
    pub fn verdict(&self, shared: &Shared) -> Result<String, String> {
        let wish = self.wish()?;
        if let Some(why) = nothing_beside(&wish, shared) {
            return Err(why);
        }
        let environment = match (wish.places.as_slice(), &shared.environment) {
            ([place], Some(name)) => format!(" to {name} and {place}, side by side"),
            ([place], None) => format!(" as it is and to {place}, side by side"),
            ([places @ .., last], _) => {
                format!(" to {} and {last}, side by side", places.join(", "))
            }
            ([], Some(name)) => format!(" with environment {name}"),
            ([], None) => String::new(),
        };
        Ok(format!("{}{environment}", wish.title))
    }

    /// The rows that are in sight with where each is, and the verdict below them.
    pub fn parts(&self, inner: Rect) -> (Vec<(usize, Rect)>, Rect) {
        let line = |at: usize| {
            let y = inner.y.saturating_add(u16::try_from(at).unwrap_or(u16::MAX));
            Rect { y, height: 1, ..inner }.intersection(inner)
        };
        let height = usize::from(inner.height);
        let room = height.saturating_sub(RUN_OPTIONS + 2);
        let first = (self.row + 1).saturating_sub(RUN_OPTIONS + room);
        let environments = (RUN_OPTIONS + first..=self.last()).take(room);
        let rows = (0..RUN_OPTIONS).chain(environments).enumerate();
        (rows.map(|(at, row)| (row, line(at))).collect(), line(height.saturating_sub(1)))
    }

    /// Whether it goes to the environment of a row; `None` = it is no such row.
    pub fn goes_to(&self, row: usize) -> Option<bool> {
        let name = self.environments.get(row.checked_sub(RUN_OPTIONS)?)?;
        Some(self.chosen.contains(name))
    }

    /// Takes an input.
    pub(crate) fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(Action::Choose) => return self.choose(shared),
            PaneInput::Act(Action::Up) => self.row = self.row.saturating_sub(1),
            PaneInput::Act(Action::Down | Action::Complete) => {
                self.row = (self.row + 1).min(self.last());
            }
            PaneInput::Act(Action::Right | Action::Toggle) => self.turn(true),
            PaneInput::Act(Action::Left) => self.turn(false),
            PaneInput::Act(_) => return Outcome::no(),
            PaneInput::Wheel(step) if step.is_up() => self.row = self.row.saturating_sub(1),
            PaneInput::Wheel(_) => self.row = (self.row + 1).min(self.last()),
            PaneInput::Press(_, mouse) => {
                let (rows, verdict) = self.parts(inner);
                let at = (mouse.column, mouse.row).into();
                if let Some((row, _)) = rows.into_iter().find(|(_, area)| area.contains(at)) {
                    if self.is_choice(row) && (row == self.row || row >= RUN_OPTIONS) {
                        self.row = row;
                        self.turn(true);
                    }
                    self.row = row;
                    self.type_into(input);
                } else if verdict.contains(at) {
                    return self.choose(shared);
                }
            }
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => {
                // What is typed while environments are chosen is a place, too.
                let is_text = match input {
                    PaneInput::Key(key) => key.printable().is_some(),
                    input => matches!(input, PaneInput::Paste(_)),
                };
                if self.row >= RUN_OPTIONS && is_text {
                    self.row = COMPARE;
                }
                self.type_into(input);
            }
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
            row => {
                let at = row.checked_sub(RUN_OPTIONS);
                let Some(name) = at.and_then(|at| self.environments.get(at)) else { return };
                match self.chosen.iter().position(|chosen| chosen == name) {
                    Some(at) => drop(self.chosen.remove(at)),
                    None => self.chosen.push(name.clone()),
                }
            }
        }
    }

    fn choose(&self, shared: &Shared) -> Outcome {
        let wish = self.wish().and_then(|wish| nothing_beside(&wish, shared).map_or(Ok(wish), Err));
        match wish {
            Ok(wish) => {
                let begin = Intent::Runs(RunAsk::Begin(Box::new(wish)));
                Outcome::from(Intent::CloseOverlay).with(begin)
            }
            Err(why) => Outcome::from(Intent::Quote(why)),
        }
    }
}

/// Why the one place that is named cannot be compared: it is what goes beside it.
fn nothing_beside(wish: &RunWish, shared: &Shared) -> Option<String> {
    match (wish.places.as_slice(), &shared.environment) {
        ([place], Some(name)) if place == name => {
            Some(format!("{name} is in force: choose another place beside it"))
        }
        _ => None,
    }
}
