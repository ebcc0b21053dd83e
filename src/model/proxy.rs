//! Proxies that clients go through, and which of them leads where: what is named by a session, what the environment
//! says, and the exceptions of both. Pure; `compose` makes the rules, the engine asks them before every hop.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;

use super::endpoint::{Endpoint, is_local_name};
use super::secrets::MASK;
use super::url_text::UrlText;

/// A proxy and who we are to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub kind: ProxyKind,
    pub endpoint: Endpoint,
    /// `user:password` as it is written in its URL, percent-encoded; empty = none.
    pub login: String,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum ProxyKind {
    Http,
    /// The same under TLS.
    Https,
    /// SOCKS version 5 (RFC 1928), told addresses: names are looked up here.
    Socks5,
    /// The same, told names, which it looks up itself.
    Socks5h,
}

/// Which proxy leads where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProxyRules {
    pub asked: AskedProxy,
    /// Targets that need none, as a session says; `None` = what the environment says counts.
    pub exceptions: Option<String>,
    pub environment: EnvironmentProxies,
}

/// What a session says of proxies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AskedProxy {
    /// Nothing: the environment counts.
    #[default]
    Unsaid,
    /// None, whatever the environment says.
    Direct,
    Through(Box<Proxy>),
}

/// What the environment says of proxies; by default nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvironmentProxies {
    pub http: Option<Box<EnvironmentProxy>>,
    pub https: Option<Box<EnvironmentProxy>>,
    pub exceptions: String,
}

/// A proxy of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentProxy {
    /// The variable that names it.
    pub variable: String,
    /// Or why its value is none.
    pub proxy: Result<Proxy, String>,
}

/// The port of a proxy that names none, as curl has it.
const PORT: u16 = 1080;
const TLS_PORT: u16 = 443;

impl Proxy {
    /// Reads `[scheme://][user:password@]host[:port]`; without a scheme it speaks HTTP.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence that shows no password.
    pub(crate) fn parse(text: &str) -> Result<Proxy, String> {
        let url = UrlText::literal(text.trim());
        let scheme = if url.scheme.is_empty() { "http" } else { url.scheme };
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyKind::Http,
            "https" => ProxyKind::Https,
            "socks5" => ProxyKind::Socks5,
            "socks5h" => ProxyKind::Socks5h,
            "socks" | "socks4" | "socks4a" => {
                return Err("SOCKS4 is not spoken; socks5:// and socks5h:// are".to_owned());
            }
            _ => {
                return Err("its scheme is none of http, https, socks5 and socks5h".to_owned());
            }
        };
        let (login, place) = (url.userinfo.unwrap_or_default(), url.host_port);
        if place.is_empty() {
            return Err("it names no host and port; write http://host:port".to_owned());
        }
        let port = if kind == ProxyKind::Https { TLS_PORT } else { PORT };
        let whole = if url.port.is_some() { place.to_owned() } else { format!("{place}:{port}") };
        let endpoint: Endpoint = whole.parse().map_err(|_| {
            format!(
                "'{place}' is no place of a proxy; write http://host:port or socks5://host:port"
            )
        })?;
        if endpoint.port == 0 {
            return Err("it names no host and port; write http://host:port".to_owned());
        }
        Ok(Proxy { kind, endpoint, login: login.to_owned() })
    }

    /// User and password as the proxy is told them, if there are any.
    #[must_use]
    pub(crate) fn user_and_password(&self) -> Option<(String, String)> {
        let (user, password) = self.login.split_once(':').unwrap_or((&self.login, ""));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        (!self.login.is_empty()).then(|| (decoded(user), decoded(password)))
    }

    /// Whether it is told by SOCKS where to connect.
    #[must_use]
    pub(crate) fn is_socks(&self) -> bool {
        matches!(self.kind, ProxyKind::Socks5 | ProxyKind::Socks5h)
    }

    /// With user and password, as it was written.
    #[must_use]
    pub(crate) fn with_login(&self) -> String {
        self.written(&self.login)
    }

    fn written(&self, login: &str) -> String {
        let at = if login.is_empty() { "" } else { "@" };
        format!("{}://{login}{at}{}", <&str>::from(self.kind), self.endpoint)
    }
}

/// Without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(if self.login.is_empty() { "" } else { MASK }))
    }
}

impl ProxyRules {
    /// The proxy that leads there; `None` = none is needed. `is_secure` says whether it is asked for under TLS.
    ///
    /// # Errors
    /// What is wrong with the proxy of the environment.
    pub(crate) fn way_to(
        &self,
        target: &Endpoint,
        is_secure: bool,
    ) -> Result<Option<&Proxy>, String> {
        let exceptions = self.exceptions.as_ref().unwrap_or(&self.environment.exceptions);
        if target.socket.is_some() || is_excepted(exceptions, target) {
            return Ok(None);
        }
        match &self.asked {
            AskedProxy::Direct => Ok(None),
            AskedProxy::Through(proxy) => Ok(Some(proxy)),
            // Nobody else could reach what is asked for.
            AskedProxy::Unsaid if target.is_loopback() => Ok(None),
            AskedProxy::Unsaid => {
                let EnvironmentProxies { http, https, .. } = &self.environment;
                let Some(found) = (if is_secure { https } else { http }) else { return Ok(None) };
                let named = |why: &String| format!("{} names no proxy: {why}", found.variable);
                found.proxy.as_ref().map(Some).map_err(named)
            }
        }
    }

