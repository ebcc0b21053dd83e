//! TCP and UDP clients as composed.

use std::time::Duration;

use super::payload::{LineEnding, Payload, PayloadFormat};
use super::tls::ClientTls;

/// Longest wait for a TCP connection and the TLS handshake.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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
}

/// A UDP client: one socket that sends to `address` and receives from anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdpSpec {
    /// `host:port`.
    pub address: String,
    /// Local `address:port` or `:port`; empty = the system chooses.
    pub source: String,
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

impl Default for TcpSpec {
    fn default() -> Self {
        TcpSpec {
            address: String::new(),
            tls: ClientTls::Off,
            steps: Vec::new(),
            line_ending: LineEnding::CrLf,
            format: PayloadFormat::Text,
            connect_timeout: CONNECT_TIMEOUT,
        }
    }
}

impl Default for UdpSpec {
    fn default() -> Self {
        UdpSpec {
            address: String::new(),
            source: String::new(),
            steps: Vec::new(),
            line_ending: LineEnding::None,
            format: PayloadFormat::Text,
        }
    }
}
