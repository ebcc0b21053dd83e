//! The bytes of one record or conversation row, looked at closely: as text, as hex, or taken apart.
//!
//! Where rows begin is computed once for a width; drawing and scrolling then cost what is visible.
//! In hex there is a cursor on a byte, and what the bytes from there on can mean stands beside or
//! below:
//!
//! ```text
//!   wide                                       else
//!   ├ 00000000  47 45 .. |GE..| ─┬ readings ┤  ├ 00000000  47 45 54 20 .. |GET | ┤
//!   ├ 00000010  ...              │          ┤  ├ readings, what there is room for ┤
//! ```

use std::ops::Range;

use bytes::Bytes;
use ratatui::layout::{Position, Rect};

use super::action::Action;
use super::cursor::{Cursor, CursorStep};
use super::decoded_view::DecodedView;
use super::layout::{cut_bottom, cut_right};
use super::message::{Mouse, MouseKind};
use super::wrap_bytes;
use crate::codec::charset;
use crate::codec::decoded::DecodeHints;
use crate::codec::reading::READINGS;
use crate::model::id::RecordId;
use crate::model::record::RecordKind;

/// Rows of hex, of which the first that fits is taken.
const HEX_ROWS: &[HexRow] = &[
    HexRow { bytes: 16, digits: 8 },
    HexRow { bytes: 16, digits: 6 },
    HexRow { bytes: 8, digits: 6 },
    HexRow { bytes: 4, digits: 6 },
];
/// Rows of hex that stay whatever is told of its bytes.
const HEX_KEEPS: u16 = 3;
/// Rows of the list that stay in sight while keys go to bytes.
const LIST_KEEPS: u16 = 2;
/// Cells of what bytes can mean.
const READING_CELLS: u16 = 58;
/// Rows of it: with their heading.
const READING_ROWS: u16 = READINGS as u16 + 1;
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

/// A row of hex: how many bytes, and digits of where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexRow {
    pub bytes: usize,
    pub digits: usize,
}

impl HexRow {
    /// The column of the first byte.
    fn first(self) -> usize {
        self.digits + 2
    }

    /// Cells of the digits of all bytes, one more between eights.
    fn hex(self) -> usize {
        self.bytes * 3 + self.bytes.saturating_sub(1) / 8
    }

    /// Cells of a row.
    pub(crate) fn cells(self) -> usize {
        // Blank and bar, the letters, a bar.
        self.first() + self.hex() + 2 + self.bytes + 1
    }
}

