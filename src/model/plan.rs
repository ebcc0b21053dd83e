//! `Plan`: a [`Spec`](super::spec::Spec) with every template expanded and every payload turned
//! into bytes. Made by `compose` when the user sends, so later typing cannot change it; run
//! by the engine.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use super::conversation_plan::{AnswerPart, RulePlan, StepPlan, WhenPlan};
use super::endpoint::{Bind, Endpoint};
use super::fault::FaultsPlan;
use super::hold::HoldPlan;
pub use super::http_plan::{
    AnswerPlan, HttpListenerPlan, HttpPlan, HttpRulePlan, LengthHeader, OTHERWISE, PartContent,
    PartPlan, PlanAuth, PlanBody, PlanEvents, PlanFile, RuleTerms,
};
use super::protocol::{Capabilities, Protocol, Side};
pub(crate) use super::relay_plan::ANYWHERE;
pub use super::relay_plan::{
    HttpRelayPlan, OpenPlan, OriginPlan, SocksPlan, TargetPlan, TcpRelayPlan, UdpRelayPlan,
};
use super::socket_options::{ClientOptions, DatagramOptions, SocketOptions};
use super::tls::{ClientTls, ListenerTls};
use super::url_text::UrlText;
pub use super::ws_plan::{WsListenerPlan, WsPlan, WsRulePlan, WsTalkPlan};

/// What the engine runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    Http(HttpPlan),
    HttpListener(HttpListenerPlan),
    HttpRelay(Box<HttpRelayPlan>),
    Tcp(TcpPlan),
    TcpListener(TcpListenerPlan),
    TcpRelay(TcpRelayPlan),
    Udp(UdpPlan),
    UdpListener(UdpListenerPlan),
    UdpRelay(UdpRelayPlan),
    Ws(Box<WsPlan>),
    WsListener(Box<WsListenerPlan>),
}

/// A connection, what is sent and waited for at first, and how long connecting may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpPlan {
    pub endpoint: Endpoint,
    pub tls: ClientTls,
    pub steps: Vec<StepPlan>,
    pub connect_timeout: Duration,
    pub socket: SocketOptions,
    pub client: ClientOptions,
}

/// A socket for one peer, and what is sent and waited for at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdpPlan {
    pub endpoint: Endpoint,
    pub client: ClientOptions,
    pub socket: DatagramOptions,
    /// What anybody sends is a reply, not only what comes from the endpoint.
    pub any_peer: bool,
    pub steps: Vec<StepPlan>,
}

/// What every connection is greeted with (empty = nothing) and answered by; first rule wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpListenerPlan {
    pub bind: Bind,
    pub tls: ListenerTls,
    /// Of every connection.
    pub socket: SocketOptions,
    pub greeting: Bytes,
    pub rules: Vec<RulePlan>,
}

/// What every datagram is answered by; the first rule that fits wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdpListenerPlan {
    pub bind: Bind,
    pub socket: DatagramOptions,
    pub rules: Vec<RulePlan>,
    /// Automatic answers a peer gets in a second, at most; not 0.
    pub answer_rate: u32,
}

impl Plan {
    /// Whether cookies of a jar go along with it, and are taken.
    pub(crate) fn uses_cookies(&self) -> bool {
        matches!(self, Plan::Http(plan) if plan.cookies.is_on)
    }

    /// Lets go of the bodies and payloads. What is left still says what ran, where and how.
    pub(crate) fn forget_payloads(&mut self) {
        let nothing = || PlanBody::Bytes(Bytes::new());
        match self {
            Plan::Http(plan) => {
                plan.body = nothing();
                plan.cookies.jar = Arc::default();
            }
            Plan::HttpListener(plan) => {
                plan.answer.body = nothing();
                plan.rules.clear();
            }
            Plan::Tcp(plan) => plan.steps.clear(),
            Plan::Udp(plan) => plan.steps.clear(),
            Plan::TcpListener(plan) => {
                plan.greeting = Bytes::new();
                plan.rules.clear();
            }
            Plan::UdpListener(plan) => plan.rules.clear(),
            Plan::Ws(plan) => plan.steps.clear(),
            Plan::WsListener(plan) => {
                plan.served.greeting = Bytes::new();
                plan.served.rules.clear();
            }
            Plan::HttpRelay(plan) => plan.rules.clear(),
            Plan::TcpRelay(_) | Plan::UdpRelay(_) => {}
        }
    }

