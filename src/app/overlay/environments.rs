//! The window of environments: which there are, what each makes of names and where that comes from,
//! what differs between two; and writing them.
//!
//! ```text
//! ╭ Environments ──────────────────────────────────────╮
//! │  none     │ prod                       env/prod.toml│
//! │● local    │ base          http://{{host}}  env/…    │   Tab goes from one side to the other
//! │  prod     │ secret.token  ********         env/…    │
//! │           │ host          h.example   _defaults.toml│
//! │────────────────────────────────────────────────────│
//! │ base comes to http://h.example                      │   or what is typed
//! ╰────────────────────────────────────────────────────╯
//! ```
//! It keeps no copy of what it shows: which rows there are is listed anew when something changes
//! (`listed`), values are read from the workspace as it is now. What is typed stays until the store has
//! written it; leaving it asks. What keys do with what is shown stands in `acting`.

mod acting;
pub(crate) mod areas;
pub(crate) mod edit_cells;
pub(crate) mod listed;
pub(crate) mod writing;

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::intent::{EnvironmentWish, Intent, Question};
use crate::app::keymap::Context;
use crate::app::message::Mouse;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::search_line::{self, SearchKey, SearchLine};
use crate::app::shared::Shared;
use crate::compose::spec_names::names_in;
use crate::model::timing::Stamp;
use crate::store::job::{EnvironmentTask, Variable, VariableKind};
use areas::{EnvironmentsAreas, areas};
use edit_cells::{EditCell, EnvironmentEdit, VariableEdit};
use listed::{ListedVariables, ListedWish};
use writing::{named, written};

/// Columns it has at most.
const WIDTH: u16 = 150;

/// Which side has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentsSide {
    List,
    Variables,
}

/// A secret that is shown, and since when: the timer of an earlier one does not hide it.
#[derive(Debug)]
struct ShownSecret {
    reference: String,
    since: Stamp,
}

/// State of the overlay.
#[derive(Debug)]
pub struct Environments {
    /// The environment that is looked at; `None` = what holds without one.
    pub selected: Option<String>,
    /// What it is compared with.
    pub against: Option<String>,
    pub half: EnvironmentsSide,
    pub edit: Option<EnvironmentEdit>,
    /// What rows are looked for with.
    pub search: Option<SearchLine>,
    /// What is listed of what is looked at.
    pub listed: ListedVariables,
    /// The unknown name that is given a value, as it stands between the braces.
    defining: Option<String>,
    /// Names the preset on screen uses.
    used: BTreeSet<String>,
    /// This secret is shown for a moment.
    shown: Option<ShownSecret>,
    list: Cursor,
    cursor: Cursor,
}

impl Environments {
    /// Looks at the environment in force.
    pub(crate) fn new(shared: &Shared) -> Self {
        let side = if shared.workspace.environments.is_empty() {
            EnvironmentsSide::List
        } else {
            EnvironmentsSide::Variables
        };
        let mut window = Environments {
            selected: None,
            against: None,
            half: side,
            edit: None,
            search: None,
            listed: ListedVariables::default(),
            defining: None,
            used: names_in(&shared.drafts.current().spec),
            shown: None,
            list: Cursor::default(),
            cursor: Cursor::default(),
        };
        window.select(shared, shared.environment.clone());
        window
    }

    /// Asks for the value of a name that has none, in the environment in force or one that is made.
    pub(crate) fn define(shared: &Shared, name: &str) -> Self {
        let mut window = Environments::new(shared);
        window.defining = Some(name.to_owned());
        let (kind, name) = match name.strip_prefix("secret.") {
            Some(name) => (VariableKind::Secret, name),
            None => (VariableKind::Plain, name),
        };
        let first = Variable { kind, name: name.to_owned(), value: String::new() };
        let all = shared.workspace.environments.iter().map(|it| it.name.clone());
        let (mut first_of_all, others): (Vec<_>, Vec<_>) =
            all.partition(|name| Some(name) == shared.environment.as_ref());
        first_of_all.extend(others);
        if first_of_all.is_empty() {
            first_of_all.push("local".to_owned());
        }
        let edit = VariableEdit::new(&first, None, first_of_all).at(EditCell::Value);
        window.edit = Some(EnvironmentEdit::Variable(Box::new(edit)));
        window
    }

    /// Looks at this environment.
    pub(crate) fn select(&mut self, shared: &Shared, name: Option<String>) {
        let at = names(shared).position(|known| known == name.as_deref());
        self.list.selected = at.unwrap_or(0);
        self.selected = name.filter(|_| at.is_some());
        self.cursor = Cursor::default();
        self.shown = None;
        self.refresh(shared);
    }

