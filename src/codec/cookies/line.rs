//! What a `Set-Cookie` line says (RFC 6265bis, section 5.6): nothing of it is judged here but what makes it unreadable.

use super::date;
use crate::model::cookie::SameSite;

/// Bytes of name and value together, at most.
const NAME_AND_VALUE: usize = 4096;
/// Bytes of the value of an attribute, at most; a longer one is passed over.
const ATTRIBUTE: usize = 1024;
/// The longest life of a cookie, in seconds: 400 days.
const LIFE: i64 = 400 * 24 * 60 * 60;

/// A line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CookieLine<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    /// When it is over: what `Max-Age` says goes before `Expires`.
    pub(super) expires: Option<i64>,
    /// What the last `Domain` says, without the point in front.
    pub(super) domain: &'a [u8],
    /// What the last `Path` says, where it begins with `/`.
    pub(super) path: Option<&'a [u8]>,
    pub(super) is_secure: bool,
    pub(super) is_http_only: bool,
    pub(super) same_site: SameSite,
    /// What of it is passed over, in words.
    pub(super) remarks: Vec<&'static str>,
}

/// Takes a line apart.
///
/// # Errors
/// Why it is no cookie, in words.
pub(super) fn read(text: &[u8], now: i64) -> Result<CookieLine<'_>, &'static str> {
    if text.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err("it holds a control character");
    }
    let mut parts = text.split(|byte| *byte == b';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = halves(pair);
    let (name, value) = value.map_or((&b""[..], name), |value| (name, value));
    if name.is_empty() && value.is_empty() {
        return Err("it has neither a name nor a value");
    }
    if name.len() + value.len() > NAME_AND_VALUE {
        return Err("its name and value have more than 4,096 bytes");
    }
    let mut line = CookieLine { name, value, ..CookieLine::default() };
    let (mut by_age, mut by_date) = (None, None);
    for part in parts {
        let (attribute, value) = halves(part);
        let value = value.unwrap_or_default();
        if value.len() > ATTRIBUTE {
            line.remarks.push("an attribute of more than 1,024 bytes is passed over");
            continue;
        }
        match attribute.to_ascii_lowercase().as_slice() {
            b"expires" => match date::read(value) {
                Some(at) => by_date = Some(at.min(now.saturating_add(LIFE))),
                None => line.remarks.push("its Expires is no date"),
            },
            b"max-age" => match age(value) {
                Some(age) if age <= 0 => by_age = Some(i64::MIN),
                Some(age) => by_age = Some(now.saturating_add(age.min(LIFE))),
                None => line.remarks.push("its Max-Age is no number"),
            },
            b"domain" => line.domain = value.strip_prefix(b".").unwrap_or(value),
            b"path" => line.path = Some(value).filter(|path| path.starts_with(b"/")),
            b"secure" => line.is_secure = true,
            b"httponly" => line.is_http_only = true,
            b"samesite" => line.same_site = same_site(value),
            _ => {}
        }
    }
    line.expires = by_age.or(by_date);
    Ok(line)
}

/// Before the first `=` and behind it, without the space around.
fn halves(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == b'=') {
        None => (trimmed(text), None),
        Some(at) => {
            let (name, value) = text.split_at(at);
            (trimmed(name), value.split_first().map(|(_, value)| trimmed(value)))
        }
    }
}

fn trimmed(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(start, |at| at + 1);
    text.split_at(end).0.split_at(start).1
}

/// A number of seconds; more than fit are as many as fit.
fn age(value: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    let are_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = digits.iter().fold(0_i64, |sum, digit| {
        sum.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0')))
    });
    are_digits.then_some(if is_negative { -number } else { number })
}

fn same_site(value: &[u8]) -> SameSite {
    let word = std::str::from_utf8(value).unwrap_or_default();
    word.parse().unwrap_or_default()
}
