//! The filter language of the Traffic pane, of `listen` and of search: what it means.
//!
//! A filter is parsed once ([`Filter::parse`]) and then asked about records one by one without
//! allocating. Printing a filter gives text that parses to the same filter.
//!
//! ```text
//!   filter = or            or  = and { "or" and }        and = not { ["and"] not }
//!   not    = ["not"] ( "(" or ")" | field op value | word )       a word = text contains "word"
//! ```

mod field;
mod lexer;
mod parser;
mod pattern;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

pub use field::{FIELDS, FilterField};

use crate::codec::search::Needle;
use crate::model::id::{ConnId, SessionId};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use pattern::{BytesPattern, TextPattern};

/// What to let through. The default lets everything through.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    root: Option<Expr>,
    reads_conn: bool,
    reads_data: bool,
}

/// Why a text is not a filter: the place (in characters, from 1) and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {column})")]
pub struct FilterError {
    pub column: usize,
    pub message: String,
}

/// `And` and `Or` hold at least two.
#[derive(Debug, Clone, PartialEq)]
enum Expr {
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Test(Test),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Port(Compare, u64),
    Len(Compare, u64),
    Address(Is, AddressPattern),
    Protocol(Is, WireProtocol),
    Direction(Is, Direction),
    Kind(Is, RecordKind),
    Conn(Is, ConnId),
    Session(Is, SessionId),
    Side(Is, Side),
    Text(TextPattern),
    Hex(BytesPattern),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Equal,
    Different,
}

/// A protocol, or TLS under any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WireProtocol {
    Protocol(Protocol),
    Tls,
}

/// An address, a block of addresses, or an address with a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AddressPattern {
    Ip(IpAddr),
    Block { ip: IpAddr, prefix: u8 },
    Socket(SocketAddr),
}

impl Filter {
    /// Reads a filter; empty text lets everything through.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        Ok(Filter::from_root(parser::parse(text)?))
    }

    /// Whether the filter lets this record through. Without `conn`, nothing is known about the
    /// addresses and the protocol: no positive test on them succeeds.
    pub fn matches(&self, record: &Record, conn: Option<&ConnInfo>) -> bool {
        self.root.as_ref().is_none_or(|root| root.matches(record, conn))
    }

    /// Whether it lets everything through because it is empty.
    pub fn is_everything(&self) -> bool {
        self.root.is_none()
    }

    /// Whether the answer depends on the connection.
    pub fn reads_conn(&self) -> bool {
        self.reads_conn
    }

    /// Whether payload is searched, so that its length decides about the cost.
    pub fn reads_data(&self) -> bool {
        self.reads_data
    }

    /// The bytes it looks for in payload, without those it looks away from: what a screen marks.
    pub fn needles(&self) -> Vec<Needle> {
        let mut found = Vec::new();
        if let Some(root) = &self.root {
            root.needles(&mut found);
        }
        found
    }

    fn from_root(root: Option<Expr>) -> Filter {
        let any = |test: fn(&Test) -> bool| root.as_ref().is_some_and(|root| root.any(test));
        let reads_conn = any(|test| {
            matches!(test, Test::Port(..) | Test::Address(..) | Test::Protocol(..) | Test::Side(..))
        });
        let reads_data = any(|test| matches!(test, Test::Text(_) | Test::Hex(_)));
        Filter { root, reads_conn, reads_data }
    }
}

impl Expr {
    fn matches(&self, record: &Record, conn: Option<&ConnInfo>) -> bool {
        match self {
            Expr::Not(expr) => !expr.matches(record, conn),
            Expr::And(all) => all.iter().all(|expr| expr.matches(record, conn)),
            Expr::Or(any) => any.iter().any(|expr| expr.matches(record, conn)),
            Expr::Test(test) => test.matches(record, conn),
        }
    }

