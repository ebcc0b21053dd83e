//! Where a request goes, and as which. Pure.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::heads::RequestWay;
use crate::codec::http1::Refusal;
use crate::codec::http1::fields::excerpt;
use crate::codec::printable::printable;
use crate::model::end_address::EndAddress;
use crate::model::endpoint::Endpoint;
use crate::model::exchange::{Head, StartLine};
use crate::model::http_relay::HostHeader;
use crate::model::plan::{HttpRelayPlan, OriginPlan};
use crate::model::tls::ClientTls;
use crate::model::url_text::UrlText;

/// Where a request goes.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) origin: OriginPlan,
    /// The absolute URL that is asked for.
    pub(super) url: String,
    pub(super) way: RequestWay,
    /// The client wants bytes passed on from there, whatever they are.
    pub(super) is_tunnel: bool,
}

/// A client as the target is told of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedBy<'a> {
    pub(super) peer: &'a EndAddress,
    /// Where it found us.
    pub(super) local: Option<&'a EndAddress>,
    pub(super) has_tls: bool,
    /// The machine's own name.
    pub(super) machine: &'a str,
    /// How this relay calls itself.
    pub(super) name: &'a str,
}

/// Where a request that may be passed on goes; or what it is answered.
pub(super) fn of(plan: &HttpRelayPlan, head: &Head, by: &AskedBy<'_>) -> Result<Route, Refusal> {
    let StartLine::Request { method, target, .. } = &head.start else {
        return Err(Refusal::bad("the request has no start line"));
    };
    if came_round(head, by.name) {
        let why = "it came through this relay before: relays that lead to each other would pass it on for ever";
        return Err(Refusal { status: 508, why: why.into() });
    }
    let mut route = match &plan.target {
        Some(_) if method == "CONNECT" => {
            let why = "CONNECT asks for a tunnel; this relay passes requests on to one server";
            return Err(Refusal { status: 501, why: why.into() });
        }
        Some(origin) => to_target(plan, origin, head, target, by),
        None => {
            authorized(plan, head)?;
            anywhere(plan, method, target, head)?
        }
    };
    if plan.forwarded {
        route.way.added = told(head, by);
    }
    Ok(route)
}

/// Where a request wants to go that is not passed on, for people; empty = it does not say.
pub(super) fn wanted(head: &Head) -> String {
    let StartLine::Request { method, target, .. } = &head.start else { return String::new() };
    let url = UrlText::literal(target);
    let host = head.field("host").map(|host| printable(host)).unwrap_or_default();
    match (url.scheme, host.as_str()) {
        _ if method == "CONNECT" => url.host_port.to_owned(),
        ("", "") => String::new(),
        ("", host) => format!("http://{host}{}", path(target)),
        // Who asks is not told to everybody.
        (scheme, _) => {
            format!("{}://{}{}", scheme.to_ascii_lowercase(), url.host_port, path(target))
        }
    }
}

/// To the server of a tunnel whose TLS is opened: as the client asks it, which names it.
pub(super) fn inside(origin: &OriginPlan, head: &Head) -> Result<Route, Refusal> {
    let StartLine::Request { method, target, .. } = &head.start else {
        return Err(Refusal::bad("the request has no start line"));
    };
    if method == "CONNECT" {
        let why = "CONNECT asks for a tunnel inside a tunnel";
        return Err(Refusal { status: 501, why: why.into() });
    }
    let url = format!("{}{}", origin.url(), path(target));
    Ok(Route { origin: origin.clone(), url, way: RequestWay::default(), is_tunnel: false })
}

/// What stands behind the authority of a URL.
fn path(target: &str) -> String {
    let path = match UrlText::literal(target) {
        url if !url.scheme.is_empty() => url.target,
        // Of `*` the server as a whole is meant.
        _ => target.strip_prefix('*').unwrap_or(target),
    };
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    format!("{slash}{path}")
}

/// To the one target of a reverse proxy.
fn to_target(
    plan: &HttpRelayPlan,
    origin: &OriginPlan,
    head: &Head,
    target: &str,
    by: &AskedBy<'_>,
) -> Route {
    let base = origin.url();
    let own = UrlText::literal(&base).host_port.to_owned();
    let written = head.field("host").map(|host| printable(host));
    let is_named = origin.endpoint.has_name();
    let asks_for_us = written.as_deref().is_none_or(|host| is_ours(host, by));
    let is_told = match plan.host {
        HostHeader::Auto => is_named && asks_for_us,
        HostHeader::Keep => false,
        HostHeader::Target => true,
    };
    let url = format!("{base}{}", path(target));
    let way = RequestWay { host: is_told.then_some(own), ..RequestWay::default() };
    Route { origin: origin.clone(), url, way, is_tunnel: false }
}

