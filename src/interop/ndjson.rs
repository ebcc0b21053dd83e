//! JSON Lines of the headless mode: one object a line, for `jq` and other programs.
//!
//! Every object has `v` (version of the format), `type` and `time` (RFC 3339, UTC, nanoseconds).
//! Bytes that are UTF-8 stand under `text`, all others under `base64`; both are exact. A body in a
//! charset it names has its text beside its `base64`. What is longer than a line holds is told by
//! `kept`, the bytes that are there. A line never holds a character a terminal would obey or hide: those are written as `\uXXXX`.

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::har::told_besides;
use super::secrets::disclosed;
use crate::codec::charset::Recoder;
use crate::codec::printable::is_visible;
use crate::codec::web_socket::told;
use crate::model::contract_facts::ContractFacts;
use crate::model::exchange::{
    Exchange, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming, StartLine,
};
use crate::model::failure::Failure;
use crate::model::fault::FaultMarks;
use crate::model::id::ConnId;
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, LossTotals, MaskedLens, Record, RecordKind, RecordRemark};
use crate::model::secrets::{Disclosure, masked};
use crate::model::timing::{Lapse, Stamp, Timing};

/// Version of the format; new fields do not change it.
const VERSION: u32 = 1;

/// Bodies that go into the line of an exchange, after their content codings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bodies<'a> {
    pub request: Option<&'a [u8]>,
    pub response: Option<&'a [u8]>,
}

/// The line of a record that came so long after bytes the other way, without a line break. `told` is what
/// may be told of its payload or words.
#[must_use]
pub fn record(record: &Record, conn: Option<&ConnInfo>, told: &[u8], after: Lapse) -> String {
    remarked(record, conn, told, (after, None))
}

/// The same with what is said of it besides.
#[must_use]
pub(crate) fn remarked(
    record: &Record,
    conn: Option<&ConnInfo>,
    told: &[u8],
    (after, remark): (Lapse, Option<&RecordRemark>),
) -> String {
    let origin = remark.map(|remark| remark.origin).unwrap_or_default();
    let is_masked = *told != *record.data || origin.is_masked;
    let is_data = record.kind == RecordKind::Data;
    let here = record.data.len() as u64;
    let (len, kept) = match origin.lens {
        Some(MaskedLens { len, kept }) => (len, kept),
        None => (record.original_len, (record.original_len > here).then_some(here)),
    };
    let (text, base64) = either(told);
    // Of a relay the client's connection, under which both halves belong.
    let pair = conn.and_then(|conn| conn.pair).map(|pair| pair.client.to_string());
    let facts = known(json!({
        "conn": record.conn.to_string(),
        "proto": conn.map(|conn| conn.protocol.into_str()),
        "side": conn.map(|conn| conn.side.into_str()),
        "tls": conn.map(|conn| conn.tls),
        "local": conn.map(|conn| &conn.local),
        "peer": conn.map(|conn| &conn.peer),
        "pair": pair,
        "target": conn.and_then(|conn| conn.asked.as_ref().map(|it| it.endpoint.to_string())),
        "target_address": conn.and_then(|conn| conn.asked.as_ref()?.address.as_ref()),
        "target_by": conn.and_then(ConnInfo::chosen_target).map(|_| "client"),
        "target_tls": conn.and_then(ConnInfo::chosen_target).filter(|it| it.tls).map(|_| true),
        "from": conn.filter(|_| is_data).and_then(|conn| conn.sender(record.direction)),
        "dir": record.direction.into_str(),
        "kind": record.kind.into_str(),
        "fault": listed(record.faults.names()),
        "hold": listed(record.faults.hold_names()),
        "rewritten": record.faults.is_rewritten().then_some(true),
        "len": is_data.then_some(len),
        "latency_us": after.nanos().map(|nanos| nanos / 1_000),
        "kept": kept.filter(|_| is_data),
        "masked": (is_data && is_masked).then_some(true),
        "made": origin.is_made.then_some(true),
        "comment": remark.and_then(|remark| remark.comment.as_deref()),
        "text": text.filter(|_| is_data),
        "base64": base64.filter(|_| is_data),
        "opcode": told::kind(&record.frames),
        "frames": frames(&record.frames),
        "message": (!is_data).then(|| String::from_utf8_lossy(told)),
    }));
    line("record", record.at, facts)
}

