//! One value that is hidden, and where it stands in a text: as it is, and with any of its characters
//! escaped.

use std::ops::Range;

use memchr::memmem::Finder;

use super::decoded::Text;
use super::escapes::{self, Escape};
use crate::model::url_text::UrlText;

/// Shorter values are hidden only where they are a whole value: a secret `1` must not blot out
/// every 1.
const ANYWHERE: usize = 4;
/// The same for a part of a value, as a port or the user of a URL.
const PART_ANYWHERE: usize = 6;
/// A part shorter than this says nothing.
const PART: usize = 3;
/// So many bytes at the end of a text that is cut are the beginning of a value.
const BEGINNING: usize = 2;
/// The longest an escape of one byte is.
const ESCAPED: usize = 6;
/// Around a chance find in what was made of digits that are none.
const AROUND: usize = 8;
/// What may stand before and behind a short value.
const BEFORE: &[u8] = b"=:/\"'";
const BEHIND: &[u8] = b"&;,/?#@\"'\\ \t\r\n}]>\0";

/// What is looked for.
#[derive(Clone)]
pub(super) struct HiddenValue {
    finder: Finder<'static>,
    /// Found only where it is all there is between two delimiters.
    is_short: bool,
}

impl PartialEq for HiddenValue {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for HiddenValue {}

impl HiddenValue {
    /// Everything to be looked for because of a value.
    pub(super) fn all_of(value: &str) -> Vec<HiddenValue> {
        let value = value.trim();
        let mut all = Vec::new();
        // A host is spelled in small letters, a file of another system ends its lines otherwise.
        let spelled = [value.to_owned(), value.to_lowercase(), value.to_uppercase()];
        for text in spelled.iter().chain(&[value.replace('\n', "\r\n")]) {
            all.push(HiddenValue::new(text.as_bytes(), text.len() < ANYWHERE));
        }
        let units = || value.encode_utf16();
        for wide in [
            units().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
            units().flat_map(u16::to_be_bytes).collect(),
        ] {
            all.push(HiddenValue::new(&wide, value.len() < ANYWHERE));
        }
        for part in parts(value) {
            let is_short = part.len() < PART_ANYWHERE;
            all.push(HiddenValue::new(part.to_lowercase().as_bytes(), is_short));
            all.push(HiddenValue::new(part.as_bytes(), is_short));
        }
        all
    }

    fn new(text: &[u8], is_short: bool) -> Self {
        HiddenValue { finder: Finder::new(text).into_owned(), is_short }
    }

    fn text(&self) -> &[u8] {
        self.finder.needle()
    }

    /// For putting the longest first.
    pub(super) fn key(&self) -> (std::cmp::Reverse<usize>, &[u8], bool) {
        (std::cmp::Reverse(self.text().len()), self.text(), self.is_short)
    }

    /// Its length in bytes, without the zeros of UTF-16.
    pub(super) fn letters(&self) -> usize {
        self.text().iter().filter(|byte| **byte != 0).count()
    }

    fn len(&self) -> usize {
        self.text().len()
    }

    /// Adds where it stands in a text with these escapes, and where it begins at a cut end.
    pub(super) fn find(&self, text: Text<'_>, escapes: &[Escape], found: &mut Vec<Range<usize>>) {
        let bytes = text.bytes;
        let begun = found.len();
        found.extend(self.finder.find_iter(bytes).map(|at| at..at + self.len()));
        self.find_escaped(bytes, escapes, found);
        if self.is_short {
            let mut all = found.split_off(begun);
            all.retain(|range| is_whole_value(bytes, range));
            all.retain(|range| !text.of_digits || is_among_text(bytes, range));
            found.append(&mut all);
        } else if text.is_open {
            found.extend(self.beginning(bytes));
        }
    }

