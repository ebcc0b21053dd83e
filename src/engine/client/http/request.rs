//! From a plan to the bytes of a request, and where they go. Pure.

use std::borrow::Cow;

use url::{Position, Url};

use crate::codec::http1::write::request_head;
use crate::codec::web_socket::handshake;
use crate::codec::zone;
use crate::engine::random;
use crate::engine::transport::tunnel::{self, ProxyHop};
use crate::model::endpoint::Endpoint;
use crate::model::exchange::HttpVersion;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::VersionChoice;
use crate::model::plan::{HttpPlan, LengthHeader, PlanBody};
use crate::model::tls::ClientTls;
use crate::model::trust::Verify;
use crate::model::url_text::UrlText;

/// What tells a proxy who we are.
const FOR_PROXIES: &str = "Proxy-Authorization";

/// Whom to connect to for a plan, and whether under TLS.
pub(super) fn destination(plan: &HttpPlan) -> Result<(Endpoint, ClientTls), Failure> {
    let bad = |cause: String| Failure::new(Stage::Compose, &*plan.url, FailureKind::Usage, cause);
    let (bare, zone) = zone::take(&plan.url);
    let url = Url::parse(&bare).map_err(|error| bad(format!("this is no URL: {error}")))?;
    let tls = match url.scheme() {
        "http" => ClientTls::Off,
        "https" => {
            let (verify, trust, sni) = (plan.verify, plan.trust.clone(), plan.sni.clone());
            ClientTls::On { verify, trust, sni, choices: plan.tls.clone() }
        }
        other => return Err(bad(format!("'{other}:' is not http or https"))),
    };
    let host = url.host_str().ok_or_else(|| bad("the URL has no host".into()))?;
    // An IPv6 address stands in brackets there.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = zone.map_or(host.to_owned(), |zone| format!("{host}%{zone}"));
    let port = url.port_or_known_default().unwrap_or(80);
    let socket = plan.unix_socket.clone();
    Ok((Endpoint { socket, ..Endpoint::new(host, port) }, tls))
}

/// Whom it goes through to get there, if it does. Without TLS a proxy of HTTP passes the request on itself.
///
/// # Errors
/// It cannot be told.
pub(super) fn proxy(plan: &HttpPlan) -> Result<Option<ProxyHop>, Failure> {
    let (target, tls) = destination(plan)?;
    let is_secure = tls != ClientTls::Off;
    let Some(proxy) = tunnel::way_to(&plan.client, &target, is_secure)? else { return Ok(None) };
    // A proxy that passes requests on goes where their URL leads.
    let is_led = *plan.client.network.names.led_to(&target) != target;
    let is_tunnel = is_secure
        || is_upgrade(plan)
        || is_led
        || proxy.is_socks()
        || plan.version == VersionChoice::Http2PriorKnowledge;
    let header = |wanted: &str| {
        let found = plan.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone())
    };
    let (authorization, user_agent) = (header(FOR_PROXIES), header("user-agent"));
    Ok(Some(ProxyHop { proxy: proxy.clone(), is_tunnel, authorization, user_agent }))
}

/// Whether it asks for a WebSocket, which a proxy that passes requests on would not (RFC 6455, section 4.1).
fn is_upgrade(plan: &HttpPlan) -> bool {
    plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
}

/// The plan without what is for a proxy alone: one that connects on is told it, who is behind it is not.
pub(super) fn behind<'p>(plan: Cow<'p, HttpPlan>, proxy: Option<&ProxyHop>) -> Cow<'p, HttpPlan> {
    let is_hidden = |name: &str| name.eq_ignore_ascii_case(FOR_PROXIES);
    let is_tunnel = proxy.is_some_and(|hop| hop.is_tunnel);
    if !is_tunnel || !plan.headers.iter().any(|(name, _)| is_hidden(name)) {
        return plan;
    }
    let mut plan = plan.into_owned();
    plan.headers.retain(|(name, _)| !is_hidden(name));
    Cow::Owned(plan)
}

/// Puts what a proxy needs that passes the request on itself where curl puts it.
fn told_to_proxy(headers: &mut Vec<(String, Vec<u8>)>, proxy: &ProxyHop) {
    let has = |headers: &[(String, Vec<u8>)], wanted: &str| {
        headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    if let Some(credentials) = proxy.credentials().filter(|_| !has(headers, FOR_PROXIES)) {
        let host = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("host"));
        headers.insert(
            host.map_or(0, |at| at + 1),
            (FOR_PROXIES.to_owned(), credentials.into_bytes()),
        );
    }
    if !has(headers, "Proxy-Connection") {
        headers.push(("Proxy-Connection".to_owned(), b"Keep-Alive".to_vec()));
    }
}

/// Where a plan goes under TLS; what the user consented to holds there.
pub(super) fn secure_origin(plan: &HttpPlan) -> Option<Endpoint> {
    let (endpoint, tls) = destination(plan).ok()?;
    (tls != ClientTls::Off).then_some(endpoint)
}

