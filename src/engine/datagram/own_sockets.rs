//! The sockets of ours that answer by themselves, of this process and of others on this machine.
//! One must not answer the other: a forged datagram would go back and forth between them for ever.
//!
//! This process has a table of them; other processes know them by a mark that the system takes away
//! with whoever set it (`os::beacon`, where there is one).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::os;

/// Where those of this process are bound, and how many are there.
static ANSWERING: Mutex<BTreeMap<SocketAddr, usize>> = Mutex::new(BTreeMap::new());

fn answering() -> MutexGuard<'static, BTreeMap<SocketAddr, usize>> {
    ANSWERING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says, until it is dropped, that a socket answers by itself.
#[derive(Debug)]
pub(super) struct AnswererGuard {
    address: SocketAddr,
    /// Held for its end.
    _beacon: Option<OwnedFd>,
}

impl AnswererGuard {
    /// `local` is where the socket is bound.
    pub(super) fn new(local: SocketAddr) -> Self {
        let address = without_scope(local);
        *answering().entry(address).or_default() += 1;
        AnswererGuard { address, _beacon: os::beacon(address) }
    }
}

impl Drop for AnswererGuard {
    fn drop(&mut self) {
        let mut answering = answering();
        if let Some(count) = answering.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                answering.remove(&self.address);
            }
        }
    }
}

/// Whether a sender is a socket of ours that answers by itself.
pub(super) fn answers_by_itself(sender: SocketAddr) -> bool {
    let any: IpAddr = match sender {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    is_known(without_scope(sender))
        || is_known(SocketAddr::new(any, sender.port())) && is_of_this_machine(sender.ip())
}

fn is_known(address: SocketAddr) -> bool {
    answering().contains_key(&address) || os::has_beacon(address)
}

/// Only an address of this machine can be bound.
pub(crate) fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

fn without_scope(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_known_while_it_is_announced() {
        let held = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap();
        assert!(!answers_by_itself(address));
        let (one, other) = (AnswererGuard::new(address), AnswererGuard::new(address));
        assert!(answers_by_itself(address));
        drop(one);
        assert!(answers_by_itself(address), "the other is still there");
        drop(other);
        assert!(!answers_by_itself(address));
    }

    #[test]
    fn one_bound_to_every_address_is_known_by_those_of_this_machine() {
        let held = UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let _announced = AnswererGuard::new(held.local_addr().unwrap());
        assert!(answers_by_itself(SocketAddr::from(([127, 0, 0, 1], port))));
        assert!(!answers_by_itself(SocketAddr::from(([192, 0, 2, 7], port))), "another machine");
        assert!(!answers_by_itself(SocketAddr::from(([127, 0, 0, 1], port ^ 1))));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn other_processes_are_known_by_their_beacon() {
        let held = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap();
        let beacon = os::beacon(address).unwrap();
        assert!(answers_by_itself(address));
        drop(beacon);
        assert!(!answers_by_itself(address));
    }
}