    /// Where one of its characters at least is escaped: looks around each escape.
    fn find_escaped(&self, bytes: &[u8], escapes: &[Escape], found: &mut Vec<Range<usize>>) {
        let mut from = 0;
        for escape in escapes {
            let meant = escape.meant();
            let Some(first) = meant.first().filter(|_| escape.at >= from) else { continue };
            for before in memchr::memchr_iter(*first, self.text()) {
                let (begin, rest) = self.text().split_at(before);
                let start = escape.at.saturating_sub(before).max(from);
                let rest = rest.strip_prefix(meant);
                if bytes.get(start..escape.at) == Some(begin)
                    && let Some(rest) = rest
                    && let (end, []) = matched(bytes, escape.at + escape.len, rest)
                {
                    found.push(start..end);
                    from = end;
                    break;
                }
            }
        }
    }

    /// The beginning of it at the end of the text.
    fn beginning(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let from = bytes.len().saturating_sub(self.len() * ESCAPED);
        (from..bytes.len()).find_map(|start| {
            let (end, rest) = matched(bytes, start, self.text());
            let is_cut = end == bytes.len() || escapes::is_cut(bytes, end);
            let is_begun = self.len() - rest.len() >= BEGINNING && !rest.is_empty();
            (is_cut && is_begun).then_some(start..bytes.len())
        })
    }
}

/// How far a text goes on like this, in whatever spelling, and what of it is left.
fn matched<'a>(bytes: &[u8], mut at: usize, mut rest: &'a [u8]) -> (usize, &'a [u8]) {
    while let Some((first, others)) = rest.split_first() {
        let escape = escapes::escape_at(bytes, at);
        let escaped = escape.and_then(|it| Some((rest.strip_prefix(it.meant())?, it.len)));
        if let Some((left, used)) = escaped {
            (rest, at) = (left, at + used);
        } else if bytes.get(at) == Some(first) {
            (rest, at) = (others, at + 1);
        } else {
            break;
        }
    }
    (at, rest)
}

/// What becomes of a value that is the beginning of a URL, when it is taken apart (RFC 3986, section
/// 3): user, password, host and port, and what goes into the request line.
fn parts(value: &str) -> Vec<String> {
    let url = UrlText::literal(value);
    let user = url.userinfo.unwrap_or_default();
    let mut parts: Vec<String> = Vec::new();
    parts.extend(url::Host::parse(url.host).map(|it| it.to_string()));
    parts.extend(user.splitn(2, ':').chain([url.host]).map(str::to_owned));
    parts.extend(url.port.into_iter().chain(url.fragment).map(str::to_owned));
    parts.extend([url.target, url.authority, url.host_port, user, url.bare].map(str::to_owned));
    parts.retain(|part| part != value && part.len() >= PART);
    parts
}

/// `key=VALUE&`, `"key":"VALUE"`, `/VALUE/`, `:VALUE@`: not the 1 in `HTTP/1.1`.
fn is_whole_value(bytes: &[u8], range: &Range<usize>) -> bool {
    let (before, behind) = (&bytes[..range.start], bytes.get(range.end));
    let is_begun = before.last().is_some_and(|byte| BEFORE.contains(byte));
    (is_begun || before.ends_with(b": ")) && behind.is_none_or(|byte| BEHIND.contains(byte))
}

/// Whether what stands around it is text; the zeros between runs are none of it.
fn is_among_text(bytes: &[u8], range: &Range<usize>) -> bool {
    let before = &bytes[range.start.saturating_sub(AROUND)..range.start];
    let behind = &bytes[range.end..(range.end + AROUND).min(bytes.len())];
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let run = before.iter().rev().take_while(|byte| **byte != 0);
    run.chain(behind.iter().take_while(|byte| **byte != 0)).all(is_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_hidden_in_its_parts() {
        let all = parts("https://ann:hunter2@Hooks.example:8443/T0/B0?k=v#f");
        for part in ["ann", "hunter2", "Hooks.example", "8443", "/T0/B0?k=v", "hooks.example"] {
            assert!(all.iter().any(|known| known == part), "{part} in {all:?}");
        }
        assert!(!all.iter().any(|known| known == "https"));
        assert!(parts("hunter2").is_empty());
        assert!(parts("a/bc").contains(&"/bc".to_owned()));
        assert!(parts("b\u{fc}cher.example/x").contains(&"xn--bcher-kva.example".to_owned()));
    }
}
