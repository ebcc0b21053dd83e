//! Reads HAR as connections and records: each entry is a request and what came back, as messages of
//! HTTP/1.1 made of what the entry tells (HAR keeps heads in parts and bodies decoded, not the bytes
//! of the wire).
//!
//! Called by the shells. What others leave out or write otherwise is lived with: an entry without a
//! time comes right behind the one before, one without an answer says so.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::har::{self, HarBodies};
use super::har_web_socket::{last_said, messages};
use super::ndjson_exchange::ToldExchange;
use super::pcap::{CaptureBatch, CaptureFault, FoundBodies, ToldLine, ToldThing};
use super::told_time;
use crate::codec::http1::content_codings;
use crate::codec::{json_halves, json_weight};
use crate::model::end_address::EndAddress;
use crate::model::exchange::{
    BodyFacts, Exchange, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming,
    StartLine, ToldBesides,
};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{ConnId, SessionId};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::{Stamp, Timing};
use crate::model::url_text::UrlText;

/// What UTF-8 may begin with; readers have to live with it.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Connections of one name that are looked at for the next entry.
const LANES: usize = 64;

/// What the remark about a time begins with that is none of ours.
const BEYOND: &str = "it began at ";

/// Why there is no answer where the file does not say.
const UNTOLD: &str = "none is told";

/// What is known of the entries so far.
struct HarImport {
    session: SessionId,
    /// What the file says besides its entries.
    log: Option<Arc<str>>,
    /// Each with whether it was made of what an entry tells of a message.
    records: Vec<(Record, bool)>,
    /// Connections by what the file names one by. Of one that carried several at once (HTTP/2) each is a connection here, on
    /// which one comes after the other.
    lanes: HashMap<String, Vec<Lane>>,
    conns: u32,
    out: CaptureBatch,
}

/// A connection, and when its last entry ended.
struct Lane {
    conn: ConnId,
    ended: Stamp,
    peer: Option<EndAddress>,
}

/// The times of an entry, which is a request and its answer.
struct EntryTimes {
    started: Stamp,
    asked: Stamp,
    answered: Stamp,
    ended: Stamp,
}

/// Whether a file that begins so may be one.
#[must_use]
pub(crate) fn may_be_har(first: &[u8]) -> bool {
    let text = first.strip_prefix(MARK).unwrap_or(first).trim_ascii_start();
    // A line of ours begins with its version.
    text.starts_with(b"{") && !text.starts_with(b"{\"v\":")
}

/// A whole file, whose connections are then of this session; also how many entries it has.
///
/// # Errors
/// Where it is no HAR, and why.
pub fn read_har(text: &[u8], session: SessionId) -> Result<(CaptureBatch, usize), CaptureFault> {
    let fault = |cause: String| CaptureFault { at: 0, cause };
    let text = text.strip_prefix(MARK).unwrap_or(text);
    if json_weight::weight(text) > json_weight::HEAVIEST {
        return Err(fault("its values would take more than 2 GiB of memory".into()));
    }
    let har: Value = serde_json::from_slice(text).or_else(|error| {
        let whole = json_halves::replaced(text);
        let har = whole.and_then(|text| serde_json::from_slice(&text).ok());
        har.ok_or_else(|| fault(format!("it is no HAR: it is no JSON: {error}")))
    })?;
    let entries = har["log"]["entries"].as_array();
    let entries = entries.ok_or_else(|| fault("it is no HAR: it has no log.entries".into()))?;
    let mut at = Stamp::default();
    let mut timed: Vec<(EntryTimes, &Value)> = Vec::with_capacity(entries.len());
    for entry in entries {
        at = told_start(entry).map_or(at, Stamp::nearest);
        timed.push((EntryTimes::of(at, entry), entry));
    }
    // Others write entries in the order in which they ended.
    timed.sort_by_key(|(times, _)| times.started);
    let (lanes, out) = (HashMap::new(), CaptureBatch::default());
    let (log, records) = (log_besides(&har["log"]), Vec::new());
    let mut import = HarImport { session, log, records, lanes, conns: 0, out };
    for (number, (times, entry)) in timed.iter().enumerate() {
        import.entry(number as u32, times, entry);
    }
    Ok((import.ended(), entries.len()))
}

