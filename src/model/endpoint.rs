//! Where to connect and where to bind, as values that parse and print.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::str::FromStr;

use super::unix_name::UnixName;

/// What is to be said of a socket that is bound to everybody's address.
pub(crate) const HEARS_BROADCASTS: &str = "broadcasts alone reach 255.255.255.255, and nothing can be answered from it; *:port hears them too";

/// A host (name or address literal, without brackets) and a port, by which a server is called; and the
/// Unix socket it is reached through, if that is not what they lead to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
    pub socket: Option<UnixName>,
}

/// Where a listener or a UDP source binds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bind {
    /// `127.0.0.1` and `[::1]`, two sockets on one port.
    Loopback { port: u16 },
    /// `0.0.0.0` and `[::]`: reachable by others, shown with a lasting warning.
    All { port: u16 },
    /// Exactly this address.
    Address(SocketAddr),
    /// This address of the link with this name (RFC 4007, section 11), whose number the system knows.
    Link { ip: Ipv6Addr, zone: String, port: u16 },
    /// A Unix socket of this name; what stands for it in the file system has these permissions.
    Unix { name: UnixName, mode: u32 },
}

/// Permissions of a Unix socket that says nothing else: its owner alone may connect.
pub const UNIX_MODE: u32 = 0o600;

/// Why an endpoint or bind text is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("the address is empty; write host:port")]
    Empty,
    #[error("'{0}' has no port; write host:port")]
    NoPort(String),
    #[error("'{0}' is not a port; ports are 0 to 65535")]
    BadPort(String),
    #[error("'{0}' has a path, which HTTP alone has; write host:port")]
    Path(String),
    #[error("'{0}' has a user, which HTTP alone has; write host:port")]
    User(String),
    #[error(
        "'{0}' has a path; a listener answers every path: write ':port' or an address and a port"
    )]
    BindPath(String),
    #[error("'{0}' has a user, which a listener has not; write ':port' or an address and a port")]
    BindUser(String),
    #[error("'{0}' is not a host; an IPv6 address needs brackets: [::1]:80")]
    BadHost(String),
    #[error(
        "'{0}' is not an address of this machine; bind takes an IP address, ':port' for loopback, '*:port' for all interfaces or unix:/path"
    )]
    BadBind(String),
    /// About the name of a Unix socket.
    #[error("{0}")]
    BadSocket(String),
}

impl Endpoint {
    /// `host` is a name or an IP address without brackets.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Endpoint { host: host.into(), port, socket: None }
    }

    /// A Unix socket. Who asks it for a name asks this machine.
    #[must_use]
    pub(crate) fn unix(name: UnixName) -> Self {
        Endpoint { socket: Some(name), ..Endpoint::new("localhost", 0) }
    }

    /// Whether its host is a name that others know it by, and no address or `localhost`.
    #[must_use]
    pub(crate) fn has_name(&self) -> bool {
        let is_here = self.socket.is_some() || self.host.eq_ignore_ascii_case("localhost");
        !is_here && self.host.parse::<IpAddr>().is_err()
    }

    /// Whether both name the same place; the case of a host name does not count.
    #[must_use]
    pub fn is_same(&self, other: &Endpoint) -> bool {
        (self.port, &self.socket) == (other.port, &other.socket)
            && self.host.eq_ignore_ascii_case(&other.host)
    }

    /// An address this endpoint was resolved to, for people: a literal keeps the zone it was typed
    /// with, which the system turns into a number.
    #[must_use]
    pub(crate) fn named(&self, address: SocketAddr) -> String {
        if self.is_zoned(address) { self.to_string() } else { address.to_string() }
    }

    /// Whether it is this address with a zone behind it. Of which link a report is about our own
    /// addresses, the system says otherwise.
    #[must_use]
    pub(crate) fn is_zoned(&self, address: SocketAddr) -> bool {
        let literal = self.host.split_once('%').map(|(ip, _)| ip.parse::<IpAddr>());
        literal == Some(Ok(address.ip())) && self.port == address.port()
    }
}

