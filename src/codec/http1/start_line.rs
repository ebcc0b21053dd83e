//! Request lines and status lines (RFC 9112, sections 3 and 4), and telling what is no HTTP.
//!
//! Called by the head reader: `foreign` on the first bytes, so that garbage is named before its
//! line ends (it may have none), and `read` on the whole line.

use bytes::Bytes;

use super::fields::{Warnings, excerpt, is_token, is_token_byte};
use super::status;
use crate::model::exchange::{HttpVersion, StartLine};

/// Which message a reader waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Request,
    Response,
}

/// Why the first bytes cannot be the expected message; `None` while they still can.
pub(super) fn foreign(start: &[u8], expected: Expected) -> Option<String> {
    if matches!(start, [0x15 | 0x16, 0x03, ..]) {
        return Some(match expected {
            Expected::Request => "the client speaks TLS; switch TLS on for this listener".into(),
            Expected::Response => "the peer speaks TLS; use https://".into(),
        });
    }
    let not_http = match expected {
        Expected::Request => {
            if start.starts_with(b"PRI * HTTP/2") {
                return Some("the client speaks HTTP/2 without asking first".into());
            }
            let method = start.iter().position(|b| !is_token_byte(*b));
            method.is_some_and(|at| at == 0 || !matches!(start.get(at), Some(b' ' | b'\t')))
        }
        Expected::Response => {
            if matches!(start, [0, 0, _, 4, ..]) {
                return Some("the peer answers in HTTP/2".into());
            }
            let fits = |name: &[u8]| {
                start.iter().zip(name).all(|(byte, wanted)| byte.eq_ignore_ascii_case(wanted))
            };
            !fits(b"HTTP/") && !fits(b"ICY ")
        }
    };
    // One TLS or HTTP/2 byte alone says nothing yet.
    let undecided = matches!(start, [0x15 | 0x16 | 0] | [0, 0] | [0, 0, _]);
    (not_http && !undecided).then(|| garbage(start))
}

fn garbage(start: &[u8]) -> String {
    format!("the peer does not speak HTTP; it sent '{}'", excerpt(start))
}

/// Whether a line is the expected start line; the error says why it is none.
pub(super) fn check(line: &[u8], expected: Expected) -> Result<(), String> {
    match expected {
        Expected::Request => request_words(line, &mut Warnings::default()).map(drop),
        Expected::Response => response(line, &mut Warnings::default()).map(drop),
    }
}

/// Reads a start line without its end; the error says why it is none.
pub(super) fn read(
    line: &[u8],
    expected: Expected,
    warnings: &mut Warnings,
) -> Result<StartLine, String> {
    match expected {
        Expected::Request => {
            let (method, target, version) = request_words(line, warnings)?;
            Ok(StartLine::Request { method: text(method), target: text(target), version })
        }
        Expected::Response => response(line, warnings),
    }
}

/// Method, target and version of a request line.
fn request_words<'a>(
    line: &'a [u8],
    warnings: &mut Warnings,
) -> Result<(&'a [u8], &'a [u8], HttpVersion), String> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end = line.iter().position(is_space).ok_or_else(|| garbage(line))?;
    let (method, rest) = line.split_at(end);
    let rest = rest.trim_ascii();
    if !is_token(method) {
        return Err(garbage(line));
    }
    let cut = rest.iter().rposition(is_space).map_or(0, |at| at + 1);
    let (target, last) = rest.split_at(cut);
    let is_version = last.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/"));
    let (target, version) = if is_version {
        (target.trim_ascii(), version(last, warnings))
    } else if rest.starts_with(b"/") && method.iter().all(u8::is_ascii_uppercase) {
        warnings.add("the request line has no HTTP version");
        (rest, HttpVersion::Http10)
    } else {
        return Err(garbage(line));
    };
    let single = line.iter().filter(|b| is_space(b)).count() == 2 && !line.contains(&b'\t');
    if target.is_empty() {
        warnings.refuse(400, "the request line has no target");
    } else if is_version && !single {
        warnings.refuse(400, "the request line is not three words with one space between");
    }
    Ok((method, target, version))
}

