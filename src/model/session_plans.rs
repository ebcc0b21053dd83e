//! The plans of conversations, for who writes them down: one of a TCP client, one of a UDP client.

use super::plan::{Plan, TcpPlan, UdpPlan};

impl Plan {
    /// The conversation of a TCP client, if it is one.
    #[must_use]
    pub(crate) fn as_tcp(&self) -> Option<&TcpPlan> {
        if let Plan::Tcp(plan) = self { Some(plan) } else { None }
    }

    /// The datagrams of a UDP client, if it is one.
    #[must_use]
    pub(crate) fn as_udp(&self) -> Option<&UdpPlan> {
        if let Plan::Udp(plan) = self { Some(plan) } else { None }
    }
}