/// Whether a name is this machine's own: `localhost` and all below it, with or without the dot of
/// the root (RFC 6761, section 6.3).
pub(crate) fn is_local_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn split(text: &str) -> Result<(&str, u16), EndpointError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(EndpointError::Empty);
    }
    if text.contains(['/', '?', '#']) {
        return Err(EndpointError::Path(text.into()));
    }
    if text.contains('@') {
        return Err(EndpointError::User(text.into()));
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(|| EndpointError::NoPort(text.into()))?;
    if host.matches(':').count() > 0 && !host.starts_with('[') {
        return Err(EndpointError::BadHost(text.into()));
    }
    let port = port.parse().map_err(|_| EndpointError::BadPort(port.into()))?;
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    Ok((host, port))
}

/// A zone written as in a URL (`fe80::1%25eth0`, RFC 6874, section 2) as people write it. A number
/// may begin with 25.
fn plain_zone(host: &str) -> Option<String> {
    let (ip, zone) = host.split_once("%25")?;
    let is_name = zone.bytes().any(|byte| !byte.is_ascii_digit());
    (is_name && ip.parse::<Ipv6Addr>().is_ok()).then(|| format!("{ip}%{zone}"))
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// `host:port`, `[v6]:port`; `:port` means localhost; `unix:/path`.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if let Some(name) = UnixName::written(text.trim()) {
            return UnixName::parse(name).map(Endpoint::unix).map_err(EndpointError::BadSocket);
        }
        let (host, port) = split(text)?;
        let host = if host.is_empty() { "localhost" } else { host };
        if host.chars().any(|c| c.is_whitespace() || c.is_control() || "/?#@[]".contains(c)) {
            return Err(EndpointError::BadHost(host.into()));
        }
        Ok(Endpoint::new(plain_zone(host).unwrap_or_else(|| host.into()), port))
    }
}

impl FromStr for Bind {
    type Err = EndpointError;

    /// `:port` and `localhost:port` = loopback, `*:port` = all interfaces, else `ip:port`; `unix:/path`.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if let Some(name) = UnixName::written(text.trim()) {
            let bind = |name| Bind::Unix { name, mode: UNIX_MODE };
            return UnixName::parse(name).map(bind).map_err(EndpointError::BadSocket);
        }
        let (host, port) = split(text).map_err(|error| match error {
            EndpointError::Path(text) => EndpointError::BindPath(text),
            EndpointError::User(text) => EndpointError::BindUser(text),
            error => error,
        })?;
        match host {
            "" | "localhost" => Ok(Bind::Loopback { port }),
            "*" => Ok(Bind::All { port }),
            host => match host.parse::<IpAddr>() {
                Ok(ip) => Ok(Bind::Address(SocketAddr::new(ip, port))),
                Err(_) => zoned(plain_zone(host).as_deref().unwrap_or(host), port),
            },
        }
    }
}

/// An IPv6 address with its zone, a number or a name (RFC 4007, section 11).
fn zoned(host: &str, port: u16) -> Result<Bind, EndpointError> {
    let no_address = || EndpointError::BadBind(host.into());
    let (ip, zone) = host.split_once('%').ok_or_else(no_address)?;
    let ip: Ipv6Addr = ip.parse().map_err(|_| no_address())?;
    if let Ok(number) = zone.parse() {
        return Ok(Bind::Address(SocketAddrV6::new(ip, port, 0, number).into()));
    }
    if zone.is_empty() || zone.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(no_address());
    }
    Ok(if is_of_a_link(ip) {
        Bind::Link { ip, zone: zone.into(), port }
    } else {
        Bind::Address(SocketAddr::new(ip.into(), port))
    })
}

