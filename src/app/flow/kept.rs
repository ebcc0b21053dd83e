//! Answers of presets are kept on the disk, and looked at again, one after the other.
//!
//! ```text
//! done ─► KeepAnswer ─► AnswerKept ─► Job::Answers(Tidy) ─► Reply::Answers
//! { }  ─► Job::Answers(List) ─► Reply::Answers ─► a session of this run, or
//!                              OpenAnswer ─► AnswerOpened ─► a session that is over, with that answer
//! ```
//! The list is asked for anew with each key, so what another copy of the program kept is in it.

use std::path::Path;

use bytes::Bytes;

use super::response;
use crate::app::drafts::{Draft, DraftId};
use crate::app::effect::Effect;
use crate::app::sessions::{Session, SessionState};
use crate::app::state::App;
use crate::engine::command::Command;
use crate::engine::event::Summary;
use crate::interop::kept_answer::{self, key_of};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, SessionId};
use crate::model::preset::PresetPath;
use crate::model::timing::Stamp;
use crate::store::job::{AnswersTask, Job};

/// A session is over: what it was answered is kept, if it is of a preset that wants that.
pub(crate) fn finished(app: &mut App, id: SessionId) {
    let shared = &app.shared;
    let Some(draft) = shared.drafts.iter().find(|draft| draft.session == Some(id)) else { return };
    let Some(preset) = draft.preset.as_ref().filter(|_| draft.spec.keeps_answers()) else { return };
    let Some(session) = shared.sessions.get(id) else { return };
    let at = session.entry;
    let text = session
        .exchanges
        .back()
        .and_then(|exchange| kept_answer::write(exchange, &shared.disclosure(), at));
    let key = key_of(&shared.workspace.root, preset);
    if let (Some(answer), Some(path)) = (text, shared.kept.file(&key, at)) {
        let text = Bytes::from(answer.text);
        app.effects.push(Effect::Engine(Command::KeepAnswer { body: answer.body, text, path }));
    }
}

/// The engine wrote an answer, or could not.
pub(crate) fn was_kept(app: &mut App, path: &Path, outcome: Result<(), Failure>) {
    if let Err(failure) = outcome {
        return app.warn(failure.to_string());
    }
    let key = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    if let Some(key) = key.map(str::to_owned) {
        let now = app.shared.wall_clock.at(app.shared.now);
        ask(app, key, AnswersTask::Tidy { now });
    }
}

fn ask(app: &mut App, key: String, task: AnswersTask) {
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

/// To the answer after the one on screen, or before.
pub(crate) fn go(app: &mut App, newer: bool) {
    let draft = app.shared.drafts.current();
    if !draft.spec.keeps_answers() && draft.spec.side().listens() {
        return app.say("there is only one");
    }
    let Some(preset) = &draft.preset else {
        return app.say(app.keyed("answers are kept of presets: [save] makes this one"));
    };
    if app.shared.session().is_some_and(|session| !session.is_over()) {
        return app.say(app.keyed("it is not answered yet: [cancel] ends it"));
    }
    if app.shared.kept.folder.is_none() {
        return app.say("no answers are kept: the program was started like that");
    }
    let key = key_of(&app.shared.workspace.root, preset);
    app.shared.kept.going = Some((key.clone(), newer));
    ask(app, key, AnswersTask::List);
}

/// The store says which answers there are.
pub(crate) fn listed(app: &mut App, key: String, found: Vec<Stamp>) {
    let draft = app.shared.drafts.current();
    let own = draft.preset.as_ref().map(|preset| key_of(&app.shared.workspace.root, preset));
    if own.as_ref() != Some(&key) {
        return;
    }
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
            None if shared.kept.found.is_empty() => app.say(not_kept(draft)),
            None => app.say("no older answer is kept"),
        };
    };
    let is_here = |id: &SessionId| {
        let session = shared.sessions.get(*id);
        session.is_some_and(|it| !it.is_kept || !it.exchanges.is_empty())
    };
    if let Some(id) = shared.sessions.of_entry(at).map(|session| session.id).filter(is_here) {
        return show(app, draft.id, id);
    }
    let id = draft.id;
    if let Some(path) = shared.kept.file(&shared.kept.key, at) {
        app.shared.kept.opening = Some((path.clone(), at, id));
        app.effects.push(Effect::Engine(Command::OpenAnswer { path }));
    }
}

fn not_kept(draft: &Draft) -> &'static str {
    if draft.spec.keeps_answers() {
        "no answer of this preset is kept yet"
    } else {
        "this preset keeps no answers: see its options"
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
    let Some((_, at, draft)) = app.shared.kept.opening.take_if(|(asked, ..)| asked == path) else {
        return app.release(outcome.into_iter().map(|(_, body)| body).collect());
    };
    // It is of the draft that asked, whatever is on screen by now.
    let is_waiting = |draft: &&Draft| {
        let shown = draft.session.and_then(|id| app.shared.sessions.get(id));
        shown.is_none_or(Session::is_over)
    };
    let asked = app.shared.drafts.get(draft).filter(is_waiting);
    let planned = asked.and_then(|it| Some((kept_answer::plan(it.spec.address())?, it.title())));
    let Some((plan, title)) = planned else {
        return app.release(outcome.into_iter().map(|(_, body)| body).collect());
    };
    let read = |id: SessionId, (text, body): (Bytes, BodyId)| {
        let cause = "this answer cannot be read: it is damaged, or of another version";
        let target = path.display().to_string();
        kept_answer::read(&text, id, body)
            .ok_or_else(|| Failure::new(Stage::Storage, target, FailureKind::Malformed, cause))
    };
    let now = app.shared.now;
    let id = app.shared.sessions.open(plan, title, now);
    let Some(session) = app.shared.sessions.get_mut(id) else { return };
    (session.entry, session.ended, session.is_kept) = (at, Some(now), true);
    session.state = match outcome.and_then(|found| read(id, found)) {
        Ok(exchange) => {
            session.exchanges.push_back(exchange);
            SessionState::Over(Ok(Summary::of("kept")))
        }
        Err(failure) => SessionState::Over(Err(failure)),
    };
    show(app, draft, id);
    forget_old(app);
}

/// Answers of earlier runs are sessions that are over: they make room as those do.
fn forget_old(app: &mut App) {
    let shown: Vec<SessionId> = app.shared.drafts.iter().flat_map(Draft::sessions).collect();
    let gone = app.shared.sessions.prune(|id| shown.contains(&id));
    app.release(gone);
}
