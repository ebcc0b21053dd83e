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

use super::facts::RecordFacts;
use super::json_test::JsonTest;
use super::pattern::{DataTest, NumberRange, Slice, TextTest};
use super::request_parts::query_values;
use super::subject::{End, OwnerPart, TextOf};
use crate::model::end_address::EndAddress;
use crate::model::fault::FaultKind;
use crate::model::hold::HoldMark;
use crate::model::id::ConnId;
use crate::model::peer_owner::{LocalUser, PeerOwner};
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
    Owner(OwnerTest),
    Record(RecordTest),
}

impl From<RecordTest> for Test {
    fn from(test: RecordTest) -> Self {
        Test::Record(test)
    }
}

impl Test {
    /// Whether it asks where a relay leads to.
    pub(super) fn asks_target(&self) -> bool {
        matches!(
            self,
            Test::Conn(ConnTest::Port(_)) | Test::Record(RecordTest::Text(TextOf::Host, _))
        )
    }
}

/// A test whose answer is the same for every record of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConnTest {
    /// Of either end.
    Port(NumberRange),
    Address(End, AddressPattern),
    Protocol(Protocol),
    Tls,
    Conn(ConnId),
    Session(NumberRange),
    Side(Side),
}

/// A test about the program at the other end of a connection, which may become known later.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum OwnerTest {
    /// It is known.
    Known(OwnerPart),
    Pid(NumberRange),
    Text(OwnerPart, TextTest),
}

impl OwnerTest {
    /// The name of its field.
    pub(super) fn field(&self) -> &'static str {
        match self {
            OwnerTest::Pid(_) => "pid",
            OwnerTest::Known(OwnerPart::User) | OwnerTest::Text(OwnerPart::User, _) => "user",
            OwnerTest::Known(_) | OwnerTest::Text(..) => "process",
        }
    }
}

/// A test about one record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RecordTest {
    Number(NumberRange),
    Len(NumberRange),
    Direction(Direction),
    Kind(RecordKind),
    Message(&'static str),
    Time(TimeTest),
    /// Nanoseconds.
    Delta(NumberRange),
    Latency(NumberRange),
    Status(NumberRange),
    Text(TextOf, TextTest),
    Data(Slice, DataTest),
    Body(Slice, DataTest),
    Json(Box<JsonTest>),
    Marked,
    /// A fault touched it; `None` = any.
    Fault(Option<FaultKind>),
    /// A hold did this to it; `None` = anything.
    Hold(Option<HoldMark>),
    /// A rule of a relay changed it.
    Rewritten,
    /// What failed, was reset or is an answer that says so.
    Error,
}

/// When something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeTest {
    /// Nanoseconds of the day, or since the Unix epoch.
    pub(super) range: NumberRange,
    pub(super) is_of_day: bool,
    /// Nanoseconds that the clock of whoever asks is ahead of stamps.
    pub(super) ahead: i64,
}

/// Which ends of connections are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AddressPattern {
    Inet(InetPattern),
    /// Unix sockets with this name, or that begin with it: a `*` at the end says so.
    Unix(String),
}

/// A block of addresses, which may be a single one, and perhaps a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InetPattern {
    pub(super) ip: Option<IpAddr>,
    /// Leading bits that count, no more than the family has.
    pub(super) prefix: u32,
    pub(super) port: Option<u16>,
}

