//! The bytes of one record or conversation row, looked at closely: as text, as hex, or taken apart.
//!
//! Where rows begin is computed once for a width; drawing and scrolling then cost what is visible.
//! In hex there is a cursor on a byte, and in text while something is selected; what the bytes from there
//! on can mean stands beside or below:
//!
//! ```text
//!   wide                                       else
//!   ├ 00000000  47 45 .. |GE..| ─┬ readings ┤  ├ 00000000  47 45 54 20 .. |GET | ┤
//!   ├ 00000010  ...              │          ┤  ├ readings, what there is room for ┤
//! ```

mod detail_areas;
mod forms;
mod pointing;
mod text_cursor;

use bytes::Bytes;

use super::decoded_view::DecodedView;
use crate::codec::charset;
use crate::codec::decoded::DecodeHints;
use crate::model::id::RecordId;
use crate::model::record::RecordKind;
use detail_areas::HEX_ROWS;
pub use detail_areas::HexRow;

/// Bytes looked at to tell text from binary.
const SAMPLE: usize = 4096;

/// Bytes on show.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The record, or the first one of the row.
    pub of: RecordId,
    pub bytes: Bytes,
    pub form: DetailForm,
    /// What the bytes say, if their format is known.
    pub decoded: Option<DecodedView>,
    /// Only data crossed a socket; the rest is our own words about what happened.
    pub kind: RecordKind,
    /// What the user chose; it stays for what is shown next.
    chosen: Option<DetailForm>,
    /// What hex goes back to.
    back: DetailForm,
    /// The keys scroll it.
    pub inside: bool,
    pub top: usize,
    /// The byte at which a search stands.
    pub here: Option<usize>,
    /// The byte under the cursor of the hex view.
    pub at: usize,
    /// Where a selection of bytes began.
    anchor: Option<usize>,
    /// Where each text row begins, for `width`.
    starts: Vec<u32>,
    width: usize,
    /// How hex is laid out.
    pub hex_row: HexRow,
    /// A press of the mouse gave it the keys, which may have moved it: what is dragged selects
    /// nothing yet.
    is_entered: bool,
    /// The mouse selects: nothing is moved below it.
    is_dragged: bool,
}

/// How bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DetailForm {
    #[default]
    Text,
    Hex,
    /// As the fields of a message whose format is known.
    Decoded,
}

impl Detail {
    /// Shows data as text if it looks like it; our own words are always text.
    pub(crate) fn new(
        of: RecordId,
        kind: RecordKind,
        bytes: Bytes,
        hints: &DecodeHints<'_>,
    ) -> Self {
        let is_data = kind == RecordKind::Data;
        let form = if is_data && !is_text(&bytes) { DetailForm::Hex } else { DetailForm::Text };
        Detail {
            of,
            form,
            decoded: if is_data {
                DecodedView::of(&bytes, hints)
            } else {
                // Words about frames are none of their bytes.
                let hints = DecodeHints { frames: hints.frames, ..DecodeHints::default() };
                DecodedView::of(&[], &hints)
            },
            bytes,
            kind,
            chosen: None,
            back: DetailForm::Text,
            inside: false,
            top: 0,
            here: None,
            at: 0,
            anchor: None,
            starts: Vec::new(),
            width: 0,
            hex_row: HEX_ROWS[0],
            is_entered: false,
            is_dragged: false,
        }
    }

    /// Another record in the same place: as hex or taken apart too if that was chosen.
    #[must_use]
    fn in_place_of(self, before: &Detail) -> Self {
        let chosen = before.chosen.filter(|_| self.kind == RecordKind::Data);
        let form = match chosen {
            Some(DetailForm::Decoded) if self.decoded.is_none() => self.form,
            Some(form) => form,
            None => self.form,
        };
        Detail { inside: before.inside, chosen: before.chosen, back: before.back, form, ..self }
    }

    /// Whether it is shown as hex.
    pub fn is_hex(&self) -> bool {
        self.form == DetailForm::Hex
    }

    /// What is shown of it taken apart, when it is shown so.
    pub fn fields(&self) -> Option<&DecodedView> {
        self.decoded.as_ref().filter(|_| self.form == DetailForm::Decoded)
    }

    fn fields_mut(&mut self) -> Option<&mut DecodedView> {
        self.decoded.as_mut().filter(|_| self.form == DetailForm::Decoded)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match (self.form, &self.decoded) {
            (DetailForm::Hex, _) => self.bytes.len().div_ceil(self.hex_row.bytes),
            (DetailForm::Decoded, Some(decoded)) => decoded.message.rows.len(),
            (DetailForm::Decoded, None) => 0,
            (DetailForm::Text, _) => self.starts.len(),
        }
    }

    /// Whether the record has no payload to show.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A row: where it begins and its bytes, a line ending left out.
    pub fn row(&self, at: usize) -> Option<(usize, &[u8])> {
        if let Some(fields) = self.fields() {
            let place = fields.message.rows.get(at)?.at.clone();
            return self.bytes.get(place.clone()).map(|bytes| (place.start, bytes));
        }
        if self.is_hex() {
            let start = at.checked_mul(self.hex_row.bytes)?;
            let end = start.checked_add(self.hex_row.bytes)?.min(self.bytes.len());
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

/// Esc: ends a selection of an open record, takes the keys back from it, then closes it; `false` =
/// none was open.
pub fn leave(open: &mut Option<Detail>) -> bool {
    match open {
        None => return false,
        Some(detail) if detail.inside && detail.anchor.is_some() => detail.anchor = None,
        Some(detail) if detail.inside => detail.inside = false,
        Some(_) => *open = None,
    }
    true
}

/// Opens a record, in place of the one that was open.
pub(crate) fn show(
    open: &mut Option<Detail>,
    (of, kind): (RecordId, RecordKind),
    bytes: Bytes,
    hints: &DecodeHints<'_>,
) {
    *open = Some(match open.take() {
        Some(detail) if detail.of == of && detail.bytes == bytes => detail,
        Some(before) => Detail::new(of, kind, bytes, hints).in_place_of(&before),
        None => Detail::new(of, kind, bytes, hints),
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
mod record_view_tests;
