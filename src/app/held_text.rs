//! What is held, as text or hex that can be edited, and back to the byte.
//!
//! Text has the escapes of payloads for what is no plain character, and each LF ends a line. The lines of
//! an HTTP head end without their CR, which they get back where the message is written.

use crate::codec::http1::Expected;
use crate::codec::http1::edited::edited;
use crate::codec::{escape, hex as hex_codec};
use crate::model::hold::HeldKind;

/// Where the head of a message ends.
const END: &[u8] = b"\r\n\r\n";

/// As text.
pub(crate) fn text(kind: HeldKind, data: &[u8]) -> String {
    let head = match kind {
        HeldKind::Stream | HeldKind::Datagram => 0,
        HeldKind::Request | HeldKind::Response => {
            memchr::memmem::find(data, END).map_or(0, |at| at + END.len())
        }
    };
    let (head, body) = data.split_at(head);
    let head: Vec<u8> = head.iter().copied().filter(|byte| *byte != b'\r').collect();
    lines(&head) + &lines(body)
}

fn lines(data: &[u8]) -> String {
    data.split(|byte| *byte == b'\n').map(escape::escape).collect::<Vec<_>>().join("\n")
}

/// As lines of a dump.
pub(crate) fn hex(data: &[u8]) -> String {
    const LINE: usize = 16;
    let lines = data.chunks(LINE).enumerate();
    let lines = lines.map(|(at, bytes)| hex_codec::dump_line((at * LINE) as u64, bytes));
    lines.collect::<Vec<_>>().join("\n")
}

/// The bytes of such lines.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    hex_codec::parse_edited(text).map_err(|error| error.message)
}

/// Whether bytes can go on in the place of something of this kind.
///
/// # Errors
/// Why they cannot.
pub(crate) fn check(kind: HeldKind, data: &[u8]) -> Result<(), String> {
    let expected = match kind {
        HeldKind::Stream | HeldKind::Datagram => return Ok(()),
        HeldKind::Request => Expected::Request,
        HeldKind::Response => Expected::Response,
    };
    edited(expected, "", data).map(|_| ())
}

/// The bytes of a text.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn from_text(kind: HeldKind, text: &str) -> Result<Vec<u8>, String> {
    let data = escape::unescape(text).map_err(|error| {
        let before = text.get(..error.span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        format!("line {line}, column {column}: {}", error.message)
    })?;
    match kind {
        HeldKind::Stream | HeldKind::Datagram => Ok(data),
        HeldKind::Request | HeldKind::Response => Ok(with_line_ends(&data)),
    }
}

/// The same with CRLF in its head.
fn with_line_ends(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 64);
    let mut rest = data;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let (line, after) = rest.split_at(at);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = &after[1..];
        if line.is_empty() {
            break;
        }
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_is_lines_and_gets_its_line_ends_back() {
        let message = b"POST /a HTTP/1.1\r\nHost: h\r\n\r\na=\x001\r\nb\n";
        let written = text(HeldKind::Request, message);
        assert_eq!(written, "POST /a HTTP/1.1\nHost: h\n\na=\\01\\r\nb\n");
        assert_eq!(from_text(HeldKind::Request, &written).unwrap(), message);
        let edited = written.replace("Host: h\n", "Host: h\nX: 1\n");
        let read = from_text(HeldKind::Request, &edited).unwrap();
        assert!(read.starts_with(b"POST /a HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\na="));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let wrong = from_text(HeldKind::Stream, "a\nbc\\q").unwrap_err();
        assert!(wrong.starts_with("line 2, column 3:"), "{wrong}");
        let wrong = from_hex(&hex(b"0123456789abcdefXY").replace("58", "5")).unwrap_err();
        assert!(wrong.starts_with("line 2, column 11:"), "{wrong}");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]
        #[test]
        fn what_is_not_changed_is_the_same_to_the_byte(data in prop::collection::vec(any::<u8>(), 0..200)) {
            for kind in [HeldKind::Stream, HeldKind::Datagram] {
                prop_assert_eq!(&from_text(kind, &text(kind, &data)).unwrap(), &data);
            }
            prop_assert_eq!(&from_hex(&hex(&data)).unwrap(), &data);
        }
    }
}
