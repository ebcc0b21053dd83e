//! What a user searches for in bytes, as a pattern.
//!
//! Called by the search thread of the engine, by the searches of conversations and details, and by
//! the screen to mark hits, so that what is marked is what is found. One text is looked for in
//! every way it can be meant:
//!
//! ```text
//! ok\r\n      those six characters, or o k CR LF (the escapes of payloads, as the screen shows them)
//! 0xdeadbeef  those ten characters, or the four bytes
//! ping        PING too: without upper-case letters, case does not matter
//! ```

use std::fmt::Write as _;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::lines::encode_wide;
use super::{escape, hex};
use crate::model::view::WideEncoding;

/// Letters of other case can be up to four bytes where ours are one.
const FOLDED: usize = 4;

/// Bytes that a hit of a regular expression is taken to have at most where only a part is looked at.
const EXPRESSION_REACH: usize = 1024;

/// Bytes to find.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    longest: usize,
}

/// One way of meaning what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needle {
    /// Text; without upper-case letters, case does not matter.
    Text(Vec<u8>),
    /// Exactly these bytes.
    Bytes(Vec<u8>),
}

impl Pattern {
    /// The pattern of what was typed; `None` when that is nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Pattern> {
        let mut needles = vec![Needle::Text(text.as_bytes().to_vec())];
        if text.contains('\\')
            && let Ok(bytes) = escape::unescape(text)
        {
            needles.push(Needle::Text(bytes));
        }
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        if let Some(Ok(bytes)) = digits.map(hex::digits) {
            needles.push(Needle::Bytes(bytes));
        }
        Pattern::any(&needles)
    }

    /// The pattern of text in an encoding whose units are no bytes.
    #[must_use]
    pub fn wide(text: &str, wide: WideEncoding) -> Option<Pattern> {
        let any_case = !text.chars().any(char::is_uppercase);
        let expression: String = text.chars().map(|c| wide_char(wide, c, any_case)).collect();
        let regex = RegexBuilder::new(&expression).unicode(false).build().ok()?;
        let longest = text.chars().count().saturating_mul(2 * FOLDED);
        (!text.is_empty()).then_some(Pattern { regex, longest })
    }

    /// A pattern that finds each of these; empty ones are left out.
    #[must_use]
    pub fn any(needles: &[Needle]) -> Option<Pattern> {
        Pattern::of(needles, &[])
    }

    /// The same, and what these regular expressions match; those that cannot stand beside others
    /// are left out.
    #[must_use]
    pub(crate) fn of(needles: &[Needle], expressions: &[String]) -> Option<Pattern> {
        let written: Vec<&Needle> = needles.iter().filter(|n| !n.bytes().is_empty()).collect();
        let reach = expressions.iter().map(|_| EXPRESSION_REACH);
        let longest = written.iter().map(|needle| needle.longest()).chain(reach).max()?;
        let needles: Vec<String> = written.into_iter().map(Needle::expression).collect();
        let all: Vec<&str> = needles.iter().chain(expressions).map(String::as_str).collect();
        let built = RegexBuilder::new(&all.join("|")).build();
        let regex = built.or_else(|error| {
            let left = (!needles.is_empty()).then(|| RegexBuilder::new(&needles.join("|")).build());
            left.unwrap_or(Err(error))
        });
        Some(Pattern { regex: regex.ok()?, longest })
    }

    /// Bytes a hit has at most.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The first hit that starts at `from` or later.
    #[must_use]
    pub fn first(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        let mut from = from;
        while from <= bytes.len() {
            let hit = self.regex.find_at(bytes, from)?;
            if !hit.is_empty() {
                return Some(hit.range());
            }
            from = hit.start() + 1;
        }
        None
    }

    /// The last hit that starts before `end`.
    #[must_use]
    pub fn last(&self, bytes: &[u8], end: usize) -> Option<Range<usize>> {
        self.hits(bytes).take_while(|hit| hit.start < end).last()
    }

    /// All hits.
    pub fn hits<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        self.regex.find_iter(bytes).map(|hit| hit.range()).filter(|hit| !hit.is_empty())
    }

    /// The hits that reach into a part of the bytes; looks at little more than the part.
    #[must_use]
    pub(crate) fn hits_in(&self, bytes: &[u8], part: Range<usize>) -> Vec<Range<usize>> {
        let end = part.end.saturating_add(self.longest).min(bytes.len());
        let (around, mut from) = (&bytes[..end], part.start.saturating_sub(self.longest));
        let mut hits = Vec::new();
        // What is before stays in sight: the beginning of the bytes is no other place.
        while let Some(hit) = self.first(around, from).filter(|hit| hit.start < part.end) {
            from = hit.end;
            if hit.end > part.start {
                hits.push(hit);
            }
        }
        hits
    }
}

