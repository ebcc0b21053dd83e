//! The `deflate` coding: the zlib format as RFC 9110 says, or raw deflate as some servers send.
//! The first two bytes tell which: a zlib header is a checked pair that no encoder begins raw
//! deflate with.

use flate2::{Decompress, FlushDecompress, Status};

use super::Step;

pub(super) struct Deflate {
    state: State,
    pub(super) trailing: u64,
}

enum State {
    Start,
    /// The first byte; the second decides.
    First(u8),
    Inflating(Box<Decompress>),
    Done,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Deflate { state: State::Start, trailing: 0 }
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        let Some(&byte) = input.first() else {
            return self.inflate(input, output);
        };
        match self.state {
            State::Start => {
                self.state = State::First(byte);
                Ok(Step { used: 1, made: 0 })
            }
            State::First(first) => {
                let pair = [first, byte];
                let is_zlib = first & 0x0f == 8 && u16::from_be_bytes(pair) % 31 == 0;
                self.state = State::Inflating(Box::new(Decompress::new(is_zlib)));
                // Two bytes hold at most one literal, so the buffer has room for all of it.
                let step = self.inflate(&pair, output)?;
                if step.used < pair.len() {
                    return Err("the data is corrupt".into());
                }
                Ok(Step { used: 1, made: step.made })
            }
            State::Inflating(_) => self.inflate(input, output),
            State::Done => {
                self.trailing += input.len() as u64;
                Ok(Step { used: input.len(), made: 0 })
            }
        }
    }

    fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        let State::Inflating(inflate) = &mut self.state else {
            return Ok(Step { used: 0, made: 0 });
        };
        let (step, status) = inflate_step(inflate, input, output)?;
        if status == Status::StreamEnd {
            self.state = State::Done;
            if step.used == 0 && step.made == 0 {
                return self.step(input, &mut []);
            }
        }
        Ok(step)
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.state, State::Start | State::Done)
    }
}

/// One call of the inflater, with what it took and made.
pub(super) fn inflate_step(
    inflate: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Step, Status), String> {
    let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
    let status = inflate
        .decompress(input, output, FlushDecompress::None)
        .map_err(|_| "the data is corrupt".to_owned())?;
    let used = (inflate.total_in() - before_in) as usize;
    let made = (inflate.total_out() - before_out) as usize;
    Ok((Step { used, made }, status))
}