/// When an entry began, in nanoseconds from the epoch; `None` = it does not say, or nothing that is a time.
fn told_start(entry: &Value) -> Option<i128> {
    told_time::nanos(entry["startedDateTime"].as_str()?)
}

/// What is said of a time that is none of ours, which are those of 1970 to 2554.
fn beyond_times(entry: &Value) -> Option<String> {
    let nanos = told_start(entry)?;
    let is_told = i128::from(Stamp::nearest(nanos).0) == nanos;
    let told = entry["startedDateTime"].as_str().unwrap_or_default();
    (!is_told).then(|| format!("{BEYOND}{told}, while times here are those of 1970 to 2554"))
}

/// What a file says besides its entries: pages, the browser, remarks.
fn log_besides(log: &Value) -> Option<Arc<str>> {
    let fields = log.as_object()?.iter();
    let fields = fields.filter(|(name, value)| {
        !["version", "creator", "entries"].contains(&name.as_str()) && !value.is_null()
    });
    let fields: Map<_, _> = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    (!fields.is_empty()).then(|| Value::Object(fields).to_string().into())
}

impl HarImport {
    /// All that was read, in the order of its times.
    fn ended(self) -> CaptureBatch {
        let HarImport { mut out, mut records, .. } = self;
        records.sort_by_key(|(record, _)| record.at);
        out.made = (0..records.len()).filter(|at| records[*at].1).collect();
        out.records = records.into_iter().map(|(record, _)| record).collect();
        let told = out.exchanges.iter().zip(&out.bodies).map(|(exchange, bodies)| {
            let before = out.records.partition_point(|record| record.at < exchange.started);
            let (request, response) = (bodies.request.clone(), bodies.response.clone());
            let told = ToldExchange::new(exchange.clone(), request, response);
            ToldLine { before, what: ToldThing::Exchange(Box::new(told)) }
        });
        out.told = told.collect();
        out
    }

    fn entry(&mut self, number: u32, times: &EntryTimes, entry: &Value) {
        let (conn, peer) = self.conn(number, times, entry);
        let (request, response) = (&entry["request"], &entry["response"]);
        let mut exchange = Exchange { peer, ..times.exchange(conn, number, entry) };
        let (asks, answers) = (sent(request), received(response));
        exchange.request.body = asks.facts(request, &exchange.request.head);
        if let Some(message) = &mut exchange.response {
            message.body = answers.facts(response, &message.head);
        }
        let [request_body, response_body] = [&asks, &answers].map(HarMessage::body);
        exchange.state = how_it_ended(response, &exchange);
        exchange.without_bytes = true;
        let bodies = HarBodies { request: &request_body, response: &response_body };
        let besides = har::besides(entry, &exchange, bodies);
        let log = self.log.clone();
        if !besides.is_empty() || log.is_some() {
            exchange.besides = Some(Arc::new(ToldBesides { entry: besides, log }));
        }
        self.out.bodies.push(FoundBodies {
            conn,
            number,
            called: number,
            request: request_body,
            response: response_body,
        });
        self.message(times.asked, conn, Direction::Sent, asks);
        let answered = times.answered;
        if response["status"].as_i64().is_some_and(|status| status > 0) {
            self.message(answered, conn, Direction::Received, answers);
            self.say(messages(entry, conn, answered));
            self.out.exchanges.push(exchange);
            return;
        }
        self.out.exchanges.push(exchange);
        let words = format!("no answer: {}", no_answer(response).unwrap_or(UNTOLD));
        let (way, kind) = (Direction::Local, RecordKind::Failed);
        self.records.push((Record::new(answered, conn, way, kind, words.into()), true));
        self.say(messages(entry, conn, answered));
    }

    /// What the file has itself.
    fn say(&mut self, records: Vec<Record>) {
        self.records.extend(records.into_iter().map(|record| (record, false)));
    }

    fn message(&mut self, at: Stamp, conn: ConnId, way: Direction, message: HarMessage) {
        let HarMessage { bytes, missing, .. } = message;
        let record = Record::new(at, conn, way, RecordKind::Data, bytes);
        let original_len = record.original_len + missing;
        self.records.push((Record { original_len, ..record }, true));
    }

