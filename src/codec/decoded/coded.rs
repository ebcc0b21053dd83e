//! What is packed: gzip, zlib and zstd by their signatures, and what a head says is packed. What is
//! inside is unpacked as far as the bound goes, and told in turn.

use std::io::{self, ErrorKind, Read};

use bytes::Bytes;

use super::known::{DecodeHints, Known};
use super::sheet::Sheet;
use crate::codec::charset::is_text;
use crate::codec::content_coding::ContentDecoder;
use crate::model::counts::count;

/// Bytes unpacked.
const UNPACKED: u64 = 256 * 1024;

/// What is packed, by its signature.
pub(super) fn read(bytes: &[u8], _: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let (coding, title) = match bytes {
        [0x1f, 0x8b, 8, ..] => ("gzip", "gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("zstd", "zstd"),
        // Deflate as programs write it; the letter alone begins many a text.
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, _, ..] if !is_text(bytes) => ("deflate", "zlib"),
        _ => return None,
    };
    let row = sheet.next();
    let told = sheet.group(title, "", 0..bytes.len(), |sheet| {
        let told = unpack(&[coding.to_owned()], bytes, None, sheet);
        if coding == "gzip" {
            gzip_header(bytes, sheet);
        }
        told
    });
    // Two bytes are a weak sign: what cannot be unpacked was none of it.
    let told = match told {
        Ok(told) => told,
        Err(why) if coding != "deflate" => {
            sheet.flaw(why.as_str(), 0..bytes.len());
            "cannot be unpacked".to_owned()
        }
        Err(_) => return None,
    };
    sheet.say(row, told.as_str());
    Some(Known::named(format!("{title}, {told}")))
}

/// Name and time of a file that was packed (RFC 1952).
fn gzip_header(bytes: &[u8], sheet: &mut Sheet) {
    let (Some(flags), Some(time)) = (bytes.get(3), bytes.get(4..8)) else { return };
    let time = time.first_chunk().copied().map_or(0, u32::from_le_bytes);
    if time > 0
        && let Ok(at) = jiff::Timestamp::from_second(time.into())
    {
        sheet.row("packed at", at.strftime("%F %TZ").to_string(), 4..8);
    }
    if flags & 8 != 0 && flags & 4 == 0 {
        let name = bytes.get(10..).and_then(|rest| rest.split(|byte| *byte == 0).next());
        let name = name.unwrap_or_default();
        sheet.text("file name", name, 10..10 + name.len());
    }
}

/// Unpacks and tells what is inside: `1,234 bytes of JSON inside`.
///
/// # Errors
/// Nothing could be unpacked, and why.
pub(super) fn unpack(
    codings: &[String],
    bytes: &[u8],
    content_type: Option<&str>,
    sheet: &mut Sheet,
) -> Result<String, String> {
    let mut pieces = Some(Bytes::copy_from_slice(bytes)).into_iter();
    let pull = move || -> io::Result<Option<Bytes>> { Ok(pieces.next()) };
    let mut decoder = ContentDecoder::pulling(codings, pull).map_err(|error| error.to_string())?;
    let mut plain = Vec::new();
    let end = decoder.by_ref().take(UNPACKED + 1).read_to_end(&mut plain);
    let flaw = match end {
        Ok(_) => None,
        Err(error) if plain.is_empty() => return Err(error.to_string()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Some("the end of what is packed is not in this record".to_owned())
        }
        Err(error) => Some(error.to_string()),
    };
    let is_cut = plain.len() as u64 > UNPACKED;
    plain.truncate(usize::try_from(UNPACKED).unwrap_or(usize::MAX));
    let name = sheet.made_of(0..bytes.len(), |sheet| sheet.inside(&plain, content_type));
    let size = count(plain.len() as u64);
    if is_cut {
        sheet.flaw(format!("only the first {size} bytes are unpacked"), 0..bytes.len());
    }
    for why in flaw.into_iter().chain(decoder.warnings()) {
        sheet.flaw(why, 0..bytes.len());
    }
    let more = if is_cut { "more than " } else { "" };
    Ok(format!("{more}{size} bytes of {name} inside"))
}
