//! `Record`: one entry of the timeline, bytes or a life-cycle fact.

use std::sync::Arc;

use bytes::Bytes;
use strum::{EnumString, IntoStaticStr};

use super::asked_target::AskedTarget;
use super::capture_origin::CaptureInterface;
use super::end_address::EndAddress;
use super::fault::FaultMarks;
use super::id::{ConnId, SessionId};
use super::protocol::{Capabilities, Protocol, Side};
use super::timing::Stamp;

/// Payload kept of one record; `original_len` tells when it was longer.
pub const RECORD_KEEPS: usize = 1024 * 1024;

/// One thing that happened on one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub at: Stamp,
    pub conn: ConnId,
    pub direction: Direction,
    pub kind: RecordKind,
    /// For `Data` the bytes as they crossed the socket, of WebSocket the message that they carry; otherwise a sentence
    /// in UTF-8.
    pub data: Bytes,
    /// Of WebSocket the frames of it as they crossed, one behind the other; else nothing.
    pub frames: Bytes,
    /// Bytes that crossed, `>= data.len()` when the record was cut or its bytes are kept elsewhere.
    pub original_len: u64,
    /// What a relay's faults did to it.
    pub faults: FaultMarks,
}

/// Who caused it; by name in filters, lists and JSON Lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Direction {
    #[strum(to_string = "out", serialize = "sent")]
    Sent,
    #[strum(to_string = "in", serialize = "received")]
    Received,
    /// Neither: a fact about our own end (bound, failed, cancelled).
    Local,
}

/// What happened; by name in filters, lists and JSON Lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum RecordKind {
    Data,
    /// A listener or UDP socket is bound.
    Bound,
    /// Our connection attempt succeeded.
    Connected,
    /// A peer connected to our listener.
    Accepted,
    /// A TLS handshake finished.
    Secured,
    /// One side finished sending (FIN, `close_notify`); see the direction.
    Finished,
    /// The connection was reset; see the direction.
    Reset,
    /// The connection is over.
    Closed,
    /// Something failed; the data says what and why.
    Failed,
    /// Datagrams were dropped here, by us or by the kernel; the data says how many.
    Lost,
    /// A remark, e.g. broadcast was switched on, or a datagram was larger than the MTU.
    Note,
}

/// Who the two ends of a connection are. Sent before the first record that names the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnInfo {
    pub id: ConnId,
    pub protocol: Protocol,
    pub side: Side,
    pub local: Option<EndAddress>,
    pub peer: Option<EndAddress>,
    pub tls: bool,
    /// Of a relay: which two connections belong together; this is one of them.
    pub pair: Option<RelayPair>,
    /// Of a relay: where it leads to, once that is known.
    pub asked: Option<Arc<AskedTarget>>,
    /// Of a capture that was opened: what it was captured on.
    pub captured: Option<Arc<CaptureInterface>>,
}

/// The two halves of what a relay passes on. What the client's socket took and gave stands on the
/// client's half, each byte once; the target's half has what happened to its own connection, and of
/// the bytes those alone that never reached the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RelayPair {
    /// The connection that came to us.
    pub client: ConnId,
    /// The one that leads on to the target.
    pub target: ConnId,
}

impl ConnInfo {
    /// One of which no more is known.
    #[must_use]
    pub const fn new(id: ConnId, protocol: Protocol, side: Side) -> Self {
        ConnInfo {
            id,
            protocol,
            side,
            local: None,
            peer: None,
            tls: false,
            pair: None,
            asked: None,
            captured: None,
        }
    }

    /// Whether it is the half of a relay that leads on to its target.
    #[must_use]
    pub(crate) fn is_onward(&self) -> bool {
        self.pair.is_some_and(|pair| pair.target == self.id)
    }

    /// Whether a relay has it.
    #[must_use]
    pub(crate) fn is_of_relay(&self) -> bool {
        self.side == Side::Relay
    }

    /// Where its client chose to be led: there what it said makes sense, and to us it does not.
    #[must_use]
    pub(crate) fn chosen_target(&self) -> Option<&AskedTarget> {
        self.asked.as_deref().filter(|asked| asked.by_client && self.is_accepted())
    }

    /// Whether its client said this under TLS, or has to where it chose to be led.
    #[must_use]
    pub(crate) fn is_under_tls(&self) -> bool {
        self.chosen_target().map_or(self.tls, |chosen| chosen.tls)
    }

    /// Whether the peer came to us; else we went to it.
    #[must_use]
    pub(crate) fn is_accepted(&self) -> bool {
        self.side.listens() && !self.is_onward()
    }

    /// The connection under which it is told: of a relay that of the client.
    #[must_use]
    pub fn told_under(&self) -> ConnId {
        self.pair.map_or(self.id, |pair| pair.client)
    }

