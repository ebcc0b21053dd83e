//! What an expression means for a connection and its records.
//!
//! Half of the tests ask about the connection, so an expression is first decided as far as one
//! connection decides it; what is left is asked about each of its records. Nothing allocates per
//! record.
//!
//! ```text
//!   port == 9000 and dir == in      about 127.0.0.1:9000   dir == in
//!                                   about 127.0.0.1:80     nothing
//! ```

use std::net::{IpAddr, SocketAddr};

use super::expr::{AddressPattern, Compare, ConnTest, Expr, Is, RecordTest, WireProtocol};
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Direction, RecordKind};

/// What tests ask about one record, besides its connection.
#[derive(Debug, Clone, Copy)]
pub struct RecordFacts<'a> {
    pub direction: Direction,
    pub kind: RecordKind,
    /// Bytes that crossed.
    pub len: u64,
    /// Bytes that were kept; may be empty for a filter that reads none.
    pub data: &'a [u8],
}

/// What is left of an expression once the connection is known.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordFilter<'e>(Left<'e>);

#[derive(Debug, Clone, PartialEq)]
enum Left<'e> {
    Everything,
    Nothing,
    Not(Box<Left<'e>>),
    And(Vec<Left<'e>>),
    Or(Vec<Left<'e>>),
    Test(&'e RecordTest),
}

impl<'e> RecordFilter<'e> {
    /// The filter for records of this connection. Without `info`, nothing is known about addresses
    /// and protocol: no positive test on them succeeds.
    pub(super) fn new(root: Option<&'e Expr>, id: ConnId, info: Option<&ConnInfo>) -> Self {
        RecordFilter(root.map_or(Left::Everything, |root| root.about(id, info)))
    }

    /// Whether a record of the connection is let through.
    pub(crate) fn matches(&self, record: &RecordFacts<'_>) -> bool {
        self.0.matches(record)
    }
}

impl Expr {
    fn about(&self, id: ConnId, info: Option<&ConnInfo>) -> Left<'_> {
        match self {
            Expr::Conn(test) if test.holds(id, info) => Left::Everything,
            Expr::Conn(_) => Left::Nothing,
            Expr::Record(test) => Left::Test(test),
            Expr::Not(expr) => match expr.about(id, info) {
                Left::Everything => Left::Nothing,
                Left::Nothing => Left::Everything,
                left => Left::Not(Box::new(left)),
            },
            Expr::And(list) => {
                let list = list.iter().map(|expr| expr.about(id, info)).collect();
                joined(list, Left::Everything, Left::Nothing, Left::And)
            }
            Expr::Or(list) => {
                let list = list.iter().map(|expr| expr.about(id, info)).collect();
                joined(list, Left::Nothing, Left::Everything, Left::Or)
            }
        }
    }
}

/// A list of which one `decisive` part settles all and a `neutral` one nothing.
fn joined<'e>(
    mut list: Vec<Left<'e>>,
    neutral: Left<'e>,
    decisive: Left<'e>,
    join: fn(Vec<Left<'e>>) -> Left<'e>,
) -> Left<'e> {
    list.retain(|left| *left != neutral);
    match list.as_slice() {
        list if list.contains(&decisive) => decisive,
        [] => neutral,
        [only] => only.clone(),
        _ => join(list),
    }
}

impl Left<'_> {
    fn matches(&self, record: &RecordFacts<'_>) -> bool {
        match self {
            Left::Everything => true,
            Left::Nothing => false,
            Left::Not(left) => !left.matches(record),
            Left::And(all) => all.iter().all(|left| left.matches(record)),
            Left::Or(any) => any.iter().any(|left| left.matches(record)),
            Left::Test(test) => test.holds(record),
        }
    }
}

impl ConnTest {
    fn holds(&self, id: ConnId, info: Option<&ConnInfo>) -> bool {
        let ends = || info.into_iter().flat_map(|conn| [conn.local, conn.peer]).flatten();
        let port = |how: Compare, port| ends().any(|end| how.holds(end.port().into(), port));
        match *self {
            ConnTest::Port(Compare::Different, wanted) => !port(Compare::Equal, wanted),
            ConnTest::Port(how, wanted) => port(how, wanted),
            ConnTest::Address(is, pattern) => is.holds(ends().any(|end| pattern.matches(end))),
            ConnTest::Protocol(is, wire) => is.holds(info.is_some_and(|conn| wire.matches(conn))),
            ConnTest::Conn(is, wanted) => is.holds(id == wanted),
            ConnTest::Session(is, wanted) => is.holds(id.session == wanted),
            ConnTest::Side(is, side) => is.holds(info.is_some_and(|conn| conn.side == side)),
        }
    }
}

impl RecordTest {
    fn holds(&self, record: &RecordFacts<'_>) -> bool {
        match self {
            RecordTest::Len(how, len) => how.holds(record.len, *len),
            RecordTest::Direction(is, direction) => is.holds(record.direction == *direction),
            RecordTest::Kind(is, kind) => is.holds(record.kind == *kind),
            RecordTest::Text(pattern) => pattern.is_in(record.data),
            RecordTest::Hex(pattern) => pattern.is_in(record.data),
        }
    }
}

impl Compare {
    fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Compare::Equal => left == right,
            Compare::Different => left != right,
            Compare::Less => left < right,
            Compare::AtMost => left <= right,
            Compare::Greater => left > right,
            Compare::AtLeast => left >= right,
        }
    }
}

impl Is {
    fn holds(self, equal: bool) -> bool {
        equal == (self == Is::Equal)
    }
}

impl WireProtocol {
    fn matches(self, conn: &ConnInfo) -> bool {
        match self {
            WireProtocol::Protocol(protocol) => conn.protocol == protocol,
            WireProtocol::Tls => conn.tls,
        }
    }
}

impl AddressPattern {
    fn matches(self, end: SocketAddr) -> bool {
        // A dual-stack socket reports IPv4 peers as ::ffff:a.b.c.d.
        let ip = end.ip().to_canonical();
        match self {
            AddressPattern::Ip(wanted) => ip == wanted.to_canonical(),
            AddressPattern::Socket(wanted) => {
                ip == wanted.ip().to_canonical() && end.port() == wanted.port()
            }
            AddressPattern::Block { ip: block, prefix } => match (ip, block) {
                (IpAddr::V4(ip), IpAddr::V4(block)) => {
                    let shift = 32 - u32::from(prefix.min(32));
                    (u64::from(ip.to_bits()) >> shift) == (u64::from(block.to_bits()) >> shift)
                }
                (IpAddr::V6(ip), IpAddr::V6(block)) => {
                    let shift = 128 - u32::from(prefix.min(128));
                    ip.to_bits().checked_shr(shift) == block.to_bits().checked_shr(shift)
                }
                _ => false,
            },
        }
    }
}