/// To where the request says.
fn anywhere(
    plan: &HttpRelayPlan,
    method: &str,
    target: &str,
    head: &Head,
) -> Result<Route, Refusal> {
    let way = RequestWay { is_proxy: true, ..RequestWay::default() };
    if method == "CONNECT" {
        let endpoint: Endpoint = target.parse().map_err(|_| {
            Refusal::bad(format!("'{}' is not a host and port", excerpt(target.as_bytes())))
        })?;
        let origin = OriginPlan { endpoint, tls: ClientTls::Off };
        return Ok(Route { origin, url: target.to_owned(), way, is_tunnel: true });
    }
    let url = UrlText::literal(target);
    if url.scheme.is_empty() {
        let host = head.field("host").map(|host| excerpt(host)).unwrap_or_default();
        let why = format!(
            "this is a forward proxy, which is asked with a whole URL, such as http://{host}{}; set it \
             as the proxy of the client, or give the relay a target",
            excerpt(target.as_bytes())
        );
        return Err(Refusal::bad(why));
    }
    let is_secure = url.scheme.eq_ignore_ascii_case("https");
    let usual = if is_secure { 443 } else { 80 };
    let named = url.host_port.strip_suffix(':').unwrap_or(url.host_port);
    let endpoint: Result<Endpoint, _> = named.parse();
    let endpoint = endpoint.or_else(|_| format!("{named}:{usual}").parse());
    let endpoint = endpoint.map_err(|error| Refusal::bad(error.to_string()))?;
    let tls = if is_secure { plan.onward_tls.clone() } else { ClientTls::Off };
    let slash = if url.target.starts_with('/') { "" } else { "/" };
    // OPTIONS of a server as a whole (RFC 9112, section 3.2.4).
    let is_whole = method == "OPTIONS" && url.target.is_empty();
    let path = if is_whole { "*".to_owned() } else { format!("{slash}{}", url.target) };
    let way = RequestWay { host: Some(named.to_owned()), target: Some(path), ..way };
    let bare = format!("{}://{named}{slash}{}", url.scheme.to_ascii_lowercase(), url.target);
    Ok(Route { origin: OriginPlan { endpoint, tls }, url: bare, way, is_tunnel: false })
}

/// Whether who asks may (RFC 9110, section 11.7).
fn authorized(plan: &HttpRelayPlan, head: &Head) -> Result<(), Refusal> {
    let Some((user, password)) = &plan.credentials else { return Ok(()) };
    let refused = |why: &str| Refusal { status: 407, why: why.to_owned() };
    let Some(said) = head.field("proxy-authorization") else {
        return Err(refused("this proxy wants a user and a password"));
    };
    let basic = said.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case(b"basic "));
    let coded = basic.and_then(|_| STANDARD.decode(said[6..].trim_ascii()).ok());
    let wanted = format!("{user}:{password}");
    let is_right = coded.is_some_and(|coded| is_equal(&coded, wanted.as_bytes()));
    if is_right { Ok(()) } else { Err(refused("user or password of the proxy is wrong")) }
}

/// Compared in a time that does not tell where they differ.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// Who asked, how and whom (RFC 9110, section 7.6.3).
fn told(head: &Head, by: &AskedBy<'_>) -> Vec<(&'static str, String)> {
    let scheme = if by.has_tls { "https" } else { "http" };
    let mut all = vec![
        // By the name it is known again where it comes round.
        ("Via", format!("1.1 {}", by.name)),
        // RFC 7239, section 6.2: what is said of who has no address.
        ("X-Forwarded-For", by.peer.ip().map_or_else(|| "unknown".into(), |ip| ip.to_string())),
        ("X-Forwarded-Proto", scheme.to_owned()),
    ];
    all.extend(head.field("host").map(|host| ("X-Forwarded-Host", printable(host))));
    all
}

/// Whether a relay of this name said that it passed a request on.
fn came_round(head: &Head, name: &str) -> bool {
    let of = |one: &str| one.split_ascii_whitespace().nth(1) == Some(name);
    head.all("via").any(|via| String::from_utf8_lossy(via).split(',').any(of))
}

/// Whether a host is a name of this machine, where the client found us.
fn is_ours(host: &str, by: &AskedBy<'_>) -> bool {
    // Who found us in the file system asks for us, whatever it calls us.
    if by.local.is_some_and(EndAddress::is_unix) {
        return true;
    }
    let host = UrlText::literal(host).host;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        let ip = ip.to_canonical();
        return ip.is_loopback() || by.local.and_then(EndAddress::ip) == Some(ip);
    }
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    name.is_empty() || name == "localhost" || name.ends_with(".localhost") || name == by.machine
}

