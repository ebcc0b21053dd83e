//! A text too large for a text area: one piece of memory, and where its lines begin.
//!
//! Used by `editor` beyond `area_text::ORDINARY`. A change moves the bytes behind it and costs
//! nothing else that grows with the text; keys do what they do in `area_text`, which a test
//! compares.
//!
//! Invariants: `starts` holds 0 and the byte behind each LF, in order; `at` and `anchor` are
//! character boundaries.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use super::text_model::{CHANGES_MAX, Deletion, Motion, Splice, TextChange, TextModel, TextPlace};
use crate::app::format::start_of;

/// Bytes kept to undo changes; the newest is kept whatever it takes.
const CHANGES_BYTES: usize = 32 * 1024 * 1024;

/// A text with its lines and its past.
#[derive(Debug)]
pub(super) struct LargeText {
    text: String,
    starts: Vec<usize>,
    /// Where the cursor is, and the other end of the selection.
    at: usize,
    anchor: Option<usize>,
    /// What was cut or copied last.
    kept: String,
    past: VecDeque<Edit>,
    undone: Vec<Edit>,
    has_forgotten: bool,
}

#[derive(Debug)]
struct Edit {
    at: usize,
    removed: String,
    inserted: String,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum CharKind {
    Space,
    Punctuation,
    Word,
}

impl LargeText {
    /// A text without a past, the cursor at its start.
    pub(super) fn new(text: String) -> Self {
        LargeText {
            starts: std::iter::once(0).chain(line_starts(&text)).collect(),
            text,
            at: 0,
            anchor: None,
            kept: String::new(),
            past: VecDeque::new(),
            undone: Vec::new(),
            has_forgotten: false,
        }
    }

    /// The same text as in another model, with its cursor, its selection and what it keeps.
    pub(super) fn of(other: &dyn TextModel) -> Self {
        let mut text = LargeText::new(other.text().into_owned());
        let selection = other.selection().unwrap_or(other.cursor()..other.cursor());
        let is_at_start = other.cursor() == selection.start;
        let (start, end) = (text.byte(selection.start), text.byte(selection.end));
        text.at = if is_at_start { start } else { end };
        text.anchor = Some(if is_at_start { end } else { start });
        text.kept = other.kept();
        text
    }

    /// A piece of the text between character boundaries.
    fn slice(&self, range: Range<usize>) -> &str {
        let (before, _) = self.text.split_at(range.end);
        before.split_at(range.start).1
    }

    /// The line a byte is in, without its LF.
    fn line_of(&self, at: usize) -> Range<usize> {
        self.range(self.number_of(at))
    }

    fn number_of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    fn range(&self, number: usize) -> Range<usize> {
        let end = self.starts.get(number + 1).map_or(self.text.len(), |next| next - 1);
        self.starts.get(number).copied().unwrap_or(end)..end
    }

    fn byte(&self, place: TextPlace) -> usize {
        let line = self.range(place.line);
        (line.start + place.byte).min(line.end)
    }

    fn place(&self, at: usize) -> TextPlace {
        let line = self.number_of(at);
        TextPlace { line, byte: at - self.range(line).start }
    }

    fn next(&self, at: usize) -> usize {
        at + self.text.split_at(at).1.chars().next().map_or(0, char::len_utf8)
    }

    fn previous(&self, at: usize) -> usize {
        start_of(&self.text, at.saturating_sub(1)).len()
    }

    fn selected(&self) -> Option<Range<usize>> {
        let anchor = self.anchor.filter(|anchor| *anchor != self.at)?;
        Some(anchor.min(self.at)..anchor.max(self.at))
    }

    /// Replaces a piece of the text, so that it can be undone.
    fn replace(&mut self, range: Range<usize>, with: &str) -> Option<TextChange> {
        self.anchor = None;
        if range.is_empty() && with.is_empty() {
            return None;
        }
        let removed = self.slice(range.clone()).to_owned();
        self.undone.clear();
        self.past.push_back(Edit { at: range.start, removed, inserted: with.to_owned() });
        self.forget_too_much();
        Some(self.apply(range, with))
    }

    fn apply(&mut self, range: Range<usize>, with: &str) -> TextChange {
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
        self.at = range.start + with.len();
        self.anchor = None;
        let (at, removed) = (range.start, range.len());
        TextChange::Piece(Splice { at, removed, inserted: with.to_owned() })
    }

