//! The peers of a UDP socket, told apart by address. Pure.
//!
//! Bounded: the peer not heard of or sent to for the longest time is forgotten; should it come
//! back it gets a new number.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use crate::engine::refusal;
use crate::model::failure::Failure;
use crate::model::id::ConnId;

/// Peers kept, so that they can be answered.
const PEERS: usize = 4_096;

/// Known peers.
#[derive(Debug)]
pub(super) struct Peers {
    bound: usize,
    by_address: HashMap<SocketAddr, Peer>,
    /// Oldest use first.
    by_use: BTreeMap<u64, SocketAddr>,
    uses: u64,
    /// Never forgotten: the peer a client was opened for.
    remote: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy)]
struct Peer {
    conn: ConnId,
    used: u64,
}

impl Peers {
    /// Nobody is known; `remote` is never forgotten, however many others send.
    pub(super) fn new(remote: Option<SocketAddr>) -> Self {
        let (by_address, by_use) = (HashMap::new(), BTreeMap::new());
        Peers { bound: PEERS, by_address, by_use, uses: 0, remote }
    }

    /// The number of a known peer, which counts as used now.
    pub(super) fn used(&mut self, address: SocketAddr) -> Option<ConnId> {
        let peer = self.by_address.get_mut(&address)?;
        if peer.used != self.uses {
            self.uses += 1;
            self.by_use.remove(&peer.used);
            peer.used = self.uses;
            self.by_use.insert(self.uses, address);
        }
        Some(peer.conn)
    }

    /// A new peer with its number; returns the one that was forgotten for it.
    pub(super) fn add(&mut self, address: SocketAddr, conn: ConnId) -> Option<ConnId> {
        let mut by_use = self.by_use.values().copied();
        let forgotten = if self.by_address.len() < self.bound {
            None
        } else {
            let oldest = by_use.find(|address| Some(*address) != self.remote);
            oldest.and_then(|oldest| self.forget(oldest))
        };
        self.uses += 1;
        self.by_address.insert(address, Peer { conn, used: self.uses });
        self.by_use.insert(self.uses, address);
        forgotten
    }

    /// Forgets a peer; returns the number it had.
    pub(super) fn forget(&mut self, address: SocketAddr) -> Option<ConnId> {
        let peer = self.by_address.remove(&address)?;
        self.by_use.remove(&peer.used);
        Some(peer.conn)
    }

    /// Refused when the number was never given or its peer was forgotten.
    pub(super) fn address(&self, conn: ConnId) -> Result<SocketAddr, Failure> {
        let mut known = self.by_address.iter();
        let found = known.find(|(_, peer)| peer.conn == conn).map(|(address, _)| *address);
        found.ok_or_else(|| refusal::unknown(conn))
    }

    /// The number of an address, without counting as a use.
    pub(super) fn conn(&self, address: SocketAddr) -> Option<ConnId> {
        self.by_address.get(&address).map(|peer| peer.conn)
    }

    /// Everybody known, the lowest number first.
    pub(super) fn all(&self) -> BTreeMap<ConnId, SocketAddr> {
        self.by_address.iter().map(|(address, peer)| (peer.conn, *address)).collect()
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.by_address.len()
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
        assert_eq!(peers.by_use.len(), peers.by_address.len());
    }
}