/// The TLS options without consent that was given for another origin.
pub(super) fn consented(tls: ClientTls, own: bool) -> ClientTls {
    match tls {
        ClientTls::On { trust, choices, .. } if !own => {
            let (trust, choices, sni) = (trust.elsewhere(), choices.elsewhere(), String::new());
            ClientTls::On { verify: Verify::On, trust, sni, choices }
        }
        tls => tls,
    }
}

/// The headers of a plan with the cookies that go along, behind those of a `Cookie` header of the user's own.
pub(super) fn headers(plan: &HttpPlan) -> Vec<(String, Vec<u8>)> {
    let owned = |(name, value): &(String, String)| (name.clone(), value.clone().into_bytes());
    let mut headers: Vec<_> = plan.headers.iter().map(owned).collect();
    let line = &plan.cookies.line;
    if line.is_empty() {
        return headers;
    }
    match headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
        Some((_, own)) => {
            if !own.trim_ascii().is_empty() {
                own.extend_from_slice(b"; ");
            }
            own.extend_from_slice(line);
        }
        None => headers.push(("Cookie".into(), line.to_vec())),
    }
    headers
}

/// The head as it goes out, to a proxy with the whole URL (RFC 9112, section 3.2.2). `len` is the length of a body
/// from files.
pub(super) fn head(
    plan: &HttpPlan,
    len: u64,
    proxy: Option<&ProxyHop>,
) -> Result<Vec<u8>, Failure> {
    let mut headers = headers(plan);
    let passes_on = proxy.filter(|hop| !hop.is_tunnel);
    if let Some(proxy) = passes_on {
        told_to_proxy(&mut headers, proxy);
    }
    let is_framed = headers.iter().any(|(name, _)| {
        name.eq_ignore_ascii_case("content-length")
            || name.eq_ignore_ascii_case("transfer-encoding")
    });
    let from_files = !matches!(plan.body, PlanBody::Bytes(_));
    if from_files && !is_framed && plan.length == LengthHeader::Added {
        headers.push(("Content-Length".into(), len.to_string().into_bytes()));
    }
    let breaks_lines = |text: &[u8]| text.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    let is_split =
        |(name, value): &(String, Vec<u8>)| breaks_lines(name.as_bytes()) || breaks_lines(value);
    if breaks_lines(plan.method.as_bytes()) || headers.iter().any(is_split) {
        let cause = "a header or the method contains a line break";
        return Err(Failure::new(Stage::Compose, &*plan.url, FailureKind::Usage, cause));
    }
    let version = match plan.version {
        VersionChoice::Http10 => HttpVersion::Http10,
        // Over HTTP/2 it is another head, which `two` makes.
        VersionChoice::Auto
        | VersionChoice::Http11
        | VersionChoice::Http2
        | VersionChoice::Http2PriorKnowledge => HttpVersion::Http11,
    };
    let mut target = target(&plan.url);
    if passes_on.is_some() {
        // Nobody but us knows a zone.
        let url = zone::take(&plan.url).0;
        let parts = UrlText::literal(&url);
        target = format!("{}://{}{target}", parts.scheme, parts.host_port);
    }
    Ok(request_head(&plan.method, &target, version, &headers))
}

/// The plan with a key of its own, where it asks for a WebSocket and has none (RFC 6455, section 4.1).
pub(super) fn keyed(plan: &HttpPlan) -> Result<Cow<'_, HttpPlan>, Failure> {
    let is_open = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("sec-websocket-key") && value.is_empty()
    };
    let Some(at) = plan.headers.iter().position(is_open) else { return Ok(Cow::Borrowed(plan)) };
    let bytes = random::bytes()
        .map_err(|cause| Failure::new(Stage::Compose, &*plan.url, FailureKind::Io, cause))?;
    let mut plan = plan.clone();
    plan.headers[at].1 = handshake::key(bytes);
    Ok(Cow::Owned(plan))
}

/// Whether it goes out over HTTP/2, whatever the server chooses.
pub(super) fn is_sure_of_two(plan: &HttpPlan) -> bool {
    matches!(plan.version, VersionChoice::Http2 | VersionChoice::Http2PriorKnowledge)
}