    /// Deletes one more character, in one change with the last ones.
    fn delete_more(&mut self, what: Deletion) -> Option<TextChange> {
        let range = match what {
            Deletion::Before => self.previous(self.at)..self.at,
            _ => self.at..self.next(self.at),
        };
        let gone = self.slice(range.clone()).to_owned();
        let last = self.past.back_mut()?;
        match what {
            Deletion::Before => last.removed.insert_str(0, &gone),
            _ => last.removed.push_str(&gone),
        }
        last.at = range.start;
        self.undone.clear();
        Some(self.apply(range, ""))
    }

    fn forget_too_much(&mut self) {
        let cost = |edit: &Edit| edit.removed.len() + edit.inserted.len();
        let mut bytes: usize = self.past.iter().map(cost).sum();
        while self.past.len() > CHANGES_MAX || bytes > CHANGES_BYTES && self.past.len() > 1 {
            bytes -= self.past.pop_front().map_or(0, |gone| cost(&gone));
            self.has_forgotten = true;
        }
    }
}

impl TextModel for LargeText {
    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.text)
    }

    fn len(&self) -> usize {
        self.text.len()
    }

    fn room(&self) -> usize {
        usize::MAX
    }

    fn count(&self) -> usize {
        self.starts.len()
    }

    fn line(&self, number: usize) -> &str {
        self.slice(self.range(number))
    }

    fn place_of(&self, byte: usize) -> TextPlace {
        self.place(start_of(&self.text, byte).len())
    }

    fn byte_of(&self, place: TextPlace) -> usize {
        self.byte(place)
    }

    fn cursor(&self) -> TextPlace {
        self.place(self.at)
    }

    fn selection(&self) -> Option<Range<TextPlace>> {
        let selected = self.selected()?;
        Some(self.place(selected.start)..self.place(selected.end))
    }

    fn select(&mut self, is_selecting: bool) {
        self.anchor = is_selecting.then(|| self.anchor.unwrap_or(self.at));
    }

    fn jump(&mut self, to: TextPlace) {
        self.at = self.byte(self.floor(to));
    }

    fn go(&mut self, motion: Motion) {
        let line = self.line_of(self.at);
        self.at = match motion {
            Motion::Head => line.start,
            Motion::End => line.end,
            Motion::Top => 0,
            Motion::Bottom => self.text.len(),
            Motion::WordLeft => self.word_left(),
            Motion::WordRight => self.word_right(),
            Motion::ParagraphUp => self.paragraph_up(),
            Motion::ParagraphDown => self.paragraph_down(),
        };
    }

    fn put(&mut self, text: &str, joins: bool) -> Option<TextChange> {
        if joins && let Some(last) = self.past.back_mut() {
            last.inserted.push_str(text);
            self.undone.clear();
            return Some(self.apply(self.at..self.at, text));
        }
        self.replace(self.selected().unwrap_or(self.at..self.at), text)
    }

    fn delete(&mut self, what: Deletion, joins: bool) -> Option<TextChange> {
        if joins {
            return self.delete_more(what);
        }
        if let Some(selected) = self.selected() {
            if what == Deletion::Selection {
                self.copy();
            }
            return self.replace(selected, "");
        }
        let (at, line) = (self.at, self.line_of(self.at));
        let in_line = match what {
            Deletion::Before => return self.replace(self.previous(at)..at, ""),
            Deletion::Behind => return self.replace(at..self.next(at), ""),
            Deletion::Selection => return self.replace(at..at, ""),
            Deletion::ToEnd => at..line.end,
            Deletion::ToHead => line.start..at,
            Deletion::WordLeft => self.word_start()..at,
            Deletion::WordRight => at..self.word_end(),
        };
        if !in_line.is_empty() {
            self.kept = self.slice(in_line.clone()).to_owned();
            return self.replace(in_line, "");
        }
        // At an end of its line a key joins two lines.
        self.delete(
            match what {
                Deletion::ToEnd | Deletion::WordRight => Deletion::Behind,
                _ => Deletion::Before,
            },
            false,
        )
    }

    fn copy(&mut self) {
        if let Some(selected) = self.selected() {
            self.kept = self.slice(selected).to_owned();
        }
        self.anchor = None;
    }

    fn paste(&mut self) -> Option<TextChange> {
        let kept = self.kept.clone();
        self.put(&kept, false)
    }

    fn kept(&self) -> String {
        self.kept.clone()
    }

    fn undo(&mut self) -> Option<TextChange> {
        let edit = self.past.pop_back()?;
        let change = self.apply(edit.at..edit.at + edit.inserted.len(), &edit.removed);
        self.undone.push(edit);
        Some(change)
    }

    fn redo(&mut self) -> Option<TextChange> {
        let edit = self.undone.pop()?;
        let change = self.apply(edit.at..edit.at + edit.removed.len(), &edit.inserted);
        self.past.push_back(edit);
        Some(change)
    }

    fn forget_undone(&mut self) {
        self.undone.clear();
    }

    fn has_forgotten(&self) -> bool {
        self.has_forgotten
    }
}

