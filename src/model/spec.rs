//! `Spec`: the complete description of what to open, as the user wrote it.
//!
//! Strings may hold `{{templates}}`; `compose` turns a `Spec` into a
//! [`Plan`](super::plan::Plan) that the engine can run. Presets, drafts and history keep specs.

mod parts;

use strum::IntoStaticStr;

use self::parts::{SpecParts, SpecPartsMut};
use super::check_spec::{CaptureSpec, ExpectSpec};
use super::client::{InputSpec, ScriptStep, TcpSpec, UdpSpec};
use super::fault::FaultSpec;
use super::http::{ApiKey, Auth, HttpListenerSpec, HttpSpec};
use super::http_relay::HttpRelaySpec;
use super::listener::{Rule, TcpListenerSpec, UdpListenerSpec};
pub use super::name_value::NameValue;
use super::protocol::{
    Capabilities, LISTENER_BADGE, LISTENER_TLS_BADGE, Protocol, RELAY_BADGE, RELAY_TLS_BADGE, Side,
    TLS_BADGE,
};
use super::relay::{TcpRelaySpec, UdpRelaySpec};
use super::rewrite::RewriteSpec;
use super::rule_tag::RuleTag;
use super::run_spec::RunSpec;
use super::tls::ClientTls;
use super::trust::{TrustedCertificates, Verify};
use super::web_socket::{WsListenerSpec, WsSpec};

/// One variant per protocol and side; by name a section of a preset file.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Spec {
    Http(HttpSpec),
    HttpListener(HttpListenerSpec),
    HttpRelay(HttpRelaySpec),
    Tcp(TcpSpec),
    TcpListener(TcpListenerSpec),
    TcpRelay(TcpRelaySpec),
    Udp(UdpSpec),
    UdpListener(UdpListenerSpec),
    UdpRelay(UdpRelaySpec),
    Ws(WsSpec),
    WsListener(WsListenerSpec),
}

impl Spec {
    /// An empty spec of this kind, with the product's defaults; of a protocol without a relay its
    /// listener.
    #[must_use]
    pub fn empty(protocol: Protocol, side: Side) -> Self {
        match (protocol, side) {
            (Protocol::Http, Side::Client) => Spec::Http(HttpSpec::default()),
            (Protocol::Http, Side::Listener) => Spec::HttpListener(HttpListenerSpec::default()),
            (Protocol::Http, Side::Relay) => Spec::HttpRelay(HttpRelaySpec::default()),
            (Protocol::Tcp, Side::Client) => Spec::Tcp(TcpSpec::default()),
            (Protocol::Tcp, Side::Listener) => Spec::TcpListener(TcpListenerSpec::default()),
            (Protocol::Tcp, Side::Relay) => Spec::TcpRelay(TcpRelaySpec::default()),
            (Protocol::Udp, Side::Client) => Spec::Udp(UdpSpec::default()),
            (Protocol::Udp, Side::Listener) => Spec::UdpListener(UdpListenerSpec::default()),
            (Protocol::Udp, Side::Relay) => Spec::UdpRelay(UdpRelaySpec::default()),
            (Protocol::Ws, Side::Client) => Spec::Ws(WsSpec::default()),
            (Protocol::Ws, Side::Listener | Side::Relay) => {
                Spec::WsListener(WsListenerSpec::default())
            }
        }
    }

    /// The same; `None` = the protocol has no such side.
    #[must_use]
    pub fn of(protocol: Protocol, side: Side) -> Option<Self> {
        Some(Spec::empty(protocol, side)).filter(|spec| spec.side() == side)
    }

