//! Turns seen traffic around: a received request or message becomes the spec that sends it.
//!
//! What is written is literal (braces quoted, escapes where needed), so planning the spec gives
//! the very bytes that were seen. Headers a client derives by itself are left to it.

use std::fmt::Write;

use crate::codec::{escape, printable};
use crate::compose;
use crate::compose::template;
use crate::model::client::{InputSpec, ScriptStep, TcpSpec, UdpSpec};
use crate::model::endpoint::Endpoint;
use crate::model::exchange::{Exchange, HttpVersion, StartLine};
use crate::model::http::{HttpBody, HttpSpec, VersionChoice};
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::protocol::Protocol;
use crate::model::record::{ConnInfo, Record, RecordKind};
use crate::model::spec::{NameValue, Spec};
use crate::model::tls::ClientTls;
use crate::model::web_socket::WsSpec;

/// Headers of one hop or derived from the rest (RFC 9110, section 7.6.1).
const DERIVED: [&str; 8] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "upgrade",
];

/// The request of an exchange as a spec, with what could not be carried over as it was. `body` is
/// its body after transfer and content codings (empty when there is none).
#[must_use]
pub fn spec_and_remarks(exchange: &Exchange, body: &[u8]) -> (Spec, Vec<String>) {
    let mut remarks = Vec::new();
    let head = &exchange.request.head;
    let mut spec = HttpSpec { url: template::quote(&exchange.url), ..HttpSpec::default() };
    if let StartLine::Request { method, version, .. } = &head.start {
        spec.method = template::quote(method);
        // Without TLS nobody could have agreed on it.
        if *version == HttpVersion::Http2 && exchange.url.starts_with("http:") {
            spec.version = VersionChoice::Http2PriorKnowledge;
        }
    }
    let named_by_connection: Vec<String> = head
        .all("connection")
        .flat_map(|value| value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii))
        .map(|name| String::from_utf8_lossy(name).to_ascii_lowercase())
        .collect();
    let decoded = !exchange.request.body.codings.is_empty()
        && exchange.request.body.decode_error.is_none()
        && exchange.request.body.decoded_len == body.len() as u64;
    for field in &head.fields {
        let name = String::from_utf8_lossy(&field.name).into_owned();
        let lower = name.to_ascii_lowercase();
        // Those of HTTP/2 that say what the start line does.
        let skip = lower.starts_with(':')
            || DERIVED.contains(&lower.as_str())
            || named_by_connection.contains(&lower)
            || (lower == "content-encoding" && decoded);
        if skip {
            continue;
        }
        match std::str::from_utf8(&field.value) {
            Ok(value) => {
                spec.headers.push(NameValue::new(template::quote(&name), template::quote(value)));
            }
            Err(_) => remarks.push(format!("the header {name} is not UTF-8 and was left out")),
        }
    }
    if decoded {
        remarks.push("the body is sent without the content coding it came with".into());
    }
    let content_type = head.field("content-type").map(|value| value.to_ascii_lowercase());
    spec.body = http_body(&content_type.unwrap_or_default(), body);
    // What the other client did not say is not said either.
    for header in compose::automatic_headers(&spec) {
        let name = header.into_str();
        let derived = DERIVED.iter().any(|derived| derived.eq_ignore_ascii_case(name));
        if !derived && head.field(name).is_none() {
            spec.toggle_automatic(header);
        }
    }
    if !exchange.request.body.complete {
        remarks.push("the body was cut off; what arrived of it is sent".into());
    }
    (Spec::Http(spec), remarks)
}

/// The body of a form that sends these bytes under this type.
#[must_use]
pub(crate) fn http_body(content_type: &[u8], body: &[u8]) -> HttpBody {
    match std::str::from_utf8(body) {
        Ok("") => HttpBody::None,
        Ok(text) if !text.contains(is_hidden) => {
            let is_json = memchr::memmem::find(content_type, b"json").is_some();
            let kind = if is_json { HttpBody::Json } else { HttpBody::Text };
            kind(template::quote(text))
        }
        _ => HttpBody::Payload(payload(body)),
    }
}

/// Whether a text does not show this character.
fn is_hidden(c: char) -> bool {
    !printable::is_visible(c) && !"\r\n\t".contains(c)
}

/// A client that sends the bytes of a record once: to our listener that received them, or to the
/// peer our client talked to. Bytes of an HTTP connection are sent raw over TCP (see
/// [`spec_and_remarks`] for the request itself); a record without bytes gives no step.
#[must_use]
pub(crate) fn spec_from_record(record: &Record, conn: &ConnInfo) -> Spec {
    let mut spec = client_of(conn);
    if let Some((steps, input)) = spec.script_mut().filter(|_| record.kind == RecordKind::Data) {
        let payload = payload(&record.data);
        input.format = payload.format;
        steps.push(ScriptStep::Send(payload));
    }
    spec
}

/// A client that talks to whom the client of this connection talked to, and says nothing by itself.
/// What an HTTP client said is said as bytes over TCP.
#[must_use]
pub(crate) fn client_of(conn: &ConnInfo) -> Spec {
    // What a listener or relay of ours received is sent there again, as the peer did; who said first
    // where it wanted to be led is led there.
    let chosen = conn.chosen_target().map(|chosen| chosen.endpoint.to_string());
    let target = if conn.is_accepted() { &conn.local } else { &conn.peer };
    let address = target.as_ref().map(|end| match (end.ip(), end.port()) {
        (Some(ip), Some(port)) => {
            let ip = if ip.is_unspecified() { "localhost".into() } else { ip.to_string() };
            Endpoint::new(ip, port).to_string()
        }
        _ => end.to_string(),
    });
    let address = chosen.or(address).unwrap_or_default();
    match conn.protocol {
        Protocol::Tcp | Protocol::Http => {
            let tls = if conn.is_under_tls() { ClientTls::verified() } else { ClientTls::Off };
            let input = InputSpec::LINES;
            Spec::Tcp(TcpSpec { address, tls, input, ..TcpSpec::default() })
        }
        Protocol::Udp => Spec::Udp(UdpSpec { address, ..UdpSpec::default() }),
        Protocol::Ws => {
            let scheme = if conn.is_under_tls() { "wss" } else { "ws" };
            Spec::Ws(WsSpec { url: format!("{scheme}://{address}/"), ..WsSpec::default() })
        }
    }
}

/// The payload that stands for exactly these bytes: escaped text, or hex when it is not text.
#[must_use]
pub fn payload(bytes: &[u8]) -> Payload {
    if is_readable(bytes) {
        return Payload { text: escape::escape(bytes), format: PayloadFormat::Text };
    }
    let mut text = String::with_capacity(bytes.len() * 3);
    for (index, byte) in bytes.iter().enumerate() {
        text.push_str(if index % 16 == 0 { "\n" } else { " " });
        let _ = write!(text, "{byte:02x}");
    }
    Payload { text: text.split_off(1), format: PayloadFormat::Hex }
}

/// Whether bytes read well as text: UTF-8, and at most one in eight needs an escape.
fn is_readable(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    text.matches(is_hidden).count() * 8 <= bytes.len()
}

#[cfg(test)]
mod from_traffic_tests;
