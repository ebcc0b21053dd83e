//! How clients of streams get to where they want to go: where names lead, and through whom. What HTTP and TCP have in
//! common.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::endpoint::Endpoint;
use super::proxy::ProxyRules;
use super::run_spec::WordList;

/// As composed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkSpec {
    /// URL of a proxy, or `none`; empty = what the environment says.
    pub proxy: String,
    /// Targets that are connected to without one; empty = what the environment says.
    pub no_proxy: String,
    /// `host:port:address`, further addresses behind it.
    pub resolve: WordList,
    /// `host:port:other-host:other-port`.
    pub connect_to: WordList,
}

/// As the engine does it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkOptions {
    pub proxies: ProxyRules,
    pub names: NameRules,
}

/// Where names lead that are not looked up, or not where they say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameRules {
    pub resolve: Vec<ResolveRule>,
    /// The first that fits counts.
    pub connect_to: Vec<ConnectToRule>,
}

/// The addresses of a name at a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveRule {
    /// `*` = any that has no rule of its own.
    pub host: String,
    pub port: u16,
    pub addresses: Vec<IpAddr>,
}

/// Who asks for one place is connected to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectToRule {
    /// Empty = any.
    pub host: String,
    /// `None` = any.
    pub port: Option<u16>,
    /// Empty = the same.
    pub to_host: String,
    /// `None` = the same.
    pub to_port: Option<u16>,
}

/// Every host.
const ANY: &str = "*";

impl NameRules {
    /// Where to connect to for a place.
    #[must_use]
    pub(crate) fn led_to<'e>(&self, place: &'e Endpoint) -> Cow<'e, Endpoint> {
        let fits = |rule: &&ConnectToRule| {
            let is_host = rule.host.is_empty() || rule.host.eq_ignore_ascii_case(&place.host);
            is_host && rule.port.is_none_or(|port| port == place.port)
        };
        let rule = self.connect_to.iter().find(fits).filter(|_| place.socket.is_none());
        let Some(rule) = rule else { return Cow::Borrowed(place) };
        let host = if rule.to_host.is_empty() { &place.host } else { &rule.to_host };
        Cow::Owned(Endpoint::new(host.as_str(), rule.to_port.unwrap_or(place.port)))
    }

    /// The addresses of a place for which nobody is asked.
    #[must_use]
    pub(crate) fn addresses(&self, place: &Endpoint) -> Option<Vec<SocketAddr>> {
        let of = |host: &str| {
            let fits = |rule: &&ResolveRule| {
                rule.port == place.port && rule.host.eq_ignore_ascii_case(host)
            };
            // What is said last counts.
            self.resolve.iter().rfind(fits)
        };
        let is_address = place.host.parse::<IpAddr>().is_ok();
        let rule = of(&place.host).or_else(|| of(ANY)).filter(|_| !is_address)?;
        Some(rule.addresses.iter().map(|ip| SocketAddr::new(*ip, place.port)).collect())
    }
}

/// Reads words as curl has them, `host:port:address[,address]`; an address alone belongs to the word before.
///
/// # Errors
/// What is wrong with one of them.
pub(crate) fn resolve_rules(words: &[String]) -> Result<Vec<ResolveRule>, String> {
    let mut rules: Vec<ResolveRule> = Vec::new();
    for word in words.iter().flat_map(|word| word.split(',')).map(str::trim) {
        if let (Some(ip), Some(last)) = (address(word, true), rules.last_mut()) {
            last.addresses.push(ip);
            continue;
        }
        let flaw = || format!("'{word}' is no host:port:address");
        let mut parts = word.strip_prefix('+').unwrap_or(word).splitn(3, ':');
        let (host, port) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let port = port.parse().map_err(|_| flaw())?;
        let ip = parts.next().and_then(|ip| address(ip, false)).ok_or_else(flaw)?;
        if host.is_empty() || host.starts_with('-') {
            return Err(flaw());
        }
        rules.push(ResolveRule { host: host.to_owned(), port, addresses: vec![ip] });
    }
    Ok(rules)
}

