//! An answer as it is kept on the disk beside its body: heads, timings, TLS, status, as JSON.
//!
//! What the history leaves out of a request is left out here too; what the peer sent stays as it was
//! received. Called by the application and by `send`; the engine writes the text and hands it back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::codec::http1::head::{HeadReader, ParsedHead};
use crate::codec::http1::start_line::Expected;
use crate::compose::{UnknownNames, plan_with};
use crate::model::exchange::{
    BodyFacts, Exchange, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming,
    StartLine,
};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::fingerprint::fingerprint;
use crate::model::http::HttpSpec;
use crate::model::id::{BodyId, SessionId};
use crate::model::plan::Plan;
use crate::model::preset::{PresetPath, Scope};
use crate::model::protocol::Side;
use crate::model::secrets::{Disclosure, without_credentials, without_userinfo};
use crate::model::spec::Spec;
use crate::model::timing::{Stamp, Timing};
use crate::model::tls::{CertificateFacts, TlsFacts};

/// Bytes of a body, on the wire and decoded, that are kept of one answer.
pub const KEPT_BODY: u64 = 16 * 1024 * 1024;

/// What an answer needs to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerText {
    pub text: Vec<u8>,
    /// The body to keep beside it; `None` = there is none, or it is too long.
    pub body: Option<BodyId>,
}

/// What stands for a preset of a workspace in names of folders.
#[must_use]
pub fn key_of(workspace: &str, preset: &PresetPath) -> String {
    format!("{:016x}", fingerprint(format!("{workspace}\0{preset}").as_bytes()))
}

/// What stands for a draft of a workspace that was never saved and first sent at this time by the wall
/// clock. No path of a preset is like it.
#[must_use]
pub fn key_of_draft(workspace: &str, at: Stamp) -> String {
    format!("{:016x}", fingerprint(format!("{workspace}\0\0{}", at.0).as_bytes()))
}

/// The file of an answer in the folder of all.
#[must_use]
pub fn file(folder: &Path, key: &str, at: Stamp) -> PathBuf {
    folder.join(key).join(format!("{:020}.answer", at.0))
}

/// The text of an answer that arrived at `at` by the wall clock; `None` = nothing was answered.
#[must_use]
pub fn write(exchange: &Exchange, hidden: &Disclosure, at: Stamp) -> Option<AnswerText> {
    let response = exchange.response.as_ref()?;
    let (body, request) = (&response.body, &exchange.request);
    let is_kept = body.encoded_len.saturating_add(body.decoded_len) <= KEPT_BODY;
    let left_out = if is_kept { 0 } else { body.decoded_len };
    let failure = match &exchange.state {
        ExchangeState::Failed(failure) => {
            Some(hidden.hidden().hide_failure(*failure.clone()).cause)
        }
        ExchangeState::Active | ExchangeState::Complete => None,
    };
    let request_head = hidden.head(&without_credentials(&request.head.raw));
    let text = json!({
        "at": at.0,
        "url": hidden.words(&without_userinfo(&exchange.url)),
        "local": exchange.local.as_ref().map(ToString::to_string),
        "peer": exchange.peer.as_ref().map(ToString::to_string),
        "proxy": exchange.proxy,
        "failure": failure,
        "warnings": exchange.warnings.iter().map(|it| hidden.words(it)).collect::<Vec<_>>(),
        "request": { "head": STANDARD.encode(request_head), "body": request.body.encoded_len },
        "interim": exchange.interim.iter().map(|it| STANDARD.encode(&it.raw)).collect::<Vec<_>>(),
        "response": { "head": STANDARD.encode(&response.head.raw), "body": facts(body) },
        "left-out": left_out,
        "timing": timing(&exchange.timing),
        "tls": exchange.tls.as_deref().map(tls),
    });
    Some(AnswerText { text: text.to_string().into_bytes(), body: is_kept.then_some(body.id) })
}

