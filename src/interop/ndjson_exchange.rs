//! An exchange out of a line of our JSON Lines, with the bodies that stand in it, so that the same line can
//! be written of it again.
//!
//! Called by the reader of lines. What the line does not tell stays unknown: the kind of a failure, the
//! certificates of a handshake, header fields as they were spelled beyond name and value.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::ndjson::Bodies;
use super::ndjson_read::{marks, time};
use super::pcap::FoundBodies;
use crate::model::contract_facts::ContractFacts;
use crate::model::exchange::{
    BodyFacts, Exchange, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming,
    StartLine, ToldBesides,
};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::fault::MessageMarks;
use crate::model::id::ConnId;
use crate::model::protocol::Side;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Timing;
use crate::model::tls::TlsFacts;

/// An exchange and what of its bodies stood in its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldExchange {
    pub exchange: Exchange,
    request: Option<Bytes>,
    response: Option<Bytes>,
}

impl ToldExchange {
    /// An exchange with its bodies, as far as they are there.
    pub(super) fn new(exchange: Exchange, request: Bytes, response: Bytes) -> Self {
        let response = exchange.response.is_some().then_some(response);
        ToldExchange { exchange, request: Some(request), response }
    }

    /// What of its bodies goes into a line about it.
    #[must_use]
    pub fn bodies(&self) -> Bodies<'_> {
        Bodies { request: self.request.as_deref(), response: self.response.as_deref() }
    }

    /// What of its bodies is there, when it is called so here.
    pub(super) fn found_bodies(&self, number: u32) -> FoundBodies {
        let [request, response] = [&self.request, &self.response].map(Option::clone);
        FoundBodies {
            conn: self.exchange.conn,
            number,
            called: self.exchange.number,
            request: request.unwrap_or_default(),
            response: response.unwrap_or_default(),
        }
    }

    /// Its two messages as records, for a file that has no bytes of them: heads as they are told, bodies
    /// after their codings.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        let Exchange { conn, started, timing, touched, .. } = self.exchange;
        let Timing { lookup, connect, tunnel, tls, send, first_byte, .. } = timing;
        let parts = [lookup, connect, tunnel, tls, send, first_byte];
        let first = parts.into_iter().flatten().sum::<Duration>().min(timing.total);
        let (asks, answers) = if self.exchange.side.listens() {
            (Direction::Received, Direction::Sent)
        } else {
            (Direction::Sent, Direction::Received)
        };
        let request = (started, asks, touched.request, &self.exchange.request, &self.request);
        let answer = self.exchange.response.as_ref();
        let answer =
            answer.map(|it| (started + first, answers, touched.response, it, &self.response));
        let failed = match (&self.exchange.state, &self.exchange.response) {
            (ExchangeState::Failed(failure), None) => {
                let words = format!("no answer: {}", failure.cause);
                let (way, kind) = (Direction::Local, RecordKind::Failed);
                Some(Record::new(started + first, conn, way, kind, words.into()))
            }
            _ => None,
        };
        let told = std::iter::once(request).chain(answer);
        let told = told.map(move |(at, way, faults, message, body)| {
            let mut data = told_head(&message.head);
            let missing = body.as_ref().map_or(0, Bytes::len) as u64;
            let missing = message.body.decoded_len.saturating_sub(missing);
            data.extend_from_slice(body.as_deref().unwrap_or_default());
            let record = Record::new(at, conn, way, RecordKind::Data, data.into());
            let original_len = record.original_len + missing;
            Record { original_len, faults, ..record }
        });
        told.chain(failed)
    }

    /// The exchange of a line, on this connection; `None` = it lacks what it should have.
    ///
    /// `log` is what the file said of the HAR file it was read from.
    pub(super) fn read(
        value: &Value,
        (conn, side): (ConnId, Side),
        log: &mut Option<Arc<str>>,
    ) -> Option<Self> {
        let number = u32::try_from(value["number"].as_u64()?).ok()?;
        let (asked, answered) = (&value["request"], &value["response"]);
        let request = message(asked)?;
        let begun = Exchange::begun(side, conn, number, request, time(value)?);
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let response = if answered.is_object() { Some(message(answered)?) } else { None };
        let exchange = Exchange {
            url: text("url").unwrap_or_default(),
            local: value["local"].as_str().and_then(|end| end.parse().ok()),
            peer: value["peer"].as_str().and_then(|end| end.parse().ok()),
            proxy: text("proxy").map(Into::into),
            response,
            interim: list(&value["interim"]).filter_map(head).collect(),
            timing: timing(&value["timing_us"]),
            tls: value["tls"].as_object().map(|_| Arc::new(tls(&value["tls"]))),
            state: state(value)?,
            rule: text("rule"),
            contract: contract(&value["contract"], answered["status"].as_u64()),
            warnings: texts(&value["warnings"]),
            passed_on: Some(&value["passed_on"])
                .filter(|it| it.is_object())
                .and_then(head)
                .map(Box::new),
            touched: MessageMarks { request: marks(asked), response: marks(answered) },
            without_bytes: value["records"] == false,
            besides: besides(&value["har"], log),
            ..begun
        };
        let (request, response) = (body(&asked["body"]), body(&answered["body"]));
        Some(ToldExchange { exchange, request, response })
    }
}

