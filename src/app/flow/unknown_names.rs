//! A name that keeps something from being sent is given a value at a key: found, asked for, and where it
//! was made a secret or called otherwise, written anew where it stands.
//!
//! ```text
//! [define-name] ─► window of environments ─► Job::Environment ─► EnvironmentDone
//!                  ─► {{name}} becomes {{secret.name}} in the request, if need be ─► back to the request
//! ```

use super::{draft, environments, focus};
use crate::app::drafts::FieldIssue;
use crate::app::editor::Caret;
use crate::app::focus::Pane;
use crate::app::intent::{EnvironmentWish, Intent, Question};
use crate::app::overlay::Overlay;
use crate::app::overlay::environments::Environments;
use crate::app::shared::Shown;
use crate::app::state::App;
use crate::compose::address_parts::names_used;
use crate::compose::template::{UnknownName, VariableName, Variables};
use crate::compose::{UnknownNames, plan_with};
use crate::model::braces::is_name;
use crate::model::preset::Environment;
use crate::store::job::{EnvironmentTask, Variable, VariableKind};

/// A variable that stands for an unknown name from now on.
pub(crate) struct DefinedName {
    /// As it stands between the braces.
    name: String,
    variable: Variable,
}

/// Whether a value can be given to what stands between braces.
fn can_be_given(name: &str) -> bool {
    let bare = name.strip_prefix("secret.").unwrap_or(name);
    !name.starts_with("env.") && is_name(bare)
}

fn name_of(unknown: &UnknownName) -> Option<String> {
    let name = Some(unknown.inner().to_owned()).filter(|_| unknown.is_name);
    name.filter(|name| can_be_given(name))
}

/// The name in the line that is typed to a peer, if that is where the keys are.
fn of_line(app: &App) -> Option<String> {
    let shared = &app.shared;
    let is_line = shared.focus == Pane::Response
        && shared.shown() == Shown::Conversation
        && app.conversation.is_writing(shared);
    let text = is_line.then(|| app.conversation.typed(shared))?;
    let is_unknown = |name: &String| {
        let known = match name.strip_prefix("secret.") {
            Some(secret) => VariableName::Secret(secret),
            None => VariableName::Plain(name),
        };
        can_be_given(name) && shared.value_of(known).is_none()
    };
    names_used(&text).into_iter().find(is_unknown)
}

/// The name that keeps the draft on screen from being sent: that of the field under the cursor before
/// others.
fn of_draft(app: &App) -> Option<String> {
    let draft = app.shared.drafts.current();
    let told = |issue: &FieldIssue| issue.unknown.as_ref().and_then(name_of);
    let here = draft.issues.iter().filter(|issue| issue.field == draft.at).find_map(told);
    let found = here.or_else(|| draft.issues.iter().find_map(told));
    found.or_else(|| {
        // It was not sent yet; what would keep it from that is known all the same.
        let issues = plan_with(&draft.spec, &app.shared.scope(), UnknownNames::Refused).err()?;
        issues.iter().find_map(|issue| name_of(issue.unknown.as_ref()?))
    })
}

/// Asks for a value of the first name that nothing is known of.
pub(crate) fn define(app: &mut App) {
    let Some(name) = of_line(app).or_else(|| of_draft(app)) else {
        return app.say("every name here has a value: no unknown name keeps this from being sent");
    };
    if let Some(question) = secret_of_the_name(app, &name) {
        return app.intents.push_back(Intent::Ask(question));
    }
    ask(app, &name);
}

/// Asks for a value of this name.
pub(crate) fn ask(app: &mut App, name: &str) {
    // The window says what the warning said, and needs its place for what can be done there.
    let braced = format!("{{{{{name}}}}}");
    app.notice.take_if(|notice| notice.text.contains(&braced));
    let window = Environments::define(&app.shared, name);
    environments::push(app, window);
}

