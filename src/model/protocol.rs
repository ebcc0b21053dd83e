//! The protocols and sides wirebench speaks, and what each can do.

use strum::{Display, EnumString, IntoStaticStr};

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
}

/// Which end of the wire we are; by name in filters and JSON Lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Side {
    Client,
    Listener,
}

impl Side {
    pub const ALL: [Side; 2] = [Side::Client, Side::Listener];

    /// Whether peers come to us, any number of them and at any time; else we go to one.
    #[must_use]
    pub fn listens(self) -> bool {
        self == Side::Listener
    }
}

/// What may be offered for one side of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a capability table is a row of yes and no")]
pub struct Capabilities {
    /// A live conversation with an input line instead of one response.
    pub conversation: bool,
    /// TLS can be switched on.
    pub tls: bool,
    /// Each write is one message whose boundary is kept.
    pub datagrams: bool,
    /// Half-close, close and reset are different things.
    pub connections: bool,
}

impl Protocol {
    pub const ALL: [Protocol; 3] = [Protocol::Http, Protocol::Tcp, Protocol::Udp];

    /// What may be offered for this side of it, and what not. Both sides can the same today; they
    /// are named, so that one more is asked about here.
    #[must_use]
    pub(crate) fn capabilities(self, side: Side) -> Capabilities {
        match (self, side) {
            (Protocol::Http, Side::Client | Side::Listener) => {
                Capabilities { conversation: false, tls: true, datagrams: false, connections: true }
            }
            (Protocol::Tcp, Side::Client | Side::Listener) => {
                Capabilities { conversation: true, tls: true, datagrams: false, connections: true }
            }
            (Protocol::Udp, Side::Client | Side::Listener) => {
                Capabilities { conversation: true, tls: false, datagrams: true, connections: false }
            }
        }
    }

    /// Upper-case name for tabs and tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Protocol::Http => "HTTP",
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
        }
    }
}