    /// The connection of an entry: those that name the same one are on one, unless they are under way at the same time.
    fn conn(
        &mut self,
        number: u32,
        times: &EntryTimes,
        entry: &Value,
    ) -> (ConnId, Option<EndAddress>) {
        let (server, name) = (entry["serverIPAddress"].as_str(), entry["connection"].as_str());
        let url = UrlText::literal(entry["request"]["url"].as_str().unwrap_or_default());
        let name = name.filter(|name| !name.is_empty()).map_or_else(
            || format!("#{number}"),
            // A CONNECT has no scheme; what went through it has, and is no conversation with the proxy.
            |name| {
                let server = server.unwrap_or_default();
                format!("{name} {} {} {server}", url.scheme, url.host_port)
            },
        );
        let lanes = self.lanes.entry(name).or_default();
        let free = lanes.iter_mut().rev().take(LANES).find(|lane| lane.ended < times.started);
        if let Some(lane) = free {
            lane.ended = times.ended;
            return (lane.conn, lane.peer.clone());
        }
        self.conns += 1;
        let id = self.session.conn(self.conns);
        let tls = url.scheme.eq_ignore_ascii_case("https");
        let port =
            url.port.and_then(|port| port.parse().ok()).unwrap_or(if tls { 443 } else { 80 });
        let ip = server.map(|ip| ip.trim_matches(['[', ']'])).and_then(|ip| ip.parse().ok());
        let host = || url.host.trim_matches(['[', ']']).parse().ok();
        let ip: Option<IpAddr> = ip.or_else(host);
        let peer: Option<EndAddress> = ip.map(|ip| SocketAddr::new(ip, port).into());
        lanes.push(Lane { conn: id, ended: times.ended, peer: peer.clone() });
        let (protocol, side) = (Protocol::Http, Side::Client);
        self.out.conns.push(ConnInfo {
            peer: peer.clone(),
            tls,
            ..ConnInfo::new(id, protocol, side)
        });
        (id, peer)
    }
}

impl EntryTimes {
    fn of(started: Stamp, entry: &Value) -> Self {
        let of = |names: &[&str]| names.iter().map(|name| time(&entry["timings"][*name])).sum();
        let asked = started + of(&["blocked", "dns", "connect"]);
        let answered = asked + of(&["send", "wait"]);
        let ended = (started + time(&entry["time"])).max(answered + of(&["receive"]));
        // What was said on a WebSocket goes on behind the answer.
        let ended = last_said(entry).map_or(ended, |last| ended.max(last));
        EntryTimes { started, asked, answered, ended }
    }

    /// What an entry tells of its request and its answer; how it ended is not said yet.
    fn exchange(&self, conn: ConnId, number: u32, entry: &Value) -> Exchange {
        let (asked, answered) = (&entry["request"], &entry["response"]);
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let start = StartLine::Request {
            method: text("method").to_owned(),
            target: target(text("url")).to_owned(),
            version: spoken(asked),
        };
        let message =
            |start, message| HttpMessage { head: told(start, message), ..HttpMessage::default() };
        let request = message(start, asked);
        let status = answered["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let response = status.filter(|status| *status > 0).map(|status| {
            let reason = answered["statusText"].as_str().unwrap_or_default().to_owned().into();
            let version = spoken(answered);
            message(StartLine::Response { version, status, reason }, answered)
        });
        let part = |name: &str| {
            let said = &entry["timings"][name];
            said.as_f64().filter(|millis| *millis >= 0.0).map(|_| time(said))
        };
        let timing = Timing {
            lookup: part("dns"),
            // Of which TLS is a part there.
            connect: part("connect").map(|it| it.saturating_sub(time(&entry["timings"]["ssl"]))),
            tunnel: None,
            tls: part("ssl"),
            send: part("send"),
            first_byte: part("wait"),
            transfer: part("receive"),
            total: self.ended.since(self.started),
        };
        let begun = Exchange::begun(Side::Client, conn, number, request, self.started);
        let mut warnings = remarks(entry["comment"].as_str().unwrap_or_default());
        warnings.extend(beyond_times(entry));
        Exchange { url: text("url").to_owned(), response, timing, warnings, ..begun }
    }
}

/// What an entry is said to be remarkable for, without what is said anew: of bodies that are not whole, and of
/// its time.
fn remarks(comment: &str) -> Vec<String> {
    let is_anew = |said: &&str| {
        said.starts_with("the first ") && said.ends_with(" body are here")
            || said.starts_with(BEYOND)
    };
    let said = comment.split("; ").filter(|said| !said.is_empty() && !is_anew(said));
    said.map(str::to_owned).collect()
}

