//! What is asked of the system for a socket, beyond where it leads or is bound.
//!
//! Made by `compose`, set by the engine; code that is made of a plan says the same calls.

use std::fmt;
use std::time::Duration;

use super::endpoint::Bind;
use super::network::NetworkOptions;

/// What is asked of the socket of a TCP connection; by default what the system does by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SocketOptions {
    /// Whole seconds without traffic before a probe, and between probes; `None` = no probes.
    pub keep_alive: Option<Duration>,
}

/// A number that is set on a socket (`setsockopt`), in the names of C, which Python has, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SocketCall {
    pub(crate) level: &'static str,
    pub(crate) name: &'static str,
    pub(crate) value: u64,
}

impl SocketCall {
    fn new(level: &'static str, name: &'static str, value: u64) -> Self {
        SocketCall { level, name, value }
    }
}

impl SocketOptions {
    /// What the engine asks for, as calls to the system.
    pub(crate) fn calls(&self) -> Vec<SocketCall> {
        let keep_alive = self.keep_alive.map(|every| {
            let tcp = |name| SocketCall::new("IPPROTO_TCP", name, every.as_secs());
            let on = SocketCall::new("SOL_SOCKET", "SO_KEEPALIVE", 1);
            [on, tcp("TCP_KEEPIDLE"), tcp("TCP_KEEPINTVL")]
        });
        keep_alive.into_iter().flatten().collect()
    }
}

/// What is asked of the socket of every client; by default what the system does by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientOptions {
    /// Where it comes from; `None` = the system chooses.
    pub source: Option<SourceAddress>,
    /// How it gets to its peer; of datagrams nothing.
    pub network: NetworkOptions,
}

/// Where a client's connection or datagrams leave this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceAddress {
    /// Port 0 = the system chooses the port.
    Bound(Bind),
    /// Of any address from which the peer can be reached.
    Port(u16),
    /// A network interface by its name.
    Interface(String),
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceAddress::Bound(Bind::Address(address)) if address.port() == 0 => {
                write!(f, "{}", address.ip())
            }
            SourceAddress::Bound(Bind::Link { ip, zone, port: 0 }) => write!(f, "{ip}%{zone}"),
            SourceAddress::Bound(bind) => write!(f, "{bind}"),
            SourceAddress::Port(port) => write!(f, ":{port}"),
            SourceAddress::Interface(name) => f.write_str(name),
        }
    }
}

/// What is asked of the system for a socket of datagrams, beyond where it is bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DatagramOptions {
    /// Hops of every datagram, also to a group; `None` = the system's default.
    pub ttl: Option<u8>,
}

impl DatagramOptions {
    /// What the engine asks for, as calls to the system.
    pub(crate) fn calls(self, is_ipv6: bool) -> Vec<SocketCall> {
        let ttl = self.ttl.map(u64::from).map(|ttl| {
            let ipv4 = |name| SocketCall::new("IPPROTO_IP", name, ttl);
            let ipv6 = |name| SocketCall::new("IPPROTO_IPV6", name, ttl);
            if is_ipv6 {
                [ipv6("IPV6_UNICAST_HOPS"), ipv6("IPV6_MULTICAST_HOPS")]
            } else {
                [ipv4("IP_TTL"), ipv4("IP_MULTICAST_TTL")]
            }
        });
        ttl.into_iter().flatten().collect()
    }
}
