//! Undoes content codings while a body arrives: gzip, deflate, br, zstd, alone or chained.
//!
//! ```text
//!   pieces ──► CodingReader (outermost coding) ──► CodingReader ──► read()
//! ```
//!
//! Used on a thread that may wait: reading asks for the next piece only when all that arrived is
//! handed out. A reader that stops costs no more than its buffer, so a bomb is never unpacked as a
//! whole; what a coding keeps in memory is bounded by its window (32 KiB deflate, 16 MiB br, 8 MiB
//! zstd as RFC 9659 demands).

mod brotli;
mod coding;
mod pieces;

use std::io::{self, BufReader, Read};
use std::sync::mpsc;

use bytes::Bytes;

use coding::{CodingReader, Source};
use pieces::Pieces;

pub use coding::DecodeError;

/// Bytes worth reading at once.
pub const PIECE: usize = 32 * 1024;
/// Codings in one chain; more is an attack, not a body.
const CHAIN: usize = 5;

/// Reads a body through all its codings. Errors are a [`DecodeError`] inside an [`io::Error`] whose
/// kind is `UnexpectedEof` when only the end is missing. What was read before stays valid.
pub struct ContentDecoder {
    bytes: Source,
    warnings: mpsc::Receiver<String>,
}

impl ContentDecoder {
    /// For codings from the outside in, as `http1::content_codings` lists them. No coding at all
    /// hands bytes through. `pieces` may wait; its end is the end of the encoded body.
    pub fn new(
        codings: &[String],
        pieces: impl Iterator<Item = Bytes> + Send + 'static,
    ) -> Result<ContentDecoder, DecodeError> {
        if codings.len() > CHAIN {
            let message = format!("more than {CHAIN} codings on top of each other");
            return Err(DecodeError { coding: codings.join(", "), message });
        }
        let (remarks, warnings) = mpsc::channel();
        let mut bytes: Source = Box::new(Pieces::new(pieces));
        for coding in codings.iter().filter(|name| !name.eq_ignore_ascii_case("identity")) {
            let reader = CodingReader::new(coding, bytes, remarks.clone())?;
            bytes = Box::new(BufReader::with_capacity(PIECE, reader));
        }
        Ok(ContentDecoder { bytes, warnings })
    }

    /// Remarks about data that decoded all the same, such as bytes after its end. Each comes once.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.try_iter().collect()
    }
}

impl Read for ContentDecoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(out)
    }
}

#[cfg(test)]
mod content_coding_tests;
