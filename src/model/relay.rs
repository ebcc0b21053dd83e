//! Relays as composed: who comes, and where each of them is connected on to.

use std::time::Duration;

use smart_default::SmartDefault;

use super::client::{CONNECT_TIMEOUT, ClientSpec, DatagramSpec, SocketSpec};
use super::fault::{ChanceSpec, FaultSpec};
use super::hold::HoldSpec;
use super::listener::UnixSpec;
use super::rewrite::RewriteSpec;
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
    /// Where it leads to, each client says by SOCKS5; there is no target then.
    pub socks: bool,
    /// Who may; both empty = everybody.
    pub socks_user: String,
    pub socks_password: String,
    /// Towards the clients.
    pub tls: ListenerTls,
    /// Towards the target.
    pub target_tls: ClientTls,
    #[default(CONNECT_TIMEOUT)]
    pub connect_timeout: Duration,
    /// Of the connections of both halves.
    pub socket: SocketSpec,
    pub unix: UnixSpec,
    /// Of those to the target.
    pub client: ClientSpec,
    pub hold: HoldSpec,
    pub faults: ChanceSpec,
    /// Done to what is passed on, in order.
    pub fault: Vec<FaultSpec>,
    /// What is changed of what is passed on, in order, before it is held.
    pub rewrite: Vec<RewriteSpec>,
}

/// How long neither a client of a UDP relay nor the target for it may say nothing before its socket
/// is let go: what RFC 4787, REQ-5, asks of translators at least.
pub(crate) const IDLE: Duration = Duration::from_secs(120);

/// A UDP relay: every sender has a socket of its own towards the target, and what comes back there
/// goes back to it.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct UdpRelaySpec {
    /// As in [`TcpListenerSpec`](super::listener::TcpListenerSpec).
    #[default = "127.0.0.1:9000"]
    pub bind: String,
    /// `host:port`.
    pub target: String,
    /// What anybody sends to the socket of a client goes to it, not only what the target sends.
    pub any_peer: bool,
    #[default(IDLE)]
    pub idle: Duration,
    /// Of the sockets of both halves.
    pub socket: DatagramSpec,
    /// Of those to the target.
    pub client: ClientSpec,
    pub hold: HoldSpec,
    pub faults: ChanceSpec,
    /// Done to what is passed on, in order.
    pub fault: Vec<FaultSpec>,
    /// What is changed of what is passed on, in order, before it is held.
    pub rewrite: Vec<RewriteSpec>,
}
