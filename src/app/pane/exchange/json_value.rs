//! A value of JSON as text for the clipboard, from the bytes of its line on. Pure; used where the value is
//! on the screen and where it was fetched.

use crate::app::copying;
use crate::app::effect::COPY_LIMIT;
use crate::app::intent::Intent;
use crate::codec::highlight::{self, HighlightToken};
use crate::codec::lines::LineScanner;
use crate::codec::printable::{is_harmless, printable};
use crate::model::view::ViewMode;

/// How a value of JSON is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueForm {
    /// A string as what it stands for.
    Plain,
    /// As JSON, quotes and escapes included.
    Json,
}

/// Whether the bytes reach to the end of the value that begins with them.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    end(bytes).is_some()
}

/// Where the value ends that begins with these bytes, its name before it.
fn end(bytes: &[u8]) -> Option<usize> {
    let mut end = None;
    let scanned = LineScanner::new(ViewMode::Pretty).scan(bytes, |start| {
        let is_outside = start.place.depth == 0 && !start.continued && start.offset > 0;
        if is_outside && end.is_none() {
            end = Some(start.offset + u64::from(start.place.closes));
        }
    });
    // What comes behind a value that is not at the top is no JSON without what is before it.
    end.or_else(|| scanned.err().map(|error| error.offset)).map(|end| end as usize)
}

/// What copies the value, or why that is not done.
pub(super) fn copied(what: &str, bytes: &[u8], form: ValueForm) -> Intent {
    let end = end(bytes);
    if end.is_none_or(|end| end > COPY_LIMIT) && bytes.len() > COPY_LIMIT {
        let size = COPY_LIMIT as u64;
        return copying::too_long(what, size + 1).unwrap_or(Intent::Warn(String::new()));
    }
    let bytes = end.map_or(bytes, |end| &bytes[..end]);
    let text = copying::laid_out(bytes);
    let (name, value) = split(text.as_bytes());
    copying::put(name.unwrap_or_else(|| what.to_owned()), written(value, form))
}

/// Name and value of a line of JSON, without the comma behind it.
pub(super) fn split(line: &[u8]) -> (Option<String>, &[u8]) {
    let tokens = highlight::json(line);
    let key = match tokens.first() {
        Some((range, HighlightToken::Key)) => Some(range.clone()),
        _ => None,
    };
    let behind = key.as_ref().map_or(0, |key| key.end);
    let rest = line[behind..].trim_ascii_start();
    let value = rest.strip_prefix(b":").filter(|_| key.is_some()).unwrap_or(rest).trim_ascii();
    let value = value.strip_suffix(b",").unwrap_or(value);
    (key.and_then(|key| line.get(key)).map(unquoted), value)
}

/// A value as it is copied.
pub(super) fn written(value: &[u8], form: ValueForm) -> String {
    if form == ValueForm::Plain {
        return unquoted(value);
    }
    if is_harmless(value) { String::from_utf8_lossy(value).into_owned() } else { printable(value) }
}

/// A string as what it stands for, unless that would act on a terminal it is pasted into.
fn unquoted(value: &[u8]) -> String {
    let text = serde_json::from_slice::<String>(value).ok();
    text.filter(|text| is_harmless(text.as_bytes())).unwrap_or_else(|| {
        let is_harmless = is_harmless(value);
        if is_harmless { String::from_utf8_lossy(value).into_owned() } else { printable(value) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_its_line_or_its_bracket_does() {
        for (bytes, value) in [
            (&b"\"a\": [1, {\"b\": 2}], \"c\": 3}"[..], Some("\"a\": [1, {\"b\": 2}]")),
            (b"\"a\":  \"x,y]\", 1", Some("\"a\":  \"x,y]\"")),
            (b"{}, {}", Some("{}")),
            (b"17}", Some("17")),
            (b"[1, [2", None),
            (b"\"open", None),
            (b"{\"a\":1}\n{\"a\":2}", Some("{\"a\":1}")),
        ] {
            let end = end(bytes);
            let found = end.map(|end| String::from_utf8_lossy(&bytes[..end]).trim().to_owned());
            assert_eq!(found.as_deref(), value, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
