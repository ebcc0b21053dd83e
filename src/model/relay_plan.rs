//! What the engine runs of relays.

use std::path::PathBuf;
use std::time::Duration;

use super::authority::Authority;
use super::endpoint::{Bind, Endpoint};
use super::fault::FaultsPlan;
use super::hold::HoldPlan;
use super::http_plan::HttpRulePlan;
use super::http_relay::HostHeader;
use super::plan::Plan;
use super::rewrite::RewritePlan;
use super::socket_options::{ClientOptions, DatagramOptions, SocketOptions};
use super::tls::{ClientTls, ListenerTls};

/// Whom to let in, and where their requests are passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRelayPlan {
    pub bind: Bind,
    pub tls: ListenerTls,
    /// Of every connection.
    pub socket: SocketOptions,
    /// Where every request goes; `None` = where each says itself.
    pub target: Option<OriginPlan>,
    pub connect_timeout: Duration,
    /// For the head of an answer, and the longest silence of the target inside a body.
    pub timeout: Duration,
    pub client: ClientOptions,
    pub host: HostHeader,
    /// Answers of ours; a request that fits one is not passed on.
    pub rules: Vec<HttpRulePlan>,
    /// What is changed of what is passed on.
    pub rewrites: Vec<RewritePlan>,
    /// The target is told who asked, how and whom.
    pub forwarded: bool,
    /// Towards servers that are asked under TLS where there is no target.
    pub onward_tls: ClientTls,
    pub open: OpenPlan,
    pub hold: HoldPlan,
    /// Done to what the client says, before it is read, and to what it gets.
    pub faults: FaultsPlan,
    /// The document that exchanges are held against.
    pub contract: Option<PathBuf>,
    /// Who may use it as a forward proxy: user and password.
    pub credentials: Option<(String, String)>,
}

/// Whose TLS a forward proxy opens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenPlan {
    /// `host`, `*.domain` or `*`.
    pub hosts: Vec<String>,
    /// With which; `None` = one that is made for this run and told.
    pub authority: Option<Authority>,
}

/// A server that requests are passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginPlan {
    pub endpoint: Endpoint,
    pub tls: ClientTls,
}

impl OriginPlan {
    /// As the beginning of a URL.
    #[must_use]
    pub fn url(&self) -> String {
        let (scheme, usual) = self.scheme();
        let Endpoint { host, port, .. } = &self.endpoint;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let is_said = *port != usual && self.endpoint.socket.is_none();
        let port = if is_said { format!(":{port}") } else { String::new() };
        format!("{scheme}://{host}{port}")
    }

    /// Where it is, for people.
    #[must_use]
    pub(crate) fn place(&self) -> String {
        self.endpoint.socket.as_ref().map_or_else(|| self.url(), ToString::to_string)
    }

    /// With the port that is not said.
    fn scheme(&self) -> (&'static str, u16) {
        if self.tls == ClientTls::Off { ("http", 80) } else { ("https", 443) }
    }
}

/// What a relay does to what it passes on.
impl Plan {
    /// Where a relay of conversations connects its clients on to, for people.
    #[must_use]
    pub(crate) fn leads_to(&self) -> Option<String> {
        match self {
            Plan::TcpRelay(plan) => Some(plan.leads_to()),
            _ => self.target().map(ToString::to_string),
        }
    }

    /// The faults of a relay.
    pub(crate) fn faults(&self) -> Option<&FaultsPlan> {
        match self {
            Plan::HttpRelay(plan) => Some(&plan.faults),
            Plan::TcpRelay(plan) => Some(&plan.faults),
            Plan::UdpRelay(plan) => Some(&plan.faults),
            _ => None,
        }
    }

    /// What a relay changes of what it passes on.
    pub(crate) fn rewrites(&self) -> &[RewritePlan] {
        match self {
            Plan::TcpRelay(plan) => &plan.rewrites,
            Plan::UdpRelay(plan) => &plan.rewrites,
            Plan::HttpRelay(plan) => &plan.rewrites,
            _ => &[],
        }
    }

    /// The same, to write to.
    pub(crate) fn rewrites_mut(&mut self) -> Option<&mut Vec<RewritePlan>> {
        match self {
            Plan::TcpRelay(plan) => Some(&mut plan.rewrites),
            Plan::UdpRelay(plan) => Some(&mut plan.rewrites),
            Plan::HttpRelay(plan) => Some(&mut plan.rewrites),
            _ => None,
        }
    }
}

/// Whom to let in, and where each of them is connected on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpRelayPlan {
    pub bind: Bind,
    pub tls: ListenerTls,
    /// Of every connection.
    pub socket: SocketOptions,
    /// With `socks` its endpoint is what each client asks for.
    pub target: TargetPlan,
    /// Each client says by SOCKS5 where to.
    pub socks: Option<SocksPlan>,
    pub hold: HoldPlan,
    pub faults: FaultsPlan,
    pub rewrites: Vec<RewritePlan>,
}

/// Who may say where to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SocksPlan {
    /// User and password; `None` = everybody may.
    pub login: Option<(String, String)>,
}

/// What stands for the endpoint of a relay whose clients say where to.
pub(crate) const ANYWHERE: &str = "where each client asks (SOCKS5)";

/// Where a relay connects its clients on to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetPlan {
    pub endpoint: Endpoint,
    pub tls: ClientTls,
    pub connect_timeout: Duration,
    /// Of every connection.
    pub socket: SocketOptions,
    pub client: ClientOptions,
}

impl TcpRelayPlan {
    /// Where its clients are connected on to, for people.
    #[must_use]
    pub(crate) fn leads_to(&self) -> String {
        if self.socks.is_some() { ANYWHERE.into() } else { self.target.endpoint.to_string() }
    }
}

/// Whose datagrams are taken in, and where they go on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdpRelayPlan {
    pub bind: Bind,
    /// Of the sockets of both halves.
    pub socket: DatagramOptions,
    pub target: Endpoint,
    /// Of the sockets to the target.
    pub client: ClientOptions,
    /// What anybody sends there goes back, not only what comes from the target.
    pub any_peer: bool,
    /// A client of which neither side said anything for so long is let go.
    pub idle: Duration,
    pub hold: HoldPlan,
    pub faults: FaultsPlan,
    pub rewrites: Vec<RewritePlan>,
}
