//! A credential that was typed in place offers to move into the file of secrets when its preset is
//! saved.
//!
//! ```text
//! save ─► typed in place? ─► question ─► yes ─► Job::Environment, one after the other ─► {{secret.NAME}} ─► save
//!                                   └──► no ──► save as it is; not asked again of these values
//! ```
//! What was answered with no is kept with the drafts, as fingerprints of the values, in no preset file.
//! The preset is written last: nothing is replaced by a name before its secret is on the disk.

use std::collections::BTreeMap;

use super::{draft, environments};
use crate::app::credential_move::CredentialMove;
use crate::app::drafts::{Draft, DraftId};
use crate::app::effect::Effect;
use crate::app::intent::{CredentialChoice, Intent, PendingSave, Question};
use crate::app::state::App;
use crate::interop::typed_credentials::{TypedCredential, each_typed, typed};
use crate::model::failure::Failure;
use crate::model::fingerprint::fingerprint;
use crate::model::preset::PresetPath;
use crate::store::job::{
    EnvironmentTask, Job, JobKind, JobLabel, Overwrite, Variable, VariableChange, VariableKind,
};

/// The credentials of a draft that can move: a secret is never looked into, so one with a template
/// in it cannot. Those of a listener are answers that it plays.
fn movable(draft: &Draft) -> Vec<TypedCredential> {
    if draft.spec.side().listens() {
        return Vec::new();
    }
    let mut found = typed(&draft.spec);
    found.retain(|one| one.can_move && !one.value.contains("{{"));
    found
}

/// Where they stand, in words.
fn places(found: &[TypedCredential]) -> String {
    let mut places: Vec<&str> = found.iter().map(|one| &*one.place).collect();
    places.dedup();
    places.join(", ")
}

/// The environment secrets go to: the one in force, else the first, else one that is made.
fn environment(app: &App) -> String {
    let shared = &app.shared;
    let first = || shared.workspace.environments.first().map(|first| first.name.clone());
    shared.environment.clone().or_else(first).unwrap_or_else(|| "local".to_owned())
}

/// Asks whether they shall move, unless that was answered; tells whether the save waits for it.
pub(crate) fn offer(app: &mut App, id: DraftId, path: &PresetPath, overwrite: Overwrite) -> bool {
    if app.credentials.as_ref().is_some_and(|moving| moving.save.id == id) {
        app.say("secrets of it are being written: save it again in a moment");
        return true;
    }
    let Some(draft) = app.shared.drafts.get(id) else { return false };
    let found = movable(draft);
    let kept = app.kept_in_place.get(path);
    let is_kept = |one: &TypedCredential| kept.is_some_and(|kept| kept.contains(&mark(&one.value)));
    if found.iter().all(is_kept) {
        return false;
    }
    let file = VariableKind::Secret.file(&environment(app));
    let places = places(&found);
    let text = match found.len() {
        1 => format!(
            "{path} would hold a credential as it is typed ({places}). Write it to {file}, which \
             git ignores, and its name here?"
        ),
        count => format!(
            "{path} would hold {count} credentials as they are typed ({places}). Write them to \
             {file}, which git ignores, and their names here?"
        ),
    };
    let save = PendingSave { id, path: path.clone(), overwrite };
    let otherwise = Intent::SaveCredentials(save.clone(), CredentialChoice::Keep);
    let then = Intent::SaveCredentials(save, CredentialChoice::Move);
    let question = Question::new(text, ["Move", "Keep here"], then);
    app.intents.push_back(Intent::Ask(question.otherwise(otherwise)));
    true
}

/// The question is answered.
pub(crate) fn answered(app: &mut App, save: PendingSave, choice: CredentialChoice) {
    match choice {
        CredentialChoice::Move => begin(app, save),
        CredentialChoice::Keep => {
            if let Some(draft) = app.shared.drafts.get(save.id) {
                let kept = movable(draft).iter().map(|one| mark(&one.value)).collect();
                app.kept_in_place.insert(save.path.clone(), kept);
                app.touched();
                go_on_with(app, save);
            }
        }
    }
}

/// What tells a value from others without holding it.
fn mark(value: &str) -> u64 {
    fingerprint(value.as_bytes())
}

/// What was answered, to be kept as long as there are such presets.
pub(crate) fn to_keep(app: &App) -> Vec<(PresetPath, Vec<u64>)> {
    let is_there = |path: &PresetPath| !app.loaded || app.shared.stored(path).is_some();
    let kept = app.kept_in_place.iter().filter(|(path, _)| is_there(path));
    kept.map(|(path, values)| (path.clone(), values.iter().copied().collect())).collect()
}

