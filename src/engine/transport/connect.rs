//! TCP connections by happy eyeballs (RFC 8305): the next address starts 250 ms after the one
//! before, or at once when that failed; the first that answers wins.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::explain;
use crate::engine::event::Phase;
use crate::engine::sink::Sink;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Head start of each address (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// Addresses tried of one name; a hostile name server may send hundreds.
const ADDRESSES: usize = 16;

/// Connects to the first address that answers.
pub(super) async fn race(
    target: &str,
    addresses: &[SocketAddr],
    events: &Sink,
) -> Result<(TcpStream, SocketAddr), Failure> {
    let mut waiting: VecDeque<SocketAddr> = addresses.iter().copied().take(ADDRESSES).collect();
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
                    running.push(async move { (address, TcpStream::connect(address).await) });
                }
                next_start = Instant::now() + STAGGER;
            }
        }
    }
}

/// One address: its own failure. Several: each named, the kind of the first.
fn all_failed(target: &str, failed: &[(SocketAddr, io::Error)]) -> Failure {
    let mut failures =
        failed.iter().map(|(address, error)| explain::connect_failure(target, *address, error));
    let Some(mut failure) = failures.next() else {
        let cause = "there was no address to try";
        return Failure::new(Stage::Connect, target, FailureKind::NotFound, cause);
    };
    for other in failures {
        failure.cause.push_str("; ");
        failure.cause.push_str(&other.cause);
    }
    failure
}
