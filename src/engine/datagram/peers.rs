//! The peers of a UDP socket, told apart by address. Pure.
//!
//! Bounded: the peer not heard of or sent to for the longest time is forgotten; should it come
//! back it gets a new number.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use crate::model::id::ConnId;

/// Peers kept, so that they can be answered.
const PEERS: usize = 4_096;

/// Known peers.
#[derive(Debug)]
pub(super) struct Peers {
    bound: usize,
    by_address: HashMap<SocketAddr, Peer>,
    by_conn: BTreeMap<ConnId, SocketAddr>,
    /// Oldest use first.
    by_use: BTreeMap<u64, SocketAddr>,
    uses: u64,
    /// Never forgotten: the peer a client was opened for.
    home: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy)]
struct Peer {
    conn: ConnId,
    used: u64,
}

/// Who an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Already(ConnId),
    /// Just got its number; another peer may have been forgotten for it.
    New {
        conn: ConnId,
        forgotten: Option<ConnId>,
    },
}

impl Peers {
    /// Nobody is known; `home` is never forgotten, however many others send.
    pub(super) fn new(home: Option<SocketAddr>) -> Self {
        Self::bounded(home, PEERS)
    }

    fn bounded(home: Option<SocketAddr>, bound: usize) -> Self {
        Peers {
            bound,
            by_address: HashMap::new(),
            by_conn: BTreeMap::new(),
            by_use: BTreeMap::new(),
            uses: 0,
            home,
        }
    }

    /// The peer at this address, which counts as used now. `number` makes a number for a new one.
    pub(super) fn at(&mut self, address: SocketAddr, number: impl FnOnce() -> ConnId) -> Known {
        if let Some(peer) = self.by_address.get_mut(&address) {
            if peer.used != self.uses {
                self.uses += 1;
                self.by_use.remove(&peer.used);
                peer.used = self.uses;
                self.by_use.insert(self.uses, address);
            }
            return Known::Already(peer.conn);
        }
        let forgotten =
            if self.by_address.len() >= self.bound { self.forget_oldest() } else { None };
        let conn = number();
        self.uses += 1;
        self.by_address.insert(address, Peer { conn, used: self.uses });
        self.by_conn.insert(conn, address);
        self.by_use.insert(self.uses, address);
        Known::New { conn, forgotten }
    }

    fn forget_oldest(&mut self) -> Option<ConnId> {
        let oldest = self.by_use.values().find(|address| Some(**address) != self.home)?;
        let conn = self.by_address.get(oldest)?.conn;
        self.forget(conn);
        Some(conn)
    }

    /// Forgets a peer; false when it is not known.
    pub(super) fn forget(&mut self, conn: ConnId) -> bool {
        let Some(address) = self.by_conn.remove(&conn) else { return false };
        if let Some(peer) = self.by_address.remove(&address) {
            self.by_use.remove(&peer.used);
        }
        true
    }

    /// `None` when the number was never given or its peer was forgotten.
    pub(super) fn address(&self, conn: ConnId) -> Option<SocketAddr> {
        self.by_conn.get(&conn).copied()
    }

    /// The number of an address, without counting as a use.
    pub(super) fn conn(&self, address: SocketAddr) -> Option<ConnId> {
        self.by_address.get(&address).map(|peer| peer.conn)
    }

    /// Everybody known, the lowest number first.
    pub(super) fn all(&self) -> Vec<(ConnId, SocketAddr)> {
        self.by_conn.iter().map(|(conn, address)| (*conn, *address)).collect()
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.by_conn.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SessionId;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn numbers() -> impl FnMut() -> ConnId {
        let mut index = 0;
        move || {
            index += 1;
            SessionId(1).conn(index)
        }
    }

    #[test]
    fn a_peer_keeps_its_number_while_it_is_known() {
        let (mut peers, mut number) = (Peers::new(None), numbers());
        let Known::New { conn, forgotten: None } = peers.at(at(1), &mut number) else { panic!() };
        assert_eq!(peers.at(at(1), &mut number), Known::Already(conn));
        assert_eq!(peers.address(conn), Some(at(1)));
        assert!(peers.forget(conn));
        assert!(!peers.forget(conn));
        assert!(
            matches!(peers.at(at(1), &mut number), Known::New { conn: new, .. } if new != conn)
        );
    }

    #[test]
    fn the_one_unused_longest_makes_room_but_never_home() {
        let (mut peers, mut number) = (Peers::bounded(Some(at(1)), 3), numbers());
        for port in 1..=3 {
            peers.at(at(port), &mut number);
        }
        peers.at(at(2), &mut number);
        let third = peers.conn(at(3)).unwrap();
        let Known::New { forgotten, .. } = peers.at(at(4), &mut number) else { panic!() };
        assert_eq!(forgotten, Some(third));
        assert_eq!(peers.len(), 3);
        assert!(peers.conn(at(1)).is_some() && peers.conn(at(2)).is_some());
        assert_eq!(peers.by_use.len(), peers.by_address.len());
    }
}
