//! Lines as they are.

use super::start::{CUT, LineStart, continues_character};

/// Lines end at LF; long ones are cut between characters.
#[derive(Debug, Clone, Default)]
pub(super) struct TextScanner {
    /// Raw bytes scanned so far.
    pub(super) offset: u64,
    /// Start of the current piece.
    piece: u64,
    /// The next byte begins a line (`false` inside one).
    inside: bool,
}

impl TextScanner {
    /// Takes the next raw bytes, cut anywhere, and reports the lines that start in them.
    pub(super) fn scan(&mut self, chunk: &[u8], on_line: &mut impl FnMut(LineStart)) {
        let mut rest = chunk;
        while let Some(&byte) = rest.first() {
            let length = self.offset - self.piece;
            if !self.inside {
                self.start(false, on_line);
            } else if length >= CUT && byte != b'\n' {
                // At most three bytes later, or the bytes are no UTF-8 and any cut is as good.
                if !continues_character(byte) || length >= CUT + 3 {
                    self.start(true, on_line);
                }
            }
            let room = (self.piece + CUT).saturating_sub(self.offset).max(1);
            let window = &rest[..rest.len().min(room as usize)];
            let used = match memchr::memchr(b'\n', window) {
                Some(end) => {
                    self.inside = false;
                    end + 1
                }
                None => window.len(),
            };
            self.offset += used as u64;
            rest = &rest[used..];
        }
    }

    fn start(&mut self, continued: bool, on_line: &mut impl FnMut(LineStart)) {
        self.inside = true;
        self.piece = self.offset;
        on_line(LineStart { offset: self.offset, continued, ..LineStart::default() });
    }
}

/// A line without its LF or CRLF.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    }
}