/// An IP address, of version 6 with brackets or, where nothing else can be meant, without.
fn address(word: &str, is_alone: bool) -> Option<IpAddr> {
    match word.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
        Some(inner) => inner.parse().ok(),
        None => word.parse().ok().filter(|ip: &IpAddr| ip.is_ipv4() || !is_alone),
    }
}

/// Reads words as curl has them, `host:port:other-host:other-port`, of which any may be empty.
///
/// # Errors
/// What is wrong with one of them.
pub(crate) fn connect_to_rules(words: &[String]) -> Result<Vec<ConnectToRule>, String> {
    words.iter().map(|word| connect_to(word.trim())).collect()
}

fn connect_to(word: &str) -> Result<ConnectToRule, String> {
    let flaw = || format!("'{word}' is no host:port:other-host:other-port");
    let (host, rest) = host_before(word).ok_or_else(flaw)?;
    let (from, rest) = rest.split_once(':').ok_or_else(flaw)?;
    let (to, last) = host_before(rest).unwrap_or((rest, ""));
    let port = |text: &str| match text {
        "" => Ok(None),
        text => text.parse().ok().filter(|port| *port != 0).map(Some).ok_or_else(flaw),
    };
    let [host, to_host] = [host, to].map(|host| host.trim_matches(['[', ']']).to_owned());
    Ok(ConnectToRule { host, port: port(from)?, to_host, to_port: port(last)? })
}

/// A host, in brackets where it has colons, and what stands behind the colon that follows.
fn host_before(text: &str) -> Option<(&str, &str)> {
    let from = if text.starts_with('[') { text.find(']')? } else { 0 };
    let colon = from + text.split_at(from).1.find(':')?;
    Some((text.split_at(colon).0, text.split_at(colon + 1).1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[&str]) -> Vec<String> {
        text.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_have_the_addresses_that_are_said() {
        let said = [
            "a.test:443:10.0.0.1",
            "[::1]",
            "*:80:[::2]",
            "A.test:80:10.0.0.9,10.0.0.8",
            "+b:1:::3",
        ];
        let names =
            NameRules { resolve: resolve_rules(&words(&said)).unwrap(), ..Default::default() };
        let found = |host: &str, port| {
            let found = names.addresses(&Endpoint::new(host, port));
            found.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(found("A.TEST", 443).unwrap(), "10.0.0.1:443 [::1]:443");
        assert_eq!(found("a.test", 80).unwrap(), "10.0.0.9:80 10.0.0.8:80");
        assert_eq!(found("any.test", 80).unwrap(), "[::2]:80");
        assert_eq!(found("b", 1).unwrap(), "[::3]:1");
        assert_eq!(found("any.test", 443), None);
        assert_eq!(found("10.1.1.1", 80), None, "an address is none to be looked up");
        for bad in ["a", "a:1", "a:x:10.0.0.1", "a:1:b", ":1:10.0.0.1", "-a:1", "10.0.0.1"] {
            assert!(resolve_rules(&words(&[bad])).is_err(), "{bad}");
        }
    }

    #[test]
    fn places_lead_where_the_first_rule_says() {
        let said = ["a.test:443:b.test:8443", "[::1]:80:[::2]:", "::c.test:", ":9::10"];
        let rules = connect_to_rules(&words(&said)).unwrap();
        let names = NameRules { connect_to: rules, ..NameRules::default() };
        let led = |host: &str, port| names.led_to(&Endpoint::new(host, port)).to_string();
        assert_eq!(led("a.TEST", 443), "b.test:8443");
        assert_eq!(led("::1", 80), "[::2]:80");
        assert_eq!(led("x", 9), "c.test:9");
        let ports =
            NameRules { connect_to: connect_to_rules(&words(&[":9::10"])).unwrap(), ..names };
        assert_eq!(ports.led_to(&Endpoint::new("x", 9)).to_string(), "x:10");
        assert_eq!(ports.led_to(&Endpoint::new("x", 8)).to_string(), "x:8");
        for bad in ["", "a", "a:1", "a:x:b:1", "a:1:b:x", "a:1:b:0"] {
            assert!(connect_to_rules(&words(&[bad])).is_err(), "{bad}");
        }
    }
}
