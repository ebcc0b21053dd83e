//! Messages of HTTP/1: start line, fields, and the body without its framing and codings.

use super::coded;
use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, lines};
use crate::codec::charset;
use crate::codec::http1::body::BodyReader;
use crate::codec::http1::{
    Expected, HeadReader, ParsedHead, content_codings, request_framing, response_framing,
};
use crate::model::counts::counted;
use crate::model::exchange::{Head, HttpVersion, MessageFraming, StartLine};

/// Messages read of one record.
const MESSAGES: usize = 50;
/// Bytes of a start line that is looked for.
const START: usize = 8 * 1024;
/// Bytes of a body that are put together.
const BODY: usize = 256 * 1024;

/// Messages of HTTP/1, if one begins here.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    if hints.content_type.is_some() {
        return None;
    }
    let (mut at, mut first, mut count) = (0, None, 0);
    while let Some(expected) = expected(bytes.get(at..)?).filter(|_| count < MESSAGES) {
        if sheet.is_full() {
            break;
        }
        let (known, used) =
            sheet.from(at, |sheet| message(bytes.get(at..)?, expected, hints.exchanges, sheet))?;
        (at, count) = (at + used.max(1), count + 1);
        first = first.or(Some(known));
    }
    let mut known = first?;
    if count > 1 {
        known.name = format!("{count} messages, the first {}", known.name);
    }
    if at < bytes.len() && !sheet.is_full() {
        let rest = bytes.len() - at;
        sheet.flaw(format!("{rest} bytes follow that are no head"), at..bytes.len());
    }
    Some(known)
}

/// Which message begins here, if one does.
pub(super) fn expected(bytes: &[u8]) -> Option<Expected> {
    if bytes.starts_with(b"HTTP/1.") {
        return Some(Expected::Response);
    }
    let first = bytes.get(..START).unwrap_or(bytes);
    let line = first.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next()?;
    let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
    let version = line.len().checked_sub(8).and_then(|at| line.get(at..));
    let has_version = version.is_some_and(|version| version.starts_with(b"HTTP/1."));
    (is_method && has_version).then_some(Expected::Request)
}

/// Tells a message; gives how many bytes it takes.
fn message(
    bytes: &[u8],
    expected: Expected,
    is_exchange: bool,
    sheet: &mut Sheet,
) -> Option<(Known, usize)> {
    let mut reader = HeadReader::new(expected);
    let (used, parsed, flaw) = match reader.push(bytes) {
        Ok(Some((used, parsed))) => (used, parsed, None),
        Ok(None) => {
            let parsed = *reader.finish().partial;
            (bytes.len(), parsed, Some("the end of the head is not in this record".to_owned()))
        }
        Err(error) => (bytes.len(), *error.partial, Some(error.message)),
    };
    let known = head(bytes.get(..used)?, &parsed, sheet)?;
    if let Some(why) = flaw {
        sheet.flaw(why, 0..used);
        return Some((known, used));
    }
    let rest = bytes.get(used..)?;
    if rest.is_empty() && is_exchange {
        // The body of an exchange is kept as a whole, and not in records.
        return Some((known, used));
    }
    let taken = sheet.from(used, |sheet| body(rest, &parsed.head, sheet));
    Some((known, used + taken))
}

fn head(raw: &[u8], parsed: &ParsedHead, sheet: &mut Sheet) -> Option<Known> {
    let mut places = lines(raw).skip_while(std::ops::Range::is_empty);
    let start = places.next()?;
    let line = String::from_utf8_lossy(raw.get(start.clone())?).into_owned();
    let known = match &parsed.head.start {
        StartLine::Response { version, status, reason } => {
            let version = version_words(*version);
            sheet.group("answer", line.as_str(), start.clone(), |sheet| {
                let end = start.start + line.find(' ').unwrap_or(0);
                sheet.row("version", version, start.start..end);
                sheet.row("status", status.to_string(), end + 1..(end + 4).min(start.end));
                sheet.text("reason", reason, (end + 5).min(start.end)..start.end);
            });
            Known::told(format!("{version} answer"), &status.to_string())
        }
        StartLine::Request { method, target, version } => {
            let version = version_words(*version);
            sheet.group("request", line.as_str(), start.clone(), |sheet| {
                let (end, at) = (start.start + method.len(), start.start);
                sheet.row("method", method.as_str(), at..end);
                sheet.row("target", target.as_str(), end + 1..end + 1 + target.len());
                sheet.row("version", version, start.end.saturating_sub(8)..start.end);
            });
            Known::told(format!("{version} request"), &format!("{method} {target}"))
        }
        StartLine::Unknown => {
            sheet.row("start", line.as_str(), start);
            Known::named("HTTP/1 message")
        }
    };
    for place in places.take_while(|line| !line.is_empty()) {
        let line = raw.get(place.clone())?;
        match line.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let value = line.get(colon + 1..)?.trim_ascii();
                sheet.text(String::from_utf8_lossy(line.get(..colon)?), value, place);
            }
            None => sheet.text("", line, place),
        }
    }
    for warning in &parsed.warnings {
        sheet.flaw(warning.as_str(), 0..raw.len());
    }
    Some(known)
}

