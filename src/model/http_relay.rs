//! The HTTP relay as composed: who comes, and where each request is passed on to.

use std::time::Duration;

use smart_default::SmartDefault;
use strum::{Display, EnumString, IntoStaticStr};

use super::client::{CONNECT_TIMEOUT, ClientSpec, SocketSpec};
use super::fault::{ChanceSpec, FaultSpec};
use super::hold::HoldSpec;
use super::http::{HEAD_TIMEOUT, HttpRule};
use super::listener::UnixSpec;
use super::rewrite::RewriteSpec;
use super::tls::{ClientTls, ListenerTls};

/// An HTTP relay: every request is passed on to the target, a reverse proxy, or where it says itself,
/// a forward proxy; what is answered is passed back.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct HttpRelaySpec {
    /// As in [`HttpListenerSpec`](super::http::HttpListenerSpec).
    #[default = "127.0.0.1:8080"]
    pub bind: String,
    /// `http://host:port`, `https://host` or `unix:/path`; empty = a forward proxy.
    pub target: String,
    /// Towards the clients.
    pub tls: ListenerTls,
    /// Towards the target; of a forward proxy towards all servers that are asked under TLS.
    pub target_tls: ClientTls,
    pub host: HostHeader,
    /// Tried in order; a request that fits one is answered by it and not passed on.
    pub rules: Vec<HttpRule>,
    /// Whether the target is told who asked, how and whom.
    pub forwarded: bool,
    /// Hosts whose TLS a forward proxy opens, separated by commas: `host`, `*.domain` or `*`.
    pub open: String,
    /// Who may use a forward proxy; empty = everybody.
    pub user: String,
    pub password: String,
    /// As in [`HttpSpec`](super::http::HttpSpec).
    pub contract: String,
    /// As in [`HttpSpec`](super::http::HttpSpec).
    #[default(HEAD_TIMEOUT)]
    pub timeout: Duration,
    #[default(CONNECT_TIMEOUT)]
    pub connect_timeout: Duration,
    /// Of the connections of both halves.
    pub socket: SocketSpec,
    pub unix: UnixSpec,
    /// Of those to the target.
    pub client: ClientSpec,
    pub hold: HoldSpec,
    pub faults: ChanceSpec,
    /// Put into what clients say and get, in order.
    pub fault: Vec<FaultSpec>,
    /// What is changed of what is passed on, in order, before it is held.
    pub rewrite: Vec<RewriteSpec>,
}

/// Which host a request is for when it is passed on to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Display, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum HostHeader {
    /// The target, where that has a name and the client asked for the relay itself.
    #[default]
    Auto,
    /// What the client wrote.
    Keep,
    /// The target.
    Target,
}
