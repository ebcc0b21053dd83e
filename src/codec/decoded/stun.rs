//! STUN (RFC 8489), with what TURN (RFC 8656) and ICE (RFC 8445) add.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::binary::Cut;
use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, digits};
use crate::model::counts::counted_are;

/// Says that it is STUN.
const COOKIE: u32 = 0x2112_a442;
/// Bytes of a header.
const HEADER: usize = 20;

const METHODS: &[(u16, &str)] = &[
    (1, "binding"),
    (3, "allocate"),
    (4, "refresh"),
    (6, "send"),
    (7, "data"),
    (8, "create permission"),
    (9, "channel bind"),
];
const CLASSES: &[&str] = &["request", "indication", "success", "error"];
const ATTRIBUTES: &[(u16, &str)] = &[
    (0x0001, "MAPPED-ADDRESS"),
    (0x0006, "USERNAME"),
    (0x0008, "MESSAGE-INTEGRITY"),
    (0x0009, "ERROR-CODE"),
    (0x000a, "UNKNOWN-ATTRIBUTES"),
    (0x000c, "CHANNEL-NUMBER"),
    (0x000d, "LIFETIME"),
    (0x0012, "XOR-PEER-ADDRESS"),
    (0x0013, "DATA"),
    (0x0014, "REALM"),
    (0x0015, "NONCE"),
    (0x0016, "XOR-RELAYED-ADDRESS"),
    (0x0019, "REQUESTED-TRANSPORT"),
    (0x001c, "MESSAGE-INTEGRITY-SHA256"),
    (0x0020, "XOR-MAPPED-ADDRESS"),
    (0x0024, "PRIORITY"),
    (0x0025, "USE-CANDIDATE"),
    (0x8022, "SOFTWARE"),
    (0x8023, "ALTERNATE-SERVER"),
    (0x8028, "FINGERPRINT"),
    (0x8029, "ICE-CONTROLLED"),
    (0x802a, "ICE-CONTROLLING"),
];

/// A message of STUN.
pub(super) fn read(bytes: &[u8], _: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let mut cut = Cut::new(bytes);
    let (kind, length, cookie) = (cut.u16()?, usize::from(cut.u16()?), cut.u32()?);
    let (id, id_at) = cut.take(12)?;
    if cookie != COOKIE || kind >> 14 != 0 || length % 4 != 0 {
        return None;
    }
    let class = usize::from(kind >> 4 & 1 | kind >> 7 & 2);
    let method = kind & 0xf | kind >> 1 & 0x70 | kind >> 2 & 0xf80;
    let class = CLASSES.get(class)?;
    let known = METHODS.iter().find(|(number, _)| *number == method);
    let method = known.map_or_else(|| format!("method {method}"), |(_, name)| (*name).to_owned());
    sheet.row("type", format!("{kind:#06x} {method} {class}"), 0..2);
    sheet.row("length", length.to_string(), 2..4);
    sheet.row("cookie", format!("{cookie:#010x}"), 4..8);
    sheet.row("transaction", digits(id), id_at);
    let mut told = String::new();
    while cut.left() > 0 && !sheet.is_full() && cut.at < HEADER + length {
        let Some(more) = attribute(&mut cut, id, sheet) else {
            sheet.flaw("the attribute is cut off", cut.at..bytes.len());
            break;
        };
        if told.is_empty() {
            told = more;
        }
    }
    if bytes.len() < HEADER + length {
        let missing = HEADER + length - bytes.len();
        sheet.flaw(
            format!("{} missing", counted_are(missing as u64, "byte")),
            bytes.len()..bytes.len(),
        );
    }
    Some(Known::told(format!("STUN {method} {class}"), &told))
}

/// Tells an attribute; gives what is worth telling in one line.
fn attribute(cut: &mut Cut<'_>, id: &[u8], sheet: &mut Sheet) -> Option<String> {
    let (start, mut ahead) = (cut.at, *cut);
    let (kind, length) = (ahead.u16()?, usize::from(ahead.u16()?));
    let (value, range) = ahead.take(length)?;
    // Filled up to four bytes.
    ahead.take((4 - length % 4) % 4);
    *cut = ahead;
    let known = ATTRIBUTES.iter().find(|(number, _)| *number == kind);
    let label = known.map_or_else(|| format!("{kind:#06x}"), |(_, name)| (*name).to_owned());
    let number = value.first_chunk().copied().map(u32::from_be_bytes);
    let (told, in_line) = match kind {
        0x0001 | 0x8023 => (address(value, None), true),
        0x0012 | 0x0016 | 0x0020 => (address(value, Some(id)), true),
        0x0006 | 0x0014 | 0x0015 | 0x8022 => {
            (Some(String::from_utf8_lossy(value).into_owned()), false)
        }
        0x0009 => (error(value), true),
        0x000d => (number.map(|seconds| format!("{seconds} s")), false),
        0x0024 => (number.map(|it| it.to_string()), false),
        _ => (None, false),
    };
    let told = told.unwrap_or_else(|| digits(value));
    sheet.row(label, told.as_str(), start..range.end);
    Some(if in_line { told } else { String::new() })
}

/// `401 Unauthorized`
fn error(value: &[u8]) -> Option<String> {
    let (class, number) = (value.get(2)? & 7, value.get(3)?);
    let reason = String::from_utf8_lossy(value.get(4..)?);
    Some(format!("{class}{number:02} {reason}"))
}

/// An address, hidden from clever routers by cookie and transaction.
fn address(value: &[u8], hidden: Option<&[u8]>) -> Option<String> {
    let mut cut = Cut::new(value);
    let (_, family, port) = (cut.u8()?, cut.u8()?, cut.u16()?);
    let mut mask = COOKIE.to_be_bytes().to_vec();
    mask.extend_from_slice(hidden.unwrap_or_default());
    let is_hidden = hidden.is_some();
    let port = if is_hidden { port ^ (COOKIE >> 16) as u16 } else { port };
    let (bytes, _) = cut.rest();
    let plain = bytes.iter().zip(mask.iter().chain(std::iter::repeat(&0)));
    let plain: Vec<u8> =
        plain.map(|(byte, mask)| if is_hidden { byte ^ mask } else { *byte }).collect();
    let address: IpAddr = match family {
        1 => Ipv4Addr::from(*plain.first_chunk::<4>()?).into(),
        2 => Ipv6Addr::from(*plain.first_chunk::<16>()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(address, port).to_string())
}