/// Whether a connection to this peer leads back to where its client found us.
pub(super) fn is_loop(peer: &EndAddress, local: &EndAddress) -> bool {
    let (Some(peer), Some(local)) = (peer.inet(), local.inet()) else { return peer == local };
    let (peer_ip, local_ip) = (peer.ip().to_canonical(), local.ip().to_canonical());
    let is_same = peer_ip == local_ip || peer_ip.is_loopback() && local_ip.is_loopback();
    peer.port() == local.port() && is_same
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::{Expected, HeadReader};
    use crate::model::plan::OpenPlan;
    use crate::model::socket_options::{ClientOptions, SocketOptions};
    use crate::model::tls::ListenerTls;
    use std::time::Duration;

    fn plan(target: Option<(&str, ClientTls)>) -> HttpRelayPlan {
        HttpRelayPlan {
            hold: crate::model::hold::HoldPlan::default(),
            faults: crate::model::fault::FaultsPlan::default(),
            bind: "127.0.0.1:8080".parse().unwrap(),
            tls: ListenerTls::Off,
            socket: SocketOptions::default(),
            target: target.map(|(place, tls)| OriginPlan { endpoint: place.parse().unwrap(), tls }),
            connect_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            client: ClientOptions::default(),
            host: HostHeader::Auto,
            rules: Vec::new(),
            rewrites: Vec::new(),
            forwarded: false,
            onward_tls: ClientTls::verified(),
            open: OpenPlan::default(),
            contract: None,
            credentials: None,
        }
    }

    fn head(text: &str) -> Head {
        let text = text.replace('\n', "\r\n") + "\r\n\r\n";
        HeadReader::new(Expected::Request).push(text.as_bytes()).unwrap().unwrap().1.head
    }

    fn routed(plan: &HttpRelayPlan, text: &str) -> Result<Route, Refusal> {
        let [peer, local]: [EndAddress; 2] =
            ["127.0.0.1:50000", "127.0.0.1:8080"].map(|text| text.parse().unwrap());
        let (peer, local) = (&peer, &local);
        let by =
            AskedBy { peer, local: Some(local), has_tls: false, machine: "bench", name: "relay-1" };
        of(plan, &head(text), &by)
    }

    #[test]
    fn where_a_request_wants_to_go_is_known_before_it_is_let_go_there() {
        for (line, expected) in [
            ("GET http://ann:pw@H.example:81?q HTTP/1.1", "http://H.example:81/?q"),
            ("GET HTTPS://h.example/a HTTP/1.1", "https://h.example/a"),
            ("CONNECT h.example:443 HTTP/1.1", "h.example:443"),
            ("GET /a?b HTTP/1.1", "http://host.example/a?b"),
            ("OPTIONS * HTTP/1.1", "http://host.example"),
        ] {
            let head = head(&format!("{line}\nHost: host.example"));
            assert_eq!(wanted(&head), expected, "{line}");
        }
        assert_eq!(wanted(&head("GET /a HTTP/1.0")), "");
    }

    #[test]
    fn a_host_becomes_the_targets_where_it_named_us_and_the_target_has_a_name() {
        let named = plan(Some(("example.com:443", ClientTls::verified())));
        for (host, expected) in [
            ("127.0.0.1:8080", Some("example.com")),
            ("localhost:8080", Some("example.com")),
            ("[::1]:8080", Some("example.com")),
            ("bench", Some("example.com")),
            ("other.example", None),
        ] {
            let route = routed(&named, &format!("GET /a?b HTTP/1.1\nHost: {host}")).unwrap();
            assert_eq!(route.way.host.as_deref(), expected, "{host}");
            assert_eq!(route.url, "https://example.com/a?b");
        }
        let local = plan(Some(("127.0.0.1:9000", ClientTls::Off)));
        let route = routed(&local, "GET / HTTP/1.1\nHost: 127.0.0.1:8080").unwrap();
        assert_eq!((route.way.host, &*route.url), (None, "http://127.0.0.1:9000/"));
        let always = HttpRelayPlan { host: HostHeader::Target, ..local };
        let route = routed(&always, "GET / HTTP/1.1\nHost: other.example").unwrap();
        assert_eq!(route.way.host.as_deref(), Some("127.0.0.1:9000"));
        let never = HttpRelayPlan { host: HostHeader::Keep, ..named };
        assert_eq!(routed(&never, "GET / HTTP/1.1\nHost: localhost").unwrap().way.host, None);
    }

    #[test]
    fn a_forward_proxy_goes_where_the_request_says() {
        let plan = plan(None);
        for (line, endpoint, path, url) in [
            ("GET http://a/x?y", "a:80", "/x?y", "http://a/x?y"),
            ("GET HTTP://a:81", "a:81", "/", "http://a:81/"),
            ("GET http://a?x", "a:80", "/?x", "http://a/?x"),
            ("GET https://[::1]/", "[::1]:443", "/", "https://[::1]/"),
            ("OPTIONS http://a", "a:80", "*", "http://a/"),
        ] {
            let route = routed(&plan, &format!("{line} HTTP/1.1\nHost: z")).unwrap();
            assert_eq!(route.origin.endpoint.to_string(), endpoint, "{line}");
            assert_eq!((route.way.target.as_deref(), &*route.url), (Some(path), url), "{line}");
            assert_eq!(route.origin.tls != ClientTls::Off, line.contains("https"));
            assert!(!route.way.host.unwrap().is_empty(), "{line}");
        }
        let tunnel = routed(&plan, "CONNECT a:443 HTTP/1.1\nHost: a:443").unwrap();
        assert!(tunnel.is_tunnel && tunnel.origin.endpoint.port == 443);
        let refused = routed(&plan, "GET /x HTTP/1.1\nHost: a").unwrap_err();
        assert!(refused.status == 400 && refused.why.contains("http://a/x"), "{refused:?}");
    }

    #[test]
    fn a_proxy_for_one_user_asks_for_the_password() {
        let credentials = Some(("ann".to_owned(), "pw".to_owned()));
        let plan = HttpRelayPlan { credentials, ..plan(None) };
        for (said, status) in [
            ("", Some(407)),
            ("\nProxy-Authorization: Basic YW5uOnB3", None),
            ("\nproxy-authorization: basic  YW5uOnB3", None),
            ("\nProxy-Authorization: Basic YW5uOng=", Some(407)),
            ("\nProxy-Authorization: Basic ?", Some(407)),
            ("\nProxy-Authorization: Bearer YW5uOnB3", Some(407)),
        ] {
            let found = routed(&plan, &format!("GET http://a/ HTTP/1.1\nHost: a{said}"));
            assert_eq!(found.err().map(|it| it.status), status, "{said}");
        }
    }

    #[test]
    fn a_reverse_proxy_makes_no_tunnels() {
        let plan = plan(Some(("a:80", ClientTls::Off)));
        let refused = routed(&plan, "CONNECT b:443 HTTP/1.1\nHost: b:443").unwrap_err();
        assert_eq!(refused.status, 501);
    }

    #[test]
    fn a_target_is_told_who_asked() {
        let plan = HttpRelayPlan { forwarded: true, ..plan(Some(("a:80", ClientTls::Off))) };
        let added = routed(&plan, "GET / HTTP/1.1\nHost: z").unwrap().way.added;
        let value = |name| added.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
        assert_eq!(value("X-Forwarded-For"), Some("127.0.0.1"));
        assert_eq!(value("X-Forwarded-Host"), Some("z"));
        assert_eq!(value("X-Forwarded-Proto"), Some("http"));
        assert_eq!(value("Via"), Some("1.1 relay-1"));
    }

    #[test]
    fn what_says_that_it_came_through_here_goes_round() {
        let plan = plan(Some(("a:80", ClientTls::Off)));
        for (via, goes_round) in [
            ("Via: 1.1 relay-1", true),
            ("Via: 1.0 fred, HTTP/1.1 relay-1 (wirebench)\nX: y", true),
            ("Via: 1.1 fred\nvia: 1.1 relay-1", true),
            ("Via: 1.1 relay-10, 1.1 other (relay-1)", false),
            ("X-Via: 1.1 relay-1", false),
        ] {
            let found = routed(&plan, &format!("GET / HTTP/1.1\nHost: z\n{via}"));
            let status = found.err().map(|it| it.status);
            assert_eq!(status, goes_round.then_some(508), "{via}");
        }
    }

    #[test]
    fn a_way_that_leads_back_to_us_is_seen() {
        let at = |text: &str| -> EndAddress { text.parse().unwrap() };
        assert!(is_loop(&at("127.0.0.1:80"), &at("127.0.0.1:80")));
        assert!(is_loop(&at("127.0.0.1:80"), &at("[::1]:80")));
        assert!(!is_loop(&at("127.0.0.1:80"), &at("127.0.0.1:81")));
        assert!(!is_loop(&at("192.0.2.1:80"), &at("127.0.0.1:80")));
    }
}