fn facts(body: &BodyFacts) -> Value {
    let (framing, length) = match body.framing {
        MessageFraming::None => ("none", None),
        MessageFraming::Length(length) => ("length", Some(length)),
        MessageFraming::Chunked => ("chunked", None),
        MessageFraming::UntilClose => ("close", None),
        MessageFraming::UntilStreamEnd => ("stream-end", None),
    };
    let trailer = |field: &FieldLine| [&field.name, &field.value].map(|it| STANDARD.encode(it));
    json!({
        "framing": framing,
        "length": length,
        "codings": body.codings,
        "encoded": body.encoded_len,
        "decoded": body.decoded_len,
        "expected": body.expected,
        "trailers": body.trailers.iter().map(trailer).collect::<Vec<_>>(),
        "complete": body.complete,
        "decode-error": body.decode_error,
        "as-came": body.as_came,
        "damaged": body.damaged,
    })
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn timing(timing: &Timing) -> Value {
    let Timing { lookup, connect, tunnel, tls, send, first_byte, transfer, total } = timing;
    json!({
        "lookup": lookup.map(nanos),
        "connect": connect.map(nanos),
        "tunnel": tunnel.map(nanos),
        "tls": tls.map(nanos),
        "send": send.map(nanos),
        "first-byte": first_byte.map(nanos),
        "transfer": transfer.map(nanos),
        "total": nanos(*total),
    })
}

fn tls(facts: &TlsFacts) -> Value {
    let certificate = |it: &CertificateFacts| {
        json!([
            it.subject,
            it.issuer,
            it.names.join("\n"),
            it.not_before,
            it.not_after,
            it.serial,
            it.sha256
        ])
    };
    json!({
        "version": facts.version,
        "cipher": facts.cipher,
        "group": facts.group,
        "alpn": facts.alpn,
        "sni": facts.sni,
        "unverified": facts.unverified,
        "unproven": facts.unproven,
        "wants-certificate": facts.wants_certificate,
        "shown": facts.shown.as_deref().map(certificate),
        "handshake": nanos(facts.handshake),
        "chain": facts.chain.iter().map(certificate).collect::<Vec<_>>(),
    })
}

/// The answer a text tells of, as one of this session with this body. `None` = it is none of ours.
#[must_use]
pub fn read(text: &[u8], session: SessionId, body: BodyId) -> Option<Exchange> {
    let text: Value = serde_json::from_slice(text).ok()?;
    let request = message(text.get("request")?, Expected::Request)?;
    let mut exchange =
        Exchange::begun(Side::Client, session.conn(1), 0, request, Stamp(number(&text, "at")?));
    exchange.url = word(&text, "url");
    exchange.local = word(&text, "local").parse().ok();
    exchange.peer = word(&text, "peer").parse().ok();
    exchange.proxy = text.get("proxy").and_then(Value::as_str).map(Into::into);
    let heads = text.get("interim")?.as_array()?;
    let heads = heads.iter().map(|head| read_head(head.as_str()?, Expected::Response));
    exchange.interim = heads.collect::<Option<_>>()?;
    let mut response = message(text.get("response")?, Expected::Response)?;
    response.body.id = body;
    exchange.warnings = words(&text, "warnings");
    let left_out = number(&text, "left-out").unwrap_or_default();
    if left_out > 0 {
        let (size, most) = (crate::model::byte_size::size(left_out), KEPT_BODY >> 20);
        let words = format!("its body of {size} was not kept: {most} MiB of an answer are");
        exchange.warnings.push(words);
    }
    exchange.response = Some(response);
    exchange.timing = read_timing(text.get("timing")?)?;
    exchange.tls = text.get("tls").and_then(read_tls).map(Arc::new);
    exchange.state = match text.get("failure").and_then(Value::as_str) {
        None => ExchangeState::Complete,
        Some(cause) => ExchangeState::Failed(Box::new(Failure::new(
            Stage::Body,
            exchange.url.clone(),
            FailureKind::Truncated,
            cause,
        ))),
    };
    Some(exchange)
}

fn word(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn words(object: &Value, name: &str) -> Vec<String> {
    let list = object.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

fn number(object: &Value, name: &str) -> Option<u64> {
    object.get(name)?.as_u64()
}

fn message(object: &Value, expected: Expected) -> Option<HttpMessage> {
    let head = read_head(object.get("head")?.as_str()?, expected)?;
    let body = match object.get("body") {
        Some(Value::Object(facts)) => read_facts(facts)?,
        // Of a request only its length is kept.
        _ => BodyFacts {
            encoded_len: number(object, "body")?,
            complete: true,
            ..BodyFacts::default()
        },
    };
    Some(HttpMessage { head, body })
}

/// A head as it crossed the wire; of one that is cut what there is.
fn read_head(text: &str, expected: Expected) -> Option<Head> {
    let raw = STANDARD.decode(text).ok()?;
    let mut reader = HeadReader::new(expected);
    let mut head = match reader.push(&raw) {
        Ok(Some((_, ParsedHead { head, .. }))) => head,
        Ok(None) => reader.finish().partial.head,
        Err(error) => error.partial.head,
    };
    if is_of_two(&raw) {
        of_two(&raw, &mut head);
    }
    Some(head)
}

/// Whether a head is one of HTTP/2, which has no start line of its own, as we write it.
fn is_of_two(raw: &[u8]) -> bool {
    let line = raw.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    line.starts_with(b"HTTP/2 ") || line.ends_with(b" HTTP/2")
}

/// Version and fields of such a head: names may begin with a colon, and the first line says what some of them do.
fn of_two(raw: &[u8], head: &mut Head) {
    let field = |name: &'static str, value: String| FieldLine {
        name: Bytes::from_static(name.as_bytes()),
        value: value.into(),
    };
    let mut fields: Vec<_> = raw
        .split(|byte| *byte == b'\n')
        .skip(1)
        .filter_map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let at = line.iter().skip(1).position(|byte| *byte == b':')? + 1;
            let value = line.get(at + 1..)?.trim_ascii_start();
            let name = Bytes::copy_from_slice(line.get(..at)?);
            Some(FieldLine { name, value: Bytes::copy_from_slice(value) })
        })
        .collect();
    let regular = fields.iter().position(|field| !field.name.starts_with(b":"));
    match &mut head.start {
        StartLine::Request { method, target, version } => {
            *version = HttpVersion::Http2;
            fields.insert(regular.unwrap_or(fields.len()), field(":path", target.clone()));
            fields.insert(0, field(":method", method.clone()));
        }
        StartLine::Response { status, version, .. } => {
            *version = HttpVersion::Http2;
            fields.insert(0, field(":status", status.to_string()));
        }
        StartLine::Unknown => {}
    }
    head.fields = fields;
}

