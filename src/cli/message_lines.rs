//! Pieces of input cut into messages: each line is one, without its end. Called by who sends standard input to a peer
//! that takes messages.

use bytes::{Bytes, BytesMut};

use crate::codec::web_socket::MESSAGE;
use crate::model::counts::counted;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Lines of what came so far.
#[derive(Debug, Default)]
pub(super) struct MessageLines {
    begun: BytesMut,
}

impl MessageLines {
    /// The lines that end in this piece.
    ///
    /// # Errors
    /// One is longer than any message.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<Bytes>, Failure> {
        let mut lines = Vec::new();
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(part);
            if part.ends_with(b"\n") {
                lines.push(self.taken());
            }
        }
        if self.begun.len() > MESSAGE {
            let most = counted(MESSAGE as u64, "byte");
            let cause = format!("a line is longer than {most}, which a message may have");
            return Err(Failure::new(Stage::Send, "standard input", FailureKind::TooLarge, cause)
                .hint("-d @FILE sends a file as one message"));
        }
        Ok(lines)
    }

    /// What is left without an end of line.
    pub(super) fn finish(&mut self) -> Option<Bytes> {
        (!self.begun.is_empty()).then(|| self.taken())
    }

    fn taken(&mut self) -> Bytes {
        let line = self.begun.split().freeze();
        let end = line
            .strip_suffix(b"\n")
            .map_or(&line[..], |line| line.strip_suffix(b"\r").unwrap_or(line))
            .len();
        line.slice(..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_in_any_pieces() {
        let text = b"a\r\n\nlong \xff line\nend";
        for cut in 1..=text.len() {
            let (mut lines, mut all) = (MessageLines::default(), Vec::new());
            for piece in text.chunks(cut) {
                all.extend(lines.push(piece).unwrap());
            }
            all.extend(lines.finish());
            assert_eq!(all, [&b"a"[..], b"", b"long \xff line", b"end"], "{cut}");
            assert_eq!(lines.finish(), None);
        }
    }

    #[test]
    fn a_line_that_is_no_message_is_refused() {
        let refused = MessageLines::default().push(&vec![b'x'; MESSAGE + 1]).unwrap_err();
        assert_eq!(refused.kind, FailureKind::TooLarge);
    }
}
