//! What waits, in the order of its places: nearly everything comes last and goes first, so it lies in a
//! ring, whose memory is used again and again.
//!
//! ```text
//!   3 4 _ 5 6 7 9        what is taken out in between leaves a hole, and the holes go when
//!   first       last     there are as many as there is left
//! ```

use std::collections::VecDeque;

/// Holes that are not worth looking for.
const FEW_HOLES: usize = 64;
/// Room that is kept when nothing waits.
const ROOM: usize = 1024;

/// What waits, by its places, which are all different.
#[derive(Debug)]
pub(super) struct InOrder<K, T> {
    /// The first one is no hole.
    items: VecDeque<(K, Option<T>)>,
    holes: usize,
}

impl<K, T> Default for InOrder<K, T> {
    fn default() -> Self {
        InOrder { items: VecDeque::new(), holes: 0 }
    }
}

impl<K: Copy + Ord, T> InOrder<K, T> {
    /// How much waits.
    pub(super) fn len(&self) -> usize {
        self.items.len() - self.holes
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What waits.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> + Clone {
        self.items.iter().filter_map(|(_, item)| item.as_ref())
    }

    /// The first place.
    pub(super) fn first(&self) -> Option<K> {
        self.items.front().map(|(place, _)| *place)
    }

    /// Adds something at a place where nothing was.
    pub(super) fn insert(&mut self, place: K, item: T) {
        let is_last = self.items.back().is_none_or(|(last, _)| *last < place);
        let at =
            if is_last { self.items.len() } else { self.position(place).unwrap_or_else(|at| at) };
        self.items.insert(at, (place, Some(item)));
    }

    /// Takes out what is at a place.
    pub(super) fn remove(&mut self, place: K) -> Option<T> {
        if self.first() == Some(place) {
            let (_, first) = self.items.pop_front()?;
            self.skip_holes();
            return first;
        }
        let at = self.position(place).ok()?;
        let item = self.items.get_mut(at)?.1.take()?;
        self.holes += 1;
        if self.holes > FEW_HOLES && self.holes > self.len() {
            self.items.retain(|(_, item)| item.is_some());
            self.holes = 0;
        }
        Some(item)
    }

    /// Gives back memory that is not needed.
    pub(super) fn trim(&mut self) {
        self.items.shrink_to(ROOM);
    }

    fn position(&self, place: K) -> Result<usize, usize> {
        self.items.binary_search_by_key(&place, |(place, _)| *place)
    }

    fn skip_holes(&mut self) {
        while self.items.front().is_some_and(|(_, item)| item.is_none()) {
            self.items.pop_front();
            self.holes -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_replaces_itself_again_and_again_takes_no_memory() {
        let mut order = InOrder::default();
        order.insert(0, "first");
        for place in 1..100_000 {
            order.insert(place, "latest");
            if place > 1 {
                assert_eq!(order.remove(place - 1), Some("latest"));
            }
        }
        assert_eq!(order.len(), 2);
        assert!(order.items.len() <= 2 * FEW_HOLES + 4, "{}", order.items.len());
    }

    #[test]
    fn the_memory_of_a_flood_goes_back() {
        let mut order = InOrder::default();
        for place in 0..100 * ROOM {
            order.insert(place, place);
        }
        for place in 0..100 * ROOM {
            assert_eq!(order.remove(place), Some(place));
        }
        assert!(order.is_empty() && order.items.capacity() > ROOM);
        order.trim();
        assert!(order.items.capacity() <= ROOM, "{}", order.items.capacity());
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn it_is_the_map_that_it_stands_for(steps in prop::collection::vec((0_u8..200, 0_u8..3), 0..400)) {
            let (mut order, mut map) = (InOrder::default(), BTreeMap::new());
            for (place, kind) in steps {
                match kind {
                    0 => prop_assert_eq!(order.remove(place), map.remove(&place)),
                    1 => {
                        let first = map.pop_first();
                        prop_assert_eq!(order.first(), first.map(|(place, _)| place));
                        if let Some((place, item)) = first {
                            prop_assert_eq!(order.remove(place), Some(item));
                        }
                    }
                    // A place is given once.
                    _ if order.position(place).is_err() => {
                        order.insert(place, u64::from(place));
                        map.insert(place, u64::from(place));
                    }
                    _ => {}
                }
                prop_assert_eq!((order.len(), order.is_empty()), (map.len(), map.is_empty()));
                prop_assert_eq!(order.values().count(), map.len());
            }
        }
    }
}
