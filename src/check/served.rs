//! What came to a listener: how often it was called, and what came last. Fed event by event by the runner of
//! presets and by `listen`, asked when all is over.
//!
//! | of | a call | the last one |
//! |---|---|---|
//! | HTTP | a request, answered or not | the one that began last, behind a request that goes on |
//! | TCP | a connection | the bytes received on the one that was accepted last |
//! | UDP | a datagram | its bytes |
//! | WebSocket | a connection | the messages received on the one that was accepted last |

use std::collections::{BTreeMap, BTreeSet};

use super::BODY_LIMIT;
use super::came::{Came, CameBody, CameFrom, contract};
use crate::model::exchange::{Exchange, ExchangeState, StartLine};
use crate::model::id::{BodyId, ConnId};
use crate::model::protocol::Capabilities;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::model::url_text::UrlText;
use crate::query::{Answered, FacetOf, cookie_values, query_values};

/// What came so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    can: Capabilities,
    called: u64,
    /// Requests that are not over.
    open: BTreeSet<u32>,
    last: LastCall,
    /// How often the rules answered, as they are called.
    by_rule: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, PartialEq, Default)]
enum LastCall {
    #[default]
    Nothing,
    /// Its body lies with the engine.
    Request(Box<Exchange>),
    Bytes {
        conn: ConnId,
        bytes: Vec<u8>,
        length: u64,
    },
}

impl Served {
    /// Nothing came yet to a listener that can this.
    #[must_use]
    pub(crate) fn new(can: Capabilities) -> Self {
        let (open, by_rule) = (BTreeSet::new(), BTreeMap::new());
        Served { can, called: 0, open, last: LastCall::Nothing, by_rule }
    }

    /// Takes a request as far as it is; which bodies nobody will look at.
    pub fn take_exchange(&mut self, exchange: &Exchange) -> Vec<BodyId> {
        if !self.can.exchanges {
            // What leads to a conversation is none of it.
            return exchange.bodies();
        }
        let number = exchange.number;
        if exchange.state == ExchangeState::Active {
            self.open.insert(number);
            return Vec::new();
        }
        self.open.remove(&number);
        self.called += 1;
        if let Some(rule) = &exchange.rule {
            *self.by_rule.entry(rule.clone()).or_default() += 1;
        }
        let answer = exchange.response.as_ref().map(|answer| answer.body.id);
        let before = match &self.last {
            LastCall::Request(last) if last.number > number => return exchange.bodies(),
            LastCall::Request(last) => Some(last.request.body.id),
            LastCall::Nothing | LastCall::Bytes { .. } => None,
        };
        self.last = LastCall::Request(Box::new(exchange.clone()));
        before.into_iter().chain(answer).collect()
    }

    /// Takes a record of it; of HTTP its exchanges tell all.
    pub fn take(&mut self, record: &Record) {
        if self.can.exchanges || !record.is_said(self.can) {
            return;
        }
        let is_received =
            record.kind == RecordKind::Data && record.direction == Direction::Received;
        let is_call =
            if self.can.datagrams { is_received } else { record.kind == RecordKind::Accepted };
        if is_call {
            self.called += 1;
            self.last = LastCall::Bytes { conn: record.conn, bytes: Vec::new(), length: 0 };
        }
        if let LastCall::Bytes { conn, bytes, length } = &mut self.last
            && is_received
            && *conn == record.conn
        {
            *length += record.original_len;
            let room = BODY_LIMIT.saturating_sub(bytes.len());
            bytes.extend(record.data.iter().take(room));
        }
    }

