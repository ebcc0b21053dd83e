//! The `br` coding (RFC 7932), through the decoder's stream interface.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::Step;

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

pub(super) struct Brotli {
    state: State,
    begun: bool,
    done: bool,
    pub(super) trailing: u64,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        let state = BrotliState::new(alloc(), alloc(), alloc());
        Brotli { state, begun: false, done: false, trailing: 0 }
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        if self.done {
            self.trailing += input.len() as u64;
            return Ok(Step { used: input.len(), made: 0 });
        }
        self.begun |= !input.is_empty();
        let (mut left, mut used) = (input.len(), 0);
        let (mut room, mut made, mut total) = (output.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut used,
            input,
            &mut room,
            &mut made,
            output,
            &mut total,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultFailure => return Err("the data is corrupt".into()),
            BrotliResult::ResultSuccess => {
                self.done = true;
                if used == 0 && made == 0 {
                    return self.step(input, output);
                }
            }
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
        }
        Ok(Step { used, made })
    }

    pub(super) fn is_complete(&self) -> bool {
        self.done || !self.begun
    }
}