fn response(line: &[u8], warnings: &mut Warnings) -> Result<StartLine, String> {
    let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
    let (first, rest) = line.split_at(end);
    let version = if first == b"ICY" {
        warnings.add("the status line says ICY instead of an HTTP version");
        HttpVersion::Http10
    } else {
        version(first, warnings)
    };
    let words = rest.trim_ascii_start();
    let digits = words.iter().take_while(|b| b.is_ascii_digit()).count();
    let (code, reason) = words.split_at(digits);
    let shown = || format!("the status line has no status code: '{}'", excerpt(line));
    let status: u16 = str::from_utf8(code).ok().and_then(|c| c.parse().ok()).ok_or_else(shown)?;
    // One that is no status at all is said where it is refused.
    if let Some(odd) = status::oddity(status) {
        warnings.add(odd);
    }
    if rest.len() - words.len() > 1 {
        warnings.add("more than one space before the status code");
    }
    let reason = match reason.split_first() {
        Some((b' ', reason)) => reason,
        None => reason,
        Some(_) => {
            warnings.add("no space after the status code");
            reason
        }
    };
    if reason.iter().any(|b| (*b < 0x20 && *b != b'\t') || *b == 0x7f) {
        warnings.add("control character in the reason phrase");
    }
    Ok(StartLine::Response { version, status, reason: Bytes::copy_from_slice(reason) })
}

/// `HTTP/1.0` and `HTTP/1.1` as they are, anything else as the nearer of the two.
fn version(word: &[u8], warnings: &mut Warnings) -> HttpVersion {
    match word {
        b"HTTP/1.1" => HttpVersion::Http11,
        b"HTTP/1.0" => HttpVersion::Http10,
        _ => {
            let warning = format!("unusual HTTP version '{}'", excerpt(word));
            match word {
                [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'] => warnings.add(warning),
                // RFC 9110, section 15.6.6: another major version is not served.
                [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', ..] => warnings.refuse(505, warning),
                _ => warnings.refuse(400, warning),
            }
            if word.ends_with(b"/1.0") || word.ends_with(b"/0.9") {
                HttpVersion::Http10
            } else {
                HttpVersion::Http11
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: &[u8], expected: Expected) -> (Result<StartLine, String>, Vec<String>) {
        let mut warnings = Warnings::default();
        let start = read(line, expected, &mut warnings);
        (start, warnings.into_list())
    }

    #[test]
    fn a_status_line_may_lack_its_reason() {
        for (text, reason) in
            [("HTTP/1.1 204", ""), ("HTTP/1.1 204 ", ""), ("HTTP/1.1 204 a b", "a b")]
        {
            let (start, warnings) = line(text.as_bytes(), Expected::Response);
            let reason = Bytes::from(reason);
            let version = HttpVersion::Http11;
            assert_eq!(start, Ok(StartLine::Response { version, status: 204, reason }));
            assert_eq!(warnings, Vec::<String>::new());
        }
    }

    #[test]
    fn odd_start_lines_are_read_and_named() {
        for text in [
            "HTTP/1.1  200 OK",
            "HTTP/2 200 OK",
            "http/1.1 200 OK",
            "ICY 200 OK",
            "HTTP/1.1 600 x",
            "HTTP/1.1 200OK",
            "HTTP/1.1 200 O\x07K",
        ] {
            let (start, warnings) = line(text.as_bytes(), Expected::Response);
            assert!(start.is_ok() && warnings.len() == 1, "{text}: {start:?} {warnings:?}");
        }
        for text in
            ["GET  / HTTP/1.1", "GET / HTTP/2.0", "GET /a b HTTP/1.1", "GET /", "GET HTTP/1.1"]
        {
            let (start, warnings) = line(text.as_bytes(), Expected::Request);
            assert!(start.is_ok() && warnings.len() == 1, "{text}: {start:?} {warnings:?}");
        }
    }

    #[test]
    fn garbage_is_no_start_line() {
        assert!(line(b"HTTP/1.1 OK", Expected::Response).0.is_err());
        assert!(line(b"HTTP/1.1 99999999 OK", Expected::Response).0.is_err());
        for text in ["hello world", "HELO", "G\u{e9}T / HTTP/1.1", ""] {
            assert!(line(text.as_bytes(), Expected::Request).0.is_err(), "{text}");
        }
    }

    #[test]
    fn foreign_protocols_are_named_from_their_first_bytes() {
        assert!(foreign(b"\x16\x03\x01", Expected::Request).unwrap().contains("TLS"));
        assert!(foreign(b"\x15\x03\x03\0", Expected::Response).unwrap().contains("https"));
        assert!(foreign(b"PRI * HTTP/2.0\r\n", Expected::Request).unwrap().contains("HTTP/2"));
        assert!(foreign(b"SSH-2", Expected::Response).unwrap().contains("SSH-2"));
        assert!(foreign(b"\xff", Expected::Request).is_some());
        for start in [&b""[..], b"H", b"HTTP/1.1", b"IC", b"\x16"] {
            assert_eq!(foreign(start, Expected::Response), None, "{start:?}");
        }
        for start in [&b"GE"[..], b"GET ", b"x", b"\x16"] {
            assert_eq!(foreign(start, Expected::Request), None, "{start:?}");
        }
    }
}