fn read_facts(facts: &Map<String, Value>) -> Option<BodyFacts> {
    let facts = Value::Object(facts.clone());
    let is = |name: &str| facts.get(name).and_then(Value::as_bool).unwrap_or_default();
    let framing = match word(&facts, "framing").as_str() {
        "length" => MessageFraming::Length(number(&facts, "length")?),
        "chunked" => MessageFraming::Chunked,
        "close" => MessageFraming::UntilClose,
        "stream-end" => MessageFraming::UntilStreamEnd,
        _ => MessageFraming::None,
    };
    let trailer = |pair: &Value| {
        let part = |at: usize| STANDARD.decode(pair.get(at)?.as_str()?).ok();
        Some(FieldLine { name: part(0)?.into(), value: part(1)?.into() })
    };
    let trailers = facts.get("trailers")?.as_array()?.iter().map(trailer);
    Some(BodyFacts {
        id: BodyId::default(),
        framing,
        codings: words(&facts, "codings"),
        encoded_len: number(&facts, "encoded")?,
        decoded_len: number(&facts, "decoded")?,
        expected: number(&facts, "expected"),
        trailers: trailers.collect::<Option<_>>()?,
        complete: is("complete"),
        decode_error: facts.get("decode-error").and_then(Value::as_str).map(str::to_owned),
        as_came: is("as-came"),
        damaged: is("damaged"),
    })
}

