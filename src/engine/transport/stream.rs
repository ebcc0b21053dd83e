//! A connected byte stream, plain or under TLS.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_util::either::Either;

use super::wire::Wire;
use crate::model::plan::SocketOptions;

/// A connected byte stream, plain (left) or under TLS (right). Dropping it sends FIN, [`reset`] RST.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<Wire>>>;

/// Drops the connection with RST; bytes not sent yet are lost.
pub(crate) fn reset(mut stream: Stream) {
    let tcp = match &mut stream {
        Either::Left(tcp) => &*tcp,
        Either::Right(tls) => {
            let wire = tls.get_mut().0;
            wire.resets();
            wire.tcp()
        }
    };
    // Without linger the drop sends FIN instead: the worst that can happen when this fails.
    let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
    drop(stream);
}

/// Where our end of it is.
pub(crate) fn local_address(stream: &Stream) -> Option<SocketAddr> {
    let tcp = match stream {
        Either::Left(tcp) => tcp,
        Either::Right(tls) => tls.get_ref().0.tcp(),
    };
    tcp.local_addr().ok()
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
pub(super) fn prepare(tcp: &TcpStream, options: &SocketOptions) -> Result<(), RefusedOption> {
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
        let mut options = SocketOptions::default();
        prepare(&tcp, &options).unwrap();
        assert!(!SockRef::from(&tcp).keepalive().unwrap());
        options.keep_alive = Some(Duration::from_secs(42));
        prepare(&tcp, &options).unwrap();
        let socket = SockRef::from(&tcp);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(42));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(42));
    }
}