    /// Whether it is a listener that answers what comes without being told.
    #[must_use]
    pub(crate) fn answers_by_itself(&self) -> bool {
        match self {
            Plan::HttpListener(_) => true,
            Plan::TcpListener(plan) => !plan.rules.is_empty(),
            Plan::UdpListener(plan) => !plan.rules.is_empty(),
            Plan::WsListener(plan) => !plan.served.rules.is_empty(),
            _ => false,
        }
    }

    /// What a client of conversations sends and waits for at first.
    #[must_use]
    pub fn steps(&self) -> &[StepPlan] {
        match self {
            Plan::Tcp(plan) => &plan.steps,
            Plan::Udp(plan) => &plan.steps,
            Plan::Ws(plan) => &plan.steps,
            _ => &[],
        }
    }

    /// Takes the steps from the one of this number on out of a client of conversations.
    pub(crate) fn take_steps(&mut self, from: usize) -> Vec<StepPlan> {
        let steps = match self {
            Plan::Tcp(plan) => &mut plan.steps,
            Plan::Udp(plan) => &mut plan.steps,
            Plan::Ws(plan) => &mut plan.steps,
            _ => return Vec::new(),
        };
        steps.split_off(from.min(steps.len()))
    }

    /// Whether a client takes what anybody sends for a reply.
    #[must_use]
    pub(crate) fn takes_any_peer(&self) -> bool {
        matches!(self, Plan::Udp(UdpPlan { any_peer: true, .. }))
    }

    /// The request of an HTTP client, if it is one.
    #[must_use]
    pub(crate) fn as_http(&self) -> Option<&HttpPlan> {
        if let Plan::Http(plan) = self { Some(plan) } else { None }
    }

    /// Whether an answer can lead on to another place.
    #[must_use]
    pub(crate) fn follows_redirects(&self) -> bool {
        self.as_http().is_some_and(|plan| plan.redirects > 0)
    }

    /// Whether what comes of it may lead to another try.
    #[must_use]
    pub(crate) fn may_be_tried_again(&self) -> bool {
        self.as_http().is_some_and(|plan| plan.transfer.retry.times > 0)
    }

    /// The request of an HTTP client, to write to.
    pub(crate) fn as_http_mut(&mut self) -> Option<&mut HttpPlan> {
        if let Plan::Http(plan) = self { Some(plan) } else { None }
    }

    /// The plan of an HTTP listener, if it is one.
    #[must_use]
    pub fn http_listener(self) -> Option<HttpListenerPlan> {
        if let Plan::HttpListener(plan) = self { Some(plan) } else { None }
    }

    /// The plan of a TCP listener, if it is one.
    #[must_use]
    pub fn tcp_listener(self) -> Option<TcpListenerPlan> {
        if let Plan::TcpListener(plan) = self { Some(plan) } else { None }
    }

    /// The plan of a listener of WebSocket, if it is one.
    #[must_use]
    pub(crate) fn ws_listener(self) -> Option<WsListenerPlan> {
        if let Plan::WsListener(plan) = self { Some(*plan) } else { None }
    }

    /// The plan of a UDP listener, if it is one.
    #[must_use]
    pub fn udp_listener(self) -> Option<UdpListenerPlan> {
        if let Plan::UdpListener(plan) = self { Some(plan) } else { None }
    }

    /// The plan of a TCP relay, if it is one.
    #[must_use]
    pub(crate) fn tcp_relay(self) -> Option<TcpRelayPlan> {
        if let Plan::TcpRelay(plan) = self { Some(plan) } else { None }
    }

