//! What is asked of bytes, texts and numbers: compiled once, run over every record without allocating.
//!
//! Text is smart-case: a pattern without upper-case letters matches letters of both cases (ASCII
//! ones; others match as written), any other pattern matches exactly.

use std::ops::{Bound, RangeBounds};

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use crate::codec::byte_regex::of_bytes;
use crate::codec::search::Needle;

/// Memory of a compiled regular expression; a longer one is refused.
const REGEX_MEMORY: usize = 1024 * 1024;

/// The numbers an operator lets through.
pub(super) type NumberRange = (Bound<u64>, Bound<u64>);

/// What is asked of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TextTest {
    /// There is one.
    Exists,
    /// It is this one; lower-case letters match both cases.
    Is(Vec<u8>),
    Contains(DataPattern),
    Matches(RegexTest),
}

/// What is asked of bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DataTest {
    Contains(DataPattern),
    Matches(RegexTest),
    /// They lie between these, compared byte by byte.
    Within(Bound<Vec<u8>>, Bound<Vec<u8>>),
    /// They are this text; lower-case letters match both cases.
    Is(Vec<u8>),
}

/// A part of the bytes, counted from their beginning or, below zero, from their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slice {
    Whole,
    /// So many from here on; without a number to the end.
    Length(i64, Option<u64>),
    /// From here to there, both included.
    Through(i64, i64),
}

/// A regular expression; without upper-case letters it matches both cases.
#[derive(Debug, Clone)]
pub(super) struct RegexTest {
    source: String,
    regex: Regex,
}

impl TextTest {
    /// Whether a text is what is asked for.
    pub(super) fn holds(&self, text: &[u8]) -> bool {
        match self {
            TextTest::Exists => true,
            TextTest::Is(wanted) => is_same(text, wanted),
            TextTest::Contains(pattern) => pattern.is_in(text),
            TextTest::Matches(pattern) => pattern.is_in(text),
        }
    }
}

impl DataTest {
    /// Whether bytes are what is asked for.
    pub(super) fn holds(&self, data: &[u8]) -> bool {
        match self {
            DataTest::Contains(pattern) => pattern.is_in(data),
            DataTest::Matches(pattern) => pattern.is_in(data),
            DataTest::Is(wanted) => is_same(data, wanted),
            DataTest::Within(from, to) => {
                let bounds = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
                RangeBounds::<[u8]>::contains(&bounds, data)
            }
        }
    }
}

impl Slice {
    /// The part of these bytes; `None` = they do not reach so far.
    pub(super) fn of(self, data: &[u8]) -> Option<&[u8]> {
        let place = |at: i64| {
            let from = if at < 0 { data.len() as u64 } else { 0 };
            from.checked_add_signed(at).and_then(|at| usize::try_from(at).ok())
        };
        match self {
            Slice::Whole => Some(data),
            Slice::Length(from, None) => data.get(place(from)?..),
            Slice::Length(from, Some(len)) => {
                let from = place(from)?;
                data.get(from..from.checked_add(usize::try_from(len).ok()?)?)
            }
            Slice::Through(from, last) => data.get(place(from)?..place(last)?.checked_add(1)?),
        }
    }
}

impl RegexTest {
    /// Compiles it, or says why it is none.
    pub(super) fn new(source: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(&of_bytes(source))
            .case_insensitive(!has_capitals(source))
            .size_limit(REGEX_MEMORY)
            .dfa_size_limit(REGEX_MEMORY)
            .build();
        let regex = built.map_err(|error| {
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default();
            let why = why.trim_start_matches("error: ");
            format!("this regular expression cannot be used: {why}")
        })?;
        Ok(RegexTest { source: source.to_owned(), regex })
    }

    /// Whether something in a text matches.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }

    /// The first group of what matches first, or all of it where there is no group.
    pub(super) fn first_group<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let found = self.regex.captures(text)?;
        found.get(1).or_else(|| found.get(0)).map(|part| part.as_bytes())
    }

    /// As it was written, and whether letters of both cases are equal.
    pub(super) fn told(&self) -> (&str, bool) {
        (&self.source, !has_capitals(&self.source))
    }

    /// It as a part of a larger one.
    pub(super) fn expression(&self) -> String {
        let flags = if has_capitals(&self.source) { "" } else { "i" };
        format!("(?{flags}:{})", of_bytes(&self.source))
    }
}

