//! What an expression is, and what it means for a connection and its records.
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
use std::ops::{Bound, RangeBounds};

use super::pattern::DataPattern;
use crate::model::id::{ConnId, SessionId};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};

/// Tests joined to one answer: all of nothing is true, any of nothing is not. A `not` stands in
/// the tests alone (see [`Expr::negated`]).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr<T> {
    All(Vec<Expr<T>>),
    Any(Vec<Expr<T>>),
    /// Whether the test shall hold or fail.
    Test(bool, T),
}

/// A question that has one answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Conn(ConnTest),
    Record(RecordTest),
}

/// A test whose answer is the same for every record of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnTest {
    /// Of either end.
    Port(NumberRange),
    /// Of either end.
    Address(AddressPattern),
    Protocol(Protocol),
    Tls,
    Conn(ConnId),
    Session(SessionId),
    Side(Side),
}

/// A test about one record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RecordTest {
    Len(NumberRange),
    Direction(Direction),
    Kind(RecordKind),
    Data(DataPattern),
}

/// The numbers an operator lets through.
pub(super) type NumberRange = (Bound<u64>, Bound<u64>);

/// A block of addresses, which may be a single one, and perhaps a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AddressPattern {
    pub(super) ip: IpAddr,
    /// Leading bits that count, no more than the family has.
    pub(super) prefix: u32,
    pub(super) port: Option<u16>,
}

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
pub struct RecordFilter<'e>(Expr<&'e RecordTest>);

impl RecordFilter<'_> {
    /// Whether a record of the connection is let through.
    pub(crate) fn matches(&self, record: &RecordFacts<'_>) -> bool {
        self.0.matches(record)
    }
}

impl<T> Expr<T> {
    /// A list of which all or any have to hold; a list of one is that one.
    pub(super) fn joined(mut list: Vec<Self>, join: fn(Vec<Self>) -> Self) -> Self {
        if list.len() == 1 { list.remove(0) } else { join(list) }
    }

    /// The opposite.
    pub(super) fn negated(self) -> Self {
        let negated = |list: Vec<Self>| list.into_iter().map(Self::negated).collect();
        match self {
            Expr::All(list) => Expr::Any(negated(list)),
            Expr::Any(list) => Expr::All(negated(list)),
            Expr::Test(wanted, test) => Expr::Test(!wanted, test),
        }
    }

    /// Every test in it, and whether it shall hold.
    pub(super) fn tests(&self) -> Vec<(bool, &T)> {
        match self {
            Expr::All(list) | Expr::Any(list) => list.iter().flat_map(Expr::tests).collect(),
            Expr::Test(wanted, test) => vec![(*wanted, test)],
        }
    }
}

impl Expr<Test> {
    /// What it asks of the records of a connection. Without `info`, nothing is known about
    /// addresses and protocol: no positive test on them succeeds.
    pub(super) fn about(&self, id: ConnId, info: Option<&ConnInfo>) -> RecordFilter<'_> {
        RecordFilter(self.left(id, info))
    }

    fn left(&self, id: ConnId, info: Option<&ConnInfo>) -> Expr<&RecordTest> {
        let (list, join, other): (_, fn(_) -> _, fn(_) -> _) = match self {
            Expr::All(list) => (list, Expr::All, Expr::Any),
            Expr::Any(list) => (list, Expr::Any, Expr::All),
            Expr::Test(wanted, Test::Record(test)) => return Expr::Test(*wanted, test),
            Expr::Test(wanted, Test::Conn(test)) if test.holds(id, info) == *wanted => {
                return Expr::All(Vec::new());
            }
            Expr::Test(_, Test::Conn(_)) => return Expr::Any(Vec::new()),
        };
        let mut left: Vec<_> = list.iter().map(|expr| expr.left(id, info)).collect();
        let (nothing_asked, decided) = (join(Vec::new()), other(Vec::new()));
        if left.contains(&decided) {
            return decided;
        }
        left.retain(|part| *part != nothing_asked);
        Expr::joined(left, join)
    }
}

impl Expr<&RecordTest> {
    fn matches(&self, record: &RecordFacts<'_>) -> bool {
        match self {
            Expr::All(all) => all.iter().all(|part| part.matches(record)),
            Expr::Any(any) => any.iter().any(|part| part.matches(record)),
            Expr::Test(wanted, test) => test.holds(record) == *wanted,
        }
    }
}

impl ConnTest {
    fn holds(&self, id: ConnId, info: Option<&ConnInfo>) -> bool {
        let mut ends = info.into_iter().flat_map(|conn| [conn.local, conn.peer]).flatten();
        match self {
            ConnTest::Port(range) => ends.any(|end| range.contains(&end.port().into())),
            ConnTest::Address(pattern) => ends.any(|end| pattern.matches(end)),
            ConnTest::Protocol(protocol) => info.is_some_and(|conn| conn.protocol == *protocol),
            ConnTest::Tls => info.is_some_and(|conn| conn.tls),
            ConnTest::Conn(wanted) => id == *wanted,
            ConnTest::Session(wanted) => id.session == *wanted,
            ConnTest::Side(side) => info.is_some_and(|conn| conn.side == *side),
        }
    }
}

impl RecordTest {
    fn holds(&self, record: &RecordFacts<'_>) -> bool {
        match self {
            RecordTest::Len(range) => range.contains(&record.len),
            RecordTest::Direction(direction) => record.direction == *direction,
            RecordTest::Kind(kind) => record.kind == *kind,
            RecordTest::Data(pattern) => pattern.is_in(record.data),
        }
    }
}

impl AddressPattern {
    fn matches(&self, end: SocketAddr) -> bool {
        // A dual-stack socket reports IPv4 peers as ::ffff:a.b.c.d.
        let ((width, ip), (own_width, own)) = (bits(end.ip().to_canonical()), bits(self.ip));
        width == own_width
            && (ip ^ own).checked_shr(width - self.prefix).unwrap_or(0) == 0
            && self.port.is_none_or(|port| port == end.port())
    }
}

/// How many bits an address has, and the bits.
pub(super) fn bits(ip: IpAddr) -> (u32, u128) {
    match ip {
        IpAddr::V4(ip) => (u32::BITS, ip.to_bits().into()),
        IpAddr::V6(ip) => (u128::BITS, ip.to_bits()),
    }
}
