//! A connection to a peer: name lookup, TCP, an optional TLS layer.
//!
//! Called by the stream and HTTP clients. Every step is a `Phase` event and has its own time; every
//! failure names its stage, the address and what to try. What was learnt before a failure
//! (addresses, times, the peer's certificates) is kept.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::stream::{Stream, prepare};
use super::{connect, explain};
use crate::engine::event::Phase;
use crate::engine::resolve::resolve;
use crate::engine::session::SessionHandle;
use crate::engine::tls::handshake::Handshake;
use crate::engine::tls::tls_words;
use crate::model::endpoint::Endpoint;
use crate::model::failure::{Failure, Stage};
use crate::model::id::ConnId;
use crate::model::plan::{ClientOptions, SocketOptions};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::tls::{ClientTls, TlsFacts};
use crate::model::trust::Acceptance;

/// Whom to connect to, and how.
#[derive(Debug, Clone)]
pub(crate) struct Dial<'a> {
    /// Under which the records of the connection go.
    pub(crate) conn: ConnId,
    pub(crate) protocol: Protocol,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) tls: &'a ClientTls,
    /// Protocols to offer (ALPN), e.g. `http/1.1`; empty = the extension is not sent.
    pub(crate) alpn: &'a [&'a [u8]],
    /// For name lookup, TCP and the TLS handshake together.
    pub(crate) timeout: Duration,
    pub(crate) socket: &'a SocketOptions,
    pub(crate) client: &'a ClientOptions,
}

/// What was learnt on the way to a peer, also when it failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectFacts {
    pub(crate) lookup: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    pub(crate) tls: Option<Duration>,
    pub(crate) local: Option<SocketAddr>,
    /// The first address of the name until one is connected.
    pub(crate) peer: Option<SocketAddr>,
    /// With the chain when verification failed, too.
    pub(crate) tls_facts: Option<TlsFacts>,
}

/// Connects, phase by phase, and records when TCP and TLS are up; the failure is the caller's to
/// record. Safe to drop at any point; does not watch `session.cancel` itself.
pub(crate) async fn connect(
    dial: Dial<'_>,
    session: &SessionHandle,
) -> (Result<Stream, Failure>, ConnectFacts) {
    let mut facts = ConnectFacts::default();
    let stream = dial.run(session, &mut facts).await;
    if stream.is_err() {
        dial.introduce(session, &facts);
    }
    (stream, facts)
}

impl Dial<'_> {
    async fn run(
        &self,
        session: &SessionHandle,
        facts: &mut ConnectFacts,
    ) -> Result<Stream, Failure> {
        let target = self.endpoint.to_string();
        let until = tokio::time::Instant::now() + self.timeout;
        let late =
            |stage: Stage, what: &str| explain::timed_out(stage, &target, self.timeout, what);

        let addresses = {
            session.events.phase(Phase::Resolving { host: self.endpoint.host.clone() });
            let resolved = timeout_at(until, resolve(self.endpoint)).await.map_err(|_| {
                late(Stage::Lookup, "the name server did not answer").hint("use an IP address")
            })??;
            facts.lookup = resolved.elapsed;
            facts.peer = resolved.addresses.first().copied();
            resolved.addresses
        };

        let started = Instant::now();
        let attempt =
            timeout_at(until, connect::race(&target, &addresses, self.client, &session.events));
        let (tcp, peer) = attempt.await.map_err(|_| {
            let tried: Vec<_> = addresses.iter().map(|it| self.endpoint.named(*it)).collect();
            late(Stage::Connect, &format!("no answer from {}", tried.join(", ")))
                .hint("the host is down, or a firewall drops the packets")
        })??;
        let took = started.elapsed();
        facts.connect = Some(took);
        facts.peer = Some(peer);
        facts.local = tcp.local_addr().ok();
        prepare(&tcp, self.socket).map_err(|refused| {
            let (kind, cause) = explain::socket_error(&refused.error);
            let cause = format!("the system does not take {}: {cause}", refused.option);
            Failure::new(Stage::Connect, &target, kind, cause)
        })?;
        self.introduce(session, facts);
        if let Some(local) = facts.local {
            let took = took.as_secs_f64() * 1000.0;
            let peer = self.endpoint.named(peer);
            let text = format!("connected to {peer} from {local} in {took:.1} ms");
            session.events.note(self.conn, Direction::Local, RecordKind::Connected, text);
        }

        let ClientTls::On { verify, trust, sni } = self.tls else { return Ok(Stream::Left(tcp)) };
        session.events.phase(Phase::Handshaking);
        let name = if sni.is_empty() { self.endpoint.host.as_str() } else { sni };
        let accepted = Acceptance::at(self.endpoint, *verify, trust);
        let started = Instant::now();
        let handshake = Handshake::new(&target, name, accepted, self.alpn, &session.tls)?;
        let ended = timeout_at(until, handshake.run(tcp)).await;
        facts.tls = Some(started.elapsed());
        facts.tls_facts = Some(handshake.facts(started.elapsed()));
        let stream = ended.unwrap_or_else(|_| {
            Err(late(Stage::Tls, "the peer did not finish the handshake")
                .hint("the port may not speak TLS"))
        })?;
        if let Some(tls) = &facts.tls_facts {
            let text = tls_words::secured(tls);
            session.events.note(self.conn, Direction::Local, RecordKind::Secured, text);
        }
        Ok(stream)
    }

    fn introduce(&self, session: &SessionHandle, facts: &ConnectFacts) {
        session.events.conn(ConnInfo {
            id: self.conn,
            protocol: self.protocol,
            side: Side::Client,
            local: facts.local,
            peer: facts.peer,
            tls: *self.tls != ClientTls::Off,
        });
    }
}
