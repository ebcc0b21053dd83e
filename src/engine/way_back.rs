//! Relays that lead to each other, or to themselves: what they pass on would go round until nothing is left
//! of the machine's sockets.
//!
//! ```text
//! client ─► relay 1 ──socket──► relay 2 ──socket──► relay 1
//!                   trail: 1            trail: 1 2          it is there already: refused
//! ```
//! Each socket that leads on from a relay of this process leaves a trail: the relays that what goes over it
//! went through. Who comes to a relay over such a socket brings its trail along. Clients of a Unix socket
//! have no address that tells them apart, so those of relays have a name of Linux without a file
//! ([`own_name`]); where there are no such names they leave no trail. Relays of other processes leave none
//! either: theirs is a header field (`relay/http/route.rs`), or a circle ends at the bounds of connections.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::unix_name::UnixName;

/// How long a trail stays that led round: who was let in over it is still to be told so.
const STAYS: Duration = Duration::from_secs(1);

/// A socket: its own end and, of TCP, the other one. How somebody came to a relay is the same: from
/// where, and to which end of ours.
pub(crate) type WayIn = (EndAddress, Option<EndAddress>);

/// The way over a stream; `None` = over a Unix socket, from one without a name.
pub(crate) fn way_in(peer: &EndAddress, local: Option<&EndAddress>) -> Option<WayIn> {
    match peer {
        EndAddress::Inet(_) => Some((peer.clone(), local.cloned())),
        EndAddress::Unix(_) => Some((peer.clone(), None)),
        EndAddress::Unnamed(_) => None,
    }
}

/// A name for a Unix socket that leads on from a relay, which no other has.
pub(crate) fn own_name() -> UnixName {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    UnixName::Abstract(format!("wirebench/{}/{number}", *PROCESS).into())
}

/// What tells this process from others, also of other machines and in containers, where a number of a
/// process may be there twice.
static PROCESS: LazyLock<String> =
    LazyLock::new(|| format!("{:08x}", RandomState::new().hash_one(0) >> 32));
static TRAILS: Mutex<BTreeMap<WayIn, LeftTrail>> = Mutex::new(BTreeMap::new());
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
    socket: WayIn,
    is_round: bool,
}

fn trails() -> MutexGuard<'static, BTreeMap<WayIn, LeftTrail>> {
    TRAILS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn plain(end: &EndAddress) -> EndAddress {
    match end.inet() {
        Some(address) => SocketAddr::new(address.ip().to_canonical(), address.port()).into(),
        None => end.clone(),
    }
}

