//! Something new beside a spec: of another kind or the same, where the first one leads.
//!
//! Called when the user composes for another protocol, for the other end of the wire, or anew. Host,
//! port and TLS are carried over, so that both ends of a wire meet; what else was composed, whom a
//! URL logs in and which certificates were accepted stay behind.

use std::net::IpAddr;

use super::adopt::{set_tls, through_socket, tls};
use crate::model::end_address::EndAddress;
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::Spec;
use crate::model::tls::ClientTls;
use crate::model::unix_name::UnixName;
use crate::model::url_text::UrlText;

/// Where a spec leads, as it is written; templates stay.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Empty = this machine, or unknown.
    host: String,
    /// Empty = none is written, or the system chooses.
    port: String,
    tls: bool,
}

/// A new spec of this kind. `listens_on` is the address of the socket when the old one listens just
/// now: it may have been edited since, and the system may have chosen its port.
#[must_use]
pub(crate) fn anew(
    old: &Spec,
    listens_on: Option<&EndAddress>,
    protocol: Protocol,
    side: Side,
) -> Spec {
    if UnixName::written(old.address().trim()).is_some() {
        return at_socket(old, protocol, side);
    }
    let mut place = Place::of(old);
    if let Some(socket) = listens_on.and_then(EndAddress::inet) {
        (place.host, place.port) = (host_of(socket.ip()), socket.port().to_string());
    }
    let mut spec = Spec::empty(protocol, side);
    if let Some(target) = spec.target_mut().filter(|_| !old.side().listens()) {
        // What a client talks to is what the relay shall lead to; of a URL its origin.
        let address = place.address(old, protocol, Side::Client).unwrap_or_default();
        address.strip_suffix('/').unwrap_or(&address).clone_into(target);
        if let Some(relay) = spec.as_tcp_relay_mut().filter(|_| place.tls) {
            relay.target_tls = ClientTls::verified();
        }
        return spec;
    }
    if let Some(address) = place.address(old, protocol, side) {
        *spec.address_mut() = address;
    }
    set_tls(&mut spec, place.tls);
    spec
}

/// Something new that leads to the Unix socket of another, where its kind can.
fn at_socket(old: &Spec, protocol: Protocol, side: Side) -> Spec {
    let (mut spec, socket) = (Spec::empty(protocol, side), old.address().trim());
    match (protocol, side) {
        (Protocol::Udp, _) | (Protocol::Ws, Side::Client) => return spec,
        (Protocol::Http, Side::Client) => {
            let name = UnixName::written(socket).unwrap_or(socket);
            through_socket(&mut spec, name.to_owned(), "http://localhost/".into());
        }
        _ => {
            let is_target = side == Side::Relay && !old.side().listens();
            match spec.target_mut().filter(|_| is_target) {
                Some(target) => socket.clone_into(target),
                None => socket.clone_into(spec.address_mut()),
            }
        }
    }
    set_tls(&mut spec, tls(old) == Some(true));
    spec
}

/// What a new relay beside a spec speaks: streams, which carry HTTP, too, or datagrams as the spec
/// does; beside a relay what comes next.
#[must_use]
pub(crate) fn next_relay(beside: &Spec) -> Protocol {
    const ORDER: [Protocol; 3] = [Protocol::Tcp, Protocol::Http, Protocol::Udp];
    let spoken = beside.protocol();
    if beside.side() != Side::Relay {
        return if spoken == Protocol::Udp { spoken } else { Protocol::Tcp };
    }
    let mut following = ORDER.into_iter().cycle().skip_while(|protocol| *protocol != spoken);
    following.nth(1).unwrap_or(Protocol::Tcp)
}

impl Place {
    fn of(spec: &Spec) -> Self {
        let text = spec.address().trim();
        let UrlText { scheme, host_port, host, port, .. } = UrlText::of(text);
        let (host, port) = match port {
            Some(port) if is_port(port) => (host, port),
            // `9000` alone binds loopback.
            None if is_port(host) && !host.starts_with("{{") => ("", host),
            _ => (host_port, ""),
        };
        // A URL says it by its scheme.
        let tls = tls(spec)
            .unwrap_or_else(|| ["https", "wss"].iter().any(|it| scheme.eq_ignore_ascii_case(it)));
        let port = if port == "0" { "" } else { port };
        Place { host: host.to_owned(), port: port.to_owned(), tls }
    }

