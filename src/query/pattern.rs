//! Byte searches of the filter: compiled once, run over every record without allocating.
//!
//! Text is smart-case: a pattern without upper-case letters matches letters of both cases (ASCII
//! ones; others match as written), any other pattern matches exactly.

use std::fmt;

use memchr::memmem::Finder;

use crate::codec::search::Needle;

/// Letters of running text, most frequent first; a search is anchored on something rarer.
const FREQUENT: &[u8] = b" etaoinsrhldcumfpgwybvk0123456789";

/// Text to find, as the user wrote it.
#[derive(Debug, Clone)]
pub(super) struct TextPattern {
    text: String,
    search: PatternSearch,
}

#[derive(Debug, Clone)]
enum PatternSearch {
    Exact(Box<Finder<'static>>),
    /// The needle in lower case, and the place of its rarest byte.
    AnyCase {
        needle: Box<[u8]>,
        anchor: usize,
    },
}

/// Bytes to find.
#[derive(Debug, Clone)]
pub(super) struct BytesPattern {
    finder: Box<Finder<'static>>,
}

impl TextPattern {
    /// Prepares the search; empty text is in everything.
    pub(super) fn new(text: &str) -> Self {
        let needle: Box<[u8]> = text.as_bytes().into();
        let cased = needle.iter().any(u8::is_ascii_lowercase);
        let search = if cased && !text.chars().any(char::is_uppercase) {
            let rarity = |byte: u8| FREQUENT.iter().position(|f| *f == byte).unwrap_or(usize::MAX);
            let anchor = (0..needle.len()).max_by_key(|at| needle.get(*at).map(|b| rarity(*b)));
            PatternSearch::AnyCase { anchor: anchor.unwrap_or(0), needle }
        } else {
            PatternSearch::Exact(Box::new(Finder::new(text).into_owned()))
        };
        TextPattern { text: text.into(), search }
    }

    /// The text for a viewer that marks what was found.
    pub(super) fn needle(&self) -> Needle {
        Needle::Text(self.text.as_bytes().to_vec())
    }

    /// Whether the payload of a record contains it.
    pub(super) fn is_in(&self, data: &[u8]) -> bool {
        match &self.search {
            PatternSearch::Exact(finder) => finder.find(data).is_some(),
            PatternSearch::AnyCase { needle, anchor } => any_case(data, needle, *anchor),
        }
    }
}

/// Whether `data` contains `needle` (in lower case), letters of both cases being equal.
fn any_case(data: &[u8], needle: &[u8], anchor: usize) -> bool {
    let Some(byte) = needle.get(anchor).copied() else { return true };
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

impl BytesPattern {
    /// Prepares the search; no bytes are in everything.
    pub(super) fn new(bytes: &[u8]) -> Self {
        BytesPattern { finder: Box::new(Finder::new(bytes).into_owned()) }
    }

    /// The bytes for a viewer that marks what was found.
    pub(super) fn needle(&self) -> Needle {
        Needle::Bytes(self.finder.needle().to_vec())
    }

    /// Whether the payload of a record contains them.
    pub(super) fn is_in(&self, data: &[u8]) -> bool {
        self.finder.find(data).is_some()
    }
}

impl PartialEq for TextPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl PartialEq for BytesPattern {
    fn eq(&self, other: &Self) -> bool {
        self.finder.needle() == other.finder.needle()
    }
}

impl fmt::Display for TextPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.text.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\0' => f.write_str("\\0")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", c as u32)?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

impl fmt::Display for BytesPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.finder.needle().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lower_case_patterns_match_any_case_and_others_exactly() {
        assert!(TextPattern::new("ping").is_in(b"xx PiNG"));
        assert!(!TextPattern::new("Ping").is_in(b"xx PiNG"));
        assert!(TextPattern::new("Ping").is_in(b"xx Ping"));
        assert!(TextPattern::new("é=7x").is_in("É é=7X".as_bytes()));
        assert!(TextPattern::new("42").is_in(b"id 42"));
        assert!(!TextPattern::new("ping").is_in(b"pin"));
        assert!(!TextPattern::new("ping").is_in(b""));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_case_search_finds_what_a_naive_search_finds(
            data in prop::collection::vec(prop::sample::select(&b"aAbBzZ0 "[..]), 0..40),
            needle in "[abz0 ]{1,4}",
        ) {
            let pattern = TextPattern::new(&needle);
            let naive = data
                .windows(needle.len())
                .any(|window| window.eq_ignore_ascii_case(needle.as_bytes()));
            prop_assert_eq!(pattern.is_in(&data), naive);
        }
    }
}
