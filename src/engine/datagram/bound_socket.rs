//! One bound UDP socket: receiving without copies, what the kernel dropped, and what came back as
//! undeliverable.
//!
//! The socket is never connected, so any sender is seen; where the system can, it reports ICMP
//! errors with the address the datagram was for.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use socket2::{SockRef, Type};
use tokio::io::{Interest, Ready};
use tokio::net::UdpSocket;

use crate::engine::transport::listen::bind_each;
use crate::engine::transport::{client_options, explain};
use crate::model::counts;
use crate::model::endpoint::{Bind, HEARS_BROADCASTS};
use crate::model::failure::Failure;
use crate::model::socket_options::{ClientOptions, DatagramOptions};
use crate::os::{self, Undelivered};

/// Asked of the system; what it grants decides about loss under load.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;
/// Received datagrams share allocations of this size.
const ARENA: usize = 1024 * 1024;
/// Room for any datagram.
const LARGEST: usize = 64 * 1024;
/// Payload of a datagram at most: 65,535 less the headers of IPv4 (20) and UDP (8), over IPv6 less that
/// of UDP alone.
const MOST: [usize; 2] = [65_507, 65_527];
/// Errors skipped before a datagram is looked for again later.
const REPORTS: usize = 16;

/// A bound socket.
#[derive(Debug)]
pub(crate) struct BoundSocket {
    pub(crate) socket: Arc<UdpSocket>,
    /// Where it is bound, the port the system chose included.
    pub(crate) local: SocketAddr,
    /// Whether it joined the group it is bound to, or why not; `None` = it is bound to none.
    pub(crate) group: Option<Result<(), String>>,
    arena: BytesMut,
}

impl BoundSocket {
    /// The sockets of a bind, of a listener or a client.
    pub(crate) async fn bind(
        bind: &Bind,
        options: DatagramOptions,
        client: Option<&ClientOptions>,
    ) -> Result<Vec<BoundSocket>, Failure> {
        let sockets = bind_each(bind, Type::DGRAM, |socket, address| {
            if let Some(client) = client {
                client_options::apply(client, &socket)?;
            }
            if let Some(hops) = options.ttl.map(u32::from) {
                if address.is_ipv6() {
                    socket.set_unicast_hops_v6(hops)?;
                    socket.set_multicast_hops_v6(hops)?;
                } else {
                    socket.set_ttl_v4(hops)?;
                    socket.set_multicast_ttl_v4(hops)?;
                }
            }
            // A smaller grant is shown, a refusal leaves the system's default.
            let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
            os::keep_reports(&socket, address);
            // Whoever joins a group shares its port with the others here that did.
            if address.ip().is_multicast() {
                socket.set_reuse_address(true)?;
            }
            socket.bind(&address.into())?;
            UdpSocket::from_std(socket.into())
        })
        .await;
        let sockets = sockets.map_err(|(address, error)| match client {
            Some(client)
                if *client != ClientOptions::default()
                    && error.kind() != io::ErrorKind::AddrInUse =>
            {
                client_options::refused(client, &error)
            }
            _ => explain::bind_failure(address, "udp", &error),
        })?;
        let bound = |socket: UdpSocket| {
            let socket = Arc::new(socket);
            let local = socket.local_addr().ok()?;
            let group = local.ip().is_multicast().then(|| join(&SockRef::from(&*socket), local));
            Some(BoundSocket { local, socket, group, arena: BytesMut::new() })
        };
        Ok(sockets.into_iter().filter_map(bound).collect())
    }

    /// What there is to say of the address it is bound to, behind a comma.
    pub(crate) fn told(&self) -> String {
        match &self.group {
            Some(Ok(())) => ", joined its group".to_owned(),
            Some(Err(why)) => format!(", did not join its group: {why}"),
            None if self.local.ip() == Ipv4Addr::BROADCAST => format!("; {HEARS_BROADCASTS}"),
            None => String::new(),
        }
    }

    /// Bytes of receive buffer the system granted.
    pub(crate) fn receive_buffer(&self) -> Option<usize> {
        let granted = SockRef::from(&*self.socket).recv_buffer_size().ok()?;
        Some(os::granted_buffer(granted))
    }

    /// Waits for a datagram or an error report. Safe to drop.
    pub(crate) async fn readable(&self) -> io::Result<Ready> {
        self.socket.ready(Interest::READABLE | Interest::ERROR).await
    }

