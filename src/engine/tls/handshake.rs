//! TLS handshakes, both sides, and what they agreed on.
//!
//! The peer's chain is recorded while it is verified, so it is known even when the handshake fails
//! because of it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::store::{AskedTls, TlsStore};
use super::tls_words::{WANTS_CERTIFICATE, error_inside, failure, listener_failure};
use crate::engine::transport::explain;
use crate::engine::transport::stream::{Stream, StreamSocket, raw};
use crate::engine::transport::wire::{Wire, WireTap};
use crate::model::client::CONNECT_TIMEOUT;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::TlsFacts;

/// A client's handshake: prepared, run, then asked for what was learnt.
pub(crate) struct Handshake {
    target: String,
    name: ServerName<'static>,
    connector: TlsConnector,
    facts: Arc<Mutex<TlsFacts>>,
}

impl Handshake {
    /// `name` is the one to send and to verify: fails when it is neither a host name (RFC 6066
    /// section 3) nor an IP address.
    pub(crate) fn new(
        target: &str,
        name: &str,
        asked: AskedTls<'_>,
        store: &TlsStore,
    ) -> Result<Self, Failure> {
        // The zone of an address is nobody's but ours.
        let name = name.split('%').next().unwrap_or(name);
        let name = ServerName::try_from(name.to_owned()).map_err(|_| {
            let cause = format!("'{name}' cannot be a TLS server name");
            Failure::new(Stage::Tls, target, FailureKind::Usage, cause)
                .hint("set the server name (SNI) to a host name or an IP address")
        })?;
        let facts = TlsFacts { sni: sent_name(&name), ..TlsFacts::default() };
        let facts = Arc::new(Mutex::new(facts));
        let config = store.client(asked, Arc::clone(&facts))?;
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Handshake { target: target.to_owned(), name, connector, facts })
    }

    /// Has no time limit of its own; what the peer showed is recorded when it fails, too.
    pub(crate) async fn run(
        &self,
        socket: Stream,
        tap: Option<WireTap>,
    ) -> Result<Stream, Failure> {
        let connector = tap.as_ref().map_or_else(
            || self.connector.clone(),
            |tap| {
                let mut config = ClientConfig::clone(self.connector.config());
                config.key_log = tap.keys(config.key_log);
                TlsConnector::from(Arc::new(config))
            },
        );
        let connected = connector.connect(self.name.clone(), Wire::new(socket, tap)).await;
        let mut stream = connected.map_err(|error| match error_inside(&error) {
            Some(tls) => failure(&self.target, tls, Some(&*self.lock())),
            None if self.lock().wants_certificate => {
                broken_handshake(&self.target, &error).hint(WANTS_CERTIFICATE)
            }
            None => broken_handshake(&self.target, &error).hint("the port may not speak TLS"),
        })?;
        let (wire, state) = stream.get_mut();
        wire.is_secured();
        agreed(&mut self.lock(), state);
        Ok(Stream::Right(Box::new(stream.into())))
    }

    /// What was learnt, also when the handshake failed.
    pub(crate) fn facts(&self, handshake: Duration) -> TlsFacts {
        TlsFacts { handshake, ..self.lock().clone() }
    }

    fn lock(&self) -> MutexGuard<'_, TlsFacts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An IP address is verified but never sent (RFC 6066, section 3).
fn sent_name(name: &ServerName<'_>) -> String {
    match name {
        ServerName::DnsName(name) => name.as_ref().to_owned(),
        _ => String::new(),
    }
}

fn agreed(facts: &mut TlsFacts, state: &rustls::CommonState) {
    if let Some(version) = state.protocol_version() {
        facts.version = format!("{version:?}").replace('_', ".");
    }
    if let Some(suite) = state.negotiated_cipher_suite() {
        facts.cipher = format!("{:?}", suite.suite());
    }
    if let Some(group) = state.negotiated_key_exchange_group() {
        facts.group = format!("{:?}", group.name());
    }
    if let Some(alpn) = state.alpn_protocol() {
        facts.alpn = String::from_utf8_lossy(alpn).into_owned();
    }
}

/// Finishes an accepted connection: the handshake when there is TLS (at most 10 s). A client that
/// offers `http/1.1` by ALPN gets it.
pub(crate) async fn accept(
    acceptor: Option<TlsAcceptor>,
    socket: StreamSocket,
    tap: Option<WireTap>,
) -> Result<(Stream, Option<Arc<TlsFacts>>), Failure> {
    let Some(acceptor) = acceptor else { return Ok((Stream::Left(socket), None)) };
    let target = raw(&socket).peer_addr().ok().and_then(|peer| peer.as_socket());
    let target = target.map(|peer| peer.to_string()).unwrap_or_default();
    let acceptor = match &tap {
        Some(tap) => {
            let mut config = ServerConfig::clone(acceptor.config());
            config.key_log = tap.keys(config.key_log);
            TlsAcceptor::from(Arc::new(config))
        }
        None => acceptor,
    };
    let started = Instant::now();
    let wire = Wire::new(Stream::Left(socket), tap);
    let accepted = timeout(CONNECT_TIMEOUT, acceptor.accept(wire)).await.map_err(|_| {
        let what = "the client did not finish the handshake";
        explain::timed_out(Stage::Tls, &target, CONNECT_TIMEOUT, what)
    })?;
    let mut stream = accepted.map_err(|error| match error_inside(&error) {
        Some(tls) => listener_failure(&target, tls),
        None => broken_handshake(&target, &error),
    })?;
    let (wire, connection) = stream.get_mut();
    wire.is_secured();
    let sni = connection.server_name().unwrap_or_default().to_owned();
    let mut facts = TlsFacts { sni, handshake: started.elapsed(), ..TlsFacts::default() };
    agreed(&mut facts, connection);
    Ok((Stream::Right(Box::new(stream.into())), Some(Arc::new(facts))))
}

fn broken_handshake(target: &str, error: &io::Error) -> Failure {
    let (kind, cause) = explain::socket_error(error);
    Failure::new(Stage::Tls, target, kind, format!("{cause} during the handshake"))
}