/// Words and paragraphs.
impl LargeText {
    /// The start of the word before the cursor, in its line; the line's when there is none.
    fn word_start(&self) -> usize {
        let line = self.line_of(self.at);
        let before = self.slice(line.start..self.at);
        let trimmed = before.trim_end();
        let kind = trimmed.chars().next_back().map(CharKind::of);
        line.start + trimmed.trim_end_matches(|c| Some(CharKind::of(c)) == kind).len()
    }

    /// The end of the word behind the cursor, in its line; the line's when there is none.
    fn word_end(&self) -> usize {
        let line = self.line_of(self.at);
        let trimmed = self.slice(self.at..line.end).trim_start();
        let kind = trimmed.chars().next().map(CharKind::of);
        line.end - trimmed.trim_start_matches(|c| Some(CharKind::of(c)) == kind).len()
    }

    /// The start of the word before the cursor; the end of the line before when there is none.
    fn word_left(&self) -> usize {
        let line = self.line_of(self.at);
        let is_word = !self.slice(line.start..self.at).trim_end().is_empty();
        if is_word { self.word_start() } else { line.start.saturating_sub(1) }
    }

    /// The start of the next word; of the next line when there is none.
    fn word_right(&self) -> usize {
        let line = self.line_of(self.at);
        let behind = self.slice(self.at..line.end);
        let kind = behind.chars().next().map(CharKind::of);
        let rest = behind.trim_start_matches(|c| Some(CharKind::of(c)) == kind).trim_start();
        if rest.is_empty() { self.next(line.end) } else { line.end - rest.len() }
    }

    /// The first line of the paragraph above, in the column of the cursor.
    fn paragraph_up(&self) -> usize {
        let line = self.number_of(self.at);
        let mut above = (0..line).rev().map(|number| (number, self.range(number).is_empty()));
        let Some((_, mut was_empty)) = above.next() else { return self.at };
        let gap = above.find(|(_, is_empty)| {
            let is_gap = *is_empty && !was_empty;
            was_empty = *is_empty;
            is_gap
        });
        self.in_column(gap.map_or(0, |(number, _)| number + 1))
    }

    /// The first line of the next paragraph, in the column of the cursor.
    fn paragraph_down(&self) -> usize {
        let line = self.number_of(self.at);
        let mut was_empty = self.range(line).is_empty();
        let found = (line + 1..self.starts.len()).find(|number| {
            let is_empty = self.range(*number).is_empty();
            let is_start = was_empty && !is_empty;
            was_empty = is_empty;
            is_start
        });
        self.in_column(found.unwrap_or(self.starts.len() - 1))
    }

    /// The byte of a line that is as many characters behind its start as the cursor is.
    fn in_column(&self, number: usize) -> usize {
        let column = self.slice(self.line_of(self.at).start..self.at).chars().count();
        let line = self.range(number);
        let byte = self.slice(line.clone()).char_indices().nth(column);
        byte.map_or(line.end, |(byte, _)| line.start + byte)
    }
}

impl CharKind {
    fn of(c: char) -> Self {
        match c {
            c if c.is_whitespace() => CharKind::Space,
            '_' => CharKind::Word,
            c if c.is_ascii_punctuation() => CharKind::Punctuation,
            _ => CharKind::Word,
        }
    }
}

/// The bytes behind each LF.
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
            let mut model = LargeText::new(text.clone());
            for (at, length, with) in changes {
                let start = start_of(&model.text, at).len();
                let end = start_of(&model.text, start + length).len();
                model.replace(start..end, &with);
                prop_assert_eq!(&model.starts, &LargeText::new(model.text.clone()).starts);
            }
            let after = model.text.clone();
            while model.undo().is_some() {}
            prop_assert_eq!(&model.text, &text);
            while model.redo().is_some() {}
            prop_assert_eq!(&model.text, &after);
            prop_assert_eq!(&model.starts, &LargeText::new(after).starts);
        }
    }

    #[test]
    fn what_can_be_undone_is_bounded() {
        let mut model = LargeText::new(String::new());
        for _ in 0..CHANGES_MAX {
            model.replace(0..model.len(), "ab");
        }
        assert!(!model.has_forgotten());
        model.replace(0..model.len(), "ab");
        assert!(model.past.len() == CHANGES_MAX && model.has_forgotten());
        let large = "x".repeat(CHANGES_BYTES / 2);
        for _ in 0..4 {
            model.replace(0..model.len(), &large);
        }
        assert_eq!(model.past.len(), 1);
    }
}
