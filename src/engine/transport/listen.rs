//! Sockets that listen, and the TLS layer of what they accept.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::Stream;
use crate::engine::session::Session;
use crate::model::endpoint::Bind;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::{ListenerTls, TlsFacts};

/// The bound sockets of one listener, one per address family.
#[derive(Debug)]
pub(crate) struct Listeners {
    sockets: Vec<TcpListener>,
}

/// Binds and listens. A port of 0 is chosen once for both families; a family this machine lacks
/// is left out.
pub(crate) fn bind(bind: &Bind) -> Result<Listeners, Failure> {
    Err(Failure::new(Stage::Bind, bind.to_string(), FailureKind::Internal, "not built yet"))
}

impl Listeners {
    /// Where it listens.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    /// The next connection, from any of the sockets. Safe to cancel. An error that would come
    /// again at once (no file handles left) comes after a pause.
    pub(crate) async fn accept(&mut self) -> Result<(TcpStream, SocketAddr), Failure> {
        std::future::pending().await
    }
}

/// Wraps accepted connections in the listener's TLS layer, if it has one.
#[derive(Clone)]
pub(crate) struct Acceptor {
    _tls: Option<TlsAcceptor>,
}

impl Acceptor {
    /// Prepares the certificate for these bound addresses (makes authority and leaf when needed).
    pub(crate) fn new(
        tls: &ListenerTls,
        _addresses: &[SocketAddr],
        _session: &Session,
    ) -> Result<Self, Failure> {
        match tls {
            ListenerTls::Off => Ok(Acceptor { _tls: None }),
            _ => Err(Failure::new(Stage::Tls, "", FailureKind::Internal, "not built yet")),
        }
    }

    /// Finishes an accepted connection: the handshake when there is TLS (at most 10 s). `alpn`
    /// is always answered with `http/1.1` when the client offers that, else left out.
    #[expect(clippy::unused_async, clippy::unused_self, reason = "to be written")]
    pub(crate) async fn secure(
        &self,
        tcp: TcpStream,
    ) -> Result<(Stream, Option<TlsFacts>), Failure> {
        Ok((Stream::Plain(tcp), None))
    }
}
