//! Comparing two answers: which two, and what the engine says of their bodies.
//!
//! The key takes the marked one and the one it is pressed on. Without a mark that is the one before, and
//! where there is none before, it is marked itself. The mark holds what it marks, so the other one may be
//! an answer of another request, of the traffic or of the history.

use crate::app::action::Action;
use crate::app::compare_rows::ComparedAnswer;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::overlay::Overlay;
use crate::app::overlay::compare::Compare;
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::codec::compare::Comparison;
use crate::engine::command::Command;
use crate::model::exchange::{Exchange, StartLine};
use crate::model::view::CompareQuery;

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
    match marked.or(before) {
        Some(other) => show(app, other, subject),
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
fn show(app: &mut App, one: ComparedAnswer, other: ComparedAnswer) {
    let mut both = [one, other];
    both.sort_by_key(|answer| answer.exchange.started);
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

/// The answer where the keys are and the one before it, or why there is none.
fn subject(app: &App) -> Result<(ComparedAnswer, Option<ComparedAnswer>), &'static str> {
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
fn before(shared: &Shared, session: &Session, exchange: &Exchange) -> Option<ComparedAnswer> {
    let own = || {
        let at = session.exchanges.iter().position(|it| it.number == exchange.number)?;
        session.exchanges.get(at.checked_sub(1)?).map(|before| answer(shared, session, before))
    };
    let draft = shared.drafts.iter().find(|draft| draft.session == Some(session.id));
    let earlier = draft.and_then(|draft| shared.sessions.get(draft.session_before?));
    let earlier = earlier.filter(|_| !session.side().listens());
    let last = earlier.and_then(|earlier| {
        earlier.exchanges.back().map(|exchange| answer(shared, earlier, exchange))
    });
    last.or_else(own)
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
