//! What is typed about environments becomes a task of the store, or a sentence that says why not.

use super::edit_cells::{NameEdit, NameFor, VariableEdit};
use crate::app::effect::Effect;
use crate::app::intent::{Intent, Question};
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::model::braces::is_name;
use crate::model::preset::Environment;
use crate::store::job::{EnvironmentTask, Job, Variable, VariableChange, VariableKind};

/// Asks the store for it.
pub(super) fn task(task: EnvironmentTask) -> Intent {
    Intent::Perform(Effect::Store(Job::Environment(task)))
}

/// Why an environment cannot have this name; `None` = it can.
pub fn name_trouble(shared: &Shared, edit: &NameEdit) -> Option<String> {
    let name = edit.text();
    if let Err(why) = Environment::check_name(&name) {
        return Some(why);
    }
    if name.eq_ignore_ascii_case("none") {
        return Some("'none' is what the choice without an environment is called".to_owned());
    }
    let is_own = |known: &str| matches!(&edit.purpose, NameFor::Rename(from) if from == known);
    // Some disks keep one file for both spellings.
    let is_it = |known: &&Environment| known.name.eq_ignore_ascii_case(&name);
    let mut others = shared.workspace.environments.iter().filter(|known| !is_own(&known.name));
    let taken = others.rfind(is_it)?;
    Some(format!("there is an environment '{}' already", taken.name))
}

/// Why a variable cannot be written like this; `None` = it can.
pub fn variable_trouble(shared: &Shared, edit: &VariableEdit) -> Option<String> {
    let after = edit.after();
    if after.name.is_empty() {
        return Some("a variable needs a name".to_owned());
    }
    if !is_name(&after.name) {
        let what = "is no name for a variable: letters, digits, '_', '-' and '.'";
        return Some(format!("'{}' {what}", after.name));
    }
    if after.kind == VariableKind::Plain
        && (after.name.starts_with("secret.") || after.name.starts_with("env."))
    {
        return Some("'secret.' and 'env.' begin names of secrets and of the system".to_owned());
    }
    let is_own = edit
        .before
        .as_ref()
        .is_some_and(|before| before.kind == after.kind && before.name == after.name);
    let is_taken = !is_own && known(shared, &edit.environment, &after).is_some();
    is_taken
        .then(|| format!("'{}' is in {} already", after.name, after.kind.file(&edit.environment)))
}

/// The value a variable has in its file, as far as it is known.
fn known<'a>(shared: &'a Shared, environment: &str, variable: &Variable) -> Option<&'a str> {
    let environment = shared.environment_named(environment)?;
    let values = match variable.kind {
        VariableKind::Plain => &environment.variables,
        VariableKind::Secret => &environment.secrets,
    };
    values.get(&variable.name).map(String::as_str)
}

/// Enter in the name of an environment.
pub(super) fn named(shared: &Shared, edit: &mut NameEdit) -> Outcome {
    if let Some(why) = name_trouble(shared, edit) {
        return Outcome::warn(why);
    }
    let name = edit.text();
    edit.is_saving = true;
    task(match edit.purpose.clone() {
        NameFor::New => EnvironmentTask::Create { name },
        NameFor::Copy(from) => EnvironmentTask::Copy { from, to: name },
        NameFor::Rename(from) if from == name => {
            edit.is_saving = false;
            return Outcome::say("this is its name already");
        }
        NameFor::Rename(from) => EnvironmentTask::Rename { from, to: name },
    })
    .into()
}

/// Enter in the form of a variable.
pub(super) fn written(shared: &Shared, edit: &mut VariableEdit) -> Outcome {
    if let Some(why) = variable_trouble(shared, edit) {
        return Outcome::warn(why);
    }
    let after = edit.after();
    let is_exposed = after.kind == VariableKind::Plain && edit.was_secret();
    if let Some(before) = &mut edit.before
        && let now = known(shared, &edit.environment, before)
        && now != Some(&*before.value)
    {
        // As with presets: never over what somebody else wrote without a word.
        let file = before.kind.file(&edit.environment);
        let what = if now.is_some() { "has another value there" } else { "is gone from it" };
        let text = format!("{file} changed on disk: {} {what}. Keep yours?", before.name);
        edit.before = now.map(|value| Variable { value: value.to_owned(), ..before.clone() });
        let change = VariableChange::new(edit.before.clone(), Some(after.clone()));
        let (name, change) = (edit.environment.clone(), Box::new(change));
        let then = task(EnvironmentTask::Change { name, change });
        let then =
            if is_exposed { ask_to_expose(&edit.environment, &after.name, then) } else { then };
        return Intent::Ask(Question::new(text, ["Keep mine", "Go back"], then)).into();
    }
    let name = after.name.clone();
    let change = Box::new(VariableChange::new(edit.before.clone(), Some(after)));
    let then = task(EnvironmentTask::Change { name: edit.environment.clone(), change });
    if is_exposed {
        return ask_to_expose(&edit.environment, &name, then).into();
    }
    edit.is_saving = true;
    then.into()
}

/// Asks before a secret of an environment goes where git may keep it.
pub(super) fn ask_to_expose(environment: &str, name: &str, then: Intent) -> Intent {
    let file = VariableKind::Plain.file(environment);
    let text = format!("Write the secret {name} into {file}, which git may keep?");
    Intent::Ask(Question::new(text, ["Write", "Keep"], then))
}
