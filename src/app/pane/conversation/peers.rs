//! The connections and peers of a conversation: which one is looked at, written to, ended.

use super::conversation_view::{ConversationPane, conns, has_several};
use crate::app::effect::Effect;
use crate::app::intent::{Intent, Question};
use crate::app::outcome::Outcome;
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::engine::command::{CloseMode, Command, Recipient};
use crate::model::id::ConnId;

/// Why nothing can be sent by hand.
const NO_INPUT: &str = "a relay passes on what others say; it sends nothing of its own";
/// The same of what is only looked at.
const PAST: &str =
    "nothing of this runs here; [make-preset] makes a preset of a row, [back] goes back";

/// Why nothing can be sent by hand in a conversation without an input line.
pub(crate) fn no_input(session: &Session) -> &'static str {
    if session.is_past { PAST } else { NO_INPUT }
}

impl ConversationPane {
    fn chosen(&self, shared: &Shared) -> Option<ConnId> {
        self.view(shared).and_then(|view| view.chosen)
    }

    /// Looks at the next connection, at the one before, or at all.
    pub(super) fn next_conn(&mut self, shared: &Shared, forward: bool) -> Outcome {
        let Some(session) = shared.session() else { return Outcome::yes() };
        let chosen = self.chosen(shared);
        if !has_several(session) && chosen.is_none() {
            return Outcome::say("there is only one connection here");
        }
        let next = match (chosen, forward) {
            (None, true) => conns(session).next(),
            (None, false) => conns(session).next_back(),
            (Some(id), true) => conns(session).find(|conn| conn.info.id > id),
            (Some(id), false) => conns(session).rfind(|conn| conn.info.id < id),
        };
        self.choose(shared, next.map(|conn| conn.info.id));
        Outcome::yes()
    }

    /// Looks at one connection, or at all.
    pub(super) fn choose(&mut self, shared: &Shared, conn: Option<ConnId>) {
        self.change(shared, |view, session, areas| {
            view.choose(conn, session, areas.rows.height.into());
        });
    }

    /// The connection meant by an order: the chosen one, the only one, or that of the row.
    fn conn_meant(&self, shared: &Shared) -> Option<ConnId> {
        let session = shared.session()?;
        let chosen = self.chosen(shared);
        let first = conns(session).next().map(|conn| conn.info.id);
        let row = self.selected(shared).map(|row| session.told_under(row.conn));
        let row = || row.filter(|conn| conn.index > 0);
        if session.side().listens() && has_several(session) {
            chosen.or_else(row)
        } else {
            chosen.or(first)
        }
    }

    /// Ends a connection.
    pub(super) fn end(&self, shared: &Shared, how: CloseMode) -> Outcome {
        let Some(session) = shared.session() else { return Outcome::yes() };
        let meant = self.conn_meant(shared);
        let can = meant.map_or_else(|| session.capabilities(), |id| session.capabilities_of(id));
        if session.is_past {
            Outcome::say(PAST)
        } else if session.is_over() {
            Outcome::say("this session is over; [send] opens it again")
        } else if how == CloseMode::HalfClose && !can.input {
            Outcome::say("a relay passes ends on; [close-connection] closes both halves")
        } else if !can.connections {
            Outcome::say("UDP has no connections; [stop] closes the socket")
        } else if let Some(conn) = meant {
            let end = Intent::Perform(Effect::Engine(Command::End { conn, how }));
            if how == CloseMode::Reset { ask_to_reset(end).into() } else { end.into() }
        } else {
            Outcome::say("choose a connection with [previous-item] or [next-item] first")
        }
    }

    /// Whom a line goes to, or why it goes nowhere.
    pub(super) fn target(&self, shared: &Shared, to_all: bool) -> Result<Recipient, &'static str> {
        let session = shared.session().ok_or("nothing is open; [send] opens it")?;
        if !session.capabilities().input {
            return Err(no_input(session));
        }
        if session.is_over() {
            return Err("not sent: this session is over; [send] opens it again");
        }
        if to_all {
            return Ok(Recipient::All(session.id));
        }
        if let Some(id) = self.chosen(shared) {
            return match session.conns.get(&id) {
                Some(conn) if conn.open => Ok(Recipient::Conn(id)),
                _ => Err(
                    "not sent: this connection is closed; choose another one with [previous-item] or [next-item]",
                ),
            };
        }
        if !session.side().listens() {
            let first = conns(session).next().map(|conn| conn.info.id);
            return Ok(first.map_or(Recipient::All(session.id), Recipient::Conn));
        }
        let mut open = conns(session).filter(|conn| conn.open);
        match (open.next(), open.next()) {
            (None, _) => Err("not sent: nobody is connected yet"),
            (Some(conn), None) => Ok(Recipient::Conn(conn.info.id)),
            _ => Err(
                "not sent: choose a connection with [previous-item] or [next-item], or send to all with [send-to-all]",
            ),
        }
    }
}

/// A reset takes with it what the peer has not read yet, so no slip of the hand shall do it.
fn ask_to_reset(end: Intent) -> Intent {
    let text = "Abort this connection with RST? What is still on its way is lost at both ends.";
    Intent::Ask(Question::new(text, ["Abort", "Keep"], end))
}