    /// The address line of a spec of this kind; `None` when there is nothing to carry over.
    fn address(&self, old: &Spec, protocol: Protocol, side: Side) -> Option<String> {
        let Place { host, port, tls } = self;
        if side.listens() {
            return (!port.is_empty()).then(|| format!(":{port}"));
        }
        let listened = old.side().listens();
        let host = if listened { reached_at(host) } else { &**host };
        let has_port = !port.is_empty();
        if !has_port && (host.is_empty() || listened) {
            return None;
        }
        let (scheme, usual) = match (protocol, *tls) {
            (Protocol::Ws, true) => ("wss", "443"),
            (Protocol::Ws, false) => ("ws", "80"),
            (_, true) => ("https", "443"),
            (_, false) => ("http", "80"),
        };
        let has_url = |protocol| matches!(protocol, Protocol::Http | Protocol::Ws);
        let (was_http, is_http) = (has_url(old.protocol()), has_url(protocol));
        if !has_port && host.contains("{{") {
            // It may stand for a whole URL or `host:port`: only its own kind knows.
            let slash = if is_http { "/" } else { "" };
            let has_scheme = !UrlText::of(old.address().trim()).scheme.is_empty();
            let scheme = if has_scheme { format!("{scheme}://") } else { String::new() };
            let text = format!("{scheme}{host}{slash}");
            return (old.protocol() == protocol).then_some(text);
        }
        if is_http {
            let host = if host.is_empty() { "localhost" } else { host };
            let port = if has_port && port != usual { format!(":{port}") } else { String::new() };
            return Some(format!("{scheme}://{host}{port}/"));
        }
        // A URL without a port has one all the same.
        let usual = if was_http { usual } else { "" };
        let port = if has_port { port } else { usual };
        (!port.is_empty()).then(|| format!("{host}:{port}"))
    }
}

/// What a client calls a listener that is bound to this host.
fn reached_at(bind: &str) -> &str {
    match bind {
        "" | "*" | "0.0.0.0" | "[::]" => "localhost",
        host => host,
    }
}

/// An address as the host of an authority.
fn host_of(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}