/// Whether the zone of an address says anything (RFC 4007, section 6).
#[must_use]
pub(crate) fn is_of_a_link(ip: Ipv6Addr) -> bool {
    ip.is_unicast_link_local() || ip.is_multicast()
}

impl Bind {
    /// The one address it names, if it names one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Bind::Loopback { .. } | Bind::All { .. } | Bind::Unix { .. } => None,
            Bind::Address(address) => Some(address.ip()),
            Bind::Link { ip, .. } => Some((*ip).into()),
        }
    }

    /// 0 = the system chooses one, or there are none.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Bind::Loopback { port } | Bind::All { port } | Bind::Link { port, .. } => *port,
            Bind::Address(address) => address.port(),
            Bind::Unix { .. } => 0,
        }
    }

    /// The sockets of IP to open, in order; a second one that cannot be opened because the machine
    /// lacks that family is no failure. The number of a link that is named is missing.
    #[must_use]
    pub fn sockets(&self) -> Vec<SocketAddr> {
        let both = |v4: Ipv4Addr, v6: Ipv6Addr, port| {
            vec![SocketAddr::new(v4.into(), port), SocketAddr::new(v6.into(), port)]
        };
        match self {
            Bind::Loopback { port } => both(Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST, *port),
            Bind::All { port } => both(Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED, *port),
            Bind::Address(address) => vec![*address],
            Bind::Link { ip, port, .. } => vec![SocketAddr::new((*ip).into(), *port)],
            Bind::Unix { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.socket {
            write!(f, "{name}")
        } else if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bind::Loopback { port } => write!(f, ":{port}"),
            Bind::All { port } => write!(f, "*:{port}"),
            Bind::Address(address) => write!(f, "{address}"),
            Bind::Link { ip, zone, port } => write!(f, "[{ip}%{zone}]:{port}"),
            Bind::Unix { name, .. } => write!(f, "{name}"),
        }
    }
}

