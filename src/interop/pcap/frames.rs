//! Frames of a capture file, pcap and pcapng, of any byte order (draft-ietf-opsawg-pcap,
//! draft-ietf-opsawg-pcapng).
//!
//! Called by the reader with bytes in any pieces. What is unknown is skipped, what is broken ends it
//! with the place: frames before it stand.

use std::sync::Arc;

use bytes::Bytes;

use super::CaptureFault;
use super::drops::Drops;
use crate::model::capture_origin::{CaptureInterface, CaptureSecrets};
use crate::model::timing::Stamp;

/// Longest block or frame that is believed; others are a broken length.
const LONGEST: usize = 64 * 1024 * 1024;
/// Interfaces of a section that are remembered.
const INTERFACES: usize = 65_536;
/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// Longest text of an interface that is kept.
const LONGEST_NAME: usize = 1024;

const SECTION: u32 = 0x0A0D_0D0A;
/// Decryption Secrets Block.
const SECRETS: u32 = 10;

/// A packet as it was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Nanoseconds since the Unix epoch; `None` = the file does not say.
    pub at: Option<u64>,
    /// What it begins with: a `LINKTYPE_` number.
    pub link: u32,
    pub data: &'a [u8],
    /// Its length on the wire, as the file says.
    pub len: u64,
    /// Whether it went out from whoever captured it; `None` = not said.
    pub is_outbound: Option<bool>,
    /// Which section of the file it is in, the first being 0.
    pub(super) section: u32,
    /// What it was captured on, where the file says so.
    pub(super) interface: Option<Arc<CaptureInterface>>,
    /// Packets that were lost before it, since the one before on its interface: by who captured, by the system.
    pub(super) dropped: [u64; 2],
    options: PacketOptions<'a>,
}

/// The options of a packet, as they are in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PacketOptions<'a> {
    order: Order,
    bytes: &'a [u8],
}

impl PacketOptions<'_> {
    const NONE: Self = PacketOptions { order: Order::Little, bytes: &[] };
}