/// Whether this is the port of an authority: digits or a template.
fn is_port(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number || text.starts_with("{{") && text.find("}}") == Some(text.len().wrapping_sub(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tls::ListenerTls;
    use crate::model::trust::Verify;

    const CLIENT: Side = Side::Client;
    const LISTENER: Side = Side::Listener;

    fn spec(protocol: Protocol, side: Side, address: &str) -> Spec {
        let mut spec = Spec::empty(protocol, side);
        address.clone_into(spec.address_mut());
        spec
    }

    fn address(old: (Protocol, Side, &str), protocol: Protocol, side: Side) -> String {
        anew(&spec(old.0, old.1, old.2), None, protocol, side).address().to_owned()
    }

    #[test]
    fn both_ends_of_a_wire_meet() {
        for (from, address, to, expected) in [
            (Protocol::Http, "http://h:8080/users?x#y", Protocol::Http, ":8080"),
            (Protocol::Http, "https://u:p@h:8443", Protocol::Http, ":8443"),
            (Protocol::Http, ":8080/x", Protocol::Http, ":8080"),
            (Protocol::Http, "http://h/", Protocol::Http, "127.0.0.1:8080"),
            (Protocol::Http, "{{base}}/users", Protocol::Http, "127.0.0.1:8080"),
            (Protocol::Tcp, "{{host}}:{{port}}", Protocol::Tcp, ":{{port}}"),
            (Protocol::Tcp, "[::1]:7", Protocol::Tcp, ":7"),
            (Protocol::Udp, "h:53", Protocol::Udp, ":53"),
        ] {
            let made = self::address((from, CLIENT, address), to, LISTENER);
            assert_eq!(made, expected, "{address}");
        }
        for (from, address, to, expected) in [
            (Protocol::Http, "127.0.0.1:8080", Protocol::Http, "http://127.0.0.1:8080/"),
            (Protocol::Http, ":80", Protocol::Http, "http://localhost/"),
            (Protocol::Tcp, "*:9000", Protocol::Tcp, "localhost:9000"),
            (Protocol::Tcp, "9000", Protocol::Tcp, "localhost:9000"),
            (Protocol::Tcp, "[::]:9000", Protocol::Http, "http://localhost:9000/"),
            (Protocol::Udp, "192.0.2.1:9", Protocol::Udp, "192.0.2.1:9"),
            (Protocol::Tcp, "127.0.0.1:0", Protocol::Tcp, ""),
        ] {
            let made = self::address((from, LISTENER, address), to, CLIENT);
            assert_eq!(made, expected, "{address}");
        }
    }

    #[test]
    fn another_client_leads_to_the_same_place() {
        for (from, address, to, expected) in [
            (Protocol::Http, "http://h:81/kept?q", Protocol::Tcp, "h:81"),
            (Protocol::Http, "https://h/x", Protocol::Tcp, "h:443"),
            (Protocol::Http, "h/x", Protocol::Udp, "h:80"),
            (Protocol::Tcp, "[::1]:443", Protocol::Http, "http://[::1]:443/"),
            (Protocol::Tcp, "h", Protocol::Udp, ""),
            (Protocol::Http, "http://ann:pw@h:81/x", Protocol::Http, "http://h:81/"),
            (Protocol::Http, "{{base}}/users", Protocol::Http, "{{base}}/"),
            (Protocol::Http, "https://{{env.H /}}/x", Protocol::Http, "https://{{env.H /}}/"),
            (Protocol::Http, "{{base}}/users", Protocol::Tcp, ""),
            (Protocol::Tcp, "{{peer}}", Protocol::Tcp, "{{peer}}"),
            (Protocol::Http, "", Protocol::Tcp, ""),
        ] {
            assert_eq!(self::address((from, CLIENT, address), to, CLIENT), expected, "{address}");
        }
    }

    #[test]
    fn tls_is_carried_over_and_consent_is_not() {
        let mut old = spec(Protocol::Tcp, CLIENT, "h:4433");
        let Spec::Tcp(tcp) = &mut old else { unreachable!() };
        tcp.tls = ClientTls::verified();
        if let ClientTls::On { verify, sni, .. } = &mut tcp.tls {
            (*verify, *sni) = (Verify::Off, "other".into());
        }
        let listener = anew(&old, None, Protocol::Tcp, LISTENER);
        assert!(matches!(&listener, Spec::TcpListener(l) if l.tls == ListenerTls::Generated));
        let client = anew(&listener, None, Protocol::Tcp, CLIENT);
        assert!(matches!(&client, Spec::Tcp(tcp) if tcp.tls == ClientTls::verified()));
        assert_eq!(client.address(), "localhost:4433");
        assert_eq!(anew(&old, None, Protocol::Http, CLIENT).address(), "https://h:4433/");
        let web = spec(Protocol::Http, CLIENT, "https://h:8443/");
        let listener = anew(&web, None, Protocol::Http, LISTENER);
        assert!(matches!(&listener, Spec::HttpListener(l) if l.tls == ListenerTls::Generated));
        assert_eq!(
            anew(&listener, None, Protocol::Http, CLIENT).address(),
            "https://localhost:8443/"
        );
        let again = anew(&old, None, Protocol::Tcp, CLIENT);
        assert!(matches!(&again, Spec::Tcp(tcp) if tcp.tls == ClientTls::verified()));
    }

    #[test]
    fn a_relay_leads_where_the_client_went_and_listens_where_the_listener_did() {
        let old = spec(Protocol::Tcp, CLIENT, "tls://db:5432");
        let Spec::TcpRelay(relay) = anew(&old, None, Protocol::Tcp, Side::Relay) else { panic!() };
        assert_eq!((&*relay.bind, &*relay.target), ("127.0.0.1:9000", "db:5432"));
        let web = spec(Protocol::Http, CLIENT, "https://h/x");
        let Spec::TcpRelay(relay) = anew(&web, None, Protocol::Tcp, Side::Relay) else { panic!() };
        assert_eq!((&*relay.target, relay.target_tls), ("h:443", ClientTls::verified()));
        let old = spec(Protocol::Tcp, LISTENER, "127.0.0.1:7000");
        let relay = anew(&old, None, Protocol::Tcp, Side::Relay);
        assert_eq!(relay.address(), ":7000");
        assert_eq!(anew(&relay, None, Protocol::Tcp, CLIENT).address(), "localhost:7000");
    }

    #[test]
    fn a_unix_socket_is_where_everything_new_leads() {
        let old = spec(Protocol::Tcp, LISTENER, "unix:/tmp/a.sock");
        let made = |protocol, side| anew(&old, None, protocol, side);
        assert_eq!(made(Protocol::Tcp, CLIENT).address(), "unix:/tmp/a.sock");
        assert_eq!(made(Protocol::Http, LISTENER).address(), "unix:/tmp/a.sock");
        let Spec::Http(http) = made(Protocol::Http, CLIENT) else { panic!("no request") };
        assert_eq!((&*http.unix_socket, &*http.url), ("/tmp/a.sock", "http://localhost/"));
        let client = spec(Protocol::Tcp, CLIENT, "unix:/tmp/a.sock");
        let Spec::TcpRelay(relay) = anew(&client, None, Protocol::Tcp, Side::Relay) else {
            panic!("no relay")
        };
        assert_eq!(relay.target, "unix:/tmp/a.sock");
        assert_eq!(made(Protocol::Udp, CLIENT), Spec::empty(Protocol::Udp, CLIENT));
    }

    #[test]
    fn a_socket_that_listens_is_believed_more_than_the_text() {
        let at: EndAddress = "127.0.0.1:40123".parse().unwrap();
        let socket = Some(&at);
        let old = spec(Protocol::Tcp, LISTENER, ":0");
        assert_eq!(anew(&old, socket, Protocol::Tcp, CLIENT).address(), "127.0.0.1:40123");
        let at: EndAddress = "[::]:40123".parse().unwrap();
        let socket = Some(&at);
        let old = spec(Protocol::Http, LISTENER, ":8080");
        assert_eq!(anew(&old, socket, Protocol::Http, CLIENT).address(), "http://localhost:40123/");
    }
}
