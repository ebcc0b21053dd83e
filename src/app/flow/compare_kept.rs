//! Comparing answers that lie on the disk: that of an entry of the history, and the one before another.
//!
//! ```text
//! entry   ─► Job::FindAnswer ─► Reply::AnswerFound ─► OpenAnswer ─► AnswerOpened ─► as if it were here
//! before  ─► Job::Answers(List) ─► Reply::Answers ─► one of this run, or OpenAnswer ─► AnswerOpened
//! ```
//! What is read is held as a session that is over, so it is not read twice. The next key replaces what is
//! looked for.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::compare::{self, answer, before, show, with_before};
use super::kept::{self, Holder};
use crate::app::drafts::Draft;
use crate::app::effect::Effect;
use crate::app::kept_answers::{self, ComparedWithBefore, Comparing, SoughtEntry};
use crate::app::sessions::SessionState;
use crate::app::state::App;
use crate::engine::command::Command;
use crate::model::failure::Failure;
use crate::model::id::{BodyId, SessionId};
use crate::model::timing::Stamp;
use crate::store::job::{AnswersTask, Job};

/// What the engine read.
type Opened = Result<(Bytes, BodyId), Failure>;

/// Looks for the answer of an entry.
pub(super) fn seek(app: &mut App, sought: SoughtEntry) {
    if !app.shared.kept.is_on() {
        return app.say(NOT_KEPT);
    }
    let at = sought.at;
    app.shared.kept.comparing = Some(Comparing::Entry(sought));
    app.effects.push(Effect::Store(Job::FindAnswer { at }));
}

const NOT_KEPT: &str = "its answer is not kept: send it again to compare";

/// Looks for the answer before another one.
pub(super) fn seek_before(app: &mut App, sought: ComparedWithBefore) {
    let key = sought.key.clone();
    app.shared.kept.comparing = Some(Comparing::Before(Box::new(sought)));
    kept::ask(app, key, AnswersTask::List);
}

/// The store says where the answer of an entry is.
pub(crate) fn entry_found(app: &mut App, at: Stamp, key: Option<String>) {
    kept::of_entry_found(app, at, key.as_deref());
    let Some(Comparing::Entry(sought)) = &mut app.shared.kept.comparing else { return };
    if sought.at != at || sought.found.is_some() {
        return;
    }
    let path = key.as_ref().and_then(|key| app.shared.kept.file(key, at));
    let Some(Comparing::Entry(sought)) = &mut app.shared.kept.comparing else { return };
    sought.found = path.clone().zip(key);
    if let Some(path) = path {
        return read(app, path);
    }
    app.shared.kept.comparing = None;
    app.say(NOT_KEPT);
}

fn read(app: &mut App, path: PathBuf) {
    app.effects.push(Effect::Engine(Command::OpenAnswer { path }));
}

/// The store has said which answers are kept under a key, the oldest first.
pub(super) fn listed(app: &mut App, key: &str, found: &[Stamp]) {
    let comparing = app.shared.kept.comparing.take_if(|it| match it {
        Comparing::Before(it) => it.key == key && it.reading.is_none(),
        Comparing::Entry(_) => false,
    });
    let Some(Comparing::Before(mut comparing)) = comparing else { return };
    let shared = &app.shared;
    let kept = kept_answers::before(found, comparing.at);
    let is_newer = |at: &Stamp| comparing.here.is_none() || *at > comparing.here_at;
    let Some(at) = kept.filter(is_newer) else {
        return with_before(app, comparing.here, comparing.answer);
    };
    let of_this_run = shared.sessions.of_entry(at).and_then(|it| Some((it, it.exchanges.back()?)));
    if let Some((session, exchange)) = of_this_run {
        let before = answer(shared, session, exchange);
        return show(app, [before, comparing.answer]);
    }
    if let Some(path) = shared.kept.file(&comparing.key, at) {
        comparing.reading = Some((path.clone(), at));
        app.shared.kept.comparing = Some(Comparing::Before(comparing));
        read(app, path);
    }
}

/// The engine read an answer, or could not; what it read comes back when it is not looked for here.
pub(super) fn opened(app: &mut App, path: &Path, outcome: Opened) -> Option<Opened> {
    let is_asked = |it: &mut Comparing| match it {
        Comparing::Entry(it) => it.found.as_ref().is_some_and(|(asked, _)| asked == path),
        Comparing::Before(it) => it.reading.as_ref().is_some_and(|(asked, _)| asked == path),
    };
    match app.shared.kept.comparing.take_if(is_asked) {
        None => return Some(outcome),
        Some(Comparing::Entry(sought)) => entry_opened(app, sought, path, outcome),
        Some(Comparing::Before(sought)) => before_opened(app, *sought, path, outcome),
    }
    kept::forget_old(app);
    None
}

fn entry_opened(app: &mut App, sought: SoughtEntry, path: &Path, outcome: Opened) {
    let Some((_, key)) = sought.found else { return };
    let shared = &app.shared;
    let is_of = |draft: &&Draft| kept::key(shared, draft).as_ref() == Some(&key);
    let draft = shared.drafts.iter().find(is_of).map(|draft| draft.id);
    let address = sought.title.rsplit(' ').next().unwrap_or_default().to_owned();
    let holder = Holder { draft, address, title: sought.title };
    let Some(id) = kept::hold(app, holder, (path, sought.at), outcome) else { return };
    let shared = &app.shared;
    let found = shared.sessions.get(id).and_then(|it| Some((it, it.exchanges.back()?)));
    if let Some((session, exchange)) = found {
        let before = Box::new(before(shared, session, exchange, Some(key)));
        let answer = answer(shared, session, exchange);
        return compare::go_on(app, sought.then, answer, before);
    }
    say_unread(app, id, "the answer of this entry");
}

fn before_opened(app: &mut App, comparing: ComparedWithBefore, path: &Path, outcome: Opened) {
    let at = comparing.reading.map_or(comparing.at, |(_, at)| at);
    let draft = comparing.draft.and_then(|draft| app.shared.drafts.get(draft));
    let url = comparing.answer.exchange.url.clone();
    let holder = draft.map_or_else(
        || Holder { draft: None, address: url.clone(), title: url.clone() },
        Holder::of,
    );
    let Some(id) = kept::hold(app, holder, (path, at), outcome) else { return };
    let shared = &app.shared;
    let found = shared.sessions.get(id).and_then(|it| Some((it, it.exchanges.back()?)));
    if let Some((session, exchange)) = found {
        let before = answer(shared, session, exchange);
        return show(app, [before, comparing.answer]);
    }
    say_unread(app, id, "the answer before it");
}

fn say_unread(app: &mut App, id: SessionId, what: &str) {
    let state = app.shared.sessions.get(id).map(|session| &session.state);
    if let Some(SessionState::Over(Err(failure))) = state {
        app.warn(format!("{what}: {failure}"));
    }
}
