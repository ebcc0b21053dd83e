//! Comparing two answers: which two, and what the engine says of their bodies.
//!
//! The key takes the marked one and the one it is pressed on. Without a mark that is the one before, and
//! where there is none before, it is marked itself. The mark holds what it marks, so the other one may be
//! an answer of another request, of the traffic or of the history. Of the answer on screen, the one before
//! may be a kept one of another run: then the store is asked, and the engine reads it (flow/kept.rs).

use std::path::Path;

use bytes::Bytes;

use super::kept;
use crate::app::action::Action;
use crate::app::compare_rows::ComparedAnswer;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::kept_answers::ComparedWithBefore;
use crate::app::overlay::Overlay;
use crate::app::overlay::compare::Compare;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::codec::compare::Comparison;
use crate::engine::command::Command;
use crate::interop::kept_answer::key_of;
use crate::model::exchange::{Exchange, StartLine};
use crate::model::failure::Failure;
use crate::model::id::BodyId;
use crate::model::timing::Stamp;
use crate::model::view::CompareQuery;
use crate::store::job::AnswersTask;

/// Marks the answer under the cursor, or compares it.
pub(crate) fn act(app: &mut App, action: Action) {
    let (subject, before) = match subject(app) {
        Ok(found) => found,
        Err(why) => return app.say(why),
    };
    if action == Action::MarkAnswer {
        return mark(app, subject, "");
    }
    let is_other = |marked: &ComparedAnswer| !is_same(&marked.exchange, &subject.exchange);
    let marked = app.marked_answer.take().filter(is_other);
    if let Some(marked) = marked {
        let mut both = [marked, subject];
        both.sort_by_key(|answer| answer.exchange.started);
        return show(app, both);
    }
    match before {
        Before::Here(before) => with_before(app, before, subject),
        Before::Kept { at, here, here_at, key } => {
            let (draft, reading) = (app.shared.drafts.current().id, None);
            let answer = subject;
            let asked = key.clone();
            app.shared.kept.comparing =
                Some(ComparedWithBefore { answer, at, here, here_at, key, draft, reading });
            kept::ask(app, asked, AnswersTask::List);
        }
    }
}

/// Where the answer before is found.
enum Before {
    /// Among those of this run.
    Here(Option<ComparedAnswer>),
    /// Among the kept ones of this key, unless the one of this run is newer. The answer it is before was
    /// `at`.
    Kept { at: Stamp, here: Option<ComparedAnswer>, here_at: Stamp, key: String },
}

fn with_before(app: &mut App, before: Option<ComparedAnswer>, subject: ComparedAnswer) {
    match before {
        Some(before) => show(app, [before, subject]),
        None => mark(app, subject, "there is none before it; "),
    }
}

/// The store has said which answers are kept.
pub(super) fn before_listed(app: &mut App, mut comparing: ComparedWithBefore) {
    let shared = &app.shared;
    let kept = shared.kept.neighbour(Some(comparing.at), false);
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
        app.shared.kept.comparing = Some(comparing);
        app.effects.push(Effect::Engine(Command::OpenAnswer { path }));
    }
}

/// The engine read the answer before, or could not.
pub(super) fn before_opened(
    app: &mut App,
    comparing: ComparedWithBefore,
    path: &Path,
    outcome: Result<(Bytes, BodyId), Failure>,
) {
    let at = comparing.reading.map_or(comparing.at, |(_, at)| at);
    let Some(id) = kept::hold(app, comparing.draft, (path, at), outcome) else { return };
    let shared = &app.shared;
    let found = shared.sessions.get(id).and_then(|it| Some((it, it.exchanges.back()?)));
    let before = found.map(|(session, exchange)| answer(shared, session, exchange));
    if let Some(before) = before {
        show(app, [before, comparing.answer]);
    } else if let Some(SessionState::Over(Err(failure))) =
        shared.sessions.get(id).map(|session| &session.state)
    {
        app.warn(format!("the answer before it: {failure}"));
    }
    kept::forget_old(app);
}

fn mark(app: &mut App, answer: ComparedAnswer, why: &str) {
    let hint = app.keyed("[compare] on another one compares the two");
    app.say(format!("{why}marked {}: {hint}", answer.title));
    app.marked_answer = Some(answer);
}

fn is_same(one: &Exchange, other: &Exchange) -> bool {
    (one.conn.session, one.number, one.started) == (other.conn.session, other.number, other.started)
}

