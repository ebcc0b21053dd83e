//! Fuzzy matching of what is typed against names in lists: palette, presets, environments.
//!
//! Words match one after the other in any place; capitals count only when typed.

use std::borrow::Cow;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A typed text, ready to be compared with many names.
pub struct Finder {
    pattern: Pattern,
    /// Made when something is compared: it brings 135 KB of room.
    matcher: Option<Matcher>,
    buffer: Vec<char>,
    /// Words are looked for, not letters.
    has_words: bool,
}

impl Finder {
    /// Letters may have others between them; empty text fits every name.
    pub fn new(text: &str) -> Self {
        Finder::of_kind(text, AtomKind::Fuzzy)
    }

    /// Every word has to occur as it was typed: for sentences, which fuzzy matching finds
    /// anything in.
    pub(crate) fn of_words(text: &str) -> Self {
        Finder::of_kind(text, AtomKind::Substring)
    }

    fn of_kind(text: &str, kind: AtomKind) -> Self {
        let pattern = Pattern::new(text, CaseMatching::Smart, Normalization::Smart, kind);
        let has_words = kind == AtomKind::Substring;
        Finder { pattern, matcher: None, buffer: Vec::new(), has_words }
    }

    /// How well a name fits, higher is better; `None` = not at all. An empty text fits all.
    pub fn score(&mut self, name: &str) -> Option<u32> {
        if self.pattern.atoms.is_empty() {
            return Some(0);
        }
        let matcher = self.matcher.get_or_insert_with(|| Matcher::new(Config::DEFAULT));
        // In a text with other letters than ASCII's the matcher does not look at the very end for a word.
        let longer = self.has_words && !name.is_ascii();
        let name: Cow<'_, str> = if longer { format!("{name} ").into() } else { name.into() };
        self.pattern.score(Utf32Str::new(&name, &mut self.buffer), matcher)
    }

    /// Which characters of a name were matched, in order.
    pub fn hits(&mut self, name: &str) -> Vec<usize> {
        let mut found = Vec::new();
        if self.pattern.atoms.is_empty() {
            return Vec::new();
        }
        let matcher = self.matcher.get_or_insert_with(|| Matcher::new(Config::DEFAULT));
        let name = Utf32Str::new(name, &mut self.buffer);
        if self.pattern.indices(name, matcher, &mut found).is_none() {
            return Vec::new();
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| at as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positions of the names that fit, the best first.
    fn rank<const N: usize>(text: &str, names: [&str; N]) -> Vec<usize> {
        let mut finder = Finder::new(text);
        let scores = names.map(|name| finder.score(name));
        let mut fitting: Vec<usize> = (0..N).filter(|at| scores[*at].is_some()).collect();
        fitting.sort_by_key(|at| std::cmp::Reverse(scores[*at]));
        fitting
    }

    #[test]
    fn the_best_fit_comes_first_and_nothing_typed_keeps_the_order() {
        let names = ["users/create", "tutorial/tcp-client", "users/crea"];
        assert_eq!(rank("tcp", names), [1]);
        assert_eq!(rank("", names), [0, 1, 2]);
        assert!(rank("zzz", names).is_empty());
    }

    #[test]
    fn a_word_is_found_wherever_it_stands_in_texts_of_all_letters() {
        for text in ["one été two", "one ete two", "漢字 two"] {
            for word in ["two", "wo", "o"] {
                assert!(Finder::of_words(word).score(text).is_some(), "{word} in {text}");
            }
            assert_eq!(Finder::of_words("two.").score(text), None);
        }
        assert!(Finder::of_words("ubersicht").score("Zeigt Übersicht").is_some());
    }

    #[test]
    fn words_match_in_any_order_and_hits_are_character_positions() {
        assert_eq!(rank("client tut", ["tutorial/tcp-client"]), [0]);
        assert_eq!(Finder::new("öb").hits("aöäb"), [1, 3]);
    }
}
