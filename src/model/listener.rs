//! TCP and UDP listeners as composed, with their automatic answers.

use std::time::Duration;

use smart_default::SmartDefault;
use strum::{EnumString, IntoStaticStr};

use super::check_spec::ListenerExpectSpec;
use super::client::{DatagramSpec, InputSpec, SocketSpec};
use super::payload::Payload;
use super::rule_tag::RuleTag;
use super::tls::ListenerTls;

/// Automatic answers to one UDP peer in a second: more than people and devices ask for, and so few
/// that two programs that answer each other end soon.
pub(crate) const ANSWER_RATE: u32 = 1_000;

/// What is asked of the socket of every listener that accepts connections, where that is one of the file
/// system.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct UnixSpec {
    /// Its permissions, in octal digits.
    #[default = "0600"]
    pub mode: String,
}

/// A TCP (or TLS) listener; every accepted connection is a conversation of its own.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct TcpListenerSpec {
    /// `host:port`, `:port` (loopback, both families), `*:port` (all interfaces) or `unix:/path`.
    #[default = "127.0.0.1:9000"]
    pub bind: String,
    pub tls: ListenerTls,
    pub socket: SocketSpec,
    pub unix: UnixSpec,
    /// Sent to every client when it connects; empty = nothing.
    pub greeting: Payload,
    /// Tried in order on every read; the first that matches answers.
    pub rules: Vec<Rule>,
    #[default(InputSpec::LINES)]
    pub input: InputSpec,
    /// What is started stands in the history.
    #[default = true]
    pub history: bool,
    pub expect: ListenerExpectSpec,
}

/// A UDP listener; every sender is a peer of its own.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct UdpListenerSpec {
    /// As in [`TcpListenerSpec`].
    #[default = "127.0.0.1:9000"]
    pub bind: String,
    pub socket: DatagramSpec,
    pub rules: Vec<Rule>,
    /// Automatic answers a peer gets in a second, at most.
    #[default(ANSWER_RATE)]
    pub answer_rate: u32,
    pub input: InputSpec,
    /// What is started stands in the history.
    #[default = true]
    pub history: bool,
    pub expect: ListenerExpectSpec,
}

/// An automatic answer. `{{message}}` in `send` is what was received, `{{match}}` the part that
/// matched; so the default is an echo.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct Rule {
    /// Whether it answers.
    #[default = true]
    pub enabled: bool,
    pub when: When,
    #[default(Payload::text("{{message}}"))]
    pub send: Payload,
    pub delay: Duration,
    pub tag: RuleTag,
}

/// When an automatic answer applies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    pub kind: WhenKind,
    /// Payload text, or the source of a regular expression on the bytes; empty for `Always`.
    pub text: String,
}

/// What the received bytes have to do with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum WhenKind {
    /// Nothing.
    #[default]
    Always,
    Contains,
    /// Without a final line ending.
    Equals,
    #[strum(serialize = "starts with")]
    StartsWith,
    Matches,
}