/// Where a socket of datagrams is that is bound to every address.
fn anywhere(end: &EndAddress) -> Option<EndAddress> {
    let any: IpAddr = match end.inet()? {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    Some(SocketAddr::new(any, end.port()?).into())
}

/// The relays that what comes from there went through: of a stream to `local`, of datagrams to anywhere.
fn brought(from: Option<&WayIn>) -> Vec<u64> {
    let Some((peer, local)) = from else { return Vec::new() };
    let (peer, local) = (plain(peer), local.as_ref().map(plain));
    let any = anywhere(&peer).filter(|_| local.is_none());
    let trails = trails();
    // Sockets of datagrams are often bound to every address.
    let found = trails.get(&(peer, local)).or_else(|| trails.get(&(any?, None)));
    let is_there = |trail: &&LeftTrail| trail.until.is_none_or(|until| until > Instant::now());
    found.filter(is_there).map(|trail| trail.relays.clone()).unwrap_or_default()
}

impl RelayMark {
    /// Another one.
    pub(crate) fn new() -> Self {
        RelayMark(RELAYS.fetch_add(1, Ordering::Relaxed))
    }

    /// Its name for other programs, which no other relay has.
    pub(crate) fn name(self) -> String {
        format!("wirebench-{}-{}", *PROCESS, self.0)
    }

    /// Fails where what comes from this peer, of streams to this end of ours, went through this relay before.
    pub(crate) fn check(self, from: Option<&WayIn>, target: &str) -> Result<(), Failure> {
        if brought(from).contains(&self.0) { Err(round(target)) } else { Ok(()) }
    }

    /// Leaves the trail of a socket that leads on from this relay for somebody: `from` is the way it
    /// came, `on` the socket.
    ///
    /// # Errors
    /// Who it is for went through this relay before.
    pub(crate) fn leads_on(
        self,
        from: Option<&WayIn>,
        on: &WayIn,
        target: &str,
    ) -> Result<Trail, Failure> {
        let mut relays = brought(from);
        let is_round = relays.contains(&self.0);
        relays.push(self.0);
        let socket = (plain(&on.0), on.1.as_ref().map(plain));
        let mut trails = trails();
        let now = Instant::now();
        if is_round {
            trails.retain(|_, trail| trail.until.is_none_or(|until| until > now));
        }
        trails.insert(socket.clone(), LeftTrail { relays, until: None });
        drop(trails);
        let trail = Trail { socket, is_round };
        if is_round {
            return Err(round(target));
        }
        Ok(trail)
    }
}

/// What leads on to where it came from.
pub(crate) fn leads_back(target: &str) -> Failure {
    let cause = "this leads back to the relay itself";
    Failure::new(Stage::Connect, target, FailureKind::Usage, cause)
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

    fn at(port: u16) -> EndAddress {
        SocketAddr::from(([127, 0, 0, 1], port)).into()
    }

    #[test]
    fn what_comes_back_over_another_relay_is_known_and_what_only_looks_alike_is_not() {
        let (one, other) = (RelayMark::new(), RelayMark::new());
        let stream = |port, to| (at(port), Some(at(to)));
        let first = one.leads_on(Some(&stream(101, 9101)), &stream(102, 9102), "other").unwrap();
        let second = other.leads_on(Some(&stream(102, 9102)), &stream(103, 9101), "one").unwrap();
        let back = stream(103, 9101);
        let round = one.leads_on(Some(&back), &stream(104, 9102), "other").unwrap_err();
        assert!(round.cause.contains("came through this relay before"), "{round}");
        // Another connection from the same port to somewhere else is another one.
        assert!(one.leads_on(Some(&stream(103, 9109)), &stream(105, 9102), "other").is_ok());
        drop((first, second));
        assert!(one.leads_on(Some(&back), &stream(106, 9102), "other").is_ok());
    }

    #[test]
    fn a_socket_of_datagrams_is_known_wherever_it_is_bound() {
        let (one, other) = (RelayMark::new(), RelayMark::new());
        let any = SocketAddr::from(([0, 0, 0, 0], 211));
        let _first = one.leads_on(Some(&(at(210), None)), &(any.into(), None), "other").unwrap();
        let _second = other.leads_on(Some(&(at(211), None)), &(at(212), None), "one").unwrap();
        assert!(one.leads_on(Some(&(at(212), None)), &(at(213), None), "other").is_err());
    }

    #[test]
    fn a_unix_socket_of_a_relay_is_known_by_its_name() {
        let (one, other) = (RelayMark::new(), RelayMark::new());
        let [first, second, third] = [(); 3].map(|()| EndAddress::Unix(own_name()));
        let there = EndAddress::Unix(UnixName::parse("/tmp/other").unwrap());
        let way = |end: &EndAddress| way_in(end, Some(&there));
        let unnamed = way(&EndAddress::Unnamed(1));
        let _to_other = one.leads_on(unnamed.as_ref(), &way(&first).unwrap(), "other").unwrap();
        let way_to_one = way(&first);
        let _to_one = other.leads_on(way_to_one.as_ref(), &way(&second).unwrap(), "one").unwrap();
        let back = way(&second);
        assert!(one.check(back.as_ref(), "other").is_err() && one.check(None, "other").is_ok());
        assert!(one.leads_on(back.as_ref(), &way(&third).unwrap(), "other").is_err());
    }
}
