//! Byte streams between us and a peer: name lookup, TCP, an optional TLS layer; and sockets that
//! listen.
//!
//! Called by the stream and HTTP protocols. Every step is a `Phase` event and has its own time;
//! every failure names its stage, the address and what to try. What was learnt before a failure
//! (addresses, times, the peer's certificates) is kept.

mod listen;
mod stream;

use std::net::SocketAddr;
use std::time::Duration;

use super::session::Session;
use crate::model::endpoint::Endpoint;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::{ClientTls, TlsFacts};
pub(crate) use listen::{Acceptor, Listeners, bind};
pub(crate) use stream::Stream;

/// Whom to connect to, and how.
#[derive(Debug, Clone)]
pub(crate) struct Dial<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) tls: &'a ClientTls,
    /// Protocols to offer (ALPN), e.g. `http/1.1`; empty = the extension is not sent.
    pub(crate) alpn: &'a [&'a [u8]],
    /// For name lookup, TCP and the TLS handshake together.
    pub(crate) timeout: Duration,
}

/// A connection that is up.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    pub(crate) facts: ConnectFacts,
}

/// What was learnt on the way, also when it failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectFacts {
    pub(crate) lookup: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    pub(crate) tls: Option<Duration>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) tls_facts: Option<TlsFacts>,
}

/// A connection that failed. Boxed where returned: it is larger than the happy road.
#[derive(Debug)]
pub(crate) struct ConnectError {
    pub(crate) failure: Failure,
    pub(crate) facts: ConnectFacts,
}

/// Connects, phase by phase. Safe to drop at any point; does not watch `session.cancel` itself.
#[expect(clippy::unused_async, reason = "to be written")]
pub(crate) async fn connect(
    dial: Dial<'_>,
    session: &Session,
) -> Result<Connection, Box<ConnectError>> {
    let _ = (dial.tls, dial.alpn, dial.timeout, session.id);
    let target = dial.endpoint.to_string();
    let failure = Failure::new(Stage::Connect, target, FailureKind::Internal, "not built yet");
    Err(Box::new(ConnectError { failure, facts: ConnectFacts::default() }))
}
