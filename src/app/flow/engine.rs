//! What the engine reports: traffic, phases, exchanges and ends of sessions.
//!
//! Events of a session that is unknown or over are ignored.

use super::{
    checks, compare, cookies, exports, held, kept, replay, response, runs, send, statistics,
    traffic,
};
use crate::app::drafts::Draft;
use crate::app::format::counted;
use crate::app::sessions::SessionState;
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::engine::event::{Batch, Event, Phase, Summary};
use crate::model::dialled::Dialled;
use crate::model::exchange::Exchange;
use crate::model::failure::Failure;
use crate::model::id::{ConnId, RecordId, SessionId};
use crate::model::stream_event::StreamEvent;
use crate::model::timing::Stamp;

/// Takes an event of the engine.
pub(crate) fn apply(app: &mut App, event: Event) {
    replay::hears(app, &event);
    runs::hears(app, &event);
    take(app, event);
    replay::go_on(app);
    runs::go_on(app);
}

fn take(app: &mut App, event: Event) {
    match event {
        Event::Traffic(batch) => batch_arrived(app, batch),
        // For captures alone, and no engine of a screen is asked for it; of steps runs have heard already.
        Event::Ciphertext(_) | Event::StepDone { .. } => {}
        Event::Phase { id, phase, at } => phase_changed(app, id, phase, at),
        Event::Exchange(exchange) => exchange_changed(app, exchange),
        Event::Opened { exchange, called } => opened(app, exchange, called),
        Event::Cookies { id, changes } => cookies::taken(app, id, changes),
        Event::StreamEvents { id, number, events } => streamed(app, id, number, events),
        Event::Progress { id, number, body, encoded, decoded, .. } => {
            let session = app.shared.sessions.get_mut(id);
            if let Some(body) = session.and_then(|session| session.arriving(number, body)) {
                body.encoded_len = encoded;
                body.decoded_len = decoded;
            }
        }
        Event::RuleAnswered { id, rule, hits } => rule_answered(app, id, rule, hits),
        Event::Rewrote { id, rule, times } => {
            if let Some(session) = app.shared.sessions.get_mut(id) {
                session.rewrites.changed(rule, times);
            }
        }
        Event::Dialled { conn, how } => dialled(app, conn, *how),
        Event::Held(held) => held::came(app, *held),
        Event::HoldEnded { id, number, end } => held::went(app, id, number, end),
        Event::Done { id, outcome, at } => done(app, id, outcome, at),
        Event::PeerFound { conn, since, owner, .. } => {
            statistics::peer_found(app, conn, &owner);
            app.shared.timeline.found(conn, owner);
            traffic::peer_found(app, conn, since);
        }
        Event::ClockStep(step) => app.shared.wall_clock.step(step),
        Event::CaptureProgress { percent } => app.reading = Some(percent),
        Event::CaptureRead(outcome) => {
            app.reading = None;
            match outcome {
                Ok(words) => app.done(words),
                Err(failure) => app.warn(failure.to_string()),
            }
        }
        Event::Authority(Ok(words)) => app.done(words),
        Event::Authority(Err(failure)) | Event::Refused { failure, .. } => {
            app.warn(failure.to_string());
        }
        Event::View(view) => response::view_arrived(app, *view),
        Event::Found(hit) => response::found(app, &hit),
        Event::Derived(report) => response::derived(app, *report),
        Event::Cell { query, outcome } => response::cell_arrived(app, &query, outcome),
        Event::Compared { query, found } => compare::arrived(app, query, found),
        Event::AnswerKept { path, outcome } => kept::was_kept(app, &path, outcome),
        Event::AnswerOpened { path, outcome } => kept::opened(app, &path, outcome),
        Event::HitsCounted(count) => app.exchange.search.count = Some(count),
        Event::BodySaved { path, outcome } => match outcome {
            Ok(bytes) => {
                app.done(format!("{} saved to {}", counted(bytes, "byte"), path.display()));
            }
            Err(failure) => app.warn(failure.to_string()),
        },
    }
}

fn rule_answered(app: &mut App, id: SessionId, rule: u32, hits: u64) {
    if let Some(session) = app.shared.sessions.get_mut(id) {
        session.answered_by(rule, hits);
    }
}

fn streamed(app: &mut App, id: SessionId, number: u32, events: Vec<StreamEvent>) {
    response::events_came(app, id, number, events);
}

fn dialled(app: &mut App, conn: ConnId, how: Dialled) {
    if let Some(session) = app.shared.sessions.get_mut(conn.session) {
        session.dialled = how;
    }
}

