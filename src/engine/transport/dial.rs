//! A connection to a peer: name lookup, TCP, an optional TLS layer.
//!
//! Called by the stream and HTTP clients and by relays. Every step is a `Phase` event and has its own time; every
//! failure names its stage, the address and what to try. What was learnt before a failure
//! (addresses, times, the peer's certificates) is kept.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::stream::{Stream, StreamSocket, local_end, prepare, process_of};
use super::tunnel::ProxyHop;
use super::wire::WireTap;
use super::{connect, explain, unix};
use crate::engine::event::Phase;
use crate::engine::resolve::{Resolved, resolve};
use crate::engine::session::SessionHandle;
use crate::engine::tls::handshake::Handshake;
use crate::engine::tls::store::AskedTls;
use crate::engine::tls::tls_words;
use crate::engine::way_back;
use crate::model::asked_target::AskedTarget;
use crate::model::end_address::EndAddress;
use crate::model::endpoint::Endpoint;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::protocol::{Protocol, Side};
use crate::model::proxy::ProxyKind;
use crate::model::record::{ConnInfo, Direction, RecordKind, RelayPair};
use crate::model::socket_options::{ClientOptions, SocketOptions};
use crate::model::tls::{CertificateFacts, ClientTls, TlsChoices, TlsFacts};
use crate::model::trust::Acceptance;
use crate::model::unix_name::UnixName;
use crate::os::SoughtProcess;

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
    /// Whom it goes through.
    pub(crate) proxy: Option<&'a ProxyHop>,
    /// Of a relay: what it is a half of. How far such a connection is does not tell how the session
    /// stands.
    pub(crate) pair: Option<RelayPair>,
}

/// What was learnt on the way to a peer, also when it failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectFacts {
    pub(crate) lookup: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    /// Until a proxy had connected on, TLS with it included.
    pub(crate) tunnel: Option<Duration>,
    pub(crate) tls: Option<Duration>,
    pub(crate) local: Option<EndAddress>,
    /// The first address of the name until one is connected.
    pub(crate) peer: Option<EndAddress>,
    /// With the chain when verification failed, too.
    pub(crate) tls_facts: Option<Arc<TlsFacts>>,
    /// What was said about its names.
    pub(crate) remarks: Vec<String>,
}

impl ConnectFacts {
    /// Why there is no connection, with the chain if that is the reason.
    pub(crate) fn words(&self, failure: &Failure) -> String {
        let mut text = failure.to_string();
        let chain = self.tls_facts.iter().flat_map(|facts| &facts.chain);
        for (depth, certificate) in chain.enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{depth}: {}", describe(certificate));
        }
        text
    }
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
        dial.introduce(session, &facts, None);
    }
    (stream, facts)
}

/// Whether this is the Unix socket that a client of ours came to, whatever it is written like.
pub(crate) fn is_own_socket(endpoint: &Endpoint, local: Option<&EndAddress>) -> bool {
    match (&endpoint.socket, local) {
        (Some(there), Some(EndAddress::Unix(own))) => unix::is_same(there, own),
        _ => false,
    }
}

fn describe(certificate: &CertificateFacts) -> String {
    let names = match certificate.names.as_slice() {
        [] => String::new(),
        names => format!(" for {}", names.join(", ")),
    };
    format!(
        "{}{names}, issued by {}, valid {} to {}, SHA-256 {}",
        certificate.subject,
        certificate.issuer,
        certificate.not_before,
        certificate.not_after,
        certificate.sha256
    )
}

