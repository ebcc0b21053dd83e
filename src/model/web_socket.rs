//! WebSocket as composed: clients and listeners.

use std::time::Duration;

use smart_default::SmartDefault;
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

use super::check_spec::{CaptureSpec, ExpectSpec, ListenerExpectSpec};
use super::client::{ClientSpec, InputSpec, ScriptStep, SocketSpec};
use super::http::{Auth, HEAD_TIMEOUT, REDIRECTS};
use super::listener::{Rule, UnixSpec};
use super::name_value::NameValue;
use super::network::NetworkSpec;
use super::payload::Payload;
use super::run_spec::RunSpec;
use super::tls::{ListenerTls, TlsChoices};
use super::trust::{TrustedCertificates, Verify};

/// What messages are sent as.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Display, IntoStaticStr, EnumString, VariantNames,
)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum MessageKind {
    /// Text where they are UTF-8, else binary.
    #[default]
    Auto,
    Text,
    Binary,
}

/// What is spoken on a connection, by clients and listeners alike.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct WsTalkSpec {
    pub messages: MessageKind,
    /// Messages may be packed (permessage-deflate, RFC 7692).
    #[default = true]
    pub deflate: bool,
    /// Time between pings of ours; `None` = there are none.
    pub ping: Option<Duration>,
}

/// A client: a request that becomes a conversation.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct WsSpec {
    /// `ws://` or `wss://` URL, or any short form of one.
    pub url: String,
    pub headers: Vec<NameValue>,
    /// Offered in this order, with commas between them; empty = none.
    pub subprotocols: String,
    pub auth: Auth,
    pub talk: WsTalkSpec,
    /// Longest wait for the connection, then for the answer to the handshake.
    #[default(HEAD_TIMEOUT)]
    pub timeout: Duration,
    pub verify: Verify,
    pub trust: TrustedCertificates,
    /// As of HTTP.
    pub sni: String,
    pub tls: Box<TlsChoices>,
    #[default(REDIRECTS)]
    pub redirects: u8,
    pub unix_socket: String,
    pub network: NetworkSpec,
    /// Done once connected, in order, before the input line is used.
    pub steps: Vec<ScriptStep>,
    pub input: InputSpec,
    pub socket: SocketSpec,
    pub client: ClientSpec,
    pub run: RunSpec,
    pub expect: ExpectSpec,
    pub capture: CaptureSpec,
}

/// A listener: one of HTTP that serves a WebSocket at one path.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct WsListenerSpec {
    /// As of a listener of TCP.
    #[default = "127.0.0.1:9000"]
    pub bind: String,
    /// Empty = any.
    pub path: String,
    /// Taken in this order of those that a client offers; empty = none.
    pub subprotocols: String,
    pub talk: WsTalkSpec,
    pub tls: ListenerTls,
    pub socket: SocketSpec,
    pub unix: UnixSpec,
    /// Sent to every client when it is connected; empty = nothing.
    pub greeting: Payload,
    /// Tried in order on every message; the first that matches answers.
    pub rules: Vec<Rule>,
    pub input: InputSpec,
    #[default = true]
    pub history: bool,
    pub expect: ListenerExpectSpec,
}
