//! A connected byte stream, plain or under TLS.

use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsStream;
use tokio_util::either::Either;

use super::unix;
use super::wire::Wire;
use crate::model::end_address::EndAddress;
use crate::model::record::{Direction, RecordKind};
use crate::model::socket_options::SocketOptions;
use crate::os::SoughtProcess;

/// A connected socket, of TCP (left) or of the file system (right).
pub(crate) type StreamSocket = Either<TcpStream, UnixStream>;

/// A connected byte stream, plain (left) or under TLS (right). Dropping it sends FIN, [`reset`] RST.
pub(crate) type Stream = Either<StreamSocket, Box<TlsStream<Wire>>>;

/// What its bytes cross at last.
pub(super) fn socket_of(stream: &Stream) -> &StreamSocket {
    match stream {
        Either::Left(socket) => socket,
        Either::Right(tls) => tls.get_ref().0.socket(),
    }
}

/// For what is asked of the system about either kind.
pub(crate) fn raw(socket: &StreamSocket) -> SockRef<'_> {
    match socket {
        Either::Left(tcp) => SockRef::from(tcp),
        Either::Right(unix) => SockRef::from(unix),
    }
}

/// Drops the connection with RST; bytes not sent yet are lost. A Unix socket has no RST: its peer sees
/// an end, or a reset where we had not read all of it.
pub(crate) fn reset(mut stream: Stream) {
    let resets = !is_unix(&stream);
    if let Either::Right(tls) = &mut stream
        && resets
    {
        tls.get_mut().0.resets();
    }
    // Without linger the drop sends FIN instead: the worst that can happen when this fails.
    let _ = raw(socket_of(&stream)).set_linger(Some(Duration::ZERO));
    drop(stream);
}

/// Whether it is over a Unix socket.
pub(crate) fn is_unix(stream: &Stream) -> bool {
    matches!(socket_of(stream), Either::Right(_))
}

/// How it is told that we [`reset`] a connection, in these words, which say so: as its peer sees it.
pub(crate) fn told_reset(is_unix: bool, words: &str) -> (Direction, RecordKind, Cow<'_, str>) {
    if !is_unix {
        return (Direction::Sent, RecordKind::Reset, words.into());
    }
    let words = words.replacen("reset by us", "closed by us", 1);
    let words = format!("{words} (a Unix socket has no reset: its peer sees an end)");
    (Direction::Local, RecordKind::Closed, words.into())
}

/// Where our end of it is.
pub(crate) fn local_address(stream: &Stream) -> Option<SocketAddr> {
    raw(socket_of(stream)).local_addr().ok()?.as_socket()
}

/// Where the other end of it is, if that is an address.
pub(crate) fn peer_address(stream: &Stream) -> Option<SocketAddr> {
    raw(socket_of(stream)).peer_addr().ok()?.as_socket()
}

/// Our end of a connection that leads on, and of TCP the other one; `None` = it has no name.
pub(crate) fn way_on(stream: &Stream) -> Option<(EndAddress, Option<EndAddress>)> {
    let socket = socket_of(stream);
    match local_end(socket)? {
        own @ EndAddress::Inet(_) => Some((own, Some(peer_address(stream)?.into()))),
        own => Some((own, None)),
    }
}

/// Where our end of an accepted or connected socket is; `None` = a Unix socket without a name.
pub(crate) fn local_end(socket: &StreamSocket) -> Option<EndAddress> {
    match socket {
        Either::Left(tcp) => tcp.local_addr().ok().map(EndAddress::from),
        Either::Right(unix) => unix::own_name(unix),
    }
}

/// Which process connected, or listens where we did: of a Unix socket the system says it.
pub(crate) fn process_of(socket: &StreamSocket, is_dialled: bool) -> Option<SoughtProcess> {
    let Either::Right(unix) = socket else { return None };
    let told = unix.peer_cred().ok()?;
    // 0: it is none of our namespace.
    let pid = told.pid().and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0);
    Some(SoughtProcess { pid, uid: told.uid(), is_dialled })
}

/// An option of a socket, in words, and why the system does not take it.
#[derive(Debug)]
pub(super) struct RefusedOption {
    pub(super) option: &'static str,
    pub(super) error: io::Error,
}

/// What every TCP connection of ours has: no delay of small writes, and urgent bytes in their place
/// among the others instead of being dropped by the system (RFC 6093, section 5).
///
/// Then what the plan asks for.
///
/// # Errors
/// The first option that the system does not take.
pub(super) fn prepare(socket: &StreamSocket, options: &SocketOptions) -> Result<(), RefusedOption> {
    // A Unix socket has none of these.
    let Either::Left(tcp) = socket else { return Ok(()) };
    // A socket that is gone already will say so on the first read.
    let _ = tcp.set_nodelay(true);
    let socket = SockRef::from(tcp);
    let _ = socket.set_out_of_band_inline(true);
    if let Some(every) = options.keep_alive {
        let times = TcpKeepalive::new().with_time(every).with_interval(every);
        let refused = |error| RefusedOption { option: "the keep-alive time", error };
        socket.set_tcp_keepalive(&times).map_err(refused)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keep_alive_is_off_unless_it_is_asked_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (tcp, mut options) = (Either::Left(tcp), SocketOptions::default());
        prepare(&tcp, &options).unwrap();
        assert!(!raw(&tcp).keepalive().unwrap());
        options.keep_alive = Some(Duration::from_secs(42));
        prepare(&tcp, &options).unwrap();
        let socket = raw(&tcp);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(42));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(42));
    }
}
