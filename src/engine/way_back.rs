//! Relays that lead to each other, or to themselves: what they pass on would go round until nothing is left
//! of the machine's sockets.
//!
//! ```text
//! client ─► relay 1 ──socket──► relay 2 ──socket──► relay 1
//!                   trail: 1            trail: 1 2          it is there already: refused
//! ```
//! Each socket that leads on from a relay of this process leaves a trail: the relays that what goes over it
//! went through. Who comes to a relay over such a socket brings its trail along. Relays of other processes
//! leave none.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind, Stage};

/// How long a trail stays that led round: who was let in over it is still to be told so.
const STAYS: Duration = Duration::from_secs(1);

/// Its own end and, of a stream, the other one.
type Socket = (SocketAddr, Option<SocketAddr>);

/// The way somebody came to a relay: from where, and of streams to which end of ours.
pub(crate) type WayIn = (SocketAddr, Option<SocketAddr>);

/// The way over a stream; `None` = over a Unix socket, whose clients have no address that tells them apart.
pub(crate) fn way_in(peer: &EndAddress, local: Option<&EndAddress>) -> Option<WayIn> {
    Some((peer.inet()?, local.and_then(EndAddress::inet)))
}

static TRAILS: Mutex<BTreeMap<Socket, LeftTrail>> = Mutex::new(BTreeMap::new());
static RELAYS: AtomicU64 = AtomicU64::new(0);

struct LeftTrail {
    relays: Vec<u64>,
    until: Option<Instant>,
}

/// A relay of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RelayMark(u64);

/// The trail of a socket, until it is dropped.
#[derive(Debug)]
pub(crate) struct Trail {
    socket: Socket,
    is_round: bool,
}

fn trails() -> MutexGuard<'static, BTreeMap<Socket, LeftTrail>> {
    TRAILS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The relays that what comes from there went through: of a stream to `local`, of datagrams to anywhere.
fn brought(from: Option<WayIn>) -> Vec<u64> {
    let Some((peer, local)) = from else { return Vec::new() };
    let (peer, local) = (plain(peer), local.map(plain));
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let trails = trails();
    // Sockets of datagrams are often bound to every address.
    let anywhere = || trails.get(&(SocketAddr::new(any, peer.port()), None));
    let found = trails.get(&(peer, local)).or_else(|| anywhere().filter(|_| local.is_none()));
    let is_there = |trail: &&LeftTrail| trail.until.is_none_or(|until| until > Instant::now());
    found.filter(is_there).map(|trail| trail.relays.clone()).unwrap_or_default()
}

impl RelayMark {
    /// Another one.
    pub(crate) fn new() -> Self {
        RelayMark(RELAYS.fetch_add(1, Ordering::Relaxed))
    }

    /// Fails where what comes from this peer, of streams to this end of ours, went through this relay before.
    pub(crate) fn check(self, from: Option<WayIn>, target: &str) -> Result<(), Failure> {
        if brought(from).contains(&self.0) { Err(round(target)) } else { Ok(()) }
    }

    /// Leaves the trail of a socket that leads on from this relay for somebody: `from` is the way it
    /// came, `on` our end of the socket and, of streams, the other.
    ///
    /// # Errors
    /// Who it is for went through this relay before.
    pub(crate) fn leads_on(
        self,
        from: Option<WayIn>,
        on: (SocketAddr, Option<SocketAddr>),
        target: &str,
    ) -> Result<Trail, Failure> {
        let mut relays = brought(from);
        let is_round = relays.contains(&self.0);
        relays.push(self.0);
        let socket = (plain(on.0), on.1.map(plain));
        let mut trails = trails();
        let now = Instant::now();
        if is_round {
            trails.retain(|_, trail| trail.until.is_none_or(|until| until > now));
        }
        trails.insert(socket, LeftTrail { relays, until: None });
        drop(trails);
        let trail = Trail { socket, is_round };
        if is_round {
            return Err(round(target));
        }
        Ok(trail)
    }
}

fn round(target: &str) -> Failure {
    let cause = "it came through this relay before: relays that lead to each other, or to themselves, \
                 would pass it on for ever";
    Failure::new(Stage::Connect, target, FailureKind::Usage, cause)
}

impl Drop for Trail {
    fn drop(&mut self) {
        let mut trails = trails();
        if self.is_round {
            if let Some(trail) = trails.get_mut(&self.socket) {
                trail.until = Some(Instant::now() + STAYS);
            }
        } else {
            trails.remove(&self.socket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn what_comes_back_over_another_relay_is_known_and_what_only_looks_alike_is_not() {
        let (one, other) = (RelayMark::new(), RelayMark::new());
        let stream = |port, to| (at(port), Some(at(to)));
        let first = one.leads_on(Some(stream(101, 9101)), stream(102, 9102), "other").unwrap();
        let second = other.leads_on(Some(stream(102, 9102)), stream(103, 9101), "one").unwrap();
        let round = one.leads_on(Some(stream(103, 9101)), stream(104, 9102), "other").unwrap_err();
        assert!(round.cause.contains("came through this relay before"), "{round}");
        // Another connection from the same port to somewhere else is another one.
        assert!(one.leads_on(Some(stream(103, 9109)), stream(105, 9102), "other").is_ok());
        drop((first, second));
        assert!(one.leads_on(Some(stream(103, 9101)), stream(106, 9102), "other").is_ok());
    }

    #[test]
    fn a_socket_of_datagrams_is_known_wherever_it_is_bound() {
        let (one, other) = (RelayMark::new(), RelayMark::new());
        let any = SocketAddr::from(([0, 0, 0, 0], 211));
        let _first = one.leads_on(Some((at(210), None)), (any, None), "other").unwrap();
        let _second = other.leads_on(Some((at(211), None)), (at(212), None), "one").unwrap();
        assert!(one.leads_on(Some((at(212), None)), (at(213), None), "other").is_err());
    }
}
