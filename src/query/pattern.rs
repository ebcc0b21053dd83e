//! Byte searches of the filter: compiled once, run over every record without allocating.
//!
//! Text is smart-case: a pattern without upper-case letters matches letters of both cases (ASCII
//! ones; others match as written), any other pattern matches exactly.

use memchr::memmem::Finder;

use crate::codec::search::Needle;

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
