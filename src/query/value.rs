//! The values an expression compares with: a port, a length, an address, a name, text, hex. Every
//! refusal says what to write instead.

use std::net::IpAddr;

use super::expr::{AddressPattern, Compare, ConnTest, Expr, Is, RecordTest};
use super::field::{self, QueryField, QueryFieldId};
use super::pattern::{BytesPattern, TextPattern};
use crate::model::id::{ConnId, SessionId};

/// The test that compares a field with this value; the operator is one the field takes.
pub(super) fn test(field: &QueryField, operator: &str, value: &str) -> Result<Expr, String> {
    let is = if operator == "!=" { Is::Different } else { Is::Equal };
    let lower = value.to_ascii_lowercase();
    let one_of = || format!("'{value}' is none of {}", field.values.join(", "));
    Ok(match field.id {
        QueryFieldId::Port => Expr::Conn(ConnTest::Port(compare(operator), port(value)?)),
        QueryFieldId::Address => Expr::Conn(ConnTest::Address(is, address(value)?)),
        QueryFieldId::Protocol => {
            Expr::Conn(ConnTest::Protocol(is, field::wire(&lower).ok_or_else(one_of)?))
        }
        QueryFieldId::Side => Expr::Conn(ConnTest::Side(is, lower.parse().map_err(|_| one_of())?)),
        QueryFieldId::Conn => Expr::Conn(ConnTest::Conn(is, conn(value)?)),
        QueryFieldId::Session => Expr::Conn(ConnTest::Session(is, session(value)?)),
        QueryFieldId::Len => Expr::Record(RecordTest::Len(compare(operator), length(&lower)?)),
        QueryFieldId::Direction => {
            Expr::Record(RecordTest::Direction(is, lower.parse().map_err(|_| one_of())?))
        }
        QueryFieldId::Kind => {
            Expr::Record(RecordTest::Kind(is, lower.parse().map_err(|_| one_of())?))
        }
        QueryFieldId::Text => text(value)?,
        QueryFieldId::Hex => Expr::Record(RecordTest::Hex(BytesPattern::new(&hex(value)?))),
    })
}

/// The test that payload contains this text.
pub(super) fn text(value: &str) -> Result<Expr, String> {
    if value.is_empty() {
        return Err("there is no text between the quotes".into());
    }
    Ok(Expr::Record(RecordTest::Text(TextPattern::new(value))))
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

fn compare(operator: &str) -> Compare {
    match operator {
        "!=" => Compare::Different,
        "<" => Compare::Less,
        "<=" => Compare::AtMost,
        ">" => Compare::Greater,
        ">=" => Compare::AtLeast,
        _ => Compare::Equal,
    }
}

fn length(value: &str) -> Result<u64, String> {
    let (digits, unit) = match (value.strip_suffix('k'), value.strip_suffix('m')) {
        (Some(digits), _) => (digits, 1024),
        (_, Some(digits)) => (digits, 1024 * 1024),
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
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        if prefix > most {
            return Err(format!("a block of this family has a prefix of 0 to {most}"));
        }
        return Ok(AddressPattern::Block { ip, prefix });
    }
    if value.eq_ignore_ascii_case("localhost") {
        return Err("write 127.0.0.1 or ::1; a filter compares addresses, not names".into());
    }
    let ip = value.parse().map(AddressPattern::Ip);
    ip.or_else(|_| value.parse().map(AddressPattern::Socket)).map_err(|_| wrong())
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