fn read_timing(object: &Value) -> Option<Timing> {
    let span = |name: &str| number(object, name).map(Duration::from_nanos);
    Some(Timing {
        lookup: span("lookup"),
        connect: span("connect"),
        tunnel: span("tunnel"),
        tls: span("tls"),
        send: span("send"),
        first_byte: span("first-byte"),
        transfer: span("transfer"),
        total: span("total")?,
    })
}

fn read_tls(object: &Value) -> Option<TlsFacts> {
    let certificate = |it: &Value| {
        let part = |at: usize| it.get(at).and_then(Value::as_str).map(str::to_owned);
        Some(CertificateFacts {
            subject: part(0)?,
            issuer: part(1)?,
            names: part(2)?.lines().map(str::to_owned).collect(),
            not_before: part(3)?,
            not_after: part(4)?,
            serial: part(5)?,
            sha256: part(6)?,
        })
    };
    let chain = object.get("chain")?.as_array()?.iter().map(certificate);
    Some(TlsFacts {
        version: word(object, "version"),
        cipher: word(object, "cipher"),
        group: word(object, "group"),
        alpn: word(object, "alpn"),
        sni: word(object, "sni"),
        chain: chain.collect::<Option<_>>()?,
        unverified: word(object, "unverified"),
        unproven: word(object, "unproven"),
        wants_certificate: object
            .get("wants-certificate")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
        shown: object.get("shown").and_then(certificate).map(Box::new),
        handshake: Duration::from_nanos(number(object, "handshake")?),
    })
}

