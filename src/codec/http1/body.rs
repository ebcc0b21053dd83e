//! Takes a body off the wire whatever its framing is.
//!
//! Called by the engine with the bytes after a head. Only the framing is removed here; content
//! codings are undone afterwards.

use super::chunked::{ChunkError, ChunkedDecoder};
use crate::model::exchange::{FieldLine, MessageFraming};

/// A body being received.
#[derive(Debug, Clone)]
pub struct BodyReader {
    state: BodyState,
    /// Body bytes handed out, framing not counted.
    received: u64,
}

#[derive(Debug, Clone)]
enum BodyState {
    Left(u64),
    Chunked(Box<ChunkedDecoder>),
    UntilClose,
}

/// What a push did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyProgress {
    /// Bytes taken; what follows belongs to the next message.
    pub used: usize,
    /// The body is complete.
    pub done: bool,
}

impl BodyReader {
    /// At the first byte after the head, framed as RFC 9112 section 6.3 decides.
    #[must_use]
    pub fn new(framing: MessageFraming) -> Self {
        let state = match framing {
            MessageFraming::None => BodyState::Left(0),
            MessageFraming::Length(length) => BodyState::Left(length),
            MessageFraming::Chunked => BodyState::Chunked(Box::default()),
            MessageFraming::UntilClose => BodyState::UntilClose,
        };
        BodyReader { state, received: 0 }
    }

    /// Takes bytes and hands out body bytes. Call it once with nothing to learn whether a body
    /// is complete before its first byte.
    pub fn push(
        &mut self,
        bytes: &[u8],
        out: &mut dyn FnMut(&[u8]),
    ) -> Result<BodyProgress, ChunkError> {
        let received = &mut self.received;
        let mut count = |data: &[u8]| {
            *received += data.len() as u64;
            out(data);
        };
        match &mut self.state {
            BodyState::Left(left) => {
                let used = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                if used > 0 {
                    count(&bytes[..used]);
                }
                *left -= used as u64;
                Ok(BodyProgress { used, done: *left == 0 })
            }
            BodyState::Chunked(decoder) => {
                let used = decoder.push(bytes, &mut count)?;
                Ok(BodyProgress { used, done: decoder.is_done() })
            }
            BodyState::UntilClose => {
                if !bytes.is_empty() {
                    count(bytes);
                }
                Ok(BodyProgress { used: bytes.len(), done: false })
            }
        }
    }

    /// The peer finished sending: `Ok` when the body is complete, else what is missing, in words.
    pub fn finish(&self) -> Result<(), String> {
        match &self.state {
            BodyState::UntilClose | BodyState::Left(0) => Ok(()),
            BodyState::Left(left) => {
                let total = self.received + left;
                Err(format!("{left} of {total} bytes are missing"))
            }
            BodyState::Chunked(decoder) if decoder.is_done() => Ok(()),
            BodyState::Chunked(decoder) => Err(decoder.missing()),
        }
    }

    /// Body bytes so far, framing not counted.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Trailer fields so far.
    #[must_use]
    pub fn trailers(&self) -> &[FieldLine] {
        match &self.state {
            BodyState::Chunked(decoder) => decoder.trailers(),
            _ => &[],
        }
    }

    /// What was odd about the framing so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        match &self.state {
            BodyState::Chunked(decoder) => decoder.warnings(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(reader: &mut BodyReader, bytes: &[u8]) -> (Vec<u8>, BodyProgress) {
        let mut data = Vec::new();
        let progress = reader.push(bytes, &mut |part| data.extend_from_slice(part)).unwrap();
        (data, progress)
    }

    #[test]
    fn a_length_takes_its_bytes_and_leaves_the_rest() {
        let mut reader = BodyReader::new(MessageFraming::Length(5));
        assert_eq!(push(&mut reader, b"abc").1, BodyProgress { used: 3, done: false });
        assert_eq!(reader.finish(), Err("2 of 5 bytes are missing".into()));
        let (data, progress) = push(&mut reader, b"deNEXT");
        assert_eq!((data.as_slice(), progress), (&b"de"[..], BodyProgress { used: 2, done: true }));
        assert_eq!((reader.finish(), reader.received()), (Ok(()), 5));
    }

    #[test]
    fn no_body_is_complete_before_its_first_byte() {
        for framing in [MessageFraming::None, MessageFraming::Length(0)] {
            let mut reader = BodyReader::new(framing);
            assert_eq!(push(&mut reader, b"").1, BodyProgress { used: 0, done: true });
            assert_eq!(push(&mut reader, b"x").1.used, 0);
        }
    }

    #[test]
    fn until_close_ends_with_the_connection() {
        let mut reader = BodyReader::new(MessageFraming::UntilClose);
        assert_eq!(push(&mut reader, b"abc").1, BodyProgress { used: 3, done: false });
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn chunked_reports_trailers_and_what_is_missing() {
        let mut reader = BodyReader::new(MessageFraming::Chunked);
        push(&mut reader, b"3\r\nabc\r\n0\r\nA: 1\r\n");
        assert!(reader.finish().is_err());
        assert!(push(&mut reader, b"\r\n").1.done);
        assert_eq!((reader.trailers().len(), reader.received()), (1, 3));
    }
}
