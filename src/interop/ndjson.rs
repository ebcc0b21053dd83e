//! JSON Lines of the headless mode: one object a line, for `jq` and other programs.
//!
//! Every object has `v` (version of the format), `type` and `time` (RFC 3339, UTC, nanoseconds).
//! Bytes that are UTF-8 stand under `text`, all others under `base64`; both are exact. A line
//! never holds a character a terminal would obey or hide: those are written as `\uXXXX`.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::codec::printable::is_visible;
use crate::model::exchange::{
    Exchange, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming, StartLine,
};
use crate::model::failure::Failure;
use crate::model::record::{ConnInfo, Lost, Record, RecordKind};
use crate::model::timing::{Stamp, Timing};

/// Version of the format; new fields do not change it.
const VERSION: u32 = 1;

/// Bodies that go into the line of an exchange, after their content codings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bodies<'a> {
    pub request: Option<&'a [u8]>,
    pub response: Option<&'a [u8]>,
}

/// The line of a record, without a line break.
#[must_use]
pub fn record(record: &Record, conn: Option<&ConnInfo>) -> String {
    let mut object = object("record", record.at);
    object.insert("conn".into(), record.conn.to_string().into());
    if let Some(conn) = conn {
        object.insert("proto".into(), conn.protocol.into_str().into());
        object.insert("side".into(), conn.side.into_str().into());
        object.insert("tls".into(), conn.tls.into());
        addresses(&mut object, conn.local, conn.peer);
    }
    object.insert("dir".into(), record.direction.into_str().into());
    object.insert("kind".into(), record.kind.into_str().into());
    if record.kind == RecordKind::Data {
        object.insert("len".into(), record.original_len.into());
        if record.original_len > record.data.len() as u64 {
            object.insert("kept".into(), record.data.len().into());
        }
        data(&mut object, &record.data);
    } else {
        let text = String::from_utf8_lossy(&record.data);
        object.insert("message".into(), text.into_owned().into());
    }
    line(object)
}

/// The line of loss totals.
#[must_use]
pub fn lost(lost: Lost, at: Stamp) -> String {
    let mut object = object("lost", at);
    object.insert("session".into(), lost.session.0.into());
    object.insert("by_app".into(), lost.by_app.into());
    object.insert("by_kernel".into(), lost.by_kernel.into());
    line(object)
}

/// The line of an exchange, without a line break.
#[must_use]
pub fn exchange(exchange: &Exchange, bodies: Bodies<'_>) -> String {
    let mut object = object("exchange", exchange.started);
    object.insert("conn".into(), exchange.conn.to_string().into());
    object.insert("number".into(), exchange.number.into());
    object.insert("side".into(), exchange.side.into_str().into());
    object.insert("url".into(), exchange.url.clone().into());
    addresses(&mut object, exchange.local, exchange.peer);
    object.insert("request".into(), message(&exchange.request, bodies.request));
    if let Some(response) = &exchange.response {
        object.insert("response".into(), message(response, bodies.response));
    }
    if !exchange.interim.is_empty() {
        let interim = exchange.interim.iter().map(|interim| Value::Object(head(interim)));
        object.insert("interim".into(), interim.collect());
    }
    object.insert("timing_us".into(), timing(&exchange.timing));
    if let Some(tls) = &exchange.tls {
        object.insert(
            "tls".into(),
            json!({ "version": tls.version, "cipher": tls.cipher, "alpn": tls.alpn,
                    "sni": tls.sni, "unverified": tls.unverified }),
        );
    }
    let state = match &exchange.state {
        ExchangeState::Active => "active",
        ExchangeState::Complete => "complete",
        ExchangeState::Failed(_) => "failed",
    };
    object.insert("state".into(), state.into());
    if let ExchangeState::Failed(failure) = &exchange.state {
        object.insert("failure".into(), failure_value(failure));
    }
    if !exchange.warnings.is_empty() {
        object.insert("warnings".into(), exchange.warnings.clone().into());
    }
    line(object)
}

fn object(kind: &str, at: Stamp) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("v".into(), VERSION.into());
    object.insert("type".into(), kind.into());
    object.insert("time".into(), time(at).into());
    object
}

