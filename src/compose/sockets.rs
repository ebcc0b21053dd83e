//! What plans share: where sockets connect and bind, what is asked of them, TLS of listeners.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::network;
use super::text::Composer;
use crate::compose::address;
use crate::model::client::{ClientSpec, DatagramSpec, SocketSpec};
use crate::model::endpoint::{Bind, Endpoint, EndpointError, UNIX_MODE, is_group};
use crate::model::field_id::FieldId;
use crate::model::listener::UnixSpec;
use crate::model::socket_options::{ClientOptions, DatagramOptions, SocketOptions, SourceAddress};
use crate::model::tls::{ClientTls, ListenerTls, TlsChoices};
use crate::model::unix_name::UnixName;
use crate::model::url_text::UrlText;

/// What is said of a Unix socket where datagrams are meant.
const ONLY_STREAMS: &str = "Unix sockets are spoken to as streams; compose it as TCP";

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
    let written = text;
    let text = line(field, text, composer)?;
    if UnixName::written(text.trim()).is_some() {
        return unix_name(field, (written, &text), composer).map(Endpoint::unix);
    }
    let text = without_scheme(field, &text, composer)?;
    let endpoint: Endpoint = parsed(field, &text, composer)?;
    if endpoint.port == 0 {
        composer.issue(field, "port 0 cannot be connected to");
        return None;
    }
    Some(endpoint)
}

/// The same where datagrams are sent, which no Unix socket of ours takes.
pub(super) fn datagram_endpoint(
    field: FieldId,
    text: &str,
    composer: &mut Composer<'_>,
) -> Option<Endpoint> {
    let endpoint = endpoint_in(field, text, composer)?;
    if endpoint.socket.is_some() {
        composer.issue(field, ONLY_STREAMS);
        return None;
    }
    Some(endpoint)
}

/// The name of a Unix socket, `~/` that is written there being the home folder.
fn unix_name(
    field: FieldId,
    (written, text): (&str, &str),
    composer: &mut Composer<'_>,
) -> Option<UnixName> {
    let name = |text| UnixName::written(str::trim(text)).unwrap_or(text);
    let path = at_home(name(written), name(text.trim()).to_owned(), composer);
    UnixName::parse(&path).map_err(|why| composer.issue(field, why)).ok()
}

/// The Unix socket of a client of HTTP, with or without `unix:` in front; `None` = it has none.
pub(super) fn unix_socket(text: &str, composer: &mut Composer<'_>) -> Option<UnixName> {
    let (field, written) = (FieldId::new("unix-socket"), text.trim());
    let text = line(field, written, composer)?;
    if text.trim().is_empty() { None } else { unix_name(field, (written, &text), composer) }
}

