//! What a relay of datagrams tells its pairs of halves apart by, and what its sockets have to read.
//!
//! Called by the pairs; the UDP relay and the datagrams of SOCKS5 say each what they are.

use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::onward::{Towards, WatchedSocket};
use crate::engine::datagram::bound_socket::{BoundSocket, any_readable};
use crate::engine::session::SessionHandle;
use crate::model::asked_target::AskedTarget;
use crate::model::end_address::EndAddress;
use crate::model::endpoint::Endpoint;
use crate::model::id::ConnId;

/// The clients' side of a relay of datagrams: what its pairs are told apart by, and where they lead.
pub(super) trait Ends {
    /// Tells the pairs apart.
    type Key: Clone + Ord + Hash + Send + 'static;
    /// Pairs at the same time.
    const MOST: usize;
    /// What they are called.
    const NAME: &'static str;
    /// Clients choose where they are led to.
    const BY_CLIENT: bool;

    /// Where clients send to.
    fn sockets(&self) -> &[BoundSocket];
    /// The same, to read of them.
    fn sockets_mut(&mut self) -> &mut [BoundSocket];
    /// Whose datagram this is and what it says, or why it goes nowhere.
    fn taken_in(&mut self, from: SocketAddr, data: Bytes) -> Result<(Self::Key, Bytes), String>;
    /// Whose datagram came back from there, if it was of somebody.
    fn sent_to(&self, client: SocketAddr) -> Option<Self::Key>;
    /// What tells of those that are of nobody.
    fn itself(&self) -> ConnId;
    /// Where the client of a pair is.
    fn client(&self, key: &Self::Key) -> SocketAddr;
    /// Where that one sends to.
    fn local(&self, key: &Self::Key) -> Option<SocketAddr>;
    /// Where what it sends goes on to.
    fn towards(&self, key: &Self::Key) -> Towards;
    /// A target for filters, with the address that it led to once that is known.
    fn asked(endpoint: &Endpoint, address: Option<SocketAddr>) -> Arc<AskedTarget> {
        // Whoever names an address need not wait for it to be found.
        let literal = || Some(SocketAddr::new(endpoint.host.parse().ok()?, endpoint.port));
        let address = address.or_else(literal).map(EndAddress::from);
        if Self::BY_CLIENT {
            AskedTarget::by_client(endpoint, address, false)
        } else {
            AskedTarget::new(endpoint, address)
        }
    }

    /// Sends it what came of the target, or says why not.
    fn send_down(&self, key: &Self::Key, from: SocketAddr, data: &[u8]) -> Result<(), String>;
    /// Says how many pairs there are, where somebody is told.
    fn count(&self, _session: &SessionHandle, _open: usize) {}
}

/// A socket that has something to read.
pub(super) enum Readable<K> {
    /// One of ours that clients send to.
    Bound(usize),
    /// The one of this pair.
    Onward(K),
}

/// Waits for one of them, neither way before the other. Safe to drop.
pub(super) async fn next_read<K>(
    sockets: &[BoundSocket],
    watched: &mut FuturesUnordered<WatchedSocket<K>>,
) -> Readable<K> {
    loop {
        // In no order, so that neither way waits for the other.
        tokio::select! {
            index = any_readable(sockets) => return Readable::Bound(index),
            Some(next) = watched.next() => if let Ok(key) = next {
                return Readable::Onward(key);
            },
        }
    }
}
