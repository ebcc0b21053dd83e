//! What was told last of one side of a stream, so that a retransmission which says other bytes is seen.
//!
//! Called by the streams. What came first is shown, as a receiver takes it; a file in which the two differ
//! was damaged on its way, or somebody wants two readers of it to see two things.

use std::collections::VecDeque;

use bytes::Bytes;

/// Bytes of one side that are remembered, and pieces of it.
const BYTES: usize = 64 * 1024;
const PIECES: usize = 256;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct ToldBytes {
    /// In the order they were told: the number of the first byte, and the bytes.
    pieces: VecDeque<(u32, Bytes)>,
    bytes: usize,
}

impl ToldBytes {
    /// These were told, the first of which has this number.
    pub(super) fn push(&mut self, seq: u32, bytes: &Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.bytes += bytes.len();
        self.pieces.push_back((seq, bytes.clone()));
        while self.bytes > BYTES || self.pieces.len() > PIECES {
            self.forget_one();
        }
    }

    /// How many bytes of a segment are others than those that were told of their places.
    pub(super) fn others(&self, seq: u32, segment: &[u8]) -> usize {
        self.pieces.iter().map(|(at, piece)| others((*at, piece), (seq, segment))).sum()
    }

    /// Bytes that are remembered.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// Forgets the older half.
    pub(super) fn halve(&mut self) {
        for _ in 0..self.pieces.len().div_ceil(2) {
            self.forget_one();
        }
    }

    fn forget_one(&mut self) {
        if let Some((_, bytes)) = self.pieces.pop_front() {
            self.bytes -= bytes.len();
        }
    }
}

/// Of the places that both of two pieces have, how many have other bytes.
pub(super) fn others((at, one): (u32, &[u8]), (other_at, other): (u32, &[u8])) -> usize {
    let ahead = i64::from(other_at.wrapping_sub(at).cast_signed());
    // Where the second begins in the first, and the first in the second.
    let [skip, skip_other] = [ahead, -ahead].map(|far| usize::try_from(far).unwrap_or(0));
    let (Some(one), Some(other)) = (one.get(skip..), other.get(skip_other..)) else { return 0 };
    one.iter().zip(other).filter(|(one, other)| one != other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_one_place_are_compared_round_the_end_of_the_numbers() {
        let mut told = ToldBytes::default();
        told.push(u32::MAX - 1, &Bytes::from_static(b"abcd"));
        told.push(2, &Bytes::from_static(b"efgh"));
        for (seq, segment, others) in [
            (u32::MAX - 1, &b"abcdefgh"[..], 0),
            (u32::MAX, b"bXd", 1),
            (0, b"cdeXXh", 2),
            (u32::MAX - 3, b"12aXcd", 1),
            (4, b"gh and more", 0),
            (6, b"behind it", 0),
            (100, b"far", 0),
        ] {
            assert_eq!(told.others(seq, segment), others, "{seq}");
        }
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let mut told = ToldBytes::default();
        for seq in 0..1_000_u32 {
            told.push(seq * 1_000, &Bytes::from(vec![7; 1_000]));
            assert!(told.len() <= BYTES && told.pieces.len() <= PIECES);
        }
        let before = told.len();
        assert_eq!(told.others(999_000, &[8; 10]), 10, "the newest is known");
        told.halve();
        assert!(told.len() <= before / 2 + 1_000);
        for seq in 0..1_000 {
            told.push(seq, &Bytes::from_static(b"x"));
        }
        assert!(told.pieces.len() <= PIECES);
    }
}
