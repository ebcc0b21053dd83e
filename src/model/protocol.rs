//! The protocols and sides wirebench speaks, and what each can do.

use strum::{Display, EnumString, IntoStaticStr};

use super::theme::ThemeRole;

/// What is spoken on the wire, above an optional TLS layer; by name in filters, files and labels of
/// connections.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display, IntoStaticStr, EnumString,
)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Protocol {
    Http,
    Tcp,
    Udp,
    Ws,
}

/// Which end of the wire we are; by name in filters and JSON Lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Side {
    Client,
    Listener,
    /// Both: a listener whose peers are each connected on to a target.
    Relay,
}

impl Side {
    pub const ALL: [Side; 3] = [Side::Client, Side::Listener, Side::Relay];

    /// Whether peers come to us, any number of them and at any time; else we go to one.
    #[must_use]
    pub fn listens(self) -> bool {
        self != Side::Client
    }
}

/// What lists have at the beginning of a listener's row.
pub const LISTENER_BADGE: &str = "SRV";
/// The same with TLS; narrow lists show the first four of it.
pub const LISTENER_TLS_BADGE: &str = "SRV+TLS";
/// What lists have at the beginning of a relay's row.
pub const RELAY_BADGE: &str = "RLY";
/// The same of a relay with TLS towards its clients, its target or both.
pub const RELAY_TLS_BADGE: &str = "RLY+TLS";
/// The same of a client whose connection has TLS.
pub const TLS_BADGE: &str = "TLS";

const LISTENING_BADGES: [&str; 4] =
    [LISTENER_BADGE, LISTENER_TLS_BADGE, RELAY_BADGE, RELAY_TLS_BADGE];

/// What may be offered for one side of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a capability table is a row of yes and no")]
pub struct Capabilities {
    /// A live conversation of bytes.
    pub conversation: bool,
    /// It has an input line: what a person types goes to the peers.
    pub input: bool,
    /// Requests and their answers, each with a head, told one by one.
    pub exchanges: bool,
    /// A client stays open when it was answered, and takes its leave when it ends.
    pub lasting: bool,
    /// TLS can be switched on.
    pub tls: bool,
    /// Each write is a packet of its own, which may get lost.
    pub datagrams: bool,
    /// What is sent and received are messages whose boundaries are kept.
    pub messages: bool,
    /// Half-close, close and reset are different things.
    pub connections: bool,
}

impl Capabilities {
    /// Messages over a stream: what crosses without being one is none of the conversation.
    #[must_use]
    pub(crate) fn is_framed(self) -> bool {
        self.messages && !self.datagrams
    }
}

impl Protocol {
    pub const ALL: [Protocol; 4] = [Protocol::Http, Protocol::Tcp, Protocol::Udp, Protocol::Ws];

    /// What may be offered for this side of it, and what not. All sides are named, so that one more
    /// is asked about here; where there is no relay it would be able to do what the listener can.
    #[must_use]
    pub(crate) fn capabilities(self, side: Side) -> Capabilities {
        let can = match (self, side) {
            (Protocol::Http, Side::Client | Side::Listener | Side::Relay) => {
                [false, false, true, false, true, false, false, true]
            }
            (Protocol::Tcp, Side::Client | Side::Listener) => {
                [true, true, false, true, true, false, false, true]
            }
            // What it passes on is that of others: nobody types into it.
            (Protocol::Tcp, Side::Relay) => [true, false, false, true, true, false, false, true],
            (Protocol::Udp, Side::Client | Side::Listener) => {
                [true, true, false, true, false, true, true, false]
            }
            (Protocol::Udp, Side::Relay) => [true, false, false, true, false, true, true, false],
            (Protocol::Ws, Side::Client | Side::Listener | Side::Relay) => {
                [true, true, false, true, true, false, true, true]
            }
        };
        let [conversation, input, exchanges, lasting, tls, datagrams, messages, connections] = can;
        Capabilities {
            conversation,
            input,
            exchanges,
            lasting,
            tls,
            datagrams,
            messages,
            connections,
        }
    }

    /// The colour of its name, in lists and blocks.
    #[must_use]
    pub fn role(self) -> ThemeRole {
        match self {
            // Methods have colours of their own; its name stands where there is none.
            Protocol::Http => ThemeRole::MethodOther,
            Protocol::Tcp | Protocol::Ws => ThemeRole::Tcp,
            Protocol::Udp => ThemeRole::Udp,
        }
    }

    /// The colour of what a list has at the beginning of a row: a protocol's title, a listener's
    /// sign, or a method.
    #[must_use]
    pub fn role_of_badge(badge: &str) -> ThemeRole {
        let protocol = Protocol::ALL.iter().find(|protocol| protocol.title() == badge);
        match protocol {
            Some(protocol) => protocol.role(),
            None if LISTENING_BADGES.contains(&badge) => ThemeRole::Listener,
            None if badge == TLS_BADGE => Protocol::Tcp.role(),
            None => ThemeRole::of_method(badge),
        }
    }

    /// Upper-case name for tabs and tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Protocol::Http => "HTTP",
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Ws => "WS",
        }
    }
}
