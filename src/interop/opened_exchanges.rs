//! Puts the exchanges of a file together from the bytes of its streams, so that filters that ask about
//! requests and answers find them as they find those that were told live, and exports write them.
//!
//! ```text
//! records ─► each connection: what its client said ─► heads and bodies ─┐
//!                             what it was answered ─► heads and bodies ─┴► Exchange, when it begins and ends
//! ```
//! Called by whoever reads a file, and by who writes one of what is said over TCP alone. A stream that is no HTTP/1, has a hole or becomes something else
//! (`CONNECT`, an upgrade) is left alone from there on.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;

use super::opened_bodies::{MessageBody, OpenBytes};
use super::pcap::{FoundBodies, MISSING};
use super::seen_request::url_of;
use crate::codec::http1::{Expected, HeadReader, request_framing, response_framing};
use crate::model::exchange::{Exchange, ExchangeState, Head, HttpMessage, StartLine};
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Requests of a connection that wait for their answers at most.
const WAITING: usize = 1_000;

/// The streams of a file.
#[derive(Debug, Default)]
pub(crate) struct OpenedExchanges {
    conns: HashMap<ConnId, Watched>,
    /// Exchanges of a connection that the file itself tells of, which knows more of them.
    told: HashMap<ConnId, u32>,
    news: News,
}

/// What is known that was not yet asked for.
#[derive(Debug, Default)]
struct News {
    exchanges: BTreeMap<(ConnId, u32), Exchange>,
    bodies: Vec<FoundBodies>,
    held: OpenBytes,
}

/// A connection; `None` in place of its streams = it is looked at no longer.
#[derive(Debug)]
struct Watched {
    info: ConnInfo,
    streams: Option<Box<Streams>>,
}

#[derive(Debug)]
struct Streams {
    asked: HalfStream,
    answered: HalfStream,
    waiting: VecDeque<Waiting>,
    met: u32,
}

/// An exchange that is not over, and the body of its request when that is.
#[derive(Debug)]
struct Waiting {
    exchange: Exchange,
    request: Bytes,
}

/// Where one of the two is.
#[derive(Debug)]
enum HalfStream {
    /// In a head, of which there are bytes since then.
    Head(Box<HeadReader>, Option<Stamp>),
    Body(Box<MessageBody>),
}

/// A stream says nothing that can be understood any more.
struct Lost;

impl OpenedExchanges {
    /// The file tells of exchanges: of those nothing is put together from then on.
    pub(crate) fn knows(&mut self, told: &[Exchange]) {
        self.told.extend(told.iter().map(|it| (it.conn, it.number + 1)));
    }

    /// The next piece of the file; returns what is known now of exchanges that it began or went on with.
    pub(crate) fn take(&mut self, conns: &[ConnInfo], records: &[Record]) -> Vec<Exchange> {
        for info in conns {
            let known = self.conns.remove(&info.id).map(|it| it.streams);
            let may_be_http = info.capabilities().connections;
            let fresh = || may_be_http.then(|| Box::new(Streams::new()));
            let streams = known.unwrap_or_else(fresh);
            self.conns.insert(info.id, Watched { info: info.clone(), streams });
        }
        for record in records {
            let Some(watched) = self.conns.get_mut(&record.conn) else { continue };
            let Some(streams) = &mut watched.streams else { continue };
            if streams.take(&watched.info, record, &mut self.news).is_err() {
                watched.streams = None;
            }
        }
        let found = std::mem::take(&mut self.news.exchanges);
        found.into_values().filter(|it| self.is_news(it.conn, it.number)).collect()
    }

    /// Nothing more comes on a connection.
    pub(crate) fn over(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
        self.told.remove(&conn);
    }

    /// The bodies of exchanges that ended in what was taken since the last time.
    pub(crate) fn take_bodies(&mut self) -> Vec<FoundBodies> {
        let mut bodies = std::mem::take(&mut self.news.bodies);
        bodies.retain(|it| self.is_news(it.conn, it.number));
        bodies
    }

    fn is_news(&self, conn: ConnId, number: u32) -> bool {
        self.told.get(&conn).is_none_or(|told| number >= *told)
    }
}