/// Whether an address stands for many: a multicast group, or everybody on the network.
#[must_use]
pub(crate) fn is_group(ip: IpAddr) -> bool {
    ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// Whether a datagram from there replies to one that was sent to `asked`. Of a group everybody may.
#[must_use]
pub(crate) fn is_reply(asked: SocketAddr, from: SocketAddr) -> bool {
    is_group(asked.ip()) || (asked.ip(), asked.port()) == (from.ip(), from.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_may_be_written_as_in_a_url() {
        for (text, host) in [
            ("[fe80::1%25eth0]:9", "fe80::1%eth0"),
            ("[fe80::1%eth0]:9", "fe80::1%eth0"),
            ("[fe80::1%252]:9", "fe80::1%252"),
            ("[fe80::1%25]:9", "fe80::1%25"),
            ("a%25b:9", "a%25b"),
        ] {
            assert_eq!(text.parse(), Ok(Endpoint::new(host, 9)), "{text}");
        }
    }

    #[test]
    fn endpoints_parse_and_print_back() {
        for text in ["localhost:80", "127.0.0.1:9000", "[::1]:443", "a.example:1"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!(":8080".parse::<Endpoint>().unwrap(), Endpoint::new("localhost", 8080));
    }

    #[test]
    fn a_unix_socket_is_a_place_to_connect_to_and_to_bind() {
        for text in ["unix:/tmp/a.sock", "unix:///tmp/a.sock", " unix:/tmp/a.sock "] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), "unix:/tmp/a.sock");
            assert!(!endpoint.has_name() && !endpoint.is_same(&Endpoint::new("localhost", 0)));
            let bind: Bind = text.parse().unwrap();
            assert_eq!((bind.to_string().as_str(), bind.port()), ("unix:/tmp/a.sock", 0));
        }
        let error = "unix:".parse::<Bind>().unwrap_err().to_string();
        assert!(error.contains("name of the socket is missing"), "{error}");
    }

    #[test]
    fn a_literal_keeps_its_zone_and_a_name_its_address() {
        for (typed, address, told) in [
            ("[fe80::1%eth0]:9", "[fe80::1%4]:9", "[fe80::1%eth0]:9"),
            ("[fe80::1%4]:9", "[fe80::1%4]:9", "[fe80::1%4]:9"),
            ("[fe80::1%eth0]:9", "[fe80::1%1]:9", "[fe80::1%eth0]:9"),
            ("[::1%lo]:9", "[::1]:9", "[::1%lo]:9"),
            ("[fe80::1%eth0]:9", "[fe80::1%4]:7", "[fe80::1%4]:7"),
            ("[fe80::1%eth0]:9", "[fe80::2%4]:9", "[fe80::2%4]:9"),
            ("localhost:9", "127.0.0.1:9", "127.0.0.1:9"),
            ("[::1]:9", "[::1]:9", "[::1]:9"),
        ] {
            let endpoint: Endpoint = typed.parse().unwrap();
            assert_eq!(endpoint.named(address.parse().unwrap()), told, "{typed}");
        }
    }

    #[test]
    fn a_bad_endpoint_says_why() {
        assert_eq!("".parse::<Endpoint>(), Err(EndpointError::Empty));
        assert_eq!("host".parse::<Endpoint>(), Err(EndpointError::NoPort("host".into())));
        assert_eq!("h:99999".parse::<Endpoint>(), Err(EndpointError::BadPort("99999".into())));
        assert!(matches!("::1:80".parse::<Endpoint>(), Err(EndpointError::BadHost(_))));
    }

    #[test]
    fn only_who_was_asked_replies_and_of_a_group_everybody() {
        let reply =
            |asked: &str, from: &str| is_reply(asked.parse().unwrap(), from.parse().unwrap());
        assert!(reply("192.0.2.1:53", "192.0.2.1:53") && reply("[fe80::1%3]:5", "[fe80::1]:5"));
        assert!(!reply("192.0.2.1:53", "192.0.2.2:53") && !reply("192.0.2.1:53", "192.0.2.1:54"));
        assert!(reply("239.255.255.250:1900", "192.0.2.1:1900"));
        assert!(reply("255.255.255.255:9", "192.0.2.1:9") && reply("[ff02::fb]:5353", "[::1]:1"));
    }

    #[test]
    fn binds_are_loopback_unless_asked_otherwise() {
        assert_eq!(":1".parse::<Bind>().unwrap(), Bind::Loopback { port: 1 });
        assert_eq!("*:1".parse::<Bind>().unwrap(), Bind::All { port: 1 });
        let is_public = |bind: &str| {
            let sockets = bind.parse::<Bind>().unwrap().sockets();
            sockets.iter().any(|address| !address.ip().is_loopback())
        };
        assert!(!is_public("127.0.0.1:1") && !is_public(":1"));
        assert!(is_public("0.0.0.0:1") && is_public("*:1"));
        assert!("example.com:1".parse::<Bind>().is_err());
        let zoned = "[ff02::1%2]:9".parse::<Bind>().unwrap();
        assert_eq!(zoned.to_string(), "[ff02::1%2]:9");
        for (text, printed) in [
            ("[ff02::1%eth0]:9", "[ff02::1%eth0]:9"),
            ("[fe80::1%25eth0]:9", "[fe80::1%eth0]:9"),
            ("[::1%lo]:9", "[::1]:9"),
        ] {
            assert_eq!(text.parse::<Bind>().unwrap().to_string(), printed);
        }
        for (text, said) in [
            (":9/path", "a listener answers every path"),
            ("u@:9", "has a user, which a listener"),
            ("[fe80::1%]:9", "is not an address of this machine"),
            ("[fe80::1%a b]:9", "is not an address of this machine"),
        ] {
            let why = text.parse::<Bind>().unwrap_err().to_string();
            assert!(why.contains(said), "{text}: {why}");
        }
    }
}
