//! Addresses as people type them: which protocol they mean, and short URLs made whole.
//!
//! Called by the address line, the command line and `plan`. Texts may still hold `{{templates}}`
//! when they are detected; only `plan` hands expanded texts to [`normalise_url`].

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::{Position, Url};

use super::address_faults::{bare, cut_short, host_of, quoted, wrong_authority};
use crate::codec::zone;
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::protocol::{Protocol, Side};
use crate::model::unix_name::UNIX;
use crate::model::url_text::UrlText;

/// What a typed address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    pub protocol: Protocol,
    pub side: Side,
    pub tls: bool,
    /// For the address field of the form: a URL for HTTP, else without its scheme.
    pub address: String,
    /// The text says so itself (a scheme, a path). Otherwise it is a guess, such as `host:port`,
    /// which means whatever the form is set to.
    pub explicit: bool,
}

/// What cannot stand in a request target (RFC 9112, section 3.2), besides everything beyond ASCII.
pub(super) const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ');

/// Schemes of the product's plan that this version does not speak.
const NOT_YET: &[(&str, &str)] =
    &[("ftp", "FTP is"), ("ftps", "FTP is"), ("dns", "DNS is"), ("sse", "SSE is")];

/// Schemes this version speaks.
const SPOKEN: [&str; 11] =
    ["https", "http", "tcp", "tls", "ssl", "udp", "unix", HTTP_UNIX, TCP_UNIX, "wss", "ws"];

/// HTTP through a socket of the file system.
const HTTP_UNIX: &str = "http+unix";
/// The same as `unix` alone.
const TCP_UNIX: &str = "tcp+unix";

/// The scheme of a text, lower case, and what follows it (without `//`).
fn scheme(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let scheme = scheme.to_ascii_lowercase();
    match rest.strip_prefix("//") {
        Some(rest) if is_scheme => Some((scheme, rest)),
        // `unix:/path` has no authority; `host:80` is no scheme.
        None if ["unix", HTTP_UNIX, TCP_UNIX].contains(&&*scheme) => Some((scheme, rest)),
        _ => None,
    }
}

/// What a typed address means; `None` when it says nothing about a protocol (yet).
#[must_use]
pub(crate) fn detect(text: &str) -> Option<Detected> {
    let text = text.trim();
    let found = |protocol, tls, address: &str| {
        let address = address.to_owned();
        Detected { protocol, side: Side::Client, tls, address, explicit: true }
    };
    if let Some((scheme, rest)) = scheme(text) {
        let bare = rest.strip_suffix('/').unwrap_or(rest);
        return Some(match scheme.as_str() {
            "http" => found(Protocol::Http, false, text),
            "https" => found(Protocol::Http, true, text),
            "tcp" => found(Protocol::Tcp, false, bare),
            "tls" | "ssl" => found(Protocol::Tcp, true, bare),
            "udp" => found(Protocol::Udp, false, bare),
            "ws" => found(Protocol::Ws, false, text),
            "wss" => found(Protocol::Ws, true, text),
            "unix" | TCP_UNIX => found(Protocol::Tcp, false, &format!("{UNIX}{rest}")),
            HTTP_UNIX => {
                // The path may stand where a URL has its host.
                let host = http_unix(text).filter(|_| rest.starts_with('%'));
                let socket = host.map_or_else(|| rest.to_owned(), |(socket, _)| socket);
                found(Protocol::Http, false, &format!("{UNIX}{socket}"))
            }
            _ => return None,
        });
    }
    let guess = Detected { explicit: false, ..found(Protocol::Http, false, text) };
    if text.starts_with("*:") {
        return text.parse::<Bind>().is_ok().then_some(Detected { side: Side::Listener, ..guess });
    }
    let UrlText { authority, target, .. } = UrlText::of(text);
    // A path may hold spaces; words before one are prose.
    let is_place = authority == "localhost" || authority.parse::<Endpoint>().is_ok();
    if text.is_empty() || (text.contains(char::is_whitespace) && !is_place) {
        return None;
    }
    let host_like = authority == "localhost"
        || authority.contains('.') && !authority.starts_with('.') && !authority.ends_with('.')
        || authority.parse::<Endpoint>().is_ok();
    match (host_like || authority.contains("}}"), target.is_empty()) {
        (true, true) => Some(guess),
        (true, false) => Some(found(Protocol::Http, false, text)),
        _ => None,
    }
}

