//! What is said where HTTP led on to something else (101): it is in no exchange, so it is told by record.
//!
//! Asked by `listen` with every event and record while exchanges are what it tells. What crosses tunnels
//! of CONNECT is only counted: it is the TLS of others.

use std::collections::BTreeMap;

use crate::codec::decoded::DecodeHints;
use crate::engine::event::Event;
use crate::model::exchange::{Exchange, ExchangeState};
use crate::model::id::ConnId;
use crate::model::record::{Direction, Record, RecordKind};

/// Status of an answer behind which another protocol begins (RFC 9110, section 15.2.2).
const SWITCHED: u16 = 101;

const WEB_SOCKET: &[u8] = b"upgrade: websocket";

/// Connections that are not HTTP any more.
#[derive(Debug)]
pub(super) struct Upgraded {
    /// Exchanges are what is told.
    by_exchange: bool,
    /// Whether it is WebSocket.
    conns: BTreeMap<ConnId, bool>,
}

impl Upgraded {
    /// None yet.
    pub(super) fn new(by_exchange: bool) -> Self {
        Upgraded { by_exchange, conns: BTreeMap::new() }
    }

    /// Takes what leads on to another protocol, and what ends that.
    pub(super) fn on_event(&mut self, event: &Event) {
        let Event::Exchange(exchange) = event else { return };
        if exchange.state != ExchangeState::Active {
            self.conns.remove(&exchange.conn);
        } else if let Some(is_web_socket) = leads_to_web_socket(exchange) {
            self.conns.insert(exchange.conn, is_web_socket);
        }
    }

    /// Takes what crosses: the first messages come with the answer that leads to them, before its
    /// exchange is told.
    pub(super) fn on_record(&mut self, record: &Record) {
        let is_answer = record.kind == RecordKind::Data && record.direction == Direction::Sent;
        if self.by_exchange && is_answer && record.data.starts_with(b"HTTP/1.1 101 ") {
            let head = record.data.to_ascii_lowercase();
            let is_web_socket = head.windows(WEB_SOCKET.len()).any(|part| part == WEB_SOCKET);
            self.conns.insert(record.conn, is_web_socket);
        }
    }

    /// Whether a record is said there.
    pub(super) fn tells(&self, record: &Record) -> bool {
        record.kind == RecordKind::Data && self.conns.contains_key(&record.conn)
    }

    /// What is known of the bytes of a connection, besides what that says itself.
    pub(super) fn hints<'a>(&self, conn: ConnId, hints: DecodeHints<'a>) -> DecodeHints<'a> {
        let is_upgraded = self.conns.get(&conn).is_some_and(|is_web_socket| *is_web_socket);
        DecodeHints { is_upgraded, ..hints }
    }
}

/// Whether an answer that led on to another protocol led to WebSocket.
fn leads_to_web_socket(exchange: &Exchange) -> Option<bool> {
    let head = &exchange.response.as_ref()?.head;
    let is_web_socket =
        || head.all("upgrade").any(|value| value.eq_ignore_ascii_case(b"websocket"));
    (head.status()? == SWITCHED).then(is_web_socket)
}
