//! Reads the head of a message from bytes in any pieces.
//!
//! Our own line reader keeps what strict parsers refuse; httparse is the referee: when it refuses
//! a head in which our reader noticed nothing odd, its objection becomes the warning. A head is
//! bounded by `HEAD_LIMIT`; garbage is recognised by its first bytes.

use bytes::Bytes;

use super::fields::{self, Warnings};
use super::refusal::Refusal;
use super::start_line::{self, Expected};
use super::status;
use crate::model::counts::counted;
use crate::model::exchange::Head;

/// Longest head read. Servers allow 8 to 64 KiB; four times that still costs nothing to keep, and
/// an endless head ends here.
pub(crate) const HEAD_LIMIT: usize = 256 * 1024;

/// Memory that a head gets at once: most are shorter.
const FIRST: usize = 1024;
/// Headers handed to the referee; a head with more is read all the same.
const REFEREE_HEADERS: usize = 256;
/// As many as most heads have, without memory of their own.
const FEW_HEADERS: usize = 32;

/// A head with what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParsedHead {
    pub head: Head,
    pub warnings: Vec<String>,
    /// Of a request: why it shall not be served (RFC 9112, sections 2.2, 3 and 5).
    pub refusal: Option<Refusal>,
    /// Somebody on the way may have read another head: the connection must not carry another one.
    pub doubtful: bool,
}

/// No head. `partial` holds every byte received so far in `head.raw`, and the lines that were
/// readable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HeadError {
    pub kind: HeadErrorKind,
    pub message: String,
    pub partial: Box<ParsedHead>,
}

/// What kept a head from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadErrorKind {
    /// The first bytes are something else.
    NotHttp,
    /// Longer than `HEAD_LIMIT`.
    TooLarge,
    /// The peer finished sending inside the head.
    Truncated,
    /// The peer finished sending before the first byte.
    Nothing,
}

/// Collects bytes until a head is complete. Make a new one for every message.
#[derive(Debug, Clone)]
pub struct HeadReader {
    expected: Expected,
    buffer: Vec<u8>,
    /// First byte of the line that is being received.
    line: usize,
    /// First byte of the start line, once it is complete.
    start: Option<usize>,
}

impl HeadReader {
    /// At the first byte of a request or response, whichever is expected (RFC 9112 section 2.1).
    #[must_use]
    pub fn new(expected: Expected) -> Self {
        HeadReader { expected, buffer: Vec::new(), line: 0, start: None }
    }

    /// Bytes received so far.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes bytes. `Some((used, head))`: the head ended after `used` of them, the rest is body.
    /// `None`: all were taken and more are wanted.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<(usize, ParsedHead)>, HeadError> {
        let mut rest = bytes;
        // Line by line memory would be asked for again and again.
        self.buffer.reserve(rest.len().min(FIRST));
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end + 1);
            self.buffer.extend_from_slice(line);
            rest = after;
            if self.end_line(rest)? {
                return Ok(Some((bytes.len() - rest.len(), self.take())));
            }
            self.check_limit()?;
        }
        self.buffer.extend_from_slice(rest);
        self.check_limit()?;
        if self.start.is_none() {
            let begun = &self.buffer[self.line..];
            // A CR alone may be the start of an empty line.
            if begun != b"\r"
                && let Some(message) = start_line::foreign(begun, self.expected)
            {
                return Err(self.fail(HeadErrorKind::NotHttp, message));
            }
        }
        Ok(None)
    }

    /// The peer finished sending before the head was complete.
    #[must_use]
    pub fn finish(mut self) -> HeadError {
        if self.buffer.is_empty() {
            let message = "the peer closed without sending anything";
            return self.fail(HeadErrorKind::Nothing, message.into());
        }
        let bytes = counted(self.buffer.len() as u64, "byte");
        let message = format!("the peer closed inside the head, after {bytes}");
        self.fail(HeadErrorKind::Truncated, message)
    }

    /// A line just ended; `true` when it was the empty one that ends the head. `rest` only goes
    /// into the bytes kept of something that is not HTTP.
    fn end_line(&mut self, rest: &[u8]) -> Result<bool, HeadError> {
        let line = &self.buffer[self.line..];
        let is_empty = matches!(line, b"\n" | b"\r\n");
        if self.start.is_none() && !is_empty {
            let text = fields::strip_line_end(line, &mut Warnings::default());
            let verdict = match start_line::foreign(text, self.expected) {
                Some(message) => Err(message),
                None => start_line::check(text, self.expected),
            };
            if let Err(message) = verdict {
                self.buffer.extend_from_slice(rest);
                return Err(self.fail(HeadErrorKind::NotHttp, message));
            }
            self.start = Some(self.line);
        } else if is_empty && self.start.is_some() {
            return Ok(true);
        }
        self.line = self.buffer.len();
        Ok(false)
    }

    fn check_limit(&mut self) -> Result<(), HeadError> {
        if self.buffer.len() <= HEAD_LIMIT {
            return Ok(());
        }
        let message = format!("the head is longer than {} KiB", HEAD_LIMIT / 1024);
        Err(self.fail(HeadErrorKind::TooLarge, message))
    }

    /// What is not HTTP has no start line, so nothing of it is read as a head.
    fn fail(&mut self, kind: HeadErrorKind, message: String) -> HeadError {
        HeadError { kind, message, partial: Box::new(self.take()) }
    }

    /// Parses what was collected and starts anew.
    fn take(&mut self) -> ParsedHead {
        let raw = Bytes::from(std::mem::take(&mut self.buffer));
        let start = self.start.take();
        self.line = 0;
        parse(&raw, start, self.expected)
    }
}

