//! The peers of a UDP socket, told apart by address. Pure.
//!
//! Bounded: the peer not heard of or sent to for the longest time is forgotten; should it come
//! back it gets a new number.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::by_use::ByUse;
use crate::engine::refusal;
use crate::model::failure::Failure;
use crate::model::id::ConnId;

/// Peers kept, so that they can be answered.
const PEERS: usize = 4_096;

/// Known peers.
#[derive(Debug)]
pub(super) struct Peers {
    bound: usize,
    known: ByUse<SocketAddr, ConnId>,
    /// Never forgotten: the peer a client was opened for.
    remote: Option<SocketAddr>,
}

impl Peers {
    /// Nobody is known; `remote` is never forgotten, however many others send.
    pub(super) fn new(remote: Option<SocketAddr>) -> Self {
        Peers { bound: PEERS, known: ByUse::new(), remote }
    }

    /// The number of a known peer, which counts as used now.
    pub(super) fn used(&mut self, address: SocketAddr) -> Option<ConnId> {
        self.known.used(&address).copied()
    }

    /// A new peer with its number; returns the one that was forgotten for it.
    pub(super) fn add(&mut self, address: SocketAddr, conn: ConnId) -> Option<ConnId> {
        let is_full = self.known.len() >= self.bound;
        let may_go = |address: &&SocketAddr| is_full && Some(**address) != self.remote;
        let oldest = self.known.oldest_first().find(may_go).copied();
        let forgotten = oldest.and_then(|oldest| self.forget(oldest));
        self.known.add(address, conn);
        forgotten
    }

    /// Forgets a peer; returns the number it had.
    pub(super) fn forget(&mut self, address: SocketAddr) -> Option<ConnId> {
        self.known.remove(&address)
    }

    /// Refused when the number was never given or its peer was forgotten.
    pub(super) fn address(&self, conn: ConnId) -> Result<SocketAddr, Failure> {
        let mut known = self.known.all();
        let found = known.find(|(_, number)| **number == conn).map(|(address, _)| *address);
        found.ok_or_else(|| refusal::unknown(conn))
    }

    /// The number of an address, without counting as a use.
    pub(super) fn conn(&self, address: SocketAddr) -> Option<ConnId> {
        self.known.get(&address).copied()
    }

    /// Everybody known, the lowest number first.
    pub(super) fn all(&self) -> BTreeMap<ConnId, SocketAddr> {
        self.known.all().map(|(address, number)| (*number, *address)).collect()
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SessionId;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn number(index: u32) -> ConnId {
        SessionId(1).conn(index)
    }

    #[test]
    fn a_peer_keeps_its_number_while_it_is_known() {
        let mut peers = Peers::new(None);
        assert_eq!(peers.used(at(1)), None);
        assert_eq!(peers.add(at(1), number(1)), None);
        assert_eq!(peers.used(at(1)), Some(number(1)));
        assert_eq!(peers.address(number(1)), Ok(at(1)));
        assert_eq!(peers.forget(at(1)), Some(number(1)));
        assert_eq!(peers.forget(at(1)), None);
        assert_eq!(peers.used(at(1)), None);
        assert!(peers.address(number(1)).is_err());
    }

    #[test]
    fn the_one_unused_longest_makes_room_but_never_home() {
        let mut peers = Peers { bound: 3, ..Peers::new(Some(at(1))) };
        for port in 1..=3 {
            peers.add(at(port), number(port.into()));
        }
        peers.used(at(2));
        assert_eq!(peers.add(at(4), number(4)), Some(number(3)));
        assert_eq!(peers.len(), 3);
        assert!(peers.conn(at(1)).is_some() && peers.conn(at(2)).is_some());
    }
}