    /// The plan of an HTTP relay, to write to, if it is one.
    pub(crate) fn as_http_relay_mut(&mut self) -> Option<&mut HttpRelayPlan> {
        if let Plan::HttpRelay(plan) = self { Some(plan) } else { None }
    }

    /// The plan of an HTTP relay, if it is one.
    #[must_use]
    pub(crate) fn http_relay(self) -> Option<HttpRelayPlan> {
        if let Plan::HttpRelay(plan) = self { Some(*plan) } else { None }
    }

    /// The plan of a UDP relay, if it is one.
    #[must_use]
    pub(crate) fn udp_relay(self) -> Option<UdpRelayPlan> {
        if let Plan::UdpRelay(plan) = self { Some(plan) } else { None }
    }

    /// Where a relay of conversations connects its clients on to.
    #[must_use]
    pub(crate) fn target(&self) -> Option<&Endpoint> {
        match self {
            Plan::TcpRelay(plan) => Some(&plan.target.endpoint),
            Plan::UdpRelay(plan) => Some(&plan.target),
            Plan::Http(_)
            | Plan::HttpListener(_)
            | Plan::HttpRelay(_)
            | Plan::Tcp(_)
            | Plan::TcpListener(_)
            | Plan::Udp(_)
            | Plan::UdpListener(_)
            | Plan::Ws(_)
            | Plan::WsListener(_) => None,
        }
    }

    /// What a relay holds.
    pub(crate) fn hold(&self) -> Option<&HoldPlan> {
        match self {
            Plan::TcpRelay(plan) => Some(&plan.hold),
            Plan::UdpRelay(plan) => Some(&plan.hold),
            Plan::HttpRelay(plan) => Some(&plan.hold),
            _ => None,
        }
    }

    /// What a relay holds, to write to.
    pub(crate) fn hold_mut(&mut self) -> Option<&mut HoldPlan> {
        match self {
            Plan::TcpRelay(plan) => Some(&mut plan.hold),
            Plan::UdpRelay(plan) => Some(&mut plan.hold),
            Plan::HttpRelay(plan) => Some(&mut plan.hold),
            _ => None,
        }
    }

    /// The faults of a relay, to write to.
    pub(crate) fn faults_mut(&mut self) -> Option<&mut FaultsPlan> {
        match self {
            Plan::HttpRelay(plan) => Some(&mut plan.faults),
            Plan::TcpRelay(plan) => Some(&mut plan.faults),
            Plan::UdpRelay(plan) => Some(&mut plan.faults),
            _ => None,
        }
    }

    /// Where a relay leads to, in words.
    #[must_use]
    pub(crate) fn onward(&self) -> Option<String> {
        match self {
            Plan::TcpRelay(plan) => Some(format!("connecting on to {}", plan.leads_to())),
            Plan::UdpRelay(plan) => Some(format!("passing datagrams on to {}", plan.target)),
            Plan::HttpRelay(plan) => Some(match &plan.target {
                Some(target) => format!("passing requests on to {}", target.place()),
                None => "a forward proxy".to_owned(),
            }),
            _ => None,
        }
    }

