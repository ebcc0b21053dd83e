//! Comparing two answers: which two, and what the engine says of their bodies.
//!
//! The key takes the marked one and the one it is pressed on. Without a mark that is the one before, and
//! where there is none before, it is marked itself. The mark holds what it marks, so the other one may be
//! an answer of another request, of the traffic or of the history. What is not here but kept on the disk
//! is looked for first (`flow/compare_kept.rs`).

use super::{compare_kept, compare_marked, kept};
use crate::app::action::Action;
use crate::app::compare_rows::ComparedAnswer;
use crate::app::drafts::DraftId;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::kept_answers::{ComparedWithBefore, EarlyWish, SoughtEntry};
use crate::app::overlay::Overlay;
use crate::app::overlay::compare::Compare;
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::codec::compare::Comparison;
use crate::engine::command::Command;
use crate::model::counts::counted;
use crate::model::exchange::{Exchange, StartLine};
use crate::model::timing::Stamp;
use crate::model::view::CompareQuery;

/// Marks the answer under the cursor, or compares it.
pub(crate) fn act(app: &mut App, action: Action) {
    let is_traffic = app.shared.focus == Pane::Traffic && action == Action::Compare;
    if is_traffic && compare_marked::act(app) {
        return;
    }
    let marked = app.shared.timeline.pinned();
    if is_traffic && marked > 2 && of_record(app).is_err() {
        let text = "are marked, and two are compared; [next-marked] goes to them, [mark] unmarks";
        return app.say(app.keyed(&format!("{} {text}", counted(marked as u64, "row"))));
    }
    act_in(app, action, app.shared.focus);
}

/// The same, of the answer in this pane.
pub(super) fn act_in(app: &mut App, action: Action, pane: Pane) {
    if !app.loaded && app.shared.kept.is_on() {
        // Which answers are whose is known with the workspace.
        app.shared.kept.early = Some(EarlyWish::Compare(action, pane));
        return;
    }
    match subject(app, action, pane) {
        Ok(Subject::Here(subject, before)) => go_on(app, action, *subject, before),
        Ok(Subject::Kept(sought)) => compare_kept::seek(app, sought),
        Err(why) => app.say(why),
    }
}

/// What the key is about.
enum Subject {
    Here(Box<ComparedAnswer>, Box<Before>),
    /// It is not here, but may be kept.
    Kept(SoughtEntry),
}

/// The same, with the answer that is meant and where the one before it is.
pub(super) fn go_on(app: &mut App, action: Action, subject: ComparedAnswer, before: Box<Before>) {
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
    match *before {
        Before::Here(before) => with_before(app, before, subject),
        Before::Kept { at, here, here_at, key, draft } => {
            let (answer, reading) = (subject, None);
            let sought = ComparedWithBefore { answer, at, here, here_at, key, draft, reading };
            compare_kept::seek_before(app, sought);
        }
    }
}

/// Where the answer before is found.
pub(super) enum Before {
    /// Among those of this run.
    Here(Option<ComparedAnswer>),
    /// Among the kept ones of this key, unless the one of this run is newer. The answer it is before was
    /// `at`.
    Kept {
        at: Stamp,
        here: Option<ComparedAnswer>,
        here_at: Stamp,
        key: String,
        draft: Option<DraftId>,
    },
}

/// Compares with this one; without one the answer is marked.
pub(super) fn with_before(app: &mut App, before: Option<ComparedAnswer>, subject: ComparedAnswer) {
    match before {
        Some(before) => show(app, [before, subject]),
        None => mark(app, subject, "there is none before it; "),
    }
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
pub(super) fn show(app: &mut App, both: [ComparedAnswer; 2]) {
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
fn subject(app: &App, then: Action, pane: Pane) -> Result<Subject, &'static str> {
    const NONE: &str = "there is no answer here yet";
    let shared = &app.shared;
    let (session, exchange) = match pane {
        Pane::Traffic => of_record(app)?,
        Pane::History => {
            let entry = app.history.selected().ok_or("there is no entry here")?;
            let session = shared.sessions.of_entry(entry.name.at);
            let here = session.and_then(|session| Some((session, &**session.exchanges.back()?)));
            let Some(here) = here else {
                let (at, title) = (entry.name.at, entry.summary.clone());
                return Ok(Subject::Kept(SoughtEntry { at, title, then, found: None }));
            };
            here
        }
        Pane::Presets | Pane::Request | Pane::Response => {
            let shown = app.exchange.shown(shared).ok_or(NONE)?;
            (shared.session().ok_or(NONE)?, shown.exchange)
        }
    };
    let draft = session.draft.and_then(|draft| shared.drafts.get(draft));
    let key = draft.and_then(|draft| kept::key(shared, draft));
    let before = Box::new(before(shared, session, exchange, key));
    Ok(Subject::Here(Box::new(answer(shared, session, exchange)), before))
}

/// The exchange that the record under the cursor belongs to.
fn of_record(app: &App) -> Result<(&Session, &Exchange), &'static str> {
    const NONE: &str = "mark two rows to compare them, or choose one of an HTTP exchange";
    let shared = &app.shared;
    let record = app.traffic.selected(shared).and_then(|id| shared.timeline.get(id)).ok_or(NONE)?;
    let session = shared.sessions.get(record.conn.session).ok_or(NONE)?;
    let on_it = session.exchanges.iter().filter(|exchange| exchange.conn == record.conn);
    let found = on_it.clone().rfind(|exchange| exchange.started <= record.at);
    let exchange = found.or_else(|| on_it.clone().next()).ok_or(NONE)?;
    Ok((session, exchange))
}

/// Of a listener the request before; of a client what came back when it was sent before. `key` is what
/// its answers are kept under.
pub(super) fn before(
    shared: &Shared,
    session: &Session,
    exchange: &Exchange,
    key: Option<String>,
) -> Before {
    let own = || {
        let at = session.exchanges.iter().position(|it| it.number == exchange.number)?;
        session.exchanges.get(at.checked_sub(1)?).map(|before| answer(shared, session, before))
    };
    if session.side().listens() {
        return Before::Here(own());
    }
    let earlier = shared.sessions.before(session);
    let last = earlier.and_then(|it| Some((it.entry, answer(shared, it, it.exchanges.back()?))));
    // A redirect of its own is the last resort.
    let (here_at, here) = last.map_or_else(|| (Stamp::default(), own()), |(at, it)| (at, Some(it)));
    match key.filter(|_| shared.kept.is_on()) {
        Some(key) => Before::Kept { at: session.entry, here, here_at, key, draft: session.draft },
        None => Before::Here(here),
    }
}

/// An answer with the words that name it.
pub(super) fn answer(shared: &Shared, session: &Session, exchange: &Exchange) -> ComparedAnswer {
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
