//! The headers of IP, TCP and UDP that we make around bytes of a socket (RFC 791, 8200, 9293, 768),
//! with right lengths and checksums.
//!
//! Called by the writer. A payload of which bytes are not kept has its true length in the headers and
//! no checksum: nobody can check what is not there.

use std::net::{IpAddr, SocketAddr};

const TCP: u8 = 6;
const UDP: u8 = 17;
/// Bytes of a header of TCP without options, and of UDP.
const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
/// Hops that are left; what most systems begin with.
const TTL: u8 = 64;
/// A datagram that must not be taken apart, so that it needs no identification (RFC 6864).
const DONT_FRAGMENT: u16 = 0x4000;
/// All that fits without scaling, whatever was sent before.
const WINDOW: u16 = 65_535;

/// Most bytes of one segment: what fits into a packet of IPv4.
pub(super) const LARGEST_SEGMENT: usize = 65_535 - 40;
/// Most bytes of a datagram of IPv4; those of IPv6 fit as well.
pub(super) const LARGEST_DATAGRAM: usize = 65_535 - 28;

/// Flags of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) const SYN: Flags = Flags(0x02);
    pub(super) const SYN_ACK: Flags = Flags(0x12);
    pub(super) const ACK: Flags = Flags(0x10);
    pub(super) const PUSH_ACK: Flags = Flags(0x18);
    pub(super) const FIN_ACK: Flags = Flags(0x11);
    pub(super) const RST_ACK: Flags = Flags(0x14);

    /// Numbers that it takes of the sequence: its own for a beginning and an end.
    pub(super) fn takes(self) -> u32 {
        u32::from(self.0 & 0x03 != 0)
    }
}

/// From whom to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
}

impl Way {
    /// The other way.
    pub(super) fn back(self) -> Way {
        Way { from: self.to, to: self.from }
    }
}

/// What is sent: what is kept of it, and how long it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct PacketBytes<'a> {
    pub(super) kept: &'a [u8],
    pub(super) len: usize,
}

impl PacketBytes<'_> {
    pub(super) const NONE: PacketBytes<'static> = PacketBytes { kept: &[], len: 0 };

    fn is_whole(self) -> bool {
        self.kept.len() == self.len
    }
}

/// Numbers and flags of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct TcpNumbers {
    pub(super) flags: Flags,
    pub(super) seq: u32,
    pub(super) ack: u32,
}

/// Appends a packet of TCP; returns the length it had, kept or not.
pub(super) fn tcp(
    out: &mut Vec<u8>,
    way: Way,
    segment: TcpNumbers,
    payload: PacketBytes<'_>,
) -> usize {
    let header = ip(out, way, TCP, TCP_HEADER + payload.len);
    let start = out.len();
    out.extend_from_slice(&way.from.port().to_be_bytes());
    out.extend_from_slice(&way.to.port().to_be_bytes());
    out.extend_from_slice(&segment.seq.to_be_bytes());
    out.extend_from_slice(&segment.ack.to_be_bytes());
    out.extend_from_slice(&[(TCP_HEADER as u8 / 4) << 4, segment.flags.0]);
    out.extend_from_slice(&WINDOW.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload.kept);
    if payload.is_whole() {
        let sum = transport_checksum(out, way, TCP, start);
        put_u16(out, start + 16, sum);
    }
    header + TCP_HEADER + payload.len
}

/// Appends a packet of UDP; returns the length it had, kept or not.
pub(super) fn udp(out: &mut Vec<u8>, way: Way, payload: PacketBytes<'_>) -> usize {
    let header = ip(out, way, UDP, UDP_HEADER + payload.len);
    let start = out.len();
    out.extend_from_slice(&way.from.port().to_be_bytes());
    out.extend_from_slice(&way.to.port().to_be_bytes());
    out.extend_from_slice(&((UDP_HEADER + payload.len) as u16).to_be_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(payload.kept);
    if payload.is_whole() {
        // Zero would say that there is none (RFC 768).
        let sum = transport_checksum(out, way, UDP, start);
        put_u16(out, start + 6, if sum == 0 { 0xFFFF } else { sum });
    }
    header + UDP_HEADER + payload.len
}

/// Appends a header of IP for so many bytes behind it; returns its own length.
fn ip(out: &mut Vec<u8>, way: Way, protocol: u8, len: usize) -> usize {
    let start = out.len();
    match (way.from.ip(), way.to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            out.extend_from_slice(&[0x45, 0]);
            out.extend_from_slice(&((20 + len) as u16).to_be_bytes());
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&DONT_FRAGMENT.to_be_bytes());
            out.extend_from_slice(&[TTL, protocol, 0, 0]);
            out.extend_from_slice(&from.octets());
            out.extend_from_slice(&to.octets());
            let sum = !folded(sum(&out[start..]));
            put_u16(out, start + 10, sum);
        }
        (from, to) => {
            out.extend_from_slice(&[0x60, 0, 0, 0]);
            out.extend_from_slice(&(len as u16).to_be_bytes());
            out.extend_from_slice(&[protocol, TTL]);
            out.extend_from_slice(&octets(from));
            out.extend_from_slice(&octets(to));
        }
    }
    out.len() - start
}

/// An address as one of IPv6.
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// The checksum of what begins at `start`, with the addresses of IP before it.
fn transport_checksum(out: &[u8], way: Way, protocol: u8, start: usize) -> u16 {
    let bytes = &out[start..];
    let ends = match (way.from.ip(), way.to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => sum(&from.octets()) + sum(&to.octets()),
        (from, to) => sum(&octets(from)) + sum(&octets(to)),
    };
    !folded(ends + u64::from(protocol) + bytes.len() as u64 + sum(bytes))
}

/// The sum of words of 16 bits in network order (RFC 1071); words of 32 give the same, folded.
fn sum(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(4);
    let mut total: u64 = 0;
    for word in &mut words {
        total += u64::from(u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    }
    let mut last = [0; 4];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    total + u64::from(u32::from_be_bytes(last))
}

fn folded(mut sum: u64) -> u16 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    sum as u16
}

fn put_u16(out: &mut [u8], at: usize, value: u16) {
    if let Some(place) = out.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_the_checksum_of_the_rfc() {
        // The example of RFC 1071, section 3: the sum of these is ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(folded(sum(&bytes)), 0xddf2);
        let odd = [0x12, 0x34, 0x56];
        assert_eq!(folded(sum(&odd)), 0x1234 + 0x5600);
    }

    #[test]
    fn what_is_checked_with_its_checksum_gives_zero() {
        let way =
            |from: &str, to: &str| Way { from: from.parse().unwrap(), to: to.parse().unwrap() };
        for way in [way("127.0.0.1:1", "10.1.2.3:80"), way("[::1]:9", "[fe80::1]:65535")] {
            let (mut out, kept) = (Vec::new(), &b"odd"[..]);
            let len = udp(&mut out, way, PacketBytes { kept, len: 3 });
            assert_eq!(len, out.len());
            let header = len - UDP_HEADER - 3;
            assert_eq!(transport_checksum(&out, way, UDP, header), 0);
            if header == 20 {
                assert_eq!(folded(sum(&out[..20])), 0xFFFF);
            }
        }
    }
}
