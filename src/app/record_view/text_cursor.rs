//! The cursor on bytes that are shown as text: it stands on a character, and is there only while something is
//! selected; text is scrolled else.

use std::ops::Range;

use super::{Detail, DetailForm};
use crate::app::wrap_bytes;
use crate::codec::printable::printable;
use crate::model::record::RecordKind;

impl Detail {
    /// Whether it shows bytes that crossed, as text: some of them can be selected.
    pub(crate) fn is_text_of_others(&self) -> bool {
        self.form == DetailForm::Text && self.kind == RecordKind::Data && !self.is_empty()
    }

    /// Whether characters of the text are being selected.
    pub(super) fn is_text_selected(&self) -> bool {
        self.form == DetailForm::Text && self.anchor.is_some()
    }

    /// Whether what is selected of text can be told below it.
    pub(super) fn has_text_readings(&self) -> bool {
        self.is_text_selected() && !self.is_dragged
    }

    /// What the cursor stands on: a byte or, of text, a character.
    pub fn under_cursor(&self) -> Range<usize> {
        self.cursor_on(self.at)
    }

    /// The same of a cursor that would stand there.
    pub(super) fn cursor_on(&self, at: usize) -> Range<usize> {
        let len = if self.form == DetailForm::Text { unit(&self.bytes, at) } else { 1 };
        at..(at + len).min(self.bytes.len())
    }

    /// The character before the cursor or the one behind it.
    pub(super) fn beside(&self, is_behind: bool) -> usize {
        let last = self.bytes.len().saturating_sub(1);
        if self.form != DetailForm::Text {
            return if is_behind { (self.at + 1).min(last) } else { self.at.saturating_sub(1) };
        }
        if is_behind {
            let end = self.under_cursor().end;
            return if end > last { self.at } else { end };
        }
        let whole = |len: &usize| {
            let from = self.at.checked_sub(*len);
            from.is_some_and(|from| unit(&self.bytes, from) == *len)
        };
        self.at - (1..=4).find(whole).unwrap_or(usize::from(self.at > 0))
    }

    /// The byte of a row of text that stands in this cell of it.
    pub(super) fn byte_at_cell(&self, row: usize, cell: usize) -> Option<usize> {
        let (start, part) = self.row(row)?;
        if part.is_empty() {
            return (start < self.bytes.len()).then_some(start);
        }
        let mut at = 0;
        let mut cells = 0;
        loop {
            let len = unit(part, at);
            cells += wrap_bytes::cells(&printable(part.get(at..at + len)?));
            if cells > cell || at + len >= part.len() {
                return Some(start + at);
            }
            at += len;
        }
    }

    /// The byte that stands so many rows on in the same cell, or at an end.
    pub(super) fn byte_in_row(&self, row: usize) -> usize {
        let now = self.row_at(self.at);
        let before =
            self.row(now).and_then(|(start, part)| part.get(..self.at.checked_sub(start)?));
        let cell = wrap_bytes::cells(&printable(before.unwrap_or_default()));
        self.byte_at_cell(row, cell).unwrap_or(self.at)
    }
}

/// Bytes of the character that begins here; one where none does.
fn unit(bytes: &[u8], at: usize) -> usize {
    let Some(rest) = bytes.get(at..) else { return 1 };
    let rest = rest.get(..4).unwrap_or(rest);
    let valid = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    valid.map_or(1, char::len_utf8)
}