impl Dial<'_> {
    async fn run(
        &self,
        session: &SessionHandle,
        facts: &mut ConnectFacts,
    ) -> Result<Stream, Failure> {
        let until = tokio::time::Instant::now() + self.timeout;
        let started = Instant::now();
        let (socket, peer) = match &self.endpoint.socket {
            Some(name) => self.unix(name, session, until).await?,
            None => self.inet(session, facts, until).await.map_err(|why| self.of_first(why))?,
        };
        let took = facts.connect.get_or_insert(started.elapsed()).as_secs_f64() * 1000.0;
        facts.local = local_end(&socket).or(Some(EndAddress::Unnamed(self.conn.index)));
        prepare(&socket, self.socket).map_err(|refused| {
            let (kind, cause) = explain::socket_error(&refused.error);
            let cause = format!("the system does not take {}: {cause}", refused.option);
            Failure::new(Stage::Connect, self.endpoint.to_string(), kind, cause)
        })?;
        let process = process_of(&socket, true);
        let first = self.first();
        let named = peer.inet().map_or_else(|| peer.to_string(), |peer| first.named(peer));
        let which = if self.proxy.is_some() { "the proxy " } else { "" };
        facts.peer = Some(peer);
        self.introduce(session, facts, process);
        for remark in &facts.remarks {
            session.events.note(self.conn, Direction::Local, RecordKind::Note, remark.clone());
        }
        if let Some(local) = &facts.local {
            let text = format!("connected to {which}{named} from {local} in {took:.1} ms");
            session.events.note(self.conn, Direction::Local, RecordKind::Connected, text);
        }
        let stream = self.through(socket, session, facts, until).await?;
        self.secured(stream, session, facts, until).await
    }

    /// Whom a connection is made to.
    fn first(&self) -> &Endpoint {
        self.proxy.map_or(self.endpoint, |hop| &hop.proxy.endpoint)
    }

    /// A failure on the way to whom the connection is made to, who may be a proxy.
    fn of_first(&self, why: Failure) -> Failure {
        match self.proxy {
            Some(hop) => Failure { target: format!("proxy {}", hop.proxy), ..why },
            None => why,
        }
    }

    /// The way through the proxy, if there is one.
    async fn through(
        &self,
        socket: StreamSocket,
        session: &SessionHandle,
        facts: &mut ConnectFacts,
        until: tokio::time::Instant,
    ) -> Result<Stream, Failure> {
        let Some(hop) = self.proxy else { return Ok(Stream::Left(socket)) };
        let is_secure = hop.proxy.kind == ProxyKind::Https;
        if !is_secure && !hop.is_tunnel {
            return Ok(Stream::Left(socket));
        }
        let started = Instant::now();
        let way = async {
            let mut stream = Stream::Left(socket);
            if is_secure {
                stream = self.proxy_secured(stream, hop, session).await?;
            }
            if hop.is_tunnel {
                let names = &self.client.network.names;
                hop.open(&mut stream, &names.led_to(self.endpoint), names).await?;
            }
            Ok(stream)
        };
        let proxy = hop.proxy.to_string();
        let stream = timeout_at(until, Box::pin(way)).await.unwrap_or_else(|_| {
            let what = format!("it did not connect to {}", self.endpoint);
            Err(explain::timed_out(Stage::Proxy, &proxy, self.timeout, &what))
        });
        facts.tunnel = Some(started.elapsed());
        let stream = stream?;
        if hop.is_tunnel {
            let took = started.elapsed().as_secs_f64() * 1000.0;
            let text =
                format!("{} is reached through the proxy {proxy} in {took:.1} ms", self.endpoint);
            session.events.note(self.conn, Direction::Local, RecordKind::Note, text);
        }
        Ok(stream)
    }

    /// TLS with the proxy itself, whose certificate has to verify whatever is accepted of the target.
    async fn proxy_secured(
        &self,
        stream: Stream,
        hop: &ProxyHop,
        session: &SessionHandle,
    ) -> Result<Stream, Failure> {
        let (target, host) = (format!("proxy {}", hop.proxy), &hop.proxy.endpoint.host);
        let alpn: &[&[u8]] = &[b"http/1.1"];
        let (accepted, choices) = (Acceptance::Nothing, &TlsChoices::default());
        let asked = AskedTls { accepted, alpn, choices };
        let handshake = Handshake::new(&target, host, asked, &session.tls)?;
        let secured = handshake.run(stream, None).await;
        // The user can accept certificates of targets alone.
        secured.map_err(|why| match why.kind {
            FailureKind::Distrusted(_) => {
                let hint = "a proxy has to have a certificate that verifies; SSL_CERT_FILE names its authority";
                Failure { kind: FailureKind::Certificate, ..why }.hint(hint)
            }
            _ => why,
        })
    }

    fn late(&self, stage: Stage, what: &str) -> Failure {
        explain::timed_out(stage, &self.endpoint.to_string(), self.timeout, what)
    }

    /// By a socket of the file system.
    async fn unix(
        &self,
        name: &UnixName,
        session: &SessionHandle,
        until: tokio::time::Instant,
    ) -> Result<(StreamSocket, EndAddress), Failure> {
        let peer = EndAddress::Unix(name.clone());
        self.phase(session, Phase::Connecting { address: peer.clone() });
        // What leads on from a relay can be told from others.
        let own = self.pair.map(|_| way_back::own_name as fn() -> UnixName);
        let connected = timeout_at(until, unix::connect(name, own)).await.map_err(|_| {
            self.late(Stage::Connect, "its queue of those who want in is full")
                .hint("the server is there and lets nobody in")
        })?;
        let socket = connected.map_err(|error| unix::connect_failure(name, &error))?;
        Ok((StreamSocket::Right(socket), peer))
    }

    /// By name lookup and TCP.
    async fn inet(
        &self,
        session: &SessionHandle,
        facts: &mut ConnectFacts,
        until: tokio::time::Instant,
    ) -> Result<(StreamSocket, EndAddress), Failure> {
        let names = &self.client.network.names;
        let wanted = self.first();
        // What a proxy is asked for leads elsewhere behind it.
        let led = if self.proxy.is_some() { Cow::Borrowed(wanted) } else { names.led_to(wanted) };
        let (first, target) = (&*led, led.to_string());
        if first != wanted {
            facts.remarks.push(format!("{wanted} is connected to at {first} (connect-to)"));
        }
        let addresses = {
            self.phase(session, Phase::Resolving { host: first.host.clone() });
            let resolved =
                timeout_at(until, self.resolved(first, facts)).await.map_err(|_| {
                    self.late(Stage::Lookup, "the name server did not answer")
                        .hint("use an IP address")
                })??;
            facts.lookup = resolved.elapsed;
            facts.peer = resolved.addresses.first().copied().map(EndAddress::from);
            resolved.addresses
        };

        let started = Instant::now();
        let trying = |address: SocketAddr| {
            self.phase(session, Phase::Connecting { address: address.into() });
        };
        let attempt = timeout_at(until, connect::race(&target, &addresses, self.client, trying));
        let (tcp, peer) = attempt.await.map_err(|_| {
            let tried: Vec<_> = addresses.iter().map(|it| first.named(*it)).collect();
            self.late(Stage::Connect, &format!("no answer from {}", tried.join(", ")))
                .hint("the host is down, or a firewall drops the packets")
        })??;
        facts.connect = Some(started.elapsed());
        Ok((StreamSocket::Left(tcp), peer.into()))
    }

    /// The TLS layer, if there is one.
    async fn secured(
        &self,
        stream: Stream,
        session: &SessionHandle,
        facts: &mut ConnectFacts,
        until: tokio::time::Instant,
    ) -> Result<Stream, Failure> {
        let ClientTls::On { verify, trust, sni, choices } = self.tls else {
            return Ok(stream);
        };
        self.phase(session, Phase::Handshaking);
        let name = if sni.is_empty() { self.endpoint.host.as_str() } else { sni };
        let accepted = Acceptance::at(self.endpoint, *verify, trust);
        let started = Instant::now();
        let asked = AskedTls { accepted, alpn: self.alpn, choices };
        let handshake = Handshake::new(&self.endpoint.to_string(), name, asked, &session.tls)?;
        let tap = WireTap::of(&session.events, self.conn);
        let ended = timeout_at(until, handshake.run(stream, tap)).await;
        facts.tls = Some(started.elapsed());
        facts.tls_facts = Some(Arc::new(handshake.facts(started.elapsed())));
        let stream = ended.unwrap_or_else(|_| {
            Err(self
                .late(Stage::Tls, "the peer did not finish the handshake")
                .hint("the port may not speak TLS"))
        });
        let section = if self.pair.is_some() { "target-tls" } else { "tls" };
        let stream = stream.map_err(|failure| tls_words::with_way_out(failure, section))?;
        if let Some(tls) = &facts.tls_facts {
            let text = tls_words::secured(tls);
            session.events.note(self.conn, Direction::Local, RecordKind::Secured, text);
        }
        Ok(stream)
    }

    /// The addresses of a place: those that are said, else those that are found.
    async fn resolved(
        &self,
        place: &Endpoint,
        facts: &mut ConnectFacts,
    ) -> Result<Resolved, Failure> {
        let Some(addresses) = self.client.network.names.addresses(place) else {
            return resolve(place).await;
        };
        let all: Vec<String> = addresses.iter().map(|it| it.ip().to_string()).collect();
        facts.remarks.push(format!("{place} has the address {} (resolve)", all.join(", ")));
        Ok(Resolved { addresses, elapsed: None })
    }

    fn phase(&self, session: &SessionHandle, phase: Phase) {
        if self.pair.is_none() {
            session.events.phase(phase);
        }
    }

    fn introduce(
        &self,
        session: &SessionHandle,
        facts: &ConnectFacts,
        process: Option<SoughtProcess>,
    ) {
        let side = if self.pair.is_some() { Side::Relay } else { Side::Client };
        let info = ConnInfo {
            local: facts.local.clone(),
            peer: facts.peer.clone(),
            tls: *self.tls != ClientTls::Off,
            pair: self.pair,
            asked: self.pair.map(|_| AskedTarget::new(self.endpoint, facts.peer.clone())),
            ..ConnInfo::new(self.conn, self.protocol, side)
        };
        session.introduce_with(&info, process);
    }
}
