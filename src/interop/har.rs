//! Exchanges as HAR 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>), for browsers' tools and
//! whoever else reads it. Both sides are told as the client's: a listener's exchange has the server's
//! address in ours.
//!
//! ```text
//! begin ─ entry, entry ─ end        each piece is text; nothing is held back, so that any number fits
//! ```
//! Called by shells. Lengths are those of the wire, texts are decoded and in UTF-8, what is no text is
//! base64. What HAR has no field for begins with `_`, as it asks for.

mod cookies;
mod rest;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::secrets::disclosed;
use super::web_socket_talk::WebSocketTalk;
use crate::codec::charset::Recoder;
use crate::model::end_address::EndAddress;
use crate::model::exchange::{
    Exchange, ExchangeState, Head, HttpMessage, HttpVersion, StartLine, ToldBesides,
};
use crate::model::secrets::{Disclosure, masked};
use crate::model::timing::{Stamp, Timing};
use crate::model::url_text::{QueryPiece, UrlText, form_pieces};

/// Bodies of an exchange after their content codings, as far as they are kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct HarBodies<'a> {
    pub request: &'a [u8],
    pub response: &'a [u8],
}

/// The text before the entries.
#[must_use]
pub fn begin() -> String {
    let creator = json!({ "name": "wirebench", "version": env!("CARGO_PKG_VERSION") });
    format!("{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[")
}

/// The text behind the entries, with a remark about all of them.
#[must_use]
pub fn end(comment: Option<&str>) -> String {
    HarLogs::default().end(comment, &Disclosure::Everything)
}

/// What the files say that entries were read from, each once: pages, the browser, remarks.
#[derive(Debug, Default)]
pub(crate) struct HarLogs(Vec<Arc<str>>);

impl HarLogs {
    /// An exchange is written; whether what its file says is new.
    pub(crate) fn meet(&mut self, exchange: &Exchange) -> bool {
        let log = exchange.besides.as_ref().and_then(|it| it.log.as_ref());
        let new = log.filter(|log| !self.0.contains(log));
        self.0.extend(new.cloned());
        new.is_some()
    }

    /// The text behind the entries of a file.
    pub(super) fn end(&self, comment: Option<&str>, told: &Disclosure) -> String {
        let logs = self.0.iter().filter_map(|log| serde_json::from_str::<Value>(log).ok());
        let (mut all, mut remarks) = (Map::new(), Vec::new());
        for (name, value) in logs.filter_map(told_log).flatten() {
            let value = rest::tell(&name, &value, told);
            match (all.get_mut(&name), value) {
                (_, Value::String(remark)) if name == "comment" => remarks.push(remark),
                (Some(Value::Array(pages)), Value::Array(more)) => pages.extend(more),
                (Some(_), _) => {}
                (None, value) => drop(all.insert(name, value)),
            }
        }
        remarks.extend(comment.map(str::to_owned));
        if !remarks.is_empty() {
            all.insert("comment".into(), remarks.join("; ").into());
        }
        let fields = all.iter().map(|(name, value)| format!(",{}:{value}", json!(name)));
        format!("\n]{}}}}}\n", fields.collect::<String>())
    }
}

fn told_log(log: Value) -> Option<Map<String, Value>> {
    match log {
        Value::Object(log) => Some(log),
        _ => None,
    }
}

/// What an entry of a file says that is not in the exchange that was read from it.
pub(super) fn besides(original: &Value, exchange: &Exchange, bodies: HarBodies<'_>) -> Box<str> {
    let own = own_entry(exchange, bodies, &Disclosure::Everything);
    let rest = rest::beyond(original, &own);
    rest.map_or_else(Box::default, |rest| rest.to_string().into())
}

/// The same as it may be told, as JSON Lines hold it.
pub(super) fn told_besides(besides: &ToldBesides, with_log: bool, told: &Disclosure) -> Value {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let tell = |value: Value| rest::tell("", &value, told);
    let log = besides.log.as_deref().filter(|_| with_log).and_then(read).map(tell);
    let mut all = json!({ "entry": read(&besides.entry).map(tell) });
    if let Some(log) = log {
        all["log"] = log;
    }
    all
}

/// What stands before an entry.
#[must_use]
pub fn separator(is_first: bool) -> &'static str {
    if is_first { "\n" } else { ",\n" }
}

/// An exchange that is over, started when the wall clock said so. `told` is what may be told of it.
#[must_use]
pub fn entry(exchange: &Exchange, bodies: HarBodies<'_>, told: &Disclosure) -> String {
    talk_entry(exchange, bodies, None, told)
}

