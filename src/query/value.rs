//! The fields an expression can ask about, and the values it compares them with: a port, a length,
//! an address, a name, text, hex. Every refusal says what to write instead.

use std::net::{IpAddr, SocketAddr};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::str::FromStr;

use super::expr::{AddressPattern, ConnTest, Expr, NumberRange, RecordTest, Test, bits};
use super::pattern::DataPattern;
use crate::codec::search::Needle;
use crate::model::id::{ConnId, SessionId};

/// One field an expression can ask about.
#[derive(Debug)]
pub(super) struct QueryField {
    pub(super) name: &'static str,
    /// Operators it takes, as written; `:` stands for the first.
    pub(super) operators: &'static [&'static str],
    /// A whole test that can be copied.
    pub(super) example: &'static str,
}

const IS: &[&str] = &["==", "!="];
const COMPARE: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
const CONTAINS: &[&str] = &["contains"];

/// Every field, in the order messages name them.
pub(super) const FIELDS: [QueryField; 11] = [
    // Port of either end.
    QueryField { name: "port", operators: COMPARE, example: "port == 9000" },
    // IP address of either end, with a port or as a block if you like.
    QueryField { name: "addr", operators: IS, example: "addr == 127.0.0.1" },
    // Protocol, or tls for any that is encrypted.
    QueryField { name: "proto", operators: IS, example: "proto == udp" },
    // Received, sent, or a fact about our own end.
    QueryField { name: "dir", operators: IS, example: "dir == in" },
    // What happened.
    QueryField { name: "kind", operators: IS, example: "kind == data" },
    // Bytes that crossed; k and m stand for KiB and MiB.
    QueryField { name: "len", operators: COMPARE, example: "len > 64" },
    // One connection or peer, as session/number.
    QueryField { name: "conn", operators: IS, example: "conn == 3/1" },
    // Everything of one session.
    QueryField { name: "session", operators: IS, example: "session == 3" },
    // Which end we are.
    QueryField { name: "side", operators: IS, example: "side == listener" },
    // Text in the bytes; lower-case letters match both cases.
    QueryField { name: "text", operators: CONTAINS, example: "text contains \"ping\"" },
    // These very bytes, as hex digits.
    QueryField { name: "hex", operators: CONTAINS, example: "hex contains 0d0a" },
];

const KINDS: &str =
    "data, bound, connected, accepted, secured, finished, reset, closed, failed, note";

/// The test that compares a field with this value; the operator is one the field takes.
pub(super) fn test(field: &QueryField, operator: &str, value: &str) -> Result<Expr<Test>, String> {
    let about_conn = match field.name {
        "port" => Some(ConnTest::Port(range(operator, port(value)?))),
        "addr" => Some(ConnTest::Address(address(value)?)),
        "proto" if value.eq_ignore_ascii_case("tls") => Some(ConnTest::Tls),
        "proto" => Some(ConnTest::Protocol(named(value, "http, tcp, udp, tls")?)),
        "conn" => Some(ConnTest::Conn(conn(value)?)),
        "session" => Some(ConnTest::Session(session(value)?)),
        "side" => Some(ConnTest::Side(named(value, "client, listener, relay")?)),
        _ => None,
    };
    let about_record = match field.name {
        "len" => Some(RecordTest::Len(range(operator, length(value)?))),
        "dir" => Some(RecordTest::Direction(named(value, "in, out, local")?)),
        "kind" => Some(RecordTest::Kind(named(value, KINDS)?)),
        "hex" => Some(RecordTest::Data(DataPattern::new(Needle::Bytes(hex(value)?)))),
        _ => None,
    };
    let test = about_conn.map(Test::Conn).or(about_record.map(Test::Record));
    test.map_or_else(|| text(value), |test| Ok(Expr::Test(operator != "!=", test)))
}

/// The test that payload contains this text.
pub(super) fn text(value: &str) -> Result<Expr<Test>, String> {
    if value.is_empty() {
        return Err("there is no text between the quotes".into());
    }
    let pattern = DataPattern::new(Needle::Text(value.into()));
    Ok(Expr::Test(true, Test::Record(RecordTest::Data(pattern))))
}

/// The numbers an operator lets through; `!=` lets through what `==` does not.
fn range(operator: &str, number: u64) -> NumberRange {
    match operator {
        "<" => (Unbounded, Excluded(number)),
        "<=" => (Unbounded, Included(number)),
        ">" => (Excluded(number), Unbounded),
        ">=" => (Included(number), Unbounded),
        _ => (Included(number), Included(number)),
    }
}

/// What has this name, whatever its case.
fn named<T: FromStr>(value: &str, names: &str) -> Result<T, String> {
    let found = value.to_ascii_lowercase().parse();
    found.map_err(|_| format!("'{value}' is none of {names}"))
}

fn port(value: &str) -> Result<u64, String> {
    let port: Result<u16, _> = value.parse();
    port.map(u64::from)
        .map_err(|_| format!("'{value}' is not a port; write a number from 0 to 65535"))
}

fn session(value: &str) -> Result<SessionId, String> {
    let session = value.parse().map(SessionId);
    session.map_err(|_| format!("'{value}' is not a session number; write session == 3"))
}

fn length(value: &str) -> Result<u64, String> {
    let (digits, unit) = match value.split_at_checked(value.len().saturating_sub(1)) {
        Some((digits, "k" | "K")) => (digits, 1024),
        Some((digits, "m" | "M")) => (digits, 1024 * 1024),
        _ => (value, 1),
    };
    let number: Option<u64> = digits.parse().ok();
    number.and_then(|number| number.checked_mul(unit)).ok_or_else(|| {
        format!("'{value}' is not a length; write a number of bytes, such as 64 or 4k")
    })
}

fn address(value: &str) -> Result<AddressPattern, String> {
    let wrong = || {
        format!(
            "'{value}' is not an IP address; write 127.0.0.1, 127.0.0.1:9000, [::1]:9000 or 10.0.0.0/8"
        )
    };
    if let Some((ip, prefix)) = value.split_once('/') {
        let ip: IpAddr = ip.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        let (most, _) = bits(ip);
        if u32::from(prefix) > most {
            return Err(format!("a block of this family has a prefix of 0 to {most}"));
        }
        return Ok(AddressPattern { ip, prefix: prefix.into(), port: None });
    }
    if value.eq_ignore_ascii_case("localhost") {
        return Err("write 127.0.0.1 or ::1; a filter compares addresses, not names".into());
    }
    let (ip, port) = match (value.parse::<IpAddr>(), value.parse::<SocketAddr>()) {
        (Ok(ip), _) => (ip.to_canonical(), None),
        (_, Ok(end)) => (end.ip().to_canonical(), Some(end.port())),
        _ => return Err(wrong()),
    };
    Ok(AddressPattern { ip, prefix: bits(ip).0, port })
}

fn conn(value: &str) -> Result<ConnId, String> {
    let parts = value.split_once('/');
    parts
        .and_then(|(session, index)| {
            Some(SessionId(session.parse().ok()?).conn(index.parse().ok()?))
        })
        .ok_or_else(|| format!("'{value}' is not a connection; write session/number, such as 3/1"))
}

fn hex(value: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = value
        .chars()
        .filter(|c| !matches!(c, ' ' | ':' | '-' | ','))
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()
        .ok_or_else(|| format!("'{value}' is not hex; write digits, such as 0d0a"))?;
    let (pairs, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() {
        return Err("a byte takes two hex digits; one digit is missing or too many".into());
    }
    if pairs.is_empty() {
        return Err("there are no hex digits; write some, such as 0d0a".into());
    }
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
