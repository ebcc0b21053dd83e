//! What a text field edits, whichever part of the program holds the text.
//!
//! `area_text` (texts of ordinary size) and `large_text` are the two that hold one; `editor`,
//! `text_view` and `text_rows` know them as [`TextModel`] only.

use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::Range;

use crate::app::format::start_of;

/// Changes that can be undone.
pub(super) const CHANGES_MAX: usize = 200;

/// Where something is in a text: before the character that begins at this byte of this line, both
/// counted from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TextPlace {
    pub(super) line: usize,
    pub(super) byte: usize,
}

/// So many bytes at a byte of the text became others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    pub at: usize,
    pub removed: usize,
    pub inserted: String,
}

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextChange {
    /// It is another one; it is of a size that can be taken over whole.
    Whole,
    /// A piece of it is another one.
    Piece(Splice),
}

/// Where the cursor goes, as far as the text alone decides that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    /// To the start and the end of its line.
    Head,
    End,
    /// To the start and the end of the text.
    Top,
    Bottom,
    WordLeft,
    WordRight,
    ParagraphUp,
    ParagraphDown,
}

/// What is deleted; the selection instead, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletion {
    /// The character before and behind the cursor.
    Before,
    Behind,
    /// What follows in the line, or the line break; what precedes in it.
    ToEnd,
    ToHead,
    WordLeft,
    WordRight,
    /// Nothing but the selection, to be put elsewhere.
    Selection,
}

/// A text with its lines, cursor, selection, past, and what was cut from it last.
pub(super) trait TextModel: Debug {
    /// All of it, lines joined with LF.
    fn text(&self) -> Cow<'_, str>;
    /// Length in bytes, and the most it may be.
    fn len(&self) -> usize;
    fn room(&self) -> usize;
    /// Number of lines, at least one.
    fn count(&self) -> usize;
    /// A line without its LF; empty when there is none.
    fn line(&self, number: usize) -> &str;
    /// Where the cursor is.
    fn cursor(&self) -> TextPlace;
    /// What is selected, from front to back; never nothing.
    fn selection(&self) -> Option<Range<TextPlace>>;

    /// From now on the cursor selects what it moves over, or does not.
    fn select(&mut self, is_selecting: bool);
    /// Puts the cursor somewhere.
    fn jump(&mut self, to: TextPlace);
    /// Moves the cursor.
    fn go(&mut self, motion: Motion);

    /// Puts text in place of the selection, or where the cursor is; with `joins` it is one change
    /// with the last one, which put text right before it.
    fn put(&mut self, text: &str, joins: bool) -> Option<TextChange>;
    /// Deletes something; whole words, ends of lines and what is cut are kept to be put elsewhere.
    /// With `joins`, a character is one change with those that went the same way right before it.
    fn delete(&mut self, what: Deletion, joins: bool) -> Option<TextChange>;
    /// Keeps the selection to be put elsewhere.
    fn copy(&mut self);
    /// Puts what is kept where the cursor is.
    fn paste(&mut self) -> Option<TextChange>;
    /// What is kept.
    fn kept(&self) -> String;
    /// Takes the last change back; `None` = there is none.
    fn undo(&mut self) -> Option<TextChange>;
    /// Makes the change again that was taken back last; `None` = there is none.
    fn redo(&mut self) -> Option<TextChange>;
    /// Forgets what could be made again.
    fn forget_undone(&mut self);
    /// Whether changes were forgotten, so that not all can be taken back.
    fn has_forgotten(&self) -> bool;

    /// The place of a byte of the whole text.
    fn place_of(&self, byte: usize) -> TextPlace {
        let (mut line, mut left) = (0, byte);
        while line + 1 < self.count() && left > self.line(line).len() {
            left -= self.line(line).len() + 1;
            line += 1;
        }
        self.floor(TextPlace { line, byte: left })
    }

    /// The byte of the whole text a place is at.
    fn byte_of(&self, place: TextPlace) -> usize {
        let before = (0..place.line).map(|line| self.line(line).len() + 1);
        before.sum::<usize>() + place.byte
    }

    /// The start of the text.
    fn is_start(&self, place: TextPlace) -> bool {
        place == TextPlace::default()
    }

    /// The end of the text.
    fn is_end(&self, place: TextPlace) -> bool {
        place.line + 1 == self.count() && place.byte == self.line(place.line).len()
    }

    /// The nearest place there is at or before one.
    fn floor(&self, place: TextPlace) -> TextPlace {
        let line = place.line.min(self.count().saturating_sub(1));
        TextPlace { line, byte: start_of(self.line(line), place.byte).len() }
    }

    /// One character before a place.
    fn before(&self, place: TextPlace) -> TextPlace {
        match (place.byte.checked_sub(1), place.line.checked_sub(1)) {
            (Some(byte), _) => self.floor(TextPlace { byte, ..place }),
            (None, Some(line)) => TextPlace { line, byte: self.line(line).len() },
            (None, None) => place,
        }
    }

    /// One character behind a place.
    fn behind(&self, place: TextPlace) -> TextPlace {
        let rest = self.line(place.line).split_at_checked(place.byte);
        match rest.and_then(|(_, rest)| rest.chars().next()) {
            Some(c) => TextPlace { byte: place.byte + c.len_utf8(), ..place },
            None if place.line + 1 < self.count() => TextPlace { line: place.line + 1, byte: 0 },
            None => place,
        }
    }
}
