//! The connections and peers of a conversation: which one is looked at, written to, ended.

use super::{resized, selected, with_talk};
use crate::app::effect::Effect;
use crate::app::pane::response::{place, session};
use crate::app::sessions::{Conn, Session};
use crate::app::state::App;
use crate::engine::command::{CloseMode, Command, Recipient};
use crate::model::id::ConnId;
use crate::model::protocol::Side;

/// Whom a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputTarget {
    Chosen,
    All,
}

/// Connections and peers of a session, in order; the session itself is none.
pub fn conns(session: &Session) -> impl DoubleEndedIterator<Item = &Conn> {
    session.conns.range(session.id.conn(1)..).map(|(_, conn)| conn)
}

/// Whether there are several to choose from.
pub fn has_several(session: &Session) -> bool {
    conns(session).nth(1).is_some()
}

pub(super) fn next_conn(app: &mut App, forward: bool) {
    let Some(session) = session(app) else { return };
    let chosen = place(app).and_then(|place| place.talk.chosen);
    if !has_several(session) && chosen.is_none() {
        app.say("there is only one connection here");
        return;
    }
    let range = &session.conns;
    let next = match (chosen, forward) {
        (None, true) => conns(session).next(),
        (None, false) => conns(session).next_back(),
        (Some(id), true) => range.range(id..).nth(1).map(|(_, conn)| conn),
        (Some(id), false) => range.range(session.id.conn(1)..id).next_back().map(|(_, conn)| conn),
    };
    let next = next.map(|conn| conn.info.id);
    choose(app, next);
}

/// Looks at one connection, or at all.
pub(super) fn choose(app: &mut App, conn: Option<ConnId>) {
    with_talk(app, |talk, session, height| talk.choose(conn, session, height));
    resized(app);
}

/// The connection meant by an order: the chosen one, the only one, or that of the row.
fn conn_meant(app: &App) -> Option<ConnId> {
    let session = session(app)?;
    let chosen = place(app).and_then(|place| place.talk.chosen);
    let first = conns(session).next().map(|conn| conn.info.id);
    let row = || selected(app).map(|row| row.conn).filter(|conn| conn.index > 0);
    match session.side() {
        Side::Client => chosen.or(first),
        Side::Listener if !has_several(session) => chosen.or(first),
        Side::Listener => chosen.or_else(row),
    }
}

pub(super) fn end(app: &mut App, how: CloseMode) {
    let Some(session) = session(app) else { return };
    if session.is_over() {
        app.say(app.keyed("this session is over; [send] opens it again"));
    } else if !session.protocol().capabilities().connections {
        app.say(app.keyed("UDP has no connections; [stop] closes the socket"));
    } else if let Some(conn) = conn_meant(app) {
        app.effects.push(Effect::Engine(Command::End { conn, how }));
    } else {
        app.say("choose a connection with { or } first");
    }
}

/// Whom a line goes to, or why it goes nowhere.
pub fn target(app: &App, target: InputTarget) -> Result<Recipient, String> {
    let session = session(app).ok_or_else(|| app.keyed("nothing is open; [send] opens it"))?;
    if session.is_over() {
        return Err(app.keyed("not sent: this session is over; [send] opens it again"));
    }
    if target == InputTarget::All {
        return Ok(Recipient::All(session.id));
    }
    let chosen = place(app).and_then(|place| place.talk.chosen);
    if let Some(id) = chosen {
        return match session.conns.get(&id) {
            Some(conn) if conn.open => Ok(Recipient::Conn(id)),
            _ => {
                Err(app
                    .keyed("not sent: this connection is closed; choose another one with { or }"))
            }
        };
    }
    if session.side() == Side::Client {
        let first = conns(session).next().map(|conn| conn.info.id);
        return Ok(first.map_or(Recipient::All(session.id), Recipient::Conn));
    }
    let mut open = conns(session).filter(|conn| conn.open);
    match (open.next(), open.next()) {
        (None, _) => Err(app.keyed("not sent: nobody is connected yet")),
        (Some(conn), None) => Ok(Recipient::Conn(conn.info.id)),
        _ => Err(app
            .keyed("not sent: choose a connection with { or }, or send to all with [send-to-all]")),
    }
}
