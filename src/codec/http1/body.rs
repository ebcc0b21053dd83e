//! Takes a body off the wire whatever its framing is: a length, the end of the connection, or the
//! chunked transfer coding (RFC 9112, section 7.1).
//!
//! Called by the engine with the bytes after a head. Only the framing is removed here; content
//! codings are undone afterwards. Any split of the input gives the same data, trailers and errors.
//! Line feeds alone are accepted and named. Endless sizes, extensions and trailers end at a bound.
//!
//! ```text
//! Size -> Data -> DataEnd -> Size ... Size(0) -> Trailer -> Done
//! ```

use super::fields::{self, Warnings, excerpt};
use crate::model::counts::{count, counted, counted_are};
use crate::model::exchange::{FieldLine, MessageFraming};

/// Longest line with a chunk size and its extensions.
const SIZE_LINE_LIMIT: usize = 16 * 1024;
/// Longest trailer section.
const TRAILER_LIMIT: usize = 64 * 1024;
/// What is wrong with data that goes on where a chunk should end.
const NO_LINE_END: &str = "chunk data is not followed by a line end";

/// Bytes that break the coding. What was decoded before stays valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (after {offset} bytes of the chunked body)")]
pub struct ChunkError {
    /// Bytes of the coded body before the line or byte that is wrong.
    pub offset: u64,
    pub message: String,
}

/// A body being received.
#[derive(Debug, Clone)]
pub struct BodyReader {
    state: BodyState,
    /// Body bytes handed out, framing not counted.
    received: u64,
    /// Bytes taken so far, framing counted.
    taken: u64,
    /// The line being received in the states that read lines.
    line: Vec<u8>,
    trailer_len: usize,
    trailers: Vec<FieldLine>,
    warnings: Warnings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyState {
    UntilClose,
    /// Bytes of a known length.
    Left(u64),
    /// The line with the size of a chunk.
    Size,
    /// Bytes of a chunk.
    Data(u64),
    /// The line end after them.
    DataEnd,
    Trailer,
    Done,
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
            MessageFraming::None | MessageFraming::Length(0) => BodyState::Done,
            MessageFraming::Length(length) => BodyState::Left(length),
            MessageFraming::Chunked => BodyState::Size,
            MessageFraming::UntilClose | MessageFraming::UntilStreamEnd => BodyState::UntilClose,
        };
        BodyReader {
            state,
            received: 0,
            taken: 0,
            line: Vec::new(),
            trailer_len: 0,
            trailers: Vec::new(),
            warnings: Warnings::default(),
        }
    }

    /// Takes bytes and hands out body bytes. Call it once with nothing to learn whether a body
    /// is complete before its first byte.
    pub fn push(
        &mut self,
        bytes: &[u8],
        out: &mut dyn FnMut(&[u8]),
    ) -> Result<BodyProgress, ChunkError> {
        let mut rest = bytes;
        while !rest.is_empty() && self.state != BodyState::Done {
            let used = match self.state {
                BodyState::UntilClose => self.emit(rest, u64::MAX, out),
                BodyState::Left(left) => {
                    let used = self.emit(rest, left, out);
                    let left = left - used as u64;
                    self.state = if left == 0 { BodyState::Done } else { BodyState::Left(left) };
                    used
                }
                BodyState::Data(left) => {
                    let used = self.emit(rest, left, out);
                    let left = left - used as u64;
                    self.state = if left == 0 { BodyState::DataEnd } else { BodyState::Data(left) };
                    used
                }
                _ => self.line(rest)?,
            };
            self.taken += used as u64;
            rest = &rest[used..];
        }
        let used = bytes.len() - rest.len();
        Ok(BodyProgress { used, done: self.state == BodyState::Done })
    }

    /// The peer finished sending: `Ok` when the body is complete, else what is missing, in words.
    pub fn finish(&self) -> Result<(), String> {
        Err(match self.state {
            BodyState::UntilClose | BodyState::Done => return Ok(()),
            BodyState::Left(left) => {
                format!("{} of {} are missing", count(left), counted(self.received + left, "byte"))
            }
            BodyState::Data(left) => format!("of a chunk {} missing", counted_are(left, "byte")),
            BodyState::Size | BodyState::DataEnd => "the last chunk is missing".into(),
            BodyState::Trailer => "the empty line after the last chunk is missing".into(),
        })
    }

    /// Body bytes so far, framing not counted.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Trailer fields so far.
    #[must_use]
    pub fn trailers(&self) -> &[FieldLine] {
        &self.trailers
    }

    /// What was odd about the framing so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.clone().into_list()
    }

    /// At most `most` of these bytes are body; returns how many are.
    fn emit(&mut self, bytes: &[u8], most: u64, out: &mut dyn FnMut(&[u8])) -> usize {
        let used = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
        out(&bytes[..used]);
        self.received += used as u64;
        used
    }

    /// Collects a line of the framing; returns how many bytes of `rest` it took.
    fn line(&mut self, rest: &[u8]) -> Result<usize, ChunkError> {
        let offset = self.taken - self.line.len() as u64;
        let error = |message: String| ChunkError { offset, message };
        let end = memchr::memchr(b'\n', rest);
        let used = end.map_or(rest.len(), |end| end + 1);
        let (room, too_long) = match self.state {
            BodyState::DataEnd => (2, NO_LINE_END),
            BodyState::Trailer => {
                (TRAILER_LIMIT - self.trailer_len, "the trailer section is longer than 64 KiB")
            }
            _ => (SIZE_LINE_LIMIT, "a chunk size with its extensions is longer than 16 KiB"),
        };
        if self.line.len() + used > room {
            return Err(error(too_long.into()));
        }
        self.line.extend_from_slice(&rest[..used]);
        match self.state {
            BodyState::DataEnd if !matches!(*self.line, [b'\r' | b'\n'] | [b'\r', b'\n']) => {
                return Err(error(NO_LINE_END.into()));
            }
            // A size line that cannot become one is named before its end, which may never come.
            BodyState::Size if end.is_none() && self.line.len() > 20 => {
                size(&self.line).map_err(error)?;
            }
            _ => {}
        }
        if end.is_some() {
            let mut line = std::mem::take(&mut self.line);
            self.end_line(&line).map_err(error)?;
            line.clear();
            self.line = line;
        }
        Ok(used)
    }

    fn end_line(&mut self, line: &[u8]) -> Result<(), String> {
        let text = fields::strip_line_end(line, &mut self.warnings);
        if text.contains(&b'\r') {
            self.warnings.add("a CR inside a line between chunks");
        }
        if self.state == BodyState::Size && matches!(text.last(), Some(b' ' | b'\t')) {
            self.warnings.add("white space after a chunk size");
        }
        self.state = match self.state {
            BodyState::DataEnd => BodyState::Size,
            BodyState::Trailer if text.is_empty() => BodyState::Done,
            BodyState::Trailer => {
                self.trailer_len += line.len();
                let keep = bytes::Bytes::copy_from_slice;
                fields::read_line(text, keep, &mut self.trailers, &mut self.warnings);
                if self.trailers.last().is_some_and(|field| frames(&field.name)) {
                    self.warnings
                        .add("a trailer names a length or coding; ignored (RFC 9110, 6.5.1)");
                }
                BodyState::Trailer
            }
            _ => match size(text)? {
                0 => BodyState::Trailer,
                size => BodyState::Data(size),
            },
        };
        Ok(())
    }
}

