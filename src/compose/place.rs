//! What plans share: addresses to connect to and to bind, TLS of listeners.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::text::Composer;
use crate::compose::address;
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::field_id::FieldId;
use crate::model::plan::{ConnectFrom, SocketOptions};
use crate::model::tls::ListenerTls;

/// Whom to connect to, read from the address field; `None` after an issue. Port 0 is one.
pub(super) fn endpoint(text: &str, composer: &mut Composer<'_>) -> Option<Endpoint> {
    let text = line(FieldId::new("address"), text, composer)?;
    let text = without_scheme(FieldId::new("address"), &text, composer)?;
    match text.parse::<Endpoint>() {
        Ok(endpoint) if endpoint.port == 0 => {
            composer.issue(FieldId::new("address"), "port 0 cannot be connected to");
            None
        }
        Ok(endpoint) => Some(endpoint),
        Err(error) => {
            composer.issue(FieldId::new("address"), error.to_string());
            None
        }
    }
}

/// Local address of a UDP client. A port alone means every address from which the peer can be
/// reached: loopback for a peer on this machine, else all.
pub(super) fn source(
    text: &str,
    peer: Option<&Endpoint>,
    composer: &mut Composer<'_>,
) -> Option<Bind> {
    if text.trim().is_empty() {
        return None;
    }
    let text = line(FieldId::new("source"), text, composer)?;
    let text = text.trim();
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse() {
        let local = peer.is_none_or(|peer| is_loopback(&peer.host));
        return Some(if local { Bind::Loopback { port } } else { Bind::All { port } });
    }
    text.parse()
        .map_err(|error: crate::model::endpoint::EndpointError| {
            composer.issue(FieldId::new("source"), error.to_string());
        })
        .ok()
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Where a listener binds.
pub(super) fn bind(text: &str, composer: &mut Composer<'_>) -> Option<Bind> {
    let text = line(FieldId::new("bind"), text, composer)?;
    let text = without_scheme(FieldId::new("bind"), &text, composer)?;
    // A port alone is loopback, as with a colon in front.
    if let Ok(port) = text.trim().parse() {
        return Some(Bind::Loopback { port });
    }
    match text.parse() {
        Ok(bind) => Some(bind),
        Err(error) => {
            let error: crate::model::endpoint::EndpointError = error;
            composer.issue(FieldId::new("bind"), error.to_string());
            None
        }
    }
}

/// An expanded line, or `None` when there was an issue with it.
pub(super) fn line(field: FieldId, text: &str, composer: &mut Composer<'_>) -> Option<String> {
    let count = composer.issues.len();
    let text = composer.line(field, text);
    (composer.issues.len() == count).then_some(text)
}

/// A scheme in front of an address is what people paste; the form has said which protocol it is.
fn without_scheme(field: FieldId, text: &str, composer: &mut Composer<'_>) -> Option<String> {
    if let Some(message) = address::not_yet(text) {
        composer.issue(field, message);
        return None;
    }
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    Some(rest.strip_suffix('/').unwrap_or(rest).to_owned())
}

/// TLS of a listener.
pub(super) fn listener_tls(tls: &ListenerTls, composer: &mut Composer<'_>) -> ListenerTls {
    let ListenerTls::Files { certificate, key } = tls else { return tls.clone() };
    let mut file = |field, path: &str| {
        let path = line(field, path, composer);
        if path.as_ref().is_some_and(String::is_empty) {
            composer.issue(field, "no file is named");
        }
        path.unwrap_or_default()
    };
    ListenerTls::Files {
        certificate: file(FieldId::new("tls").then("certificate"), certificate),
        key: file(FieldId::new("tls").then("key"), key),
    }
}

/// Socket options of a client's connections.
pub(super) fn socket(
    keep_alive: Option<Duration>,
    source: &str,
    composer: &mut Composer<'_>,
) -> SocketOptions {
    let keep_alive = self::keep_alive(keep_alive, composer);
    SocketOptions { keep_alive, source: connect_from(source, composer) }
}

/// Seconds the systems take (Linux keeps them in 15 bits).
pub(super) fn keep_alive(every: Option<Duration>, composer: &mut Composer<'_>) -> Option<Duration> {
    every.inspect(|every| {
        if every.subsec_nanos() != 0 || !(1..=32_767).contains(&every.as_secs()) {
            let field = FieldId::new("keep-alive");
            composer.issue(field, "keep-alive counts in whole seconds, from 1s to 32767s");
        }
    })
}

/// An address, `address:port`, `:port`, or the name of an interface.
fn connect_from(text: &str, composer: &mut Composer<'_>) -> Option<ConnectFrom> {
    const NAME: usize = 15;
    let field = FieldId::new("source");
    let text = line(field, text, composer)?;
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(ConnectFrom::Address(SocketAddr::new(ip, 0)));
    }
    if let Ok(address) = text.parse() {
        return Some(ConnectFrom::Address(address));
    }
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse() {
        return Some(ConnectFrom::Port(port));
    }
    let is_name = |c: char| c.is_ascii_graphic() && !"/:[]".contains(c);
    if text.len() > NAME || !text.chars().all(is_name) {
        composer.issue(field, format!("'{text}' is no address, :port or interface"));
    }
    (!text.is_empty()).then(|| ConnectFrom::Interface(text.to_owned()))
}
