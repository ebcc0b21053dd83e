//! Which characters are one change when they are typed or deleted one after the other: a word with the
//! blanks before it.
//!
//! The one rule of both that take changes back: the text fields (`editor/key_run.rs`) and the steps of a
//! form (`form/text_step.rs`).

/// Characters one after the other are one change, up to so many bytes.
const TOGETHER: usize = 64;

/// The characters of a change so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordRun {
    bytes: usize,
    /// They are blanks alone.
    is_blank: bool,
}

impl WordRun {
    /// Nothing typed or deleted yet.
    pub(super) const NONE: WordRun = WordRun { bytes: 0, is_blank: true };

    /// Whether the next character is of the same change. A blank behind a word begins another.
    pub(super) fn takes(self, c: char) -> bool {
        self.bytes < TOGETHER && (self.is_blank || !c.is_whitespace())
    }

    /// With one character more.
    #[must_use]
    pub(super) fn with(self, c: char) -> Self {
        let is_blank = self.is_blank && c.is_whitespace();
        WordRun { bytes: self.bytes + c.len_utf8(), is_blank }
    }
}

/// The character a text is, if it is one and no line break, which is a change of its own.
pub(super) fn only_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|c| *c != '\n' && chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_and_the_blanks_before_it_are_one_change_up_to_a_bound() {
        let runs = |text: &str| {
            let mut changes = 1;
            text.chars().fold(WordRun::NONE, |run, c| {
                let goes_on = run.takes(c);
                changes += usize::from(!goes_on);
                if goes_on { run } else { WordRun::NONE }.with(c)
            });
            changes
        };
        assert_eq!(runs("one"), 1);
        assert_eq!(runs("  one two\t three"), 3);
        assert_eq!(runs(&"x".repeat(TOGETHER + 1)), 2);
        assert_eq!(
            [only_char("é"), only_char(""), only_char("ab"), only_char("\n")],
            [Some('é'), None, None, None]
        );
    }
}
