//! What is said of a command besides its request: each sentence once, and none without an end, however long or odd
//! the command is.

use std::collections::HashSet;

/// Different sentences about one command; further ones are counted.
const WARNINGS: usize = 1_000;
/// Letters of a sentence; what is longer ends with `…`.
const LONGEST: usize = 1_000;

/// Sentences in the order in which they were met.
#[derive(Debug, Clone, Default)]
pub(super) struct CurlWarnings {
    texts: Vec<String>,
    known: HashSet<String>,
    /// Sentences that are not kept.
    more: usize,
}

impl CurlWarnings {
    /// Adds one, unless it was said.
    pub(super) fn push(&mut self, text: String) {
        let text = shortened(text);
        if self.texts.len() >= WARNINGS {
            self.more += usize::from(!self.known.contains(&text));
        } else if self.known.insert(text.clone()) {
            self.texts.push(text);
        }
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Takes one back.
    pub(super) fn forget(&mut self, text: &str) {
        if self.known.remove(text) {
            self.texts.retain(|it| it != text);
        }
    }

    /// Bytes of all of them.
    pub(super) fn size(&self) -> usize {
        self.texts.iter().map(String::len).sum()
    }

    /// All of them, and how many more there were.
    pub(super) fn into_texts(self) -> Vec<String> {
        let CurlWarnings { mut texts, more, .. } = self;
        if more > 0 {
            texts.push(format!("and {more} more of such remarks"));
        }
        texts
    }
}

impl Extend<String> for CurlWarnings {
    fn extend<I: IntoIterator<Item = String>>(&mut self, texts: I) {
        texts.into_iter().for_each(|text| self.push(text));
    }
}

impl FromIterator<String> for CurlWarnings {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let mut all = CurlWarnings::default();
        all.extend(texts);
        all
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST
        && let Some((end, _)) = text.char_indices().nth(LONGEST)
    {
        text.truncate(end);
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_said_once_and_many_are_counted() {
        let mut all: CurlWarnings = ["a", "b", "a"].into_iter().map(str::to_owned).collect();
        all.forget("b");
        all.extend((0..2 * WARNINGS).map(|at| at.to_string()));
        all.push("ä".repeat(3 * LONGEST));
        let texts = all.into_texts();
        assert_eq!((texts.len(), &*texts[0], &*texts[1]), (WARNINGS + 1, "a", "0"));
        assert_eq!(texts[WARNINGS], "and 1002 more of such remarks");
        let long: CurlWarnings = [("ä".repeat(3 * LONGEST))].into_iter().collect();
        assert_eq!(long.into_texts()[0].chars().count(), LONGEST + 1);
    }
}
