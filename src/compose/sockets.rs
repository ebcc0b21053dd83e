//! What plans share: where sockets connect and bind, what is asked of them, TLS of listeners.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use super::text::Composer;
use crate::compose::address;
use crate::model::client::{ClientSpec, DatagramSpec, SocketSpec};
use crate::model::endpoint::{Bind, Endpoint, EndpointError, is_group};
use crate::model::field_id::FieldId;
use crate::model::plan::{ClientOptions, DatagramOptions, SocketOptions, SourceAddress};
use crate::model::tls::{ClientTls, ListenerTls};
use crate::model::url_text::UrlText;

/// Whom to connect to, read from the address field; `None` after an issue. Port 0 is one.
pub(super) fn endpoint(text: &str, composer: &mut Composer<'_>) -> Option<Endpoint> {
    let field = FieldId::new("address");
    endpoint_in(field, text, composer)
}

/// The same, read from this field.
pub(super) fn endpoint_in(
    field: FieldId,
    text: &str,
    composer: &mut Composer<'_>,
) -> Option<Endpoint> {
    let text = line(field, text, composer)?;
    let text = without_scheme(field, &text, composer)?;
    let endpoint: Endpoint = parsed(field, &text, composer)?;
    if endpoint.port == 0 {
        composer.issue(field, "port 0 cannot be connected to");
        return None;
    }
    Some(endpoint)
}

fn parsed<T>(field: FieldId, text: &str, composer: &mut Composer<'_>) -> Option<T>
where
    T: FromStr<Err = EndpointError>,
{
    text.parse().map_err(|error: EndpointError| composer.issue(field, error.to_string())).ok()
}

/// Where a listener of connections binds.
pub(super) fn stream_bind(text: &str, composer: &mut Composer<'_>) -> Option<Bind> {
    let bind = bind(text, composer)?;
    if let Some(ip) = bind.ip().filter(|ip| is_group(*ip)) {
        let message = format!("{ip} is a group of receivers, to which nobody connects");
        composer.issue(FieldId::new("bind"), message);
        return None;
    }
    Some(bind)
}

/// Where a listener binds.
pub(super) fn bind(text: &str, composer: &mut Composer<'_>) -> Option<Bind> {
    let field = FieldId::new("bind");
    let text = line(field, text, composer)?;
    let text = without_scheme(field, &text, composer)?;
    // A port alone is loopback, as with a colon in front.
    if let Ok(port) = text.trim().parse() {
        return Some(Bind::Loopback { port });
    }
    parsed(field, &text, composer)
}

/// An expanded line, or `None` when there was an issue with it.
fn line(field: FieldId, text: &str, composer: &mut Composer<'_>) -> Option<String> {
    let count = composer.issues.len();
    let text = composer.line(field, text);
    (composer.issues.len() == count).then_some(text)
}

/// A scheme in front of an address is what people paste; the form has said which protocol it is.
fn without_scheme(field: FieldId, text: &str, composer: &mut Composer<'_>) -> Option<String> {
    if let Some(message) = address::wrong_scheme(text) {
        composer.issue(field, message);
        return None;
    }
    let rest = UrlText::literal(text).bare;
    Some(rest.strip_suffix('/').unwrap_or(rest).to_owned())
}

/// The path of a file, `~/` that is written there being the home folder; empty after an issue.
pub(super) fn file(field: FieldId, written: &str, composer: &mut Composer<'_>) -> String {
    let path = line(field, written, composer);
    if path.as_deref() == Some("") {
        composer.issue(field, "no file is named");
    }
    let path = path.unwrap_or_default();
    match (path.strip_prefix("~/").filter(|_| written.starts_with("~/")), composer.home()) {
        (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
        _ => path,
    }
}

/// TLS of a client, read from this field.
pub(super) fn client_tls(
    field: FieldId,
    tls: &ClientTls,
    composer: &mut Composer<'_>,
) -> ClientTls {
    let ClientTls::On { verify, trust, sni } = tls else { return ClientTls::Off };
    let field = field.then("sni");
    let sni = composer.line(field, sni);
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || "/:@?#".contains(c);
    if let Some(bad) = sni.chars().find(|c| is_bad(*c)) {
        composer.issue(field, format!("'{bad}' cannot be part of a host name"));
    }
    ClientTls::On { verify: *verify, trust: trust.clone(), sni }
}

/// TLS of a listener.
pub(super) fn listener_tls(tls: &ListenerTls, composer: &mut Composer<'_>) -> ListenerTls {
    let ListenerTls::Files { certificate, key } = tls else { return tls.clone() };
    let tls = FieldId::new("tls");
    ListenerTls::Files {
        certificate: file(tls.then("certificate"), certificate, composer),
        key: file(tls.then("key"), key, composer),
    }
}

/// Socket options of connections.
pub(super) fn socket(spec: &SocketSpec, composer: &mut Composer<'_>) -> SocketOptions {
    SocketOptions { keep_alive: keep_alive(spec.keep_alive, composer) }
}

/// Options of a client, whatever it speaks.
pub(super) fn client(spec: &ClientSpec, composer: &mut Composer<'_>) -> ClientOptions {
    ClientOptions { source: source(&spec.source, composer) }
}

/// Options of clients of which there are several at once, on sockets of their own.
pub(super) fn client_of_many(spec: &ClientSpec, composer: &mut Composer<'_>) -> ClientOptions {
    let options = client(spec, composer);
    let has_port = match &options.source {
        Some(SourceAddress::Bound(bind)) => bind.port() != 0,
        Some(SourceAddress::Port(_)) => true,
        Some(SourceAddress::Interface(_)) | None => false,
    };
    if has_port {
        let why = "each client has a socket of its own, so all cannot have one port";
        composer.issue(FieldId::new("source"), why);
    }
    options
}

/// Socket options of datagrams.
pub(super) fn datagrams(spec: &DatagramSpec) -> DatagramOptions {
    DatagramOptions { ttl: spec.ttl }
}

/// Seconds the systems take (Linux keeps them in 15 bits).
fn keep_alive(every: Option<Duration>, composer: &mut Composer<'_>) -> Option<Duration> {
    every.inspect(|every| {
        if every.subsec_nanos() != 0 || !(1..=32_767).contains(&every.as_secs()) {
            let field = FieldId::new("keep-alive");
            composer.issue(field, "keep-alive counts in whole seconds, from 1s to 32767s");
        }
    })
}

/// An address, `address:port`, `:port`, `*:port`, or the name of an interface.
fn source(text: &str, composer: &mut Composer<'_>) -> Option<SourceAddress> {
    const NAME: usize = 15;
    let field = FieldId::new("source");
    let text = line(field, text, composer)?;
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(SourceAddress::Bound(Bind::Address(SocketAddr::new(ip, 0))));
    }
    if bare.contains('%')
        && let Ok(bind) = format!("[{bare}]:0").parse()
    {
        return Some(SourceAddress::Bound(bind));
    }
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse() {
        return Some(SourceAddress::Port(port));
    }
    if let Ok(bind) = text.parse() {
        return Some(SourceAddress::Bound(bind));
    }
    let is_name = |c: char| c.is_ascii_graphic() && !"/:[]".contains(c);
    if text.len() > NAME || !text.chars().all(is_name) {
        composer.issue(field, format!("'{text}' is no address, :port or interface"));
    }
    (!text.is_empty()).then(|| SourceAddress::Interface(text.to_owned()))
}
