//! What bytes say when their format is known: the fields of a message as rows, each with its place.
//!
//! Called by the detail of a record, which shows the rows, and by lists, which tell the message in one
//! line. Formats are asked in the order of [`FORMATS`]; the first that knows the bytes has them. A
//! format may ask for what is inside of it in turn: HTTP for its body, gzip for what it unpacks.
//! Whatever the bytes are, there is no panic, and work and rows are bounded.

mod binary;
mod coded;
mod dns;
mod form;
mod http;
mod http2;
mod json;
mod jwt;
mod known;
mod mqtt;
mod multipart;
mod ntp;
mod piece;
mod sheet;
mod stun;
mod syslog;
mod tls;
mod tls_words;
mod websocket;
mod xml;

use super::charset;
pub(crate) use known::DecodeHints;
use known::Known;
pub use known::{DecodedMessage, DecodedRow};
use sheet::Sheet;

/// Bytes of a record that are looked at.
pub(crate) const LOOKED_AT: usize = 256 * 1024;
/// Bytes looked at for one line of a list.
const GLANCED_AT: usize = 4096;
/// Bytes that tell text from anything else there.
const TOLD_BY: usize = 256;

/// Reads bytes in one format; `None` = they are not of it, and what was put into the sheet is void.
type FormatReader = fn(&[u8], &DecodeHints<'_>, &mut Sheet) -> Option<Known>;

/// Formats that bytes which are no text may have, those that are told apart most surely first.
const BINARY: &[FormatReader] =
    &[tls::read, http2::read, mqtt::read, stun::read, dns::read, ntp::read, websocket::read];

/// All of them.
const FORMATS: &[FormatReader] = &[
    piece::read,
    http::read,
    http2::read,
    multipart::read,
    tls::read,
    mqtt::read,
    stun::read,
    dns::read,
    ntp::read,
    coded::read,
    syslog::read,
    json::read,
    jwt::read,
    xml::read,
    form::read,
    websocket::read,
];

/// Takes bytes apart, if their format is known.
#[must_use]
pub(crate) fn decoded(bytes: &[u8], hints: &DecodeHints<'_>) -> Option<DecodedMessage> {
    let mut sheet = Sheet::new(inside);
    let looked_at = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let known = read(looked_at, hints, &mut sheet);
    let is_framed = !hints.frames.is_empty();
    let known = known.or_else(|| is_framed.then(|| Known::named("WebSocket message")))?;
    if looked_at.len() < bytes.len() {
        let rest = looked_at.len()..bytes.len();
        sheet.flaw(format!("only the first {} KiB are looked at", LOOKED_AT / 1024), rest);
    }
    websocket::frames(hints.frames, bytes.len(), &mut sheet);
    let rows = sheet.into_rows();
    (!rows.is_empty()).then_some(DecodedMessage { name: known.name, line: known.line, rows })
}

/// Bytes that are no text in one line, if their format is known: `DNS query A example.com`.
#[must_use]
pub(crate) fn line(bytes: &[u8], hints: &DecodeHints<'_>) -> Option<String> {
    let begins = bytes.get(..TOLD_BY).unwrap_or(bytes);
    if bytes.len() < 2 || charset::is_text(begins) {
        return None;
    }
    let glanced_at = bytes.get(..GLANCED_AT).unwrap_or(bytes);
    first_of(BINARY, glanced_at, hints, &mut Sheet::new(inside)).map(|known| known.line)
}

fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    first_of(FORMATS, bytes, hints, sheet)
}

fn first_of(
    formats: &[FormatReader],
    bytes: &[u8],
    hints: &DecodeHints<'_>,
    sheet: &mut Sheet,
) -> Option<Known> {
    if bytes.is_empty() || sheet.is_deep() {
        return None;
    }
    let begun = sheet.begun();
    formats.iter().find_map(|format| {
        let known = format(bytes, hints, sheet);
        if known.is_none() {
            sheet.back_to(begun);
        }
        known
    })
}

/// What is inside of something else: its rows, and what it is called; text without a format is a row
/// of its own.
fn inside(bytes: &[u8], content_type: Option<&str>, sheet: &mut Sheet) -> String {
    let hints = DecodeHints { content_type, ..DecodeHints::default() };
    if let Some(known) = read(bytes, &hints, sheet) {
        return known.name;
    }
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    if charset::is_text(bytes.get(..GLANCED_AT).unwrap_or(bytes)) {
        for line in sheet::lines(bytes) {
            sheet.text("", &bytes[line.clone()], line);
        }
        return "text".to_owned();
    }
    sheet.bytes("bytes", bytes, 0..bytes.len());
    "data".to_owned()
}

#[cfg(test)]
mod decoded_tests;
