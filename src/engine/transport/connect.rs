//! TCP connections by happy eyeballs (RFC 8305): the next address starts 250 ms after the one
//! before, or at once when that failed; the first that answers wins.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until};

use super::{client_options, explain};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::socket_options::ClientOptions;

/// Head start of each address (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// Addresses tried of one name; a hostile name server may send hundreds.
const ADDRESSES: usize = 16;

/// Connects to the first address that answers; says which is being tried.
pub(super) async fn race(
    target: &str,
    addresses: &[SocketAddr],
    client: &ClientOptions,
    trying: impl Fn(SocketAddr),
) -> Result<(TcpStream, SocketAddr), Failure> {
    let reachable = client_options::reachable(client, target, addresses)?;
    let mut waiting: VecDeque<SocketAddr> = reachable.into_iter().take(ADDRESSES).collect();
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
                    trying(address);
                    let socket = socket(address, client)
                        .map_err(|error| client_options::refused(client, &error))?;
                    running.push(async move { (address, socket.connect(address).await) });
                }
                next_start = Instant::now() + STAGGER;
            }
        }
    }
}

/// A socket with what is asked of a client's.
fn socket(to: SocketAddr, client: &ClientOptions) -> io::Result<TcpSocket> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    client_options::apply(client, &SockRef::from(&socket))?;
    if let Some(own) = client_options::local_address(client, to) {
        // The same port again while the last connection from it is still remembered.
        socket.set_reuseaddr(true)?;
        socket.bind(own)?;
    }
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