    /// The proxy that the session names, if it does.
    #[must_use]
    pub(crate) fn named(&self) -> Option<&Proxy> {
        if let AskedProxy::Through(proxy) = &self.asked { Some(proxy) } else { None }
    }

    /// The same, to write to.
    pub(crate) fn named_mut(&mut self) -> Option<&mut Proxy> {
        if let AskedProxy::Through(proxy) = &mut self.asked { Some(proxy) } else { None }
    }
}

impl EnvironmentProxies {
    /// What the variables say, as curl reads them: those in small letters first, and `ALL_PROXY` for what has none of
    /// its own. `HTTP_PROXY` is a header of the request where the program is run for a server (CGI), so it counts
    /// only where it is not.
    #[must_use]
    pub(crate) fn read<'v>(value: impl Fn(&str) -> Option<&'v str>) -> Self {
        let find = |names: &[&str]| {
            let known = names.iter().map(|name| (*name, value(name).unwrap_or_default()));
            let (name, text) = known.into_iter().find(|(_, text)| !text.is_empty())?;
            let (variable, proxy) = (name.to_owned(), Proxy::parse(text));
            Some(Box::new(EnvironmentProxy { variable, proxy }))
        };
        let is_cgi = value("REQUEST_METHOD").is_some();
        let http: &[&str] = &["http_proxy", "HTTP_PROXY"];
        let all = find(&["all_proxy", "ALL_PROXY"]);
        let exceptions = ["no_proxy", "NO_PROXY"].into_iter().find_map(&value);
        EnvironmentProxies {
            http: find(if is_cgi { &["http_proxy"] } else { http }).or_else(|| all.clone()),
            https: find(&["https_proxy", "HTTPS_PROXY"]).or(all),
            exceptions: exceptions.unwrap_or_default().to_owned(),
        }
    }
}

/// Whether one of these exceptions is about a target: `*`, a name and all below it with or without a dot in front, an
/// address, a network (`10.0.0.0/8`), each also with a port. Commas and blanks stand between them.
#[must_use]
pub(crate) fn is_excepted(exceptions: &str, target: &Endpoint) -> bool {
    let words = exceptions.split(|c: char| c == ',' || c.is_whitespace());
    words.filter(|word| !word.is_empty()).any(|word| covers(word, target))
}

fn covers(word: &str, target: &Endpoint) -> bool {
    if word == "*" {
        return true;
    }
    let (place, port) = match word.rsplit_once(':') {
        Some((place, port)) if !place.contains(':') || place.ends_with(']') => {
            (place, Some(port.parse::<u16>()))
        }
        _ => (word, None),
    };
    if port.is_some_and(|port| port != Ok(target.port)) {
        return false;
    }
    let place = place.strip_prefix('[').map_or(place, |rest| rest.trim_end_matches(']'));
    let host = target.host.split('%').next().unwrap_or_default();
    if let Ok(ip) = host.parse::<IpAddr>() {
        let (network, bits) = place.split_once('/').map_or((place, None), |(it, n)| (it, Some(n)));
        let network = network.trim_end_matches(']').parse::<IpAddr>();
        return network.is_ok_and(|network| is_within(ip, network, bits));
    }
    let bare = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let (host, name) = (bare(host), bare(place.strip_prefix('.').unwrap_or(place)));
    let above = host.strip_suffix(&*name).filter(|_| !name.is_empty());
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// Whether an address is in a network of so many bits; without any it is the very address.
fn is_within(ip: IpAddr, network: IpAddr, bits: Option<&str>) -> bool {
    let number = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)) << 96,
        IpAddr::V6(ip) => u128::from(ip),
    };
    let all = if network.is_ipv4() { 32 } else { 128 };
    let Some(bits) = bits.map_or(Some(all), |bits| bits.parse().ok().filter(|n| *n <= all)) else {
        return false;
    };
    let apart = number(ip) ^ number(network);
    ip.is_ipv4() == network.is_ipv4() && apart.checked_shr(128 - bits).unwrap_or(0) == 0
}

impl Endpoint {
    /// Whether it is this machine, whatever a name server says.
    #[must_use]
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host.split('%').next().unwrap_or_default();
        is_local_name(host) || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Endpoint {
        Endpoint::new(host, port)
    }

