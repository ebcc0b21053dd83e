//! The gzip format (RFC 1952): any number of members, checksums verified, push style.
//!
//! ```text
//! Start -> Header(10) -> [extra] -> [name] -> [comment] -> [crc] -> Body -> Trailer(8) -> Start
//! ```

use flate2::{Crc, Decompress, Status};

use super::Step;
use super::deflate::inflate_step;

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEADER_CRC: u8 = 2;

pub(super) struct Gzip {
    state: State,
    /// One for all members: a body of a million tiny ones must not cost a million windows.
    inflate: Decompress,
    /// Bytes of the fixed-size part being received.
    part: Vec<u8>,
    /// Flags of the member not dealt with yet.
    flags: u8,
    members: u64,
    checksum: Crc,
    pub(super) trailing: u64,
}

enum State {
    Start,
    Header,
    ExtraLength,
    Extra(u16),
    /// A name or comment, which ends with a zero byte.
    Text,
    HeaderCrc,
    Body,
    Trailer,
    /// Something after the last member that is no member.
    Trailing,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Gzip {
            state: State::Start,
            inflate: Decompress::new(false),
            part: Vec::new(),
            flags: 0,
            members: 0,
            checksum: Crc::new(),
            trailing: 0,
        }
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        if matches!(self.state, State::Body) {
            let (step, status) = inflate_step(&mut self.inflate, input, output)?;
            self.checksum.update(output.get(..step.made).unwrap_or_default());
            if status == Status::StreamEnd {
                self.state = State::Trailer;
            }
            // The end may be noticed without taking anything; then the trailer goes on at once.
            if step.used > 0 || step.made > 0 || status != Status::StreamEnd {
                return Ok(step);
            }
        }
        if input.is_empty() {
            return Ok(Step { used: 0, made: 0 });
        }
        Ok(Step { used: self.frame(input)?, made: 0 })
    }

    /// Everything but the compressed data; returns the bytes taken.
    fn frame(&mut self, input: &[u8]) -> Result<usize, String> {
        match self.state {
            State::Start if self.members > 0 && input.first() != Some(&0x1f) => {
                self.state = State::Trailing;
                self.frame(input)
            }
            State::Start => {
                self.state = State::Header;
                self.part.clear();
                self.frame(input)
            }
            State::Header => self.fixed(input, 10, Self::header),
            State::ExtraLength => self.fixed(input, 2, |gzip, part| {
                let length = part.iter().rev().fold(0, |sum, byte| sum << 8 | u16::from(*byte));
                gzip.state = State::Extra(length);
                if length == 0 {
                    gzip.optional();
                }
                Ok(())
            }),
            State::Extra(left) => {
                let used = input.len().min(usize::from(left));
                self.state = State::Extra(left - used as u16);
                if usize::from(left) == used {
                    self.optional();
                }
                Ok(used)
            }
            State::Text => match memchr::memchr(0, input) {
                Some(end) => {
                    self.optional();
                    Ok(end + 1)
                }
                None => Ok(input.len()),
            },
            State::HeaderCrc => self.fixed(input, 2, |gzip, _| {
                gzip.optional();
                Ok(())
            }),
            State::Trailer => self.fixed(input, 8, Self::trailer),
            State::Trailing => {
                self.trailing += input.len() as u64;
                Ok(input.len())
            }
            State::Body => Ok(0),
        }
    }

    /// Collects `length` bytes and hands them to `then`.
    fn fixed(
        &mut self,
        input: &[u8],
        length: usize,
        then: impl FnOnce(&mut Self, &[u8]) -> Result<(), String>,
    ) -> Result<usize, String> {
        let used = input.len().min(length - self.part.len().min(length));
        self.part.extend_from_slice(input.get(..used).unwrap_or_default());
        if self.part.len() >= length {
            let part = std::mem::take(&mut self.part);
            then(self, &part)?;
        }
        Ok(used)
    }

    fn header(&mut self, part: &[u8]) -> Result<(), String> {
        match part {
            [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => {
                self.flags = *flags;
                self.checksum.reset();
                self.inflate.reset(false);
                self.optional();
                Ok(())
            }
            _ if self.members > 0 => {
                self.trailing += part.len() as u64;
                self.state = State::Trailing;
                Ok(())
            }
            [0x1f, 0x8b, ..] => Err("a compression method or flag that gzip does not have".into()),
            _ => Err("the data is not gzip".into()),
        }
    }

    /// Goes to the next optional part of the header, in their order, or to the data.
    fn optional(&mut self) {
        let next =
            [EXTRA, NAME, COMMENT, HEADER_CRC].into_iter().find(|flag| self.flags & flag != 0);
        self.flags &= !next.unwrap_or(0);
        self.state = match next {
            Some(EXTRA) => State::ExtraLength,
            Some(HEADER_CRC) => State::HeaderCrc,
            Some(_) => State::Text,
            None => State::Body,
        };
    }

    fn trailer(&mut self, part: &[u8]) -> Result<(), String> {
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |sum: u32, b| sum << 8 | u32::from(*b));
        let (sum, length) = part.split_at(part.len().min(4));
        if number(sum) != self.checksum.sum() {
            return Err("the checksum does not match; the data is corrupt".into());
        }
        if number(length) != self.checksum.amount() {
            return Err("the length does not match; the data is corrupt".into());
        }
        self.members += 1;
        self.state = State::Start;
        Ok(())
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.state, State::Start | State::Trailing)
    }
}