/// What is known of the frames of a message of WebSocket.
fn frames(bytes: &[u8]) -> Option<Value> {
    listed(told::frames(bytes).map(|(_, frame)| {
        known(json!({
            "last": frame.is_last,
            "opcode": frame.opcode,
            "reserved": Some(frame.reserved).filter(|bits| *bits > 0),
            "masked": frame.mask.is_some(),
            "len": frame.len,
        }))
    }))
}

/// The line about whose the peer of a connection is.
#[must_use]
pub fn peer(conn: ConnId, info: Option<&ConnInfo>, owner: &PeerOwner, at: Stamp) -> String {
    let (process, user) = (owner.process(), owner.user());
    let facts = known(json!({
        "conn": conn.to_string(),
        "peer": info.and_then(|info| info.peer.as_ref()),
        "state": owner.state(),
        "pid": process.map(|process| process.pid),
        "program": process.map(|process| &*process.program),
        "user": user.and_then(|user| user.name.as_deref()),
        "uid": user.map(|user| user.uid),
        "listens": process.filter(|process| process.listens).map(|_| true),
    }));
    line("peer", at, facts)
}

/// The line of loss totals.
#[must_use]
pub fn lost(lost: LossTotals, at: Stamp) -> String {
    let LossTotals { session, by_app, by_kernel } = lost;
    let facts = json!({ "session": session.0, "by_app": by_app, "by_kernel": by_kernel });
    line("lost", at, facts)
}

/// How an exchange stands to its contract.
fn contract(facts: &ContractFacts) -> Value {
    known(json!({
        "ok": facts.is_ok(),
        "operation": Some(&facts.operation).filter(|it| !it.is_empty()),
        "findings": listed(facts.findings.iter().map(String::as_str)),
        "unchecked": listed(facts.unchecked.iter().map(String::as_str)),
    }))
}

/// The line of an exchange, without a line break.
#[must_use]
pub fn exchange(exchange: &Exchange, bodies: Bodies<'_>, told: &Disclosure) -> String {
    exchange_of(exchange, bodies, told, true)
}

/// The same; `with_log` = what the HAR file says that it was read from stands in no line before.
#[must_use]
pub(crate) fn exchange_of(
    exchange: &Exchange,
    bodies: Bodies<'_>,
    told: &Disclosure,
    with_log: bool,
) -> String {
    let exchange = &disclosed(exchange, told);
    let (state, failure) = match &exchange.state {
        ExchangeState::Active => ("active", None),
        ExchangeState::Complete => ("complete", None),
        ExchangeState::Failed(failure) => ("failed", Some(failure_value(failure))),
    };
    let response = exchange.response.as_ref();
    let tls = exchange.tls.as_ref().map(|tls| {
        known(json!({
            "version": tls.version,
            "cipher": tls.cipher,
            "alpn": tls.alpn,
            "sni": tls.sni,
            "shown": tls.shown.as_deref().map(|own| &own.subject),
            "unverified": tls.unverified,
            "unproven": tls.unproven,
        }))
    });
    let marks = exchange.touched;
    let mut facts = known(json!({
        "conn": exchange.conn.to_string(),
        "number": exchange.number,
        "side": exchange.side.into_str(),
        "url": url(exchange),
        "local": exchange.local,
        "peer": exchange.peer,
        "proxy": exchange.proxy,
        "request": touched(message(&exchange.request, bodies.request, told), marks.request),
        "response": response.map(|response| {
            touched(message(response, bodies.response, told), marks.response)
        }),
        "passed_on": exchange.passed_on.as_deref().map(head),
        "interim": listed(exchange.interim.iter().map(head)),
        "timing_us": timing(&exchange.timing),
        "tls": tls,
        "state": state,
        "rule": exchange.rule,
        "contract": exchange.contract.as_deref().map(contract),
        "failure": failure,
        "warnings": listed(exchange.warnings.iter().map(String::as_str)),
        "records": exchange.without_bytes.then_some(false),
    }));
    if *told != Disclosure::Everything {
        tell(&mut facts, told);
    }
    if let Some(besides) = &exchange.besides {
        facts["har"] = told_besides(besides, with_log, told);
    }
    line("exchange", exchange.started, facts)
}

