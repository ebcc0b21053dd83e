//! Lines of text in UTF-16 and UTF-32, handed out as UTF-8.
//!
//! Works on whole units whatever the split of the input; a surrogate without its other half, a
//! number that is no character and a unit cut off at the end become U+FFFD, so they are seen.

use super::start::LineStart;
use crate::model::view::WideEncoding;

/// Raw bytes a piece of a line is cut at: a multiple of every unit, and in UTF-8, where a unit of
/// two bytes may take three, still less than a `LINE_PIECE`.
const CUT: u64 = 2700;

/// Lines end at the unit of LF; long ones are cut between characters.
#[derive(Debug, Clone)]
pub(super) struct WideScanner {
    /// Size and byte order of its units.
    pub(super) wide: WideEncoding,
    /// Raw bytes scanned so far.
    pub(super) offset: u64,
    /// Start of the current piece.
    piece: u64,
    inside: bool,
    /// Bytes of a unit whose end has not come yet.
    unit: [u8; 4],
    have: usize,
    /// The last unit began a surrogate pair, which is not cut.
    in_pair: bool,
}

impl WideScanner {
    /// At the first byte of text in this encoding.
    pub(super) fn new(wide: WideEncoding) -> Self {
        let (offset, piece, inside) = (0, 0, false);
        WideScanner { wide, offset, piece, inside, unit: [0; 4], have: 0, in_pair: false }
    }

    /// Takes the next raw bytes, cut anywhere, and reports the lines that start in them.
    pub(super) fn scan(&mut self, chunk: &[u8], on_line: &mut impl FnMut(LineStart)) {
        let size = size(self.wide);
        for byte in chunk {
            if self.have == 0 {
                self.begin_unit(on_line);
            }
            self.unit[self.have] = *byte;
            self.have += 1;
            self.offset += 1;
            if self.have == size {
                self.have = 0;
                let unit = value(self.wide, &self.unit[..size]);
                self.in_pair = size == 2 && (0xd800..0xdc00).contains(&unit);
                self.inside = unit != u32::from(b'\n');
            }
        }
    }

    /// The next byte begins a unit, and perhaps a line.
    fn begin_unit(&mut self, on_line: &mut impl FnMut(LineStart)) {
        let is_full = self.offset - self.piece >= CUT && !self.in_pair;
        if !self.inside || is_full {
            let continued = self.inside;
            self.inside = true;
            self.piece = self.offset;
            let offset = self.offset;
            on_line(LineStart { offset, continued, ..LineStart::default() });
        }
    }
}

fn size(wide: WideEncoding) -> usize {
    match wide {
        WideEncoding::Utf16Le | WideEncoding::Utf16Be => 2,
        WideEncoding::Utf32Le | WideEncoding::Utf32Be => 4,
    }
}

/// The number a unit stands for.
fn value(wide: WideEncoding, unit: &[u8]) -> u32 {
    let join = |all: u32, byte: &u8| all << 8 | u32::from(*byte);
    match wide {
        WideEncoding::Utf16Be | WideEncoding::Utf32Be => unit.iter().fold(0, join),
        WideEncoding::Utf16Le | WideEncoding::Utf32Le => unit.iter().rev().fold(0, join),
    }
}

/// A line as UTF-8, without its LF or CRLF, and at the start of a body without the byte order
/// mark.
pub(super) fn to_utf8(wide: WideEncoding, raw: &[u8], offset: u64) -> String {
    let chunks = raw.chunks_exact(size(wide));
    let is_cut = !chunks.remainder().is_empty();
    let units = chunks.map(|unit| value(wide, unit));
    let mut text: String = match wide {
        WideEncoding::Utf16Le | WideEncoding::Utf16Be => {
            char::decode_utf16(units.map(|unit| unit as u16))
                .map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        WideEncoding::Utf32Le | WideEncoding::Utf32Be => {
            units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
    };
    if is_cut {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if offset == 0 && text.starts_with('\u{feff}') {
        text.remove(0);
    }
    text
}

/// A character as the bytes of this encoding, for searches too.
#[must_use]
pub fn encode(wide: WideEncoding, c: char) -> Vec<u8> {
    let mut out = Vec::new();
    let mut pair = [0; 2];
    match wide {
        WideEncoding::Utf16Le => {
            c.encode_utf16(&mut pair).iter().for_each(|u| out.extend(u.to_le_bytes()));
        }
        WideEncoding::Utf16Be => {
            c.encode_utf16(&mut pair).iter().for_each(|u| out.extend(u.to_be_bytes()));
        }
        WideEncoding::Utf32Le => out.extend(u32::from(c).to_le_bytes()),
        WideEncoding::Utf32Be => out.extend(u32::from(c).to_be_bytes()),
    }
    out
}
