//! One value that is hidden, and where it stands in a text, however it is spelled there.
//!
//! Found are the value itself; the value with any of its characters escaped as in URLs, forms and
//! JSON; and what base64 makes of it, wherever in the encoded text it begins.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter values are hidden only where they are a whole value: a secret `1` must not blot out
/// every 1.
const ANYWHERE: usize = 4;
/// Characters of base64 that are no chance.
const ENCODED: usize = 8;
/// What may stand before and behind a short value.
const BEFORE: &[u8] = b"=:/\"'";
const BEHIND: &[u8] = b"&;,/?#@\"'\\ \t\r\n}]>";

/// What is looked for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct HiddenValue {
    text: Vec<u8>,
    /// The text is base64 and stands for itself.
    encoded: bool,
}

impl HiddenValue {
    /// Everything to be looked for because of a value.
    pub(super) fn all_of(value: &str) -> Vec<HiddenValue> {
        let plain = |text: String| HiddenValue { text: text.into(), encoded: false };
        // A host is spelled in small letters.
        let mut needles = vec![plain(value.to_owned()), plain(value.to_lowercase())];
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = (0..3).map(|before| encoded(engine, value.as_bytes(), before));
            let long = encoded.filter(|text| text.len() >= ENCODED);
            needles.extend(long.map(|text| HiddenValue { text, encoded: true }));
        }
        needles
    }

    /// For putting the longest first.
    pub(super) fn key(&self) -> (std::cmp::Reverse<usize>, &[u8], bool) {
        (std::cmp::Reverse(self.text.len()), &self.text, self.encoded)
    }

    /// Where it stands, in order and without overlap.
    pub(super) fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let starts = memchr::memmem::find_iter(bytes, &self.text);
        let mut found: Vec<_> = starts.map(|at| at..at + self.text.len()).collect();
        if self.encoded {
            return found.into_iter().map(|range| with_edges(bytes, range)).collect();
        }
        self.find_escaped(bytes, &mut found);
        if self.text.len() < ANYWHERE {
            found.retain(|range| is_whole_value(bytes, range));
        }
        found.sort_by_key(|range| range.start);
        let mut end = 0;
        found.retain(|range| {
            let is_new = range.start >= end;
            end = end.max(range.end);
            is_new
        });
        found
    }

    /// Where one of its characters at least is escaped: looks around each escape.
    fn find_escaped(&self, bytes: &[u8], found: &mut Vec<Range<usize>>) {
        let plus = if self.text.contains(&b' ') { b'+' } else { b'%' };
        let mut from = 0;
        for at in memchr::memchr3_iter(b'%', b'\\', plus, bytes) {
            let Some((meant, used)) = unescaped(bytes, at).filter(|_| at >= from) else { continue };
            let Some(first) = meant.as_bytes().first() else { continue };
            for before in memchr::memchr_iter(*first, &self.text) {
                let (begin, rest) = self.text.split_at_checked(before).unwrap_or_default();
                let start = at.saturating_sub(before).max(from);
                let rest = rest.strip_prefix(meant.as_bytes());
                if bytes.get(start..at) == Some(begin)
                    && let Some(end) = rest.and_then(|rest| end_of(bytes, at + used, rest))
                {
                    found.push(start..end);
                    from = end;
                    break;
                }
            }
        }
    }
}

/// The end of a text that begins here, in whatever spelling.
fn end_of(bytes: &[u8], mut at: usize, mut rest: &[u8]) -> Option<usize> {
    while let Some((first, others)) = rest.split_first() {
        let escaped = unescaped(bytes, at)
            .and_then(|(meant, used)| Some((rest.strip_prefix(meant.as_bytes())?, used)));
        if let Some((left, used)) = escaped {
            (rest, at) = (left, at + used);
        } else if bytes.get(at) == Some(first) {
            (rest, at) = (others, at + 1);
        } else {
            return None;
        }
    }
    Some(at)
}

/// What an escape means, and how long it is.
struct Meant {
    bytes: [u8; 4],
    len: usize,
}

impl Meant {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn byte(byte: u8) -> Self {
        Meant { bytes: [byte, 0, 0, 0], len: 1 }
    }
}

/// An escape of URLs and forms (`%2F`, `+`) or of JSON (`\"`, `\u00e9`) at this place.
fn unescaped(bytes: &[u8], at: usize) -> Option<(Meant, usize)> {
    let number = |from: usize, count: usize| {
        let digits = std::str::from_utf8(bytes.get(from..from + count)?).ok()?;
        u32::from_str_radix(digits, 16).ok()
    };
    match (bytes.get(at)?, bytes.get(at + 1)) {
        (b'+', _) => Some((Meant::byte(b' '), 1)),
        (b'%', _) => Some((Meant::byte(number(at + 1, 2)? as u8), 3)),
        (b'\\', Some(b'u')) => {
            let mut buffer = [0; 4];
            let len = char::from_u32(number(at + 2, 4)?)?.encode_utf8(&mut buffer).len();
            Some((Meant { bytes: buffer, len }, 6))
        }
        (b'\\', Some(next)) => {
            let byte = match next {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'"' | b'\\' | b'/' => *next,
                _ => return None,
            };
            Some((Meant::byte(byte), 2))
        }
        _ => None,
    }
}

/// The characters of base64 that follow from these bytes alone when so many are before them.
fn encoded(engine: &GeneralPurpose, value: &[u8], before: usize) -> Vec<u8> {
    let text = engine.encode([&vec![0; before], value].concat()).into_bytes();
    let (start, end) = ((before * 8).div_ceil(6), (before + value.len()) * 8 / 6);
    text.get(start..end).unwrap_or_default().to_vec()
}

/// With the characters before and behind, which hold some bits of the value, and the padding.
fn with_edges(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let is_part = |at: usize| {
        bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte))
    };
    let start = range.start.checked_sub(1).filter(|at| is_part(*at)).unwrap_or(range.start);
    let mut end = range.end + usize::from(is_part(range.end));
    while bytes.get(end) == Some(&b'=') {
        end += 1;
    }
    start..end
}

/// `key=VALUE&`, `"key":"VALUE"`, `/VALUE/`, `:VALUE@`: not the 1 in `HTTP/1.1`.
fn is_whole_value(bytes: &[u8], range: &Range<usize>) -> bool {
    let (before, behind) = (bytes.get(..range.start).unwrap_or_default(), bytes.get(range.end));
    let is_begun = before.last().is_some_and(|byte| BEFORE.contains(byte));
    (is_begun || before.ends_with(b": ")) && behind.is_none_or(|byte| BEHIND.contains(byte))
}
