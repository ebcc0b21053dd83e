//! What an expression is, and how it is printed: the tree that the parser makes and the evaluator
//! walks. A printed expression parses to the same expression.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::pattern::{BytesPattern, TextPattern};
use crate::model::id::{ConnId, SessionId};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Direction, RecordKind};

/// `And` and `Or` hold at least two.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Conn(ConnTest),
    Record(RecordTest),
}

/// A test whose answer is the same for every record of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnTest {
    Port(Compare, u64),
    Address(Is, AddressPattern),
    Protocol(Is, WireProtocol),
    Conn(Is, ConnId),
    Session(Is, SessionId),
    Side(Is, Side),
}

/// A test about one record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RecordTest {
    Len(Compare, u64),
    Direction(Is, Direction),
    Kind(Is, RecordKind),
    Text(TextPattern),
    Hex(BytesPattern),
}

/// An order of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Whether a value is this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Equal,
    Different,
}

/// A protocol, or TLS under any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireProtocol {
    Protocol(Protocol),
    Tls,
}

/// An address, a block of addresses, or an address with a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressPattern {
    Ip(IpAddr),
    Block { ip: IpAddr, prefix: u8 },
    Socket(SocketAddr),
}

impl WireProtocol {
    /// Name as written in an expression.
    pub(super) fn name(self) -> &'static str {
        match self {
            WireProtocol::Protocol(protocol) => protocol.into_str(),
            WireProtocol::Tls => "tls",
        }
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
                    Expr::Not(_) | Expr::Conn(_) | Expr::Record(_) => write!(f, "{expr}")?,
                }
            }
            Ok(())
        };
        match self {
            Expr::Not(expr) => match **expr {
                Expr::And(_) | Expr::Or(_) => write!(f, "not ({expr})"),
                Expr::Not(_) | Expr::Conn(_) | Expr::Record(_) => write!(f, "not {expr}"),
            },
            Expr::And(all) => list(f, all, "and"),
            Expr::Or(any) => list(f, any, "or"),
            Expr::Conn(test) => test.fmt(f),
            Expr::Record(test) => test.fmt(f),
        }
    }
}

impl fmt::Display for ConnTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnTest::Port(how, port) => write!(f, "port {how} {port}"),
            ConnTest::Address(is, AddressPattern::Ip(ip)) => write!(f, "addr {is} {ip}"),
            ConnTest::Address(is, AddressPattern::Socket(at)) => write!(f, "addr {is} {at}"),
            ConnTest::Address(is, AddressPattern::Block { ip, prefix }) => {
                write!(f, "addr {is} {ip}/{prefix}")
            }
            ConnTest::Protocol(is, wire) => write!(f, "proto {is} {}", wire.name()),
            ConnTest::Conn(is, conn) => write!(f, "conn {is} {conn}"),
            ConnTest::Session(is, session) => write!(f, "session {is} {session}"),
            ConnTest::Side(is, side) => write!(f, "side {is} {}", side.into_str()),
        }
    }
}

impl fmt::Display for RecordTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordTest::Len(how, len) => write!(f, "len {how} {len}"),
            RecordTest::Direction(is, direction) => write!(f, "dir {is} {}", direction.into_str()),
            RecordTest::Kind(is, kind) => write!(f, "kind {is} {}", kind.into_str()),
            RecordTest::Text(pattern) => write!(f, "text contains {pattern}"),
            RecordTest::Hex(pattern) => write!(f, "hex contains {pattern}"),
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
