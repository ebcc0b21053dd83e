//! Frames of HTTP/2 (RFC 9113): what each says, and the fields of a header block as far as it says them itself.

use std::ops::Range;

use super::binary::Cut;
use super::known::{DecodeHints, Known};
use super::sheet::Sheet;
use crate::codec::charset;
use crate::codec::http2::frame::{
    CONTINUATION, DATA, FRAME_HEAD, FrameHead, GOAWAY, HEADERS, PING, PUSH_PROMISE, RST_STREAM,
    SETTINGS, WINDOW_UPDATE,
};
use crate::codec::http2::hpack::{BlockField, HpackReader};
use crate::codec::http2::{PREFACE, words};
use crate::model::counts::{count, counted, counted_are};

const PRIORITY: u8 = 2;
/// Frames read of one record.
const FRAMES: usize = 200;
/// Longest frame that is believed without the preface before it: peers allow 16 KiB unless they say more.
const BELIEVED: usize = 1024 * 1024;

/// Frames, where a connection speaks HTTP, or behind the preface.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    if hints.datagrams || hints.content_type.is_some() {
        return None;
    }
    let (mut at, mut told) = (0, None);
    if bytes.starts_with(PREFACE) {
        at = PREFACE.len();
        sheet.row("preface", "PRI * HTTP/2.0", 0..at);
        told = Some(Known::named("HTTP/2 preface"));
    } else if !(is_believable(bytes) && (hints.exchanges || begins_connection(bytes))) {
        return None;
    }
    let mut number = 0;
    while at < bytes.len() && number < FRAMES && !sheet.is_full() {
        let rest = &bytes[at..];
        let Some(head) = FrameHead::read(rest) else {
            sheet.flaw("the head of the frame is cut off", at..bytes.len());
            break;
        };
        let end = (FRAME_HEAD + head.length).min(rest.len());
        let payload = &rest[FRAME_HEAD..end];
        let known = sheet.from(at, |sheet| frame(head, payload, sheet));
        told = told.or(Some(known));
        (at, number) = (at + end, number + 1);
    }
    let mut told = told?;
    if number > 1 {
        told.line = format!("{}, {} in all", told.line, counted(number as u64, "frame"));
    }
    Some(told)
}

/// Whether the first frame has a stream and a length that its kind allows.
fn is_believable(bytes: &[u8]) -> bool {
    let Some(head) = FrameHead::read(bytes) else { return false };
    let is_reserved = bytes.get(5).is_some_and(|byte| byte & 0x80 != 0);
    let fits = match head.kind {
        DATA | HEADERS | CONTINUATION | PUSH_PROMISE => head.stream != 0 && head.length <= BELIEVED,
        PRIORITY => head.stream != 0 && head.length == 5,
        RST_STREAM => head.stream != 0 && head.length == 4,
        SETTINGS => head.stream == 0 && head.length % 6 == 0 && head.length <= 6 * 64,
        PING => head.stream == 0 && head.length == 8,
        GOAWAY => head.stream == 0 && (8..BELIEVED).contains(&head.length),
        WINDOW_UPDATE => head.length == 4,
        // ALTSVC, ORIGIN, PRIORITY_UPDATE and what is greased (RFC 9113, section 5.5).
        _ => head.length < bytes.len(),
    };
    fits && !is_reserved
}

/// A server without a client before it in the record: whole settings, which nothing else looks like.
fn begins_connection(bytes: &[u8]) -> bool {
    FrameHead::read(bytes).is_some_and(|head| {
        head.kind == SETTINGS
            && head.flags == 0
            && head.length > 0
            && bytes.len() >= FRAME_HEAD + head.length
            && bytes
                .get(FRAME_HEAD..FRAME_HEAD + 2)
                .is_some_and(|id| id[0] == 0 && (1..=9).contains(&id[1]))
    })
}

/// One frame, of which as much of the payload is there.
fn frame(head: FrameHead, payload: &[u8], sheet: &mut Sheet) -> Known {
    let kind = words::kind(head.kind);
    let (begun, whole) = (sheet.next(), 0..FRAME_HEAD + payload.len());
    let said = sheet.group("frame", &*kind, whole, |sheet| {
        sheet.row("length", counted(head.length as u64, "byte"), 0..3);
        sheet.row("type", format!("{kind} ({:#04x})", head.kind), 3..4);
        let flags = words::flags(head);
        if !flags.is_empty() {
            sheet.row("flags", flags, 4..5);
        }
        let stream =
            if head.stream == 0 { "0, the connection".into() } else { head.stream.to_string() };
        sheet.row("stream", stream, 5..FRAME_HEAD);
        let said = sheet.from(FRAME_HEAD, |sheet| content(head, payload, sheet));
        let missing = head.length - payload.len().min(head.length);
        if missing > 0 {
            let end = FRAME_HEAD + payload.len();
            let words = format!("{} not in this record", counted_are(missing as u64, "byte"));
            sheet.flaw(words, end..end);
        }
        said
    });
    let of = if head.stream == 0 { String::new() } else { format!(" stream {}", head.stream) };
    sheet.say(begun, format!("{kind}{of}{}{said}", if said.is_empty() { "" } else { " " }));
    Known::told(format!("HTTP/2 {kind}{of}"), &said)
}