fn version_words(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
        HttpVersion::Http2 => "HTTP/2",
    }
}

/// Tells the body; gives how many bytes it takes.
fn body(bytes: &[u8], head: &Head, sheet: &mut Sheet) -> usize {
    let framing = match &head.start {
        StartLine::Response { .. } => response_framing(head, "GET"),
        StartLine::Request { .. } | StartLine::Unknown => request_framing(head),
    };
    if !framing.framing.is_empty() && stands_plain(bytes, framing.framing, head) {
        return plain_body(bytes, head, sheet);
    }
    let mut reader = BodyReader::new(framing.framing);
    let mut plain = Vec::new();
    let mut keep = |piece: &[u8]| {
        let room = BODY - plain.len().min(BODY);
        plain.extend_from_slice(piece.get(..room).unwrap_or(piece));
    };
    let (used, flaw) = match reader.push(bytes, &mut keep) {
        Ok(progress) => (progress.used, reader.finish().err()),
        Err(error) => (bytes.len(), Some(error.message)),
    };
    if framing.framing.is_empty() || (used == 0 && flaw.is_none()) {
        return used;
    }
    let whole = 0..used;
    let kind = content_type(head);
    let row = sheet.next();
    sheet.group("body", "", whole.clone(), |sheet| {
        let told = if framing.framing == MessageFraming::Chunked {
            let told =
                sheet.made_of(whole.clone(), |sheet| content(&plain, head, kind.as_deref(), sheet));
            format!("in chunks, {told}")
        } else {
            content(&plain, head, kind.as_deref(), sheet)
        };
        sheet.say(row, told);
        for trailer in reader.trailers() {
            let name = format!("trailer {}", String::from_utf8_lossy(&trailer.name));
            sheet.text(name, &trailer.value, whole.clone());
        }
    });
    if let Some(why) = flaw {
        sheet.flaw(format!("{why} in this record"), whole);
    }
    used
}

/// What the head says that the body is.
pub(super) fn content_type(head: &Head) -> Option<String> {
    let found = head.fields.iter().find(|it| it.name.eq_ignore_ascii_case(b"content-type"));
    found.map(|it| String::from_utf8_lossy(&it.value).into_owned())
}

/// Whether it stands here without the chunks or codings that the head tells of, as HAR has it: what is
/// packed is never text, and chunks begin with their length.
fn stands_plain(bytes: &[u8], framing: MessageFraming, head: &Head) -> bool {
    let begins = bytes.get(..START).unwrap_or(bytes);
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let is_length =
        digits > 0 && matches!(bytes.get(digits), None | Some(b'\r' | b'\n' | b';' | b' '));
    let is_chunked = framing == MessageFraming::Chunked;
    let is_framed = is_chunked && is_length;
    !bytes.is_empty()
        && !is_framed
        && (is_chunked || !content_codings(head).is_empty())
        && charset::is_text(begins)
}

/// Tells such a body, which goes on to the end: the length in the head is of what was packed.
fn plain_body(bytes: &[u8], head: &Head, sheet: &mut Sheet) -> usize {
    let (length, kind) = (bytes.len(), content_type(head));
    let row = sheet.next();
    sheet.group("body", "", 0..length, |sheet| {
        let name = sheet.inside(bytes, Some(kind.as_deref().unwrap_or_default()));
        sheet.say(
            row,
            format!(
                "{}, {name}, without the framing or coding its head tells of",
                counted(length as u64, "byte")
            ),
        );
    });
    length
}

/// What the body says; gives its words.
fn content(plain: &[u8], head: &Head, kind: Option<&str>, sheet: &mut Sheet) -> String {
    let codings = content_codings(head);
    let length = plain.len();
    if codings.iter().all(|coding| coding.eq_ignore_ascii_case("identity")) {
        let name = sheet.inside(plain, Some(kind.unwrap_or_default()));
        return format!("{}, {name}", counted(length as u64, "byte"));
    }
    coded::unpack(&codings, plain, kind, sheet).unwrap_or_else(|why| {
        sheet.flaw(why, 0..length);
        format!("{}, {}", counted(length as u64, "byte"), codings.join(", "))
    })
}
