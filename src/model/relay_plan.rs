//! What the engine runs of an HTTP relay.

use std::path::PathBuf;
use std::time::Duration;

use super::authority::Authority;
use super::endpoint::{Bind, Endpoint};
use super::fault::FaultsPlan;
use super::hold::HoldPlan;
use super::http_relay::HostHeader;
use super::plan::{ClientOptions, HttpRulePlan, Plan, SocketOptions};
use super::rewrite::RewritePlan;
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