impl PartialEq for RegexTest {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// Whether a regular expression names a letter in upper case; `\W` and its like do not.
fn has_capitals(source: &str) -> bool {
    let mut escaped = false;
    source.chars().any(|c| {
        let is_plain = !escaped;
        escaped = is_plain && c == '\\';
        is_plain && c.is_uppercase()
    })
}

/// Whether a text is the one wanted; what is wanted in lower case is found in both.
fn is_same(text: &[u8], wanted: &[u8]) -> bool {
    if wanted.iter().any(u8::is_ascii_uppercase) {
        text == wanted
    } else {
        text.eq_ignore_ascii_case(wanted)
    }
}

/// Letters of running text, most frequent first; a search is anchored on something rarer.
const FREQUENT: &[u8] = b" etaoinsrhldcumfpgwybvk0123456789";

/// Bytes to find in the payload of records.
#[derive(Debug, Clone)]
pub(super) struct DataPattern {
    /// What is looked for, also for a viewer that marks what was found.
    pub(super) needle: Needle,
    finder: Box<Finder<'static>>,
    /// The place of the rarest byte, when letters of both cases are equal.
    anchor: Option<usize>,
}

impl DataPattern {
    /// Prepares the search; nothing is in everything.
    pub(super) fn new(needle: Needle) -> Self {
        let (bytes, is_text) = match &needle {
            Needle::Text(bytes) => (bytes, true),
            Needle::Bytes(bytes) => (bytes, false),
        };
        let rarity =
            |at: &usize| FREQUENT.iter().position(|f| *f == bytes[*at]).unwrap_or(usize::MAX);
        let any_case = is_text
            && bytes.iter().any(u8::is_ascii_lowercase)
            && !String::from_utf8_lossy(bytes).chars().any(char::is_uppercase);
        let anchor = (0..bytes.len()).max_by_key(rarity).filter(|_| any_case);
        let finder = Box::new(Finder::new(bytes).into_owned());
        DataPattern { needle, finder, anchor }
    }

    /// Whether letters of both cases are equal.
    pub(super) fn is_any_case(&self) -> bool {
        self.anchor.is_some()
    }

    /// Whether the payload of a record contains it.
    pub(super) fn is_in(&self, data: &[u8]) -> bool {
        match self.anchor {
            None => self.finder.find(data).is_some(),
            Some(anchor) => any_case(data, self.finder.needle(), anchor),
        }
    }
}

/// Whether `data` contains `needle` (in lower case), letters of both cases being equal.
fn any_case(data: &[u8], needle: &[u8], anchor: usize) -> bool {
    let byte = needle[anchor];
    let Some(starts) = (data.len() + 1).checked_sub(needle.len()) else { return false };
    let Some(window) = data.get(anchor..anchor + starts) else { return false };
    let hit = |start: usize| {
        let here = data.get(start..start + needle.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(needle))
    };
    if byte.is_ascii_lowercase() {
        memchr::memchr2_iter(byte, byte.to_ascii_uppercase(), window).any(hit)
    } else {
        memchr::memchr_iter(byte, window).any(hit)
    }
}

impl PartialEq for DataPattern {
    fn eq(&self, other: &Self) -> bool {
        self.needle == other.needle
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(needle: &str) -> DataPattern {
        DataPattern::new(Needle::Text(needle.into()))
    }

    #[test]
    fn lower_case_patterns_match_any_case_and_others_exactly() {
        assert!(text("ping").is_in(b"xx PiNG"));
        assert!(!text("Ping").is_in(b"xx PiNG"));
        assert!(text("Ping").is_in(b"xx Ping"));
        assert!(text("é=7x").is_in("É é=7X".as_bytes()));
        assert!(text("42").is_in(b"id 42"));
        assert!(!text("ping").is_in(b"pin"));
        assert!(!text("ping").is_in(b""));
    }

    #[test]
    fn slices_are_offset_and_length_or_first_and_last_as_wireshark_has_them() {
        let data = b"0123456789";
        for (slice, part) in [
            (Slice::Length(0, Some(4)), Some(&b"0123"[..])),
            (Slice::Length(4, Some(3)), Some(b"456")),
            (Slice::Length(8, None), Some(b"89")),
            (Slice::Length(-3, None), Some(b"789")),
            (Slice::Length(-4, Some(2)), Some(b"67")),
            (Slice::Through(2, 4), Some(b"234")),
            (Slice::Through(-2, -1), Some(b"89")),
            (Slice::Length(8, Some(4)), None),
            (Slice::Length(-11, Some(1)), None),
            (Slice::Through(4, 2), None),
            (Slice::Length(i64::MAX, Some(u64::MAX)), None),
        ] {
            assert_eq!(slice.of(data), part, "{slice:?}");
        }
    }

    #[test]
    fn a_regular_expression_is_bounded_and_without_capitals_matches_both_cases() {
        let matches = |source: &str, text: &[u8]| {
            TextTest::Matches(RegexTest::new(source).unwrap()).holds(text)
        };
        assert!(matches("^get\\W+/", b"GET  /x"));
        assert!(!matches("^Get", b"GET /x"));
        assert!(matches("(?-u)\\xff", b"a\xffb"));
        assert!(RegexTest::new("(").unwrap_err().contains("cannot be used"));
        let huge = RegexTest::new("(a{1000}){1000}").unwrap_err();
        assert!(huge.contains("size limit"), "{huge}");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_case_search_finds_what_a_naive_search_finds(
            data in prop::collection::vec(prop::sample::select(&b"aAbBzZ0 "[..]), 0..40),
            needle in "[abz0 ]{1,4}",
        ) {
            let pattern = text(&needle);
            let naive = data
                .windows(needle.len())
                .any(|window| window.eq_ignore_ascii_case(needle.as_bytes()));
            prop_assert_eq!(pattern.is_in(&data), naive);
        }
    }
}