/// The socket and the URL of `http+unix://%2Fpath%2Fof.sock/path`, or of the socket alone.
#[must_use]
pub(crate) fn http_unix(text: &str) -> Option<(String, String)> {
    let (found, rest) = scheme(text.trim())?;
    if found != HTTP_UNIX {
        return None;
    }
    let (socket, target) = match rest.find('/') {
        Some(at) if at > 0 => rest.split_at(at),
        _ => (rest, "/"),
    };
    let socket = percent_encoding::percent_decode_str(socket).decode_utf8_lossy().into_owned();
    Some((socket, format!("http://localhost{target}")))
}

/// What is wrong with the scheme of a text: one this version does not speak, or one that lacks a
/// colon or its slashes.
#[must_use]
pub(crate) fn wrong_scheme(text: &str) -> Option<String> {
    let text = text.trim();
    let Some((scheme, _)) = scheme(text) else { return broken_scheme(text) };
    if SPOKEN.contains(&scheme.as_str()) {
        return None;
    }
    if scheme.starts_with("socks") {
        let spoken = "SOCKS version 5 is spoken by relays, to their clients";
        return Some(format!(
            "'{scheme}://' is no address here; {spoken}: wirebench relay socks5://:1080"
        ));
    }
    let Some((_, what)) = NOT_YET.iter().find(|(name, _)| *name == scheme) else {
        return Some(format!(
            "'{scheme}://' is none of http, https, tcp, tls, udp, unix, ws and wss"
        ));
    };
    Some(format!(
        "{what} not supported yet; this version speaks HTTP, TCP, TLS, UDP, WebSocket and Unix sockets"
    ))
}

/// Whether a text begins with a port and nothing else of an authority.
fn is_port(text: &str) -> bool {
    let authority = UrlText::literal(text).authority;
    !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_digit())
}

/// `http:host`, `http:/host`, `https//host`, `//host`, `://host`.
fn broken_scheme(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_slash = |c| matches!(c, '/' | '\\');
    if let Some(rest) = text.strip_prefix("://").or_else(|| text.strip_prefix("//")) {
        return Some(format!("the scheme is missing; write http://{rest}"));
    }
    SPOKEN.iter().find_map(|scheme| {
        let rest = text.get(scheme.len()..).filter(|_| lower.starts_with(scheme))?;
        let (what, host) = match rest.strip_prefix(':') {
            // A host may be called so: `udp:9000`.
            Some(rest) if is_port(rest) => return None,
            Some(rest) => ("'//'", rest.trim_start_matches(is_slash)),
            None => ("':'", rest.strip_prefix("//")?),
        };
        let host = if host.is_empty() { "host" } else { host };
        Some(format!("the scheme lacks {what} behind it; write {scheme}://{host}"))
    })
}

/// A whole `http` or `https` URL from what was typed: `:8080/x` and `/x` mean localhost, and a
/// text without a scheme gets `http://`. Host and port become canonical; path and query stay as
/// they were typed, except that what no request line can hold (spaces, letters beyond ASCII) is
/// percent-encoded. The result has no fragment.
///
/// # Errors
/// A sentence that says why it is not the URL of a request.
pub fn normalise_url(text: &str) -> Result<String, String> {
    let error = |message: &str| Err(message.to_owned());
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return error("the address is empty; write a URL such as http://localhost:8080/");
    }
    // The URL standard would drop these in silence.
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        return Err(format!("the URL holds a control character ({})", name_control(c)));
    }
    if let Some(message) = quoted(text).or_else(|| wrong_scheme(text)).or_else(|| bare(text)) {
        return Err(message);
    }
    let whole = match scheme(text) {
        Some((scheme, _)) if scheme == "http" || scheme == "https" => text.to_owned(),
        Some((scheme, _)) if [UNIX.trim_end_matches(':'), HTTP_UNIX].contains(&&*scheme) => {
            return error(
                "a path of a socket is not a URL for HTTP; write http://localhost/path, and the socket \
                 in unix-socket",
            );
        }
        Some((scheme, _)) => return Err(format!("'{scheme}://' is not a URL for HTTP")),
        None if text.starts_with([':', '/']) => format!("http://localhost{text}"),
        None => format!("http://{text}"),
    };
    let (authority, target) = split_target(&whole);
    let (authority, zone) = zone::take(authority);
    if let Some(message) = wrong_authority(&authority) {
        return Err(message);
    }
    // The URL standard reads a backslash as a slash, and skips slashes before a host.
    if authority.contains('\\') {
        return error("the URL holds a backslash; write / or %5C");
    }
    if authority.ends_with("//") {
        return error("the URL has no host");
    }
    match Url::parse(&authority) {
        Ok(url) if url.port() == Some(0) => error("port 0 cannot be connected to"),
        Ok(url) if url.has_host() => {
            let slash = if target.starts_with('/') { "" } else { "/" };
            let target = utf8_percent_encode(target, UNSENDABLE);
            let origin = zone::with(&url[..Position::BeforePath], zone.as_deref());
            Ok(format!("{origin}{slash}{target}"))
        }
        Ok(_) | Err(url::ParseError::EmptyHost) => error("the URL has no host"),
        Err(url::ParseError::IdnaError) => {
            Err(format!("'{}' is no host name", host_of(&authority)))
        }
        Err(url::ParseError::InvalidPort) => Err(cut_short(&whole, &authority)
            .unwrap_or_else(|| "the port is not a number up to 65535".to_owned())),
        Err(problem) => Err(format!("not a URL: {problem}")),
    }
}

