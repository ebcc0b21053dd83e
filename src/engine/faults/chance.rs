//! Chance that can be repeated: the same seed gives the same run. Pure (`SplitMix64`).

use bytes::Bytes;

/// A row of numbers by chance.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// One for each seed, and of each for each line.
    pub(super) fn new(seed: u32, line: u64) -> Self {
        let mut chance = Chance(u64::from(seed) << 32 ^ line.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one; 0 below 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // The upper half of the product: no bias that anybody could see.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// Whether it happens, of a hundred times so often.
    pub(super) fn happens(&mut self, percent: u8) -> bool {
        percent >= 100 || self.below(100) < u64::from(percent)
    }

    /// Turns a bit of so many bytes, each another byte; tells whether there are some.
    pub(super) fn turn_bits(&mut self, bytes: u32, data: &mut Bytes) -> bool {
        let mut turned = data.to_vec();
        let len = turned.len() as u64;
        let mut places: Vec<u64> = Vec::new();
        for _ in 0..u64::from(bytes).min(len) {
            let mut place = self.below(len);
            while places.contains(&place) {
                place = (place + 1) % len;
            }
            // What is turned twice would be as it was; of very many that is looked for no longer.
            if places.len() < 64 {
                places.push(place);
            }
            if let Some(byte) = turned.get_mut(place as usize) {
                *byte ^= 1 << self.below(8);
            }
        }
        *data = turned.into();
        len > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_percent_are_percent() {
        let row = |seed, line| {
            let mut chance = Chance::new(seed, line);
            [(); 20].map(|()| chance.below(1000))
        };
        assert_eq!(row(1, 1), row(1, 1));
        assert_ne!(row(1, 1), row(2, 1));
        assert_ne!(row(1, 1), row(1, 2));
        let mut chance = Chance::new(7, 0);
        let happened = (0..10_000).filter(|_| chance.happens(30)).count();
        assert!((2_800..3_200).contains(&happened), "{happened}");
        assert!(chance.happens(100) && chance.below(0) == 0);
    }
}
