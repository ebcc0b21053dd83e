//! What a peer was given and has not taken yet, piece by piece: how `send` and `listen` know that a
//! slow peer holds its input up, and what is missing in the end.

use std::collections::VecDeque;

/// Most pieces under way; fewer than a session takes orders, so none is refused when the peer is slower
/// than the pipe.
const PIECES: usize = 8;
/// Bytes under way behind which no piece follows: one whole piece.
const BYTES: u64 = 256 * 1024;

/// Pieces in order, each with the bytes still to leave.
#[derive(Debug, Default)]
pub(super) struct InFlight(VecDeque<u64>);

impl InFlight {
    /// A piece of so many bytes is under way.
    pub(super) fn push(&mut self, bytes: usize) {
        self.0.push_back(bytes as u64);
    }

    /// So many bytes have left.
    pub(super) fn landed(&mut self, mut bytes: u64) {
        while let Some(first) = self.0.front_mut() {
            let part = bytes.min(*first);
            (*first, bytes) = (*first - part, bytes - part);
            if *first > 0 {
                return;
            }
            self.0.pop_front();
        }
    }

    /// The oldest piece goes nowhere; how many bytes that are.
    pub(super) fn drop_first(&mut self) -> u64 {
        self.0.pop_front().unwrap_or_default()
    }

    /// Pieces that have not left whole.
    pub(super) fn pieces(&self) -> usize {
        self.0.len()
    }

    /// Whether one more may follow: while it is read the one before is written. More of them would only
    /// take their turns in memory that the processor has not at hand any more.
    pub(super) fn has_room(&self) -> bool {
        self.0.len() < PIECES && self.bytes() <= BYTES
    }

    /// Bytes that have not left.
    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_piece_is_read_while_one_is_written() {
        let (mut under_way, piece) = (InFlight::default(), BYTES as usize);
        for has_room in [true, false] {
            under_way.push(piece);
            assert_eq!(under_way.has_room(), has_room);
        }
        under_way.landed(BYTES - 1);
        assert!(!under_way.has_room());
        under_way.landed(1);
        assert!(under_way.has_room());
    }

    #[test]
    fn short_pieces_are_bounded_by_their_number() {
        let mut under_way = InFlight::default();
        while under_way.has_room() {
            under_way.push(1);
        }
        assert_eq!((under_way.pieces(), under_way.bytes()), (PIECES, PIECES as u64));
    }

    #[test]
    fn pieces_leave_in_parts_and_several_at_once() {
        let mut under_way = InFlight::default();
        for bytes in [3, 0, 4] {
            under_way.push(bytes);
        }
        under_way.landed(2);
        assert_eq!((under_way.pieces(), under_way.bytes()), (3, 5));
        under_way.landed(2);
        assert_eq!((under_way.pieces(), under_way.bytes()), (1, 3));
        under_way.landed(9);
        assert_eq!((under_way.pieces(), under_way.drop_first()), (0, 0));
    }
}
