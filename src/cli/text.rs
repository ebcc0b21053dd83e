//! A stream of bytes as printable text, whatever pieces it comes in.

use crate::codec::printable;

/// Makes pieces printable; a character or line end that is cut waits for its rest.
#[derive(Debug, Default)]
pub(super) struct TextStream {
    held: Vec<u8>,
    at_line_start: bool,
}

impl TextStream {
    /// Nothing held back, at the start of a line.
    pub(super) fn new() -> Self {
        TextStream { held: Vec::new(), at_line_start: true }
    }

    /// What can be shown now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let keep = incomplete(&self.held);
        let rest = self.held.split_off(self.held.len() - keep);
        let ready = std::mem::replace(&mut self.held, rest);
        self.shown(&ready)
    }

    /// The rest, and a line break when the last line has none.
    pub(super) fn finish(&mut self) -> String {
        let ready = std::mem::take(&mut self.held);
        let mut text = self.shown(&ready);
        if !self.at_line_start {
            text.push('\n');
            self.at_line_start = true;
        }
        text
    }

    fn shown(&mut self, bytes: &[u8]) -> String {
        let text = printable::printable_lines(bytes);
        if !text.is_empty() {
            self.at_line_start = text.ends_with('\n');
        }
        text
    }
}

/// Bytes at the end that may be the start of a character or of a line's end.
pub(super) fn incomplete(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return 1;
    }
    let longest = bytes.len().min(3);
    (1..=longest)
        .find(|back| {
            let tail = &bytes[bytes.len() - back..];
            let cut =
                matches!(std::str::from_utf8(tail), Err(error) if error.error_len().is_none());
            cut && tail.first().is_some_and(|first| *first >= 0xc2)
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_same_text_as_the_whole() {
        let bytes = "a\r\né😀\u{1b}[31m\r\rb\n\nend".as_bytes();
        let whole = {
            let mut stream = TextStream::new();
            stream.push(bytes) + &stream.finish()
        };
        for cut in 0..=bytes.len() {
            let mut stream = TextStream::new();
            let text = stream.push(&bytes[..cut]) + &stream.push(&bytes[cut..]) + &stream.finish();
            assert_eq!(text, whole, "cut at {cut}");
        }
        assert!(whole.ends_with("end\n"));
        assert!(!whole.contains('\u{1b}'));
    }
}