fn parse(raw: &Bytes, start: Option<usize>, expected: Expected) -> ParsedHead {
    let mut warnings = Warnings::default();
    let mut head = Head { raw: raw.clone(), ..Head::default() };
    let Some(start) = start else {
        return ParsedHead { head, ..ParsedHead::default() };
    };
    if start > 0 {
        warnings.harmless("an empty line before the start line");
    }
    let lines = &raw[start..];
    // All but the start line and the empty one are fields, as a rule.
    head.fields.reserve_exact(memchr::memchr_iter(b'\n', lines).count().saturating_sub(2));
    // The head is kept whole anyway: its lines lie in it.
    let keep = |part: &[u8]| raw.slice_ref(part);
    for (index, line) in lines.split_inclusive(|b| *b == b'\n').enumerate() {
        // Cut off: what it would have ended in is not known, and of a name not the rest.
        let is_cut = !line.ends_with(b"\n");
        let line = if is_cut {
            line.strip_suffix(b"\r").unwrap_or(line)
        } else {
            fields::strip_line_end(line, &mut warnings)
        };
        if line.contains(&b'\r') {
            warnings.refuse(400, "a CR inside a line");
        }
        if index == 0 {
            head.start = start_line::read(line, expected, &mut warnings).unwrap_or_default();
        } else if !(line.is_empty() || is_cut && !line.contains(&b':')) {
            fields::read_line(line, keep, &mut head.fields, &mut warnings);
        }
    }
    // A status that is none is said where it is refused.
    if warnings.is_empty()
        && !status::is_malformed(&head)
        && let Some(objection) = httparse_error(lines, expected)
    {
        warnings.add(objection);
    }
    let (refusal, doubtful) = (warnings.refusal(), warnings.is_doubtful());
    ParsedHead { head, warnings: warnings.into_list(), refusal, doubtful }
}

/// What httparse has against a head; `None` = nothing, or it is only incomplete or too long.
fn httparse_error(bytes: &[u8], expected: Expected) -> Option<String> {
    let mut few = [httparse::EMPTY_HEADER; FEW_HEADERS];
    let mut verdict = refereed(bytes, expected, &mut few);
    if verdict == Err(httparse::Error::TooManyHeaders) {
        verdict = refereed(bytes, expected, &mut vec![httparse::EMPTY_HEADER; REFEREE_HEADERS]);
    }
    match verdict {
        Ok(_) | Err(httparse::Error::TooManyHeaders) => None,
        Err(error) => Some(format!("not strictly HTTP: {error}")),
    }
}