    fn needles(&self, found: &mut Vec<Needle>) {
        match self {
            Expr::And(list) | Expr::Or(list) => list.iter().for_each(|expr| expr.needles(found)),
            Expr::Test(Test::Text(pattern)) => found.push(pattern.needle()),
            Expr::Test(Test::Hex(pattern)) => found.push(pattern.needle()),
            Expr::Not(_) | Expr::Test(_) => {}
        }
    }

    fn any(&self, test: fn(&Test) -> bool) -> bool {
        match self {
            Expr::Not(expr) => expr.any(test),
            Expr::And(list) | Expr::Or(list) => list.iter().any(|expr| expr.any(test)),
            Expr::Test(this) => test(this),
        }
    }
}

impl Test {
    fn matches(&self, record: &Record, conn: Option<&ConnInfo>) -> bool {
        let ends = || conn.into_iter().flat_map(|conn| [conn.local, conn.peer]).flatten();
        match self {
            Test::Port(Compare::Different, port) => {
                !ends().any(|end| u64::from(end.port()) == *port)
            }
            Test::Port(how, port) => ends().any(|end| how.holds(end.port().into(), *port)),
            Test::Len(how, len) => how.holds(record.original_len, *len),
            Test::Address(is, pattern) => is.holds(ends().any(|end| pattern.matches(end))),
            Test::Protocol(is, wire) => is.holds(conn.is_some_and(|conn| wire.matches(conn))),
            Test::Direction(is, direction) => is.holds(record.direction == *direction),
            Test::Kind(is, kind) => is.holds(record.kind == *kind),
            Test::Conn(is, id) => is.holds(record.conn == *id),
            Test::Session(is, id) => is.holds(record.conn.session == *id),
            Test::Side(is, side) => is.holds(conn.is_some_and(|conn| conn.side == *side)),
            Test::Text(pattern) => pattern.is_in(&record.data),
            Test::Hex(pattern) => pattern.is_in(&record.data),
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

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(f))
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, list: &[Expr], word: &str| {
            for (index, expr) in list.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                match expr {
                    Expr::And(_) | Expr::Or(_) => write!(f, "({expr})")?,
                    Expr::Not(_) | Expr::Test(_) => write!(f, "{expr}")?,
                }
            }
            Ok(())
        };
        match self {
            Expr::Not(expr) => match **expr {
                Expr::And(_) | Expr::Or(_) => write!(f, "not ({expr})"),
                Expr::Not(_) | Expr::Test(_) => write!(f, "not {expr}"),
            },
            Expr::And(all) => list(f, all, "and"),
            Expr::Or(any) => list(f, any, "or"),
            Expr::Test(test) => test.fmt(f),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Port(how, port) => write!(f, "port {how} {port}"),
            Test::Len(how, len) => write!(f, "len {how} {len}"),
            Test::Address(is, AddressPattern::Ip(ip)) => write!(f, "addr {is} {ip}"),
            Test::Address(is, AddressPattern::Socket(at)) => write!(f, "addr {is} {at}"),
            Test::Address(is, AddressPattern::Block { ip, prefix }) => {
                write!(f, "addr {is} {ip}/{prefix}")
            }
            Test::Protocol(is, wire) => write!(f, "proto {is} {}", field::wire_name(*wire)),
            Test::Direction(is, direction) => {
                write!(f, "dir {is} {}", direction.name())
            }
            Test::Kind(is, kind) => write!(f, "kind {is} {}", kind.name()),
            Test::Conn(is, conn) => write!(f, "conn {is} {conn}"),
            Test::Session(is, session) => write!(f, "session {is} {session}"),
            Test::Side(is, side) => write!(f, "side {is} {}", side.name()),
            Test::Text(pattern) => write!(f, "text contains {pattern}"),
            Test::Hex(pattern) => write!(f, "hex contains {pattern}"),
        }
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compare::Equal => "==",
            Compare::Different => "!=",
            Compare::Less => "<",
            Compare::AtMost => "<=",
            Compare::Greater => ">",
            Compare::AtLeast => ">=",
        })
    }
}

impl fmt::Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Is::Equal => "==",
            Is::Different => "!=",
        })
    }
}

#[cfg(test)]
mod query_tests;