/// Where there is a secret of the name, that may be what is meant.
fn secret_of_the_name(app: &App, name: &str) -> Option<Question> {
    let layers = app.shared.workspace.layers(app.shared.environment.as_deref()?);
    let holds = |layer: &&Environment| layer.secrets.contains_key(name);
    let environment = &layers.into_iter().find(holds)?.name;
    let (kind, name) = (VariableKind::Secret, name.to_owned());
    let text = format!(
        "{{{{{name}}}}} has no value, but {} holds a secret of that name. Put {} in its place?",
        kind.file(environment),
        kind.reference(&name)
    );
    let question = Question::new(
        text,
        ["Use the secret", "Type a value"],
        Intent::Environments(EnvironmentWish::UseSecret(name.clone())),
    );
    Some(question.otherwise(Intent::Environments(EnvironmentWish::AskForValue(name))))
}

/// The secret of a name takes its place.
pub(crate) fn use_secret(app: &mut App, name: String) {
    let variable =
        Variable { kind: VariableKind::Secret, name: name.clone(), value: String::new() };
    let said = defined(app, &DefinedName { name, variable });
    let said = app.keyed(said.trim_start_matches("; "));
    app.done(said);
}

/// The name that a task gives a value to, if it keeps something from being sent.
pub(crate) fn defined_by(app: &App, task: &EnvironmentTask) -> Option<DefinedName> {
    let EnvironmentTask::Change { change, .. } = task else { return None };
    let (None, Some(variable)) = (&change.before, change.after.clone()) else { return None };
    let asked = app.overlays.iter().find_map(|overlay| match overlay {
        Overlay::Environments(window) => window.defines(task),
        _ => None,
    });
    let is_it = |name: &String| variable.reference() == *name;
    let name = asked.or_else(|| of_line(app).or_else(|| of_draft(app)).filter(is_it))?;
    Some(DefinedName { name, variable })
}

/// The name has a value: where that is under another name, the request takes that; the window goes, and
/// the keys are where the name stands. Gives what is to be said behind what was written.
pub(crate) fn defined(app: &mut App, it: &DefinedName) -> String {
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Environments(_)));
    let DefinedName { name, variable } = it;
    let to = variable.reference();
    if of_line_is(app, name) {
        let said = if to == *name { String::new() } else { taken(variable) };
        app.conversation.rename_typed(&app.shared, name, &to);
        focus::focus_input(app);
        return said;
    }
    let is_meant =
        |issue: &&FieldIssue| issue.unknown.as_ref().is_some_and(|unknown| unknown.inner() == name);
    let draft = app.shared.drafts.current_mut();
    let place = draft.issues.iter().find(is_meant).cloned();
    let issues: Vec<FieldIssue> =
        draft.issues.iter().filter(|issue| !is_meant(issue)).cloned().collect();
    let renamed = if to == *name {
        0
    } else {
        app.request.blur();
        draft.steps.rename(&mut draft.spec, name, &to)
    };
    if renamed > 0 {
        draft::spec_changed(app);
    }
    app.shared.drafts.current_mut().issues = issues;
    focus::focus(app, Pane::Request);
    match place {
        Some(place) => draft::go_to_issue(app, &place),
        None => app.request.enter(&app.shared, Caret::Keep),
    }
    let what = if renamed > 0 { taken(variable) + ", [undo] undoes that" } else { String::new() };
    format!("{what}; [send] sends")
}

/// Whether the line that is typed holds this name.
fn of_line_is(app: &App, name: &str) -> bool {
    let is_line = app.shared.focus == Pane::Response
        && app.shared.shown() == Shown::Conversation
        && app.conversation.is_writing(&app.shared);
    is_line && names_used(&app.conversation.typed(&app.shared)).iter().any(|known| known == name)
}

fn taken(variable: &Variable) -> String {
    let braces = variable.kind.reference(&variable.name);
    format!("; here it is {braces} now")
}