    /// The workspace, or what is looked at of it, changed: what is listed is as it is now.
    pub(crate) fn refresh(&mut self, shared: &Shared) {
        // What is looked at may be gone.
        if self.selected.as_ref().is_some_and(|name| shared.environment_named(name).is_none()) {
            return self.select(shared, shared.environment.clone());
        }
        let search = self.search.as_ref().map(|search| search.editor.text());
        let wish = ListedWish {
            selected: self.selected.as_deref(),
            against: self.against.as_deref(),
            search: search.as_deref().unwrap_or_default(),
            used: &self.used,
        };
        self.listed = ListedVariables::of(shared, wish);
    }

    /// Columns and rows it wants on a screen of this size.
    pub(super) fn size((columns, rows): (u16, u16)) -> (u16, u16) {
        (columns.min(WIDTH), rows.saturating_sub(2).clamp(rows.min(20), 40))
    }

    /// The cursor of the list, and the first row in sight.
    pub fn list(&self, shared: &Shared, height: u16) -> Cursor {
        let mut cursor = self.list;
        cursor.settle(names(shared).count(), height.into());
        cursor
    }

    /// The same of the variables or differences, of which there are so many.
    pub fn cursor(&self, len: usize, height: u16) -> Cursor {
        let mut cursor = self.cursor;
        cursor.settle(len, height.into());
        cursor
    }

