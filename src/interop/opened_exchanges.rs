//! Puts the exchanges of a file together from the bytes of its streams, so that filters that ask about
//! requests and answers find them as they find those that were told live.
//!
//! ```text
//! records ─► each connection: what its client said ─► heads and bodies ─┐
//!                             what it was answered ─► heads and bodies ─┴► Exchange, when it begins and ends
//! ```
//! Called by whoever reads a file. A stream that is no HTTP/1, has a hole or becomes something else
//! (`CONNECT`, an upgrade) is left alone from there on.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::pcap::MISSING;
use super::seen_request::url_of;
use crate::codec::http1::{BodyReader, Expected, HeadReader, request_framing, response_framing};
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
    waiting: VecDeque<Exchange>,
    met: u32,
}

/// Where one of the two is.
#[derive(Debug)]
enum HalfStream {
    /// In a head, of which there are bytes since then.
    Head(Box<HeadReader>, Option<Stamp>),
    Body(Box<BodyReader>),
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
        let mut found = BTreeMap::new();
        for record in records {
            let Some(watched) = self.conns.get_mut(&record.conn) else { continue };
            let Some(streams) = &mut watched.streams else { continue };
            let mut told = |it: &Exchange| drop(found.insert((it.conn, it.number), it.clone()));
            if streams.take(&watched.info, record, &mut told).is_err() {
                watched.streams = None;
            }
        }
        let is_news = |it: &Exchange| self.told.get(&it.conn).is_none_or(|told| it.number >= *told);
        found.into_values().filter(is_news).collect()
    }
}

impl Streams {
    fn new() -> Self {
        let head = |expected| HalfStream::Head(Box::new(HeadReader::new(expected)), None);
        let (asked, answered) = (head(Expected::Request), head(Expected::Response));
        Streams { asked, answered, waiting: VecDeque::new(), met: 0 }
    }

    fn take(
        &mut self,
        info: &ConnInfo,
        record: &Record,
        told: &mut dyn FnMut(&Exchange),
    ) -> Result<(), Lost> {
        let asks = if info.is_accepted() { Direction::Received } else { Direction::Sent };
        match record.kind {
            RecordKind::Data if record.direction == asks => self.asks(info, record, told)?,
            RecordKind::Data => self.answers(record, told)?,
            RecordKind::Finished if record.direction != asks => self.ends(record.at, told),
            RecordKind::Closed => self.ends(record.at, told),
            RecordKind::Note if record.data.ends_with(MISSING.as_bytes()) => return Err(Lost),
            _ => {}
        }
        if record.original_len > record.data.len() as u64 && record.kind == RecordKind::Data {
            return Err(Lost);
        }
        Ok(())
    }

    fn asks(
        &mut self,
        info: &ConnInfo,
        record: &Record,
        told: &mut dyn FnMut(&Exchange),
    ) -> Result<(), Lost> {
        let mut rest = &record.data[..];
        while !rest.is_empty() {
            let (used, head) = self.asked.push(rest, record.at)?;
            rest = &rest[used..];
            if let Some((head, since)) = head {
                let exchange = begun(info, self.met, head, since)?;
                self.asked
                    .enter(BodyReader::new(request_framing(&exchange.request.head).framing))?;
                told(&exchange);
                self.met += 1;
                self.waiting.push_back(exchange);
            }
            self.asked.leave(Expected::Request);
            if self.waiting.len() > WAITING {
                return Err(Lost);
            }
        }
        Ok(())
    }