    /// The next datagram, if one is there.
    pub(crate) fn receive(&mut self) -> Option<(SocketAddr, Bytes)> {
        if self.arena.capacity() < LARGEST {
            self.arena.reserve(ARENA);
        }
        // A first error is the report of a datagram that came back; its details are queued apart.
        for _ in 0..REPORTS {
            match self.socket.try_recv_buf_from(&mut self.arena) {
                Ok((_, from)) => return Some((from, self.arena.split().freeze())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {}
            }
        }
        None
    }

    /// Datagrams of ours that came back, at most `limit`: whom they were for, and why.
    pub(crate) fn undelivered(&self, limit: usize) -> Vec<Undelivered> {
        os::undelivered(&self.socket, limit)
    }
}

/// Joins the group on the interface the system chooses, and on loopback for senders of this machine;
/// one of the two is enough.
fn join(socket: &SockRef<'_>, group: SocketAddr) -> Result<(), String> {
    let joined = match group {
        SocketAddr::V4(group) => {
            let by_system = socket.join_multicast_v4(group.ip(), &Ipv4Addr::UNSPECIFIED);
            let here = socket.join_multicast_v4(group.ip(), &Ipv4Addr::LOCALHOST);
            by_system.or_else(|error| here.map_err(|_| error))
        }
        SocketAddr::V6(group) => socket.join_multicast_v6(group.ip(), group.scope_id()),
    };
    joined.map_err(|error| explain::socket_error(&error).1)
}

/// Why a datagram was not sent there.
pub(crate) fn unsent(to: SocketAddr, size: usize, error: &io::Error) -> String {
    let most = MOST[usize::from(to.is_ipv6())];
    match explain::without_zone(to, error) {
        _ if size > most => format!("a datagram holds {} at most", counts::count(most as u64)),
        Some((cause, hint)) => format!("{cause} ({hint})"),
        None => explain::socket_error(error).1,
    }
}

/// The socket that reaches an address: the one of its family.
pub(crate) fn socket_for(sockets: &[BoundSocket], to: SocketAddr) -> Option<&BoundSocket> {
    sockets.iter().find(|bound| bound.local.is_ipv4() == to.is_ipv4())
}

/// The system reports that an earlier datagram came back instead of sending this one.
pub(crate) fn is_late_report(result: &io::Result<usize>) -> bool {
    result.as_ref().is_err_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
        )
    })
}

/// The index of a socket that has something to read.
pub(crate) async fn any_readable(sockets: &[BoundSocket]) -> usize {
    // A socket that cannot be waited for is as good as one that stays silent.
    let readable = async |index: usize| match sockets.get(index) {
        Some(bound) if bound.readable().await.is_ok() => index,
        _ => pending().await,
    };
    tokio::select! {
        index = readable(0) => index,
        index = readable(1) => index,
    }
}

/// Why a datagram came back, with the name of whom it was for.
pub(crate) fn words(to: &str, back: &Undelivered) -> String {
    if back.error.kind() == io::ErrorKind::ConnectionRefused {
        return format!("nobody listens on {to} (port unreachable)");
    }
    let why = back.report.and_then(|report| report.words());
    let why = why.unwrap_or_else(|| explain::socket_error(&back.error).1);
    let other = back.report.and_then(|report| report.from).filter(|from| *from != back.to.ip());
    let says = other.map(|from| format!(", says {from}")).unwrap_or_default();
    format!("{why} ({to}){says}")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open(address: &str, ttl: Option<u8>) -> Option<BoundSocket> {
        let bind = Bind::Address(address.parse().unwrap());
        BoundSocket::bind(&bind, DatagramOptions { ttl }, None).await.ok()?.pop()
    }

    #[tokio::test]
    async fn datagrams_keep_their_boundaries_and_the_sender() {
        let mut bound = open("127.0.0.1:0", None).await.unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let from = sender.local_addr().unwrap();
        let largest = vec![7; 65_507];
        for data in [&b"one"[..], b"", &largest, b"two"] {
            sender.send_to(data, bound.local).unwrap();
        }
        for expected in [&b"one"[..], b"", &largest, b"two"] {
            let received = loop {
                match bound.receive() {
                    Some(received) => break received,
                    None => drop(bound.readable().await.unwrap()),
                }
            };
            assert_eq!(received, (from, Bytes::copy_from_slice(expected)));
        }
        assert_eq!(os::kernel_drops(&bound.socket), cfg!(target_os = "linux").then_some(0));
        assert!(bound.receive_buffer().unwrap() > 64 * 1024);
    }

    #[tokio::test]
    async fn datagrams_take_as_many_hops_as_asked() {
        let bound = open("127.0.0.1:0", Some(7)).await.unwrap();
        let socket = SockRef::from(&*bound.socket);
        assert_eq!((socket.ttl_v4().unwrap(), socket.multicast_ttl_v4().unwrap()), (7, 7));
        let Some(bound) = open("[::1]:0", Some(9)).await else {
            return eprintln!("skipped: this machine has no IPv6");
        };
        let socket = SockRef::from(&*bound.socket);
        assert_eq!(socket.unicast_hops_v6().unwrap(), 9);
        assert_eq!(socket.multicast_hops_v6().unwrap(), 9);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_datagram_to_a_closed_port_comes_back_with_its_address() {
        let bound = open("127.0.0.1:0", None).await.unwrap();
        let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        bound.socket.writable().await.unwrap();
        bound.socket.try_send_to(b"hello", closed).unwrap();
        let reports = loop {
            assert!(bound.readable().await.unwrap().is_error());
            let reports = bound.undelivered(16);
            if !reports.is_empty() {
                break reports;
            }
        };
        let [back] = reports.as_slice() else { panic!("{reports:?}") };
        assert_eq!(back.to, closed);
        let report = back.report.unwrap();
        assert_eq!((report.kind, report.code, report.from), (3, 3, Some(closed.ip())));
        let why = format!("nobody listens on {closed} (port unreachable)");
        assert_eq!(words(&closed.to_string(), back), why);
        // The system calls this one unreachable, too.
        let mut report = report;
        (report.kind, report.code) = (11, 0);
        report.from = Some("192.0.2.1".parse().unwrap());
        let error = io::ErrorKind::HostUnreachable.into();
        let said = words("h:1", &Undelivered { to: closed, error, report: Some(report) });
        assert!(
            said.contains("time exceeded") && said.ends_with("(h:1), says 192.0.2.1"),
            "{said}"
        );
    }
}
