//! The clients of a UDP relay, told apart by address. Pure.
//!
//! Bounded twice: the one of which nothing was heard for the longest time is let go for a newcomer,
//! and everybody after the idle time.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

/// Clients of a relay at the same time; each has a socket.
pub(super) const CLIENTS: usize = 1_024;

/// Known clients, each with what is kept of it.
#[derive(Debug)]
pub(super) struct Clients<C> {
    most: usize,
    by_address: HashMap<SocketAddr, Known<C>>,
    /// Oldest use first.
    by_use: BTreeMap<u64, SocketAddr>,
    uses: u64,
}

#[derive(Debug)]
struct Known<C> {
    client: C,
    used: u64,
    at: Instant,
}

impl<C> Clients<C> {
    /// Nobody is known.
    pub(super) fn new() -> Self {
        let (by_address, by_use) = (HashMap::new(), BTreeMap::new());
        Clients { most: CLIENTS, by_address, by_use, uses: 0 }
    }

    /// A known one, who counts as heard of now.
    pub(super) fn used(&mut self, address: SocketAddr, now: Instant) -> Option<&mut C> {
        let known = self.by_address.get_mut(&address)?;
        known.at = now;
        if known.used != self.uses {
            self.uses += 1;
            self.by_use.remove(&known.used);
            known.used = self.uses;
            self.by_use.insert(self.uses, address);
        }
        Some(&mut known.client)
    }

    /// A known one, without counting as a use.
    pub(super) fn get_mut(&mut self, address: SocketAddr) -> Option<&mut C> {
        self.by_address.get_mut(&address).map(|known| &mut known.client)
    }

    /// A newcomer; there is room for it when [`oldest`](Self::oldest) was let go.
    pub(super) fn add(&mut self, address: SocketAddr, client: C, now: Instant) {
        self.remove(address);
        self.uses += 1;
        self.by_address.insert(address, Known { client, used: self.uses, at: now });
        self.by_use.insert(self.uses, address);
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, address: SocketAddr) -> Option<C> {
        let known = self.by_address.remove(&address)?;
        self.by_use.remove(&known.used);
        Some(known.client)
    }

    /// Whether a newcomer needs the place of another one.
    pub(super) fn is_full(&self) -> bool {
        self.by_address.len() >= self.most
    }

    /// The one not heard of for the longest time.
    pub(super) fn oldest(&self) -> Option<SocketAddr> {
        self.by_use.values().next().copied()
    }

    /// When the next one has been idle for so long.
    pub(super) fn idle_at(&self, idle: Duration) -> Option<Instant> {
        let oldest = self.oldest()?;
        self.by_address.get(&oldest).map(|known| known.at + idle)
    }

    /// Everybody.
    pub(super) fn all(&self) -> impl Iterator<Item = (SocketAddr, &C)> {
        self.by_address.iter().map(|(address, known)| (*address, &known.client))
    }

    /// Everybody, to write to.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (SocketAddr, &mut C)> {
        self.by_address.iter_mut().map(|(address, known)| (*address, &mut known.client))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_address.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn the_one_silent_for_longest_is_the_oldest_and_idle_first() {
        let (start, idle) = (Instant::now(), Duration::from_secs(9));
        let later = |seconds| start + Duration::from_secs(seconds);
        let mut clients = Clients { most: 2, ..Clients::new() };
        assert_eq!(clients.idle_at(idle), None);
        clients.add(at(1), "one", start);
        clients.add(at(2), "two", later(1));
        assert!(clients.is_full());
        assert_eq!(clients.used(at(1), later(2)), Some(&mut "one"));
        assert_eq!((clients.oldest(), clients.idle_at(idle)), (Some(at(2)), Some(later(10))));
        clients.get_mut(at(2)).unwrap();
        assert_eq!(clients.oldest(), Some(at(2)), "a look is no use");
        assert_eq!(clients.remove(at(2)), Some("two"));
        assert!(!clients.is_full() && clients.used(at(2), start).is_none());
        assert_eq!(clients.idle_at(idle), Some(later(11)));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn uses_and_addresses_never_part(steps in prop::collection::vec((0..3_u8, 0..6_u16), 0..60)) {
            let (now, mut clients, mut order) = (Instant::now(), Clients::new(), Vec::new());
            for (step, port) in steps {
                let address = at(port);
                let is_known = order.contains(&address);
                match step {
                    0 => clients.add(address, port, now),
                    1 => prop_assert_eq!(clients.used(address, now).is_some(), is_known),
                    _ => prop_assert_eq!(clients.remove(address).is_some(), is_known),
                }
                if is_known {
                    order.retain(|it| *it != address);
                }
                if step == 0 || step == 1 && is_known {
                    order.push(address);
                }
                prop_assert_eq!(clients.oldest(), order.first().copied());
                prop_assert_eq!(clients.len(), order.len());
                prop_assert_eq!(clients.by_use.len(), order.len());
            }
        }
    }
}
