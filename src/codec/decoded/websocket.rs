//! Frames of WebSocket (RFC 6455) that fill a record of a stream.

use std::ops::Range;

use super::binary::Cut;
use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, digits};
use crate::codec::charset;
use crate::codec::web_socket::close;
use crate::codec::web_socket::frame::{FrameHeader, Opcode, mask};
use crate::codec::web_socket::told;
use crate::model::counts::counted;

/// Frames told of one record.
const FRAMES: usize = 200;
/// Letters of a text told in one line.
const TOLD: usize = 60;

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
    let (rest, _) = { *cut }.rest();
    let header = FrameHeader::read(rest)?;
    // Two bits have no meaning, the third says that it is packed (RFC 7692).
    let is_one = !header.has_unknown_bits() && !header.is_long_winded() && header.len >> 63 == 0;
    Opcode::of(header.opcode).filter(|_| is_one)?;
    let mask_len = if header.mask.is_some() { 4 } else { 0 };
    let (_, head_at) = cut.take(header.size() - mask_len)?;
    let (_, mask_at) = cut.take(mask_len)?;
    let (payload, range) = cut.take(usize::try_from(header.len).ok()?)?;
    let mut payload = payload.to_vec();
    if let Some(key) = header.mask {
        mask(&mut payload, key);
    }
    Some(WebSocketFrame {
        is_last: header.is_last,
        is_packed: header.is_packed(),
        opcode: header.opcode,
        mask: header.mask,
        said: header.len,
        payload,
        at: [head_at, mask_at, range],
    })
}

/// Tells the frames of a message of so many bytes, whose bytes they are not.
pub(super) fn frames(bytes: &[u8], len: usize, sheet: &mut Sheet) {
    let place = len..len;
    if let Some(told) = told::oddities(bytes, len as u64) {
        sheet.row("frames", told, place.clone());
    }
    for (at, header) in told::frames(bytes).map(|(_, header)| header).enumerate() {
        if at == FRAMES {
            return sheet.flaw(format!("only the first {FRAMES} frames are told"), place);
        }
        let kind = Opcode::of(header.opcode).map_or("unknown", Opcode::word);
        let told = format!("{kind}, {}", counted(header.len, "byte"));
        sheet.group("frame", told, place.clone(), |sheet| {
            let yes = |is: bool| if is { "yes" } else { "no" };
            sheet.row("last", yes(header.is_last), place.clone());
            sheet.row("packed", yes(header.is_packed()), place.clone());
            let others = header.reserved & !FrameHeader::PACKED;
            if others > 0 {
                sheet.flaw(format!("reserved bits are set: {others:02b}"), place.clone());
            }
            sheet.row("opcode", format!("{} {kind}", header.opcode), place.clone());
            let said_in = counted(header.len_bytes.into(), "byte");
            sheet.row("length", format!("{}, said in {said_in}", header.len), place.clone());
            if header.is_long_winded() {
                sheet.flaw("the length takes fewer bytes", place.clone());
            }
            if let Some(key) = header.mask {
                sheet.row("mask", digits(&key), place.clone());
            }
        });
    }
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
    let kind = Opcode::of(frame.opcode).map_or("unknown", Opcode::word);
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
            sheet.row("code", close::words(code), code_at);
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
            .map_or_else(|| "close".to_owned(), |code| format!("close {}", close::words(code))),
        _ => told,
    }
}