/// The characters of a typed URL's path and query that go out percent-encoded, each once.
#[must_use]
pub(crate) fn encoded_on_send(text: &str) -> Vec<char> {
    let (_, target) = split_target(text.trim_matches(' '));
    let mut found = Vec::new();
    for c in target.chars().filter(|c| !c.is_ascii_graphic()) {
        if !found.contains(&c) {
            found.push(c);
        }
    }
    found
}

/// A URL up to its path, and path and query as written, without the fragment.
fn split_target(whole: &str) -> (&str, &str) {
    let UrlText { target, path_at, .. } = UrlText::literal(whole);
    (whole.split_at(path_at).0, target)
}

/// A control character by its usual name.
pub(super) fn name_control(c: char) -> String {
    match c {
        '\r' => "CR".into(),
        '\n' => "LF".into(),
        '\0' => "NUL".into(),
        '\t' => "tab".into(),
        c => format!("U+{:04X}", c as u32),
    }
}

/// The parts of a URL that a connection needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlParts {
    pub tls: bool,
    pub endpoint: Endpoint,
    /// Value of the `Host` header: the port only when it is not the scheme's own.
    pub authority: String,
    /// The zone of an IPv6 address, which is part of the endpoint alone: the peer has other names for
    /// its links (RFC 6874, section 4).
    pub zone: Option<String>,
    /// Request target in origin form: path and query, as they are in the URL.
    pub target: String,
    /// Percent-decoded user and password, when the URL has any.
    pub userinfo: Option<(String, String)>,
}

impl UrlParts {
    /// Takes a URL apart. Works on every result of [`normalise_url`].
    pub fn parse(whole: &str) -> Result<UrlParts, String> {
        let (authority, zone) = zone::take(split_target(whole).0);
        let url = Url::parse(&authority).map_err(|problem| format!("not a URL: {problem}"))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(format!("'{other}://' is not a URL for HTTP")),
        };
        let host = url.host_str().ok_or("the URL has no host")?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let port = url.port().unwrap_or(if tls { 443 } else { 80 });
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let userinfo = (!url.username().is_empty() || url.password().is_some())
            .then(|| (decode(url.username()), decode(url.password().unwrap_or_default())));
        let (_, target) = split_target(whole);
        let slash = if target.starts_with('/') { "" } else { "/" };
        let target = format!("{slash}{}", utf8_percent_encode(target, UNSENDABLE));
        let host = zone.as_deref().map_or(bare.to_owned(), |zone| format!("{bare}%{zone}"));
        let endpoint = Endpoint::new(host, port);
        Ok(UrlParts { tls, endpoint, authority, zone, target, userinfo })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn detected(text: &str) -> Option<(Protocol, bool, String, bool)> {
        detect(text).map(|d| (d.protocol, d.tls, d.address, d.explicit))
    }

