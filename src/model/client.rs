//! TCP and UDP clients as composed.

use std::time::Duration;

use smart_default::SmartDefault;
use strum::IntoStaticStr;

use super::awaited::Awaited;
use super::check_spec::{CaptureSpec, ExpectSpec};
use super::network::NetworkSpec;
use super::payload::{LineEnding, Payload, PayloadFormat};
use super::run_spec::RunSpec;
use super::tls::ClientTls;

/// Longest wait for a TCP connection and the TLS handshake.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait of an `expect` step that says nothing else.
pub(crate) const EXPECT_WITHIN: Duration = Duration::from_secs(5);

/// What is asked of the sockets of TCP connections, those of HTTP included, by clients and listeners
/// alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SocketSpec {
    /// Time without traffic before the system probes the peer, and between probes; `None` = never.
    pub keep_alive: Option<Duration>,
}

/// What is asked of sockets of datagrams, by clients and listeners alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatagramSpec {
    /// Hops a datagram may take (IP TTL), also to a multicast group; `None` = the system's default.
    pub ttl: Option<u8>,
}

/// What is asked of the socket of every client, of HTTP, TCP and UDP, and whether it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct ClientSpec {
    /// Address, `address:port`, `:port` or interface to send from; empty = the system chooses.
    pub source: String,
    /// What is sent stands in the history.
    #[default = true]
    pub history: bool,
}

/// How the input line of a session is written, of clients and listeners alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputSpec {
    /// Appended to what the input line sends in text format.
    pub line_ending: LineEnding,
    pub format: PayloadFormat,
}

impl InputSpec {
    /// Of byte streams, whose messages are lines as a rule.
    pub(crate) const LINES: InputSpec =
        InputSpec { line_ending: LineEnding::CrLf, format: PayloadFormat::Text };
}

/// A TCP (or TLS) client session.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct TcpSpec {
    /// `host:port`.
    pub address: String,
    pub tls: ClientTls,
    /// Done once connected, in order, before the input line is used.
    pub steps: Vec<ScriptStep>,
    #[default(InputSpec::LINES)]
    pub input: InputSpec,
    #[default(CONNECT_TIMEOUT)]
    pub connect_timeout: Duration,
    pub socket: SocketSpec,
    pub client: ClientSpec,
    pub network: NetworkSpec,
    pub run: RunSpec,
    pub expect: ExpectSpec,
    pub capture: CaptureSpec,
}

/// A UDP client: one socket that sends to `address`. Datagrams of anybody are shown; which of them
/// are replies, says `any_peer`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UdpSpec {
    /// `host:port`.
    pub address: String,
    pub client: ClientSpec,
    pub socket: DatagramSpec,
    /// What anybody sends is a reply, not only what comes from `address`.
    pub any_peer: bool,
    pub steps: Vec<ScriptStep>,
    pub input: InputSpec,
    pub run: RunSpec,
    pub expect: ExpectSpec,
    pub capture: CaptureSpec,
}

/// One step of a scripted start.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum ScriptStep {
    #[default]
    Send(Payload),
    /// Wait until this was received.
    Expect { awaited: Awaited, within: Duration },
}