/// RFC 3339 with all nine digits, so lines sort and align.
fn time(at: Stamp) -> String {
    let time = jiff::Timestamp::from_nanosecond(at.0.into());
    time.map_or_else(|_| String::new(), |time| format!("{time:.9}"))
}

fn addresses(
    object: &mut Map<String, Value>,
    local: Option<std::net::SocketAddr>,
    peer: Option<std::net::SocketAddr>,
) {
    for (name, address) in [("local", local), ("peer", peer)] {
        if let Some(address) = address {
            object.insert(name.into(), address.to_string().into());
        }
    }
}

fn data(object: &mut Map<String, Value>, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => object.insert("text".into(), text.into()),
        Err(_) => object.insert("base64".into(), STANDARD.encode(bytes).into()),
    };
}

/// Text, or an object with `base64`.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

fn head(head: &Head) -> Map<String, Value> {
    let mut object = Map::new();
    let version = |version: HttpVersion| match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
    };
    match &head.start {
        StartLine::Request { method, target, version: spoken } => {
            object.insert("method".into(), method.clone().into());
            object.insert("target".into(), target.clone().into());
            object.insert("version".into(), version(*spoken).into());
        }
        StartLine::Response { version: spoken, status, reason } => {
            object.insert("status".into(), (*status).into());
            object.insert("reason".into(), bytes(reason));
            object.insert("version".into(), version(*spoken).into());
        }
        StartLine::Unknown => {
            object.insert("raw".into(), bytes(&head.raw));
        }
    }
    object.insert("headers".into(), fields(&head.fields));
    object
}

/// A list of pairs, because order and duplicates count.
fn fields(fields: &[FieldLine]) -> Value {
    fields.iter().map(|field| json!([bytes(&field.name), bytes(&field.value)])).collect()
}

fn message(message: &HttpMessage, body: Option<&[u8]>) -> Value {
    let mut object = head(&message.head);
    let facts = &message.body;
    let framing = match facts.framing {
        MessageFraming::None => "none",
        MessageFraming::Length(_) => "length",
        MessageFraming::Chunked => "chunked",
        MessageFraming::UntilClose => "close",
    };
    let mut about = Map::new();
    about.insert("framing".into(), framing.into());
    about.insert("len".into(), facts.encoded_len.into());
    about.insert("decoded_len".into(), facts.decoded_len.into());
    about.insert("complete".into(), facts.complete.into());
    if !facts.codings.is_empty() {
        about.insert("codings".into(), facts.codings.clone().into());
    }
    if let Some(error) = &facts.decode_error {
        about.insert("decode_error".into(), error.clone().into());
    }
    if !facts.trailers.is_empty() {
        about.insert("trailers".into(), fields(&facts.trailers));
    }
    if let Some(body) = body {
        data(&mut about, body);
    }
    object.insert("body".into(), Value::Object(about));
    Value::Object(object)
}

fn timing(timing: &Timing) -> Value {
    let parts = [
        ("lookup", timing.lookup),
        ("connect", timing.connect),
        ("tls", timing.tls),
        ("send", timing.send),
        ("first_byte", timing.first_byte),
        ("transfer", timing.transfer),
        ("total", Some(timing.total)),
    ];
    let known = parts.into_iter().filter_map(|(name, time)| {
        let micros = u64::try_from(time?.as_micros()).unwrap_or(u64::MAX);
        Some((name.to_string(), Value::from(micros)))
    });
    Value::Object(known.collect())
}

fn failure_value(failure: &Failure) -> Value {
    json!({
        "stage": failure.stage.title(),
        "target": failure.target,
        "cause": failure.cause,
        "hint": failure.hint,
    })
}

