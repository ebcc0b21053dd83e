//! Answers of presets, and of what was never saved, are kept on the disk and looked at again, one after
//! the other.
//!
//! ```text
//! done ─► KeepAnswer ─► AnswerKept ─► Job::Answers(Tidy) ─► Reply::Answers
//! { }  ─► Job::Answers(List) ─► Reply::Answers ─► a session of this run, or
//!                              OpenAnswer ─► AnswerOpened ─► a session that is over, with that answer
//! =    ─► the same, and what is found is compared (flow/compare_kept.rs)
//! ```
//! The list is asked for anew with each key, and told unasked when another copy of the program kept one
//! more. What came back in this run is in it whether it is kept or not.

use std::path::Path;

use bytes::Bytes;

use super::{compare, compare_kept, response};
use crate::app::drafts::{Draft, DraftId};
use crate::app::effect::Effect;
use crate::app::kept_answers::EarlyWish;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::engine::command::Command;
use crate::engine::event::Summary;
use crate::interop::kept_answer::{self, key_of, key_of_draft};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, SessionId};
use crate::model::preset::PresetPath;
use crate::model::timing::Stamp;
use crate::store::job::{AnswersTask, Job};

/// A session is over: what it was answered is kept, unless its draft does not want that.
pub(crate) fn finished(app: &mut App, id: SessionId) {
    if !app.loaded && app.shared.kept.is_on() {
        return app.shared.kept.unkept.push(id);
    }
    let shared = &app.shared;
    let Some(session) = shared.sessions.get(id) else { return };
    let draft = session.draft.and_then(|draft| shared.drafts.get(draft));
    let Some(draft) = draft.filter(|draft| draft.spec.keeps_answers()) else { return };
    let (at, of) = (session.entry, draft.id);
    let text = session
        .exchanges
        .back()
        .and_then(|exchange| kept_answer::write(exchange, &shared.disclosure(), at));
    let known = key(shared, draft);
    let is_first = known.is_none();
    let key = known.unwrap_or_else(|| key_of_draft(&shared.workspace.root, at));
    let (Some(answer), Some(path)) = (text, shared.kept.file(&key, at)) else { return };
    let text = Bytes::from(answer.text);
    app.effects.push(Effect::Engine(Command::KeepAnswer { body: answer.body, text, path }));
    if let Some(draft) = app.shared.drafts.get_mut(of).filter(|_| is_first) {
        draft.answers = Some(key);
        app.touched();
    }
}

/// What the answers of a draft are kept under: its preset's, or its own once there is one.
pub(super) fn key(shared: &Shared, draft: &Draft) -> Option<String> {
    let preset = draft.preset.as_ref();
    preset.map_or_else(
        || draft.answers.clone(),
        |preset| Some(key_of(&shared.workspace.root, preset)),
    )
}

/// The engine wrote an answer, or could not.
pub(crate) fn was_kept(app: &mut App, path: &Path, outcome: Result<(), Failure>) {
    if let Err(failure) = outcome {
        return app.warn(failure.to_string());
    }
    let key = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    if let Some(key) = key.map(str::to_owned) {
        let now = app.shared.wall_clock.at(app.shared.now);
        let hidden = app.shared.disclosure().hidden();
        ask(app, key, AnswersTask::Tidy { now, hidden });
    }
}

/// Gives the store a task with the answers of this key, where answers are kept.
pub(super) fn ask(app: &mut App, key: String, task: AnswersTask) {
    if app.shared.kept.folder.is_some() {
        app.effects.push(Effect::Store(Job::Answers { key, task }));
    }
}

/// The answers of a preset that is called otherwise now, is gone, or is back.
pub(crate) fn follow(app: &mut App, preset: &PresetPath, change: PresetFate<'_>) {
    let root = &app.shared.workspace.root;
    let task = match change {
        PresetFate::Renamed(to) => AnswersTask::MoveTo(key_of(root, to)),
        PresetFate::Deleted => AnswersTask::Delete,
        PresetFate::BroughtBack => AnswersTask::BringBack,
    };
    let key = key_of(root, preset);
    ask(app, key, task);
}

/// The answers of a draft that is thrown away or back; those of a preset stay with that.
pub(super) fn follow_draft(app: &mut App, draft: &Draft, task: AnswersTask) {
    if let Some(key) = &draft.answers {
        ask(app, key.clone(), task);
    }
}

/// What was never saved is this preset now: its answers are the preset's.
pub(super) fn named(app: &mut App, draft_key: String, preset: &PresetPath) {
    let key = key_of(&app.shared.workspace.root, preset);
    ask(app, draft_key, AnswersTask::MoveTo(key));
}