/// The same with what was said on the WebSocket that it opened.
pub(crate) fn talk_entry(
    exchange: &Exchange,
    bodies: HarBodies<'_>,
    talk: Option<&WebSocketTalk>,
    told: &Disclosure,
) -> String {
    let mut entry = own_entry(exchange, bodies, told);
    if let Some(talk) = talk {
        entry["_resourceType"] = "websocket".into();
        entry["_webSocketMessages"] = talk.told(told).into();
        let comment = entry["comment"].as_str().map(str::to_owned);
        let said: Vec<String> = comment.into_iter().chain(talk.remarks()).collect();
        if !said.is_empty() {
            entry["comment"] = said.join("; ").into();
        }
    }
    let besides = exchange.besides.as_ref().map(|it| serde_json::from_str(&it.entry));
    if let Some(Ok(besides)) = besides {
        rest::put(&mut entry, &besides, told);
    }
    entry.to_string()
}

fn own_entry(exchange: &Exchange, bodies: HarBodies<'_>, told: &Disclosure) -> Value {
    let shown = &disclosed(exchange, told);
    let timings = timings(exchange);
    let accepted = exchange.side.listens();
    let server = if accepted { &exchange.local } else { &exchange.peer };
    let mut entry = json!({
        "startedDateTime": time(exchange.started),
        "time": millis(timings.iter().filter(|(name, _)| *name != "ssl").filter_map(|(_, t)| *t).map(whole_micros).sum()),
        "request": request(exchange, shown, bodies.request, told),
        "response": response(exchange, shown, bodies.response, told),
        "cache": {},
        "timings": timings
            .iter()
            .map(|(name, time)| ((*name).to_owned(), time.map_or(json!(-1), millis)))
            .collect::<serde_json::Map<_, _>>(),
        "connection": exchange.conn.to_string(),
    });
    if let Some(server) = server.as_ref().and_then(EndAddress::inet) {
        entry["serverIPAddress"] = server.ip().to_string().into();
    }
    let comment = comment(shown, bodies);
    if !comment.is_empty() {
        entry["comment"] = comment.into();
    }
    entry
}

/// What there is to say of it that has no field.
fn comment(exchange: &Exchange, bodies: HarBodies<'_>) -> String {
    let mut said = exchange.warnings.clone();
    said.extend(exchange.rule.as_ref().map(|rule| format!("answered by {rule}")));
    let response = exchange.response.as_ref();
    let kept = [
        ("request", Some(&exchange.request), bodies.request.len()),
        ("response", response, bodies.response.len()),
    ];
    for (what, message, kept) in kept {
        let Some(body) = message.map(|message| &message.body) else { continue };
        said.extend(body.undecoded());
        if (kept as u64) < body.decoded_len {
            let all = body.decoded_len;
            said.push(format!("the first {kept} of {all} bytes of the {what}'s body are here"));
        }
    }
    said.join("; ")
}