/// JSON itself escapes C0 only; DEL, C1, bidi and zero-width characters are escaped here.
fn line(object: Map<String, Value>) -> String {
    let json = Value::Object(object).to_string();
    if json.chars().all(is_visible) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 32);
    for c in json.chars() {
        if is_visible(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::model::exchange::BodyFacts;
    use crate::model::failure::{FailureKind, Stage};
    use crate::model::id::{BodyId, SessionId};
    use crate::model::protocol::{Protocol, Side};
    use crate::model::record::Direction;

    fn sample(data: &[u8]) -> Record {
        Record {
            at: Stamp(1_700_000_000_123_456_789),
            conn: SessionId(3).conn(1),
            direction: Direction::Received,
            kind: RecordKind::Data,
            data: Bytes::copy_from_slice(data),
            original_len: data.len() as u64,
        }
    }

    fn info() -> ConnInfo {
        ConnInfo {
            id: SessionId(3).conn(1),
            protocol: Protocol::Udp,
            side: Side::Listener,
            local: Some("127.0.0.1:9000".parse().unwrap()),
            peer: Some("[::1]:5".parse().unwrap()),
            tls: false,
        }
    }

    #[test]
    fn a_record_is_one_object_with_fixed_fields() {
        assert_eq!(
            record(&sample(b"ok\n"), Some(&info())),
            r#"{"v":1,"type":"record","time":"2023-11-14T22:13:20.123456789Z","conn":"3/1","proto":"udp","side":"listener","tls":false,"local":"127.0.0.1:9000","peer":"[::1]:5","dir":"in","kind":"data","len":3,"text":"ok\n"}"#
        );
        let cut = Record { original_len: 9, ..sample(b"\xff") };
        let value: Value = serde_json::from_str(&record(&cut, None)).unwrap();
        assert_eq!((&value["len"], &value["kept"]), (&json!(9), &json!(1)));
        assert_eq!(value["base64"], "/w==");
        assert_eq!(value.get("text"), None);
    }

    #[test]
    fn facts_and_failures_are_sentences() {
        let note = Record { kind: RecordKind::Note, ..sample(b"a remark") };
        let value: Value = serde_json::from_str(&record(&note, None)).unwrap();
        assert_eq!(value["message"], "a remark");
        let error = Failure::new(Stage::Connect, "h:1", FailureKind::Refused, "connection refused");
        assert_eq!(failure_value(&error)["stage"], "cannot connect");
        assert_eq!(time(Stamp(0)), "1970-01-01T00:00:00.000000000Z");
    }

    #[test]
    fn an_exchange_keeps_header_order_duplicates_and_odd_bytes() {
        let field = |name: &'static str, value: &'static [u8]| FieldLine {
            name: Bytes::from_static(name.as_bytes()),
            value: Bytes::from_static(value),
        };
        let body = BodyFacts {
            id: BodyId(1),
            framing: MessageFraming::Chunked,
            codings: vec!["gzip".into()],
            encoded_len: 20,
            decoded_len: 5,
            expected: None,
            trailers: vec![field("X-Sum", b"1")],
            complete: true,
            decode_error: None,
        };
        let start = StartLine::Request {
            method: "GET".into(),
            target: "/".into(),
            version: HttpVersion::Http11,
        };
        let fields = vec![field("A", b"1"), field("a", b"2"), field("B", b"\xff")];
        let request = HttpMessage { head: Head { raw: Bytes::new(), start, fields }, body };
        let sample = Exchange {
            conn: SessionId(1).conn(1),
            number: 0,
            side: Side::Client,
            url: "http://h/".into(),
            started: Stamp(0),
            local: None,
            peer: None,
            request,
            response: None,
            interim: Vec::new(),
            timing: Timing::default(),
            tls: None,
            state: ExchangeState::Active,
            warnings: Vec::new(),
        };
        let bodies = Bodies { request: Some(b"hello"), response: None };
        let value: Value = serde_json::from_str(&exchange(&sample, bodies)).unwrap();
        let headers = &value["request"]["headers"];
        assert_eq!(*headers, json!([["A", "1"], ["a", "2"], ["B", { "base64": "/w==" }]]));
        assert_eq!(value["request"]["body"]["text"], "hello");
        assert_eq!(value["request"]["body"]["trailers"], json!([["X-Sum", "1"]]));
        assert_eq!(value["state"], "active");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn every_line_is_visible_json_that_gives_the_bytes_back(
            data in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                "[\\x00-\u{9f}\u{200b}-\u{202e}\u{1f600}a-c]{0,20}".prop_map(String::into_bytes),
            ],
        ) {
            let line = record(&sample(&data), Some(&info()));
            prop_assert!(line.chars().all(is_visible), "{line:?}");
            let value: Value = serde_json::from_str(&line).unwrap();
            let back = match value.get("text") {
                Some(text) => text.as_str().unwrap().as_bytes().to_vec(),
                None => STANDARD.decode(value["base64"].as_str().unwrap()).unwrap(),
            };
            prop_assert_eq!(back, data);
        }
    }
}