/// Where the pieces of an open record are drawn; empty where there is nothing or no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DetailAreas {
    /// Its rows, as text or hex.
    pub rows: Rect,
    /// What the bytes under the cursor can mean.
    pub readings: Rect,
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
            decoded: if is_data { DecodedView::of(&bytes, hints) } else { None },
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

    /// How many of these rows it takes, its title included, `half` or more; the list has the rest.
    pub(crate) fn rows_of(&self, room: u16, half: u16) -> u16 {
        if self.form == DetailForm::Text || !self.inside || self.is_empty() {
            return half;
        }
        half.max((1 + HEX_KEEPS + READING_ROWS).min(room.saturating_sub(LIST_KEEPS)))
    }

    /// Lays the pieces out in the area of the detail.
    pub(crate) fn areas(&self, area: Rect) -> DetailAreas {
        let mut parts = DetailAreas { rows: area, ..DetailAreas::default() };
        if !self.is_hex() || self.is_empty() {
            return parts;
        }
        let widest = HEX_ROWS.iter().map(|row| row.cells() as u16).max().unwrap_or(0);
        if area.width >= widest + READING_CELLS && area.height > 1 {
            parts.readings = cut_right(&mut parts.rows, READING_CELLS);
            return parts;
        }
        // Who only looks along the list sees more of the bytes.
        let keeps = if self.inside { HEX_KEEPS } else { 2 * HEX_KEEPS };
        let height = area.height.saturating_sub(keeps).min(READING_ROWS);
        if height >= if self.inside { 2 } else { READING_ROWS } {
            parts.readings = cut_bottom(&mut parts.rows, height);
        }
        parts
    }

    fn height(&self, area: Rect) -> usize {
        self.areas(area).rows.height.into()
    }

    /// Breaks bytes into rows that fit this area.
    pub fn fit(&mut self, area: Rect) {
        let areas = self.areas(area);
        let width = usize::from(area.width);
        if width > 0 && self.width != width {
            self.wrap(width);
        }
        let first = self.row(self.top).map_or(0, |(offset, _)| offset);
        let room = usize::from(areas.rows.width);
        let fits = HEX_ROWS.iter().find(|row| row.cells() <= room).or(HEX_ROWS.last());
        if let Some(row) = fits.filter(|row| **row != self.hex_row && room > 0) {
            self.hex_row = *row;
            self.top = self.row_at(first);
        }
        let height = usize::from(areas.rows.height);
        self.top = self.top.min(self.len().saturating_sub(height.max(1)));
        if self.form != DetailForm::Text && self.inside {
            self.show_cursor(height);
        }
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

    /// Moves the cursor of the hex view, or that on fields, by rows; scrolls text.
    pub fn step(&mut self, step: CursorStep, area: Rect) {
        let height = self.height(area);
        if let Some(fields) = self.fields_mut() {
            fields.step(step, height);
            return self.show_cursor(height);
        }
        if !self.is_hex() {
            return self.scroll(step, area);
        }
        let last = self.bytes.len().saturating_sub(1);
        let bytes = step.rows(height).saturating_mul(self.hex_row.bytes);
        let (at, row) = (self.at, self.hex_row.bytes);
        self.at = match step {
            CursorStep::Top => 0,
            CursorStep::Bottom => last,
            // At an end it stays in its column.
            _ if step.is_up() => at - bytes.min(at / row * row),
            _ => at + bytes.min((last - at.min(last)) / row * row),
        };
        self.show_cursor(height);
    }

    /// Scrolls and leaves the cursor where it is.
    pub(crate) fn scroll(&mut self, step: CursorStep, area: Rect) {
        let height = self.height(area);
        let last = self.len().saturating_sub(height);
        let mut cursor = Cursor { selected: self.top.min(last), offset: 0 };
        cursor.step(step, last + 1, height);
        self.top = cursor.selected;
    }

    /// What an action does to the cursor on bytes; `false` = it is none of it, or they are no hex.
    pub(crate) fn act(&mut self, action: Action, area: Rect) -> bool {
        if !(self.is_hex() && self.inside) {
            return false;
        }
        let last = self.bytes.len().saturating_sub(1);
        match action {
            Action::Left => self.at = self.at.saturating_sub(1),
            Action::Right => self.at = (self.at + 1).min(last),
            Action::Select => {
                self.anchor = if self.anchor.is_some() { None } else { Some(self.at) };
            }
            _ => return false,
        }
        self.show_cursor(self.height(area));
        true
    }

    /// The mouse on the bytes: the cursor goes there, and selects while the button is held.
    pub(crate) fn mouse(&mut self, mouse: Mouse, area: Rect) {
        let at = self.byte_under((mouse.column, mouse.row).into(), area);
        let was_inside = std::mem::replace(&mut self.inside, true);
        match mouse.kind {
            MouseKind::Drag if self.is_entered => return,
            MouseKind::Drag => self.anchor = self.anchor.or(at.map(|_| self.at)),
            MouseKind::Press | MouseKind::SecondPress | MouseKind::ThirdPress => {
                (self.is_entered, self.anchor) = (!was_inside, None);
            }
            MouseKind::Release | MouseKind::ScrollUp | MouseKind::ScrollDown => return,
        }
        self.at = at.unwrap_or(self.at);
        let field = self.top + usize::from(mouse.row.saturating_sub(area.y));
        if let Some(fields) = self.fields_mut() {
            fields.cursor = field;
        }
        self.show_cursor(self.height(area));
    }

    /// The byte at a place of the hex view, in either of its columns.
    fn byte_under(&self, at: Position, area: Rect) -> Option<usize> {
        let rows = self.areas(area).rows;
        if !self.is_hex() || !rows.contains(at) {
            return None;
        }
        let row = self.hex_row;
        let x = usize::from(at.x - rows.x).saturating_sub(row.first());
        // A gap of one more cell stands before the second eight.
        let column = if x < row.hex() { (x - x / 25) / 3 } else { x.saturating_sub(row.hex() + 2) };
        let start = (self.top + usize::from(at.y - rows.y)) * row.bytes;
        let last = (start + row.bytes).min(self.bytes.len()).checked_sub(1)?;
        (start <= last).then(|| (start + column.min(row.bytes - 1)).min(last))
    }

    /// The bytes that are selected.
    pub fn selection(&self) -> Option<Range<usize>> {
        let anchor = self.anchor.filter(|_| self.is_hex())?;
        Some(anchor.min(self.at)..(anchor.max(self.at) + 1).min(self.bytes.len()))
    }

    /// Selected bytes, when keys go to them.
    pub(crate) fn selected(&self) -> Option<&[u8]> {
        self.bytes.get(self.selection().filter(|_| self.inside)?)
    }

    fn show_cursor(&mut self, height: usize) {
        let top = self.top;
        if let Some(fields) = self.fields_mut() {
            self.top = fields.settled(top, height);
            return;
        }
        if !self.is_hex() {
            return;
        }
        self.at = self.at.min(self.bytes.len().saturating_sub(1));
        let mut cursor = Cursor { selected: self.at / self.hex_row.bytes, offset: self.top };
        cursor.settle(self.len(), height);
        self.top = cursor.offset;
    }

    /// Switches to hex and back, staying at the same bytes, or at the hit when it is seen.
    pub(crate) fn toggle_hex(&mut self, area: Rect) {
        if self.kind != RecordKind::Data {
            // Nothing to see here as hex; it is what the user wants of the next bytes.
            self.chosen = Some(DetailForm::Hex);
            return;
        }
        let to = match self.form {
            DetailForm::Hex if self.decoded.is_none() => DetailForm::Text,
            DetailForm::Hex => self.back,
            DetailForm::Text | DetailForm::Decoded => DetailForm::Hex,
        };
        self.turn(to, area);
    }

    /// Shows text, hex and what the bytes say in turn; what is not known of them is left out.
    pub(crate) fn next_form(&mut self, area: Rect) {
        match (self.form, &self.decoded) {
            (DetailForm::Hex, Some(_)) if self.kind == RecordKind::Data => {
                self.turn(DetailForm::Decoded, area);
            }
            (DetailForm::Decoded, _) => self.turn(DetailForm::Text, area),
            (DetailForm::Hex, _) if self.kind == RecordKind::Data => {
                self.turn(DetailForm::Text, area);
            }
            _ => self.toggle_hex(area),
        }
    }

    /// Shows the same bytes in another form. Of a field they are selected.
    fn turn(&mut self, to: DetailForm, area: Rect) {
        let shown = self.top..self.top + self.height(area);
        let here = self.here.filter(|byte| shown.contains(&self.row_at(*byte)));
        let field = self.fields().and_then(DecodedView::field).map(|field| field.at.clone());
        let top = self.row(self.top).map_or(0, |(offset, _)| offset);
        let was_hex = self.is_hex();
        if to == DetailForm::Hex {
            self.back = self.form;
        }
        self.form = to;
        self.chosen = Some(to).filter(|form| *form != DetailForm::Text);
        self.anchor = None;
        self.fit(area);
        let byte = here.or_else(|| field.as_ref().map(|at| at.start)).unwrap_or(top);
        self.top = self.row_at(if here.is_some() { top } else { byte });
        match to {
            DetailForm::Hex => {
                self.at = byte;
                if let Some(field) = field.filter(|at| at.len() > 1 && here.is_none()) {
                    (self.anchor, self.at) = (Some(field.start), field.end - 1);
                }
                let last = self.bytes.len().saturating_sub(1);
                self.at = self.at.min(last);
            }
            DetailForm::Decoded => {
                let byte = if was_hex { self.at } else { byte };
                if let Some(fields) = self.fields_mut() {
                    fields.go_to(byte);
                }
                self.show_cursor(self.height(area));
            }
            DetailForm::Text => {}
        }
        if let Some(byte) = here {
            self.reveal(byte, area);
        }
    }

    /// Brings a byte into view, a third of the way down if it was out of sight.
    pub(crate) fn reveal(&mut self, byte: usize, area: Rect) {
        let height = self.height(area);
        (self.here, self.at, self.anchor) = (Some(byte), byte, None);
        let row = self.row_at(byte);
        if let Some(fields) = self.fields_mut() {
            fields.cursor = row;
        }
        if !(self.top..self.top + height.max(1)).contains(&row) {
            self.top = row.saturating_sub(height / 3).min(self.len().saturating_sub(1));
        }
    }

    fn row_at(&self, byte: usize) -> usize {
        if self.is_hex() {
            byte / self.hex_row.bytes
        } else if let Some(fields) = self.fields() {
            fields.row_at(byte)
        } else {
            self.starts.partition_point(|start| *start as usize <= byte).saturating_sub(1)
        }
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
mod tests {
    use super::*;

    const HINTS: DecodeHints<'static> = DecodeHints {
        datagrams: true,
        ports: [None; 3],
        exchanges: false,
        content_type: None,
        head: &[],
    };

    fn instead(before: &Detail, kind: RecordKind, bytes: &'static [u8]) -> Detail {
        Detail::new(RecordId(1), kind, Bytes::from_static(bytes), &HINTS).in_place_of(before)
    }

    fn detail(bytes: &[u8], width: usize) -> Detail {
        let mut detail =
            Detail::new(RecordId(0), RecordKind::Data, Bytes::copy_from_slice(bytes), &HINTS);
        detail.fit(area(width, 0));
        detail
    }

    fn area(width: usize, height: u16) -> Rect {
        Rect::new(0, 0, width as u16, height)
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
        assert!(detail(&bytes, 10).is_hex());
        let text = "0123456789abcdef\n".repeat(20);
        let mut detail = detail(text.as_bytes(), 78);
        assert!(!detail.is_hex());
        for _ in 0..10 {
            detail.step(CursorStep::Down, area(78, 4));
        }
        detail.toggle_hex(area(78, 4));
        assert_eq!(detail.top, 170 / 16);
        assert!(detail.row(detail.top).unwrap().0 <= 170);
    }

    #[test]
    fn hex_once_chosen_stays_for_the_next_record() {
        let other = |detail: &Detail, bytes: &'static [u8]| {
            instead(detail, RecordKind::Data, bytes).is_hex()
        };
        let mut detail = detail(b"text", 10);
        assert!(!other(&detail, b"text") && other(&detail, b"\0\x01\xff"));
        detail.toggle_hex(area(78, 4));
        assert!(other(&detail, b"text"));
        detail.toggle_hex(area(78, 4));
        assert!(!other(&detail, b"text"));
    }

    #[test]
    fn our_own_words_are_never_shown_as_hex() {
        let mut words = detail(b"text", 10);
        words.toggle_hex(area(78, 4));
        let other = |words: &Detail, kind, bytes: &'static [u8]| instead(words, kind, bytes);
        assert!(other(&words, RecordKind::Data, b"more").is_hex());
        let mut words = other(&words, RecordKind::Closed, b"closed by us");
        assert!(!words.is_hex());
        words.toggle_hex(area(78, 4));
        assert!(!words.is_hex());
        assert!(other(&words, RecordKind::Data, b"more").is_hex());
    }

    fn inside(bytes: &[u8], room: Rect) -> Detail {
        let mut detail =
            Detail::new(RecordId(0), RecordKind::Data, Bytes::copy_from_slice(bytes), &HINTS);
        (detail.form, detail.inside) = (DetailForm::Hex, true);
        detail.fit(room);
        detail
    }

    #[test]
    fn the_cursor_moves_by_bytes_and_rows_keeps_its_column_and_stays_in_sight() {
        let room = area(78, 6);
        let bytes: Vec<u8> = (0..=250).collect();
        let mut detail = inside(&bytes, room);
        for (action, at) in [(Action::Right, 1), (Action::Right, 2), (Action::Left, 1)] {
            assert!(detail.act(action, room));
            assert_eq!(detail.at, at);
        }
        for (step, at) in [
            (CursorStep::Up, 1),
            (CursorStep::Down, 17),
            (CursorStep::PageDown, 17 + 2 * 16),
            (CursorStep::Bottom, 250),
            (CursorStep::Down, 250),
            (CursorStep::PageUp, 250 - 2 * 16),
            (CursorStep::Top, 0),
        ] {
            detail.step(step, room);
            assert_eq!(detail.at, at, "{step:?}");
            let rows = usize::from(detail.areas(room).rows.height);
            assert!((detail.top..detail.top + rows).contains(&(at / 16)), "{step:?}");
        }
        detail.inside = false;
        assert!(!detail.act(Action::Right, room), "the keys are elsewhere");
    }

    #[test]
    fn a_selection_goes_from_where_it_began_to_the_cursor_and_escape_ends_it_first() {
        let room = area(78, 6);
        let mut detail = inside(b"0123456789", room);
        detail.step(CursorStep::Bottom, room);
        assert!(detail.act(Action::Select, room) && detail.act(Action::Left, room));
        assert_eq!(detail.selected(), Some(&b"89"[..]));
        let mut open = Some(detail);
        assert!(leave(&mut open));
        let detail = open.unwrap();
        assert_eq!((detail.selected(), detail.inside), (None, true));
    }

    #[test]
    fn the_mouse_finds_the_byte_in_either_column_at_every_width() {
        let bytes: Vec<u8> = (0..=255).collect();
        for width in [20, 30, 50, 76, 78, 140] {
            let room = area(width, 10);
            let detail = inside(&bytes, room);
            let per_row = detail.hex_row.bytes;
            for at in 0..per_row {
                let x = detail.hex_row.first() + at * 3 + at / 8;
                let letters = detail.hex_row.first() + detail.hex_row.hex() + 2;
                let letter = (letters + at < width).then_some(letters + at);
                for x in [x, x + 1].into_iter().chain(letter) {
                    let under = detail.byte_under((x as u16, 1).into(), room);
                    assert_eq!(under, Some(per_row + at), "{width}: {x}");
                }
            }
        }
    }

    #[test]
    fn a_drag_selects_bytes_and_a_press_ends_that() {
        let room = area(78, 6);
        let mut detail = inside(b"0123456789", room);
        let mouse = |kind, column| Mouse { kind, column, row: 0 };
        let first = detail.hex_row.first() as u16;
        detail.mouse(mouse(MouseKind::Press, first), room);
        detail.mouse(mouse(MouseKind::Drag, first + 6), room);
        detail.mouse(mouse(MouseKind::Release, first + 6), room);
        assert_eq!(detail.selected(), Some(&b"012"[..]));
        detail.mouse(mouse(MouseKind::Press, first + 3), room);
        assert_eq!((detail.selected(), detail.at), (None, 1));
        // The press that gives it the keys may move it on the screen.
        detail.inside = false;
        detail.mouse(mouse(MouseKind::Press, first), room);
        detail.mouse(mouse(MouseKind::Drag, first + 6), room);
        assert_eq!((detail.selected(), detail.at, detail.inside), (None, 0, true));
    }

    #[test]
    fn hex_of_sixteen_bytes_fits_a_screen_of_eighty_columns() {
        let row = |width| inside(&[0; 99], area(width, 20)).hex_row;
        assert_eq!(row(76), HexRow { bytes: 16, digits: 6 });
        assert_eq!(row(78), HexRow { bytes: 16, digits: 8 });
        assert_eq!((row(60).bytes, row(30).bytes, row(5).bytes), (8, 4, 4));
    }

    #[test]
    fn with_the_keys_it_takes_the_rows_it_needs_and_leaves_some_to_the_list() {
        let mut detail = inside(&[0; 300], area(78, 20));
        let rows = |detail: &Detail| [6, 19, 60].map(|room| detail.rows_of(room, room / 2));
        assert_eq!(rows(&detail), [4, 17, 30]);
        detail.inside = false;
        assert_eq!(rows(&detail), [3, 9, 30]);
    }

    #[test]
    fn what_bytes_mean_stands_beside_or_below_and_leaves_room_for_them() {
        let detail = inside(&[0; 300], area(78, 20));
        for (width, height) in [(78, 20), (78, 7), (136, 9), (20, 2), (200, 60), (0, 0)] {
            let parts = detail.areas(area(width, height));
            assert!(parts.rows.height >= height.min(HEX_KEEPS), "{width}x{height}");
            let is_beside = parts.readings.x > 0;
            assert_eq!(is_beside, width >= 136, "{width}x{height}");
            assert_eq!(parts.readings.is_empty(), height < 5, "{width}x{height}");
        }
    }

    #[test]
    fn nothing_has_no_rows_and_cannot_be_scrolled_away() {
        let mut detail = detail(b"", 10);
        detail.step(CursorStep::Bottom, area(10, 5));
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