/// What an expression needs to know of records, so that nothing else is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says of one thing whether it is looked up")]
pub(crate) struct Reads {
    /// Payload, whose length then decides about the cost.
    pub(crate) data: bool,
    pub(crate) exchange: bool,
    /// Whose the peers of connections are.
    pub(crate) owner: bool,
    pub(crate) mark: bool,
    pub(crate) comment: bool,
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
    pub(super) fn about(
        &self,
        id: ConnId,
        info: Option<&ConnInfo>,
        owner: Option<&PeerOwner>,
    ) -> RecordFilter<'_> {
        RecordFilter(self.left(&|test| match test {
            Test::Conn(test) => Some(test.holds(id, info)),
            Test::Owner(test) => Some(test.holds(owner)),
            // What a relay leads to is a host of all that crosses there; exchanges may name others.
            Test::Record(RecordTest::Text(TextOf::Host, test)) => {
                let asked = info.and_then(|info| info.asked.as_ref())?;
                let ip = asked.ip().map(|ip| ip.to_string());
                let mut hosts = std::iter::once(asked.host()).chain(ip);
                hosts.any(|host| test.holds(host.as_bytes())).then_some(true)
            }
            Test::Record(_) => None,
        }))
    }

    /// What is left when some tests are decided.
    fn left(&self, decide: &impl Fn(&Test) -> Option<bool>) -> Expr<&RecordTest> {
        let (list, join, other): (_, fn(_) -> _, fn(_) -> _) = match self {
            Expr::All(list) => (list, Expr::All, Expr::Any),
            Expr::Any(list) => (list, Expr::Any, Expr::All),
            Expr::Test(wanted, test) => {
                return match (decide(test), test) {
                    (Some(holds), _) if holds == *wanted => Expr::All(Vec::new()),
                    (None, Test::Record(test)) => Expr::Test(*wanted, test),
                    (Some(_), _) | (None, Test::Conn(_) | Test::Owner(_)) => Expr::Any(Vec::new()),
                };
            }
        };
        let mut left: Vec<_> = list.iter().map(|expr| expr.left(decide)).collect();
        let (nothing_asked, decided) = (join(Vec::new()), other(Vec::new()));
        if left.contains(&decided) {
            return decided;
        }
        left.retain(|part| *part != nothing_asked);
        Expr::joined(left, join)
    }

    /// What has to be known of records to answer it.
    pub(super) fn reads(&self) -> Reads {
        let mut reads = Reads::default();
        for (_, test) in self.tests() {
            let Test::Record(test) = test else {
                reads.owner |= matches!(test, Test::Owner(_));
                continue;
            };
            reads.data |= test.reads_data();
            reads.exchange |= test.reads_exchange();
            reads.mark |= *test == RecordTest::Marked;
            reads.comment |= matches!(test, RecordTest::Text(TextOf::Comment, _));
        }
        reads
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
        let ends = |end: End| {
            let local = info.and_then(|conn| conn.local.as_ref()).filter(|_| end != End::Peer);
            let peer = info.and_then(|conn| conn.peer.as_ref()).filter(|_| end != End::Local);
            [local, peer].into_iter().flatten()
        };
        match self {
            ConnTest::Port(range) => {
                let ports = ends(End::Either).filter_map(EndAddress::port);
                let asked = info.and_then(|conn| conn.asked.as_ref()?.port());
                ports.chain(asked).any(|port| range.contains(&port.into()))
            }
            ConnTest::Address(end, pattern) => ends(*end).any(|it| pattern.matches(it)),
            ConnTest::Protocol(protocol) => info.is_some_and(|conn| conn.protocol == *protocol),
            ConnTest::Tls => info.is_some_and(|conn| conn.tls),
            ConnTest::Conn(wanted) => id == *wanted,
            ConnTest::Session(range) => range.contains(&id.session.0),
            ConnTest::Side(side) => info.is_some_and(|conn| conn.side == *side),
        }
    }
}

impl OwnerTest {
    /// What is not known passes no test.
    fn holds(&self, owner: Option<&PeerOwner>) -> bool {
        let process = owner.and_then(PeerOwner::process);
        let known = |part: &OwnerPart| match part {
            OwnerPart::Program => process.map(|it| it.program.as_str().into()),
            OwnerPart::Pid => process.map(|it| it.pid.to_string().into()),
            OwnerPart::User => owner.and_then(PeerOwner::user).map(LocalUser::told),
        };
        match self {
            OwnerTest::Known(part) => known(part).is_some(),
            OwnerTest::Pid(range) => process.is_some_and(|it| range.contains(&it.pid.into())),
            OwnerTest::Text(part, test) => known(part).is_some_and(|it| test.holds(it.as_bytes())),
        }
    }
}

impl RecordTest {
    fn holds(&self, record: &RecordFacts<'_>) -> bool {
        match self {
            RecordTest::Number(range) => record.number.is_some_and(|it| range.contains(&it)),
            // What we say about an event crossed no socket, however long it is.
            RecordTest::Len(range) => {
                record.kind == RecordKind::Data && range.contains(&record.len)
            }
            RecordTest::Direction(direction) => record.direction == *direction,
            RecordTest::Kind(kind) => record.kind == *kind,
            RecordTest::Message(kind) => record.message == Some(*kind),
            RecordTest::Time(test) => test.holds(record.at.0),
            RecordTest::Delta(range) => record.delta.nanos().is_some_and(|it| range.contains(&it)),
            RecordTest::Latency(range) => {
                record.latency.nanos().is_some_and(|it| range.contains(&it))
            }
            RecordTest::Status(range) => {
                record.status().is_some_and(|status| range.contains(&status.into()))
            }
            RecordTest::Text(TextOf::Query(name), test) => {
                let values = record.exchange.map(|it| query_values(it.path(), name));
                values.into_iter().flatten().any(|value| test.holds(&value))
            }
            RecordTest::Text(of, test) => record.texts(of).any(|text| test.holds(text)),
            RecordTest::Data(slice, test) => slice.of(record.data).is_some_and(|it| test.holds(it)),
            RecordTest::Body(slice, test) => {
                record.body().and_then(|body| slice.of(body)).is_some_and(|it| test.holds(it))
            }
            RecordTest::Json(test) => record.body().is_some_and(|body| test.holds(body)),
            RecordTest::Marked => record.is_marked,
            RecordTest::Fault(None) => record.marks().has_fault(),
            RecordTest::Fault(Some(kind)) => record.marks().contains(*kind),
            RecordTest::Rewritten => record.marks().is_rewritten(),
            RecordTest::Hold(None) => record.marks().holds().next().is_some(),
            RecordTest::Hold(Some(mark)) => record.marks().holds().any(|it| it == *mark),
            RecordTest::Error => record.is_error(),
        }
    }