fn refereed<'a>(
    bytes: &'a [u8],
    expected: Expected,
    headers: &mut [httparse::Header<'a>],
) -> httparse::Result<usize> {
    match expected {
        Expected::Request => httparse::Request::new(headers).parse(bytes),
        Expected::Response => httparse::Response::new(headers).parse(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange::{HttpVersion, StartLine};
    use proptest::prelude::*;

    fn read(text: &[u8], expected: Expected) -> Result<Option<(usize, ParsedHead)>, HeadError> {
        HeadReader::new(expected).push(text)
    }

    #[test]
    fn a_plain_head_keeps_its_bytes_case_and_order() {
        let text = b"HTTP/1.1 200 Fine\r\nB: 1\r\na: 2\r\nB: 3\r\n\r\nbody";
        let (used, parsed) = read(text, Expected::Response).unwrap().unwrap();
        assert_eq!(&text[used..], b"body");
        assert_eq!(parsed.warnings, Vec::<String>::new());
        assert_eq!(parsed.head.raw, text[..used]);
        let names: Vec<_> = parsed.head.fields.iter().map(|f| f.name.clone()).collect();
        assert_eq!(names, ["B", "a", "B"]);
        assert_eq!(parsed.head.status(), Some(200));
    }

    #[test]
    fn bare_line_feeds_and_leading_empty_lines_are_named() {
        let (_, parsed) =
            read(b"\r\n\nGET / HTTP/1.0\nA: 1\n\n", Expected::Request).unwrap().unwrap();
        let StartLine::Request { version, .. } = parsed.head.start else { panic!("no request") };
        assert_eq!(version, HttpVersion::Http10);
        assert_eq!(parsed.warnings.len(), 2, "{:?}", parsed.warnings);
    }

    #[test]
    fn the_referee_objects_when_we_notice_nothing() {
        let (_, parsed) = read(b"GET /\x7f HTTP/1.1\r\n\r\n", Expected::Request).unwrap().unwrap();
        assert_eq!(parsed.warnings.len(), 1, "{:?}", parsed.warnings);
    }

    #[test]
    fn garbage_is_an_error_that_keeps_the_bytes() {
        let error = read(b"SSH-2.0-x\r\nmore", Expected::Response).unwrap_err();
        assert_eq!(error.kind, HeadErrorKind::NotHttp);
        assert_eq!(error.partial.head.raw, &b"SSH-2.0-x\r\nmore"[..]);
        assert_eq!(error.partial.head.start, StartLine::Unknown);
        assert!(error.message.contains("SSH-2.0-x"));
        assert!(read(b"\x00\x01binary without a line end", Expected::Request).is_err());
    }

    #[test]
    fn a_head_cut_off_keeps_its_readable_lines() {
        let mut reader = HeadReader::new(Expected::Response);
        assert_eq!(reader.push(b"HTTP/1.1 200 OK\r\nA: 1\r\nB: ").unwrap(), None);
        let error = reader.finish();
        assert_eq!(error.kind, HeadErrorKind::Truncated);
        assert_eq!(error.partial.head.status(), Some(200));
        assert_eq!(error.partial.head.field("a").unwrap(), "1");
        assert_eq!(error.partial.warnings, Vec::<String>::new());
        let mut reader = HeadReader::new(Expected::Response);
        assert_eq!(reader.push(b"HTTP/1.1 200 OK\r\nA: 1\r\nContent-Le").unwrap(), None);
        let partial = reader.finish().partial;
        assert_eq!((partial.head.fields.len(), partial.warnings), (1, Vec::new()));
        assert_eq!(HeadReader::new(Expected::Request).finish().kind, HeadErrorKind::Nothing);
    }

    #[test]
    fn an_endless_head_stops_at_the_limit() {
        let mut reader = HeadReader::new(Expected::Response);
        reader.push(b"HTTP/1.1 200 OK\r\nA: ").unwrap();
        let error = (0..1000).find_map(|_| reader.push(&[b'x'; 1024]).err()).unwrap();
        assert_eq!(error.kind, HeadErrorKind::TooLarge);
        assert!(error.partial.head.raw.len() <= HEAD_LIMIT + 1024);
        let many = [&b"HTTP/1.1 200 OK\r\n"[..], &b"\r\na: b".repeat(100_000)].concat();
        assert!(read(&many, Expected::Response).is_ok());
        let many = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(100_000)].concat();
        assert_eq!(read(&many, Expected::Response).unwrap_err().kind, HeadErrorKind::TooLarge);
    }

    fn result(
        mut reader: HeadReader,
        pieces: &[&[u8]],
    ) -> Result<(usize, ParsedHead), HeadErrorKind> {
        let mut before = 0;
        for piece in pieces {
            match reader.push(piece) {
                Ok(Some((used, head))) => return Ok((before + used, head)),
                Ok(None) => before += piece.len(),
                Err(error) => return Err(error.kind),
            }
        }
        Err(reader.finish().kind)
    }

    fn head_like() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            "(HTTP/1.1 200 OK|GET / HTTP/1.1|\r\n|HT|ICY 200)[\r\n]{1,2}([A-c: \t\r\n]{0,40})\r\n\r\nrest"
                .prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..60),
        ]
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_split_gives_the_same_head(text in head_like(), at in 0usize..60, step in 1usize..7) {
            for expected in [Expected::Request, Expected::Response] {
                let whole = result(HeadReader::new(expected), &[&text]);
                let (a, b) = text.split_at(at.min(text.len()));
                prop_assert_eq!(&result(HeadReader::new(expected), &[a, b]), &whole);
                let steps: Vec<&[u8]> = text.chunks(step).collect();
                prop_assert_eq!(&result(HeadReader::new(expected), &steps), &whole);
            }
        }

        #[test]
        fn what_the_referee_accepts_we_read_the_same(text in head_like()) {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut headers);
            if let Ok(httparse::Status::Complete(length)) = response.parse(&text) {
                let (used, parsed) = read(&text, Expected::Response).unwrap().unwrap();
                prop_assert_eq!(used, length);
                prop_assert_eq!(parsed.head.status(), response.code);
                prop_assert_eq!(parsed.head.fields.len(), response.headers.len());
                for (ours, theirs) in parsed.head.fields.iter().zip(response.headers.iter()) {
                    prop_assert_eq!(&ours.name, theirs.name.as_bytes());
                    prop_assert_eq!(&ours.value, theirs.value);
                }
            }
        }
    }
}
