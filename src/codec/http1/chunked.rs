//! The chunked transfer coding (RFC 9112, section 7.1), decoded push style.
//!
//! Called through `BodyReader`. Any split of the input gives the same data, trailers and errors.
//! Line feeds alone are accepted and named. Endless sizes, extensions and trailers end at a bound.
//!
//! ```text
//! Size -> Data -> DataEnd -> Size ... Size(0) -> Trailer -> Done
//! ```

use super::fields::{self, Warnings, excerpt};
use crate::model::exchange::FieldLine;

/// Longest line with a chunk size and its extensions.
pub const SIZE_LINE_LIMIT: usize = 16 * 1024;
/// Longest trailer section.
pub const TRAILER_LIMIT: usize = 64 * 1024;

/// Bytes that break the coding. What was decoded before stays valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (after {offset} bytes of the chunked body)")]
pub struct ChunkError {
    /// Bytes of the coded body before the line or byte that is wrong.
    pub offset: u64,
    pub message: String,
}

/// Decoder state.
#[derive(Debug, Clone, Default)]
pub struct ChunkedDecoder {
    state: ChunkState,
    /// The line being received in the states that read lines.
    line: Vec<u8>,
    /// Coded bytes taken so far.
    taken: u64,
    trailer_len: usize,
    trailers: Vec<FieldLine>,
    warnings: Warnings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ChunkState {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailer,
    Done,
}

impl ChunkedDecoder {
    /// At the size line of the first chunk (RFC 9112 section 7.1).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes coded bytes and hands out data; returns how many were taken, which is less than all
    /// only when the body has ended.
    pub fn push(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<usize, ChunkError> {
        let mut rest = bytes;
        while !rest.is_empty() && self.state != ChunkState::Done {
            let used = match self.state {
                ChunkState::Data(left) => {
                    let length = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    out(&rest[..length]);
                    let left = left - length as u64;
                    self.state =
                        if left == 0 { ChunkState::DataEnd } else { ChunkState::Data(left) };
                    self.taken += length as u64;
                    length
                }
                ChunkState::DataEnd => self.data_end(rest)?,
                _ => self.line(rest)?,
            };
            rest = &rest[used..];
        }
        Ok(bytes.len() - rest.len())
    }

    /// Whether the last chunk and the trailer section (RFC 9112 section 7.1.2) were taken.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == ChunkState::Done
    }

    /// Where a body that ended early was cut, in words.
    #[must_use]
    pub fn missing(&self) -> String {
        match self.state {
            ChunkState::Data(left) => format!("{left} bytes of a chunk are missing"),
            ChunkState::Size | ChunkState::DataEnd => "the last chunk is missing".into(),
            ChunkState::Trailer => "the empty line after the last chunk is missing".into(),
            ChunkState::Done => "nothing is missing".into(),
        }
    }

    /// Trailer fields received so far.
    #[must_use]
    pub fn trailers(&self) -> &[FieldLine] {
        &self.trailers
    }

    /// What was odd so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.clone().into_list()
    }

    fn error(&self, message: impl Into<String>) -> ChunkError {
        let offset = self.taken.saturating_sub(self.line.len() as u64);
        ChunkError { offset, message: message.into() }
    }

    /// Data must be followed by a line end, which may come in two pieces.
    fn data_end(&mut self, rest: &[u8]) -> Result<usize, ChunkError> {
        let byte = rest.first().copied().unwrap_or_default();
        match (self.line.is_empty(), byte) {
            (true, b'\r') => self.line.push(byte),
            (_, b'\n') => {
                self.line.push(byte);
                let mut line = std::mem::take(&mut self.line);
                fields::strip_line_end(&line, &mut self.warnings);
                line.clear();
                self.line = line;
                self.state = ChunkState::Size;
            }
            _ => return Err(self.error("chunk data is not followed by a line end")),
        }
        self.taken += 1;
        Ok(1)
    }

