//! Environments that are written: opening their window, and what the answers of the store mean.
//!
//! ```text
//! window ─► Job::Environment(task) ─► EnvironmentDone { back } ─► workspace on screen, undo by `back`
//!                                └──► Failed ─► what was typed stays, the workspace is read anew
//! ```

use super::{cookies, credentials, restore, undo, unknown_names, wanted};
use crate::app::effect::Effect;
use crate::app::intent::{EnvironmentWish, Intent};
use crate::app::overlay::Overlay;
use crate::app::overlay::environments::Environments;
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::app::variable_users;
use crate::model::timing::Stamp;
use crate::store::job::{EnvironmentDone, EnvironmentTask, Job, JobKind, JobLabel, VariableKind};

/// Opens the window.
pub(crate) fn open(app: &mut App) {
    let window = Environments::new(&app.shared);
    push(app, window);
}

/// Puts an environment into force, or none.
pub(crate) fn put_in_force(app: &mut App, name: Option<String>) {
    app.shared.environment = name;
    app.save_state.chose_environment = true;
    app.save_state.lost_environment = None;
    cookies::look(app);
    app.touched();
}

/// Opens it in place of the one that is open.
pub(crate) fn push(app: &mut App, window: Environments) {
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Environments(_)));
    app.overlays.push(Overlay::Environments(Box::new(window)));
}

/// The store did what it was asked.
pub(crate) fn done(app: &mut App, done: EnvironmentDone) {
    let EnvironmentDone { task, back, now, followed, behind } = done;
    let gone = match &task {
        EnvironmentTask::Delete { name }
        | EnvironmentTask::Unmake { name, .. }
        | EnvironmentTask::Rename { from: name, .. } => Some(name.as_str()),
        _ => None,
    };
    let first = app.shared.workspace.environments.is_empty();
    let name = now.as_ref().map(|now| now.name.clone());
    app.shared.set_environment(gone, now);
    for known in &mut app.shared.workspace.environments {
        if followed.contains(&known.name) {
            known.extends.clone_from(&name);
        }
    }
    let is_defined = unknown_names::defined_by(app, &task);
    let was_in_force = gone.is_some() && app.shared.environment.as_deref() == gone;
    let lost = app.save_state.lost_environment.take_if(|lost| Some(&*lost) == name.as_ref());
    let is_back = lost.is_some() && app.shared.environment.is_none();
    let follows = was_in_force || is_back || (name.is_some() && (first || is_defined.is_some()));
    if follows && app.shared.environment != name {
        put_in_force(app, name);
        if matches!(task, EnvironmentTask::Delete { .. }) {
            // It is in force again when it is brought back, unless something else is chosen before.
            app.save_state.lost_environment = gone.map(str::to_owned);
        }
    }
    let way = undo::moved(app, &Job::Environment(task.clone()), Job::Environment(back));
    let way = match is_defined {
        Some(name) => {
            let said = unknown_names::defined(app, &name);
            app.keyed(&said)
        }
        None => way,
    };
    let users = users(&app.shared, &task);
    let said = words(&task) + &extending(&followed) + &users + &way;
    match behind.first() {
        Some(failure) => app.warn(format!("{said}; what extends it was left behind: {failure}")),
        None => app.done(said),
    }
    let App { overlays, shared, .. } = app;
    for overlay in overlays {
        if let Overlay::Environments(window) = overlay {
            window.done(shared, &task);
        }
    }
    credentials::written(app, &task);
    app.touched();
}

/// Who still uses the name a variable had, for the end of a sentence; that it goes was asked before.
fn users(shared: &Shared, task: &EnvironmentTask) -> String {
    let EnvironmentTask::Change { name, change } = task else { return String::new() };
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return String::new() };
    if before.reference() == after.reference() {
        return String::new();
    }
    let told = variable_users::told(shared, name, &before.reference());
    if told.is_empty() { told } else { format!("; {told}") }
}