/// What was answered in the last run.
pub(crate) fn restored(app: &mut App, kept: &[(PresetPath, Vec<u64>)]) {
    for (path, values) in kept {
        app.kept_in_place.entry(path.clone()).or_default().extend(values);
    }
}

/// Presets have other paths: what was answered of them goes along.
pub(crate) fn follow(app: &mut App, to: impl Fn(&PresetPath) -> Option<PresetPath>) {
    let kept = std::mem::take(&mut app.kept_in_place);
    let moved = |(path, values)| (to(&path).unwrap_or(path), values);
    app.kept_in_place = kept.into_iter().map(moved).collect();
}

fn go_on_with(app: &mut App, save: PendingSave) {
    app.intents.push_back(Intent::SaveDraft(save.id, save.path, save.overwrite));
}

/// They move: first into the file of secrets.
fn begin(app: &mut App, save: PendingSave) {
    let environment = environment(app);
    let Some(draft) = app.shared.drafts.get(save.id) else { return };
    let known = app.shared.environment_named(&environment);
    let mut secrets = known.map(|known| known.secrets.clone()).unwrap_or_default();
    let (mut names, mut waiting) = (BTreeMap::new(), Vec::new());
    for TypedCredential { name, value, .. } in movable(draft) {
        let existing =
            secrets.iter().find(|(_, known)| **known == value).map(|(name, _)| name.clone());
        let name = existing.unwrap_or_else(|| {
            let mut numbered = (2..).map(|number| format!("{name}-{number}"));
            let is_free = |name: &String| !secrets.contains_key(name);
            let free = Some(name.clone()).filter(is_free).or_else(|| numbered.find(is_free));
            let name = free.unwrap_or(name);
            let kind = VariableKind::Secret;
            waiting.push(Variable { kind, name: name.clone(), value: value.clone() });
            name
        });
        secrets.insert(name.clone(), value.clone());
        names.insert(value, name);
    }
    app.credentials = Some(CredentialMove { save, environment, waiting, names });
    go_on(app);
}

/// Writes the next secret; when all are written, puts their names into the draft and saves it.
fn go_on(app: &mut App) {
    let Some(moving) = &app.credentials else { return };
    if let Some(next) = moving.waiting.first() {
        let change = Box::new(VariableChange::new(None, Some(next.clone())));
        let name = moving.environment.clone();
        let task = EnvironmentTask::Change { name, change };
        app.effects.push(Effect::Store(Job::Environment(task)));
        return;
    }
    let Some(moved) = app.credentials.take() else { return };
    let CredentialMove { save, environment, names, .. } = moved;
    if app.shared.environment.as_ref() != Some(&environment) {
        environments::put_in_force(app, Some(environment));
    }
    let Some(draft) = app.shared.drafts.get_mut(save.id) else { return };
    let mut spec = draft.spec.to_spec();
    each_typed(&mut spec, &mut |one| {
        let name = names.get(&one.value).filter(|_| one.can_move)?;
        Some(VariableKind::Secret.reference(name))
    });
    let (tab, at) = (draft.tab, draft.at);
    draft.replace(spec);
    (draft.tab, draft.at) = (tab, at);
    draft::draft_changed(app);
    go_on_with(app, save);
}

/// A task on environments is done; it may be the one this waits for.
pub(crate) fn written(app: &mut App, task: &EnvironmentTask) {
    let EnvironmentTask::Change { name, change } = task else { return };
    let Some(moving) = &mut app.credentials else { return };
    if moving.environment == *name && moving.waiting.first() == change.after.as_ref() {
        moving.waiting.remove(0);
        go_on(app);
    }
}

/// It could not be done: the draft stays as it is, unsaved.
pub(crate) fn failed(app: &mut App, job: &JobLabel, failure: &Failure) {
    if job.kind == JobKind::Environment && app.credentials.take().is_some() {
        app.warn(format!("{failure}; the credential stays where it is, and nothing was saved"));
    }
}

/// What is to be said of a preset that was just saved with a credential in it.
pub(crate) fn remark(draft: &Draft) -> String {
    if draft.spec.side().listens() {
        return String::new();
    }
    let found = typed(&draft.spec);
    match found.as_slice() {
        [] => String::new(),
        [_] => format!("; its file holds a credential as it is typed ({})", places(&found)),
        found => format!(
            "; its file holds {} credentials as they are typed ({})",
            found.len(),
            places(found)
        ),
    }
}
