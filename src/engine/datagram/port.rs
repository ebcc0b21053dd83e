//! One bound UDP socket: receiving without copies, what the kernel dropped, and what came back as
//! undeliverable.
//!
//! The socket is never connected, so any sender is seen. On Linux `IP_RECVERR` makes the kernel
//! queue ICMP errors with the address the datagram was for (ip(7)); elsewhere they are not
//! reported on an unconnected socket.

use std::fs;
use std::io;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::{Interest, Ready};
use tokio::net::UdpSocket;

use crate::engine::transport::Bound;

/// Asked of the system; what it grants decides about loss under load.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;
/// Received datagrams share allocations of this size.
const ARENA: usize = 1024 * 1024;
/// Room for any datagram.
const LARGEST: usize = 64 * 1024;
/// Errors skipped before a datagram is looked for again later.
const REPORTS: usize = 16;

/// A bound socket.
#[derive(Debug)]
pub(super) struct Port {
    socket: UdpSocket,
    local: SocketAddr,
    inode: Option<u64>,
    arena: BytesMut,
}

/// A datagram of ours that came back as undeliverable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undelivered {
    pub(super) to: SocketAddr,
    pub(super) why: String,
}

impl Bound for Port {
    fn address(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

impl Port {
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // A smaller grant is shown, a refusal leaves the system's default.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        undeliverable::enable(&socket, address);
        socket.bind(&address.into())?;
        let inode = rustix::fs::fstat(&socket).ok().map(|stat| stat.st_ino);
        let socket = UdpSocket::from_std(socket.into())?;
        let local = socket.local_addr()?;
        Ok(Port { socket, local, inode, arena: BytesMut::new() })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Bytes of receive buffer the system granted.
    pub(super) fn receive_buffer(&self) -> Option<usize> {
        let granted = SockRef::from(&self.socket).recv_buffer_size().ok()?;
        // Linux reports twice what it grants, to account for its own bookkeeping (socket(7)).
        Some(if cfg!(target_os = "linux") { granted / 2 } else { granted })
    }

    /// Waits for a datagram or an error report. Safe to drop.
    pub(super) async fn readable(&self) -> io::Result<Ready> {
        self.socket.ready(Interest::READABLE | Interest::ERROR).await
    }

    pub(super) async fn writable(&self) -> io::Result<()> {
        self.socket.writable().await
    }

    /// The next datagram, if one is there.
    pub(super) fn receive(&mut self) -> Option<(SocketAddr, Bytes)> {
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

    /// Sends one datagram; never partly.
    pub(super) fn send(&self, data: &[u8], to: SocketAddr) -> io::Result<()> {
        self.socket.try_send_to(data, to).map(|_| ())
    }

    /// Allows sending to broadcast addresses.
    pub(super) fn allow_broadcast(&self) -> io::Result<()> {
        self.socket.set_broadcast(true)
    }

    /// Reports of datagrams that came back, at most `limit`.
    pub(super) fn undelivered(&self, limit: usize) -> Vec<Undelivered> {
        undeliverable::take(&self.socket, limit)
    }

    /// Datagrams the kernel dropped because the receive buffer was full, since the bind.
    pub(super) fn kernel_drops(&self) -> Option<u64> {
        let table = if self.local.is_ipv4() { "/proc/net/udp" } else { "/proc/net/udp6" };
        drops_of(&fs::read_to_string(table).ok()?, self.inode?)
    }
}

/// The drops column of the socket with this inode.
fn drops_of(table: &str, inode: u64) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_whitespace();
        let found: u64 = columns.nth(9)?.parse().ok()?;
        let drops = columns.nth(2)?;
        (found == inode).then(|| drops.parse().ok()).flatten()
    })
}

#[cfg(target_os = "linux")]
mod undeliverable {
    //! The error queue of a UDP socket (ip(7), `IP_RECVERR`).

    use std::io::{self, IoSliceMut};
    use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
    use std::os::fd::AsRawFd as _;

    use nix::sys::socket::{
        ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
    };
    use socket2::Socket;
    use tokio::io::Interest;
    use tokio::net::UdpSocket;

    use super::Undelivered;
    use crate::engine::transport::explain;