    /// What the engine speaks when it runs this.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match self {
            Plan::Http(_) | Plan::HttpListener(_) | Plan::HttpRelay(_) => Protocol::Http,
            Plan::Tcp(_) | Plan::TcpListener(_) | Plan::TcpRelay(_) => Protocol::Tcp,
            Plan::Udp(_) | Plan::UdpListener(_) | Plan::UdpRelay(_) => Protocol::Udp,
            Plan::Ws(_) | Plan::WsListener(_) => Protocol::Ws,
        }
    }

    /// Whether it connects, waits for others to, or both.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            Plan::Http(_) | Plan::Tcp(_) | Plan::Udp(_) | Plan::Ws(_) => Side::Client,
            Plan::HttpListener(_)
            | Plan::TcpListener(_)
            | Plan::UdpListener(_)
            | Plan::WsListener(_) => Side::Listener,
            Plan::HttpRelay(_) | Plan::TcpRelay(_) | Plan::UdpRelay(_) => Side::Relay,
        }
    }

    /// What its protocol can do on its side.
    #[must_use]
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.protocol().capabilities(self.side())
    }

    /// Where it goes to or listens, as text: URL, peer address or bind address, of a relay both.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Plan::Http(plan) => plan.url.clone(),
            Plan::HttpListener(plan) => plan.bind.to_string(),
            Plan::HttpRelay(plan) => match &plan.target {
                Some(target) => format!("{} → {}", plan.bind, target.place()),
                None => format!("{} → anywhere", plan.bind),
            },
            Plan::Tcp(plan) => plan.endpoint.to_string(),
            Plan::TcpListener(plan) => plan.bind.to_string(),
            Plan::TcpRelay(plan) => format!("{} → {}", plan.bind, plan.leads_to()),
            Plan::Udp(plan) => plan.endpoint.to_string(),
            Plan::UdpListener(plan) => plan.bind.to_string(),
            Plan::UdpRelay(plan) => format!("{} → {}", plan.bind, plan.target),
            Plan::Ws(plan) => plan.url(),
            Plan::WsListener(plan) => plan.http.bind.to_string(),
        }
    }

    /// Where a client connects under TLS at first: to what its address names.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Plan::Http(plan) => secure_end(plan),
            Plan::Ws(plan) => secure_end(&plan.handshake),
            Plan::Tcp(plan) => Some(plan.endpoint.clone()),
            Plan::Udp(_)
            | Plan::HttpListener(_)
            | Plan::HttpRelay(_)
            | Plan::TcpListener(_)
            | Plan::TcpRelay(_)
            | Plan::UdpListener(_)
            | Plan::UdpRelay(_)
            | Plan::WsListener(_) => None,
        }
    }

    /// The same answers or target on the sockets of another listener of its kind, which runs and keeps them.
    #[must_use]
    pub(crate) fn with_sockets_of(mut self, other: &Plan) -> Plan {
        match (&mut self, other) {
            (Plan::HttpListener(one), Plan::HttpListener(other)) => {
                (one.bind, one.tls, one.socket) =
                    (other.bind.clone(), other.tls.clone(), other.socket.clone());
            }
            (Plan::HttpRelay(one), Plan::HttpRelay(other)) => {
                (one.bind, one.tls, one.socket) =
                    (other.bind.clone(), other.tls.clone(), other.socket.clone());
                one.open.clone_from(&other.open);
            }
            (Plan::TcpListener(one), Plan::TcpListener(other)) => {
                (one.bind, one.tls, one.socket) =
                    (other.bind.clone(), other.tls.clone(), other.socket.clone());
            }
            (Plan::TcpRelay(one), Plan::TcpRelay(other)) => {
                (one.bind, one.tls, one.socket) =
                    (other.bind.clone(), other.tls.clone(), other.socket.clone());
            }
            (Plan::WsListener(one), Plan::WsListener(other)) => {
                let (one, other) = (&mut one.http, &other.http);
                (one.bind, one.tls, one.socket) =
                    (other.bind.clone(), other.tls.clone(), other.socket.clone());
            }
            (Plan::UdpListener(one), Plan::UdpListener(other)) => {
                (one.bind, one.socket) = (other.bind.clone(), other.socket);
            }
            (Plan::UdpRelay(one), Plan::UdpRelay(other)) => {
                (one.bind, one.socket) = (other.bind.clone(), other.socket);
            }
            _ => {}
        }
        self
    }

    /// How long a response may take to begin, where one is waited for.
    #[must_use]
    pub fn head_timeout(&self) -> Option<Duration> {
        self.as_http().map(|plan| plan.head_timeout)
    }
}

/// Where a request goes to under TLS.
fn secure_end(plan: &HttpPlan) -> Option<Endpoint> {
    let url = UrlText::literal(&plan.url);
    let whole = || format!("{}:443", url.host_port).parse().ok();
    if url.scheme == "https" { url.host_port.parse().ok().or_else(whole) } else { None }
}