impl Streams {
    fn new() -> Self {
        let [asked, answered] = [Expected::Request, Expected::Response].map(HalfStream::head);
        Streams { asked, answered, waiting: VecDeque::new(), met: 0 }
    }

    fn take(&mut self, info: &ConnInfo, record: &Record, news: &mut News) -> Result<(), Lost> {
        let asks = if info.is_accepted() { Direction::Received } else { Direction::Sent };
        match record.kind {
            RecordKind::Data if record.direction == asks => self.asks(info, record, news)?,
            RecordKind::Data => self.answers(record, news)?,
            RecordKind::Finished if record.direction != asks => self.ends(record.at, news),
            RecordKind::Closed => self.ends(record.at, news),
            RecordKind::Note if record.data.ends_with(MISSING.as_bytes()) => return Err(Lost),
            _ => {}
        }
        if record.original_len > record.data.len() as u64 && record.kind == RecordKind::Data {
            return Err(Lost);
        }
        Ok(())
    }

    fn asks(&mut self, info: &ConnInfo, record: &Record, news: &mut News) -> Result<(), Lost> {
        let mut rest = &record.data[..];
        while !rest.is_empty() {
            let (used, head) = self.asked.push(rest, record.at, &mut news.held)?;
            rest = &rest[used..];
            if let Some((head, since)) = head {
                let framing = request_framing(&head);
                self.asked = HalfStream::Body(Box::new(MessageBody::new(&head, framing)));
                let exchange = begun(info, self.met, head, since)?;
                news.tell(&exchange);
                self.met += 1;
                self.waiting.push_back(Waiting { exchange, request: Bytes::new() });
            }
            if let Some(body) = self.asked.leave(Expected::Request) {
                let (facts, bytes) = body.told(&mut news.held);
                // An answer may be over before what it answers is.
                let asked = |it: &&mut Waiting| it.exchange.number + 1 == self.met;
                if let Some(waiting) = self.waiting.back_mut().filter(asked) {
                    waiting.exchange.timing.send = Some(record.at.since(waiting.exchange.started));
                    waiting.exchange.request.body = facts;
                    waiting.request = bytes;
                }
            }
            if self.waiting.len() > WAITING {
                return Err(Lost);
            }
        }
        Ok(())
    }

    fn answers(&mut self, record: &Record, news: &mut News) -> Result<(), Lost> {
        let mut rest = &record.data[..];
        while !rest.is_empty() {
            let (used, head) = self.answered.push(rest, record.at, &mut news.held)?;
            rest = &rest[used..];
            let exchange = &mut self.waiting.front_mut().ok_or(Lost)?.exchange;
            if let Some((head, since)) = head {
                let status = head.status().ok_or(Lost)?;
                if status < 200 && status != 101 {
                    self.answered = HalfStream::head(Expected::Response);
                    continue;
                }
                let method = method(exchange).to_owned();
                let framing = response_framing(&head, &method);
                self.answered = HalfStream::Body(Box::new(MessageBody::new(&head, framing)));
                let sent = exchange.started + exchange.timing.send.unwrap_or_default();
                exchange.timing.first_byte = Some(since.since(sent));
                exchange.response = Some(HttpMessage { head, ..HttpMessage::default() });
                if status == 101 || method == "CONNECT" && status < 300 {
                    self.ends(record.at, news);
                    return Err(Lost);
                }
            }
            if let Some(body) = self.answered.leave(Expected::Response) {
                self.answered_whole(body, record.at, news);
            } else if exchange.response.is_some() {
                news.tell(exchange);
            }
        }
        Ok(())
    }

    /// The answer to the first that waits is over.
    fn answered_whole(&mut self, body: Box<MessageBody>, at: Stamp, news: &mut News) {
        let Some(Waiting { mut exchange, request }) = self.waiting.pop_front() else { return };
        let (facts, response) = body.told(&mut news.held);
        exchange.state = ExchangeState::Complete;
        let timing = &mut exchange.timing;
        timing.total = at.since(exchange.started);
        let before = timing.send.unwrap_or_default() + timing.first_byte.unwrap_or_default();
        timing.transfer = timing.first_byte.map(|_| timing.total.saturating_sub(before));
        if let Some(message) = &mut exchange.response {
            message.body = facts;
        }
        news.tell(&exchange);
        let Exchange { conn, number, .. } = exchange;
        news.bodies.push(FoundBodies { conn, number, called: number, request, response });
    }