/// Whether a field would say where the message ends.
fn frames(name: &[u8]) -> bool {
    [&b"content-length"[..], b"transfer-encoding"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// The start of a line for a message: no more than what is there when it is judged before its end.
fn short(line: &[u8]) -> String {
    match line.get(..16) {
        Some(start) if line.len() > 16 => format!("{}…", excerpt(start)),
        _ => excerpt(line),
    }
}

/// Size of a chunk line; its extensions are passed over.
fn size(line: &[u8]) -> Result<u64, String> {
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let (number, rest) = line.split_at(digits);
    let rest = rest.trim_ascii();
    if digits == 0 || !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(format!("'{}' is not a chunk size", short(line.trim_ascii_end())));
    }
    let number = str::from_utf8(number).unwrap_or_default();
    // The top bit would make sums overflow; nobody sends eight exabytes.
    match u64::from_str_radix(number, 16) {
        Ok(size) if i64::try_from(size).is_ok() => Ok(size),
        _ => Err(format!("chunk size '{}' is too large", short(number.as_bytes()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn a_trailer_field_that_frames_the_message_is_named() {
        for (field, is_named) in
            [("Content-Length: 40", true), ("transfer-encoding: x", true), ("X-Sum: 1", false)]
        {
            let mut reader = BodyReader::new(MessageFraming::Chunked);
            push(&mut reader, format!("0\r\n{field}\r\n\r\n").as_bytes());
            let warnings = reader.warnings();
            assert_eq!(
                warnings.iter().any(|told| told.contains("6.5.1")),
                is_named,
                "{warnings:?}"
            );
        }
    }

    #[test]
    fn chunked_reports_trailers_and_what_is_missing() {
        let mut reader = BodyReader::new(MessageFraming::Chunked);
        push(&mut reader, b"3\r\nabc\r\n0\r\nA: 1\r\n");
        assert!(reader.finish().is_err());
        assert!(push(&mut reader, b"\r\n").1.done);
        assert_eq!((reader.trailers().len(), reader.received()), (1, 3));
    }

    type Outcome = (Vec<u8>, Vec<FieldLine>, usize, bool, Result<(), ChunkError>, Vec<String>);

    fn decode(pieces: &[&[u8]]) -> Outcome {
        let (mut reader, mut data) = (BodyReader::new(MessageFraming::Chunked), Vec::new());
        let (mut used, mut done) = (0, false);
        let mut result = Ok(());
        for piece in pieces {
            match reader.push(piece, &mut |bytes| data.extend_from_slice(bytes)) {
                Ok(progress) => (used, done) = (used + progress.used, progress.done),
                Err(error) => {
                    // How far the piece with the error was taken depends on the split.
                    (result, used) = (Err(error), 0);
                    break;
                }
            }
        }
        (data, reader.trailers().to_vec(), used, done, result, reader.warnings())
    }

    #[test]
    fn chunks_extensions_and_trailers_are_read() {
        let body = b"4;name=v\r\nWiki\r\n05 \r\npedia\r\n0\r\nX-Sum: abc\r\n\r\nnext";
        let mut reader = BodyReader::new(MessageFraming::Chunked);
        let (data, progress) = push(&mut reader, body);
        assert_eq!(data, b"Wikipedia");
        assert_eq!(&body[progress.used..], b"next");
        assert_eq!(reader.trailers()[0].value, "abc");
        assert!(progress.done);
        assert_eq!(reader.warnings(), ["white space after a chunk size"]);
    }

    #[test]
    fn a_bad_size_keeps_what_came_before_and_names_the_place() {
        let (data, _, _, done, result, _) = decode(&[b"3\r\nabc\r\nzz\r\n"]);
        assert_eq!((data.as_slice(), done), (&b"abc"[..], false));
        let error = result.unwrap_err();
        assert_eq!(error.offset, 8);
        assert!(error.message.contains("'zz'"), "{error}");
    }

    #[test]
    fn broken_codings_are_errors() {
        for body in [
            "\r\n",
            "-1\r\n",
            "0x3\r\nabc\r\n",
            "ffffffffffffffff\r\n",
            "10000000000000000\r\n",
            "3 3\r\n",
            "3\r\nabcd\r\n",
            "3\r\nabc\rx",
            "this is no chunk size at all and never ends",
        ] {
            assert!(decode(&[body.as_bytes()]).4.is_err(), "{body:?}");
        }
    }

    #[test]
    fn line_feeds_alone_are_accepted_and_named() {
        let (data, _, _, done, _, warnings) = decode(&[b"3\nabc\n0\n\n"]);
        assert_eq!((data.as_slice(), done, warnings.len()), (&b"abc"[..], true, 1));
    }

    #[test]
    fn endless_lines_end_at_their_bound() {
        let mut reader = BodyReader::new(MessageFraming::Chunked);
        reader.push(b"3;", &mut |_| {}).unwrap();
        let pushes = (0..1000).take_while(|_| reader.push(&[b'x'; 1024], &mut |_| {}).is_ok());
        assert!(pushes.count() <= 16);
        let mut reader = BodyReader::new(MessageFraming::Chunked);
        reader.push(b"0\r\n", &mut |_| {}).unwrap();
        let pushes =
            (0..10_000).take_while(|_| reader.push(b"a: 0123456789\r\n", &mut |_| {}).is_ok());
        assert!(pushes.count() <= TRAILER_LIMIT / 15);
    }

    #[test]
    fn a_cut_says_what_is_missing() {
        let mut reader = BodyReader::new(MessageFraming::Chunked);
        reader.push(b"a\r\n123", &mut |_| {}).unwrap();
        assert_eq!(reader.finish(), Err("of a chunk 7 bytes are missing".into()));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_split_gives_the_same_result(
            body in r"([0-3](;x)?(\r\n|\n)[ab]{0,3}(\r\n|\n)?){0,5}(0\r\n(T: 1\r\n)?\r\n)?[a-f]{0,30}",
            step in 1usize..9,
        ) {
            let whole = decode(&[body.as_bytes()]);
            let pieces: Vec<&[u8]> = body.as_bytes().chunks(step).collect();
            prop_assert_eq!(decode(&pieces), whole);
        }

        #[test]
        fn arbitrary_bytes_never_panic(body: Vec<u8>, step in 1usize..9) {
            let whole = decode(&[&body]);
            prop_assert_eq!(decode(&body.chunks(step).collect::<Vec<_>>()).4.is_err(), whole.4.is_err());
        }
    }
}