fn batch_arrived(app: &mut App, batch: Batch) {
    app.shared.opened.keep_secrets(batch.secrets);
    for info in batch.conns {
        let known = app.shared.timeline.conn(info.id);
        let is_news = known.is_some_and(|known| known.asked != info.asked);
        app.shared.timeline.connect(info.clone());
        if is_news {
            traffic::target_known(app, info.id);
        }
        if let Some(session) = app.shared.sessions.get_mut(info.id.session) {
            session.meet(info);
        }
    }
    let oldest = app.shared.timeline.first();
    // The oldest that waited went: what is missing comes before what is here.
    let begins = batch.records.first().map_or(app.shared.now, |record| record.at);
    app.shared.timeline.tell_losses(begins);
    for lost in batch.lost {
        app.shared.timeline.lost_here(lost, begins);
        if let Some(session) = app.shared.sessions.get_mut(lost.session) {
            session.lost = Some(lost);
        }
    }
    let next = app.shared.timeline.next_id();
    for record in batch.records {
        if let Some(session) = app.shared.sessions.get_mut(record.conn.session) {
            session.note(&record);
            let id = app.shared.timeline.next_id();
            let can = session.capabilities_of(record.conn);
            if can.conversation && record.is_said(can) {
                session.conversation.extend(&record, id, can.messages);
            }
        }
        app.shared.timeline.push(record);
    }
    for remark in batch.remarks {
        let id = RecordId(next.0 + remark.of as u64);
        if remark.origin.is_masked {
            replay::masked(app, id);
        }
        app.shared.timeline.set_origin(id, remark.origin);
        // One that cannot be kept is still in the file.
        let comment = remark.comment.as_deref().unwrap_or_default();
        let _ = app.shared.timeline.set_comment(id, comment);
    }
    for conn in batch.over {
        exports::conn_over(app, conn);
        app.shared.timeline.end_conn(conn);
        if let Some(session) = app.shared.sessions.get_mut(conn.session) {
            session.end_conn(conn);
        }
    }
    if app.shared.timeline.first() != oldest {
        response::evicted(app);
    }
    traffic::extended(app);
}

fn phase_changed(app: &mut App, id: SessionId, phase: Phase, at: Stamp) {
    let Some(session) = app.shared.sessions.get_mut(id).filter(|s| !s.is_over()) else { return };
    match &phase {
        // What was told to close does not come back to life by what was on its way.
        Phase::Connected { .. } | Phase::Listening { .. }
            if session.state != SessionState::Closing =>
        {
            session.state = SessionState::Live;
        }
        Phase::Closing => session.state = SessionState::Closing,
        Phase::StepsDone => return,
        Phase::Clients { open, refused } => {
            session.clients = (*open, *refused);
            return;
        }
        _ => {}
    }
    let listening = matches!(phase, Phase::Listening { .. });
    session.phase = Some((phase, at));
    if listening {
        let draft = session.draft.and_then(|draft| app.shared.drafts.get(draft));
        if let Some(preset) = draft.and_then(|draft| draft.preset.as_ref()) {
            session.named(preset);
        }
        let outcome = app.presets.listening(&app.shared, id);
        app.take(outcome);
    }
}

fn exchange_changed(app: &mut App, exchange: Box<Exchange>) {
    let id = exchange.conn.session;
    if id == SessionId::FOREIGN {
        let called = exchange.number;
        return opened(app, exchange, called);
    }
    traffic::exchange_changed(app, &exchange);
    let Some(session) = app.shared.sessions.get_mut(id) else { return };
    let gone = session.put(exchange);
    app.release(gone);
    response::exchange_changed(app, id);
}

/// One of a file.
fn opened(app: &mut App, exchange: Box<Exchange>, called: u32) {
    traffic::exchange_changed(app, &exchange);
    let gone = app.shared.opened.put(*exchange, called);
    app.release(gone);
}

fn done(app: &mut App, id: SessionId, outcome: Result<Summary, Failure>, at: Stamp) {
    let Some(session) = app.shared.sessions.get_mut(id).filter(|s| !s.is_over()) else { return };
    session.ended = Some(at);
    session.state = SessionState::Over(outcome);
    // A hundred sessions that are over would hold a hundred bodies.
    session.plan.forget_payloads();
    session.end_conns();
    send::finished(app, id);
    kept::finished(app, id);
    checks::finished(app, id);
    let now = app.shared.now;
    if app.shared.timeline.tell_loss(id, now) {
        traffic::extended(app);
    }
    app.shared.timeline.end_session(id);
    app.shared.held.end_session(id);
    response::exchange_changed(app, id);
    let shown: Vec<SessionId> = app.shared.drafts.iter().flat_map(Draft::sessions).collect();
    let runs = &app.shared.runs;
    let is_of_run = |id| runs.current.as_ref().is_some_and(|run| run.keeps(id));
    let gone = app.shared.sessions.prune(|id| shown.contains(&id) || is_of_run(id));
    app.release(gone);
    let Shared { timeline, sessions, .. } = &mut app.shared;
    timeline.forget_sessions(|id| sessions.get(id).is_none());
}