fn parsed<T>(field: FieldId, text: &str, composer: &mut Composer<'_>) -> Option<T>
where
    T: FromStr<Err = EndpointError>,
{
    text.parse().map_err(|error: EndpointError| composer.issue(field, error.to_string())).ok()
}

/// Where a listener of connections binds.
pub(super) fn stream_bind(
    text: &str,
    unix: &UnixSpec,
    composer: &mut Composer<'_>,
) -> Option<Bind> {
    let mut bind = any_bind(text, composer)?;
    if let Bind::Unix { mode, .. } = &mut bind {
        *mode = unix_mode(&unix.mode, composer)?;
    } else if unix.mode.trim() != UnixSpec::default().mode {
        let why = "a port has no mode, it is of Unix sockets (bind unix:/path); leave it as it is";
        composer.issue(FieldId::new("socket-mode"), why);
    }
    if let Some(ip) = bind.ip().filter(|ip| is_group(*ip)) {
        let message = format!("{ip} is a group of receivers, to which nobody connects");
        composer.issue(FieldId::new("bind"), message);
        return None;
    }
    Some(bind)
}

/// Permissions of a socket: octal digits, as chmod takes them.
fn unix_mode(text: &str, composer: &mut Composer<'_>) -> Option<u32> {
    const MOST: u32 = 0o777;
    let field = FieldId::new("socket-mode");
    let text = line(field, text, composer)?;
    let mode = u32::from_str_radix(text.trim(), 8).ok().filter(|mode| *mode <= MOST);
    if mode.is_none() {
        composer
            .issue(field, format!("'{text}' is no mode; write octal digits, such as 0600 or 0666"));
    }
    mode
}

/// Where datagrams are taken in.
pub(super) fn bind(text: &str, composer: &mut Composer<'_>) -> Option<Bind> {
    let bind = any_bind(text, composer)?;
    if let Bind::Unix { .. } = bind {
        composer.issue(FieldId::new("bind"), ONLY_STREAMS);
        return None;
    }
    Some(bind)
}

fn any_bind(text: &str, composer: &mut Composer<'_>) -> Option<Bind> {
    let (field, written) = (FieldId::new("bind"), text);
    let text = line(field, text, composer)?;
    if UnixName::written(text.trim()).is_some() {
        let name = unix_name(field, (written, &text), composer)?;
        return Some(Bind::Unix { name, mode: UNIX_MODE });
    }
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
    at_home(written, path.unwrap_or_default(), composer)
}

/// The path of a file that lies beside the preset, unless it says where.
pub(super) fn beside(written: &str, composer: &Composer<'_>) -> String {
    let path = at_home(written, written.to_owned(), composer);
    match composer.folder().filter(|_| !path.starts_with('/')) {
        Some(folder) => format!("{}/{path}", folder.trim_end_matches('/')),
        None => path,
    }
}

/// The file of a contract, if one is named.
pub(super) fn contract(written: &str, composer: &mut Composer<'_>) -> Option<PathBuf> {
    if written.trim().is_empty() {
        return None;
    }
    Some(file(FieldId::new("contract"), written, composer).into())
}

/// A path with the home folder in place of a `~/` that is written there and came of no template.
fn at_home(written: &str, path: String, composer: &Composer<'_>) -> String {
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
    let ClientTls::On { verify, trust, sni, choices } = tls else { return ClientTls::Off };
    let choices = tls_choices(field, choices, composer);
    let sni = server_name(field.then("sni"), sni, composer);
    ClientTls::On { verify: *verify, trust: trust.clone(), sni, choices }
}

/// The name that a server is asked for; empty = that of its address.
pub(super) fn server_name(field: FieldId, written: &str, composer: &mut Composer<'_>) -> String {
    let sni = composer.line(field, written);
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || "/:@?#".contains(c);
    if let Some(bad) = sni.chars().find(|c| is_bad(*c)) {
        composer.issue(field, format!("'{bad}' cannot be part of a host name"));
    }
    sni
}

/// What a client decides about TLS besides, read from this field.
pub(super) fn tls_choices(
    field: FieldId,
    choices: &TlsChoices,
    composer: &mut Composer<'_>,
) -> TlsChoices {
    let mut named = |key: &'static str, path: &str| match path.trim() {
        "" => String::new(),
        path => file(field.then(key), path, composer),
    };
    let ca = named("ca", &choices.ca);
    let certificate = named("certificate", &choices.certificate);
    let key = named("key", &choices.key);
    if certificate.is_empty() && !key.is_empty() {
        composer
            .issue(field.then("key"), "a key is of use with its certificate alone; name that, too");
    }
    TlsChoices { ca, certificate, key, versions: choices.versions }
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

/// Says where keep-alive is asked of nothing but Unix sockets, which have none.
pub(super) fn keep_alive_of_unix(
    socket: &SocketOptions,
    is_unix: bool,
    composer: &mut Composer<'_>,
) {
    if is_unix && socket.keep_alive.is_some() {
        let why =
            "a Unix socket has no keep-alive: the end of its peer is always told; leave it empty";
        composer.issue(FieldId::new("keep-alive"), why);
    }
}

/// Whether it is a Unix socket that is bound.
pub(super) fn is_unix(bind: Option<&Bind>) -> bool {
    matches!(bind, Some(Bind::Unix { .. }))
}

/// Options of a client, whatever it speaks.
pub(super) fn client(spec: &ClientSpec, composer: &mut Composer<'_>) -> ClientOptions {
    ClientOptions { source: source(&spec.source, composer), ..ClientOptions::default() }
}

/// Says what is asked of the client of a Unix socket that it cannot have.
pub(super) fn unix_client(
    endpoint: &Endpoint,
    client: &ClientOptions,
    composer: &mut Composer<'_>,
) {
    if endpoint.socket.is_some() && client.source.is_some() {
        let why = "a Unix socket is connected to from no address; leave the source empty";
        composer.issue(FieldId::new("source"), why);
    }
    network::without_unix(endpoint, &client.network, composer);
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