    fn answers(&mut self, record: &Record, told: &mut dyn FnMut(&Exchange)) -> Result<(), Lost> {
        let mut rest = &record.data[..];
        while !rest.is_empty() {
            let (used, head) = self.answered.push(rest, record.at)?;
            rest = &rest[used..];
            let exchange = self.waiting.front_mut().ok_or(Lost)?;
            if let Some((head, since)) = head {
                let status = head.status().ok_or(Lost)?;
                if status < 200 && status != 101 {
                    self.answered =
                        HalfStream::Head(Box::new(HeadReader::new(Expected::Response)), None);
                    continue;
                }
                let method = method(exchange).to_owned();
                self.answered.enter(BodyReader::new(response_framing(&head, &method).framing))?;
                exchange.timing.first_byte = Some(since.since(exchange.started));
                exchange.response = Some(HttpMessage { head, ..HttpMessage::default() });
                if status == 101 || method == "CONNECT" && status < 300 {
                    finish(exchange, record.at);
                    told(exchange);
                    return Err(Lost);
                }
            }
            if self.answered.leave(Expected::Response) {
                finish(exchange, record.at);
                told(exchange);
                self.waiting.pop_front();
            } else if exchange.response.is_some() {
                told(exchange);
            }
        }
        Ok(())
    }

    /// The server says no more: what was to end so is whole.
    fn ends(&mut self, at: Stamp, told: &mut dyn FnMut(&Exchange)) {
        let is_body = matches!(self.answered, HalfStream::Body(_));
        if let Some(mut exchange) = self.waiting.pop_front().filter(|_| is_body) {
            finish(&mut exchange, at);
            told(&exchange);
        }
    }
}

impl HalfStream {
    /// Takes bytes, and says how many and which head they ended.
    fn push(&mut self, bytes: &[u8], at: Stamp) -> Result<(usize, Option<(Head, Stamp)>), Lost> {
        match self {
            HalfStream::Head(reader, since) => {
                let since = *since.get_or_insert(at);
                let ended = reader.push(bytes).map_err(|_| Lost)?;
                Ok(match ended {
                    Some((used, parsed)) => (used, Some((parsed.head, since))),
                    None => (bytes.len(), None),
                })
            }
            HalfStream::Body(reader) => {
                let progress = reader.push(bytes, &mut |_| {}).map_err(|_| Lost)?;
                Ok((progress.used, None))
            }
        }
    }

    /// The head is over.
    fn enter(&mut self, mut body: BodyReader) -> Result<(), Lost> {
        body.push(&[], &mut |_| {}).map_err(|_| Lost)?;
        *self = HalfStream::Body(Box::new(body));
        Ok(())
    }

    /// The next head begins where the body is over; whether it is.
    fn leave(&mut self, expected: Expected) -> bool {
        let HalfStream::Body(reader) = self else { return false };
        let is_over = reader.push(&[], &mut |_| {}).is_ok_and(|progress| progress.done);
        if is_over {
            *self = HalfStream::Head(Box::new(HeadReader::new(expected)), None);
        }
        is_over
    }
}

fn begun(info: &ConnInfo, number: u32, head: Head, started: Stamp) -> Result<Exchange, Lost> {
    let StartLine::Request { target, .. } = &head.start else { return Err(Lost) };
    let url = url_of(info, &head, target);
    let request = HttpMessage { head, ..HttpMessage::default() };
    let exchange = Exchange::begun(info.side, info.id, number, request, started);
    Ok(Exchange { url, ..exchange })
}

fn method(exchange: &Exchange) -> &str {
    match &exchange.request.head.start {
        StartLine::Request { method, .. } => method,
        StartLine::Response { .. } | StartLine::Unknown => "",
    }
}

fn finish(exchange: &mut Exchange, at: Stamp) {
    exchange.state = ExchangeState::Complete;
    exchange.timing.total = at.since(exchange.started);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange_facts::ExchangeFacts;
    use crate::model::id::SessionId;
    use crate::model::protocol::{Protocol, Side};

    fn conn(side: Side) -> ConnInfo {
        let (id, protocol) = (SessionId::FOREIGN.conn(1), Protocol::Tcp);
        ConnInfo { id, protocol, side, local: None, peer: None, tls: false, pair: None }
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
                    found.iter().map(|it| (&*it.method, &*it.path, &*it.host, it.status)).collect();
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
