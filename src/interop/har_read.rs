//! Reads HAR as connections and records: each entry is a request and what came back, as messages of
//! HTTP/1.1 made of what the entry tells (HAR keeps heads in parts and bodies decoded, not the bytes
//! of the wire).
//!
//! Called by the shells. What others leave out or write otherwise is lived with: an entry without a
//! time comes right behind the one before, one without an answer says so.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::pcap::{CaptureBatch, CaptureFault};
use crate::model::id::{ConnId, SessionId};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::model::url_text::UrlText;

/// What UTF-8 may begin with; readers have to live with it.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What is known of the entries so far.
struct HarImport {
    session: SessionId,
    conns: HashMap<String, ConnId>,
    at: Stamp,
    out: CaptureBatch,
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
    let har: Value = serde_json::from_slice(text)
        .map_err(|error| fault(format!("it is no HAR: it is no JSON: {error}")))?;
    let entries = har["log"]["entries"].as_array();
    let entries = entries.ok_or_else(|| fault("it is no HAR: it has no log.entries".into()))?;
    let (conns, out) = (HashMap::new(), CaptureBatch::default());
    let mut import = HarImport { session, conns, at: Stamp::default(), out };
    for (number, entry) in entries.iter().enumerate() {
        import.entry(number, entry);
    }
    // Others write entries in the order in which they ended.
    import.out.records.sort_by_key(|record| record.at);
    Ok((import.out, entries.len()))
}

impl HarImport {
    fn entry(&mut self, number: usize, entry: &Value) {
        let started = entry["startedDateTime"].as_str().and_then(|it| it.parse().ok());
        let started =
            started.and_then(|it: jiff::Timestamp| u64::try_from(it.as_nanosecond()).ok());
        self.at = started.map_or(self.at, Stamp);
        let conn = self.conn(number, entry);
        let of = |names: &[&str]| names.iter().map(|name| time(&entry["timings"][*name])).sum();
        let asked = self.at + of(&["blocked", "dns", "connect"]);
        let answered = asked + of(&["send", "wait"]);
        let (request, response) = (&entry["request"], &entry["response"]);
        self.message(asked, conn, Direction::Sent, sent(request));
        if response["status"].as_i64().is_some_and(|status| status > 0) {
            self.message(answered, conn, Direction::Received, received(response));
            return;
        }
        let why = ["_error", "comment"].iter().find_map(|name| response[*name].as_str());
        let words =
            format!("no answer: {}", why.filter(|it| !it.is_empty()).unwrap_or("none is told"));
        let (way, kind) = (Direction::Local, RecordKind::Failed);
        self.out.records.push(Record::new(answered, conn, way, kind, words.into()));
    }

    fn message(&mut self, at: Stamp, conn: ConnId, way: Direction, message: HarMessage) {
        let HarMessage { bytes, missing } = message;
        let record = Record::new(at, conn, way, RecordKind::Data, bytes);
        let original_len = record.original_len + missing;
        self.out.records.push(Record { original_len, ..record });
    }

    /// The connection of an entry: those that name the same one are on one.
    fn conn(&mut self, number: usize, entry: &Value) -> ConnId {
        let (server, name) = (entry["serverIPAddress"].as_str(), entry["connection"].as_str());
        let url = UrlText::literal(entry["request"]["url"].as_str().unwrap_or_default());
        let name = name.filter(|name| !name.is_empty()).map_or_else(
            || format!("#{number}"),
            |name| format!("{name} {} {}", url.host_port, server.unwrap_or_default()),
        );
        if let Some(conn) = self.conns.get(&name) {
            return *conn;
        }
        let id = self.session.conn(self.conns.len() as u32 + 1);
        self.conns.insert(name, id);
        let tls = url.scheme.eq_ignore_ascii_case("https");
        let port =
            url.port.and_then(|port| port.parse().ok()).unwrap_or(if tls { 443 } else { 80 });
        let ip = server.map(|ip| ip.trim_matches(['[', ']'])).and_then(|ip| ip.parse().ok());
        let peer = ip.map(|ip: IpAddr| SocketAddr::new(ip, port).into());
        let (protocol, side) = (Protocol::Http, Side::Client);
        self.out.conns.push(ConnInfo { id, protocol, side, local: None, peer, tls, pair: None });
        id
    }
}

