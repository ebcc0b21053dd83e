//! From a frame to what TCP or UDP carries: link layers, VLAN tags, IPv4 and IPv6.
//!
//! Called by the reader. Nothing is believed: every length is held against what is there. Bytes that
//! were cut off when capturing are told by their count.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::fragments::{Assembled, Fragment, FragmentKey};
use super::frames::Frame;

const TCP: u8 = 6;
const UDP: u8 = 17;
/// Headers of IPv6 between the first and what is carried.
const EXTENSIONS: usize = 16;

/// What a frame carries for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Carried<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) transport: Transport,
    pub(super) payload: &'a [u8],
    /// Bytes it had on the wire.
    pub(super) len: u64,
}

/// Of which of the two, and what the reader needs of its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp { seq: u32, flags: u8 },
}

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const ACK: u8 = 0x10;

/// What is in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundPacket<'a> {
    Whole(Carried<'a>),
    Part(Fragment<'a>),
}

/// What TCP or UDP is in a frame, or a part of a datagram; `None` = neither, or cut off before it can be
/// told.
pub(super) fn found<'a>(frame: &Frame<'a>) -> Option<FoundPacket<'a>> {
    let packet = network(frame)?;
    match packet.first()? >> 4 {
        4 => of_ipv4(packet),
        6 => of_ipv6(packet),
        _ => None,
    }
}

/// What TCP or UDP is in a datagram that came in parts.
pub(super) fn of_parts(whole: &Assembled) -> Option<Carried<'_>> {
    let behind = match whole.ends[0] {
        IpAddr::V4(_) => Behind { next: whole.next, at: 0, fragment: None },
        IpAddr::V6(_) => behind_extensions(&whole.bytes, whole.next, 0)?,
    };
    let len = whole.len.checked_sub(behind.at)?;
    transport(behind.next, whole.ends, whole.bytes.get(behind.at..)?, len)
}

/// Whether the packets behind this link layer can be found: the numbers that `network` knows.
pub(super) fn reads(link: u32) -> bool {
    matches!(link, 0 | 1 | 12 | 14 | 101 | 108 | 113 | 228 | 229 | 276)
}

/// The packet of IP behind the link layer.
fn network<'a>(frame: &Frame<'a>) -> Option<&'a [u8]> {
    let data = frame.data;
    match frame.link {
        // Loopback of BSD and OpenBSD: a family of four bytes.
        0 | 108 => data.get(4..),
        1 => behind_tags(data, 12),
        // Raw IP, in the numbers of several systems.
        12 | 14 | 101 | 228 | 229 => Some(data),
        // Linux cooked, both versions.
        113 => behind_tags(data, 14),
        276 => {
            let kind = u16_at(data, 0)?;
            // What a tag announces stands behind the header.
            if is_tag(kind) {
                return behind_tags(data, 22);
            }
            is_ip(kind).then(|| data.get(20..)).flatten()
        }
        _ => None,
    }
}

/// Behind an `EtherType` at this place and the VLAN tags it announces.
fn behind_tags(data: &[u8], mut at: usize) -> Option<&[u8]> {
    let mut kind = u16_at(data, at)?;
    while is_tag(kind) {
        at += 4;
        kind = u16_at(data, at)?;
    }
    is_ip(kind).then(|| data.get(at + 2..)).flatten()
}

fn is_tag(kind: u16) -> bool {
    matches!(kind, 0x8100 | 0x88A8 | 0x9100)
}

fn is_ip(kind: u16) -> bool {
    matches!(kind, 0x0800 | 0x86DD)
}

