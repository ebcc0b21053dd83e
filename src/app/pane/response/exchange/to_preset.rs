//! Turning an exchange around: what was received becomes something to send.
//!
//! The body is with the engine, so it is fetched first, in hex lines because those hold every
//! byte; [`Gather`] remembers how far that is.

use super::shown;
use crate::app::effect::Effect;
use crate::app::state::App;
use crate::model::id::{BodyId, SessionId};
use crate::model::view::{View, ViewMode, ViewPart, ViewQuery};

/// Body bytes taken into a preset; a longer body belongs into a file.
const LIMIT: usize = 1024 * 1024;
/// Hex lines fetched at a time.
const ROWS: u16 = 1024;
/// Bytes of a hex line.
const LINE: u64 = 16;

/// A body on its way into a draft.
#[derive(Debug)]
pub struct Gather {
    session: SessionId,
    number: u32,
    query: ViewQuery,
    bytes: Vec<u8>,
}

/// Makes a draft of the exchange shown, at once or when its body is here.
pub(super) fn turn_around(app: &mut App) {
    let Some(exchange) = shown(app) else {
        app.say("nothing was received yet");
        return;
    };
    let (session, number) = (exchange.conn.session, exchange.number);
    let request = &exchange.request.body;
    let len = request.decoded_len;
    let body = request.id;
    if len == 0 {
        finish(app, session, number, &[]);
        return;
    }
    if len > LIMIT as u64 {
        app.warn("the body is longer than 1 MiB: save it with s and send it as a file");
        return;
    }
    let query = window(body, 0);
    app.effects.push(Effect::View(query.clone()));
    app.response.gather = Some(Gather { session, number, query, bytes: Vec::new() });
}

fn window(body: BodyId, top: u64) -> ViewQuery {
    ViewQuery { body, part: ViewPart::Decoded, mode: ViewMode::Hex, top, rows: ROWS }
}

/// Takes a window that was asked for here; tells whether it was one.
pub(in crate::app::pane::response) fn gathered(app: &mut App, view: &View) -> bool {
    let Some(mut gather) = app.response.gather.take() else { return false };
    if gather.query != view.query {
        app.response.gather = Some(gather);
        return false;
    }
    for line in &view.lines {
        if line.offset == gather.bytes.len() as u64 {
            gather.bytes.extend_from_slice(&line.bytes);
        }
    }
    let have = gather.bytes.len() as u64;
    let is_over = have >= view.total_bytes || gather.bytes.len() >= LIMIT || view.lines.is_empty();
    if is_over {
        let Gather { session, number, bytes, .. } = gather;
        // The screen may look at the same body, whose window this one replaced.
        if let Some(known) = app.response.views.get_mut(view.query.body, view.query.part) {
            known.ask_again();
        }
        finish(app, session, number, &bytes);
    } else {
        gather.query = window(view.query.body, have / LINE);
        app.effects.push(Effect::View(gather.query.clone()));
        app.response.gather = Some(gather);
    }
    true
}

fn finish(app: &mut App, session: SessionId, number: u32, body: &[u8]) {
    let exchange = app
        .shared
        .sessions
        .get(session)
        .and_then(|session| session.exchanges.iter().find(|e| e.number == number))
        .cloned();
    let Some(exchange) = exchange else { return };
    let intents = crate::app::to_preset::exchange(&exchange, body);
    app.intents.extend(intents);
}