/// A head with its fields.
fn told_head(head: &Head) -> Vec<u8> {
    let mut bytes = head.raw.strip_suffix(b"\r\n").unwrap_or(&head.raw).to_vec();
    for field in &head.fields {
        bytes.extend([&field.name[..], b": ", &field.value, b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// What a HAR file said of it besides.
fn besides(har: &Value, log: &mut Option<Arc<str>>) -> Option<Arc<ToldBesides>> {
    let text = |value: &Value| value.is_object().then(|| value.to_string());
    if let Some(of_file) = text(&har["log"]) {
        *log = Some(of_file.into());
    }
    let entry = text(&har["entry"]).unwrap_or_default().into();
    har.is_object().then(|| Arc::new(ToldBesides { entry, log: log.clone() }))
}

fn contract(value: &Value, status: Option<u64>) -> Option<Arc<ContractFacts>> {
    let facts = ContractFacts {
        operation: value["operation"].as_str().unwrap_or_default().to_owned(),
        status: status.and_then(|status| status.try_into().ok()),
        findings: texts(&value["findings"]),
        unchecked: texts(&value["unchecked"]),
        known: None,
    };
    value.is_object().then(|| Arc::new(facts))
}

fn state(value: &Value) -> Option<ExchangeState> {
    match value["state"].as_str()? {
        "active" => Some(ExchangeState::Active),
        "complete" => Some(ExchangeState::Complete),
        "failed" => {
            let failure = &value["failure"];
            let text = |name: &str| failure[name].as_str().unwrap_or_default();
            let stage = Stage::titled(text("stage")).unwrap_or(Stage::Session);
            let failed = Failure::new(stage, text("target"), FailureKind::Io, text("cause"));
            Some(ExchangeState::Failed(Box::new(failed.hint(text("hint")))))
        }
        _ => None,
    }
}

fn message(value: &Value) -> Option<HttpMessage> {
    let facts = &value["body"];
    let number = |name: &str| facts[name].as_u64().unwrap_or(0);
    let is = |name: &str| facts[name] == true;
    let framing = match facts["framing"].as_str()? {
        "length" => MessageFraming::Length(number("len")),
        "chunked" => MessageFraming::Chunked,
        "close" => MessageFraming::UntilClose,
        "stream-end" => MessageFraming::UntilStreamEnd,
        _ => MessageFraming::None,
    };
    let body = BodyFacts {
        framing,
        codings: texts(&facts["codings"]),
        encoded_len: number("len"),
        decoded_len: number("decoded_len"),
        trailers: fields(&facts["trailers"]),
        complete: is("complete"),
        decode_error: facts["decode_error"].as_str().map(str::to_owned),
        as_came: is("as_came"),
        damaged: is("damaged"),
        ..BodyFacts::default()
    };
    Some(HttpMessage { head: head(value)?, body })
}

/// A head whose raw bytes are its start line, as far as that is told.
fn head(value: &Value) -> Option<Head> {
    let fields = fields(&value["headers"]);
    let version = bytes(&value["version"]).unwrap_or_default();
    let spoken = match &*version {
        b"HTTP/1.0" => HttpVersion::Http10,
        b"HTTP/2" => HttpVersion::Http2,
        _ => HttpVersion::Http11,
    };
    let (start, words) = if let Some(raw) = bytes(&value["raw"]) {
        return Some(Head { raw, start: StartLine::Unknown, fields });
    } else if let Some(status) = value["status"].as_u64() {
        let (status, reason) = (u16::try_from(status).ok()?, bytes(&value["reason"])?);
        let words = [version, Bytes::from(status.to_string()), reason.clone()];
        (StartLine::Response { version: spoken, status, reason }, words)
    } else {
        let (method, target) = (value["method"].as_str()?.to_owned(), bytes(&value["target"])?);
        let words = [Bytes::from(method.clone()), target.clone(), version];
        let target = String::from_utf8_lossy(&target).into_owned();
        (StartLine::Request { method, target, version: spoken }, words)
    };
    let raw = [&words.join(&b' ')[..], b"\r\n\r\n"].concat().into();
    Some(Head { raw, start, fields })
}

/// Text, or an object with `base64`.
fn bytes(value: &Value) -> Option<Bytes> {
    let exact = || STANDARD.decode(value["base64"].as_str()?).ok().map(Bytes::from);
    value.as_str().map(|text| Bytes::copy_from_slice(text.as_bytes())).or_else(exact)
}

/// The body that is there; beside its exact bytes a text is what they read.
fn body(facts: &Value) -> Option<Bytes> {
    bytes(facts).or_else(|| bytes(&facts["text"]))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> Vec<String> {
    list(value).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn fields(value: &Value) -> Vec<FieldLine> {
    let field = |pair: &Value| Some(FieldLine { name: bytes(&pair[0])?, value: bytes(&pair[1])? });
    list(value).filter_map(field).collect()
}

fn timing(value: &Value) -> Timing {
    let part = |name: &str| value[name].as_u64().map(Duration::from_micros);
    Timing {
        lookup: part("lookup"),
        connect: part("connect"),
        tunnel: part("tunnel"),
        tls: part("tls"),
        send: part("send"),
        first_byte: part("first_byte"),
        transfer: part("transfer"),
        total: part("total").unwrap_or_default(),
    }
}

fn tls(value: &Value) -> TlsFacts {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    TlsFacts {
        version: text("version"),
        cipher: text("cipher"),
        alpn: text("alpn"),
        sni: text("sni"),
        unverified: text("unverified"),
        unproven: text("unproven"),
        ..TlsFacts::default()
    }
}