    #[test]
    fn schemes_choose_the_protocol() {
        let is = |protocol, tls, address: &str| Some((protocol, tls, address.to_owned(), true));
        assert_eq!(detected("http://a/b"), is(Protocol::Http, false, "http://a/b"));
        assert_eq!(detected("HTTPS://a"), is(Protocol::Http, true, "HTTPS://a"));
        assert_eq!(detected("tcp://{{host}}:7"), is(Protocol::Tcp, false, "{{host}}:7"));
        assert_eq!(detected("tls://a:443/"), is(Protocol::Tcp, true, "a:443"));
        assert_eq!(detected(" udp://[::1]:53 "), is(Protocol::Udp, false, "[::1]:53"));
        for text in ["unix:/tmp/a.sock", "unix:///tmp/a.sock", " unix:/tmp/a.sock "] {
            assert_eq!(detected(text), is(Protocol::Tcp, false, "unix:/tmp/a.sock"), "{text}");
        }
        assert_eq!(detected("unix:@{{name}}/"), is(Protocol::Tcp, false, "unix:@{{name}}/"));
        assert_eq!(detected("http+unix:/a"), is(Protocol::Http, false, "unix:/a"));
        let encoded = "http+unix://%2Ftmp%2Fa.sock/";
        assert_eq!(detected(encoded), is(Protocol::Http, false, "unix:/tmp/a.sock"));
        assert_eq!(detected("ws://a:1/b?c"), is(Protocol::Ws, false, "ws://a:1/b?c"));
        assert_eq!(detected("WSS://a"), is(Protocol::Ws, true, "WSS://a"));
        assert_eq!(detected("gopher://a"), None);
    }

    #[test]
    fn a_path_means_http_and_a_bare_address_is_a_guess() {
        for text in [":8080/x", "localhost/x", "a.example/x?y", "{{base}}/users", "127.0.0.1:80/"] {
            assert!(
                detect(text).is_some_and(|d| d.explicit && d.protocol == Protocol::Http),
                "{text}"
            );
        }
        for text in ["localhost:7", ":8080", "localhost", "a.example", "{{host}}"] {
            assert!(detect(text).is_some_and(|d| !d.explicit), "{text}");
        }
        for text in ["", "curl x.y", "foo", "/x", "foo/bar", "3."] {
            assert_eq!(detect(text), None, "{text}");
        }
        assert!(detect("localhost:80/a b").is_some() && detect("a b/c").is_none());
        assert_eq!(detect("*:80").map(|d| d.side), Some(Side::Listener));
    }

    #[test]
    fn known_but_unspoken_schemes_say_so() {
        for text in ["ftp://a", "dns://a"] {
            assert!(wrong_scheme(text).unwrap().contains("not supported yet"), "{text}");
            assert!(normalise_url(text).unwrap_err().contains("not supported yet"));
        }
        for text in ["http://a", "a:80", "udp:9000", "tcp.example", "https.example/x", "{{base}}/x"]
        {
            assert_eq!(wrong_scheme(text), None, "{text}");
        }
        for (text, words) in [
            ("http:/a/b", "lacks '//' behind it; write http://a/b"),
            ("HTTP:a", "write http://a"),
            (r"https:\\\\a\b", r"write https://a\b"),
            ("https//a:1", "lacks ':' behind it; write https://a:1"),
            ("udp:", "write udp://host"),
            ("//a/b", "is missing; write http://a/b"),
            ("://a", "is missing; write http://a"),
            ("gopher://a", "'gopher://' is none of"),
            ("socks4://:1080", "wirebench relay socks5://:1080"),
        ] {
            assert!(wrong_scheme(text).unwrap().contains(words), "{text} {:?}", wrong_scheme(text));
        }
    }