    /// Room for one error report with the address of the router that sent it.
    const CONTROL: usize = 256;

    pub(super) fn enable(socket: &Socket, address: SocketAddr) {
        // Without it only the words for a refused datagram are missing.
        let _ = if address.is_ipv4() {
            setsockopt(socket, sockopt::Ipv4RecvErr, &true)
        } else {
            setsockopt(socket, sockopt::Ipv6RecvErr, &true)
        };
    }

    pub(super) fn take(socket: &UdpSocket, limit: usize) -> Vec<Undelivered> {
        let mut reports = Vec::new();
        for _ in 0..limit {
            match socket.try_io(Interest::ERROR, || next(socket)) {
                Ok(report) => reports.extend(report),
                Err(_) => break,
            }
        }
        reports
    }

    fn next(socket: &UdpSocket) -> io::Result<Option<Undelivered>> {
        let mut payload = [0; 1];
        let mut parts = [IoSliceMut::new(&mut payload)];
        let mut control = vec![0; CONTROL];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message =
            recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
        let Some(to) = message.address.as_ref().and_then(address) else { return Ok(None) };
        let mut errors = message.cmsgs().map_err(io::Error::from)?;
        let number = errors.find_map(|control| match control {
            ControlMessageOwned::Ipv4RecvErr(error, _)
            | ControlMessageOwned::Ipv6RecvErr(error, _) => Some(error.ee_errno),
            _ => None,
        });
        Ok(number.map(|number| Undelivered { to, why: words(number, to) }))
    }

    fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
        if let Some(v4) = storage.as_sockaddr_in() {
            return Some(SocketAddrV4::from(*v4).into());
        }
        storage.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into())
    }

    fn words(number: u32, to: SocketAddr) -> String {
        let number = i32::try_from(number).unwrap_or_default();
        let error = io::Error::from_raw_os_error(number);
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return format!("nobody listens on {to} (port unreachable)");
        }
        format!("{} ({to})", explain::socket_error(&error).1)
    }
}

#[cfg(not(target_os = "linux"))]
mod undeliverable {
    use std::net::SocketAddr;

    use socket2::Socket;
    use tokio::net::UdpSocket;

    use super::Undelivered;

    pub(super) fn enable(_socket: &Socket, _address: SocketAddr) {}

    pub(super) fn take(_socket: &UdpSocket, _limit: usize) -> Vec<Undelivered> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n  100: 0100007F:2328 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2 0000000000000000 12\n  101: 0100007F:2329 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 78 2 0000000000000000 0\n";

    #[test]
    fn drops_are_found_by_inode() {
        assert_eq!(drops_of(TABLE, 77), Some(12));
        assert_eq!(drops_of(TABLE, 78), Some(0));
        assert_eq!(drops_of(TABLE, 79), None);
        assert_eq!(drops_of("", 77), None);
    }

    #[tokio::test]
    async fn datagrams_keep_their_boundaries_and_the_sender() {
        let mut port = Port::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let from = sender.local_addr().unwrap();
        let largest = vec![7; 65_507];
        for data in [&b"one"[..], b"", &largest, b"two"] {
            sender.send_to(data, port.local()).unwrap();
        }
        for expected in [&b"one"[..], b"", &largest, b"two"] {
            let received = loop {
                match port.receive() {
                    Some(received) => break received,
                    None => drop(port.readable().await.unwrap()),
                }
            };
            assert_eq!(received, (from, Bytes::copy_from_slice(expected)));
        }
        assert_eq!(port.kernel_drops(), cfg!(target_os = "linux").then_some(0));
        assert!(port.receive_buffer().unwrap() > 64 * 1024);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_datagram_to_a_closed_port_comes_back_with_its_address() {
        let port = Port::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        port.writable().await.unwrap();
        port.send(b"hello", closed).unwrap();
        let reports = loop {
            assert!(port.readable().await.unwrap().is_error());
            let reports = port.undelivered(16);
            if !reports.is_empty() {
                break reports;
            }
        };
        let why = format!("nobody listens on {closed} (port unreachable)");
        assert_eq!(reports, [Undelivered { to: closed, why }]);
    }
}
