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
//! It keeps no copy of what it shows: that is read from the workspace as it is now. What is typed
//! stays until the store has written it.

pub(crate) mod areas;
pub(crate) mod edit_cells;
pub(crate) mod writing;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::copying;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::effect::Effect;
use crate::app::intent::{Intent, Question};
use crate::app::keymap::Context;
use crate::app::message::{Mouse, Timer};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::app::variable_rows::{DifferenceRow, VariableOrigin, VariableRow, differences, rows};
use crate::model::timing::Stamp;
use crate::store::job::{EnvironmentTask, Variable, VariableChange, VariableKind};
use areas::areas;
use edit_cells::{EditCell, EnvironmentEdit, NameEdit, NameFor, VariableEdit};
use writing::{ask_to_expose, named, task, written};

/// Columns it has at most.
const WIDTH: u16 = 150;
/// How long a secret is shown.
const SHOWN: std::time::Duration = std::time::Duration::from_secs(5);

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

    /// What differs between the two that are compared.
    pub fn differences<'a>(&self, shared: &'a Shared) -> Option<Vec<DifferenceRow<'a>>> {
        // Without one there is nothing; with one that is gone nothing can be said.
        let found = |name: Option<&str>| match name {
            None => Some(None),
            Some(name) => shared.environment_named(name).map(Some),
        };
        let against = found(Some(self.against.as_deref()?))?;
        Some(differences(found(self.selected.as_deref())?, against))
    }

    /// What is looked at.
    pub fn rows<'a>(&self, shared: &'a Shared) -> Vec<VariableRow<'a>> {
        rows(shared, self.selected.as_deref())
    }

    /// Contexts in which its keys are looked up, the most specific first.
    pub(super) fn contexts(&self) -> &'static [Context] {
        match &self.edit {
            None => &[Context::Environments, Context::Global],
            Some(EnvironmentEdit::Variable(edit)) if edit.is_choice() => {
                &[Context::VariableChoice, Context::Variable, Context::Global]
            }
            Some(_) => &[Context::Variable, Context::Global],
        }
    }

    /// Rows there are on the side of the variables: differences while two are compared.
    fn len(&self, shared: &Shared) -> usize {
        match self.differences(shared) {
            Some(differences) => differences.len(),
            None => self.rows(shared).len(),
        }
    }

    /// Leaves what was begun inside it; tells whether there was something.
    pub(crate) fn step_back(&mut self) -> bool {
        // The store has not answered yet: what was typed may be needed again.
        let is_saving = self.edit.as_ref().is_some_and(EnvironmentEdit::is_saving);
        is_saving || self.edit.take().is_some() || self.against.take().is_some()
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

    /// The store did what it was asked.
    pub(crate) fn done(&mut self, shared: &Shared, task: &EnvironmentTask) {
        if self.edit.as_ref().is_some_and(|edit| edit.is_saving() || edit.is_of(task)) {
            self.edit = None;
        }
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
                let is_it = |row: &VariableRow<'_>| row.variable() == change.after;
                if let Some(at) = self.rows(shared).iter().position(is_it) {
                    self.cursor.selected = at;
                }
            }
        }
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        self.shown = self.shown.take_if(|_| matches!(input, PaneInput::Wheel(_)));
        // The workspace may have changed since.
        if self.selected.as_ref().is_some_and(|name| shared.environment_named(name).is_none()) {
            self.select(shared, shared.environment.clone());
        }
        if self.edit.is_some() {
            return self.typed(shared, input);
        }
        match input {
            PaneInput::Act(action) => self.act(shared, inner, action),
            PaneInput::Wheel(step) => self.step(shared, inner, step),
            PaneInput::Press(_, mouse) => self.press(shared, inner, mouse),
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => Outcome::no(),
        }
    }

    fn step(&mut self, shared: &Shared, inner: Rect, step: CursorStep) -> Outcome {
        let areas = areas(inner, self.edit.as_ref());
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
                let len = self.len(shared);
                self.cursor.step(step, len, areas.rows.height.into());
            }
        }
        Outcome::yes()
    }

    fn press(&mut self, shared: &Shared, inner: Rect, mouse: Mouse) -> Outcome {
        let areas = areas(inner, self.edit.as_ref());
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
            let len = self.len(shared);
            let offset = self.cursor(len, areas.rows.height).offset;
            self.cursor.selected = offset + usize::from(mouse.row - areas.rows.y);
            self.cursor.settle(len, areas.rows.height.into());
        }
        Outcome::yes()
    }

    fn act(&mut self, shared: &Shared, inner: Rect, action: Action) -> Outcome {
        if let Some(step) = CursorStep::of(action) {
            return self.step(shared, inner, step);
        }
        match action {
            Action::NextPane | Action::PreviousPane => {
                self.half = match self.half {
                    EnvironmentsSide::List => EnvironmentsSide::Variables,
                    EnvironmentsSide::Variables => EnvironmentsSide::List,
                };
            }
            Action::Left => self.half = EnvironmentsSide::List,
            Action::Right => self.half = EnvironmentsSide::Variables,
            Action::New => self.name(NameFor::New, ""),
            Action::Compare => return self.compare(shared),
            Action::Toggle => return Intent::ChooseEnvironment(self.selected.clone()).into(),
            Action::Undo => return Intent::UndoDelete.into(),
            Action::AddRow => return self.add(shared),
            _ if self.half == EnvironmentsSide::List => return self.act_on_list(shared, action),
            _ if self.against.is_some() => return self.act_on_difference(shared, action),
            _ => return self.act_on_variable(shared, action),
        }
        Outcome::yes()
    }

    fn name(&mut self, purpose: NameFor, text: &str) {
        self.edit = Some(EnvironmentEdit::Name(Box::new(NameEdit::new(purpose, text))));
    }

    /// Compares with the next of the others.
    fn compare(&mut self, shared: &Shared) -> Outcome {
        let selected = self.selected.as_deref();
        let others: Vec<&str> =
            names(shared).flatten().filter(|name| Some(*name) != selected).collect();
        let at = others.iter().position(|name| Some(*name) == self.against.as_deref());
        let first = shared.environment.as_deref().filter(|name| others.contains(name));
        let next = match at {
            Some(at) => others.get((at + 1) % others.len().max(1)).copied(),
            None => first.or_else(|| others.first().copied()),
        };
        let Some(next) = next else {
            return Outcome::say("there is no other environment to compare with: [new] makes one");
        };
        self.against = Some(next.to_owned());
        self.half = EnvironmentsSide::Variables;
        self.cursor = Cursor::default();
        Outcome::yes()
    }

    fn act_on_list(&mut self, shared: &Shared, action: Action) -> Outcome {
        if action == Action::Choose {
            return Intent::ChooseEnvironment(self.selected.clone()).into();
        }
        let Some(name) = self.selected.clone() else {
            return match action {
                Action::Rename | Action::Duplicate | Action::Delete => {
                    Outcome::say("this is no environment: it is what holds without one")
                }
                _ => Outcome::no(),
            };
        };
        match action {
            Action::Rename => self.name(NameFor::Rename(name.clone()), &name),
            Action::Duplicate => self.name(NameFor::Copy(name.clone()), &format!("{name}-2")),
            Action::Delete => {
                let has_secrets =
                    shared.environment_named(&name).is_some_and(|it| !it.secrets.is_empty());
                let plain = VariableKind::Plain.file(&name);
                let files = if has_secrets {
                    format!("{plain} and {} are", VariableKind::Secret.file(&name))
                } else {
                    format!("{plain} is")
                };
                let text = format!("Delete the environment {name}? {files} removed.");
                let then = task(EnvironmentTask::Delete { name });
                return Intent::Ask(Question::new(text, ["Delete", "Keep"], then)).into();
            }
            _ => return Outcome::no(),
        }
        Outcome::yes()
    }

    fn act_on_difference(&mut self, shared: &Shared, action: Action) -> Outcome {
        let rows = self.differences(shared).unwrap_or_default();
        let at = self.cursor.selected.min(rows.len().saturating_sub(1));
        match (action, rows.get(at)) {
            (Action::ShowSecrets, Some(row)) => self.show(shared, row.reference()),
            _ => Outcome::no(),
        }
    }

    fn show(&mut self, shared: &Shared, reference: String) -> Outcome {
        let since = shared.now;
        self.shown = Some(ShownSecret { reference, since });
        Intent::Perform(Effect::After { delay: SHOWN, timer: Timer::HideSecret(since) }).into()
    }

    fn act_on_variable(&mut self, shared: &Shared, action: Action) -> Outcome {
        let all = self.rows(shared);
        let at = self.cursor.selected.min(all.len().saturating_sub(1));
        let Some(row) = all.get(at) else {
            return match action {
                Action::Choose => self.add(shared),
                _ => Outcome::no(),
            };
        };
        match action {
            Action::ShowSecrets if row.is_secret() => return self.show(shared, row.reference()),
            Action::ShowSecrets => return Outcome::say("this is no secret: it is shown as it is"),
            Action::Copy => return copying::put(row.reference(), row.value.to_owned()).into(),
            Action::Choose | Action::Rename | Action::Delete | Action::ToggleSecret => {}
            _ => return Outcome::no(),
        }
        let (Some(environment), Some(variable)) = (self.selected.clone(), row.variable()) else {
            return self.elsewhere(shared, row, action);
        };
        let change = |after| {
            let change = VariableChange::new(Some(variable.clone()), after);
            let change = Box::new(change);
            task(EnvironmentTask::Change { name: environment.clone(), change }).into()
        };
        match action {
            Action::Delete => change(None),
            Action::ToggleSecret => {
                let kind = match variable.kind {
                    VariableKind::Plain => VariableKind::Secret,
                    VariableKind::Secret => VariableKind::Plain,
                };
                let then: Outcome = change(Some(Variable { kind, ..variable.clone() }));
                if kind == VariableKind::Secret {
                    return then;
                }
                let then = then.intents.into_iter().next();
                then.map(|then| ask_to_expose(&environment, &variable.name, then)).into()
            }
            action => {
                let cell = if action == Action::Rename { EditCell::Name } else { EditCell::Value };
                let edit = VariableEdit::new(&variable, Some(variable.clone()), vec![environment]);
                self.edit = Some(EnvironmentEdit::Variable(Box::new(edit.at(cell))));
                Outcome::yes()
            }
        }
    }

    /// A value that stands in no file of the environment is given another one there.
    fn elsewhere(&mut self, shared: &Shared, row: &VariableRow<'_>, action: Action) -> Outcome {
        let source = row.source("");
        match (action, row.origin) {
            (Action::Choose, VariableOrigin::Folder(_)) if !row.is_hidden => {
                let first = Variable {
                    kind: VariableKind::Plain,
                    name: row.name.to_owned(),
                    value: row.value.to_owned(),
                };
                self.begin(shared, &first)
            }
            _ => Outcome::say(format!(
                "{} is not of this environment but of: {source}",
                row.reference()
            )),
        }
    }

    /// A new variable.
    fn add(&mut self, shared: &Shared) -> Outcome {
        let first =
            Variable { kind: VariableKind::Plain, name: String::new(), value: String::new() };
        self.begin(shared, &first)
    }

    fn begin(&mut self, shared: &Shared, first: &Variable) -> Outcome {
        let Some(environment) = self.selected.clone() else {
            let has_some = !shared.workspace.environments.is_empty();
            let how = if has_some { "choose an environment first" } else { "[new] makes one" };
            return Outcome::say(format!("a variable needs an environment: {how}"));
        };
        let edit = VariableEdit::new(first, None, vec![environment]);
        self.edit = Some(EnvironmentEdit::Variable(Box::new(edit)));
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