    #[test]
    fn short_urls_become_whole() {
        for (typed, whole) in [
            (":8080/x", "http://localhost:8080/x"),
            ("/x", "http://localhost/x"),
            ("a.example", "http://a.example/"),
            ("a:80/p q?r s#f", "http://a/p%20q?r%20s"),
            ("https://A.example:443", "https://a.example/"),
            ("a?q", "http://a/?q"),
            ("a/x/../{y}/./|^`\"<>\\%7e%zz?'[{}]#f", "http://a/x/../{y}/./|^`\"<>\\%7e%zz?'[{}]"),
            ("a/ü?ü", "http://a/%C3%BC?%C3%BC"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("http://[fe80::1%eth0]:8080/x", "http://[fe80::1%25eth0]:8080/x"),
            ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
            ("[fe80::1%en%30]:8080", "http://[fe80::1%25en0]:8080/"),
            ("api.localhost:80/x", "http://api.localhost/x"),
            ("http:80/x", "http://http/x"),
            ("a/'x'", "http://a/'x'"),
            ("127.1:81", "http://127.0.0.1:81/"),
            ("2130706433", "http://127.0.0.1/"),
        ] {
            assert_eq!(normalise_url(typed).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_no_url_says_why() {
        for (typed, why) in [
            ("", "empty"),
            ("http://", "no host"),
            ("http:a", "lacks '//'"),
            ("http:127.0.0.1:80/x", "lacks '//'"),
            ("http:/127.0.0.1:80/x", "lacks '//'"),
            ("\"http://a/\"", "has a \" around it"),
            ("'a:80'", "has a ' around it"),
            ("“http://a/”", "has a “ around it"),
            ("a:80\"", "has a \" around it"),
            ("<http://a/>", "has a < around it"),
            ("http://\"ab/", "the host holds '\"'"),
            ("http://a”b/", "the host holds '”'"),
            ("::1", "write http://[::1]/"),
            ("::1/x", "write http://[::1]/"),
            ("fe80::1%eth0", "write http://[fe80::1%eth0]/"),
            ("2001:db8::7?q", "needs brackets"),
            ("8080", "write localhost:8080 or :8080"),
            ("8080/x", "is a port without a host"),
            ("http://u:p#w@h:80/", "the '#' ends host and port; in a user or password write %23"),
            ("http://u:p/w@h:80/", "%2F"),
            ("http://u:p?w@h:80/", "%3F"),
            ("http://a:b/", "the port is not a number"),
            ("a\tb", "tab"),
            ("http://a/\r\nX: y", "CR"),
            ("http://a\\b", "backslash"),
            ("http:///a/b", "no host"),
            ("http://a:99999/", "port"),
            ("http://http://a/", "stands twice"),
            ("http://https://a/", "stands twice"),
            ("http://ex ample/", "a space (column 10"),
            ("http://a<b>:80/", "'<'"),
            ("http://u:p@a b/", "a space"),
            ("http://xn--\u{2}/", "control"),
            ("http://a..%00b/", "host name"),
            ("tcp://a:1", "not a URL for HTTP"),
            ("unix:/tmp/a", "not a URL for HTTP"),
            ("http://a:0/", "port 0"),
            ("http://::1:80/", "needs brackets"),
            ("http://*:80/", "for listeners"),
            ("*:80", "for listeners"),
        ] {
            assert!(normalise_url(typed).unwrap_err().contains(why), "{typed}");
        }
    }

    #[test]
    fn what_goes_out_encoded_is_known_before() {
        assert_eq!(encoded_on_send("http://bücher.de/a b/é é?x y#ß"), [' ', 'é']);
        assert_eq!(encoded_on_send("localhost/{}|%20"), Vec::<char>::new());
    }

    #[test]
    fn a_url_comes_apart() {
        let parts = UrlParts::parse("https://u%40x:p@[::1]:8443/a%20b?c").unwrap();
        assert_eq!(parts.endpoint, Endpoint::new("::1", 8443));
        assert_eq!((parts.authority.as_str(), parts.target.as_str()), ("[::1]:8443", "/a%20b?c"));
        assert_eq!(parts.userinfo, Some(("u@x".into(), "p".into())));
        let parts = UrlParts::parse("http://[fe80::1%25eth0]:8080/x").unwrap();
        assert_eq!(parts.endpoint, Endpoint::new("fe80::1%eth0", 8080));
        assert_eq!((parts.authority.as_str(), parts.target.as_str()), ("[fe80::1]:8080", "/x"));
        let parts = UrlParts::parse("http://a.example").unwrap();
        assert_eq!(
            (parts.endpoint.port, parts.authority.as_str(), parts.target.as_str()),
            (80, "a.example", "/")
        );
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn whole_urls_stay_as_they_are(text in r"(https?://)?[a-z:/\[\]@{}%#?. é\\-]{0,30}") {
            let _ = detect(&text);
            if let Ok(url) = normalise_url(&text) {
                prop_assert_eq!(normalise_url(&url), Ok(url.clone()));
                let parts = UrlParts::parse(&url).unwrap();
                prop_assert!(url.ends_with(&parts.target));
                prop_assert!(!url.chars().any(|c| c.is_control() || c == ' '));
            }
        }
    }
}