/// Another draft is on screen: which answers there are of it is asked if one of them is shown, and if
/// nothing is, where it is said that there are some.
pub(crate) fn settle(app: &mut App) {
    let shared = &app.shared;
    let is_wanted = shared.session().is_none_or(|session| shared.is_earlier(session));
    let key = key(shared, shared.drafts.current()).filter(|_| is_wanted);
    if let Some(key) = key.filter(|key| *key != shared.kept.key) {
        (app.shared.kept.key, app.shared.kept.found) = (key.clone(), Vec::new());
        ask(app, key, AnswersTask::List);
    }
}

/// How many answers there are of the draft on screen, as far as that is known.
pub(crate) fn count(app: &App) -> u64 {
    let own = key(&app.shared, app.shared.drafts.current());
    let is_listed = own.is_some_and(|key| key == app.shared.kept.key);
    if is_listed { app.shared.kept.found.len() as u64 } else { 0 }
}

/// A folder lies elsewhere, and the presets in it with it.
pub(crate) fn follow_folder(app: &mut App, from: &str, to: &str) {
    let presets = app.shared.workspace.presets.iter();
    let moved = presets.filter_map(|stored| {
        let there = stored.path.moved(from, to).ok()?;
        (there != stored.path).then(|| (stored.path.clone(), there))
    });
    for (preset, there) in moved.collect::<Vec<_>>() {
        follow(app, &preset, PresetFate::Renamed(&there));
    }
}

/// What became of a preset.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PresetFate<'a> {
    Renamed(&'a PresetPath),
    Deleted,
    BroughtBack,
}

/// The workspace is there: what was asked for before goes on.
pub(crate) fn workspace_read(app: &mut App) {
    for id in std::mem::take(&mut app.shared.kept.unkept) {
        finished(app, id);
    }
    match app.shared.kept.early.take() {
        Some(EarlyWish::Go { newer }) => go(app, newer),
        Some(EarlyWish::Compare(action, pane)) => compare::act_in(app, action, pane),
        None => {}
    }
}

/// To the answer after the one on screen, or before.
pub(crate) fn go(app: &mut App, newer: bool) {
    if !app.loaded {
        // Answers are kept under the name of the workspace, and what the last run left is often there first.
        app.shared.kept.early = Some(EarlyWish::Go { newer });
        return;
    }
    let draft = app.shared.drafts.current();
    if !draft.spec.keeps_answers() && draft.spec.side().listens() {
        return app.say("there is only one");
    }
    if app.shared.session().is_some_and(|session| !session.is_over()) {
        return app.say(app.keyed("it is not answered yet: [cancel] ends it"));
    }
    if let Some(key) = key(&app.shared, draft).filter(|_| app.shared.kept.is_on()) {
        app.shared.kept.going = Some((key.clone(), newer));
        ask(app, key, AnswersTask::List);
    } else {
        app.shared.kept.key = String::new();
        app.shared.kept.found = with_those_here(&app.shared, Vec::new());
        step(app, newer);
    }
}

/// What is kept of the draft on screen, and what came back in this run; the oldest first.
fn with_those_here(shared: &Shared, mut found: Vec<Stamp>) -> Vec<Stamp> {
    found.extend(shared.sessions.answered(shared.drafts.current().id));
    found.sort_unstable();
    found.dedup();
    found
}

/// The store says which answers there are.
pub(crate) fn listed(app: &mut App, key: String, found: Vec<Stamp>) {
    compare_kept::listed(app, &key, &found);
    let own = self::key(&app.shared, app.shared.drafts.current());
    if own.as_ref() != Some(&key) {
        return;
    }
    let found = with_those_here(&app.shared, found);
    (app.shared.kept.key, app.shared.kept.found) = (key, found);
    let going = app.shared.kept.going.take_if(|(wanted, _)| *wanted == app.shared.kept.key);
    if let Some((_, newer)) = going {
        step(app, newer);
    }
}

fn step(app: &mut App, newer: bool) {
    let shared = &app.shared;
    let current = shared.session().map(|session| session.entry);
    let draft = shared.drafts.current();
    let Some(at) = shared.kept.neighbour(current, newer) else {
        let latest = draft.latest.filter(|id| newer && draft.session != Some(*id));
        return match latest.filter(|id| shared.sessions.get(*id).is_some()) {
            Some(id) => show(app, draft.id, id),
            None if newer => app.say("this is the newest answer"),
            None if shared.kept.found.is_empty() => app.say(not_kept(app)),
            None => app.say("no older answer is kept"),
        };
    };
    let is_here = |session: &&Session| !session.is_kept || !session.exchanges.is_empty();
    if let Some(id) = shared.sessions.of_entry(at).filter(is_here).map(|session| session.id) {
        return show(app, draft.id, id);
    }
    let id = draft.id;
    if let Some(path) = shared.kept.file(&shared.kept.key, at) {
        app.shared.kept.opening = Some((path.clone(), at, id));
        app.effects.push(Effect::Engine(Command::OpenAnswer { path }));
    }
}