/// Times by name; `None` = it did not happen. A proxy and TLS are part of connecting, too.
fn timings(exchange: &Exchange) -> [(&'static str, Option<Duration>); 7] {
    let Timing { lookup, connect, tunnel, tls, send, first_byte, transfer, total } =
        exchange.timing;
    let some = |time: Option<Duration>| Some(time.unwrap_or_default());
    let (connect, tls, [send, wait, receive]) = if exchange.side.listens() {
        // What is known here is how long the answer took to be made, and to be sent.
        let sent = send.unwrap_or_default();
        (None, None, [some(None), some(Some(total.saturating_sub(sent))), some(send)])
    } else {
        let more = tunnel.unwrap_or_default() + tls.unwrap_or_default();
        let connect = connect.map(|connect| connect + more);
        (connect, tls, [some(send), some(first_byte), some(transfer)])
    };
    [
        ("blocked", None),
        ("dns", lookup),
        ("connect", connect),
        ("send", send),
        ("wait", wait),
        ("receive", receive),
        ("ssl", tls),
    ]
}

/// As it is written, so that the parts that are written add up.
fn whole_micros(time: Duration) -> Duration {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// Milliseconds, to the microsecond.
fn millis(time: Duration) -> Value {
    json!(time.as_micros() as f64 / 1000.0)
}

/// ISO 8601, with the zone.
fn time(at: Stamp) -> String {
    let time = jiff::Timestamp::from_nanosecond(at.0.into());
    time.map_or_else(|_| "1970-01-01T00:00:00.000Z".into(), |time| format!("{time:.6}"))
}

fn request(exchange: &Exchange, shown: &Exchange, body: &[u8], told: &Disclosure) -> Value {
    let head = &shown.request.head;
    let (method, version) = match &head.start {
        StartLine::Request { method, version, .. } => (method.as_str(), spoken(*version)),
        StartLine::Response { .. } | StartLine::Unknown => ("", ""),
    };
    let url = UrlText::literal(&shown.url);
    let query: Vec<Value> = url.pieces().iter().filter_map(pair).collect();
    let mut request = json!({
        "method": method,
        "url": shown.url.get(..url.fragment_at).unwrap_or(&shown.url),
        "httpVersion": version,
        "cookies": cookies::sent(&exchange.request.head, told),
        "headers": headers(head),
        "queryString": query,
        "headersSize": head_size(&exchange.request),
        "bodySize": exchange.request.body.encoded_len,
    });
    if exchange.request.body.encoded_len > 0 || !body.is_empty() {
        request["postData"] = post_data(head, body, told);
    }
    request
}

/// Fields of a form, encoded again.
pub(super) fn form(params: &[Value]) -> Vec<u8> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for param in params {
        let [name, value] = ["name", "value"].map(|of| param[of].as_str().unwrap_or_default());
        pairs.append_pair(name, value);
    }
    pairs.finish().into_bytes()
}

fn post_data(head: &Head, body: &[u8], told: &Disclosure) -> Value {
    let mime = mime(head);
    let is_form = mime.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
    match text(head, body, told) {
        Ok(text) if is_form => {
            let params: Vec<Value> = form_pieces(&text).iter().filter_map(pair).collect();
            // Fields tell nothing of how they were written: what is sent again of them has to be the same.
            if form(&params) == text.as_bytes() {
                json!({ "mimeType": mime, "params": params })
            } else {
                json!({ "mimeType": mime, "text": text })
            }
        }
        Ok(text) => json!({ "mimeType": mime, "text": text }),
        // HAR has no way to say it of a request.
        Err(base64) => json!({ "mimeType": mime, "text": base64, "_encoding": "base64" }),
    }
}

fn response(exchange: &Exchange, shown: &Exchange, body: &[u8], told: &Disclosure) -> Value {
    let failure = match &shown.state {
        ExchangeState::Failed(failure) => Some(failure.to_string()),
        ExchangeState::Active => Some("it was not over".to_owned()),
        ExchangeState::Complete => None,
    };
    let mut response = match (&exchange.response, &shown.response) {
        (Some(message), Some(shown)) => answered(message, shown, body, told),
        _ => json!({
            "status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "" },
            "redirectURL": "", "headersSize": -1, "bodySize": -1,
        }),
    };
    if let Some(failure) = failure {
        response["_error"] = failure.into();
    }
    response
}

fn answered(message: &HttpMessage, shown: &HttpMessage, body: &[u8], told: &Disclosure) -> Value {
    let head = &shown.head;
    let (status, reason, version) = match &head.start {
        StartLine::Response { status, reason, version } => {
            (*status, String::from_utf8_lossy(reason).into_owned(), spoken(*version))
        }
        StartLine::Request { .. } | StartLine::Unknown => (0, String::new(), ""),
    };
    let facts = &message.body;
    let mut content = json!({ "size": facts.decoded_len, "mimeType": mime(head) });
    if !facts.codings.is_empty() {
        let saved = i128::from(facts.decoded_len) - i128::from(facts.encoded_len);
        content["compression"] = json!(i64::try_from(saved).unwrap_or(i64::MAX));
    }
    if !body.is_empty() {
        match text(head, body, told) {
            Ok(text) => content["text"] = text.into(),
            Err(base64) => {
                content["text"] = base64.into();
                content["encoding"] = "base64".into();
            }
        }
    }
    let location = head.field("location").map(|value| String::from_utf8_lossy(value));
    json!({
        "status": status,
        "statusText": reason,
        "httpVersion": version,
        "cookies": cookies::set(&message.head, told),
        "headers": headers(head),
        "content": content,
        "redirectURL": location.unwrap_or_default(),
        "headersSize": head_size(message),
        "bodySize": if status == 304 { 0 } else { facts.encoded_len },
    })
}

/// A body as text in UTF-8, or else in base64.
fn text(head: &Head, body: &[u8], told: &Disclosure) -> Result<String, String> {
    let body = masked(body, &told.hidden_parts(b"", body));
    let content_type = mime(head);
    let named = Some(&*content_type).filter(|it| !it.is_empty());
    if let Some(mut recoder) = Recoder::of(named, &body) {
        let text = recoder.push(&body, true);
        if !recoder.is_damaged() {
            return Ok(told.words(&text));
        }
    }
    String::from_utf8(body).map_err(|error| STANDARD.encode(error.as_bytes()))
}

fn spoken(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
        HttpVersion::Http2 => "HTTP/2",
    }
}

/// Bytes from the start line to the empty line; -1 = they are not there, or their first line alone.
fn head_size(message: &HttpMessage) -> Value {
    let Head { raw, fields, .. } = &message.head;
    let lines = memchr::memchr_iter(b'\n', raw).count();
    if lines < fields.len() + 2 { json!(-1) } else { json!(raw.len()) }
}

fn headers(head: &Head) -> Value {
    let of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    head.fields
        .iter()
        .map(|field| json!({ "name": of(&field.name), "value": of(&field.value) }))
        .collect()
}

fn mime(head: &Head) -> String {
    let value = head.field("content-type").map(|value| String::from_utf8_lossy(value));
    value.unwrap_or_default().into_owned()
}

/// A name and value of a query or form, decoded; `None` = there is nothing between two `&`.
fn pair(piece: &QueryPiece<'_>) -> Option<Value> {
    let plain = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let value = plain(piece.value.unwrap_or_default());
    (!piece.whole.is_empty()).then(|| json!({ "name": plain(piece.name), "value": value }))
}

#[cfg(test)]
mod har_tests;
