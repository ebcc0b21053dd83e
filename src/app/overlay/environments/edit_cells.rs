//! What is typed in the window of environments: a variable, or the name of an environment.
//!
//! It stays until the store has written it, so that nothing typed is lost when that fails.

use crate::app::action::Action;
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::outcome::PaneInput;
use crate::model::key::Key;
use crate::model::secrets::is_secret_value;
use crate::store::job::{EnvironmentTask, Variable, VariableKind};

/// A cell of the form of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditCell {
    Name,
    Value,
    Kind,
    Environment,
}

impl EditCell {
    const ALL: [EditCell; 4] =
        [EditCell::Name, EditCell::Value, EditCell::Kind, EditCell::Environment];
}

/// A variable that is written.
#[derive(Debug)]
pub struct VariableEdit {
    /// As it is in the file; `None` = it is new.
    pub before: Option<Variable>,
    /// As it was when the form was opened.
    start: (Variable, String),
    pub name: Editor,
    pub value: Editor,
    pub kind: VariableKind,
    /// Whose variable it is to be.
    pub environment: String,
    /// What else that can be.
    pub environments: Vec<String>,
    pub cell: EditCell,
    pub shows_secret: bool,
    /// The store is asked to write it.
    pub is_saving: bool,
}

impl VariableEdit {
    /// A form for a variable as it is to be at first, in one of these environments.
    pub(crate) fn new(
        first: &Variable,
        before: Option<Variable>,
        environments: Vec<String>,
    ) -> Self {
        let start = (first.clone(), environments.first().cloned().unwrap_or_default());
        let mut edit = VariableEdit {
            before,
            start,
            name: Editor::new(&first.name, LineMode::One),
            value: Editor::new(&first.value, LineMode::Many),
            kind: first.kind,
            environment: environments.first().cloned().unwrap_or_default(),
            environments,
            cell: if first.name.is_empty() { EditCell::Name } else { EditCell::Value },
            shows_secret: false,
            is_saving: false,
        };
        edit.value.move_to(Caret::End);
        edit.mask();
        edit
    }

    /// The same with the keys in another cell.
    #[must_use]
    pub(crate) fn at(mut self, cell: EditCell) -> Self {
        self.cell = cell;
        self
    }

    /// As it is written now.
    pub(crate) fn after(&self) -> Variable {
        let name = self.name.text().trim().to_owned();
        Variable { kind: self.kind, name, value: self.value.text().into_owned() }
    }

    /// Whether there is nothing to write.
    pub(super) fn is_unchanged(&self) -> bool {
        self.before.as_ref() == Some(&self.after())
    }

    /// Whether something was typed or chosen.
    fn is_typed(&self) -> bool {
        let (first, environment) = &self.start;
        self.after() != *first || self.environment != *environment
    }

    /// Whether the keys are in a cell that is no text.
    pub fn is_choice(&self) -> bool {
        match self.cell {
            EditCell::Name | EditCell::Value => false,
            EditCell::Kind | EditCell::Environment => true,
        }
    }

    fn mask(&mut self) {
        let by_name = |before: &Variable| is_secret_value(&before.name, &before.value);
        let is_secret = self.kind == VariableKind::Secret
            || self.was_secret()
            || self.before.as_ref().is_some_and(by_name);
        self.value.set_masked(is_secret && !self.shows_secret);
    }