/// What the payload says; gives it in a few words.
fn content(head: FrameHead, payload: &[u8], sheet: &mut Sheet) -> String {
    let Some(range) = head.content(payload) else {
        sheet.flaw("the padding is longer than the frame, or it is cut off", 0..payload.len());
        return String::new();
    };
    let inner = &payload[range.clone()];
    if head.is_padded() {
        sheet.row(
            "padding",
            counted((payload.len() - range.end) as u64, "byte"),
            range.end..payload.len(),
        );
    }
    let mut cut = Cut::new(payload);
    match head.kind {
        DATA => data(head, inner, range, sheet),
        HEADERS | PUSH_PROMISE => {
            if head.kind == PUSH_PROMISE {
                let at = range.start - 4..range.start;
                let promised = payload.get(at.clone()).and_then(|it| it.first_chunk().copied());
                let promised = promised.map_or(0, u32::from_be_bytes) & 0x7fff_ffff;
                sheet.row("promised stream", promised.to_string(), at);
            }
            sheet.from(range.start, |sheet| fields(inner, sheet))
        }
        CONTINUATION => {
            sheet.bytes("rest of the header block", inner, range);
            String::new()
        }
        PRIORITY => cut.u32().zip(cut.u8()).map_or_else(String::new, |(on, weight)| {
            let words =
                format!("depends on stream {}, weight {}", on & 0x7fff_ffff, u16::from(weight) + 1);
            sheet.row("priority", &*words, 0..5);
            words
        }),
        RST_STREAM => cut.u32().map_or_else(String::new, |code| error(code, 0..4, sheet)),
        SETTINGS if head.is_ack() => "ACK".to_owned(),
        SETTINGS => settings(&mut cut, sheet),
        PING => {
            sheet.bytes("opaque", payload, 0..payload.len());
            if head.is_ack() { "ACK".to_owned() } else { String::new() }
        }
        GOAWAY => go_away(&mut cut, sheet),
        WINDOW_UPDATE => cut.u32().map_or_else(String::new, |more| {
            let words = format!("+{}", count(u64::from(more & 0x7fff_ffff)));
            sheet.row("window grows by", &*words, 0..4);
            words
        }),
        _ => {
            sheet.bytes("payload", payload, 0..payload.len());
            String::new()
        }
    }
}

fn data(head: FrameHead, inner: &[u8], range: Range<usize>, sheet: &mut Sheet) -> String {
    if charset::is_text(inner) {
        sheet.text("data", inner, range);
    } else {
        sheet.bytes("data", inner, range);
    }
    let end = if head.ends_stream() { ", the last" } else { "" };
    format!("{}{end}", counted(head.length as u64, "byte"))
}

/// The fields of a block, one row each; gives what the message is about.
fn fields(block: &[u8], sheet: &mut Sheet) -> String {
    let mut about: [String; 3] = Default::default();
    let read = HpackReader::new().read(block, &mut |field| {
        let BlockField { name, value, index, at } = field;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let unknown = || format!("(entry {index} of the table, said before)");
        let name = name.map_or_else(unknown, |name| text(&name));
        let value = value.map_or_else(unknown, |value| text(&value));
        for (slot, wanted) in about.iter_mut().zip([":status", ":method", ":path"]) {
            if name == wanted {
                slot.clone_from(&value);
            }
        }
        sheet.row(name, value, at);
        !sheet.is_full()
    });
    if let Err(flaw) = read {
        sheet.flaw(format!("the header block: {}", flaw.why), flaw.at..block.len().max(flaw.at));
    }
    let [status, method, path] = about;
    [status, method, path].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}

fn settings(cut: &mut Cut<'_>, sheet: &mut Sheet) -> String {
    let mut said = Vec::new();
    while let (start, Some(id), Some(value)) = (cut.at, cut.u16(), cut.u32()) {
        let name = words::setting(id);
        said.push(format!("{name}={value}"));
        sheet.row(name, count(value.into()), start..cut.at);
    }
    said.join(" ")
}

fn go_away(cut: &mut Cut<'_>, sheet: &mut Sheet) -> String {
    let Some((last, code)) = cut.u32().zip(cut.u32()) else { return String::new() };
    let last = last & 0x7fff_ffff;
    sheet.row("last stream", format!("{last}; those above it were not looked at"), 0..4);
    let said = error(code, 4..8, sheet);
    let (debug, at) = cut.rest();
    if !debug.is_empty() {
        sheet.text("debug data", debug, at);
    }
    format!("{said}, last stream {last}")
}

fn error(code: u32, at: Range<usize>, sheet: &mut Sheet) -> String {
    sheet.row("error", words::error_and_meaning(code), at);
    words::error(code)
}
