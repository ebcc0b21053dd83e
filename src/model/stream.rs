//! TCP and UDP clients as composed.

use std::time::Duration;

use super::payload::{LineEnding, Payload, PayloadFormat};
use super::tls::ClientTls;

/// Longest wait for a TCP connection and the TLS handshake.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait of an `expect` step that says nothing else.
pub const EXPECT_WITHIN: Duration = Duration::from_secs(5);

/// A TCP (or TLS) client session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpSpec {
    /// `host:port`.
    pub address: String,
    pub tls: ClientTls,
    /// Done once connected, in order, before the input line is used.
    pub steps: Vec<ScriptStep>,
    /// Appended to what the input line sends in text format.
    pub line_ending: LineEnding,
    /// Format of the input line.
    pub format: PayloadFormat,
    pub connect_timeout: Duration,
    /// Time without traffic before the system probes the peer, and between probes; `None` = never.
    pub keep_alive: Option<Duration>,
    /// Address, `:port` or interface to connect from; empty = the system chooses.
    pub source: String,
}

/// A UDP client: one socket that sends to `address` and receives from anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdpSpec {
    /// `host:port`.
    pub address: String,
    /// Local `address:port` or `:port`; empty = the system chooses.
    pub source: String,
    /// Hops a datagram may take (IP TTL), also to a multicast group; `None` = the system's default.
    pub ttl: Option<u8>,
    pub steps: Vec<ScriptStep>,
    pub line_ending: LineEnding,
    pub format: PayloadFormat,
}

/// One step of a scripted start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptStep {
    Send(Payload),
    /// Wait until the received bytes contain this payload.
    Expect {
        payload: Payload,
        within: Duration,
    },
}

impl Default for ScriptStep {
    fn default() -> Self {
        ScriptStep::Send(Payload::default())
    }
}

impl Default for TcpSpec {
    fn default() -> Self {
        TcpSpec {
            address: String::new(),
            tls: ClientTls::Off,
            steps: Vec::new(),
            line_ending: LineEnding::CrLf,
            format: PayloadFormat::Text,
            connect_timeout: CONNECT_TIMEOUT,
            keep_alive: None,
            source: String::new(),
        }
    }
}

impl Default for UdpSpec {
    fn default() -> Self {
        UdpSpec {
            address: String::new(),
            source: String::new(),
            ttl: None,
            steps: Vec::new(),
            line_ending: LineEnding::None,
            format: PayloadFormat::Text,
        }
    }
}
