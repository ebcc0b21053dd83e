//! The `zstd` coding (RFC 8878), any number of frames. The window is limited to 8 MiB, which is
//! what RFC 9659 allows senders, so that a hostile frame cannot claim 128 MiB.

use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::Step;

/// 8 MiB as a power of two.
const WINDOW_LOG: u32 = 23;

pub(super) struct Zstd {
    decoder: Decoder<'static>,
    /// Inside a frame.
    open: bool,
    frames: u64,
    /// What follows is no frame.
    ended: bool,
    pub(super) trailing: u64,
}

impl Zstd {
    pub(super) fn new() -> Result<Self, String> {
        let mut decoder = Decoder::new().map_err(|error| error.to_string())?;
        decoder
            .set_parameter(DParameter::WindowLogMax(WINDOW_LOG))
            .map_err(|error| error.to_string())?;
        Ok(Zstd { decoder, open: false, frames: 0, ended: false, trailing: 0 })
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        if self.ended {
            self.trailing += input.len() as u64;
            return Ok(Step { used: input.len(), made: 0 });
        }
        if input.is_empty() && !self.open {
            return Ok(Step { used: 0, made: 0 });
        }
        let status = match self.decoder.run_on_buffers(input, output) {
            Ok(status) => status,
            Err(_) if !self.open && self.frames > 0 => {
                self.ended = true;
                return self.step(input, output);
            }
            Err(error) => return Err(explain(&error.to_string())),
        };
        let was_open = std::mem::replace(&mut self.open, status.remaining != 0);
        self.frames += u64::from(!self.open);
        if was_open && !self.open && status.bytes_read == 0 && status.bytes_written == 0 {
            return self.step(input, output);
        }
        Ok(Step { used: status.bytes_read, made: status.bytes_written })
    }

    pub(super) fn is_complete(&self) -> bool {
        self.ended || !self.open
    }
}

fn explain(error: &str) -> String {
    let text = error.to_ascii_lowercase();
    if text.contains("memory") || text.contains("window") {
        "a window larger than the 8 MiB RFC 9659 allows".into()
    } else if text.contains("unknown frame") {
        "the data is not zstd".into()
    } else {
        format!("the data is corrupt ({text})")
    }
}
