//! Goes through JSON that is known to be JSON, one level at a time, by its bytes: nothing of a value
//! is changed by being looked at. Shared by the makers.

use crate::codec::json_string;

/// A value as its bytes, and by what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonSlice<'a> {
    Object(&'a [u8]),
    List(&'a [u8]),
    Text(&'a [u8]),
    Other(&'a [u8]),
}

impl<'a> JsonSlice<'a> {
    /// What the bytes of one value are.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let bytes = bytes.trim_ascii();
        match bytes.first() {
            Some(b'{') => JsonSlice::Object(inner(bytes)),
            Some(b'[') => JsonSlice::List(inner(bytes)),
            Some(b'"') => JsonSlice::Text(bytes),
            _ => JsonSlice::Other(bytes),
        }
    }
}

fn inner(bytes: &[u8]) -> &[u8] {
    bytes.get(1..bytes.len().saturating_sub(1)).unwrap_or_default()
}

/// What stands between the commas of an object or list, its brackets taken off.
pub(super) fn parts(inner: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut at, mut start, mut depth) = (0, 0, 0_u32);
    while let Some(byte) = inner.get(at) {
        match byte {
            b'"' => at = string_end(inner, at).saturating_sub(1),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(inner[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    let last = inner[start..].trim_ascii();
    if !last.is_empty() || !parts.is_empty() {
        parts.push(last);
    }
    parts
}

/// A member of an object: the key with its quotes, and the value.
pub(super) fn member(part: &[u8]) -> (&[u8], &[u8]) {
    let (key, rest) = part.split_at(string_end(part, 0).min(part.len()));
    let rest = rest.trim_ascii_start();
    (key, rest.strip_prefix(b":").unwrap_or(rest).trim_ascii())
}

/// Where the string ends that begins at a byte.
fn string_end(bytes: &[u8], start: usize) -> usize {
    json_string::end(bytes, start + 1).unwrap_or(bytes.len())
}

/// What a string with its quotes stands for; as it is written where that is no text.
pub(super) fn text(quoted: &[u8]) -> String {
    serde_json::from_slice::<String>(quoted)
        .unwrap_or_else(|_| String::from_utf8_lossy(inner(quoted)).into_owned())
}