/// Whether the body goes out in chunks (RFC 9112, section 7.1): when the last transfer coding of
/// the plan says so.
pub(super) fn is_chunked(plan: &HttpPlan) -> bool {
    let last =
        plan.headers.iter().rfind(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
    last.and_then(|(_, value)| value.rsplit(',').next())
        .is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"))
}

/// Whether it may go over a connection that was kept: whose peer may let go of it at any time, so that the request has to be
/// one that may be sent once more (RFC 9110, section 9.2.2).
pub(super) fn may_take_kept(plan: &HttpPlan) -> bool {
    let may_be_repeated =
        matches!(&*plan.method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE");
    may_be_repeated && !plan.new_connection
}

/// Whether its connection may carry another request behind it, as far as it is for us to say: it asks for nothing else, and
/// every peer agrees where it ends. `len` is the length of its body.
pub(super) fn leaves_connection(plan: &HttpPlan, len: u64) -> bool {
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let is_plain = |(name, _): &(String, String)| {
        let is_token =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        is_token && !["connection", "upgrade", "proxy-connection"].iter().any(|it| is(name, it))
    };
    let values = |wanted: &str| -> Vec<&str> {
        let all = plan.headers.iter().filter(|(name, _)| is(name, wanted));
        all.map(|(_, value)| value.trim()).collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    let is_added = plan.length == LengthHeader::Added && !matches!(plan.body, PlanBody::Bytes(_));
    let is_framed = match (&*lengths, &*codings) {
        ([], []) => len == 0 || is_added,
        ([length], []) => *length == len.to_string(),
        ([], [coding]) => is(coding, "chunked"),
        _ => false,
    };
    let is_kept = plan.version != VersionChoice::Http10;
    is_kept && is_framed && plan.method != "CONNECT" && plan.headers.iter().all(is_plain)
}

/// Path and query exactly as written; the URL library's reading only when they could not stand in
/// a request line.
pub(super) fn target(url: &str) -> String {
    let target = UrlText::literal(url).target;
    if target.bytes().all(|byte| byte.is_ascii_graphic()) {
        let slash = if target.starts_with('/') { "" } else { "/" };
        return format!("{slash}{target}");
    }
    Url::parse(url).map_or_else(
        |_| "/".into(),
        |url| url[Position::BeforePath..Position::AfterQuery].to_owned(),
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A plan to ask for this.
    pub(crate) fn asked(method: &str, headers: &[(&str, &str)], body: &'static [u8]) -> HttpPlan {
        HttpPlan {
            method: method.into(),
            url: "http://a/".into(),
            headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            body: PlanBody::Bytes(bytes::Bytes::from_static(body)),
            length: LengthHeader::Added,
            head_timeout: std::time::Duration::from_secs(1),
            connect_timeout: std::time::Duration::from_secs(1),
            version: VersionChoice::default(),
            verify: Verify::On,
            trust: crate::model::trust::TrustedCertificates::default(),
            sni: String::new(),
            tls: crate::model::tls::TlsChoices::default(),
            transfer: crate::model::transfer::TransferOptions::default(),
            redirects: 0,
            auth: crate::model::plan::PlanAuth::None,
            cookies: crate::model::cookie::PlanCookies::default(),
            events: crate::model::plan::PlanEvents::default(),
            socket: crate::model::socket_options::SocketOptions::default(),
            client: crate::model::socket_options::ClientOptions::default(),
            unix_socket: None,
            new_connection: false,
            contract: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_connection_is_left_by_requests_whose_end_nobody_can_mistake() {
        let leaves = |method: &str, headers: &[(&str, &str)], body: &'static [u8]| {
            leaves_connection(&asked(method, headers, body), body.len() as u64)
        };
        assert!(leaves("GET", &[("Host", "a"), ("X-Any", "close")], b""));
        assert!(leaves("POST", &[("content-length", "2")], b"ab"));
        assert!(leaves("POST", &[("Transfer-Encoding", "Chunked")], b"ab"));
        for headers in [
            &[("Content-Length", "1")][..],
            &[("Content-Length", "3")],
            &[],
            &[("Content-Length", "2"), ("Content-Length", "2")],
            &[("Content-Length", "2"), ("Transfer-Encoding", "chunked")],
            &[("Transfer-Encoding", "gzip, chunked")],
            &[("Content-Length", "2"), ("Connection", "keep-alive, x")],
            &[("Content-Length", "2"), ("Upgrade", "h2c")],
            &[("Content-Length", "2"), ("X y", "")],
        ] {
            assert!(!leaves("POST", headers, b"ab"), "{headers:?}");
        }
        assert!(!leaves("CONNECT", &[], b""));
    }

    #[test]
    fn a_kept_connection_is_taken_by_requests_that_may_be_sent_once_more() {
        for (method, takes) in [("GET", true), ("PUT", true), ("POST", false), ("get", false)] {
            assert_eq!(may_take_kept(&asked(method, &[], b"")), takes, "{method}");
        }
        let new = HttpPlan { new_connection: true, ..asked("GET", &[], b"") };
        assert!(!may_take_kept(&new));
    }

    #[test]
    fn the_target_is_what_was_written() {
        for (url, expected) in [
            ("http://a", "/"),
            ("http://a?x=1", "/?x=1"),
            ("http://a/x/../y?q=a:b@c/d#f", "/x/../y?q=a:b@c/d"),
            ("http://a:1/%7e%zz", "/%7e%zz"),
            ("http://a/ä b", "/%C3%A4%20b"),
        ] {
            assert_eq!(target(url), expected, "{url}");
        }
    }
}