/// Why there is no answer, if it is told.
fn no_answer(response: &Value) -> Option<&str> {
    let mut said = ["_error", "comment"].iter().filter_map(|name| response[*name].as_str());
    said.find(|why| !why.is_empty())
}

fn how_it_ended(response: &Value, exchange: &Exchange) -> ExchangeState {
    if exchange.response.is_none() {
        return failed(no_answer(response).unwrap_or(UNTOLD), exchange);
    }
    let why = response["_error"].as_str().filter(|why| !why.is_empty());
    why.map_or(ExchangeState::Complete, |why| failed(why, exchange))
}

/// How an exchange ended that went wrong; what we wrote is read as it was.
fn failed(why: &str, exchange: &Exchange) -> ExchangeState {
    let ours = why.split_once(": ").and_then(|(title, said)| Some((Stage::titled(title)?, said)));
    let failure = match ours {
        Some((stage, said)) => Failure::new(stage, "", FailureKind::Io, said),
        None => Failure::new(Stage::Head, &*exchange.url, FailureKind::Truncated, why),
    };
    ExchangeState::Failed(Box::new(failure))
}

/// The head of a message as it is told; of its bytes there are none.
fn told(start: StartLine, message: &Value) -> Head {
    let fields = fields(message).map(|(name, value)| FieldLine {
        name: Bytes::copy_from_slice(name.as_bytes()),
        value: value.into(),
    });
    Head { raw: Bytes::new(), start, fields: fields.collect() }
}

/// What a request line says of a URL.
fn target(url: &str) -> &str {
    let parts = UrlText::literal(url);
    if parts.target.is_empty() { url } else { parts.target }
}

/// Header fields of a message, without those that HTTP/2 makes of its first line.
fn fields(message: &Value) -> impl Iterator<Item = (&str, String)> {
    let all = message["headers"].as_array().into_iter().flatten();
    all.filter_map(|field| {
        let [name, value] = ["name", "value"].map(|of| field[of].as_str().unwrap_or_default());
        let is_one = !name.is_empty() && !name.starts_with(':');
        is_one.then(|| (name, value.replace(['\r', '\n'], " ")))
    })
}

/// Milliseconds; what is negative did not happen.
fn time(value: &Value) -> Duration {
    let millis = value.as_f64().filter(|millis| (0.0..1e12).contains(millis));
    Duration::from_secs_f64(millis.unwrap_or(0.0) / 1000.0)
}

/// A message made of an entry.
struct HarMessage {
    bytes: Bytes,
    /// Where its body begins.
    head: usize,
    /// Bytes of its body that the file does not hold.
    missing: u64,
}

impl HarMessage {
    fn new(head: Vec<u8>, body: &[u8], missing: u64) -> Self {
        let len = head.len();
        HarMessage { bytes: [head, body.to_vec()].concat().into(), head: len, missing }
    }

    fn body(&self) -> Bytes {
        self.bytes.slice(self.head..)
    }

    /// What is known of its body: lengths on the wire, as far as they are told.
    fn facts(&self, message: &Value, head: &Head) -> BodyFacts {
        let decoded_len = self.body().len() as u64 + self.missing;
        let encoded_len = message["bodySize"].as_u64().unwrap_or(decoded_len);
        let is_coded = message["content"]["compression"].is_i64();
        let framing = match (head.field("transfer-encoding"), encoded_len) {
            (Some(_), _) => MessageFraming::Chunked,
            (None, 0) => MessageFraming::None,
            (None, len) => MessageFraming::Length(len),
        };
        let codings = if is_coded { content_codings(head) } else { Vec::new() };
        BodyFacts {
            framing,
            codings,
            encoded_len,
            decoded_len,
            complete: true,
            ..BodyFacts::default()
        }
    }
}

fn sent(request: &Value) -> HarMessage {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let target = target(text("url"));
    let head = head(&format!("{} {target} {}", text("method"), version(request)), request);
    let post = &request["postData"];
    let body = match (post["text"].as_str(), post["params"].as_array()) {
        (Some(text), _) if !text.is_empty() => decoded(text, post["_encoding"].as_str()),
        (_, Some(params)) => har::form(params),
        _ => Vec::new(),
    };
    let said = request["bodySize"].as_u64().unwrap_or(0);
    let missing = if body.is_empty() { said } else { 0 };
    HarMessage::new(head, &body, missing)
}

