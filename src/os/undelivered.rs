//! What the network says of a datagram that came back: ICMP (RFC 792, RFC 1812 section 5.2.7.1) and
//! `ICMPv6` (RFC 4443) in words. The system knows a few errors for many of these.
//!
//! Made by `linux`, told by the engine's datagrams. Pure.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// A datagram of ours that came back.
#[derive(Debug)]
pub(crate) struct Undelivered {
    /// Whom it was for.
    pub(crate) to: SocketAddr,
    /// What the system makes of it.
    pub(crate) error: io::Error,
    /// What was said of it on the way; `None` when that is not known.
    pub(crate) report: Option<IcmpReport>,
}

/// The message that came instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IcmpReport {
    pub(crate) is_v6: bool,
    /// Type of the message.
    pub(crate) kind: u8,
    pub(crate) code: u8,
    /// Bytes that are carried at most, where that is what it says; 0 = not told.
    pub(crate) mtu: u32,
    /// Who sent it.
    pub(crate) from: Option<IpAddr>,
}

impl IcmpReport {
    /// What it says, in words; `None` when the system's error says as much.
    pub(crate) fn words(&self) -> Option<String> {
        let text = match (self.is_v6, self.kind, self.code) {
            (false, 3, 0) | (true, 1, 0) => "no route leads there (network unreachable)",
            (false, 3, 6) => "the network is unknown there",
            (false, 3, 7) => "the host is unknown there",
            (false, 3, 2) => "the host takes no UDP (protocol unreachable)",
            (false, 3, 4) | (true, 2, _) => return Some(self.too_big()),
            (false, 3, 9 | 10 | 13) | (true, 1, 1) => {
                "it is forbidden on the way, by a firewall most likely (administratively prohibited)"
            }
            (false, 3, 11 | 12) => "it is not carried there with this type of service",
            (true, 1, 5) => "its source address may not go this way (policy)",
            (true, 1, 6) => "the route there is closed (reject route)",
            (false, 11, 0) | (true, 3, 0) => {
                "it passed as many routers as it may and is not there yet (time exceeded; option ttl)"
            }
            (false, 11, 1) | (true, 3, 1) => "not all of its fragments arrived in time",
            (false, 12, _) | (true, 4, _) => "its header is refused (parameter problem)",
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn too_big(&self) -> String {
        let most = match self.mtu {
            0 => String::new(),
            mtu => {
                let headers = if self.is_v6 { 48 } else { 28 };
                let data = mtu.saturating_sub(headers);
                format!(": packets of {mtu} bytes at most, {data} of them data")
            }
        };
        format!("it is too large for a link on the way{most}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(is_v6: bool, kind: u8, code: u8) -> Option<String> {
        IcmpReport { is_v6, kind, code, mtu: 1400, from: None }.words()
    }

    #[test]
    fn what_the_network_says_is_told_and_not_what_the_system_makes_of_it() {
        for (is_v6, kind, code, word) in [
            (false, 11, 0, "time exceeded; option ttl"),
            (true, 3, 0, "time exceeded; option ttl"),
            (false, 3, 13, "administratively prohibited"),
            (false, 3, 10, "administratively prohibited"),
            (false, 3, 9, "administratively prohibited"),
            (true, 1, 1, "administratively prohibited"),
            (false, 3, 4, "packets of 1400 bytes at most, 1372 of them data"),
            (true, 2, 0, "packets of 1400 bytes at most, 1352 of them data"),
            (false, 3, 2, "takes no UDP"),
            (false, 3, 0, "network unreachable"),
            (false, 12, 0, "header is refused"),
        ] {
            let said = said(is_v6, kind, code).unwrap();
            assert!(said.contains(word), "{is_v6} {kind} {code}: {said}");
        }
        for (is_v6, kind, code) in [(false, 3, 3), (true, 1, 4), (false, 3, 1), (true, 1, 3)] {
            assert_eq!(said(is_v6, kind, code), None, "the system's error says it");
        }
        let report = IcmpReport { is_v6: false, kind: 3, code: 4, mtu: 0, from: None };
        assert_eq!(report.words().unwrap(), "it is too large for a link on the way");
    }
}