    /// Whose half of a relay it is.
    #[must_use]
    pub(crate) fn half(&self) -> Option<&'static str> {
        self.pair.map(|pair| if pair.target == self.id { "server" } else { "client" })
    }

    /// Who of the two that a relay stands between sent what goes in this direction here.
    #[must_use]
    pub(crate) fn sender(&self, direction: Direction) -> Option<&'static str> {
        self.pair?;
        match (direction, self.is_onward()) {
            (Direction::Received, false) | (Direction::Sent, true) => Some("client"),
            (Direction::Received, true) | (Direction::Sent, false) => Some("server"),
            (Direction::Local, _) => None,
        }
    }

    /// `udp:9000 4/7`: protocol, the port of the listening end, session and connection as the filter
    /// takes them. An arrow instead of the colon marks the client's end, so that both ends of one
    /// connection can be told apart.
    #[must_use]
    pub fn label(conn: Option<&ConnInfo>, id: ConnId) -> String {
        let Some(conn) = conn else { return id.to_string() };
        let mark = if conn.is_accepted() { ':' } else { '→' };
        let end = conn.listening_end();
        let tls = if conn.tls { "s" } else { "" };
        let port = end.map_or_else(|| "?".into(), EndAddress::short);
        let protocol = conn.protocol.into_str();
        match id.index {
            0 => format!("{protocol}{tls}{mark}{port} {}", id.session),
            _ => format!("{protocol}{tls}{mark}{port} {id}"),
        }
    }

    /// Where the one listens or hears of the two: we, or the peer that we went to as far as it is known.
    #[must_use]
    pub(crate) fn listening_end(&self) -> Option<&EndAddress> {
        if self.is_accepted() {
            self.local.as_ref()
        } else {
            self.peer.as_ref().or(self.local.as_ref())
        }
    }

    /// What its protocol can do on its side.
    #[must_use]
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.protocol.capabilities(self.side)
    }
}

/// What a file of traffic says of a record besides what crossed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordRemark {
    /// Which one, of those it comes with.
    pub of: usize,
    /// What somebody wrote about it.
    pub comment: Option<String>,
    pub origin: RecordOrigin,
}

/// How the bytes of a record of a file differ from what crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordOrigin {
    /// Secrets in them are masked.
    pub is_masked: bool,
    /// How many there were, where masks of other lengths stand among them.
    pub lens: Option<MaskedLens>,
    /// The file has none: they were made of what it tells of an exchange.
    pub is_made: bool,
}

/// How long a record was whose bytes are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskedLens {
    /// Bytes that crossed.
    pub len: u64,
    /// Bytes that were kept of them, if not all.
    pub kept: Option<u64>,
}

/// Datagrams lost so far in one session. Totals, not increments, so a missed event does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossTotals {
    pub session: SessionId,
    /// Dropped by us because the screen could not keep up.
    pub by_app: u64,
    /// Dropped by the kernel because the receive buffer was full; `None` = cannot be read here.
    pub by_kernel: Option<u64>,
}

impl Record {
    /// Nothing is cut off `data`.
    #[must_use]
    pub fn new(
        at: Stamp,
        conn: ConnId,
        direction: Direction,
        kind: RecordKind,
        data: Bytes,
    ) -> Self {
        let original_len = data.len() as u64;
        let faults = FaultMarks::default();
        Record { at, conn, direction, kind, data, frames: Bytes::new(), original_len, faults }
    }

    /// Whether these are bytes that came.
    #[must_use]
    pub(crate) fn is_received(&self) -> bool {
        (self.kind, self.direction) == (RecordKind::Data, Direction::Received)
    }

    /// The bytes that crossed the socket: those of its frames, where it has any; none of a sentence without.
    #[must_use]
    pub(crate) fn crossed(&self) -> Option<&Bytes> {
        match self.kind {
            _ if !self.frames.is_empty() => Some(&self.frames),
            RecordKind::Data => Some(&self.data),
            _ => None,
        }
    }

    /// Whether it is part of a conversation that can this: of one of messages over a stream the bytes that led to it are not.
    #[must_use]
    pub(crate) fn is_said(&self, can: Capabilities) -> bool {
        self.kind != RecordKind::Data || !can.is_framed() || !self.frames.is_empty()
    }

    /// Bytes of it that are kept: what it says, and its frames.
    #[must_use]
    pub(crate) fn kept(&self) -> usize {
        self.data.len() + self.frames.len()
    }

    /// Bytes this record costs in memory, payload and metadata.
    #[must_use]
    pub fn cost(&self) -> usize {
        self.kept() + size_of::<Record>()
    }
}