fn received(response: &Value) -> HarMessage {
    let status = response["status"].as_i64().unwrap_or_default();
    let reason = response["statusText"].as_str().unwrap_or_default();
    let head = head(&format!("{} {status} {reason}", version(response)), response);
    let content = &response["content"];
    let body = content["text"].as_str().unwrap_or_default();
    let body = decoded(body, content["encoding"].as_str());
    let said = content["size"].as_u64().unwrap_or(0);
    // A text may be in another charset than its bytes were.
    let missing = if body.is_empty() { said } else { 0 };
    HarMessage::new(head, &body, missing)
}

/// The version that a message was spoken in, as browsers and proxies call it.
fn spoken(message: &Value) -> HttpVersion {
    match message["httpVersion"].as_str().unwrap_or_default().to_ascii_uppercase().as_str() {
        "HTTP/1.0" => HttpVersion::Http10,
        "HTTP/2" | "HTTP/2.0" | "H2" => HttpVersion::Http2,
        _ => HttpVersion::Http11,
    }
}

fn version(message: &Value) -> String {
    let said = message["httpVersion"].as_str().unwrap_or_default().to_ascii_uppercase();
    let is_plain = ["HTTP/1.0", "HTTP/1.1"].contains(&said.as_str());
    // What was in frames of HTTP/2 is told as text all the same.
    if is_plain { said } else { "HTTP/1.1".to_owned() }
}

