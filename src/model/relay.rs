//! Relays as composed: who comes, and where each of them is connected on to.

use std::time::Duration;

use smart_default::SmartDefault;

use super::client::{CONNECT_TIMEOUT, ClientSpec, SocketSpec};
use super::tls::{ClientTls, ListenerTls};

/// A TCP (or TLS) relay: every accepted connection is connected on to the target, and what comes on
/// either goes out on the other.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct TcpRelaySpec {
    /// As in [`TcpListenerSpec`](super::listener::TcpListenerSpec).
    #[default = "127.0.0.1:9000"]
    pub bind: String,
    /// `host:port`.
    pub target: String,
    /// Towards the clients.
    pub tls: ListenerTls,
    /// Towards the target.
    pub target_tls: ClientTls,
    #[default(CONNECT_TIMEOUT)]
    pub connect_timeout: Duration,
    /// Of the connections of both halves.
    pub socket: SocketSpec,
    /// Of those to the target.
    pub client: ClientSpec,
}
