//! What formats are asked with and what they answer: hints, rows, a name.
//!
//! A leaf: `codec/decoded.rs` and the formats below it share it.

use std::ops::Range;

use crate::model::end_address::EndAddress;
use crate::model::exchange::FieldLine;
use crate::model::record::ConnInfo;

/// What is known of bytes besides themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DecodeHints<'a> {
    /// Each record is a message as it was sent; else they are pieces of a stream.
    pub(crate) datagrams: bool,
    /// The ports of both ends, and of a relay's target.
    pub(crate) ports: [Option<u16>; 3],
    /// Requests and answers go there, so that a record may be a head or a piece of a body.
    pub(crate) exchanges: bool,
    /// An answer before them led on to WebSocket.
    pub(crate) is_upgraded: bool,
    /// Of WebSocket the frames that carried them.
    pub(crate) frames: &'a [u8],
    /// The type of the body these bytes are.
    pub(crate) content_type: Option<&'a str>,
    /// The headers of the message that these bytes may be a piece of, which came before them.
    pub(crate) head: &'a [FieldLine],
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
            is_upgraded: false,
            frames: &[],
            content_type: None,
            head: &[],
        }
    }
}

impl DecodeHints<'_> {
    /// Whether one of the ends has one of these ports.
    pub(super) fn is_at(&self, ports: &[u16]) -> bool {
        self.ports.iter().flatten().any(|port| ports.contains(port))
    }

    /// Whether they went between two ends; else they are of something else that was unpacked.
    pub(super) fn has_ends(&self) -> bool {
        self.ports != [None; 3]
    }

    /// The type of a body without its parameters, in small letters.
    pub(super) fn media(&self) -> String {
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
pub(super) struct Known {
    pub(super) name: String,
    pub(super) line: String,
}

impl Known {
    /// The line is the name.
    pub(super) fn named(name: impl Into<String>) -> Known {
        let name = name.into();
        Known { line: name.clone(), name }
    }

    /// The line says more than the name.
    pub(super) fn told(name: impl Into<String>, more: &str) -> Known {
        let name = name.into();
        let line = if more.is_empty() { name.clone() } else { format!("{name} {more}") };
        Known { name, line }
    }
}
