//! TCP connections by happy eyeballs (RFC 8305): the next address starts 250 ms after the one
//! before, or at once when that failed; the first that answers wins.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until};

use super::explain;
use crate::engine::event::Phase;
use crate::engine::sink::Sink;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::ConnectFrom;
use crate::os;

/// Head start of each address (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// Addresses tried of one name; a hostile name server may send hundreds.
const ADDRESSES: usize = 16;

/// Connects to the first address that answers.
pub(super) async fn race(
    target: &str,
    addresses: &[SocketAddr],
    source: Option<&ConnectFrom>,
    events: &Sink,
) -> Result<(TcpStream, SocketAddr), Failure> {
    let reachable = addresses.iter().copied().filter(|address| match source {
        Some(ConnectFrom::Address(own)) => own.is_ipv4() == address.is_ipv4(),
        _ => true,
    });
    let mut waiting: VecDeque<SocketAddr> = reachable.take(ADDRESSES).collect();
    if let (Some(source), true, false) = (source, waiting.is_empty(), addresses.is_empty()) {
        let cause = format!("{source} cannot reach it: one is IPv4, the other IPv6");
        return Err(Failure::new(Stage::Connect, target, FailureKind::Unreachable, cause));
    }
    let mut running = FuturesUnordered::new();
    let mut failed = Vec::new();
    let mut next_start = Instant::now();
    loop {
        if running.is_empty() && waiting.is_empty() {
            return Err(all_failed(target, &failed));
        }
        tokio::select! {
            biased;
            Some((address, attempt)) = running.next() => match attempt {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => {
                    failed.push((address, error));
                    next_start = Instant::now();
                }
            },
            () = sleep_until(next_start), if !waiting.is_empty() => {
                if let Some(address) = waiting.pop_front() {
                    events.phase(Phase::Connecting { address });
                    let socket = socket(address, source)
                        .map_err(|error| explain::source_failure(source, &error))?;
                    running.push(async move { (address, socket.connect(address).await) });
                }
                next_start = Instant::now() + STAGGER;
            }
        }
    }
}

/// A socket that connects from where it shall.
fn socket(to: SocketAddr, source: Option<&ConnectFrom>) -> io::Result<TcpSocket> {
    let is_v4 = to.is_ipv4();
    let socket = if is_v4 { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    let any = if is_v4 { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let own = match source {
        None => return Ok(socket),
        Some(ConnectFrom::Interface(name)) => {
            os::bind_device(&SockRef::from(&socket), name)?;
            return Ok(socket);
        }
        Some(ConnectFrom::Address(own)) => *own,
        Some(ConnectFrom::Port(port)) => SocketAddr::new(any, *port),
    };
    // The same port again while the last connection from it is still remembered.
    socket.set_reuseaddr(true)?;
    socket.bind(own)?;
    Ok(socket)
}

/// One address: its own failure. Several: each named, the kind of the first.
fn all_failed(target: &str, failed: &[(SocketAddr, io::Error)]) -> Failure {
    let failures =
        failed.iter().map(|(address, error)| explain::connect_failure(target, *address, error));
    let all = failures.reduce(|first, other| {
        let cause = format!("{}; {}", first.cause, other.cause);
        Failure { cause, ..first }
    });
    all.unwrap_or_else(|| {
        let cause = "there was no address to try";
        Failure::new(Stage::Connect, target, FailureKind::NotFound, cause)
    })
}