/// A message beside what a relay did to it.
fn touched(mut message: Value, marks: FaultMarks) -> Value {
    if let Some(faults) = listed(marks.names()) {
        message["fault"] = faults;
    }
    if marks.is_rewritten() {
        message["rewritten"] = true.into();
    }
    if let Some(hold) = listed(marks.hold_names()) {
        message["hold"] = hold;
    }
    message
}

/// Every text of these facts as it may be told, whoever put it there; those of bodies are.
fn tell(facts: &mut Value, told: &Disclosure) {
    match facts {
        Value::String(text) => *text = told.words(text),
        Value::Array(values) => values.iter_mut().for_each(|value| tell(value, told)),
        Value::Object(values) => {
            let others =
                values.iter_mut().filter(|(key, _)| !["text", "base64"].contains(&&***key));
            others.for_each(|(_, value)| tell(value, told));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Without what is not known.
pub(super) fn known(mut facts: Value) -> Value {
    if let Value::Object(facts) = &mut facts {
        facts.retain(|_, value| !value.is_null());
    }
    facts
}

/// A list, unless there is nothing in it.
fn listed<T: Into<Value>>(values: impl Iterator<Item = T>) -> Option<Value> {
    let values: Vec<Value> = values.map(Into::into).collect();
    (!values.is_empty()).then_some(Value::Array(values))
}

/// RFC 3339 with all nine digits, so lines sort and align.
pub(super) fn time(at: Stamp) -> String {
    let time = jiff::Timestamp::from_nanosecond(at.0.into());
    time.map_or_else(|_| String::new(), |time| format!("{time:.9}"))
}

/// Bytes as text if they are some, else as base64.
fn either(bytes: &[u8]) -> (Option<&str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    }
}

/// Text, or an object with `base64`.
pub(super) fn bytes(bytes: &[u8]) -> Value {
    let (text, base64) = either(bytes);
    text.map_or_else(|| json!({ "base64": base64 }), Value::from)
}

fn head(head: &Head) -> Value {
    let spoken = |version: HttpVersion| match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
        HttpVersion::Http2 => "HTTP/2",
    };
    let mut facts = match &head.start {
        StartLine::Request { method, target, version } => {
            let (target, version) = (Value::from(target.as_str()), spoken(*version));
            let line = start_line(head);
            let target = line.target.filter(|_| !line.is_text).map_or(target, bytes);
            json!({ "method": method, "target": target, "version": line.version(version) })
        }
        StartLine::Response { version, status, reason } => {
            let version = start_line(head).version(spoken(*version));
            json!({ "status": status, "reason": bytes(reason), "version": version })
        }
        StartLine::Unknown => json!({ "raw": bytes(&head.raw) }),
    };
    facts["headers"] = fields(&head.fields).collect();
    facts
}

/// The URL; bytes of a target that are no text stand in it as `%XX`, since none holds them (RFC 3986,
/// section 2.1).
fn url(exchange: &Exchange) -> String {
    let line = start_line(&exchange.request.head);
    let StartLine::Request { target, .. } = &exchange.request.head.start else {
        return exchange.url.clone();
    };
    let Some(written) = line.target.filter(|_| !line.is_text) else { return exchange.url.clone() };
    let mut exact = String::with_capacity(written.len());
    for chunk in written.utf8_chunks() {
        exact.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(exact, "%{byte:02X}");
        }
    }
    exchange.url.replace(target.as_str(), &exact)
}

