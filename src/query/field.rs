//! The table of fields an expression can ask about: names, what they take, and words for the help and for messages.

use super::expr::WireProtocol;

/// One field an expression can ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryField {
    pub(super) id: QueryFieldId,
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

/// Which field it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryFieldId {
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
pub const FIELDS: &[QueryField] = &[
    QueryField {
        id: QueryFieldId::Port,
        name: "port",
        operators: COMPARE,
        about: "port of either end",
        example: "port == 9000",
        values: &[],
    },
    QueryField {
        id: QueryFieldId::Address,
        name: "addr",
        operators: IS,
        about: "IP address of either end, with a port or as a block if you like",
        example: "addr == 127.0.0.1",
        values: &[],
    },
    QueryField {
        id: QueryFieldId::Protocol,
        name: "proto",
        operators: IS,
        about: "protocol, or tls for any that is encrypted",
        example: "proto == udp",
        values: &["http", "tcp", "udp", "tls"],
    },
    QueryField {
        id: QueryFieldId::Direction,
        name: "dir",
        operators: IS,
        about: "received, sent, or a fact about our own end",
        example: "dir == in",
        values: &["in", "out", "local"],
    },
    QueryField {
        id: QueryFieldId::Kind,
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
    QueryField {
        id: QueryFieldId::Len,
        name: "len",
        operators: COMPARE,
        about: "bytes that crossed; k and m stand for KiB and MiB",
        example: "len > 64",
        values: &[],
    },
    QueryField {
        id: QueryFieldId::Conn,
        name: "conn",
        operators: IS,
        about: "one connection or peer, as session/number",
        example: "conn == 3/1",
        values: &[],
    },
    QueryField {
        id: QueryFieldId::Session,
        name: "session",
        operators: IS,
        about: "everything of one session",
        example: "session == 3",
        values: &[],
    },
    QueryField {
        id: QueryFieldId::Side,
        name: "side",
        operators: IS,
        about: "which end we are",
        example: "side == listener",
        values: &["client", "listener"],
    },
    QueryField {
        id: QueryFieldId::Text,
        name: "text",
        operators: CONTAINS,
        about: "text in the bytes; lower-case letters match both cases",
        example: "text contains \"ping\"",
        values: &[],
    },
    QueryField {
        id: QueryFieldId::Hex,
        name: "hex",
        operators: CONTAINS,
        about: "these very bytes, as hex digits",
        example: "hex contains 0d0a",
        values: &[],
    },
];

impl QueryField {
    /// The field with this name, whatever its case.
    pub(crate) fn named(name: &str) -> Option<&'static QueryField> {
        FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// The protocol with this name, or TLS.
pub(super) fn wire(name: &str) -> Option<WireProtocol> {
    let protocol = name.parse().map(WireProtocol::Protocol);
    protocol.ok().or((name == "tls").then_some(WireProtocol::Tls))
}