    /// Collects a line of a size or a trailer; returns how many bytes of `rest` it took.
    fn line(&mut self, rest: &[u8]) -> Result<usize, ChunkError> {
        let end = memchr::memchr(b'\n', rest);
        let used = end.map_or(rest.len(), |end| end + 1);
        let (limit, what) = match self.state {
            ChunkState::Trailer => {
                (TRAILER_LIMIT - self.trailer_len, "the trailer section is longer")
            }
            _ => (SIZE_LINE_LIMIT, "a chunk size with its extensions is longer"),
        };
        if self.line.len() + used > limit {
            let limit =
                if self.state == ChunkState::Trailer { TRAILER_LIMIT } else { SIZE_LINE_LIMIT };
            return Err(self.error(format!("{what} than {} KiB", limit / 1024)));
        }
        self.line.extend_from_slice(&rest[..used]);
        self.taken += used as u64;
        // A size line that cannot become one is named before its end, which may never come.
        if end.is_none() && self.state == ChunkState::Size && self.line.len() > 20 {
            size(&self.line).map_err(|message| self.error(message))?;
        }
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            let text = fields::strip_line_end(&line, &mut self.warnings);
            if self.state == ChunkState::Trailer {
                self.end_trailer(text, line.len());
            } else if let Err(message) = self.end_size(text) {
                let offset = self.taken - line.len() as u64;
                return Err(ChunkError { offset, message });
            }
        }
        Ok(used)
    }

    fn end_size(&mut self, line: &[u8]) -> Result<(), String> {
        let size = size(line)?;
        self.state = if size == 0 { ChunkState::Trailer } else { ChunkState::Data(size) };
        Ok(())
    }

    fn end_trailer(&mut self, line: &[u8], length: usize) {
        self.trailer_len += length;
        if line.is_empty() {
            self.state = ChunkState::Done;
        } else {
            fields::read_line(line, &mut self.trailers, &mut self.warnings);
        }
    }
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

    type Outcome = (Vec<u8>, Vec<FieldLine>, usize, bool, Result<(), ChunkError>, Vec<String>);

    fn decode(pieces: &[&[u8]]) -> Outcome {
        let (mut decoder, mut data, mut used) = (ChunkedDecoder::new(), Vec::new(), 0);
        let mut result = Ok(());
        for piece in pieces {
            match decoder.push(piece, &mut |bytes| data.extend_from_slice(bytes)) {
                Ok(taken) => used += taken,
                Err(error) => {
                    // How far the piece with the error was taken depends on the split.
                    (result, used) = (Err(error), 0);
                    break;
                }
            }
        }
        (data, decoder.trailers().to_vec(), used, decoder.is_done(), result, decoder.warnings())
    }

    #[test]
    fn chunks_extensions_and_trailers_are_read() {
        let body = b"4;name=v\r\nWiki\r\n05 \r\npedia\r\n0\r\nX-Sum: abc\r\n\r\nnext";
        let mut decoder = ChunkedDecoder::new();
        let mut data = Vec::new();
        let used = decoder.push(body, &mut |bytes| data.extend_from_slice(bytes)).unwrap();
        assert_eq!(data, b"Wikipedia");
        assert_eq!(&body[used..], b"next");
        assert_eq!(decoder.trailers()[0].value, "abc");
        assert!(decoder.is_done());
        assert_eq!(decoder.warnings(), Vec::<String>::new());
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
        let mut decoder = ChunkedDecoder::new();
        decoder.push(b"3;", &mut |_| {}).unwrap();
        let pushes = (0..1000).take_while(|_| decoder.push(&[b'x'; 1024], &mut |_| {}).is_ok());
        assert!(pushes.count() <= 16);
        let mut decoder = ChunkedDecoder::new();
        decoder.push(b"0\r\n", &mut |_| {}).unwrap();
        let pushes =
            (0..10_000).take_while(|_| decoder.push(b"a: 0123456789\r\n", &mut |_| {}).is_ok());
        assert!(pushes.count() <= TRAILER_LIMIT / 15);
    }

    #[test]
    fn a_cut_says_what_is_missing() {
        let mut decoder = ChunkedDecoder::new();
        decoder.push(b"a\r\n123", &mut |_| {}).unwrap();
        assert_eq!(decoder.missing(), "7 bytes of a chunk are missing");
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
