//! Sockets that listen, and the TLS layer of what they accept.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_util::either::Either;

use super::explain;
use super::stream::{StreamSocket, prepare};
use super::unix::{self, BoundUnix};
use crate::engine::session::SessionHandle;
use crate::engine::tls::store::GeneratedTls;
use crate::model::end_address::EndAddress;
use crate::model::endpoint::Bind;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::socket_options::SocketOptions;
use crate::model::tls::ListenerTls;
use crate::os;

/// Connections the kernel may hold for us; the system lowers it to its own bound.
const BACKLOG: i32 = 1024;
/// How long a port that is taken is waited for: a listener of ours that was told to close just now
/// lets go of it in a moment.
const LETTING_GO: Duration = Duration::from_millis(500);
/// Pause between two tries.
const RETRY: Duration = Duration::from_millis(10);
/// Tries to find one port that is free in both families.
const PORT_TRIES: usize = 16;

/// Why a connection could not be accepted.
#[derive(Debug)]
pub(crate) struct AcceptFault {
    pub(crate) cause: String,
    /// It is not about one connection: the next try fails too.
    pub(crate) comes_again: bool,
}

impl AcceptFault {
    fn new(error: &io::Error) -> Self {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, PermissionDenied};
        let of_one = [ConnectionAborted, ConnectionReset, Interrupted, PermissionDenied];
        let (_, cause) = explain::socket_error(error);
        AcceptFault { cause, comes_again: !of_one.contains(&error.kind()) }
    }
}

/// The bound sockets of one listener: one per address family, or one of the file system.
#[derive(Debug)]
pub(crate) struct Listeners {
    sockets: Vec<TcpListener>,
    unix: Option<BoundUnix>,
    /// Of what they accept.
    options: SocketOptions,
}

/// Binds and listens. A port of 0 is chosen once for both families; a family this machine lacks
/// is left out.
pub(crate) async fn bind(bind: &Bind, options: &SocketOptions) -> Result<Listeners, Failure> {
    let options = options.clone();
    if let Bind::Unix { name, mode } = bind {
        let unix = Some(unix::bind(name, *mode).await?);
        return Ok(Listeners { sockets: Vec::new(), unix, options });
    }
    let sockets = bind_each(bind, Type::STREAM, |socket, address| {
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    })
    .await;
    let sockets =
        sockets.map_err(|(address, error)| explain::bind_failure(address, "tcp", &error))?;
    Ok(Listeners { sockets, unix: None, options })
}

/// Opens one socket for each address of the bind, all on the same port: `open` binds a new one that
/// does not block. A port that is taken gets a moment to become free.
pub(crate) async fn bind_each<S: AsFd>(
    bind: &Bind,
    kind: Type,
    open: impl Fn(Socket, SocketAddr) -> io::Result<S>,
) -> Result<Vec<S>, (SocketAddr, io::Error)> {
    let mut tries = PORT_TRIES;
    let until = Instant::now() + LETTING_GO;
    loop {
        tries = tries.saturating_sub(1);
        match bind_once(bind, kind, &open) {
            Ok(sockets) => return Ok(sockets),
            // The port the system chose for the first family is taken in the second.
            Err((_, error))
                if bind.port() == 0 && tries > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Err((_, error))
                if bind.port() != 0
                    && error.kind() == io::ErrorKind::AddrInUse
                    && Instant::now() < until =>
            {
                tokio::time::sleep(RETRY).await;
            }
            Err(failed) => return Err(failed),
        }
    }
}

fn bind_once<S: AsFd>(
    bind: &Bind,
    kind: Type,
    open: &impl Fn(Socket, SocketAddr) -> io::Result<S>,
) -> Result<Vec<S>, (SocketAddr, io::Error)> {
    let addresses = sockets_of(bind)?;
    let mut sockets: Vec<S> = Vec::new();
    let mut missing = None;
    for mut address in addresses.iter().copied() {
        let first = sockets.first().and_then(|first| SockRef::from(first).local_addr().ok());
        if let Some(first) = first.and_then(|first| first.as_socket()) {
            address.set_port(first.port());
        }
        match unbound(address, kind).and_then(|socket| open(socket, address)) {
            Ok(socket) => sockets.push(socket),
            Err(error) if addresses.len() > 1 && lacks_family(&error) => {
                missing = Some((address, error));
            }
            Err(error) => return Err((address, error)),
        }
    }
    match missing {
        Some(missing) if sockets.is_empty() => Err(missing),
        _ => Ok(sockets),
    }
}

