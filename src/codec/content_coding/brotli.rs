//! The `br` coding (RFC 7932) as a reader. The one of the library has an input buffer of its own,
//! in which bytes after the end are lost, and one error for corrupt and for missing data.

use std::io::{self, Cursor, ErrorKind, Read};
use std::mem;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::coding::Source;

/// Coded bytes the library may hold in a buffer of its own.
const TAKEN: usize = 8;

/// Decoded bytes of a source; what follows the end of the stream stays in the source.
pub(super) struct BrotliDecoder {
    source: Source,
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    /// The coded bytes the library took last.
    taken: Vec<u8>,
    has_ended: bool,
}

impl BrotliDecoder {
    /// At the first byte of a stream; nothing is read yet.
    pub(super) fn new(source: Source) -> Self {
        let alloc = StandardAlloc::default;
        let state = Box::new(BrotliState::new(alloc(), alloc(), alloc()));
        BrotliDecoder { source, state, taken: Vec::new(), has_ended: false }
    }

    /// The coded bytes that were not used.
    pub(super) fn get_mut(&mut self) -> &mut Source {
        &mut self.source
    }

    /// The stream has ended. What the library took in pieces too small for it, and did not use, goes
    /// back.
    fn end(&mut self) {
        self.has_ended = true;
        if self.state.buffer_length == 0 {
            return;
        }
        let reader = &self.state.br;
        let bits = (size_of_val(&reader.val_) * 8).saturating_sub(reader.bit_pos_ as usize);
        let unused = (reader.avail_in as usize + bits / 8).min(self.taken.len());
        let rest = self.taken.split_off(self.taken.len() - unused);
        let source = mem::replace(&mut self.source, Box::new(io::empty()));
        self.source = Box::new(Cursor::new(rest).chain(source));
    }
}

impl Read for BrotliDecoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.has_ended {
            return Ok(0);
        }
        loop {
            let input = self.source.fill_buf()?;
            let (mut left, mut used, ended) = (input.len(), 0, input.is_empty());
            let (mut room, mut made, mut total) = (out.len(), 0, 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut used,
                input,
                &mut room,
                &mut made,
                out,
                &mut total,
                &mut self.state,
            );
            let fresh = used.min(TAKEN);
            self.taken.extend_from_slice(&input[used - fresh..used]);
            self.taken.drain(..self.taken.len().saturating_sub(TAKEN));
            self.source.consume(used);
            match result {
                BrotliResult::ResultFailure => {
                    return Err(io::Error::new(ErrorKind::InvalidData, "no brotli"));
                }
                BrotliResult::ResultSuccess => {
                    self.end();
                    return Ok(made);
                }
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput if made > 0 => {
                    return Ok(made);
                }
                BrotliResult::NeedsMoreInput if ended => {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            }
        }
    }
}
