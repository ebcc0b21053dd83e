//! The protocols and sides wirebench speaks, and what each can do.

use std::fmt;

/// What is spoken on the wire, above an optional TLS layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    Http,
    Tcp,
    Udp,
}

/// Which end of the wire we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Client,
    Listener,
}

impl Side {
    pub const ALL: [Side; 2] = [Side::Client, Side::Listener];

    /// Name used in filters and JSON Lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Listener => "listener",
        }
    }
}

/// What the user interface may offer for a protocol.
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

    /// What may be offered for it, and what not.
    #[must_use]
    pub fn capabilities(self) -> Capabilities {
        match self {
            Protocol::Http => {
                Capabilities { conversation: false, tls: true, datagrams: false, connections: true }
            }
            Protocol::Tcp => {
                Capabilities { conversation: true, tls: true, datagrams: false, connections: true }
            }
            Protocol::Udp => {
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

    /// Lower-case name for filters, files and connection labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