    /// The field it asks about, if nothing is known of that before a relay has passed something on.
    pub(super) fn known_late(&self) -> Option<&'static str> {
        match self {
            RecordTest::Number(_) => Some("number"),
            RecordTest::Delta(_) => Some("delta"),
            RecordTest::Latency(_) => Some("latency"),
            RecordTest::Marked => Some("marked"),
            RecordTest::Text(TextOf::Comment, _) => Some("comment"),
            RecordTest::Text(TextOf::Contract, _) => Some("contract"),
            RecordTest::Fault(_) => Some("fault"),
            RecordTest::Hold(_) => Some("hold"),
            RecordTest::Rewritten => Some("rewritten"),
            RecordTest::Error | RecordTest::Text(TextOf::Error, _) => Some("error"),
            _ => None,
        }
    }

    fn reads_data(&self) -> bool {
        matches!(
            self,
            RecordTest::Data(..)
                | RecordTest::Body(..)
                | RecordTest::Json(_)
                | RecordTest::Text(TextOf::Error, _)
        )
    }

    fn reads_exchange(&self) -> bool {
        match self {
            RecordTest::Status(_)
            | RecordTest::Error
            | RecordTest::Body(..)
            | RecordTest::Json(_)
            | RecordTest::Fault(_)
            | RecordTest::Hold(_)
            | RecordTest::Rewritten => true,
            RecordTest::Text(of, _) => !matches!(of, TextOf::Comment | TextOf::State(_)),
            _ => false,
        }
    }
}

/// Nanoseconds of a day.
const DAY: u64 = 24 * 60 * 60 * 1_000_000_000;

impl TimeTest {
    fn holds(&self, at: u64) -> bool {
        let at = at.saturating_add_signed(self.ahead);
        self.range.contains(&if self.is_of_day { at % DAY } else { at })
    }

    /// The first time from this one on for which it holds.
    pub(super) fn next(&self, from: u64) -> Option<u64> {
        if self.holds(from) {
            return Some(from);
        }
        let begins = match self.range.0 {
            Bound::Included(first) => first,
            Bound::Excluded(before) => before.checked_add(1)?,
            Bound::Unbounded => 0,
        };
        let here = from.saturating_add_signed(self.ahead);
        let today = if self.is_of_day { here - here % DAY } else { 0 };
        let tomorrow = today.checked_add(begins).and_then(|at| at.checked_add(DAY));
        let next = match today.checked_add(begins)? {
            next if next >= here => next,
            _ if self.is_of_day => tomorrow?,
            _ => return None,
        };
        let next = next.saturating_add_signed(self.ahead.saturating_neg());
        Some(next).filter(|next| self.holds(*next))
    }
}

impl AddressPattern {
    fn matches(&self, end: &EndAddress) -> bool {
        match self {
            AddressPattern::Inet(pattern) => end.inet().is_some_and(|end| pattern.matches(end)),
            AddressPattern::Unix(name) => {
                let own = end.to_string();
                name.strip_suffix('*').map_or(own == *name, |begin| own.starts_with(begin))
            }
        }
    }
}

impl InetPattern {
    fn matches(self, end: SocketAddr) -> bool {
        let is_in = |block: IpAddr| {
            // A dual-stack socket reports IPv4 peers as ::ffff:a.b.c.d.
            let ((width, ip), (own_width, own)) = (bits(end.ip().to_canonical()), bits(block));
            width == own_width && (ip ^ own).checked_shr(width - self.prefix).unwrap_or(0) == 0
        };
        self.ip.is_none_or(is_in) && self.port.is_none_or(|port| port == end.port())
    }
}

/// How many bits an address has, and the bits.
pub(super) fn bits(ip: IpAddr) -> (u32, u128) {
    match ip {
        IpAddr::V4(ip) => (u32::BITS, ip.to_bits().into()),
        IpAddr::V6(ip) => (u128::BITS, ip.to_bits()),
    }
}