    /// Whether a request goes on.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.open.is_empty()
    }

    /// It was called more often than what is still here tells.
    pub(crate) fn called_in_all(&mut self, called: u64) {
        self.called = self.called.max(called);
    }

    /// How often it was called.
    pub(super) fn called(&self) -> u64 {
        self.called
    }

    /// How often a rule answered; of several with this method and path all of them.
    pub(super) fn answered_by(&self, rule: &str) -> u64 {
        let row = format!("{rule} (row ");
        let of_it = self.by_rule.iter().filter(|(name, _)| *name == rule || name.starts_with(&row));
        of_it.map(|(_, count)| count).sum()
    }

    /// The body of the last request, which whoever looks reads before.
    #[must_use]
    pub fn body(&self) -> Option<BodyId> {
        match &self.last {
            LastCall::Request(last) if last.request.body.decoded_len > 0 => {
                Some(last.request.body.id)
            }
            LastCall::Request(_) | LastCall::Nothing | LastCall::Bytes { .. } => None,
        }
    }

    /// Whether what came last is what was said, which may be several messages, and no request.
    pub(super) fn has_messages(&self) -> bool {
        matches!(self.last, LastCall::Bytes { .. })
    }

    /// All of it with the body of the last request, at this time of the wall clock.
    #[must_use]
    pub fn came<'a>(&'a self, body: &'a [u8], now: Stamp) -> Came<'a> {
        let body = match &self.last {
            LastCall::Nothing => CameBody { bytes: &[], length: 0 },
            LastCall::Request(last) => {
                CameBody { bytes: body, length: last.request.body.decoded_len }
            }
            LastCall::Bytes { bytes, length, .. } => CameBody { bytes, length: *length },
        };
        Came::new(CameFrom::Served(self), body, now)
    }

    /// What the last request answers.
    pub(super) fn answer(&self, facet: FacetOf, name: &str) -> Answered {
        match &self.last {
            LastCall::Request(last) => of_request(last, facet, name),
            LastCall::Nothing | LastCall::Bytes { .. } => Answered::none(),
        }
    }
}

