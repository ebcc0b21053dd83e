//! Where the pieces of an open record are, and how its bytes are laid out there: pure geometry, shared by
//! keys, the mouse and `ui`.

use ratatui::layout::Rect;

use super::{Detail, DetailForm, without_ending};
use crate::app::layout::{cut_bottom, cut_right};
use crate::app::wrap_bytes;
use crate::codec::reading::READINGS;
use crate::model::record::RecordKind;

/// Rows of hex, of which the first that fits is taken.
pub(super) const HEX_ROWS: &[HexRow] = &[
    HexRow { bytes: 16, digits: 8 },
    HexRow { bytes: 16, digits: 6 },
    HexRow { bytes: 8, digits: 6 },
    HexRow { bytes: 4, digits: 6 },
];
/// Rows of hex that stay whatever is told of its bytes.
pub(super) const HEX_KEEPS: u16 = 3;
/// Rows of the list that stay in sight while keys go to bytes.
const LIST_KEEPS: u16 = 2;
/// Bytes of our own words that are broken between words; longer ones are broken where a row is full.
const WORDS_MAX: usize = 4096;
/// Cells of what bytes can mean.
const READING_CELLS: u16 = 58;
/// Rows of it: with their heading.
const READING_ROWS: u16 = READINGS as u16 + 1;

/// A row of hex: how many bytes, and digits of where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexRow {
    pub bytes: usize,
    pub digits: usize,
}

impl HexRow {
    /// The column of the first byte.
    pub(super) fn first(self) -> usize {
        self.digits + 2
    }

    /// Cells of the digits of all bytes, one more between eights.
    pub(super) fn hex(self) -> usize {
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
    /// How many of these rows it takes, its title included, `half` or more; the list has the rest.
    pub(crate) fn rows_of(&self, room: u16, half: u16) -> u16 {
        let has_readings = self.form != DetailForm::Text || self.has_text_readings();
        if !has_readings || !self.inside || self.is_empty() {
            return half;
        }
        half.max((1 + HEX_KEEPS + READING_ROWS).min(room.saturating_sub(LIST_KEEPS)))
    }

    /// Lays the pieces out in the area of the detail.
    pub(crate) fn areas(&self, area: Rect) -> DetailAreas {
        let mut parts = DetailAreas { rows: area, ..DetailAreas::default() };
        let is_text = self.has_text_readings();
        if !(self.is_hex() || is_text) || self.is_empty() {
            return parts;
        }
        let widest = HEX_ROWS.iter().map(|row| row.cells() as u16).max().unwrap_or(0);
        // Text is broken for the whole width.
        if area.width >= widest + READING_CELLS && area.height > 1 && !is_text {
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

    /// Rows that are seen of it.
    pub(super) fn height(&self, area: Rect) -> usize {
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
        if (self.form != DetailForm::Text || self.is_text_selected()) && self.inside {
            self.show_cursor(height);
        }
    }

    /// Breaks its text into rows of this width; our own words between them.
    pub(super) fn wrap(&mut self, width: usize) {
        self.width = width;
        let mut starts = Vec::new();
        let mut from = 0;
        for line in self.bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = without_ending(line);
            let put = |start: usize| starts.push((from + start) as u32);
            if self.kind == RecordKind::Data || text.len() > WORDS_MAX {
                let mut put = put;
                wrap_bytes::each_row(text, width, |row| put(row.start));
            } else {
                wrap_words(text, width, put);
            }
            from += line.len();
        }
        self.starts = starts;
    }

    /// The row that has a byte.
    pub(super) fn row_at(&self, byte: usize) -> usize {
        if self.is_hex() {
            byte / self.hex_row.bytes
        } else if let Some(fields) = self.fields() {
            fields.row_at(byte)
        } else {
            self.starts.partition_point(|start| *start as usize <= byte).saturating_sub(1)
        }
    }
}

/// Where the rows of a line begin that is broken between words, where there is one in a row.
fn wrap_words(text: &[u8], width: usize, mut put: impl FnMut(usize)) {
    let mut start = 0;
    loop {
        put(start);
        let Some(rest) = text.get(start..) else { return };
        let row = wrap_bytes::rows(rest, width).into_iter().next().unwrap_or(0..0);
        let Some(whole) = rest.get(..row.end).filter(|whole| whole.len() < rest.len()) else {
            return;
        };
        let blank = whole.iter().rposition(|byte| *byte == b' ').map(|at| at + 1);
        start += blank.unwrap_or(row.end).max(1);
    }
}