    /// The server says no more: what was to end so is whole.
    fn ends(&mut self, at: Stamp, news: &mut News) {
        let answered = std::mem::replace(&mut self.answered, HalfStream::head(Expected::Response));
        match answered {
            HalfStream::Body(body) => self.answered_whole(body, at, news),
            HalfStream::Head(..) => drop(self.waiting.pop_front()),
        }
    }
}

impl News {
    fn tell(&mut self, exchange: &Exchange) {
        self.exchanges.insert((exchange.conn, exchange.number), exchange.clone());
    }
}

impl HalfStream {
    fn head(expected: Expected) -> Self {
        HalfStream::Head(Box::new(HeadReader::new(expected)), None)
    }

    /// Takes bytes, and says how many and which head they ended.
    fn push(
        &mut self,
        bytes: &[u8],
        at: Stamp,
        held: &mut OpenBytes,
    ) -> Result<(usize, Option<(Head, Stamp)>), Lost> {
        match self {
            HalfStream::Head(reader, since) => {
                let since = *since.get_or_insert(at);
                let ended = reader.push(bytes).map_err(|_| Lost)?;
                Ok(match ended {
                    Some((used, parsed)) => (used, Some((parsed.head, since))),
                    None => (bytes.len(), None),
                })
            }
            HalfStream::Body(body) => Ok((body.push(bytes, held).ok_or(Lost)?, None)),
        }
    }

    /// The next head begins where the body is over; the body when it is.
    fn leave(&mut self, expected: Expected) -> Option<Box<MessageBody>> {
        let HalfStream::Body(body) = self else { return None };
        if !body.is_over() {
            return None;
        }
        match std::mem::replace(self, HalfStream::head(expected)) {
            HalfStream::Body(body) => Some(body),
            HalfStream::Head(..) => None,
        }
    }
}

fn begun(info: &ConnInfo, number: u32, head: Head, started: Stamp) -> Result<Exchange, Lost> {
    let StartLine::Request { target, .. } = &head.start else { return Err(Lost) };
    let url = url_of(info, &head, target);
    let request = HttpMessage { head, ..HttpMessage::default() };
    let exchange = Exchange::begun(info.side, info.id, number, request, started);
    let (local, peer) = (info.local.clone(), info.peer.clone());
    Ok(Exchange { url, local, peer, ..exchange })
}

