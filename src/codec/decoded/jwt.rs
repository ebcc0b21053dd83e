//! JSON Web Tokens (RFC 7519) in text: what header and claims say. Nobody checks the signature here, and
//! the rows say so.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::known::{DecodeHints, Known};
use super::sheet::Sheet;
use crate::model::counts::counted;

/// How a token begins: the first bytes of a JSON object in base64.
const BEGINS: &[u8] = b"eyJ";
/// Bytes of a token.
const TOKEN: usize = 16 * 1024;
/// Bytes of text that are looked through for one.
const SEARCHED: usize = 64 * 1024;
/// Letters of a block of base64 from which on it is no word.
const BLOCK: usize = 24;

/// A text that is a token, or that has one in a line of its own or behind a word.
pub(super) fn read(bytes: &[u8], _: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let text = bytes.get(..SEARCHED).unwrap_or(bytes);
    let mut known = None;
    for start in memchr::memmem::find_iter(text, BEGINS).take(20) {
        let is_begun = start == 0 || !is_letter(text[start - 1]);
        if is_begun && known.is_none() {
            known = token(text, start, sheet);
        }
    }
    known.or_else(|| block(bytes, sheet))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn token(text: &[u8], start: usize, sheet: &mut Sheet) -> Option<Known> {
    let rest = text.get(start..)?;
    let length = rest.iter().position(|byte| !is_letter(*byte) && *byte != b'.');
    let token = rest.get(..length.unwrap_or(rest.len()).min(TOKEN))?;
    let mut parts = token.split(|byte| *byte == b'.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let read = |part: &[u8]| URL_SAFE_NO_PAD.decode(part).ok();
    let told = read(header).filter(|it| it.starts_with(b"{") && it.ends_with(b"}"))?;
    let claims_at = start + header.len() + 1;
    let signature_at = claims_at + claims.len() + 1;
    put("header", &told, start..start + header.len(), sheet);
    match read(claims) {
        Some(plain) => put("claims", &plain, claims_at..claims_at + claims.len(), sheet),
        None => sheet.flaw("the claims are no base64", claims_at..claims_at + claims.len()),
    }
    let at = signature_at..signature_at + signature.len();
    sheet.row("signature", format!("{} letters, not verified", signature.len()), at);
    Some(Known::named("JSON Web Token, not verified"))
}

fn put(label: &str, plain: &[u8], at: Range<usize>, sheet: &mut Sheet) {
    sheet.group(label, "", at.clone(), |sheet| {
        sheet.made_of(at, |sheet| sheet.inside(plain, Some("application/json")));
    });
}

/// A text that is nothing but base64, with what is inside.
fn block(bytes: &[u8], sheet: &mut Sheet) -> Option<Known> {
    let solid: Vec<u8> = bytes.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let has_both =
        solid.iter().any(u8::is_ascii_uppercase) && solid.iter().any(u8::is_ascii_lowercase);
    if solid.len() < BLOCK
        || !solid.len().is_multiple_of(4)
        || !has_both
        || !solid.iter().all(is_sign)
    {
        return None;
    }
    let plain = STANDARD.decode(&solid).ok()?;
    let (row, whole) = (sheet.next(), 0..bytes.len());
    let name = sheet.group("base64", "", whole.clone(), |sheet| {
        sheet.made_of(whole, |sheet| sheet.inside(&plain, None))
    });
    // Letters that happen to be base64 make noise; what makes sense was meant.
    if name == "data" {
        return None;
    }
    let told = format!("{} of {name} inside", counted(plain.len() as u64, "byte"));
    sheet.say(row, told.as_str());
    Some(Known::named(format!("base64, {told}")))
}