fn of_request(exchange: &Exchange, facet: FacetOf, name: &str) -> Answered {
    let head = &exchange.request.head;
    let url = UrlText::literal(&exchange.url);
    match facet {
        FacetOf::Method => match &head.start {
            StartLine::Request { method, .. } => Answered::text(method),
            StartLine::Response { .. } | StartLine::Unknown => Answered::none(),
        },
        FacetOf::Path => {
            let whole = url.query.map(|_| url.target.as_bytes().to_vec());
            let texts = std::iter::once(url.path.as_bytes().to_vec()).chain(whole);
            Answered::Texts(texts.filter(|text| !text.is_empty()).collect())
        }
        FacetOf::Query => Answered::Texts(query_values(&exchange.url, name)),
        FacetOf::Header => Answered::Texts(head.all(name).map(|it| it.to_vec()).collect()),
        FacetOf::Cookie => {
            let lines = head.all("cookie");
            Answered::Texts(
                lines.flat_map(|it| cookie_values(it, name)).map(<[u8]>::to_vec).collect(),
            )
        }
        FacetOf::Version => match &head.start {
            StartLine::Request { version, .. } => Answered::text(version.name()),
            StartLine::Response { .. } | StartLine::Unknown => Answered::none(),
        },
        FacetOf::Url => Answered::text(&exchange.url),
        FacetOf::Contract => contract(exchange),
        FacetOf::Status => {
            let status = exchange.response.as_ref().and_then(|answer| answer.head.status());
            let none = || Answered::Nothing("it was not answered".into());
            status.map_or_else(none, |status| Answered::Number(status.into()))
        }
        _ => Answered::none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Expectation;
    use crate::model::exchange::{BodyFacts, HttpMessage};
    use crate::model::id::SessionId;
    use crate::model::protocol::{Protocol, Side};

    fn http() -> Served {
        Served::new(Protocol::Http.capabilities(Side::Listener))
    }

    fn request(number: u32, target: &str, state: ExchangeState) -> Exchange {
        let body = BodyFacts {
            id: BodyId(u64::from(number) + 10),
            decoded_len: 2,
            ..BodyFacts::default()
        };
        let request = HttpMessage { body, ..HttpMessage::default() };
        Exchange {
            state,
            url: format!("http://127.0.0.1:80{target}"),
            ..Exchange::begun(Side::Listener, SessionId(1).conn(1), number, request, Stamp(0))
        }
    }

    fn is_met(served: &Served, about: &str, wanted: &str) -> bool {
        let checks = crate::check::Checks {
            expectations: vec![Expectation::parse(about, wanted).unwrap()],
            captures: Vec::new(),
        };
        checks.report(&served.came(b"ok", Stamp(0))).is_met()
    }

    #[test]
    fn the_last_request_is_the_one_that_began_last_and_other_bodies_are_let_go_of() {
        let mut served = http();
        assert!(is_met(&served, "called", "0") && is_met(&served, "path", "absent"));
        assert!(!is_met(&served, "path", "/a") && !is_met(&served, "body", "''"));
        assert_eq!(served.take_exchange(&request(0, "/a", ExchangeState::Active)), []);
        assert!(served.is_busy());
        assert_eq!(
            served.take_exchange(&request(1, "/b?q=a%20b+c&q=2", ExchangeState::Complete)),
            []
        );
        assert_eq!(served.take_exchange(&request(0, "/a", ExchangeState::Complete)), [BodyId(10)]);
        assert!(!served.is_busy());
        assert_eq!(served.body(), Some(BodyId(11)));
        for (about, wanted) in [
            ("called", "2"),
            ("called", ">= 1"),
            ("called", "2..4"),
            ("path", "/b"),
            ("path", "/b?q=a%20b+c&q=2"),
            ("query.q", "a b c"),
            ("query.q", "2"),
            ("query.Q", "absent"),
            ("body", "ok"),
            ("size", "2"),
            ("status", "absent"),
        ] {
            assert!(is_met(&served, about, wanted), "{about} = {wanted}");
        }
        assert_eq!(served.take_exchange(&request(2, "/c", ExchangeState::Complete)), [BodyId(11)]);
    }

    /// What came to a listener, each as one read.
    fn said(protocol: Protocol, reads: &[&[u8]]) -> Served {
        let mut served = Served::new(protocol.capabilities(Side::Listener));
        let conn = SessionId(1).conn(1);
        let record = |kind, data: &[u8]| {
            let data = bytes::Bytes::copy_from_slice(data);
            Record::new(Stamp(0), conn, Direction::Received, kind, data)
        };
        served.take(&record(RecordKind::Accepted, b""));
        for data in reads {
            served.take(&record(RecordKind::Data, data));
        }
        served
    }

    #[test]
    fn messages_of_json_are_told_apart_however_they_came() {
        let first = br#"{"op":"open","id":1}"#.as_slice();
        let both = [first, b"\n", br#"{"op":"add","n":[1,2]}"#, b"\n"].concat();
        let close = [first, br#"{"op":"add","n":[1,2]}"#].concat();
        let (begun, rest) = both.split_at(30);
        for reads in [&[&*both][..], &[&*close], &[begun, rest], &[b"HELO\r\n", &both]] {
            let served = said(Protocol::Tcp, reads);
            for (about, wanted) in [
                ("json .op", "add"),
                ("json .id", "1"),
                ("json .n[1]", "2"),
                ("json .none", "absent"),
            ] {
                assert!(is_met(&served, about, wanted), "{about} = {wanted} of {reads:?}");
            }
            assert!(!is_met(&served, "json .op", "open"), "the last that has it counts");
        }
        let lines = said(Protocol::Udp, &[b"{\"a\":1}", b"{\"a\":2}\n{\"b\":3}\n"]);
        assert!(is_met(&lines, "json .a", "2") && is_met(&lines, "json .b", "3"));
        assert!(!is_met(&said(Protocol::Tcp, &[b"no json"]), "json .a", "exists"));
        // A request of HTTP has one body.
        let mut request = http();
        request.take_exchange(&self::request(0, "/a", ExchangeState::Complete));
        let checks = crate::check::Checks {
            expectations: vec![Expectation::parse("json .a", "1").unwrap()],
            captures: Vec::new(),
        };
        assert!(!checks.report(&request.came(b"{\"a\":1}{}", Stamp(0))).is_met());
    }
}
