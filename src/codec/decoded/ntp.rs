//! NTP and SNTP (RFC 5905), where a port says so.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use super::binary::Cut;
use super::known::{DecodeHints, Known};
use super::sheet::Sheet;

const PORTS: &[u16] = &[123];
/// Bytes of a message without what may follow it.
const LENGTH: usize = 48;
/// Seconds from 1900 to 1970.
const SINCE_1900: i64 = 2_208_988_800;

const MODES: &[&str] = &[
    "reserved",
    "symmetric active",
    "symmetric passive",
    "client",
    "server",
    "broadcast",
    "control",
    "private",
];
const LEAPS: &[&str] =
    &["no leap second", "last minute has 61 s", "last minute has 59 s", "not synchronised"];

/// A message of NTP.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    if !hints.datagrams || !hints.is_at(PORTS) || bytes.len() < LENGTH {
        return None;
    }
    let mut cut = Cut::new(bytes);
    let first = cut.u8()?;
    let (leap, version, mode) = (first >> 6, first >> 3 & 7, first & 7);
    if !(1..=4).contains(&version) || mode == 0 || mode > 5 {
        return None;
    }
    let mode_name = MODES.get(usize::from(mode))?;
    sheet.row("leap", *LEAPS.get(usize::from(leap))?, 0..1);
    sheet.row("version", version.to_string(), 0..1);
    sheet.row("mode", format!("{mode} {mode_name}"), 0..1);
    let stratum = cut.u8()?;
    sheet.row("stratum", format!("{stratum}{}", stratum_words(stratum)), 1..2);
    let poll = cut.u8()?.cast_signed();
    sheet.row("poll", format!("2^{poll} s"), 2..3);
    let precision = cut.u8()?.cast_signed();
    sheet.row("precision", format!("2^{precision} s"), 3..4);
    sheet.row("root delay", short(cut.u32()?), 4..8);
    sheet.row("root dispersion", short(cut.u32()?), 8..12);
    let reference = cut.u32()?;
    sheet.row("reference", reference_words(stratum, reference), 12..16);
    let labels = ["reference time", "origin time", "receive time", "transmit time"];
    let mut last = String::new();
    for (at, label) in labels.iter().enumerate() {
        last = moment(cut.u64()?);
        sheet.row(*label, last.as_str(), 16 + 8 * at..24 + 8 * at);
    }
    let (rest, range) = cut.rest();
    if !rest.is_empty() {
        sheet.bytes("more", rest, range);
    }
    let name = format!("NTP {mode_name}");
    let at = if mode == 4 { format!("stratum {stratum} {last}") } else { String::new() };
    Some(Known::told(name, &at))
}

fn stratum_words(stratum: u8) -> &'static str {
    match stratum {
        0 => " unspecified",
        1 => " primary",
        2..=15 => " secondary",
        16 => " not synchronised",
        17.. => " reserved",
    }
}

/// A clock in letters, a reason to go away, or the address of a server.
fn reference_words(stratum: u8, reference: u32) -> String {
    let bytes = reference.to_be_bytes();
    if stratum > 1 {
        return Ipv4Addr::from(reference).to_string();
    }
    let letters = bytes.iter().take_while(|byte| **byte != 0);
    letters.map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect()
}

/// Seconds in 16 bits, and parts of one in as many.
fn short(value: u32) -> String {
    format!("{:.6} s", f64::from(value) / 65536.0)
}

fn moment(value: u64) -> String {
    if value == 0 {
        return "not set".to_owned();
    }
    let seconds = (value >> 32).cast_signed();
    // From 2036 on the count begins anew (RFC 4330, section 3).
    let era = if seconds < 1 << 31 { 1 << 32 } else { 0 };
    let nanos = (u128::from(value & 0xffff_ffff) * 1_000_000_000) >> 32;
    let nanos = i32::try_from(nanos).unwrap_or(0);
    let at = Timestamp::new(seconds + era - SINCE_1900, nanos);
    at.map_or_else(|_| "no time".to_owned(), |at| at.strftime("%F %T%.6fZ").to_string())
}
