//! Things that are known by a key, in the order of their last use. Pure.
//!
//! Who keeps them is bounded: the one not used for the longest time makes room.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Known things, each with what is kept of it.
#[derive(Debug)]
pub(crate) struct ByUse<K, V> {
    known: HashMap<K, Known<V>>,
    /// Oldest use first.
    order: BTreeMap<u64, K>,
    uses: u64,
}

#[derive(Debug)]
struct Known<V> {
    value: V,
    used: u64,
}

impl<K: Clone + Eq + Hash, V> ByUse<K, V> {
    /// Nothing is known.
    pub(crate) fn new() -> Self {
        ByUse { known: HashMap::new(), order: BTreeMap::new(), uses: 0 }
    }

    /// A known one, which counts as used now.
    pub(crate) fn used(&mut self, key: &K) -> Option<&mut V> {
        let known = self.known.get_mut(key)?;
        if known.used != self.uses {
            self.uses += 1;
            self.order.remove(&known.used);
            known.used = self.uses;
            self.order.insert(self.uses, key.clone());
        }
        Some(&mut known.value)
    }

    /// A known one, without counting as a use.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.known.get(key).map(|known| &known.value)
    }

    /// A known one to write to, without counting as a use.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.known.get_mut(key).map(|known| &mut known.value)
    }

    /// A new one, used now.
    pub(crate) fn add(&mut self, key: K, value: V) {
        self.remove(&key);
        self.uses += 1;
        self.order.insert(self.uses, key.clone());
        self.known.insert(key, Known { value, used: self.uses });
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let known = self.known.remove(key)?;
        self.order.remove(&known.used);
        Some(known.value)
    }

    /// All keys, the one not used for the longest time first.
    pub(crate) fn oldest_first(&self) -> impl Iterator<Item = &K> {
        self.order.values()
    }

    /// All of them, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&K, &V)> {
        self.known.iter().map(|(key, known)| (key, &known.value))
    }

    /// All of them, to write to.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.known.iter_mut().map(|(key, known)| (key, &mut known.value))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_one_not_used_for_longest_is_first_and_a_look_is_no_use() {
        let mut known = ByUse::new();
        known.add(1, "one");
        known.add(2, "two");
        assert_eq!(known.used(&1), Some(&mut "one"));
        assert_eq!(known.oldest_first().collect::<Vec<_>>(), [&2, &1]);
        assert_eq!(known.get(&2), Some(&"two"));
        assert!(known.get_mut(&2).is_some());
        assert_eq!(known.oldest_first().next(), Some(&2), "a look is no use");
        assert_eq!(known.remove(&2), Some("two"));
        assert_eq!((known.len(), known.used(&2)), (1, None));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn uses_and_keys_never_part(steps in prop::collection::vec((0..3_u8, 0..6_u16), 0..60)) {
            let (mut known, mut order) = (ByUse::new(), Vec::new());
            for (step, key) in steps {
                let is_known = order.contains(&key);
                match step {
                    0 => known.add(key, key),
                    1 => prop_assert_eq!(known.used(&key).is_some(), is_known),
                    _ => prop_assert_eq!(known.remove(&key).is_some(), is_known),
                }
                if is_known {
                    order.retain(|it| *it != key);
                }
                if step == 0 || step == 1 && is_known {
                    order.push(key);
                }
                prop_assert_eq!(known.oldest_first().copied().collect::<Vec<_>>(), order.clone());
                prop_assert_eq!(known.len(), order.len());
            }
        }
    }
}
