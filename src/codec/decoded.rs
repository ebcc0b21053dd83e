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
mod json;
mod jwt;
mod mqtt;
mod multipart;
mod ntp;
mod sheet;
mod stun;
mod syslog;
mod tls;
mod tls_words;
mod websocket;
mod xml;

use std::ops::Range;

use super::charset;
use crate::model::end_address::EndAddress;
use crate::model::record::ConnInfo;
use sheet::Sheet;

/// Bytes of a record that are looked at.
pub(crate) const LOOKED_AT: usize = 256 * 1024;
/// Bytes looked at for one line of a list.
const GLANCED_AT: usize = 4096;
/// Bytes that tell text from anything else there.
const TOLD_BY: usize = 256;

/// What is known of bytes besides themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DecodeHints<'a> {
    /// Each record is a message as it was sent; else they are pieces of a stream.
    pub(crate) datagrams: bool,
    /// The ports of both ends, and of a relay's target.
    pub(crate) ports: [Option<u16>; 3],
    /// Requests and answers go there, so that a record may be a head or a piece of a body.
    pub(crate) exchanges: bool,
    /// The type of the body these bytes are.
    pub(crate) content_type: Option<&'a str>,
}

impl DecodeHints<'static> {
    /// What a connection says of its records; `target` is the other half of a relay, whose client knows
    /// it by our own port alone.
    pub(crate) fn of(conn: &ConnInfo, target: Option<&ConnInfo>) -> Self {
        let port = |end: &Option<EndAddress>| end.as_ref().and_then(EndAddress::port);
        let beyond = target.and_then(|target| port(&target.peer));
        let can = conn.capabilities();
        let ports = [port(&conn.local), port(&conn.peer), beyond];
        DecodeHints {
            datagrams: can.datagrams,
            ports,
            exchanges: can.exchanges,
            content_type: None,
        }
    }
}

impl DecodeHints<'_> {
    /// Whether one of the ends has one of these ports.
    fn is_at(&self, ports: &[u16]) -> bool {
        self.ports.iter().flatten().any(|port| ports.contains(port))
    }

    /// Whether they went between two ends; else they are of something else that was unpacked.
    fn has_ends(&self) -> bool {
        self.ports != [None; 3]
    }

    /// The type of a body without its parameters, in small letters.
    fn media(&self) -> String {
        let media = self.content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        media.trim().to_ascii_lowercase()
    }
}

/// A message taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedMessage {
    /// `DNS query`, `gzip, 120 bytes of JSON inside`
    pub name: String,
    /// The message in one line: `DNS query A example.com`
    pub line: String,
    pub rows: Vec<DecodedRow>,
}

/// A field, or what fields are in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecodedRow {
    pub depth: u8,
    pub label: String,
    pub value: String,
    /// Its bytes in the record; of what was packed, those of the package.
    pub at: Range<usize>,
    /// It says that something is wrong.
    pub is_flaw: bool,
}

/// What a format made of bytes: its name, and the message in one line.
struct Known {
    name: String,
    line: String,
}

impl Known {
    /// The line is the name.
    fn named(name: impl Into<String>) -> Known {
        let name = name.into();
        Known { line: name.clone(), name }
    }

    fn told(name: impl Into<String>, more: &str) -> Known {
        let name = name.into();
        let line = if more.is_empty() { name.clone() } else { format!("{name} {more}") };
        Known { name, line }
    }
}

/// Reads bytes in one format; `None` = they are not of it, and what was put into the sheet is void.
type FormatReader = fn(&[u8], &DecodeHints<'_>, &mut Sheet) -> Option<Known>;

/// Formats that bytes which are no text may have, those that are told apart most surely first.
const BINARY: &[FormatReader] =
    &[tls::read, mqtt::read, stun::read, dns::read, ntp::read, websocket::read];

/// All of them.
const FORMATS: &[FormatReader] = &[
    http::read,
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
    let mut sheet = Sheet::default();
    let looked_at = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let known = read(looked_at, hints, &mut sheet)?;
    if looked_at.len() < bytes.len() {
        let rest = looked_at.len()..bytes.len();
        sheet.flaw(format!("only the first {} KiB are looked at", LOOKED_AT / 1024), rest);
    }
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
    first_of(BINARY, glanced_at, hints, &mut Sheet::default()).map(|known| known.line)
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