    #[test]
    fn proxies_are_read_as_curl_reads_them_and_shown_without_their_passwords() {
        for (text, shown) in [
            ("proxy:3128", "http://proxy:3128"),
            ("http://proxy", "http://proxy:1080"),
            ("HTTPS://proxy/", "https://proxy:443"),
            ("socks5://[::1]", "socks5://[::1]:1080"),
            ("socks5h://u:p@w@[::1]:9", "socks5h://********@[::1]:9"),
            (" u@h:1 ", "http://********@h:1"),
        ] {
            assert_eq!(Proxy::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for (text, why) in [
            ("socks4://h:1", "SOCKS4"),
            ("ftp://h:1", "its scheme"),
            ("http://", "names no host"),
            ("http://u:secret@h:x", "'h:x' is no place"),
            ("h:0", "names no host and port"),
            ("::1:9", "no place of a proxy"),
        ] {
            let refused = Proxy::parse(text).unwrap_err();
            assert!(refused.contains(why) && !refused.contains("secret"), "{text}: {refused}");
        }
        let login = Proxy::parse("http://a%3Ab:p%40:w@h:1").unwrap().user_and_password();
        assert_eq!(login, Some(("a:b".into(), "p@:w".into())));
        assert_eq!(Proxy::parse("h:1").unwrap().user_and_password(), None);
    }

    #[test]
    fn exceptions_are_names_with_all_below_them_addresses_and_networks() {
        for (word, host, port, expected) in [
            ("*", "any.example", 1, true),
            ("example.com", "example.com", 443, true),
            ("example.com", "www.Example.com.", 443, true),
            (".example.com", "example.com", 443, true),
            ("Example.com.", "a.b.example.com", 443, true),
            ("example.com", "notexample.com", 443, false),
            ("example.com", "example.com.evil", 443, false),
            ("example.com:8080", "example.com", 8080, true),
            ("example.com:8080", "example.com", 443, false),
            ("a, b c", "c", 1, true),
            (".", "c", 1, false),
            ("10.0.0.0/8", "10.9.8.7", 1, true),
            ("10.0.0.0/8", "11.9.8.7", 1, false),
            ("10.1.2.3", "10.1.2.3", 1, true),
            ("10.1.2.3:80", "10.1.2.3", 81, false),
            ("0.0.0.0/0", "9.9.9.9", 1, true),
            ("10.0.0.0/33", "10.0.0.0", 1, false),
            ("[2001:db8::1]", "2001:db8::1", 1, true),
            ("[2001:db8::1]:80", "2001:db8::1", 80, true),
            ("2001:db8::/32", "2001:db8:7::1", 1, true),
            ("2001:db8::/32", "2001:db9::1", 1, false),
            ("0.0.0.0/0", "::1", 1, false),
            ("fe80::1", "fe80::1%eth0", 1, true),
            ("168.0.1", "192.168.0.1", 1, false),
        ] {
            assert_eq!(is_excepted(word, &at(host, port)), expected, "{word} {host}:{port}");
        }
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it_but_for_large_letters() {
        let read = |variables: &[(&'static str, &'static str)]| {
            let variables = variables.to_vec();
            EnvironmentProxies::read(move |name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
            })
        };
        let named = |found: &Option<Box<EnvironmentProxy>>| {
            found.as_ref().map(|it| it.variable.clone()).unwrap_or_default()
        };
        let both = read(&[("HTTP_PROXY", "b:1"), ("http_proxy", "a:1"), ("https_proxy", "")]);
        assert_eq!((named(&both.http), named(&both.https)), ("http_proxy".into(), String::new()));
        let all = read(&[("ALL_PROXY", "socks5://a:1"), ("HTTPS_PROXY", "b:1")]);
        assert_eq!((&*named(&all.http), &*named(&all.https)), ("ALL_PROXY", "HTTPS_PROXY"));
        let cgi = read(&[("HTTP_PROXY", "evil:1"), ("REQUEST_METHOD", "GET")]);
        assert_eq!(cgi.http, None, "a header Proxy of a request");
        let rules =
            ProxyRules { environment: read(&[("HTTP_PROXY", "p:1")]), ..Default::default() };
        let way = |host, is_secure| rules.way_to(&at(host, 80), is_secure).unwrap().is_some();
        assert!(way("example.com", false) && !way("example.com", true));
        for own in ["localhost", "api.localhost", "127.8.0.1", "::1"] {
            assert!(!way(own, false), "{own}");
        }
        let broken = ProxyRules { environment: read(&[("ALL_PROXY", "ftp://p")]), ..rules };
        let why = broken.way_to(&at("h", 1), true).unwrap_err();
        assert!(why.starts_with("ALL_PROXY names no proxy"), "{why}");
    }

    #[test]
    fn what_a_session_says_goes_before_the_environment() {
        let through = AskedProxy::Through(Box::new(Proxy::parse("own:1").unwrap()));
        let environment = EnvironmentProxies { exceptions: "b".into(), ..Default::default() };
        let rules = ProxyRules { asked: through, exceptions: None, environment };
        let way = |rules: &ProxyRules, host| rules.way_to(&at(host, 1), true).unwrap().is_some();
        assert!(way(&rules, "a") && way(&rules, "localhost") && !way(&rules, "b"));
        let rules = ProxyRules { exceptions: Some("a".into()), ..rules };
        assert!(!way(&rules, "a") && way(&rules, "b"), "its own exceptions alone count");
        assert!(!way(&ProxyRules { asked: AskedProxy::Direct, ..rules }, "b"));
    }
}
