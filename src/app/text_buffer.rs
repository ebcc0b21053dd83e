//! The text of a field: one piece of memory, where its lines begin, and how to undo.
//!
//! Used by `editor` and `text_rows`. A change moves the bytes behind it and costs nothing else that
//! grows with the text.
//!
//! Invariants: `starts` holds 0 and the place behind each LF, in order; places given out are
//! character boundaries.

use std::collections::VecDeque;
use std::ops::Range;

/// Changes that can be undone.
const CHANGES_MAX: usize = 200;
/// Bytes kept to undo them; the newest is kept whatever it takes.
const CHANGES_BYTES: usize = 32 * 1024 * 1024;
/// Characters typed one after the other are one change, up to so many bytes.
const TYPED_TOGETHER: usize = 64;

/// One change of a text: so many bytes at a place became others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    pub at: usize,
    pub removed: usize,
    pub inserted: String,
}

/// A text with its lines and its past.
#[derive(Debug, Clone)]
pub(super) struct TextBuffer {
    text: String,
    starts: Vec<usize>,
    past: VecDeque<Change>,
    undone: Vec<Change>,
}

#[derive(Debug, Clone)]
struct Change {
    at: usize,
    removed: String,
    inserted: String,
}

impl TextBuffer {
    /// A text without a past.
    pub(super) fn new(text: String) -> Self {
        let starts = std::iter::once(0).chain(line_starts(&text)).collect();
        TextBuffer { text, starts, past: VecDeque::new(), undone: Vec::new() }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Length in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Number of lines, at least one.
    pub(super) fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// A piece of the text; empty when it is none.
    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// The line a place is in, without its LF.
    pub(super) fn line(&self, at: usize) -> Range<usize> {
        let next = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(next.saturating_sub(1)).copied().unwrap_or_default();
        start..self.starts.get(next).map_or(self.text.len(), |next| next - 1)
    }

    /// The nearest character boundary at or before a place.
    pub(super) fn floor(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// The place one character further, or the end.
    pub(super) fn next(&self, at: usize) -> usize {
        let c = self.text.get(at..).and_then(|rest| rest.chars().next());
        at + c.map_or(0, char::len_utf8)
    }

    /// The place one character before, or the start.
    pub(super) fn previous(&self, at: usize) -> usize {
        self.floor(at.saturating_sub(1))
    }

    /// Replaces a piece of the text, so that it can be undone.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) -> Splice {
        let removed = self.slice(range.clone()).to_owned();
        self.undone.clear();
        let change = Change { at: range.start, removed, inserted: with.to_owned() };
        let splice = self.apply(range, with);
        self.remember(change);
        splice
    }

    /// Takes the last change back; tells where the cursor belongs.
    pub(super) fn undo(&mut self) -> Option<(Splice, usize)> {
        let change = self.past.pop_back()?;
        let range = change.at..change.at + change.inserted.len();
        let splice = self.apply(range, &change.removed);
        let cursor = change.at + change.removed.len();
        self.undone.push(change);
        Some((splice, cursor))
    }

    /// Does again what was undone last; tells where the cursor belongs.
    pub(super) fn redo(&mut self) -> Option<(Splice, usize)> {
        let change = self.undone.pop()?;
        let range = change.at..change.at + change.removed.len();
        let splice = self.apply(range, &change.inserted);
        let cursor = change.at + change.inserted.len();
        self.past.push_back(change);
        Some((splice, cursor))
    }

    fn apply(&mut self, range: Range<usize>, with: &str) -> Splice {
        let first = self.starts.partition_point(|start| *start <= range.start);
        let last = self.starts.partition_point(|start| *start <= range.end);
        for start in self.starts.iter_mut().skip(last) {
            *start = *start - range.len() + with.len();
        }
        let new = line_starts(with).map(|start| start + range.start);
        if first < last || memchr::memchr(b'\n', with.as_bytes()).is_some() {
            self.starts.splice(first..last, new);
        }
        self.text.replace_range(range.clone(), with);
        Splice { at: range.start, removed: range.len(), inserted: with.to_owned() }
    }

    fn remember(&mut self, change: Change) {
        let is_typed = |text: &str| text.chars().count() == 1 && !text.starts_with(['\n', ' ']);
        if let Some(last) = self.past.back_mut()
            && change.removed.is_empty()
            && is_typed(&change.inserted)
            && last.removed.is_empty()
            && last.inserted.len() < TYPED_TOGETHER
            && last.at + last.inserted.len() == change.at
        {
            last.inserted.push_str(&change.inserted);
            return;
        }
        self.past.push_back(change);
        let cost = |change: &Change| change.removed.len() + change.inserted.len();
        let mut bytes: usize = self.past.iter().map(cost).sum();
        while self.past.len() > CHANGES_MAX || bytes > CHANGES_BYTES && self.past.len() > 1 {
            bytes -= self.past.pop_front().map_or(0, |gone| cost(&gone));
        }
    }
}

/// The places behind each LF.
fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn lines_are_right_and_all_is_undone_after_any_changes(
            text in "[aé\n]{0,30}",
            changes in prop::collection::vec((0..40usize, 0..9usize, "[aé\n]{0,5}"), 0..20),
        ) {
            let mut buffer = TextBuffer::new(text.clone());
            for (at, length, with) in changes {
                let start = buffer.floor(at);
                let end = buffer.floor(start + length);
                buffer.replace(start..end, &with);
                prop_assert_eq!(&buffer.starts, &TextBuffer::new(buffer.text.clone()).starts);
            }
            let after = buffer.text.clone();
            while buffer.undo().is_some() {}
            prop_assert_eq!(&buffer.text, &text);
            while buffer.redo().is_some() {}
            prop_assert_eq!(&buffer.text, &after);
            prop_assert_eq!(&buffer.starts, &TextBuffer::new(after).starts);
        }
    }

    #[test]
    fn what_can_be_undone_is_bounded() {
        let mut buffer = TextBuffer::new(String::new());
        for _ in 0..CHANGES_MAX + 50 {
            buffer.replace(0..buffer.len(), "ab");
        }
        assert_eq!(buffer.past.len(), CHANGES_MAX);
        let large = "x".repeat(CHANGES_BYTES / 2);
        for _ in 0..4 {
            buffer.replace(0..buffer.len(), &large);
        }
        assert_eq!(buffer.past.len(), 1);
    }
}