/// The sockets of a bind, with the number of its link.
fn sockets_of(bind: &Bind) -> Result<Vec<SocketAddr>, (SocketAddr, io::Error)> {
    let mut sockets = bind.sockets();
    if let (Bind::Link { zone, .. }, [SocketAddr::V6(address)]) = (bind, sockets.as_mut_slice()) {
        let Some(number) = os::link_number(zone) else {
            let none = io::Error::new(io::ErrorKind::NotFound, explain::no_such_link(zone));
            return Err(((*address).into(), none));
        };
        address.set_scope_id(number);
    }
    Ok(sockets)
}

fn unbound(address: SocketAddr, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

/// The machine has no such address family, or no loopback address in it.
fn lacks_family(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error().is_some_and(|error| Some(error) == os::FAMILY_NOT_SUPPORTED)
}

impl Listeners {
    /// Where it listens.
    pub(crate) fn addresses(&self) -> Vec<EndAddress> {
        let inet = self.sockets.iter().filter_map(|socket| Some(socket.local_addr().ok()?.into()));
        inet.chain(self.unix.iter().map(|unix| EndAddress::Unix(unix.name.clone()))).collect()
    }

    /// What had to be done before it could be bound, in words.
    pub(crate) fn remark(&mut self) -> Option<String> {
        self.unix.as_mut()?.remark.take()
    }

    /// The next connection, from any of the sockets. Safe to cancel.
    /// Who has no name on a Unix socket has no address.
    pub(crate) async fn accept(&self) -> Result<(StreamSocket, Option<EndAddress>), AcceptFault> {
        let unix = async {
            match &self.unix {
                Some(unix) => unix.socket.accept().await,
                None => pending().await,
            }
        };
        let from = async |index: usize| match self.sockets.get(index) {
            Some(socket) => socket.accept().await,
            None => pending().await,
        };
        // Looked at in random order, so that neither family starves.
        let of_tcp = |(tcp, peer): (_, SocketAddr)| (Either::Left(tcp), Some(peer.into()));
        let accepted = tokio::select! {
            accepted = from(0) => accepted.map(of_tcp),
            accepted = from(1) => accepted.map(of_tcp),
            accepted = unix => accepted.map(|(unix, _)| {
                let peer = unix::peer_name(&unix);
                (Either::Right(unix), peer)
            }),
        };
        let (socket, peer) = accepted.map_err(|error| AcceptFault::new(&error))?;
        prepare(&socket, &self.options).map_err(|refused| {
            let AcceptFault { cause, comes_again } = AcceptFault::new(&refused.error);
            let cause = format!("the system does not take {}: {cause}", refused.option);
            AcceptFault { cause, comes_again }
        })?;
        Ok((socket, peer))
    }
}

/// The TLS layer of a listener, and what is to be said of its authority.
pub(crate) struct ListenerLayer {
    pub(crate) acceptor: Option<TlsAcceptor>,
    pub(crate) news: Vec<Result<String, Failure>>,
}

/// What wraps accepted connections in the listener's TLS layer, if it has one, with a certificate
/// for these bound addresses (makes and keeps authority and leaf when needed).
pub(crate) async fn layer(
    tls: &ListenerTls,
    addresses: &[EndAddress],
    session: &SessionHandle,
) -> Result<ListenerLayer, Failure> {
    let addresses: Vec<SocketAddr> = addresses.iter().filter_map(EndAddress::inet).collect();
    let tls = tls.clone();
    let store = session.tls.clone();
    // Reads and writes files, and may wait for another program that does.
    let made = session.tasks.spawn_blocking(move || {
        Ok(match tls {
            ListenerTls::Off => None,
            ListenerTls::Generated => Some(store.generated(&addresses)?),
            ListenerTls::Files { certificate, key } => {
                let config = store.files(&certificate, &key)?;
                Some(GeneratedTls { config, news: Vec::new() })
            }
        })
    });
    let made = made.await.unwrap_or_else(|_| {
        let cause = "internal error while the certificate was made";
        Err(Failure::new(Stage::Tls, "certificate", FailureKind::Internal, cause))
    })?;
    let Some(GeneratedTls { config, news }) = made else {
        return Ok(ListenerLayer { acceptor: None, news: Vec::new() });
    };
    Ok(ListenerLayer { acceptor: Some(TlsAcceptor::from(Arc::new(config))), news })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::transport::stream::raw;

    #[tokio::test]
    async fn accepted_connections_are_kept_alive_as_asked() {
        for keep_alive in [None, Some(Duration::from_secs(42))] {
            let options = SocketOptions { keep_alive };
            let listeners = bind(&"127.0.0.1:0".parse().unwrap(), &options).await.unwrap();
            let at = listeners.addresses()[0].inet().unwrap();
            let _client = tokio::net::TcpStream::connect(at).await.unwrap();
            let (socket, _) = listeners.accept().await.unwrap();
            assert_eq!(raw(&socket).keepalive().unwrap(), keep_alive.is_some());
        }
    }
}