impl<'a> Frame<'a> {
    /// What its comments say.
    pub(super) fn comments(&self) -> impl Iterator<Item = &'a [u8]> {
        let PacketOptions { order, bytes } = self.options;
        let options = Options { order, rest: bytes };
        options.filter(|(code, _)| *code == 1).map(|(_, value)| value)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(match self {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
        Some(match self {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }
}

/// What an interface says of its packets.
#[derive(Debug, Clone)]
struct LinkFacts {
    interface: Arc<CaptureInterface>,
    link: u32,
    snaplen: u32,
    /// Units of a second.
    resolution: u64,
    /// Seconds to be added.
    offset: i64,
}

/// What the head of a pcap file says.
#[derive(Debug, Clone, Copy)]
struct ClassicFacts {
    order: Order,
    link: u32,
    /// Nanoseconds of the smaller unit of its times.
    unit: u64,
}

#[derive(Debug)]
enum Format {
    Unknown,
    Classic(ClassicFacts),
    Blocks { order: Order, interfaces: Vec<LinkFacts> },
}

/// Takes frames out of bytes that come in pieces.
#[derive(Debug)]
pub(super) struct FrameReader {
    format: Format,
    /// Sections that began; each has its own interfaces, and may be a capture of its own.
    sections: u32,
    /// Interfaces of all sections.
    interfaces: u32,
    /// Secrets that were not taken yet.
    pub(super) secrets: Vec<CaptureSecrets>,
    pub(super) drops: Drops,
    /// Bytes taken before those that wait.
    pub(super) taken: u64,
}

/// What the first bytes that wait are.
enum Piece {
    /// More are needed.
    Short,
    /// So many of them were no frame.
    Skipped(usize),
}

impl FrameReader {
    /// At the first byte of a file.
    pub(super) fn new() -> Self {
        FrameReader {
            format: Format::Unknown,
            sections: 0,
            interfaces: 0,
            secrets: Vec::new(),
            drops: Drops::default(),
            taken: 0,
        }
    }

    /// Hands out the frames at the beginning of `bytes`; returns how many bytes they were.
    pub(super) fn take<'a>(
        &mut self,
        bytes: &'a [u8],
        each: &mut dyn FnMut(Frame<'a>),
    ) -> Result<usize, CaptureFault> {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            match self.piece(rest, each).map_err(|cause| CaptureFault { at: self.taken, cause })? {
                Piece::Short => return Ok(at),
                Piece::Skipped(len) => {
                    at += len;
                    self.taken += len as u64;
                }
            }
        }
    }

    fn piece<'a>(
        &mut self,
        rest: &'a [u8],
        each: &mut dyn FnMut(Frame<'a>),
    ) -> Result<Piece, String> {
        match &mut self.format {
            Format::Unknown => self.begin(rest),
            Format::Classic(facts) => classic(rest, *facts, each),
            Format::Blocks { .. } => self.block(rest, each),
        }
    }

    /// Tells the format by its first bytes.
    fn begin(&mut self, rest: &[u8]) -> Result<Piece, String> {
        let Some(magic) = Order::Big.u32(rest, 0) else { return Ok(Piece::Short) };
        if magic == SECTION {
            self.format = Format::Blocks { order: Order::Little, interfaces: Vec::new() };
            return Ok(Piece::Skipped(0));
        }
        let (order, unit) = match magic {
            0xA1B2_C3D4 => (Order::Big, 1000),
            0xD4C3_B2A1 => (Order::Little, 1000),
            0xA1B2_3C4D => (Order::Big, 1),
            0x4D3C_B2A1 => (Order::Little, 1),
            _ => return Err(packed(magic)),
        };
        let Some(link) = order.u32(rest, 20) else { return Ok(Piece::Short) };
        // The upper half says how long a checksum behind each frame is.
        self.format = Format::Classic(ClassicFacts { order, link: link & 0xFFFF, unit });
        Ok(Piece::Skipped(24))
    }

    fn block<'a>(
        &mut self,
        rest: &'a [u8],
        each: &mut dyn FnMut(Frame<'a>),
    ) -> Result<Piece, String> {
        let Format::Blocks { order, interfaces } = &mut self.format else {
            return Ok(Piece::Short);
        };
        let Some(kind) = order.u32(rest, 0) else { return Ok(Piece::Short) };
        if kind == SECTION {
            let Some(magic) = Order::Big.u32(rest, 8) else { return Ok(Piece::Short) };
            *order = match magic {
                0x1A2B_3C4D => Order::Big,
                0x4D3C_2B1A => Order::Little,
                _ => return Err("the section has no byte order".into()),
            };
            interfaces.clear();
        }
        let Some(len) = order.u32(rest, 4) else { return Ok(Piece::Short) };
        let len = len as usize;
        if !(12..=LONGEST).contains(&len) || !len.is_multiple_of(4) {
            return Err(format!("a block of {len} bytes cannot be"));
        }
        let Some(block) = rest.get(..len) else { return Ok(Piece::Short) };
        if order.u32(block, len - 4) != Some(len as u32) {
            return Err("the lengths at both ends of a block differ".into());
        }
        let body = &block[8..len - 4];
        let order = *order;
        match kind {
            SECTION if order.u16(body, 4) != Some(1) => {
                return Err("a section of this version is not known".into());
            }
            SECTION => {
                self.sections += 1;
                if let Some(rest) = body.get(16..) {
                    self.drops.begin(Options { order, rest });
                }
            }
            1 if interfaces.len() < INTERFACES => {
                let facts = interface(order, body, self.interfaces);
                interfaces.push(facts.ok_or("an interface is cut off")?);
                self.interfaces = self.interfaces.saturating_add(1);
            }
            SECRETS => self.secrets.extend(secrets(order, body)),
            5 => {
                if let (Some(of), Some(rest)) = (order.u32(body, 0), body.get(12..)) {
                    let said = Options { order, rest };
                    let said = said.map(|(code, value)| (code, order.u64(value, 0)));
                    self.drops.learn((self.sections, of), said);
                }
            }
            6 | 2 | 3 => {
                let section = self.sections.saturating_sub(1);
                let (of, frame) = packet(order, kind, body, interfaces)?;
                let dropped =
                    self.drops.packet((self.sections, of), frame.dropped, frame.comments());
                each(Frame { section, dropped, ..frame });
            }
            _ => {}
        }
        Ok(Piece::Skipped(len))
    }
}

/// A frame of a pcap file.
fn classic<'a>(
    rest: &'a [u8],
    facts: ClassicFacts,
    each: &mut dyn FnMut(Frame<'a>),
) -> Result<Piece, String> {
    let ClassicFacts { order, link, unit } = facts;
    let numbers = [0, 4, 8, 12].map(|at| order.u32(rest, at));
    let [Some(seconds), Some(units), Some(captured), Some(len)] = numbers else {
        return Ok(Piece::Short);
    };
    let captured = captured as usize;
    if captured > LONGEST {
        return Err(format!("a frame of {captured} bytes cannot be"));
    }
    let Some(data) = rest.get(16..16 + captured) else { return Ok(Piece::Short) };
    let at = u64::from(seconds) * SECOND + u64::from(units) * unit;
    let options = PacketOptions::NONE;
    let (len, is_outbound, section) = (len.into(), None, 0);
    let (interface, dropped) = (None, [0; 2]);
    each(Frame {
        at: Some(at),
        link,
        data,
        len,
        is_outbound,
        section,
        interface,
        dropped,
        options,
    });
    Ok(Piece::Skipped(16 + captured))
}

/// Whether these few bytes can be the first of a capture.
pub(super) fn may_begin(first: &[u8]) -> bool {
    let magics: [u32; 5] = [SECTION, 0xA1B2_C3D4, 0xD4C3_B2A1, 0xA1B2_3C4D, 0x4D3C_B2A1];
    magics.iter().any(|magic| {
        let all = magic.to_be_bytes();
        let known = first.len().min(all.len());
        all[..known] == first[..known]
    })
}

/// What a file is that begins so and is no capture; who packs one is told to unpack it.
fn packed(magic: u32) -> String {
    let by = match magic {
        0x1F8B_0000..=0x1F8B_FFFF => "gzip",
        0x28B5_2FFD => "zstd",
        0x0422_4D18 => "lz4",
        0xFD37_7A58 => "xz",
        0x425A_6800..=0x425A_68FF => "bzip2",
        0x504B_0304 => "zip",
        _ => return "it is neither pcap nor pcapng".into(),
    };
    format!("it is packed by {by}; unpack it first")
}

/// What a block says of an interface, the `number`th of the file.
fn interface(order: Order, body: &[u8], number: u32) -> Option<LinkFacts> {
    let (link, snaplen) = (order.u16(body, 0)?.into(), order.u32(body, 4)?);
    let text = |wanted: u16| {
        let mut options = Options { order, rest: body.get(8..)? };
        let (_, text) = options.find(|(code, _)| *code == wanted)?;
        let text = text.get(..LONGEST_NAME).unwrap_or(text);
        Some(String::from_utf8_lossy(text).into_owned())
    };
    let named = CaptureInterface { number, name: text(2), description: text(3) };
    let interface = Arc::new(named);
    let mut facts = LinkFacts { interface, link, snaplen, resolution: 1_000_000, offset: 0 };
    let options = Options { order, rest: body.get(8..)? };
    for (code, value) in options {
        match (code, value) {
            (9, [power]) if power & 0x80 == 0 => {
                facts.resolution = 10_u64.checked_pow((*power).into()).unwrap_or(u64::MAX);
            }
            (9, [power]) => {
                let power = u32::from(power & 0x7F);
                facts.resolution = 1_u64.checked_shl(power).unwrap_or(u64::MAX);
            }
            (14, value) if value.len() == 8 => {
                let halves = (order.u32(value, 0)?, order.u32(value, 4)?);
                let (high, low) = match order {
                    Order::Little => (halves.1, halves.0),
                    Order::Big => halves,
                };
                facts.offset = (u64::from(high) << 32 | u64::from(low)).cast_signed();
            }
            _ => {}
        }
    }
    Some(facts)
}

/// Secrets of a block: what they are, how long, and they.
fn secrets(order: Order, body: &[u8]) -> Option<CaptureSecrets> {
    let (kind, len) = (order.u32(body, 0)?, order.u32(body, 4)? as usize);
    let data = Bytes::copy_from_slice(body.get(8..)?.get(..len)?);
    Some(CaptureSecrets { kind, data })
}

/// A packet of an Enhanced (6), obsolete (2) or Simple Packet Block (3).
fn packet<'a>(
    order: Order,
    kind: u32,
    body: &'a [u8],
    interfaces: &[LinkFacts],
) -> Result<(u32, Frame<'a>), String> {
    let number = |at| order.u32(body, at).ok_or("a packet is cut off");
    let of = match kind {
        6 => number(0)?,
        2 => order.u16(body, 0).ok_or("a packet is cut off")?.into(),
        _ => 0,
    };
    let facts = interfaces.get(of as usize);
    let facts =
        facts.ok_or_else(|| format!("a packet is of interface {of}, which is not there"))?;
    if kind == 3 {
        let len = number(0)?;
        let most = if facts.snaplen == 0 { len } else { len.min(facts.snaplen) };
        let data = &body[4..];
        let data = data.get(..most as usize).unwrap_or(data);
        let (len, options) = (len.into(), PacketOptions::NONE);
        let (link, is_outbound, section, dropped) = (facts.link, None, 0, [0; 2]);
        let interface = Some(Arc::clone(&facts.interface));
        let frame =
            Frame { at: None, link, data, len, is_outbound, section, interface, dropped, options };
        return Ok((of, frame));
    }
    let units = u64::from(number(4)?) << 32 | u64::from(number(8)?);
    let (captured, len) = (number(12)? as usize, number(16)?);
    let data = body.get(20..).and_then(|rest| rest.get(..captured));
    let data = data.ok_or("a packet is longer than its block")?;
    let padded = captured.div_ceil(4) * 4;
    let rest = &body[20 + padded..];
    let said = |wanted: u16| {
        let mut options = Options { order, rest };
        options.find(|(code, _)| kind == 6 && *code == wanted).map(|(_, value)| value)
    };
    let flags = said(2).and_then(|value| order.u32(value, 0)).unwrap_or(0);
    let dropped = match kind {
        // What it does not know, the older kind of packet says so.
        2 => order.u16(body, 2).filter(|count| *count != u16::MAX).map_or(0, u64::from),
        _ => said(4).and_then(|value| order.u64(value, 0)).unwrap_or(0),
    };
    let is_outbound = match flags & 3 {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    };
    let frame = Frame {
        at: Some(time(units, facts)),
        link: facts.link,
        data,
        len: len.into(),
        is_outbound,
        section: 0,
        interface: Some(Arc::clone(&facts.interface)),
        dropped: [0, dropped],
        options: PacketOptions { order, bytes: if kind == 6 { rest } else { &[] } },
    };
    Ok((of, frame))
}

/// Units of an interface in nanoseconds since the epoch.
fn time(units: u64, facts: &LinkFacts) -> u64 {
    let resolution = u128::from(facts.resolution.max(1));
    let nanos = u128::from(units) * u128::from(SECOND) / resolution;
    let offset = i128::from(facts.offset) * i128::from(SECOND);
    Stamp::nearest(i128::try_from(nanos).unwrap_or(i128::MAX).saturating_add(offset)).0
}

/// The options of a block.
struct Options<'a> {
    order: Order,
    rest: &'a [u8],
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (code, len): (u16, u16) =
            (self.order.u16(self.rest, 0)?, self.order.u16(self.rest, 2)?);
        let value = self.rest.get(4..4 + usize::from(len)).filter(|_| code != 0)?;
        let padded = 4 + usize::from(len).div_ceil(4) * 4;
        self.rest = &self.rest[padded..];
        Some((code, value))
    }
}
