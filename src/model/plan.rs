//! `Plan`: a [`Spec`](super::spec::Spec) with every template expanded and every payload turned
//! into bytes. Made by `compose` when the user sends, so later typing cannot change it; run
//! by the engine.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

use super::awaited::AwaitedPlan;
use super::endpoint::{Bind, Endpoint};
use super::fault::FaultsPlan;
use super::hold::HoldPlan;
use super::protocol::{Capabilities, Protocol, Side};
pub use super::relay_plan::{HttpRelayPlan, OpenPlan, OriginPlan};
use super::rewrite::RewritePlan;
use super::tls::{ClientTls, ListenerTls};
use super::trust::{TrustedCertificates, Verify};
use super::unix_name::UnixName;
use super::url_text::UrlText;

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
}

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

/// A request ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpPlan {
    pub method: String,
    /// Absolute URL without fragment; the engine derives endpoint, TLS and request target from it.
    pub url: String,
    /// Every header that will be sent, in order, `Host` and `Content-Length` included; the
    /// engine adds none (a `Content-Length` only it can know excepted).
    pub headers: Vec<(String, String)>,
    pub body: PlanBody,
    pub length: LengthHeader,
    /// From the end of the request to the end of the response head; also the longest silence
    /// inside the body.
    pub head_timeout: Duration,
    pub connect_timeout: Duration,
    /// Holds where `url` leads, at no other origin.
    pub verify: Verify,
    pub trust: TrustedCertificates,
    pub redirects: u8,
    pub socket: SocketOptions,
    pub client: ClientOptions,
    /// The socket that is connected to in place of the host of `url`; of no other origin.
    pub unix_socket: Option<UnixName>,
    /// It is asked how connecting goes, so none that was made before will do.
    pub new_connection: bool,
    /// The document that it is held against.
    pub contract: Option<PathBuf>,
    /// What of the request goes out otherwise than it was written, in words.
    pub notes: Vec<String>,
}

/// Body bytes, or the files that hold them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanBody {
    Bytes(Bytes),
    File(PathBuf),
    /// `multipart/form-data` with this boundary, which the `Content-Type` names too.
    Multipart {
        boundary: String,
        parts: Vec<PartPlan>,
    },
}

/// A part of a multipart form (RFC 7578).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPlan {
    pub name: String,
    pub content: PartContent,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
}

/// What a part of a multipart form holds; a file is read when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartContent {
    Bytes(Bytes),
    File(PathBuf),
}

/// Whether the engine adds a `Content-Length` that only it can know: that of a body from files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LengthHeader {
    Added,
    /// The user switched it off.
    Omitted,
}

/// Whom to answer and how; `answer` is for requests that no rule fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpListenerPlan {
    pub bind: Bind,
    pub tls: ListenerTls,
    /// Of every connection.
    pub socket: SocketOptions,
    pub rules: Vec<HttpRulePlan>,
    pub answer: AnswerPlan,
    /// The document that exchanges are held against.
    pub contract: Option<PathBuf>,
    /// It answers what no rule does.
    pub mocks: bool,
}

/// An answer for requests of this method (empty = any) and path (`*` = any characters).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRulePlan {
    /// Which rule it is among those of a session (`RuleTag`).
    pub id: u32,
    /// The row of the table it stands in, from 1, where another one has the same method and path.
    pub row: Option<usize>,
    pub method: String,
    pub path: String,
    pub answer: AnswerPlan,
}

impl HttpRulePlan {
    /// What it is called beside the requests it answered.
    #[must_use]
    pub fn name(&self) -> String {
        let method = if self.method.is_empty() { "any" } else { &self.method };
        let row = self.row.map_or_else(String::new, |row| format!(" (row {row})"));
        format!("{method} {}{row}", self.path)
    }
}

/// What the answer is called that is given when no rule matches.
pub const OTHERWISE: &str = "otherwise";

/// An answer ready to be written. The engine adds `Content-Length` (unless a header gives framing)
/// and `Connection` as the request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerPlan {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: PlanBody,
    pub delay: Duration,
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

/// Sends bytes, or fails unless what is awaited is received in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepPlan {
    Send(Bytes),
    Expect { awaited: AwaitedPlan, within: Duration },
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

/// What every datagram is answered by; the first rule that fits wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdpListenerPlan {
    pub bind: Bind,
    pub socket: DatagramOptions,
    pub rules: Vec<RulePlan>,
    /// Automatic answers a peer gets in a second, at most; not 0.
    pub answer_rate: u32,
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

/// An automatic answer with its payloads as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePlan {
    /// Which rule it is among those of a session (`RuleTag`).
    pub id: u32,
    pub when: WhenPlan,
    pub send: Vec<AnswerPart>,
    pub delay: Duration,
}

/// Whether an automatic answer fits what was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhenPlan {
    Always,
    Contains(Bytes),
    Equals(Bytes),
    StartsWith(Bytes),
    /// Source of a `regex::bytes::Regex`, checked when the plan was made.
    Matches(String),
}

/// Part of an automatic answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPart {
    Literal(Bytes),
    /// The whole received message.
    Message,
    /// The part that matched.
    Match,
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

impl TcpRelayPlan {
    /// Where its clients are connected on to, for people.
    #[must_use]
    pub(crate) fn leads_to(&self) -> String {
        if self.socks.is_some() { ANYWHERE.into() } else { self.target.endpoint.to_string() }
    }
}

impl Plan {
    /// Lets go of the bodies and payloads. What is left still says what ran, where and how.
    pub(crate) fn forget_payloads(&mut self) {
        let nothing = || PlanBody::Bytes(Bytes::new());
        match self {
            Plan::Http(plan) => plan.body = nothing(),
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
            _ => false,
        }
    }

    /// What a client of conversations sends and waits for at first.
    #[must_use]
    pub fn steps(&self) -> &[StepPlan] {
        match self {
            Plan::Tcp(plan) => &plan.steps,
            Plan::Udp(plan) => &plan.steps,
            _ => &[],
        }
    }

    /// Takes the steps from the one of this number on out of a client of conversations.
    pub(crate) fn take_steps(&mut self, from: usize) -> Vec<StepPlan> {
        let steps = match self {
            Plan::Tcp(plan) => &mut plan.steps,
            Plan::Udp(plan) => &mut plan.steps,
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
            | Plan::UdpListener(_) => None,
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
        }
    }

    /// Whether it connects, waits for others to, or both.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            Plan::Http(_) | Plan::Tcp(_) | Plan::Udp(_) => Side::Client,
            Plan::HttpListener(_) | Plan::TcpListener(_) | Plan::UdpListener(_) => Side::Listener,
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
        }
    }

    /// Where a client connects under TLS at first: to what its address names.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Plan::Http(plan) => {
                let url = UrlText::literal(&plan.url);
                let whole = || format!("{}:443", url.host_port).parse().ok();
                if url.scheme == "https" { url.host_port.parse().ok().or_else(whole) } else { None }
            }
            Plan::Tcp(plan) => Some(plan.endpoint.clone()),
            Plan::Udp(_)
            | Plan::HttpListener(_)
            | Plan::HttpRelay(_)
            | Plan::TcpListener(_)
            | Plan::TcpRelay(_)
            | Plan::UdpListener(_)
            | Plan::UdpRelay(_) => None,
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