/// Words of a start line as they crossed the wire, where a text does not hold them.
#[derive(Default)]
struct StartWords<'a> {
    is_text: bool,
    target: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
}

impl StartWords<'_> {
    /// The version as it was written, or what a line without one (or a head of ours) means.
    fn version(&self, meant: &str) -> Value {
        self.version
            .filter(|version| *version != meant.as_bytes())
            .map_or_else(|| meant.into(), bytes)
    }
}

fn start_line(head: &Head) -> StartWords<'_> {
    let line = head.raw.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let is_text = std::str::from_utf8(line).is_ok();
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let is_version = |word: &&[u8]| word.len() >= 5 && word[..5].eq_ignore_ascii_case(b"HTTP/");
    let (Some(first), Some(last)) =
        (line.iter().position(is_space), line.iter().rposition(is_space))
    else {
        return StartWords { is_text, ..StartWords::default() };
    };
    if let StartLine::Response { .. } = head.start {
        let version = Some(&line[..first]).filter(is_version);
        return StartWords { is_text, target: None, version };
    }
    let version = Some(&line[last + 1..]).filter(is_version);
    let end = if version.is_some() { last } else { line.len() };
    let target = line.get(first..end).map(<[u8]>::trim_ascii);
    StartWords { is_text, target, version }
}

/// A list of pairs, because order and duplicates count.
fn fields(fields: &[FieldLine]) -> impl Iterator<Item = Value> {
    fields.iter().map(|field| json!([bytes(&field.name), bytes(&field.value)]))
}

/// A message; `kept` is the body that is there, which may be its beginning.
fn message(message: &HttpMessage, kept: Option<&[u8]>, told: &Disclosure) -> Value {
    let facts = &message.body;
    let framing = match facts.framing {
        MessageFraming::None => "none",
        MessageFraming::Length(_) => "length",
        MessageFraming::Chunked => "chunked",
        MessageFraming::UntilClose => "close",
        MessageFraming::UntilStreamEnd => "stream-end",
    };
    let hidden = kept.map(|kept| told.hidden_parts(b"", kept));
    let body = kept.map(|kept| masked(kept, hidden.as_deref().unwrap_or_default()));
    let (mut text, mut base64) = body.as_deref().map(either).unwrap_or_default();
    // Beside the exact bytes, as what they read.
    let recoded = kept.and_then(|kept| recoded(&message.head, kept));
    let recoded = recoded.map(|text| told.words(&text));
    if let (Some(recoded), Some(body)) = (recoded.as_deref(), body.as_deref())
        && text != Some(recoded)
    {
        (text, base64) = (Some(recoded), Some(STANDARD.encode(body)));
    }
    let kept = kept.map(<[u8]>::len).filter(|kept| (*kept as u64) < facts.decoded_len);
    let mut message = head(&message.head);
    message["body"] = known(json!({
        "framing": framing,
        "len": facts.encoded_len,
        "decoded_len": facts.decoded_len,
        "complete": facts.complete,
        "codings": listed(facts.codings.iter().map(String::as_str)),
        "kept": kept,
        "decode_error": facts.decode_error,
        "as_came": facts.as_came.then_some(true),
        "damaged": facts.damaged.then_some(true),
        "trailers": listed(fields(&facts.trailers)),
        "text": text,
        "base64": base64,
    }));
    message
}

/// Text in the charset that the head names, or that a byte order mark shows.
fn recoded(head: &Head, body: &[u8]) -> Option<String> {
    let content_type = head.field("content-type").map(|value| String::from_utf8_lossy(value));
    let mut recoder = Recoder::of(content_type.as_deref(), body)?;
    let text = recoder.push(body, true);
    (!recoder.is_damaged()).then_some(text)
}

