//! The `br` coding (RFC 7932) as a reader. The one of the library has an input buffer of its own,
//! in which bytes after the end are lost, and one error for corrupt and for missing data.

use std::io::{self, BufRead, ErrorKind, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

/// Decoded bytes of a source; what follows the end of the stream stays in the source.
pub(super) struct BrotliDecoder<R> {
    source: R,
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
}

impl<R> BrotliDecoder<R> {
    /// At the first byte of a stream; nothing is read yet.
    pub(super) fn new(source: R) -> Self {
        let alloc = StandardAlloc::default;
        BrotliDecoder { source, state: Box::new(BrotliState::new(alloc(), alloc(), alloc())) }
    }

    /// The coded bytes that were not used.
    pub(super) fn get_mut(&mut self) -> &mut R {
        &mut self.source
    }
}

impl<R: BufRead> Read for BrotliDecoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
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
            self.source.consume(used);
            match result {
                BrotliResult::ResultFailure => {
                    return Err(io::Error::new(ErrorKind::InvalidData, "no brotli"));
                }
                BrotliResult::ResultSuccess => return Ok(made),
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
