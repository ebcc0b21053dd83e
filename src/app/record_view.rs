//! The bytes of one record or conversation row, looked at closely: as text or as hex.
//!
//! Where rows begin is computed once for a width; drawing and scrolling then cost what is visible.

use bytes::Bytes;

use super::cursor::{Cursor, CursorStep};
use super::wrap_bytes;
use crate::codec::charset;
use crate::model::id::RecordId;
use crate::model::record::RecordKind;

/// Bytes of a hex row.
const HEX_ROW: usize = 16;
/// Bytes looked at to tell text from binary.
const SAMPLE: usize = 4096;

/// Bytes on show.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The record, or the first one of the row.
    pub of: RecordId,
    pub bytes: Bytes,
    pub is_hex: bool,
    /// Only data crossed a socket; the rest is our own words about what happened.
    pub kind: RecordKind,
    /// The user chose hex; it stays for what is shown next.
    hex_chosen: bool,
    /// The keys scroll it.
    pub inside: bool,
    pub top: usize,
    /// The byte at which a search stands.
    pub here: Option<usize>,
    /// Where each text row begins, for `width`.
    starts: Vec<u32>,
    width: usize,
}

impl Detail {
    /// Shows data as text if it looks like it; our own words are always text.
    pub fn new(of: RecordId, kind: RecordKind, bytes: Bytes) -> Self {
        Detail {
            of,
            is_hex: kind == RecordKind::Data && !is_text(&bytes),
            bytes,
            kind,
            hex_chosen: false,
            inside: false,
            top: 0,
            here: None,
            starts: Vec::new(),
            width: 0,
        }
    }

    /// Another record in the same place: as hex too if that was chosen.
    #[must_use]
    pub fn instead(&self, of: RecordId, kind: RecordKind, bytes: Bytes) -> Self {
        let other = Detail::new(of, kind, bytes);
        let is_hex = other.is_hex || (self.hex_chosen && kind == RecordKind::Data);
        Detail { inside: self.inside, hex_chosen: self.hex_chosen, is_hex, ..other }
    }

    /// Breaks text into rows of this width.
    pub fn fit(&mut self, width: usize, height: usize) {
        if width > 0 && self.width != width {
            self.wrap(width);
        }
        self.top = self.top.min(self.len().saturating_sub(height.max(1)));
    }

    fn wrap(&mut self, width: usize) {
        self.width = width;
        self.starts.clear();
        let mut from = 0;
        for line in self.bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = without_ending(line);
            wrap_bytes::each_row(text, width, |row| self.starts.push((from + row.start) as u32));
            from += line.len();
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        if self.is_hex { self.bytes.len().div_ceil(HEX_ROW) } else { self.starts.len() }
    }

    /// Whether the record has no payload to show.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Scrolls.
    pub fn step(&mut self, step: CursorStep, height: usize) {
        let last = self.len().saturating_sub(height);
        let mut cursor = Cursor { selected: self.top.min(last), offset: 0 };
        cursor.step(step, last + 1, height);
        self.top = cursor.selected;
    }

    /// Switches between text and hex, staying at the same bytes, or at the hit when it is seen.
    pub(crate) fn toggle_hex(&mut self, height: usize) {
        if self.kind != RecordKind::Data {
            // Nothing to see here as hex; it is what the user wants of the next bytes.
            self.hex_chosen = true;
            return;
        }
        let shown = self.top..self.top + height;
        let here = self.here.filter(|byte| shown.contains(&self.row_at(*byte)));
        let byte = self.row(self.top).map_or(0, |(offset, _)| offset);
        self.is_hex = !self.is_hex;
        self.hex_chosen = self.is_hex;
        self.top = self.row_at(byte);
        if let Some(byte) = here {
            self.reveal(byte, height);
        }
    }

    /// Brings a byte into view, a third of the way down if it was out of sight.
    pub(crate) fn reveal(&mut self, byte: usize, height: usize) {
        self.here = Some(byte);
        let row = self.row_at(byte);
        if !(self.top..self.top + height.max(1)).contains(&row) {
            self.top = row.saturating_sub(height / 3).min(self.len().saturating_sub(1));
        }
    }

    fn row_at(&self, byte: usize) -> usize {
        if self.is_hex {
            byte / HEX_ROW
        } else {
            self.starts.partition_point(|start| *start as usize <= byte).saturating_sub(1)
        }
    }

