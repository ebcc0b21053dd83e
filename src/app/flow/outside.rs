//! What other programs did to the environment in force: it is gone, renamed or back, or some of its
//! variables are gone. Said when the workspace is read anew; what this program does says itself.

use crate::app::shared::Shared;
use crate::app::state::App;
use crate::app::variable_users;
use crate::model::preset::Environment;
use crate::store::job::{VariableKind, Workspace};

/// What is to be said of the environment that was in force, before `workspace` takes the place of the one
/// that is known; `now` is in force then.
pub(crate) fn told(
    app: &App,
    before: Option<&str>,
    now: Option<&str>,
    workspace: &Workspace,
) -> Option<String> {
    let named = |name: &str| workspace.environments.iter().find(|it| it.name == name);
    match (before, now) {
        // It was only known by its name, from the last run.
        (None, Some(now)) if app.save_state.lost_environment.as_deref() == Some(now) => {
            Some(format!("the environment {now} is back and in force again"))
        }
        (Some(name), None) => {
            let known = app.shared.environment_named(name)?;
            Some(app.keyed(&gone(&app.shared, known, workspace)))
        }
        (Some(name), Some(now)) if name == now => {
            let known = app.shared.environment_named(name)?;
            let is_read = |kind: VariableKind| is_read(workspace, &kind.file(name));
            missed(&app.shared, known, named(name)?, is_read)
        }
        _ => None,
    }
}

/// Whether nothing is wrong with a file.
pub(crate) fn is_read(workspace: &Workspace, file: &str) -> bool {
    let is_of = |target: &str| target == file || target.starts_with(&format!("{file}:"));
    !workspace.problems.iter().any(|problem| is_of(&problem.target))
}

fn gone(shared: &Shared, known: &Environment, workspace: &Workspace) -> String {
    let is_new = |it: &&Environment| shared.environment_named(&it.name).is_none();
    let is_same = |it: &&Environment| {
        (&it.variables, &it.secrets) == (&known.variables, &known.secrets)
            && !(known.variables.is_empty() && known.secrets.is_empty())
    };
    let twin = workspace.environments.iter().filter(is_new).find(is_same);
    let name = &known.name;
    let file = if known.variables.is_empty() && !known.secrets.is_empty() {
        VariableKind::Secret.file(name)
    } else {
        VariableKind::Plain.file(name)
    };
    let next = match twin {
        Some(twin) => format!("{} holds the same: [pick-environment] chooses it", twin.name),
        None => "it is again when the file is back; [pick-environment] chooses another".to_owned(),
    };
    format!(
        "the environment {name} is gone: another program removed or renamed {file}. No environment is \
         in force now; {next}"
    )
}

/// Variables that are not there any more, with who uses them.
fn missed(
    shared: &Shared,
    known: &Environment,
    now: &Environment,
    is_read: impl Fn(VariableKind) -> bool,
) -> Option<String> {
    let lost = |kind: VariableKind| {
        let of = |it: &'_ Environment| match kind {
            VariableKind::Plain => it.variables.clone(),
            VariableKind::Secret => it.secrets.clone(),
        };
        let there = of(now);
        let gone = of(known).into_keys().filter(move |name| !there.contains_key(name));
        let gone: Vec<String> = if is_read(kind) { gone.collect() } else { Vec::new() };
        gone.into_iter().map(move |name| (kind, name))
    };
    let lost: Vec<_> = lost(VariableKind::Plain).chain(lost(VariableKind::Secret)).collect();
    let (kind, name) = lost.first()?;
    let (reference, file) = (kind.reference(name), kind.file(&known.name));
    let inner = reference.trim_matches(['{', '}']);
    let users = variable_users::told(shared, &known.name, inner);
    let users = if users.is_empty() { users } else { format!("; {users}") };
    Some(match lost.len() - 1 {
        0 => format!("another program took {inner} out of {file}{users}"),
        more => format!("another program took {inner} and {more} more out of {file}{users}"),
    })
}