fn timing(timing: &Timing) -> Value {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    known(json!({
        "lookup": timing.lookup.map(micros),
        "connect": timing.connect.map(micros),
        "tunnel": timing.tunnel.map(micros),
        "tls": timing.tls.map(micros),
        "send": timing.send.map(micros),
        "first_byte": timing.first_byte.map(micros),
        "transfer": timing.transfer.map(micros),
        "total": micros(timing.total),
    }))
}

/// A failure as lines and reports have it.
pub(super) fn failure_value(failure: &Failure) -> Value {
    json!({
        "stage": failure.title(),
        "target": failure.target,
        "cause": failure.cause,
        "hint": failure.hint,
    })
}

/// One line of facts. JSON itself escapes C0 only; DEL, C1, bidi and zero-width characters are
/// escaped here.
pub(super) fn line(kind: &str, at: Stamp, facts: Value) -> String {
    let mut line = json!({ "v": VERSION, "type": kind, "time": time(at) });
    if let (Value::Object(line), Value::Object(facts)) = (&mut line, facts) {
        line.extend(facts);
    }
    let json = line.to_string();
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
            frames: bytes::Bytes::new(),
            at: Stamp(1_700_000_000_123_456_789),
            conn: SessionId(3).conn(1),
            direction: Direction::Received,
            kind: RecordKind::Data,
            data: Bytes::copy_from_slice(data),
            original_len: data.len() as u64,
            faults: crate::model::fault::FaultMarks::default(),
        }
    }

    fn info() -> ConnInfo {
        ConnInfo {
            local: Some("127.0.0.1:9000".parse().unwrap()),
            peer: Some("[::1]:5".parse().unwrap()),
            ..ConnInfo::new(SessionId(3).conn(1), Protocol::Udp, Side::Listener)
        }
    }

    #[test]
    fn a_record_is_one_object_with_fixed_fields() {
        assert_eq!(
            record(&sample(b"ok\n"), Some(&info()), b"ok\n", Lapse::NONE),
            r#"{"v":1,"type":"record","time":"2023-11-14T22:13:20.123456789Z","conn":"3/1","proto":"udp","side":"listener","tls":false,"local":"127.0.0.1:9000","peer":"[::1]:5","dir":"in","kind":"data","len":3,"text":"ok\n"}"#
        );
        let cut = Record { original_len: 9, ..sample(b"\xff") };
        let value: Value =
            serde_json::from_str(&record(&cut, None, &cut.data, Lapse::NONE)).unwrap();
        assert_eq!((&value["len"], &value["kept"]), (&json!(9), &json!(1)));
        assert_eq!(value["base64"], "/w==");
        assert_eq!(value.get("text"), None);
    }

    #[test]
    fn facts_and_failures_are_sentences() {
        let note = Record { kind: RecordKind::Note, ..sample(b"a remark") };
        let value: Value =
            serde_json::from_str(&record(&note, None, &note.data, Lapse::NONE)).unwrap();
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
            as_came: false,
            damaged: false,
        };
        let start = StartLine::Request {
            method: "GET".into(),
            target: "/".into(),
            version: HttpVersion::Http11,
        };
        let fields = vec![field("A", b"1"), field("a", b"2"), field("B", b"\xff")];
        let request = HttpMessage { head: Head { raw: Bytes::new(), start, fields }, body };
        let conn = SessionId(1).conn(1);
        let sample = Exchange {
            url: "http://h/".into(),
            ..Exchange::begun(Side::Client, conn, 0, request, Stamp(0))
        };
        let bodies = Bodies { request: Some(b"hello"), response: None };
        let value: Value =
            serde_json::from_str(&exchange(&sample, bodies, &Disclosure::Everything)).unwrap();
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
            let line = record(&sample(&data), Some(&info()), &data, Lapse::NONE);
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