/// Environments that name what they extend by its new name, for the end of a sentence.
fn extending(followed: &[String]) -> String {
    match followed {
        [] => String::new(),
        [one] => format!(", and {one} extends it by that name"),
        names => format!(", and {} extend it by that name", names.join(", ")),
    }
}

/// What was done, in words.
fn words(task: &EnvironmentTask) -> String {
    match task {
        EnvironmentTask::Create { name } => format!("{} is there", VariableKind::Plain.file(name)),
        EnvironmentTask::Copy { from, to } => format!("{to} is a copy of {from}"),
        EnvironmentTask::Rename { from, to } => format!("environment {from} is now {to}"),
        EnvironmentTask::Delete { name } => format!("environment {name} deleted"),
        EnvironmentTask::Unmake { name, .. } => format!("environment {name} is gone again"),
        EnvironmentTask::BringBack { name, .. } => format!("environment {name} is back"),
        EnvironmentTask::Change { name, change } => match (&change.before, &change.after) {
            (Some(before), Some(after)) if before.kind != after.kind => format!(
                "{} moved to {}; use {}",
                after.name,
                after.kind.file(name),
                after.kind.reference(&after.name)
            ),
            (Some(before), Some(after)) if before.name != after.name => {
                format!("{} is now {} in {}", before.name, after.name, after.kind.file(name))
            }
            (_, Some(after)) => format!("{} written to {}", after.name, after.kind.file(name)),
            (Some(before), None) => {
                format!("{} removed from {}", before.name, before.kind.file(name))
            }
            (None, None) => String::new(),
        },
    }
}

/// The store could not do it: what was typed stays where it is, beside what the files say now.
pub(crate) fn failed(app: &mut App, job: &JobLabel) {
    if job.kind != JobKind::Environment {
        return;
    }
    for overlay in &mut app.overlays {
        if let Overlay::Environments(window) = overlay {
            window.failed();
        }
    }
    app.effects.push(Effect::Store(Job::LoadWorkspace));
}

/// What the windows list is as it is now.
pub(crate) fn refresh(app: &mut App) {
    let App { overlays, shared, .. } = app;
    for overlay in overlays {
        if let Overlay::Environments(window) = overlay {
            window.refresh(shared);
        }
    }
}

/// Asks before the program is left while something is typed there that is not written; tells whether it
/// does.
pub(crate) fn asks_to_leave(app: &mut App) -> bool {
    let is_asked = |overlay: &Overlay| match overlay {
        Overlay::Confirm(asked) => {
            *asked.question.then
                == Intent::Environments(EnvironmentWish::DropTyped { leaves: true })
        }
        _ => false,
    };
    app.overlays.retain(|overlay| !is_asked(overlay));
    let question = app.overlays.iter().find_map(|overlay| match overlay {
        Overlay::Environments(window) if window.is_typed() => Some(window.ask_to_drop(true)),
        _ => None,
    });
    question.map(|question| app.take(question)).is_some()
}

/// Does what a question about environments was answered with.
pub(crate) fn wished(app: &mut App, wish: EnvironmentWish) {
    match wish {
        EnvironmentWish::DropTyped { leaves } => drop_typed(app, leaves),
        EnvironmentWish::UseSecret(name) => unknown_names::use_secret(app, name),
        EnvironmentWish::Value(wish) => wanted::wished(app, wish),
        EnvironmentWish::AskForValue(name) => unknown_names::ask(app, &name),
    }
}

/// What is typed there is not wanted.
fn drop_typed(app: &mut App, leaves: bool) {
    for overlay in &mut app.overlays {
        if let Overlay::Environments(window) = overlay {
            window.drop_typed();
        }
    }
    if leaves {
        restore::leave(app);
    }
}

/// The secret that is shown since then was shown long enough.
pub(crate) fn hide_secret(app: &mut App, since: Stamp) {
    for overlay in &mut app.overlays {
        if let Overlay::Environments(window) = overlay {
            window.hide(since);
        }
    }
}
