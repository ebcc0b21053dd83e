//! Undoes content codings while a body arrives: gzip, deflate, br, zstd, alone or chained.
//!
//! ```text
//!   pieces ──► CodingReader (outermost coding) ──► CodingReader ──► read()
//! ```
//!
//! Reading asks for the next piece only when all that arrived is handed out. A piece that is not
//! there yet is `WouldBlock`: nothing is lost, and reading goes on where it was. A reader that stops
//! costs no more than its buffer, so a bomb is never unpacked as a whole; what a coding keeps in
//! memory is bounded by its window (32 KiB deflate, 16 MiB br, 8 MiB zstd as RFC 9659 demands).

mod beginning;
mod brotli;
mod coding;

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc;

use bytes::{Buf, Bytes};

use beginning::CodedLayer;
use coding::{CodingReader, Source};

pub(crate) use beginning::is_of_text;
pub use coding::DecodeError;
pub(crate) use coding::{is_known, is_signed};

/// Bytes worth reading at once.
pub const PIECE: usize = 32 * 1024;
/// Codings in one chain; more is an attack, not a body.
const CHAIN: usize = 5;

/// Reads a body through all its codings. Errors are a [`DecodeError`] inside an [`io::Error`] whose
/// kind is `UnexpectedEof` when only the end is missing. What was read before stays valid.
pub struct ContentDecoder {
    bytes: Source,
    /// From the outside in.
    layers: Vec<CodedLayer>,
    warnings: mpsc::Receiver<String>,
}

impl ContentDecoder {
    /// For codings from the outside in, as `http1::content_codings` lists them. No coding at all
    /// hands bytes through. `pull` gives a piece of the encoded body, or waits for it; while the next is not
    /// there yet it may say `WouldBlock`, and so does reading then. No piece is the end of it.
    pub fn pulling(
        codings: &[String],
        pull: impl FnMut() -> io::Result<Option<Bytes>> + Send + 'static,
    ) -> Result<ContentDecoder, DecodeError> {
        if codings.len() > CHAIN {
            let message = format!("more than {CHAIN} codings on top of each other");
            return Err(DecodeError { coding: codings.join(", "), message, is_foreign: true });
        }
        let (remarks, warnings) = mpsc::channel();
        let mut bytes: Source = Box::new(Pieces { pull, piece: Bytes::new() });
        let mut layers = Vec::new();
        for coding in codings.iter().filter(|name| !name.eq_ignore_ascii_case("identity")) {
            let reader = CodingReader::new(coding, bytes, remarks.clone())?;
            layers.push(reader.layer());
            bytes = Box::new(BufReader::with_capacity(PIECE, reader));
        }
        Ok(ContentDecoder { bytes, layers, warnings })
    }

    /// Remarks about data that decoded all the same, such as bytes after its end. Each comes once.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.try_iter().collect()
    }
}

impl ContentDecoder {
    /// A coding without a signature makes something of any bytes, which the coding below refuses: it
    /// is the upper one that was not there.
    fn blame(&self, error: io::Error) -> io::Error {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<DecodeError>());
        let Some(name) = inner.map(|inner| &inner.coding) else { return error };
        let failed = self.layers.iter().rposition(|layer| layer.name == name).unwrap_or(0);
        let mut above = self.layers.iter().take(failed).filter(|layer| !layer.is_signed);
        let found = above.find_map(|layer| Some((layer.name, layer.lie()?)));
        found.map_or(error, |(name, lie)| DecodeError::of(name, io::ErrorKind::InvalidData, lie))
    }
}

impl Read for ContentDecoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(out).map_err(|error| self.blame(error))
    }
}

/// The encoded body as decoders read it, from one piece to the next.
struct Pieces<P> {
    pull: P,
    piece: Bytes,
}

impl<P: FnMut() -> io::Result<Option<Bytes>>> BufRead for Pieces<P> {
    /// The last byte of a piece is handed out alone. Decoders ask for input before they hand out
    /// what they hold back for want of room, and would wait for the next piece with it: this byte
    /// makes them go on.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            let Some(piece) = (self.pull)()? else { return Ok(&[]) };
            self.piece = piece;
        }
        let length = (self.piece.len() - 1).max(1);
        Ok(&self.piece[..length])
    }

    fn consume(&mut self, used: usize) {
        self.piece.advance(used);
    }
}

impl<P: FnMut() -> io::Result<Option<Bytes>>> Read for Pieces<P> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let used = self.fill_buf()?.read(out)?;
        self.consume(used);
        Ok(used)
    }
}

#[cfg(test)]
mod content_coding_tests;
