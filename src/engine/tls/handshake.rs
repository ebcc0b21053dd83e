//! TLS handshakes, both sides, and what they agreed on.
//!
//! The peer's chain is recorded while it is verified, so it is known even when the handshake fails
//! because of it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConnection;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::certificate_facts::describe_chain;
use super::store::TlsStore;
use super::tls_words::{self, error_inside, failure};
use super::verifier::Recorder;
use crate::engine::transport::explain;
use crate::engine::transport::stream::Stream;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::{TlsFacts, Verify};

/// What a client wants of a handshake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientHandshake<'a> {
    pub(crate) target: &'a str,
    /// Server name to send and to verify.
    pub(crate) name: &'a str,
    pub(crate) verify: Verify,
    pub(crate) alpn: &'a [&'a [u8]],
}

/// A client's handshake: prepared, run, then asked for what was learnt.
pub(crate) struct Handshake {
    target: String,
    name: ServerName<'static>,
    connector: TlsConnector,
    recorder: Arc<Recorder>,
    agreed: TlsFacts,
}

impl Handshake {
    /// Fails when the name is neither a host name (RFC 6066 section 3) nor an IP address.
    pub(crate) fn new(wish: &ClientHandshake<'_>, store: &TlsStore) -> Result<Self, Failure> {
        let name = ServerName::try_from(wish.name.to_owned()).map_err(|_| {
            let cause = format!("'{}' cannot be a TLS server name", wish.name);
            Failure::new(Stage::Tls, wish.target, FailureKind::Usage, cause)
                .hint("set the server name (SNI) to a host name or an IP address")
        })?;
        let (config, recorder) = store.client(wish.verify, wish.alpn)?;
        Ok(Handshake {
            target: wish.target.to_owned(),
            connector: TlsConnector::from(Arc::new(config)),
            recorder,
            agreed: TlsFacts { sni: sent_name(&name), ..TlsFacts::default() },
            name,
        })
    }

    /// Has no time limit of its own; what the peer showed is recorded when it fails, too.
    pub(crate) async fn run(&mut self, tcp: TcpStream) -> Result<Stream, Failure> {
        let connected = self.connector.connect(self.name.clone(), tcp).await;
        let stream = connected.map_err(|error| match error_inside(&error) {
            Some(tls) => failure(&self.target, tls),
            None => broken_handshake(&self.target, &error),
        })?;
        agreed(&mut self.agreed, stream.get_ref().1);
        Ok(Stream::Right(Box::new(stream.into())))
    }

    /// What was learnt, also when the handshake failed.
    pub(crate) fn facts(&self, handshake: Duration) -> TlsFacts {
        let seen = self.recorder.seen();
        TlsFacts {
            chain: describe_chain(&seen.chain),
            unverified: seen.refused,
            handshake,
            ..self.agreed.clone()
        }
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
        facts.version = match version {
            rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
            rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
            other => format!("{other:?}"),
        };
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

/// What a handshake of a listener agreed on.
pub(crate) fn accepted_facts(connection: &ServerConnection, handshake: Duration) -> TlsFacts {
    let mut facts = TlsFacts {
        sni: connection.server_name().unwrap_or_default().to_owned(),
        handshake,
        ..TlsFacts::default()
    };
    agreed(&mut facts, connection);
    facts
}

fn broken_handshake(target: &str, error: &io::Error) -> Failure {
    let (kind, cause) = explain::socket_error(error);
    Failure::new(Stage::Tls, target, kind, format!("{cause} during the handshake"))
        .hint("the port may not speak TLS")
}

/// A handshake of a listener failed.
pub(crate) fn accept_failure(target: &str, error: &io::Error) -> Failure {
    let Some(tls) = error_inside(error) else {
        let (kind, cause) = explain::socket_error(error);
        return Failure::new(Stage::Tls, target, kind, format!("{cause} during the handshake"));
    };
    let (kind, cause, hint) = tls_words::explain_to_listener(tls);
    Failure::new(Stage::Tls, target, kind, cause).hint(hint)
}