/// Opens the window, the older answer first.
fn show(app: &mut App, both: [ComparedAnswer; 2]) {
    let (window, query) = Compare::new(both);
    app.effects.extend(query.map(|query| Effect::Engine(Command::Compare(query))));
    app.overlays.push(Overlay::Compare(Box::new(window)));
}

/// The engine compared two bodies.
pub(crate) fn arrived(app: &mut App, query: CompareQuery, found: Result<Box<Comparison>, String>) {
    for overlay in &mut app.overlays {
        if let Overlay::Compare(window) = overlay {
            return window.arrived(query, found);
        }
    }
}

/// The answer where the keys are and where the one before it is, or why there is none.
fn subject(app: &App) -> Result<(ComparedAnswer, Before), &'static str> {
    let shared = &app.shared;
    let (session, exchange) = match shared.focus {
        Pane::Traffic => of_record(app)?,
        Pane::History => of_entry(app)?,
        Pane::Presets | Pane::Request | Pane::Response => {
            let shown = app.exchange.shown(shared).ok_or("there is no answer here yet")?;
            let session = shared.session().ok_or("there is no answer here yet")?;
            (session, shown.exchange)
        }
    };
    Ok((answer(shared, session, exchange), before(shared, session, exchange)))
}

/// The exchange that the record under the cursor belongs to.
fn of_record(app: &App) -> Result<(&Session, &Exchange), &'static str> {
    const NONE: &str = "only what belongs to an HTTP exchange is compared: choose such a row";
    let shared = &app.shared;
    let record = app.traffic.selected(shared).and_then(|id| shared.timeline.get(id)).ok_or(NONE)?;
    let session = shared.sessions.get(record.conn.session).ok_or(NONE)?;
    let on_it = session.exchanges.iter().filter(|exchange| exchange.conn == record.conn);
    let found = on_it.clone().filter(|exchange| exchange.started <= record.at).last();
    let exchange = found.or_else(|| on_it.clone().next()).ok_or(NONE)?;
    Ok((session, exchange))
}

/// The answer that an entry of the history got.
fn of_entry(app: &App) -> Result<(&Session, &Exchange), &'static str> {
    const NONE: &str = "its answer is not here: send it again to compare";
    let at = app.history.selected_at().ok_or("there is no entry here")?;
    let session = app.shared.sessions.of_entry(at).ok_or(NONE)?;
    Ok((session, session.exchanges.back().ok_or(NONE)?))
}

/// Of a listener the request before; of a client what came back when it was sent before.
fn before(shared: &Shared, session: &Session, exchange: &Exchange) -> Before {
    let own = || {
        let at = session.exchanges.iter().position(|it| it.number == exchange.number)?;
        session.exchanges.get(at.checked_sub(1)?).map(|before| answer(shared, session, before))
    };
    if session.side().listens() {
        return Before::Here(own());
    }
    let draft = shared.drafts.iter().find(|draft| draft.session == Some(session.id));
    let earlier = draft.and_then(|draft| shared.sessions.get(draft.session_before?));
    // While an earlier answer is on screen, the one that was sent before the last may be that, or newer.
    let earlier = earlier.filter(|earlier| earlier.entry < session.entry);
    let last = earlier.and_then(|it| Some((it.entry, answer(shared, it, it.exchanges.back()?))));
    // A redirect of its own is the last resort.
    let (here_at, here) = last.map_or_else(|| (Stamp::default(), own()), |(at, it)| (at, Some(it)));
    let current = shared.drafts.current();
    let preset = current.preset.as_ref().filter(|_| current.session == Some(session.id));
    match preset.filter(|_| shared.kept.is_on()) {
        Some(preset) => {
            let key = key_of(&shared.workspace.root, preset);
            Before::Kept { at: session.entry, here, here_at, key }
        }
        None => Before::Here(here),
    }
}

fn answer(shared: &Shared, session: &Session, exchange: &Exchange) -> ComparedAnswer {
    let told = shared.disclosure();
    let url = told.words(&exchange.url);
    let when = shared.time_of_day(exchange.started);
    let title = format!("{when}  {} {url}", method(exchange));
    ComparedAnswer { exchange: exchange.clone(), side: session.side(), title }
}

fn method(exchange: &Exchange) -> &str {
    match &exchange.request.head.start {
        StartLine::Request { method, .. } => method,
        _ => "",
    }
}