    /// Whether its file says it as a secret: it is masked until it is written elsewhere.
    pub(super) fn was_secret(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.kind == VariableKind::Secret)
    }

    /// Whether it is shown as dots unless asked for.
    pub fn can_show(&self) -> bool {
        self.shows_secret || self.value.is_masked()
    }

    /// Shows the secret that is typed, and masks it again.
    fn toggle_shown(&mut self) {
        self.shows_secret = !self.shows_secret;
        self.mask();
    }

    /// To the next cell or the one before, round the ends; what cannot be chosen is passed over.
    fn step(&mut self, forward: bool) {
        let cells: Vec<EditCell> = EditCell::ALL
            .into_iter()
            .filter(|cell| *cell != EditCell::Environment || self.environments.len() > 1)
            .collect();
        let at = cells.iter().position(|cell| *cell == self.cell).unwrap_or(0);
        let step = if forward { 1 } else { cells.len() - 1 };
        if let Some(cell) = cells.get((at + step) % cells.len()) {
            self.cell = *cell;
        }
    }

    /// Takes the next of the choices, or the one before; nothing in a text.
    fn cycle(&mut self, forward: bool) {
        match self.cell {
            EditCell::Kind => {
                self.kind = match self.kind {
                    VariableKind::Plain => VariableKind::Secret,
                    VariableKind::Secret => VariableKind::Plain,
                };
                self.mask();
            }
            EditCell::Environment => {
                let all = &self.environments;
                let at = all.iter().position(|name| *name == self.environment).unwrap_or(0);
                let step = if forward { 1 } else { all.len().max(1) - 1 };
                if let Some(name) = all.get((at + step) % all.len().max(1)) {
                    self.environment.clone_from(name);
                }
            }
            EditCell::Name | EditCell::Value => {}
        }
    }

    /// A row up or down in the value, from its edge to the next cell.
    fn step_line(&mut self, forward: bool) {
        if self.cell != EditCell::Value || !self.value.step_row(forward) {
            self.step(forward);
        }
    }

    /// Takes an input that leaves what is typed open; tells whether it is one.
    pub(super) fn takes(&mut self, input: PaneInput<'_>) -> bool {
        match input {
            PaneInput::Act(Action::NextPane | Action::NextField) => self.step(true),
            PaneInput::Act(Action::PreviousPane | Action::PreviousField) => self.step(false),
            PaneInput::Act(Action::Up) => self.step_line(false),
            PaneInput::Act(Action::Down) => self.step_line(true),
            PaneInput::Act(Action::Left) => self.cycle(false),
            PaneInput::Act(Action::Right | Action::Toggle) => self.cycle(true),
            PaneInput::Act(Action::NewLine) if self.cell == EditCell::Value => {
                self.value.new_line();
            }
            PaneInput::Act(Action::ShowSecrets) => self.toggle_shown(),
            PaneInput::Act(_) => return false,
            PaneInput::Key(key) => self.key(key),
            PaneInput::Paste(text) => self.paste(text),
            PaneInput::Wheel(_) => {}
            PaneInput::Press(..) | PaneInput::Drag(..) => self.point(input),
        }
        true
    }

    /// The mouse in one of the texts: it is the one that is written then.
    fn point(&mut self, input: PaneInput<'_>) {
        if input.point(&mut self.name) {
            self.cell = EditCell::Name;
        } else if input.point(&mut self.value) {
            self.cell = EditCell::Value;
        }
    }

    /// A key that no action took.
    fn key(&mut self, key: Key) {
        match self.cell {
            EditCell::Name => drop(self.name.key(key)),
            EditCell::Value => drop(self.value.key(key)),
            EditCell::Kind | EditCell::Environment => {}
        }
    }

    /// Pasted text.
    fn paste(&mut self, text: &str) {
        match self.cell {
            EditCell::Name => drop(self.name.insert(text.trim())),
            EditCell::Value => drop(self.value.insert(text)),
            EditCell::Kind | EditCell::Environment => {}
        }
    }
}

/// What the name of an environment is typed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFor {
    New,
    Copy(String),
    Rename(String),
}

/// The name of an environment that is written.
#[derive(Debug)]
pub struct NameEdit {
    pub purpose: NameFor,
    /// As it was at first.
    start: String,
    pub editor: Editor,
    pub is_saving: bool,
}

impl NameEdit {
    /// A name that is written for this, as it is at first.
    pub(super) fn new(purpose: NameFor, text: &str) -> Self {
        let (start, editor) = (text.to_owned(), Editor::new(text, LineMode::One));
        NameEdit { purpose, start, editor, is_saving: false }
    }

    /// What is typed.
    pub fn text(&self) -> String {
        self.editor.text().trim().to_owned()
    }
}

/// What is typed into.
#[derive(Debug)]
pub enum EnvironmentEdit {
    Variable(Box<VariableEdit>),
    Name(Box<NameEdit>),
}

impl EnvironmentEdit {
    /// Whether the store is asked to write it.
    pub(crate) fn is_saving(&self) -> bool {
        match self {
            EnvironmentEdit::Variable(it) => it.is_saving,
            EnvironmentEdit::Name(it) => it.is_saving,
        }
    }

    /// Whether something was typed that would be lost.
    pub(crate) fn is_typed(&self) -> bool {
        match self {
            EnvironmentEdit::Variable(it) => it.is_typed(),
            EnvironmentEdit::Name(it) => it.text() != it.start,
        }
    }

    /// What is being written, in words.
    pub(super) fn subject(&self) -> String {
        match self {
            EnvironmentEdit::Variable(it) => match (&it.before, &it.after().name) {
                (Some(before), _) => format!("the change of {}", before.name),
                (None, name) if name.is_empty() => "the new variable".to_owned(),
                (None, name) => format!("the variable {name}"),
            },
            EnvironmentEdit::Name(it) => format!("the name {}", it.text()),
        }
    }

    /// Whether the task writes what is typed.
    pub(super) fn is_of(&self, task: &EnvironmentTask) -> bool {
        match (self, task) {
            (EnvironmentEdit::Variable(it), EnvironmentTask::Change { name, change }) => {
                it.environment == *name && change.after.as_ref() == Some(&it.after())
            }
            _ => false,
        }
    }

    /// It could not be written; it can be tried again.
    pub(super) fn failed(&mut self) {
        match self {
            EnvironmentEdit::Variable(it) => it.is_saving = false,
            EnvironmentEdit::Name(it) => it.is_saving = false,
        }
    }
}