fn method(exchange: &Exchange) -> &str {
    match &exchange.request.head.start {
        StartLine::Request { method, .. } => method,
        StartLine::Response { .. } | StartLine::Unknown => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange_facts::ExchangeFacts;
    use crate::model::id::SessionId;
    use crate::model::protocol::{Protocol, Side};

    fn conn(side: Side) -> ConnInfo {
        let (id, protocol) = (SessionId::FOREIGN.conn(1), Protocol::Tcp);
        ConnInfo::new(id, protocol, side)
    }

    /// What is known in the end of exchanges of these records, in pieces of so many.
    fn facts(side: Side, said: &[(char, &str)], piece: usize) -> Vec<ExchangeFacts> {
        let info = conn(side);
        let record = |(at, (way, text)): (usize, &(char, &str))| {
            let direction = match (way, info.is_accepted()) {
                ('>', false) | ('<', true) => Direction::Sent,
                _ => Direction::Received,
            };
            let kind = if text.is_empty() { RecordKind::Finished } else { RecordKind::Data };
            let data = text.as_bytes().to_vec().into();
            Record::new(Stamp(at as u64 * 10), info.id, direction, kind, data)
        };
        let records: Vec<Record> = said.iter().enumerate().map(record).collect();
        let (mut opened, mut known) = (OpenedExchanges::default(), BTreeMap::new());
        let mut conns = &[info.clone()][..];
        for piece in records.chunks(piece) {
            for exchange in opened.take(conns, piece) {
                known.insert(exchange.number, ExchangeFacts::of(&exchange));
            }
            conns = &[];
        }
        known.into_values().collect()
    }

    #[test]
    fn requests_and_answers_of_a_stream_are_exchanges_in_their_times() {
        let said = [
            ('>', "GET /a?x=1 HTTP/1.1\r\nHo"),
            ('>', "st: h:80\r\n\r\n"),
            (
                '<',
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n",
            ),
            ('<', "no"),
            (
                '>',
                "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcPUT /c HTTP/1.1\r\nHost: h\r\n\r\n",
            ),
            ('<', "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            ('<', "HTTP/1.1 200 OK\r\n\r\nto the end"),
            ('<', ""),
        ];
        for side in [Side::Client, Side::Listener] {
            for piece in [1, 3, said.len()] {
                let found = facts(side, &said, piece);
                let told: Vec<_> =
                    found.iter().map(|it| (it.method(), it.path(), it.host(), it.status)).collect();
                assert_eq!(
                    told,
                    [
                        ("GET", "/a?x=1", "h", Some(404)),
                        ("POST", "/b", "h", Some(201)),
                        ("PUT", "/c", "h", Some(200)),
                    ],
                    "{side:?}, {piece} records a piece"
                );
                let times: Vec<_> = found.iter().map(|it| (it.started.0, it.ended)).collect();
                let at = |nanos| Some(Stamp(nanos));
                assert_eq!(times, [(0, at(30)), (40, at(50)), (40, at(70))]);
            }
        }
    }

    #[test]
    fn bodies_are_there_without_framing_and_codings() {
        let gzip = |text: &str| {
            let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut coder, text.as_bytes()).unwrap();
            coder.finish().unwrap()
        };
        let coded = gzip("squeezed");
        let (one, two) = coded.split_at(9);
        let chunked = [
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n",
            one,
            format!("\r\n{:x}\r\n", two.len()).as_bytes(),
            two,
            b"\r\n0\r\nX-T: 1\r\n\r\n",
        ]
        .concat();
        let broken = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain";
        let info = conn(Side::Client);
        let ask = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
        let said = [
            (Direction::Sent, &ask[..]),
            (Direction::Received, &chunked),
            (Direction::Sent, ask),
            (Direction::Received, broken),
        ];
        let records: Vec<Record> = said
            .into_iter()
            .map(|(way, data)| {
                let data = Bytes::copy_from_slice(data);
                Record::new(Stamp(1), info.id, way, RecordKind::Data, data)
            })
            .collect();
        let mut opened = OpenedExchanges::default();
        let found = opened.take(std::slice::from_ref(&info), &records);
        let bodies = opened.take_bodies();
        let texts: Vec<_> = bodies.iter().map(|it| (&it.request[..], &it.response[..])).collect();
        assert_eq!(texts, [(&b"abc"[..], &b"squeezed"[..]), (b"abc", b"plain")]);
        let facts = |at: usize| &found[at].response.as_ref().unwrap().body;
        let whole = facts(0);
        assert_eq!((whole.encoded_len, whole.decoded_len), (coded.len() as u64, 8));
        assert!(whole.complete && whole.codings == ["gzip"] && whole.trailers.len() == 1);
        assert!(facts(1).as_came && facts(1).decode_error.is_some());
        assert!(opened.take_bodies().is_empty());
    }

    #[test]
    fn what_is_no_http_or_goes_on_as_something_else_is_left_alone() {
        assert!(facts(Side::Client, &[('>', "EHLO me\r\n"), ('<', "250 ok\r\n")], 9).is_empty());
        let tunnel = [
            ('>', "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n"),
            ('<', "HTTP/1.1 200 OK\r\n\r\n"),
            ('>', "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        ];
        let found = facts(Side::Client, &tunnel, 9);
        assert_eq!((found.len(), found[0].status), (1, Some(200)));
        let unasked = [('<', "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")];
        assert!(facts(Side::Client, &unasked, 9).is_empty());
    }
}