    /// What is spoken when this is sent.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match self {
            Spec::Http(_) | Spec::HttpListener(_) | Spec::HttpRelay(_) => Protocol::Http,
            Spec::Tcp(_) | Spec::TcpListener(_) | Spec::TcpRelay(_) => Protocol::Tcp,
            Spec::Udp(_) | Spec::UdpListener(_) | Spec::UdpRelay(_) => Protocol::Udp,
            Spec::Ws(_) | Spec::WsListener(_) => Protocol::Ws,
        }
    }

    /// Whether it connects, waits for others to, or both.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            Spec::Http(_) | Spec::Tcp(_) | Spec::Udp(_) | Spec::Ws(_) => Side::Client,
            Spec::HttpListener(_)
            | Spec::TcpListener(_)
            | Spec::UdpListener(_)
            | Spec::WsListener(_) => Side::Listener,
            Spec::HttpRelay(_) | Spec::TcpRelay(_) | Spec::UdpRelay(_) => Side::Relay,
        }
    }

    /// What its protocol can do on its side.
    #[must_use]
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.protocol().capabilities(self.side())
    }

    /// The address line: URL, peer address or bind address.
    #[must_use]
    pub fn address(&self) -> &str {
        SpecParts::of(self).address
    }

    /// The address line, to write to.
    pub fn address_mut(&mut self) -> &mut String {
        SpecPartsMut::of(self).address
    }

    /// How the input line of its conversations is written; `None` = it has none.
    #[must_use]
    pub(crate) fn input(&self) -> Option<InputSpec> {
        SpecParts::of(self).input
    }

    /// The same, to write to.
    pub(crate) fn input_mut(&mut self) -> Option<&mut InputSpec> {
        SpecPartsMut::of(self).input
    }

    /// Whether the answers of such a preset are kept on the disk.
    #[must_use]
    pub fn keeps_answers(&self) -> bool {
        match self {
            Spec::Http(spec) => spec.keep,
            Spec::Tcp(_)
            | Spec::Udp(_)
            | Spec::HttpListener(_)
            | Spec::HttpRelay(_)
            | Spec::TcpListener(_)
            | Spec::TcpRelay(_)
            | Spec::UdpListener(_)
            | Spec::UdpRelay(_)
            | Spec::Ws(_)
            | Spec::WsListener(_) => false,
        }
    }

    /// Whether what is sent or started stands in the history.
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        match self {
            Spec::Http(spec) => spec.client.history,
            Spec::Tcp(spec) => spec.client.history,
            Spec::Udp(spec) => spec.client.history,
            Spec::HttpRelay(spec) => spec.client.history,
            Spec::TcpRelay(spec) => spec.client.history,
            Spec::UdpRelay(spec) => spec.client.history,
            Spec::HttpListener(spec) => spec.history,
            Spec::TcpListener(spec) => spec.history,
            Spec::UdpListener(spec) => spec.history,
            Spec::Ws(spec) => spec.client.history,
            Spec::WsListener(spec) => spec.history,
        }
    }

    /// What is expected of what comes back and taken from it; `None` where nothing comes back to us.
    #[must_use]
    pub fn checks(&self) -> Option<(&ExpectSpec, &CaptureSpec)> {
        SpecParts::of(self).checks
    }

    /// The same, to write to.
    pub fn checks_mut(&mut self) -> Option<(&mut ExpectSpec, &mut CaptureSpec)> {
        SpecPartsMut::of(self).checks
    }

    /// What is expected of what comes back, or of what came to a listener; `None` of a relay.
    #[must_use]
    pub fn expected(&self) -> Option<&Vec<NameValue>> {
        SpecParts::of(self).expected
    }

    /// The same, to write to.
    pub fn expected_mut(&mut self) -> Option<&mut Vec<NameValue>> {
        let parts = SpecPartsMut::of(self);
        parts.checks.map(|(expect, _)| &mut expect.rows).or(parts.served)
    }

    /// How it is run among others; `None` where it sends nothing by itself.
    #[must_use]
    pub fn run(&self) -> Option<&RunSpec> {
        SpecParts::of(self).run
    }

    /// What is accepted of the peer's certificate; `None` where there is no TLS layer of a client.
    fn consent(&self) -> Option<(Verify, &TrustedCertificates)> {
        SpecParts::of(self).consent
    }

    /// The same, to write to: whether it must verify, and the certificates accepted although they
    /// do not.
    pub(crate) fn consent_mut(&mut self) -> Option<(&mut Verify, &mut TrustedCertificates)> {
        SpecPartsMut::of(self).consent
    }

    /// What a client of conversations sends and waits for at first, and how its input line is
    /// written, to write to.
    pub(crate) fn script_mut(&mut self) -> Option<(&mut Vec<ScriptStep>, &mut InputSpec)> {
        let parts = SpecPartsMut::of(self);
        parts.steps.zip(parts.input)
    }

    /// Puts this TLS on a client of byte streams; others have none to be put.
    pub(crate) fn set_client_tls(&mut self, tls: ClientTls) {
        if let Spec::Tcp(spec) = self {
            spec.tls = tls;
        }
    }

    /// Whether certificates are accepted that do not verify. Badged wherever it holds.
    #[must_use]
    pub(crate) fn trusts_by_hash(&self) -> bool {
        self.consent().is_some_and(|(_, trust)| !trust.0.is_empty())
    }

    /// Whether this connects to peers whose certificate does not verify. Badged wherever it holds.
    #[must_use]
    pub(crate) fn trusts_anyone(&self) -> bool {
        self.consent().is_some_and(|(verify, _)| verify == Verify::Off)
    }

    /// The HTTP request, if it is one.
    #[must_use]
    pub(crate) fn as_http(&self) -> Option<&HttpSpec> {
        if let Spec::Http(spec) = self { Some(spec) } else { None }
    }

    /// The names it captures.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        let rows = self.checks().into_iter().flat_map(|(_, capture)| &capture.rows);
        rows.filter(|row| row.is_used()).map(|row| row.name.as_str())
    }

    /// The key under a name of its own that it is sent with.
    #[must_use]
    pub(crate) fn key(&self) -> Option<&ApiKey> {
        let Auth::ApiKey(key) = &self.as_http()?.auth else { return None };
        Some(key)
    }

    /// The HTTP listener, if it is one.
    #[must_use]
    pub(crate) fn as_http_listener(&self) -> Option<&HttpListenerSpec> {
        if let Spec::HttpListener(spec) = self { Some(spec) } else { None }
    }

    /// The same, to write to.
    pub(crate) fn as_http_listener_mut(&mut self) -> Option<&mut HttpListenerSpec> {
        if let Spec::HttpListener(spec) = self { Some(spec) } else { None }
    }

    /// Whether it answers requests by a table of rules.
    #[must_use]
    pub(crate) fn has_answers(&self) -> bool {
        self.as_http_listener().is_some()
    }

    /// Whether it is a listener that serves one path.
    #[must_use]
    pub(crate) fn serves_a_path(&self) -> bool {
        matches!(self, Spec::WsListener(_))
    }

    /// Whether it is no request and begins as one all the same.
    #[must_use]
    pub(crate) fn begins_as_request(&self) -> bool {
        matches!(self, Spec::Ws(_))
    }

    /// The TCP relay, to write to, if it is one.
    pub(crate) fn as_tcp_relay_mut(&mut self) -> Option<&mut TcpRelaySpec> {
        if let Spec::TcpRelay(spec) = self { Some(spec) } else { None }
    }

    /// The HTTP relay, to write to, if it is one.
    pub(crate) fn as_http_relay_mut(&mut self) -> Option<&mut HttpRelaySpec> {
        if let Spec::HttpRelay(spec) = self { Some(spec) } else { None }
    }

    /// Where a relay leads to, to write to.
    pub(crate) fn target_mut(&mut self) -> Option<&mut String> {
        SpecPartsMut::of(self).target
    }

    /// The faults of a relay, to write to.
    pub(crate) fn faults_mut(&mut self) -> Option<&mut Vec<FaultSpec>> {
        SpecPartsMut::of(self).faults
    }

    /// What a relay changes.
    pub(crate) fn rewrites(&self) -> Option<&[RewriteSpec]> {
        SpecParts::of(self).rewrites
    }

    /// The same, to write to.
    pub(crate) fn rewrites_mut(&mut self) -> Option<&mut Vec<RewriteSpec>> {
        SpecPartsMut::of(self).rewrites
    }

    /// The automatic answers of a TCP or UDP listener, if it is one.
    #[must_use]
    pub(crate) fn answer_rules(&self) -> Option<&[Rule]> {
        SpecParts::of(self).answers
    }

    /// The tags of the rules of a listener, to write to.
    pub(crate) fn rule_tags_mut(&mut self) -> Vec<&mut RuleTag> {
        match self {
            Spec::HttpRelay(spec) => spec.rules.iter_mut().map(|rule| &mut rule.tag).collect(),
            Spec::HttpListener(spec) => spec.rules.iter_mut().map(|rule| &mut rule.tag).collect(),
            Spec::TcpListener(spec) => spec.rules.iter_mut().map(|rule| &mut rule.tag).collect(),
            Spec::UdpListener(spec) => spec.rules.iter_mut().map(|rule| &mut rule.tag).collect(),
            Spec::WsListener(spec) => spec.rules.iter_mut().map(|rule| &mut rule.tag).collect(),
            Spec::Http(_)
            | Spec::Tcp(_)
            | Spec::TcpRelay(_)
            | Spec::Udp(_)
            | Spec::UdpRelay(_)
            | Spec::Ws(_) => Vec::new(),
        }
    }

    /// The HTTP request, to write to.
    pub(crate) fn as_http_mut(&mut self) -> Option<&mut HttpSpec> {
        if let Spec::Http(spec) = self { Some(spec) } else { None }
    }

    /// Whether TLS is switched on, of a relay on either half; a URL says it by itself.
    #[must_use]
    pub(crate) fn has_tls(&self) -> bool {
        SpecParts::of(self).has_tls
    }

    /// The method that is typed before the address, if there is one.
    #[must_use]
    pub(crate) fn method(&self) -> Option<&str> {
        self.as_http().map(|spec| spec.method.as_str())
    }

    /// A few letters for lists: the HTTP method, `TCP`, `TLS`, `UDP`, or `SRV` for listeners and
    /// `RLY` for relays, with TLS `SRV+TLS`, of which narrow lists show the first four.
    #[must_use]
    pub fn badge(&self) -> &str {
        match self {
            Spec::Http(spec) => &spec.method,
            Spec::Tcp(spec) if spec.tls != ClientTls::Off => TLS_BADGE,
            Spec::Tcp(_) | Spec::Udp(_) | Spec::Ws(_) => self.protocol().title(),
            Spec::HttpListener(_)
            | Spec::TcpListener(_)
            | Spec::UdpListener(_)
            | Spec::WsListener(_) => {
                if self.has_tls() {
                    LISTENER_TLS_BADGE
                } else {
                    LISTENER_BADGE
                }
            }
            Spec::HttpRelay(_) | Spec::TcpRelay(_) | Spec::UdpRelay(_) => {
                if self.has_tls() {
                    RELAY_TLS_BADGE
                } else {
                    RELAY_BADGE
                }
            }
        }
    }
}
