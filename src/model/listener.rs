//! TCP and UDP listeners as composed, with their automatic answers.

use std::time::Duration;

use super::payload::{LineEnding, Payload, PayloadFormat};
use super::tls::ListenerTls;

/// A TCP (or TLS) listener; every accepted connection is a conversation of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpListenerSpec {
    /// `host:port`, `:port` (loopback, both families) or `*:port` (all interfaces).
    pub bind: String,
    pub tls: ListenerTls,
    /// Time without traffic before the system probes a client, and between probes; `None` = never.
    pub keep_alive: Option<Duration>,
    /// Sent to every client when it connects; empty = nothing.
    pub greeting: Payload,
    /// Tried in order on every read; the first that matches answers.
    pub rules: Vec<Rule>,
    pub line_ending: LineEnding,
    pub format: PayloadFormat,
}

/// A UDP listener; every sender is a peer of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdpListenerSpec {
    /// As in [`TcpListenerSpec`].
    pub bind: String,
    /// Hops an answer may take (IP TTL); `None` = the system's default.
    pub ttl: Option<u8>,
    pub rules: Vec<Rule>,
    pub line_ending: LineEnding,
    pub format: PayloadFormat,
}

/// An automatic answer. `{{message}}` in `send` is what was received, `{{match}}` the part that
/// matched; so an echo is `when = always`, `send = {{message}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub when: When,
    pub send: Payload,
    pub delay: Duration,
}

/// When an automatic answer applies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum When {
    #[default]
    Always,
    /// The received bytes contain this payload text.
    Contains(String),
    /// The received bytes, without a final line ending, equal this payload text.
    Equals(String),
    /// The received bytes begin with this payload text.
    StartsWith(String),
    /// A regular expression on the bytes.
    Matches(String),
}

impl Rule {
    /// Sends back whatever came.
    #[must_use]
    pub fn echo() -> Self {
        Rule { when: When::Always, send: Payload::text("{{message}}"), delay: Duration::ZERO }
    }
}

impl Default for Rule {
    fn default() -> Self {
        Rule::echo()
    }
}

impl Default for TcpListenerSpec {
    fn default() -> Self {
        TcpListenerSpec {
            bind: "127.0.0.1:9000".into(),
            tls: ListenerTls::Off,
            keep_alive: None,
            greeting: Payload::default(),
            rules: Vec::new(),
            line_ending: LineEnding::CrLf,
            format: PayloadFormat::Text,
        }
    }
}

impl Default for UdpListenerSpec {
    fn default() -> Self {
        UdpListenerSpec {
            bind: "127.0.0.1:9000".into(),
            ttl: None,
            rules: Vec::new(),
            line_ending: LineEnding::None,
            format: PayloadFormat::Text,
        }
    }
}