impl Needle {
    fn bytes(&self) -> &[u8] {
        match self {
            Needle::Text(bytes) | Needle::Bytes(bytes) => bytes,
        }
    }

    fn longest(&self) -> usize {
        match self {
            Needle::Text(bytes) => bytes.len().saturating_mul(FOLDED),
            Needle::Bytes(bytes) => bytes.len(),
        }
    }

    fn expression(&self) -> String {
        let mut out = String::new();
        match self {
            Needle::Bytes(bytes) => exact(bytes, &mut out),
            Needle::Text(bytes) => {
                let any_case = !String::from_utf8_lossy(bytes).chars().any(char::is_uppercase);
                out.push_str(if any_case { "(?i:" } else { "(?:" });
                for chunk in bytes.utf8_chunks() {
                    out.push_str(&regex::escape(chunk.valid()));
                    exact(chunk.invalid(), &mut out);
                }
                out.push(')');
            }
        }
        out
    }
}

/// One character, in both cases or just as it is.
fn wide_char(wide: WideEncoding, c: char, any_case: bool) -> String {
    let upper = c.to_uppercase().filter(|_| any_case);
    let forms: Vec<String> = std::iter::once(c)
        .chain(upper)
        .map(|c| {
            encode_wide(wide, c).iter().fold(String::new(), |mut form, byte| {
                let _ = write!(form, "\\x{byte:02x}");
                form
            })
        })
        .collect();
    format!("(?:{})", forms.join("|"))
}

fn exact(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        let _ = write!(out, "(?-iu:\\x{byte:02x})");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(text: &str, bytes: &[u8]) -> Vec<Range<usize>> {
        Pattern::parse(text).unwrap().hits(bytes).collect()
    }

    #[test]
    fn small_letters_find_any_case_and_capitals_only_themselves() {
        assert_eq!(hits("ping", b"xPiNGx"), vec![1..5]);
        assert!(hits("Ping", b"xPiNGx").is_empty());
        assert!(Pattern::parse("").is_none());
        assert_eq!(hits("a.b(", b"axb( a.b("), vec![5..9]);
    }

    #[test]
    fn escapes_are_found_as_they_are_shown_and_as_they_are_written() {
        assert_eq!(hits(r"ok\r\n", b"OK\r\n"), vec![0..4]);
        assert_eq!(hits(r"\n", br#""a\nb""#), vec![2..4], "JSON text");
        assert_eq!(hits(r"\xff\x00", b"a\xff\0b"), vec![1..3]);
        assert_eq!(hits(r"\q", br"a\qb"), vec![1..3], "no escape, still text");
        assert_eq!(hits(r"C:\new", br"C:\new"), vec![0..6]);
    }

    #[test]
    fn hex_digits_behind_0x_are_bytes_too() {
        assert_eq!(hits("0xdeadBEEF", b"\xde\xad\xbe\xef 0xdeadBEEF"), [0..4, 5..15]);
        assert_eq!(hits("0x41", b"aA"), vec![1..2], "bytes have no case");
        assert!(hits("0x4", b"\x04").is_empty());
    }

    #[test]
    fn wide_text_is_found_in_its_units() {
        let body = b"x\0P\0i\0\xdc\0";
        let hits = |text| {
            Pattern::wide(text, WideEncoding::Utf16Le).unwrap().hits(body).collect::<Vec<_>>()
        };
        assert_eq!(hits("piü"), vec![2..8]);
        assert!(hits("PI").is_empty());
        assert!(Pattern::wide("", WideEncoding::Utf32Be).is_none());
    }

    #[test]
    fn hits_near_a_part_are_those_of_the_whole() {
        let bytes = b"needle in needles: NEEDLE";
        let pattern = Pattern::parse("needle").unwrap();
        let all: Vec<_> = pattern.hits(bytes).collect();
        assert_eq!(pattern.hits_in(bytes, 0..bytes.len()), all);
        assert_eq!(pattern.hits_in(bytes, 12..13), vec![10..16]);
        assert!(pattern.hits_in(bytes, 6..10).is_empty());
        assert_eq!(pattern.first(bytes, 1), Some(10..16));
        assert_eq!(pattern.first(bytes, 99), None);
        assert_eq!(pattern.last(bytes, 19), Some(10..16));
        assert_eq!(pattern.last(bytes, 0), None);
    }
}