    /// A row: where it begins and its bytes, a line ending left out.
    pub fn row(&self, at: usize) -> Option<(usize, &[u8])> {
        if self.is_hex {
            let start = at.checked_mul(HEX_ROW)?;
            let end = (start + HEX_ROW).min(self.bytes.len());
            return self.bytes.get(start..end).filter(|row| !row.is_empty()).map(|r| (start, r));
        }
        let start = *self.starts.get(at)? as usize;
        let end = self.starts.get(at + 1).map_or(self.bytes.len(), |next| *next as usize);
        self.bytes.get(start..end).map(|row| (start, without_ending(row)))
    }
}

/// Enter: gives an open record the keys, then closes it; `false` = none was open.
pub(crate) fn enter(open: &mut Option<Detail>) -> bool {
    match open {
        None => return false,
        Some(detail) if !detail.inside => detail.inside = true,
        Some(_) => *open = None,
    }
    true
}

/// Esc: takes the keys back from an open record, then closes it; `false` = none was open.
pub fn leave(open: &mut Option<Detail>) -> bool {
    match open {
        None => return false,
        Some(detail) if detail.inside => detail.inside = false,
        Some(_) => *open = None,
    }
    true
}

/// Opens a record, in place of the one that was open.
pub fn show(open: &mut Option<Detail>, of: RecordId, kind: RecordKind, bytes: Bytes) {
    *open = Some(match open.take() {
        Some(detail) if detail.of == of && detail.bytes == bytes => detail,
        Some(detail) => detail.instead(of, kind, bytes),
        None => Detail::new(of, kind, bytes),
    });
}

fn without_ending(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    }
}

/// Whether bytes look like text, judged by their beginning.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    charset::is_text(bytes.get(..SAMPLE).unwrap_or(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(bytes: &[u8], width: usize) -> Detail {
        let mut detail = Detail::new(RecordId(0), RecordKind::Data, Bytes::copy_from_slice(bytes));
        detail.fit(width, 0);
        detail
    }

    #[test]
    fn text_breaks_at_line_ends_and_at_the_width() {
        let detail = detail(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nlonger than ten", 10);
        let rows: Vec<&[u8]> =
            (0..detail.len()).filter_map(|at| detail.row(at)).map(|(_, row)| row).collect();
        let expected: [&[u8]; 6] =
            [b"GET / HTTP", b"/1.1", b"Host: x", b"", b"longer tha", b"n ten"];
        assert_eq!(rows, expected);
    }

    #[test]
    fn binary_is_hex_and_switching_keeps_the_place() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert!(detail(&bytes, 10).is_hex);
        let text = "0123456789abcdef\n".repeat(20);
        let mut detail = detail(text.as_bytes(), 40);
        assert!(!detail.is_hex);
        for _ in 0..10 {
            detail.step(CursorStep::Down, 4);
        }
        detail.toggle_hex(4);
        assert_eq!(detail.top, 170 / 16);
        assert!(detail.row(detail.top).unwrap().0 <= 170);
    }

    #[test]
    fn hex_once_chosen_stays_for_the_next_record() {
        let other = |detail: &Detail, bytes: &'static [u8]| {
            detail.instead(RecordId(1), RecordKind::Data, Bytes::from_static(bytes)).is_hex
        };
        let mut detail = detail(b"text", 10);
        assert!(!other(&detail, b"text") && other(&detail, b"\0\x01\xff"));
        detail.toggle_hex(4);
        assert!(other(&detail, b"text"));
        detail.toggle_hex(4);
        assert!(!other(&detail, b"text"));
    }

    #[test]
    fn our_own_words_are_never_shown_as_hex() {
        let mut words = detail(b"text", 10);
        words.toggle_hex(4);
        let other = |words: &Detail, kind, bytes: &'static [u8]| {
            words.instead(RecordId(1), kind, Bytes::from_static(bytes))
        };
        assert!(other(&words, RecordKind::Data, b"more").is_hex);
        let mut words = other(&words, RecordKind::Closed, b"closed by us");
        assert!(!words.is_hex);
        words.toggle_hex(4);
        assert!(!words.is_hex);
        assert!(other(&words, RecordKind::Data, b"more").is_hex);
    }

    #[test]
    fn nothing_has_no_rows_and_cannot_be_scrolled_away() {
        let mut detail = detail(b"", 10);
        detail.step(CursorStep::Bottom, 5);
        assert_eq!((detail.len(), detail.top), (0, 0));
        assert!(detail.row(0).is_none());
        assert!(detail.row(usize::MAX).is_none());
    }

    #[test]
    fn a_character_cut_by_the_sample_is_no_binary() {
        let text = "é".repeat(SAMPLE);
        assert!(is_text(&text.as_bytes()[1..]) || is_text(text.as_bytes()));
        assert!(!is_text(b"\xff\xfe\x00\x01"));
    }
}