fn not_kept(app: &App) -> &'static str {
    let draft = app.shared.drafts.current();
    match () {
        () if !draft.spec.keeps_answers() => "this request keeps no answers: see its options",
        () if !app.shared.kept.is_on() => "no answers are kept: the program was started like that",
        () => "there is no answer yet",
    }
}

fn show(app: &mut App, draft: DraftId, id: SessionId) {
    if let Some(draft) = app.shared.drafts.get_mut(draft) {
        draft.session = Some(id);
    }
    if app.shared.drafts.current().id == draft {
        response::session_changed(app);
    }
}

/// The engine read an answer, or could not: then it is said where it would be shown.
pub(crate) fn opened(app: &mut App, path: &Path, outcome: Result<(Bytes, BodyId), Failure>) {
    let Some(outcome) = compare_kept::opened(app, path, outcome) else { return };
    let Some((_, at, draft)) = app.shared.kept.opening.take_if(|(asked, ..)| asked == path) else {
        return app.release(outcome.into_iter().map(|(_, body)| body).collect());
    };
    // It is of the draft that asked, whatever is on screen by now.
    let shown = app.shared.drafts.get(draft).and_then(|draft| draft.session);
    let shown = shown.and_then(|id| app.shared.sessions.get(id));
    if shown.is_some_and(|session| !session.is_over()) {
        return app.release(outcome.into_iter().map(|(_, body)| body).collect());
    }
    let Some(owner) = app.shared.drafts.get(draft) else {
        return app.release(outcome.into_iter().map(|(_, body)| body).collect());
    };
    let holder = Holder::of(owner);
    if let Some(id) = hold(app, holder, (path, at), outcome) {
        show(app, draft, id);
        forget_old(app);
    }
}

/// An entry of the history was opened in this draft: the answer it got is shown beside it, if it is kept.
pub(super) fn seek_of_entry(app: &mut App, at: Stamp, draft: DraftId) {
    if app.shared.kept.is_on() {
        app.shared.kept.of_entry = Some((at, draft));
        app.effects.push(Effect::Store(Job::FindAnswer { at }));
    }
}

/// The store says under what the answer of an entry is kept. That it is not is told of an entry that was answered.
pub(super) fn of_entry_found(app: &mut App, at: Stamp, key: Option<&str>) {
    let kept = &mut app.shared.kept;
    let sought = kept.of_entry.take_if(|(sought, _)| *sought == at);
    let path = key.and_then(|key| kept.file(key, at));
    if sought.is_some() && path.is_none() && app.history.was_answered(at) {
        return app.say(app.keyed("its answer is not kept: [send] sends it again"));
    }
    let kept = &mut app.shared.kept;
    if let Some(((_, draft), path)) = sought.zip(path) {
        kept.opening = Some((path.clone(), at, draft));
        app.effects.push(Effect::Engine(Command::OpenAnswer { path }));
    }
}

/// Whose an answer is that was read.
pub(super) struct Holder {
    pub(super) draft: Option<DraftId>,
    /// Where it was sent to, and the name of that in lists.
    pub(super) address: String,
    pub(super) title: String,
}

impl Holder {
    /// A draft.
    pub(super) fn of(draft: &Draft) -> Self {
        let (address, title) = (draft.spec.address().to_owned(), draft.title());
        Holder { draft: Some(draft.id), address, title }
    }
}

/// Makes a session of a kept answer that was read, or of why it could not be.
pub(super) fn hold(
    app: &mut App,
    holder: Holder,
    (path, at): (&Path, Stamp),
    outcome: Result<(Bytes, BodyId), Failure>,
) -> Option<SessionId> {
    let Some(plan) = kept_answer::plan(&holder.address) else {
        app.release(outcome.into_iter().map(|(_, body)| body).collect());
        return None;
    };
    let read = |id: SessionId, (text, body): (Bytes, BodyId)| {
        let cause = "this answer cannot be read: it is damaged, or of another version";
        let target = path.display().to_string();
        kept_answer::read(&text, id, body)
            .ok_or_else(|| Failure::new(Stage::Storage, target, FailureKind::Malformed, cause))
    };
    let now = app.shared.now;
    let id = app.shared.sessions.open(plan, holder.title, now);
    let session = app.shared.sessions.get_mut(id)?;
    (session.entry, session.ended, session.is_kept) = (at, Some(now), true);
    session.draft = holder.draft;
    session.state = match outcome.and_then(|found| read(id, found)) {
        Ok(exchange) => {
            session.exchanges.push_back(Box::new(exchange));
            SessionState::Over(Ok(Summary::of("kept")))
        }
        Err(failure) => SessionState::Over(Err(failure)),
    };
    Some(id)
}

/// Answers of earlier runs are sessions that are over: they make room as those do.
pub(super) fn forget_old(app: &mut App) {
    let shown: Vec<SessionId> = app.shared.drafts.iter().flat_map(Draft::sessions).collect();
    let gone = app.shared.sessions.prune(|id| shown.contains(&id));
    app.release(gone);
}
