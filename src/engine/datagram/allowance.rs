//! How often each peer may be answered: a second's worth at once, then as many as the rate. Pure.
//!
//! A program that answers our answers sends a datagram for each; the first one that is not answered
//! ends it. Bounded: a peer that may be answered as often as a new one is not remembered.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

/// What may be used up at once.
const BURST: Duration = Duration::from_secs(1);
/// Peers remembered; when all were answered just now, no others are until some are forgotten.
const PEERS: usize = 8_192;
/// Looks through all of them are at least this far apart.
const SWEEP_EVERY: Duration = Duration::from_millis(10);

/// What of it the peers have used.
#[derive(Debug)]
pub(super) struct Allowances {
    interval: Duration,
    bound: usize,
    /// Until when what a peer got is used up by time.
    used_until: HashMap<SocketAddr, Instant>,
    next_sweep: Option<Instant>,
}

impl Allowances {
    /// Answers a second, for each peer.
    pub(super) fn new(rate: u32) -> Self {
        let interval = BURST / rate.max(1);
        Allowances { interval, bound: PEERS, used_until: HashMap::new(), next_sweep: None }
    }

    /// Whether the peer may be answered now, which counts.
    pub(super) fn take(&mut self, peer: SocketAddr, now: Instant) -> bool {
        let known = self.used_until.get(&peer).copied();
        let until = known.map_or(now, |until| until.max(now)) + self.interval;
        let granted = until <= now + BURST && (known.is_some() || self.has_room(now));
        if granted {
            self.used_until.insert(peer, until);
        }
        granted
    }

    fn has_room(&mut self, now: Instant) -> bool {
        if self.used_until.len() >= self.bound && self.next_sweep.is_none_or(|next| next <= now) {
            self.next_sweep = Some(now + SWEEP_EVERY);
            self.used_until.retain(|_, until| *until > now);
        }
        self.used_until.len() < self.bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_peer_gets_a_second_at_once_and_then_the_rate() {
        let (mut allowances, start) = (Allowances::new(10), Instant::now());
        let taken = (0..50).filter(|_| allowances.take(at(1), start)).count();
        assert_eq!(taken, 10);
        assert!(allowances.take(at(2), start), "another peer has its own");
        let half = start + Duration::from_millis(500);
        assert_eq!((0..50).filter(|_| allowances.take(at(1), half)).count(), 5);
        let later = start + Duration::from_secs(60);
        assert_eq!((0..50).filter(|_| allowances.take(at(1), later)).count(), 10);
    }

    #[test]
    fn the_lowest_and_the_highest_rate_are_kept() {
        let (mut slow, mut fast, start) =
            (Allowances::new(1), Allowances::new(1_000_000), Instant::now());
        assert!(slow.take(at(1), start) && !slow.take(at(1), start));
        assert!(slow.take(at(1), start + BURST));
        assert!((0..100_000).all(|_| fast.take(at(1), start)));
    }

    #[test]
    fn as_many_peers_as_there_are_cost_no_more_than_the_bound() {
        let start = Instant::now();
        let mut allowances = Allowances { bound: 100, ..Allowances::new(1) };
        let taken = (1..=1_000).filter(|port| allowances.take(at(*port), start)).count();
        assert_eq!((taken, allowances.used_until.len()), (100, 100));
        let later = start + BURST;
        assert!(allowances.take(at(2_000), later), "there is room again when time has passed");
        assert_eq!(allowances.used_until.len(), 1);
    }
}