/// The plan of a session that holds nothing but such an answer; it is never run.
#[must_use]
pub fn plan(url: &str) -> Option<Plan> {
    let of = |url: &str| {
        let spec = Spec::Http(HttpSpec { url: url.to_owned(), ..HttpSpec::default() });
        plan_with(&spec, &Scope::default(), UnknownNames::Literal).ok()
    };
    of(url).or_else(|| of("http://localhost/"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::exchange::StartLine;
    use crate::model::secrets::Secrets;

    fn head(raw: &str, expected: Expected) -> Head {
        read_head(&STANDARD.encode(raw), expected).unwrap()
    }

    fn exchange() -> Exchange {
        let request = "GET /?k=hunter2 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer literal\r\n\
                       Cookie: a=b\r\nX-Own: hunter2\r\n\r\n";
        let head_of = |text: &str| head(text, Expected::Response);
        let request = HttpMessage {
            head: head(request, Expected::Request),
            body: BodyFacts { complete: true, ..BodyFacts::default() },
        };
        let mut exchange =
            Exchange::begun(Side::Client, SessionId(7).conn(1), 0, request, Stamp(5));
        exchange.url = "http://ann:pass@h/?k=hunter2".into();
        exchange.peer = Some(([127, 0, 0, 1], 80).into());
        exchange.interim = vec![head_of("HTTP/1.1 103 Early\r\nLink: x\r\n\r\n")];
        exchange.response = Some(HttpMessage {
            head: head_of("HTTP/1.1 200 OK\r\nX-Odd:\u{e9}\r\nSet-Cookie: s=1\r\n\r\n"),
            body: BodyFacts {
                id: BodyId(3),
                framing: MessageFraming::Chunked,
                codings: vec!["gzip".into()],
                encoded_len: 10,
                decoded_len: 20,
                trailers: vec![FieldLine { name: Bytes::from("T"), value: Bytes::from("v") }],
                complete: true,
                ..BodyFacts::default()
            },
        });
        exchange.timing.total = Duration::from_millis(12);
        exchange.timing.connect = Some(Duration::from_nanos(1));
        let certificate = CertificateFacts {
            subject: "CN=h".into(),
            names: vec!["h".into(), "i".into()],
            ..CertificateFacts::default()
        };
        exchange.tls = Some(Arc::new(TlsFacts { chain: vec![certificate], ..TlsFacts::default() }));
        exchange.state = ExchangeState::Complete;
        exchange
    }

    fn written(exchange: &Exchange) -> AnswerText {
        let hidden = Disclosure::Hiding(Secrets::new(["hunter2"]));
        write(exchange, &hidden, exchange.started).unwrap()
    }

    #[test]
    fn an_answer_reads_back_as_it_was_received() {
        let sent = exchange();
        let kept = written(&sent);
        assert_eq!(kept.body, Some(BodyId(3)));
        let read = read(&kept.text, SessionId(9), BodyId(4)).unwrap();
        let (mut expected, response) = (sent.response.clone().unwrap(), read.response.unwrap());
        expected.body.id = BodyId(4);
        assert_eq!(response, expected);
        assert_eq!((read.timing, read.tls, read.peer), (sent.timing, sent.tls, sent.peer));
        assert_eq!((read.interim, read.started, read.state), (sent.interim, Stamp(5), sent.state));
        assert_eq!(read.conn, SessionId(9).conn(1));
    }

    #[test]
    fn credentials_and_secrets_of_the_request_are_not_kept() {
        let kept = written(&exchange());
        let read = read(&kept.text, SessionId(9), BodyId(4)).unwrap();
        let head = String::from_utf8_lossy(&read.request.head.raw).into_owned();
        for gone in ["hunter2", "literal", "a=b", "pass"] {
            assert!(!head.contains(gone) && !read.url.contains(gone), "{gone}: {head}");
        }
        assert!(head.contains("Authorization: Bearer ") && head.contains("Host: h"), "{head}");
        let StartLine::Request { method, .. } = &read.request.head.start else { panic!("{head}") };
        assert_eq!(method, "GET");
    }

    #[test]
    fn a_body_that_is_too_long_is_left_out_and_that_is_said() {
        let mut long = exchange();
        long.response.as_mut().unwrap().body.decoded_len = KEPT_BODY;
        let kept = written(&long);
        assert_eq!(kept.body, None);
        let read = read(&kept.text, SessionId(9), BodyId(4)).unwrap();
        assert!(read.warnings.iter().any(|it| it.contains("16.0 MiB was not kept")), "{read:?}");
    }

    #[test]
    fn what_is_cut_or_something_else_is_no_answer() {
        let text = written(&exchange()).text;
        for end in [0, 1, text.len() / 2, text.len() - 1] {
            assert!(read(&text[..end], SessionId(9), BodyId(4)).is_none());
        }
        assert!(read(b"{}", SessionId(9), BodyId(4)).is_none());
        assert!(plan("not an url at all {{").is_some());
    }

    #[test]
    fn presets_of_two_workspaces_are_two() {
        let path = PresetPath::parse("a/b").unwrap();
        assert_ne!(key_of("/w", &path), key_of("/v", &path));
        assert_eq!(key_of("/w", &path).len(), 16);
    }

    #[test]
    fn a_head_of_http2_is_read_as_it_was_written() {
        let text = "GET /x HTTP/2\r\n:scheme: https\r\n:authority: h:1\r\na: b: c\r\n\r\n";
        let request = head(text, Expected::Request);
        let names: Vec<_> = request.fields.iter().map(|it| &it.name[..]).collect();
        let expected: [&[u8]; 5] = [b":method", b":scheme", b":authority", b":path", b"a"];
        assert_eq!(names, expected);
        assert_eq!(request.field(":authority").unwrap(), "h:1");
        assert_eq!(request.field("a").unwrap(), "b: c");
        let answer = head("HTTP/2 404\r\nx: y\r\n\r\n", Expected::Response);
        assert_eq!(answer.status(), Some(404));
        assert_eq!(answer.field(":status").unwrap(), "404");
        assert!(matches!(answer.start, StartLine::Response { version: HttpVersion::Http2, .. }));
    }
}