/// Milliseconds; what is negative did not happen.
fn time(value: &Value) -> Duration {
    let millis = value.as_f64().filter(|millis| (0.0..1e12).contains(millis));
    Duration::from_secs_f64(millis.unwrap_or(0.0) / 1000.0)
}

/// A message made of an entry.
struct HarMessage {
    bytes: Bytes,
    /// Bytes of its body that the file does not hold.
    missing: u64,
}

fn sent(request: &Value) -> HarMessage {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let url = UrlText::literal(text("url"));
    let target = if url.target.is_empty() { text("url") } else { url.target };
    let mut bytes = head(&format!("{} {target} {}", text("method"), version(request)), request);
    let post = &request["postData"];
    let body = match (post["text"].as_str(), post["params"].as_array()) {
        (Some(text), _) if !text.is_empty() => decoded(text, post["_encoding"].as_str()),
        (_, Some(params)) => form(params),
        _ => Vec::new(),
    };
    let said = request["bodySize"].as_u64().unwrap_or(0);
    let missing = if body.is_empty() { said } else { 0 };
    bytes.extend_from_slice(&body);
    HarMessage { bytes: bytes.into(), missing }
}

fn received(response: &Value) -> HarMessage {
    let status = response["status"].as_i64().unwrap_or_default();
    let reason = response["statusText"].as_str().unwrap_or_default();
    let mut bytes = head(&format!("{} {status} {reason}", version(response)), response);
    let content = &response["content"];
    let body = content["text"].as_str().unwrap_or_default();
    let body = decoded(body, content["encoding"].as_str());
    let said = content["size"].as_u64().unwrap_or(0);
    let missing = if body.is_empty() { said } else { 0 };
    bytes.extend_from_slice(&body);
    HarMessage { bytes: bytes.into(), missing }
}

fn version(message: &Value) -> String {
    let said = message["httpVersion"].as_str().unwrap_or_default().to_ascii_uppercase();
    let is_plain = ["HTTP/1.0", "HTTP/1.1"].contains(&said.as_str());
    // What was in frames of HTTP/2 is told as text all the same.
    if is_plain { said } else { "HTTP/1.1".to_owned() }
}

fn head(start: &str, message: &Value) -> Vec<u8> {
    let mut text = format!("{start}\r\n");
    for field in message["headers"].as_array().into_iter().flatten() {
        let [name, value] = ["name", "value"].map(|of| field[of].as_str().unwrap_or_default());
        if !name.is_empty() && !name.starts_with(':') {
            let _ = write!(text, "{name}: {}\r\n", value.replace(['\r', '\n'], " "));
        }
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

/// Fields of a form, encoded again.
fn form(params: &[Value]) -> Vec<u8> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for param in params {
        let [name, value] = ["name", "value"].map(|of| param[of].as_str().unwrap_or_default());
        pairs.append_pair(name, value);
    }
    pairs.finish().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(batch.conns[1].peer, "[::1]:8443".parse().ok());
        assert!(batch.conns[1].tls);
        let texts: Vec<_> = batch.records.iter().map(|it| &it.data[..]).collect();
        assert_eq!(texts[0], b"POST /a?b HTTP/1.1\r\nA: 1  B: 2\r\n\r\nx+y=%26");
        assert_eq!(texts[1], b"HTTP/1.1 200 OK\r\n\r\n\x00\xff\x01");
        assert_eq!(texts[3], b"no answer: refused");
        let times: Vec<_> = batch.records.iter().map(|it| it.at.0 % 1_000_000_000).collect();
        assert_eq!(times, [503_000_000, 507_000_000, 0, 0]);
    }

    #[test]
    fn what_is_no_har_is_said() {
        for (text, why) in [("{", "it is no JSON"), ("{\"headers\":[]}", "has no log.entries")] {
            let fault = read_har(text.as_bytes(), SessionId(0)).unwrap_err();
            assert!(fault.cause.contains(why), "{fault}");
        }
    }
}
