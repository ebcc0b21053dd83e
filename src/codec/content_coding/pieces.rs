//! The encoded body as decoders read it: pieces that arrive one after the other.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};

/// Bytes of an iterator that may wait for the next of them.
pub(super) struct Pieces<I> {
    next: I,
    piece: Bytes,
}

impl<I: Iterator<Item = Bytes>> Pieces<I> {
    /// Takes the first piece only when it is read.
    pub(super) fn new(next: I) -> Self {
        Pieces { next, piece: Bytes::new() }
    }
}

impl<I: Iterator<Item = Bytes>> BufRead for Pieces<I> {
    /// The last byte of a piece is handed out alone. Decoders ask for input before they hand out
    /// what they hold back for want of room, and would wait for the next piece with it: this byte
    /// makes them go on.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            let Some(piece) = self.next.next() else { return Ok(&[]) };
            self.piece = piece;
        }
        let length = (self.piece.len() - 1).max(1);
        Ok(&self.piece[..length])
    }

    fn consume(&mut self, used: usize) {
        self.piece.advance(used);
    }
}

impl<I: Iterator<Item = Bytes>> Read for Pieces<I> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let used = self.fill_buf()?.read(out)?;
        self.consume(used);
        Ok(used)
    }
}
