//! What keys do in the window of environments with what is under the cursor.

use std::time::Duration;

use ratatui::layout::Rect;

use super::edit_cells::{EditCell, EnvironmentEdit, NameEdit, NameFor, VariableEdit};
use super::writing::{ask_to_expose, task};
use super::{Environments, EnvironmentsSide, ShownSecret, names};
use crate::app::action::Action;
use crate::app::copying;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::effect::Effect;
use crate::app::intent::{Intent, Question};
use crate::app::message::Timer;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::app::variable_rows::{VariableOrigin, VariableRow};
use crate::app::variable_users;
use crate::store::job::{EnvironmentTask, Variable, VariableChange, VariableKind};

/// How long a secret is shown.
const SHOWN: Duration = Duration::from_secs(5);

impl Environments {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        match (&self.edit, self.half, &self.against) {
            (Some(EnvironmentEdit::Name(_)), ..) => "[choose] take · [back] cancel",
            (Some(EnvironmentEdit::Variable(edit)), ..) if edit.is_choice() => {
                "[choose] write · [toggle] another · [next-field] next · [back] cancel"
            }
            (Some(EnvironmentEdit::Variable(edit)), ..) if edit.can_show() => {
                "[choose] write · [next-field] next · [show-secrets] show · [back] cancel"
            }
            (Some(EnvironmentEdit::Variable(_)), ..) => {
                "[choose] write · [next-field] next · [new-line] new line · [back] cancel"
            }
            (None, ..) if self.search.as_ref().is_some_and(|search| search.typing) => {
                "[choose] to what is found · [back] all again"
            }
            (None, EnvironmentsSide::List, _) => {
                "[choose] use · [new] new · [duplicate] copy · [rename] name · [delete] delete · [compare] diff"
            }
            (None, _, Some(_)) => {
                "[compare] the next · [find] find · [show-secrets] show · [back] back"
            }
            (None, ..) => {
                "[add-row] add · [choose] edit · [delete] delete · [toggle-secret] secret · [show-secrets] show · [find] find"
            }
        }
    }

    /// Does what a key stands for, with what is looked at.
    pub(super) fn act(&mut self, shared: &Shared, inner: Rect, action: Action) -> Outcome {
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
            Action::Find => {
                self.half = EnvironmentsSide::Variables;
                self.search.get_or_insert_default().typing = true;
            }
            _ if self.half == EnvironmentsSide::List => return self.act_on_list(shared, action),
            _ if self.against.is_some() => return self.act_on_difference(shared, action),
            _ => return self.act_on_variable(shared, action),
        }
        Outcome::yes()
    }

    /// The row the cursor is in.
    fn at(&self) -> usize {
        self.cursor.selected.min(self.listed.len().saturating_sub(1))
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
        self.refresh(shared);
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
                let others = shared.workspace.environments.iter();
                let above: Vec<&str> = others
                    .filter(|it| it.extends.as_ref() == Some(&name))
                    .map(|it| it.name.as_str())
                    .collect();
                let above = match above.as_slice() {
                    [] => String::new(),
                    names => format!(" It is extended by: {}.", names.join(", ")),
                };
                let text = format!("Delete the environment {name}? {files} removed.{above}");
                let then = task(EnvironmentTask::Delete { name });
                return Intent::Ask(Question::new(text, ["Delete", "Keep"], then)).into();
            }
            _ => return Outcome::no(),
        }
        Outcome::yes()
    }

    fn act_on_difference(&mut self, shared: &Shared, action: Action) -> Outcome {
        let found = self.difference(shared, self.at()).map(|row| row.reference());
        match (action, found) {
            (Action::ShowSecrets, Some(reference)) => self.show(shared, reference),
            _ => Outcome::no(),
        }
    }

    fn show(&mut self, shared: &Shared, reference: String) -> Outcome {
        let since = shared.now;
        self.shown = Some(ShownSecret { reference, since });
        Intent::Perform(Effect::After { delay: SHOWN, timer: Timer::HideSecret(since) }).into()
    }

    fn act_on_variable(&mut self, shared: &Shared, action: Action) -> Outcome {
        let Some(row) = self.row(shared, self.at()) else {
            return match action {
                Action::Choose => self.add(shared),
                _ => Outcome::no(),
            };
        };
        let reference = row.reference();
        match action {
            Action::ShowSecrets if row.is_secret() => return self.show(shared, reference),
            Action::ShowSecrets => return Outcome::say("this is no secret: it is shown as it is"),
            Action::Copy => return copying::put(reference, row.value.to_owned()).into(),
            Action::Choose | Action::Rename | Action::Delete | Action::ToggleSecret => {}
            _ => return Outcome::no(),
        }
        let (Some(environment), Some(variable)) = (self.selected.clone(), row.variable()) else {
            let environment = self.selected.as_deref().unwrap_or_default();
            return match elsewhere(&row, environment, action) {
                Ok(first) => self.begin(shared, &first),
                Err(said) => said,
            };
        };
        match action {
            Action::Delete => removed(shared, &environment, &variable),
            Action::ToggleSecret => moved(&environment, &variable),
            action => {
                let cell = if action == Action::Rename { EditCell::Name } else { EditCell::Value };
                let edit = VariableEdit::new(&variable, Some(variable.clone()), vec![environment]);
                self.edit = Some(EnvironmentEdit::Variable(Box::new(edit.at(cell))));
                Outcome::yes()
            }
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
}

/// A value that stands in no file of the environment is given another one there.
fn elsewhere(
    row: &VariableRow<'_>,
    environment: &str,
    action: Action,
) -> Result<Variable, Outcome> {
    if row.is_command {
        let giver = if row.value.starts_with('$') { "a program" } else { "the keyring" };
        let (reference, file) = (row.reference(), row.source(environment));
        let said = format!("{giver} gives {reference}: it is changed in {file}");
        return Err(Outcome::say(said));
    }
    match (action, row.origin) {
        (Action::Choose, VariableOrigin::Folder(_)) if !row.is_hidden => {
            let (name, value) = (row.name.to_owned(), row.value.to_owned());
            Ok(Variable { kind: VariableKind::Plain, name, value })
        }
        (Action::Choose, VariableOrigin::Base(_, kind)) if !row.is_hidden => {
            let (name, value) = (row.name.to_owned(), row.value.to_owned());
            Ok(Variable { kind, name, value })
        }
        _ => {
            let (reference, source) = (row.reference(), row.source(""));
            Err(Outcome::say(format!("{reference} is not of this environment but of: {source}")))
        }
    }
}

/// The store is asked to make another one of a variable, or none.
fn change(environment: &str, variable: &Variable, after: Option<Variable>) -> Intent {
    let change = Box::new(VariableChange::new(Some(variable.clone()), after));
    task(EnvironmentTask::Change { name: environment.to_owned(), change })
}

/// What is used is asked about.
fn removed(shared: &Shared, environment: &str, variable: &Variable) -> Outcome {
    let then = change(environment, variable, None);
    let users = variable_users::told(shared, environment, &variable.reference());
    if users.is_empty() {
        return then.into();
    }
    let file = variable.kind.file(environment);
    let text = format!("Delete {} from {file}? {users}.", variable.reference());
    Intent::Ask(Question::new(text, ["Delete", "Keep"], then)).into()
}

/// Into the other file.
fn moved(environment: &str, variable: &Variable) -> Outcome {
    let to = |kind| change(environment, variable, Some(Variable { kind, ..variable.clone() }));
    match variable.kind {
        VariableKind::Plain => to(VariableKind::Secret).into(),
        VariableKind::Secret => {
            ask_to_expose(environment, &variable.name, to(VariableKind::Plain)).into()
        }
    }
}