fn head(start: &str, message: &Value) -> Vec<u8> {
    let mut text = format!("{start}\r\n");
    for (name, value) in fields(message) {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// A text, or what it stands for; base64 that is none stays a text.
fn decoded(text: &str, encoding: Option<&str>) -> Vec<u8> {
    let is_coded = encoding.is_some_and(|it| it.eq_ignore_ascii_case("base64"));
    let bytes = is_coded.then(|| STANDARD.decode(text).ok()).flatten();
    bytes.unwrap_or_else(|| text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange_facts::ExchangeFacts;
    use crate::model::secrets::Disclosure;

    #[test]
    fn an_entry_is_a_request_and_its_answer_in_their_times() {
        let har = br#"{"log":{"entries":[
            {"startedDateTime":"2023-11-14T22:13:21Z","request":{"method":"GET","url":"http://h/late"},
             "response":{"status":0,"_error":"refused"}},
            {"startedDateTime":"2023-11-14T22:13:20.5Z","connection":"7","serverIPAddress":"::1",
             "timings":{"blocked":-1,"dns":1,"connect":2,"ssl":1,"send":0,"wait":4,"receive":9},
             "request":{"method":"POST","url":"https://h:8443/a?b#c","httpVersion":"HTTP/2",
              "headers":[{"name":":method","value":"POST"},{"name":"A","value":"1\r\nB: 2"}],
              "postData":{"params":[{"name":"x y","value":"&"}]}},
             "response":{"status":200,"statusText":"OK","content":{"size":3,"text":"AP8B","encoding":"base64"}}}
        ]}}"#;
        let with_mark = [MARK, har].concat();
        assert!(may_be_har(&with_mark) && !may_be_har(b"{\"v\":1}"));
        let (batch, count) = read_har(&with_mark, SessionId(0)).unwrap();
        assert_eq!((count, batch.conns.len(), batch.records.len()), (2, 2, 4));
        assert_eq!(batch.conns[0].peer, "[::1]:8443".parse().ok());
        assert!(batch.conns[0].tls);
        let texts: Vec<_> = batch.records.iter().map(|it| &it.data[..]).collect();
        assert_eq!(texts[0], b"POST /a?b HTTP/1.1\r\nA: 1  B: 2\r\n\r\nx+y=%26");
        assert_eq!(texts[1], b"HTTP/1.1 200 OK\r\n\r\n\x00\xff\x01");
        assert_eq!(texts[3], b"no answer: refused");
        let times: Vec<_> = batch.records.iter().map(|it| it.at.0 % 1_000_000_000).collect();
        assert_eq!(times, [503_000_000, 507_000_000, 0, 0]);
        let facts: Vec<_> = batch.exchanges.iter().map(ExchangeFacts::of).collect();
        let told = |it: &ExchangeFacts| (it.method().to_owned(), it.path().to_owned(), it.status);
        assert_eq!(told(&facts[0]), ("POST".into(), "/a?b".into(), Some(200)));
        assert_eq!(told(&facts[1]), ("GET".into(), "/late".into(), None));
        assert_eq!(facts[0].values(b"a").collect::<Vec<_>>(), [b"1  B: 2"]);
        assert_eq!(facts[0].ended, Some(facts[0].started + Duration::from_millis(16)));
        assert!(matches!(batch.exchanges[1].state, ExchangeState::Failed(_)));
    }

    #[test]
    fn entries_at_the_same_time_on_one_connection_are_apart() {
        let entry = |at: &str, took: u32| {
            format!(
                r#"{{"startedDateTime":"2023-11-14T22:13:{at}Z","connection":"7","time":{took},
                    "request":{{"method":"GET","url":"http://h/{at}"}},"response":{{"status":200}}}}"#
            )
        };
        let all =
            [entry("20", 3000), entry("22", 500), entry("21", 500), entry("24", 10)].join(",");
        let har = format!(r#"{{"log":{{"entries":[{all}]}}}}"#);
        let (batch, _) = read_har(har.as_bytes(), SessionId(0)).unwrap();
        let conns: Vec<u32> = batch.exchanges.iter().map(|it| it.conn.index).collect();
        assert_eq!(conns, [1, 2, 2, 2], "in the order of their beginnings");
    }

    #[test]
    fn half_a_pair_in_a_text_does_not_void_the_whole_file() {
        let har = r#"{"log":{"entries":[{"startedDateTime":"2023-11-14T22:13:20Z","time":1,
            "request":{"method":"GET","url":"http://h/"},
            "response":{"status":200,"content":{"text":"cut \ud83d"}}}]}}"#;
        let (batch, _) = read_har(har.as_bytes(), SessionId(0)).unwrap();
        let answer = batch.records.last().unwrap();
        assert!(answer.data.ends_with("cut \u{fffd}".as_bytes()), "{answer:?}");
    }

    #[test]
    fn a_time_that_is_none_of_ours_is_the_nearest_one_and_said() {
        let entry = |began: &str| {
            format!(
                r#"{{"startedDateTime":"{began}","time":1,"request":{{"method":"GET","url":"http://h/"}},
                    "response":{{"status":200}}}}"#
            )
        };
        let of = |began: &str| {
            let har = format!(r#"{{"log":{{"entries":[{}]}}}}"#, entry(began));
            let (batch, _) = read_har(har.as_bytes(), SessionId(0)).unwrap();
            let exchange = batch.exchanges.into_iter().next().unwrap();
            let none = HarBodies { request: &[], response: &[] };
            let written = har::entry(&exchange, none, &Disclosure::Everything);
            let written: Value = serde_json::from_str(&written).unwrap();
            (exchange, written["startedDateTime"].as_str().unwrap().to_owned())
        };
        for (began, at) in [
            ("9998-12-31T23:59:59.999Z", u64::MAX),
            ("2555-01-01T00:00:00Z", u64::MAX),
            ("9999-12-31T23:59:59Z", u64::MAX),
            ("1969-07-20T20:17:40+01:00", 0),
            ("-000753-04-21T00:00:00Z", 0),
        ] {
            let (exchange, written) = of(began);
            assert_eq!(exchange.started, Stamp(at), "{began}");
            let said = exchange.warnings.join("; ");
            assert!(said.contains(began) && said.contains("1970 to 2554"), "{said}");
            assert_eq!(written, began, "what the file said is written again");
        }
        let (exchange, _) = of("2554-07-21T23:34:33.709551Z");
        assert_eq!(exchange.warnings, [""; 0]);
        assert!(exchange.started > Stamp(0));
        assert_eq!(remarks("odd; it began at 9999-12-31T00:00:00Z, while times"), ["odd"]);
    }

    #[test]
    fn what_is_no_har_is_said() {
        for (text, why) in [("{", "it is no JSON"), ("{\"headers\":[]}", "has no log.entries")] {
            let fault = read_har(text.as_bytes(), SessionId(0)).unwrap_err();
            assert!(fault.cause.contains(why), "{fault}");
        }
    }
}
