//! Frames of WebSocket (RFC 6455) that fill a record of a stream.

use std::ops::Range;

use super::binary::Cut;
use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, digits};
use crate::codec::charset;
use crate::model::counts::counted;

/// Frames told of one record.
const FRAMES: usize = 200;
/// Letters of a text told in one line.
const TOLD: usize = 60;

const CLOSES: &[(u16, &str)] = &[
    (1000, "normal"),
    (1001, "going away"),
    (1002, "protocol error"),
    (1003, "unsupported data"),
    (1005, "no code"),
    (1006, "abnormal"),
    (1007, "invalid text"),
    (1008, "policy violated"),
    (1009, "message too big"),
    (1010, "extension missing"),
    (1011, "internal error"),
    (1012, "service restarts"),
    (1013, "try again later"),
    (1014, "bad gateway"),
    (1015, "TLS handshake failed"),
];

/// A frame's header and its payload without the mask.
struct WebSocketFrame {
    is_last: bool,
    is_packed: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    said: u64,
    payload: Vec<u8>,
    /// Of header, mask and payload.
    at: [Range<usize>; 3],
}

/// Frames of WebSocket.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let is_stream = !hints.datagrams && hints.has_ends();
    if !is_stream || hints.content_type.is_some() {
        return None;
    }
    let (mut cut, mut frames) = (Cut::new(bytes), Vec::new());
    while cut.left() > 0 && frames.len() < FRAMES {
        frames.push(frame(&mut cut)?);
    }
    // One mask is for all of a way, and what follows the first continues in order.
    let is_masked = frames.first()?.mask.is_some();
    let fits = |frame: &WebSocketFrame| frame.mask.is_some() == is_masked && is_plausible(frame);
    // Bytes of any kind fill a frame now and then: text, a mask or a known code have to be there, too.
    let is_sign = |frame: &WebSocketFrame| frame.mask.is_some() || matches!(frame.opcode, 1 | 8);
    let is_told = hints.is_upgraded || frames.iter().any(is_sign);
    if !frames.iter().all(fits) || !is_told {
        return None;
    }
    let mut told = String::new();
    for frame in &frames {
        let line = tell(frame, sheet);
        if told.is_empty() {
            told = line;
        }
    }
    let more = frames.len() - 1;
    let name = match more {
        0 => "WebSocket frame".to_owned(),
        more => format!("{} WebSocket frames", more + 1),
    };
    Some(Known { line: format!("WebSocket {told}{}", if more > 0 { ", …" } else { "" }), name })
}

/// Reads a frame that is here as a whole.
fn frame(cut: &mut Cut<'_>) -> Option<WebSocketFrame> {
    let start = cut.at;
    let (first, second) = (cut.u8()?, cut.u8()?);
    let opcode = first & 15;
    // Two bits have no meaning, the third says that it is packed (RFC 7692).
    if first & 0x30 != 0 || !matches!(opcode, 0..=2 | 8..=10) {
        return None;
    }
    let said = match second & 0x7f {
        126 => u64::from(cut.u16().filter(|length| *length > 125)?),
        127 => cut.u64().filter(|length| *length > 0xffff)?,
        short => u64::from(short),
    };
    let header = start..cut.at;
    let mask_at = cut.at;
    let mask = match second & 0x80 {
        0 => None,
        _ => Some(cut.take(4)?.0.first_chunk::<4>().copied()?),
    };
    let mask_at = mask_at..cut.at;
    let (payload, range) = cut.take(usize::try_from(said).ok()?)?;
    let mut payload = payload.to_vec();
    if let Some(mask) = mask {
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
    }
    let at = [header, mask_at, range];
    let (is_last, is_packed) = (first & 0x80 != 0, first & 0x40 != 0);
    Some(WebSocketFrame { is_last, is_packed, opcode, mask, said, payload, at })
}

/// Whether the payload is what its kind says; any two bytes look like a header.
fn is_plausible(frame: &WebSocketFrame) -> bool {
    let is_short = frame.payload.len() <= 125 && frame.is_last && !frame.is_packed;
    match frame.opcode {
        1 if !frame.is_packed => frame.said > 0 && charset::is_text(&frame.payload),
        8 => {
            is_short
                && (frame.payload.is_empty()
                    || code(frame).is_some_and(|it| (1000..5000).contains(&it)))
        }
        9 | 10 => is_short && (frame.mask.is_some() || frame.payload.len() < 126),
        _ => frame.said > 0 && (frame.mask.is_some() || frame.is_last),
    }
}

fn code(frame: &WebSocketFrame) -> Option<u16> {
    frame.payload.first_chunk().copied().map(u16::from_be_bytes)
}

/// Tells a frame; gives it in one line.
fn tell(frame: &WebSocketFrame, sheet: &mut Sheet) -> String {
    let [header, mask_at, payload_at] = frame.at.clone();
    let kind = match frame.opcode {
        0 => "continuation",
        1 => "text",
        2 => "binary",
        8 => "close",
        9 => "ping",
        _ => "pong",
    };
    let more = if frame.is_last { "" } else { ", more follows" };
    let told = format!("{kind}, {}{more}", counted(frame.said, "byte"));
    sheet.group("frame", told.as_str(), header.start..payload_at.end, |sheet| {
        let first = header.start..header.start + 1;
        sheet.row("last", if frame.is_last { "yes" } else { "no" }, first.clone());
        sheet.row("packed", if frame.is_packed { "yes" } else { "no" }, first.clone());
        sheet.row("opcode", format!("{} {kind}", frame.opcode), first);
        sheet.row("length", frame.said.to_string(), header.start + 1..header.end);
        if let Some(mask) = frame.mask {
            sheet.row("mask", digits(&mask), mask_at);
        }
        if let Some(code) = code(frame).filter(|_| frame.opcode == 8) {
            let reason = &frame.payload[2..];
            let (code_at, rest) = (payload_at.start..payload_at.start + 2, payload_at.start + 2);
            sheet.row("code", close_words(code), code_at);
            sheet.text("reason", reason, rest..payload_at.end);
        } else if frame.is_packed {
            sheet.bytes("payload", &frame.payload, payload_at);
        } else if frame.mask.is_some() {
            sheet.made_of(payload_at, |sheet| sheet.inside(&frame.payload, None));
        } else {
            sheet.from(payload_at.start, |sheet| sheet.inside(&frame.payload, None));
        }
    });
    match frame.opcode {
        1 if !frame.is_packed => {
            let text = String::from_utf8_lossy(&frame.payload);
            let short: String = text.chars().take(TOLD).collect();
            format!("text {short}{}", if short.len() < text.len() { "…" } else { "" })
        }
        8 => code(frame)
            .map_or_else(|| "close".to_owned(), |code| format!("close {}", close_words(code))),
        _ => told,
    }
}

fn close_words(code: u16) -> String {
    let known = CLOSES.iter().find(|(number, _)| *number == code);
    known.map_or_else(|| code.to_string(), |(_, words)| format!("{code} {words}"))
}