fn of_ipv4(packet: &[u8]) -> Option<FoundPacket<'_>> {
    let header = usize::from(packet.first()? & 0x0F) * 4;
    let total = usize::from(u16_at(packet, 2)?);
    if header < 20 {
        return None;
    }
    let address = |at: usize| {
        let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(IpAddr::from(Ipv4Addr::from(octets)))
    };
    // Network cards that cut segments themselves are handed packets without a length.
    let total = if total == 0 { packet.len() } else { total };
    let data = packet.get(header..packet.len().min(total))?;
    let len = total.checked_sub(header)?;
    let (protocol, ends) = (*packet.get(9)?, [address(12)?, address(16)?]);
    let (place, id) = (u16_at(packet, 6)?, u16_at(packet, 4)?.into());
    let is_part = place & 0x3FFF != 0;
    if !is_part {
        return Some(FoundPacket::Whole(transport(protocol, ends, data, len)?));
    }
    let key = FragmentKey { ends, id, protocol };
    let (offset, is_last) = (usize::from(place & 0x1FFF) * 8, place & 0x2000 == 0);
    Some(FoundPacket::Part(Fragment { key, next: protocol, offset, is_last, data, len }))
}

fn of_ipv6(packet: &[u8]) -> Option<FoundPacket<'_>> {
    let address = |at: usize| {
        let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::from(Ipv6Addr::from(octets)))
    };
    let whole = usize::from(u16_at(packet, 4)?);
    let ends = [address(8)?, address(24)?];
    let packet = packet.get(..packet.len().min(40 + whole))?;
    let Behind { next, at, fragment } = behind_extensions(packet, *packet.get(6)?, 40)?;
    let (data, len) = (packet.get(at..)?, (40 + whole).checked_sub(at)?);
    let Some(place) = fragment else {
        return Some(FoundPacket::Whole(transport(next, ends, data, len)?));
    };
    let id: [u8; 4] = packet.get(at - 4..at)?.try_into().ok()?;
    let key = FragmentKey { ends, id: u32::from_be_bytes(id), protocol: 0 };
    let (offset, is_last) = (usize::from(place & 0xFFF8), place & 1 == 0);
    Some(FoundPacket::Part(Fragment { key, next, offset, is_last, data, len }))
}

/// What stands behind headers of IPv6.
struct Behind {
    next: u8,
    at: usize,
    /// The place of the part, if it is one of several.
    fragment: Option<u16>,
}

/// Goes on from one header to the next, up to what is carried, or to a part of a datagram.
fn behind_extensions(packet: &[u8], mut next: u8, mut at: usize) -> Option<Behind> {
    for _ in 0..EXTENSIONS {
        let size = match next {
            0 | 43 | 60 => (usize::from(*packet.get(at + 1)?) + 1) * 8,
            51 => (usize::from(*packet.get(at + 1)?) + 2) * 4,
            44 => 8,
            _ => break,
        };
        let place = if next == 44 { u16_at(packet, at + 2)? } else { 0 };
        next = *packet.get(at)?;
        at += size;
        // A part that is all of it is a datagram like any other (RFC 6946).
        if place & 0xFFF9 != 0 {
            return Some(Behind { next, at, fragment: Some(place) });
        }
    }
    Some(Behind { next, at, fragment: None })
}

/// What is behind a header of TCP or UDP; `len` = as long as the whole was on the wire.
fn transport(protocol: u8, ends: [IpAddr; 2], body: &[u8], len: usize) -> Option<Carried<'_>> {
    let [from, to] = ends;
    let from = SocketAddr::new(from, u16_at(body, 0)?);
    let to = SocketAddr::new(to, u16_at(body, 2)?);
    let (header, len, transport) = match protocol {
        TCP => {
            let bytes: [u8; 4] = body.get(4..8)?.try_into().ok()?;
            let header = usize::from(body.get(12)? >> 4) * 4;
            let transport =
                Transport::Tcp { seq: u32::from_be_bytes(bytes), flags: *body.get(13)? };
            (header.max(20), len, transport)
        }
        UDP => {
            let said = usize::from(u16_at(body, 4)?);
            let len = if said < 8 { len } else { said.min(len) };
            (8, len, Transport::Udp)
        }
        _ => return None,
    };
    let len = len.checked_sub(header)?;
    let payload = body.split_at_checked(header).map_or(&[][..], |(_, payload)| payload);
    let payload = payload.get(..len).unwrap_or(payload);
    Some(Carried { from, to, transport, payload, len: len as u64 })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}
