//! Environments that are written: opening their window, giving an unknown name a value, and what the
//! answers of the store mean.
//!
//! ```text
//! window ─► Job::Environment(task) ─► EnvironmentDone { back } ─► workspace on screen, undo by `back`
//!                                └──► Failed ─► what was typed stays, the workspace is read anew
//! ```

use super::{credentials, undo};
use crate::app::drafts::Draft;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::environments::Environments;
use crate::app::state::App;
use crate::compose::template::UnknownName;
use crate::model::braces::is_name;
use crate::model::timing::Stamp;
use crate::store::job::{
    EnvironmentDone, EnvironmentTask, Job, JobKind, JobLabel, VariableChange, VariableKind,
};

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
    app.touched();
}

/// Opens it in place of the one that is open.
fn push(app: &mut App, window: Environments) {
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Environments(_)));
    app.overlays.push(Overlay::Environments(Box::new(window)));
}

/// The name that keeps a draft from being sent, as it stands between the braces.
pub(crate) fn unknown_name(draft: &Draft) -> Option<String> {
    let unknown = draft.issues.iter().filter_map(|issue| issue.unknown.as_ref());
    let names = unknown.filter(|unknown| unknown.is_name).map(|unknown| unknown.inner().to_owned());
    let mut names = names.filter(|name| {
        let bare = name.strip_prefix("secret.").unwrap_or(name);
        !name.starts_with("env.") && is_name(bare)
    });
    names.next()
}

/// Asks for a value of the first name that nothing is known of.
pub(crate) fn define(app: &mut App) {
    let Some(name) = unknown_name(app.shared.drafts.current()) else {
        let text = app.keyed("no unknown name kept this from being sent: [send] tells of them");
        return app.say(text);
    };
    let window = Environments::define(&app.shared, &name);
    push(app, window);
}

/// The store did what it was asked.
pub(crate) fn done(app: &mut App, done: EnvironmentDone) {
    let EnvironmentDone { task, back, now } = done;
    let gone = match &task {
        EnvironmentTask::Delete { name }
        | EnvironmentTask::Unmake { name, .. }
        | EnvironmentTask::Rename { from: name, .. } => Some(name.as_str()),
        _ => None,
    };
    let first = app.shared.workspace.environments.is_empty();
    let name = now.as_ref().map(|now| now.name.clone());
    app.shared.set_environment(gone, now);
    let is_defined = defines(app, &task);
    let was_in_force = gone.is_some() && app.shared.environment.as_deref() == gone;
    let lost = app.save_state.lost_environment.take_if(|lost| Some(&*lost) == name.as_ref());
    let is_back = lost.is_some() && app.shared.environment.is_none();
    let follows = was_in_force || is_back || (name.is_some() && (first || is_defined));
    if follows && app.shared.environment != name {
        put_in_force(app, name);
        if matches!(task, EnvironmentTask::Delete { .. }) {
            // It is in force again when it is brought back, unless something else is chosen before.
            app.save_state.lost_environment = gone.map(str::to_owned);
        }
    }
    let way = undo::moved(app, &Job::Environment(task.clone()), Job::Environment(back));
    let said = if is_defined {
        let said = defined(app, &task);
        app.keyed(&said)
    } else {
        words(&task) + &way
    };
    app.say(said);
    let App { overlays, shared, .. } = app;
    for overlay in overlays {
        if let Overlay::Environments(window) = overlay {
            window.done(shared, &task);
        }
    }
    credentials::written(app, &task);
    app.touched();
}

/// The name is known: it keeps nothing from being sent any more, and the window goes.
fn defined(app: &mut App, task: &EnvironmentTask) -> String {
    if let EnvironmentTask::Change { change, .. } = task
        && let Some(after) = &change.after
    {
        let reference = after.kind.reference(&after.name);
        let is_other = |unknown: &UnknownName| format!("{{{{{}}}}}", unknown.inner()) != reference;
        let draft = app.shared.drafts.current_mut();
        draft.issues.retain(|issue| issue.unknown.as_ref().is_none_or(is_other));
    }
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Environments(_)));
    format!("{}; [send] sends", words(task))
}

/// Whether it gives the unknown name a value that keeps the draft on screen from being sent.
fn defines(app: &App, task: &EnvironmentTask) -> bool {
    let EnvironmentTask::Change { change, .. } = task else { return false };
    let VariableChange { before: None, after: Some(after), .. } = &**change else { return false };
    let name = unknown_name(app.shared.drafts.current());
    name.is_some_and(|name| after.kind.reference(&after.name) == format!("{{{{{name}}}}}"))
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

/// The secret that is shown since then was shown long enough.
pub(crate) fn hide_secret(app: &mut App, since: Stamp) {
    for overlay in &mut app.overlays {
        if let Overlay::Environments(window) = overlay {
            window.hide(since);
        }
    }
}