    /// Contexts in which its keys are looked up, the most specific first.
    pub(super) fn contexts(&self) -> &'static [Context] {
        match &self.edit {
            None if self.search.as_ref().is_some_and(|search| search.typing) => {
                &[Context::Line, Context::Global]
            }
            None => &[Context::Environments, Context::Global],
            Some(EnvironmentEdit::Variable(edit)) if edit.is_choice() => {
                &[Context::VariableChoice, Context::Variable, Context::Global]
            }
            Some(_) => &[Context::Variable, Context::Global],
        }
    }

    /// Leaves what was begun inside it; `None` = there was nothing, and it is closed.
    pub(crate) fn step_back(&mut self, shared: &Shared) -> Option<Outcome> {
        match &self.edit {
            // The store has not answered yet: what was typed may be needed again.
            Some(edit) if edit.is_saving() => return Some(Outcome::yes()),
            Some(edit) if edit.is_typed() => return Some(self.ask_to_drop(false)),
            Some(_) => self.edit = None,
            None if self.search.is_some() => self.end_search(shared),
            None if self.against.is_some() => {
                self.against = None;
                self.refresh(shared);
            }
            None => return None,
        }
        Some(Outcome::yes())
    }

    /// Whether something is typed that is not written.
    pub(crate) fn is_typed(&self) -> bool {
        self.edit.as_ref().is_some_and(EnvironmentEdit::is_typed)
    }

    /// Asks before what is typed and not written is thrown away, be it to leave the program.
    pub(crate) fn ask_to_drop(&self, leaves: bool) -> Outcome {
        let what = self.edit.as_ref().map(EnvironmentEdit::subject).unwrap_or_default();
        let (text, answers) = if leaves {
            (format!("Leave? {what} is typed and not written yet."), ["Leave", "Stay"])
        } else {
            (format!("Throw away what is typed? {what} is not written."), ["Throw away", "Go on"])
        };
        Intent::Ask(Question::new(
            text,
            answers,
            Intent::Environments(EnvironmentWish::DropTyped { leaves }),
        ))
        .into()
    }

    /// What is typed is not wanted.
    pub(crate) fn drop_typed(&mut self) {
        self.edit = None;
    }

    /// Whether the secret that templates name like this is shown at the moment.
    pub fn is_shown(&self, reference: &str) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.reference == reference)
    }

    /// The secret that is shown since then was shown long enough; one that was shown later stays.
    pub(crate) fn hide(&mut self, since: Stamp) {
        self.shown.take_if(|shown| shown.since <= since);
    }

    /// The store could not do what it was asked: what was typed can be written again.
    pub(crate) fn failed(&mut self) {
        if let Some(edit) = &mut self.edit {
            edit.failed();
        }
    }

    /// The unknown name that this task gives a value to, if it was asked for here.
    pub(crate) fn defines(&self, task: &EnvironmentTask) -> Option<String> {
        let is_it = self.edit.as_ref().is_some_and(|edit| edit.is_of(task));
        self.defining.clone().filter(|_| is_it)
    }

    /// The store did what it was asked.
    pub(crate) fn done(&mut self, shared: &Shared, task: &EnvironmentTask) {
        if self.edit.as_ref().is_some_and(|edit| edit.is_saving() || edit.is_of(task)) {
            self.edit = None;
        }
        self.refresh(shared);
        match task {
            EnvironmentTask::Create { name: to }
            | EnvironmentTask::Copy { to, .. }
            | EnvironmentTask::BringBack { name: to, .. }
            | EnvironmentTask::Rename { to, .. } => self.select(shared, Some(to.clone())),
            EnvironmentTask::Delete { .. } | EnvironmentTask::Unmake { .. } => {
                self.select(shared, shared.environment.clone());
            }
            EnvironmentTask::Change { name, change } => {
                if self.selected.as_ref() != Some(name) {
                    self.select(shared, Some(name.clone()));
                }
                self.half = EnvironmentsSide::Variables;
                let mut all = (0..self.listed.len()).filter_map(|at| self.row(shared, at));
                if let Some(at) = all.position(|row| row.variable() == change.after) {
                    self.cursor.selected = at;
                }
            }
        }
    }

    /// Where its parts are in what is inside its border.
    pub fn areas(&self, inner: Rect) -> EnvironmentsAreas {
        areas(inner, self.edit.as_ref(), self.search.is_some(), &self.listed.trouble)
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        self.shown = self.shown.take_if(|_| matches!(input, PaneInput::Wheel(_)));
        if self.edit.is_some() {
            return self.typed(shared, input);
        }
        match search_line::update(&mut self.search, input) {
            None => {}
            Some(found) => return self.searched(shared, inner, found),
        }
        match input {
            PaneInput::Act(action) => self.act(shared, inner, action),
            PaneInput::Wheel(step) => self.step(shared, inner, step),
            PaneInput::Press(_, mouse) => self.press(shared, inner, mouse),
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => Outcome::no(),
        }
    }

    fn step(&mut self, shared: &Shared, inner: Rect, step: CursorStep) -> Outcome {
        let areas = self.areas(inner);
        match self.half {
            EnvironmentsSide::List => {
                let names: Vec<_> = names(shared).map(|name| name.map(str::to_owned)).collect();
                self.list.step(step, names.len(), areas.list.height.into());
                let list = self.list;
                let chosen = names.into_iter().nth(list.selected).flatten();
                self.select(shared, chosen);
                self.list.offset = list.offset;
            }
            EnvironmentsSide::Variables => {
                let len = self.listed.len();
                self.cursor.step(step, len, areas.rows.height.into());
            }
        }
        Outcome::yes()
    }

    /// What was typed into the search line means.
    fn searched(&mut self, shared: &Shared, inner: Rect, key: SearchKey) -> Outcome {
        match key {
            SearchKey::Ignored => {}
            SearchKey::Move(step) => return self.step(shared, inner, step),
            SearchKey::Accept => self.search.iter_mut().for_each(|search| search.typing = false),
            SearchKey::Changed => {
                self.cursor = Cursor::default();
                self.refresh(shared);
            }
        }
        Outcome::yes()
    }

    /// All rows again, with the cursor where it was.
    fn end_search(&mut self, shared: &Shared) {
        let of = |it: &Self| it.row(shared, it.cursor.selected).map(|row| row.reference());
        let was = of(self);
        self.search = None;
        self.refresh(shared);
        let names = (0..self.listed.len()).map(|at| Some(self.row(shared, at)?.reference()));
        self.cursor.selected = names.into_iter().position(|name| name == was).unwrap_or(0);
    }

    fn press(&mut self, shared: &Shared, inner: Rect, mouse: Mouse) -> Outcome {
        let areas = self.areas(inner);
        let at = (mouse.column, mouse.row).into();
        if areas.list.contains(at) {
            self.half = EnvironmentsSide::List;
            let offset = self.list(shared, areas.list.height).offset;
            let row = offset + usize::from(mouse.row - areas.list.y);
            let name = names(shared).nth(row).map(|name| name.map(str::to_owned));
            if let Some(name) = name {
                self.select(shared, name);
                self.list.offset = offset;
            }
        } else if areas.rows.contains(at) {
            self.half = EnvironmentsSide::Variables;
            let len = self.listed.len();
            let offset = self.cursor(len, areas.rows.height).offset;
            self.cursor.selected = offset + usize::from(mouse.row - areas.rows.y);
            self.cursor.settle(len, areas.rows.height.into());
        }
        Outcome::yes()
    }

    /// An input for what is typed.
    fn typed(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        match &mut self.edit {
            Some(edit) if edit.is_saving() => Outcome::say("being written; in a moment"),
            Some(EnvironmentEdit::Name(edit)) => match input {
                PaneInput::Act(Action::Choose) => named(shared, edit),
                PaneInput::Act(_) => Outcome::no(),
                input => {
                    if !input.point(&mut edit.editor) {
                        input.edit(&mut edit.editor);
                    }
                    Outcome::yes()
                }
            },
            Some(EnvironmentEdit::Variable(edit)) => match input {
                PaneInput::Act(Action::Choose) if edit.is_unchanged() => {
                    self.edit = None;
                    Outcome::yes()
                }
                PaneInput::Act(Action::Choose) => written(shared, edit),
                input if edit.takes(input) => Outcome::yes(),
                _ => Outcome::no(),
            },
            None => Outcome::no(),
        }
    }
}

/// What can be looked at: no environment, and each there is.
pub fn names(shared: &Shared) -> impl Iterator<Item = Option<&str>> {
    let environments = shared.workspace.environments.iter();
    [None].into_iter().chain(environments.map(|it| Some(&*it.name)))
}
