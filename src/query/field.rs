//! The table of filter fields: names, what they take, and words for the help and for messages.

use super::WireProtocol;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Direction, RecordKind};

/// One field a filter can ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterField {
    pub(super) id: FilterFieldId,
    pub name: &'static str,
    /// Operators it takes, as written.
    pub operators: &'static [&'static str],
    /// What it compares, for the help.
    pub about: &'static str,
    /// A whole test that can be copied.
    pub example: &'static str,
    /// The values it takes, when they are few.
    pub values: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilterFieldId {
    Port,
    Address,
    Protocol,
    Direction,
    Kind,
    Len,
    Conn,
    Session,
    Side,
    Text,
    Hex,
}

const IS: &[&str] = &["==", "!="];
const COMPARE: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
const CONTAINS: &[&str] = &["contains"];

/// Every field, in the order of the help.
pub const FIELDS: &[FilterField] = &[
    FilterField {
        id: FilterFieldId::Port,
        name: "port",
        operators: COMPARE,
        about: "port of either end",
        example: "port == 9000",
        values: &[],
    },
    FilterField {
        id: FilterFieldId::Address,
        name: "addr",
        operators: IS,
        about: "IP address of either end, with a port or as a block if you like",
        example: "addr == 127.0.0.1",
        values: &[],
    },
    FilterField {
        id: FilterFieldId::Protocol,
        name: "proto",
        operators: IS,
        about: "protocol, or tls for any that is encrypted",
        example: "proto == udp",
        values: &["http", "tcp", "udp", "tls"],
    },
    FilterField {
        id: FilterFieldId::Direction,
        name: "dir",
        operators: IS,
        about: "received, sent, or a fact about our own end",
        example: "dir == in",
        values: &["in", "out", "local"],
    },
    FilterField {
        id: FilterFieldId::Kind,
        name: "kind",
        operators: IS,
        about: "what happened",
        example: "kind == data",
        values: &[
            "data",
            "bound",
            "connected",
            "accepted",
            "secured",
            "finished",
            "reset",
            "closed",
            "failed",
            "note",
        ],
    },
    FilterField {
        id: FilterFieldId::Len,
        name: "len",
        operators: COMPARE,
        about: "bytes that crossed; k and m stand for KiB and MiB",
        example: "len > 64",
        values: &[],
    },
    FilterField {
        id: FilterFieldId::Conn,
        name: "conn",
        operators: IS,
        about: "one connection or peer, as session/number",
        example: "conn == 3/1",
        values: &[],
    },
    FilterField {
        id: FilterFieldId::Session,
        name: "session",
        operators: IS,
        about: "everything of one session",
        example: "session == 3",
        values: &[],
    },
    FilterField {
        id: FilterFieldId::Side,
        name: "side",
        operators: IS,
        about: "which end we are",
        example: "side == listener",
        values: &["client", "listener"],
    },
    FilterField {
        id: FilterFieldId::Text,
        name: "text",
        operators: CONTAINS,
        about: "text in the bytes; lower-case letters match both cases",
        example: "text contains \"ping\"",
        values: &[],
    },
    FilterField {
        id: FilterFieldId::Hex,
        name: "hex",
        operators: CONTAINS,
        about: "these very bytes, as hex digits",
        example: "hex contains 0d0a",
        values: &[],
    },
];

impl FilterField {
    /// The field with this name, whatever its case.
    pub fn named(name: &str) -> Option<&'static FilterField> {
        FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

pub(super) fn wire(name: &str) -> Option<WireProtocol> {
    let protocol = Protocol::ALL.into_iter().find(|protocol| protocol.name() == name);
    protocol.map(WireProtocol::Protocol).or((name == "tls").then_some(WireProtocol::Tls))
}

pub(super) fn wire_name(wire: WireProtocol) -> &'static str {
    match wire {
        WireProtocol::Protocol(protocol) => protocol.name(),
        WireProtocol::Tls => "tls",
    }
}

pub(super) fn direction(name: &str) -> Option<Direction> {
    let name = match name {
        "received" => "in",
        "sent" => "out",
        name => name,
    };
    Direction::ALL.into_iter().find(|direction| direction.name() == name)
}

pub(super) fn side(name: &str) -> Option<Side> {
    Side::ALL.into_iter().find(|side| side.name() == name)
}

pub(super) fn kind(name: &str) -> Option<RecordKind> {
    RecordKind::ALL.into_iter().find(|kind| kind.name() == name)
}
