//! What the headless shell prints: answers to standard output, everything else to standard error.
//!
//! Called by `send` and `listen`. Text goes through `codec::printable`, so no byte of a peer acts on
//! a terminal; JSON Lines, for programs, are escaped by their writer; raw bytes are printed when
//! asked for alone. A pipe that was closed ends the program without a complaint.

use std::io::{self, IsTerminal, Write};

use crate::args::Common;
use crate::codec::printable;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::secrets::without_userinfo;

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text for people.
    Text,
    /// Bytes as received.
    Raw,
    /// One JSON object a line.
    Json,
}

/// Standard output, in one style.
pub struct Output {
    pub style: Style,
    to: io::StdoutLock<'static>,
    stream: TextStream,
}

impl Output {
    /// The style asked for, else text on a terminal and JSON Lines otherwise.
    #[must_use]
    pub fn new(common: &Common) -> Self {
        let to = io::stdout().lock();
        let style = match (common.format.json, common.format.text, common.format.raw) {
            (true, ..) => Style::Json,
            (_, true, _) => Style::Text,
            (.., true) => Style::Raw,
            _ if to.is_terminal() => Style::Text,
            _ => Style::Json,
        };
        Output { style, to, stream: TextStream::default() }
    }

    /// One line of a peer's or our own words, made safe to look at.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(format!("{}\n", printable::printable_str(text)).as_bytes())
    }

    /// Received text, line breaks kept, everything else made safe; ends with a line break.
    pub fn text(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut text = printable::printable_lines(bytes);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.bytes(text.as_bytes())
    }

    /// A piece of received bytes: made safe in the style for people, else as they are.
    pub fn piece(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self.style {
            Style::Text => {
                let text = self.stream.push(bytes);
                self.bytes(text.as_bytes())
            }
            Style::Raw | Style::Json => self.bytes(bytes),
        }
    }

    /// What is held back of the pieces, and the end of their last line.
    pub fn end_pieces(&mut self) -> Result<(), Failure> {
        let rest = self.stream.finish();
        self.bytes(rest.as_bytes())
    }

    /// One JSON object.
    pub fn json(&mut self, object: &str) -> Result<(), Failure> {
        self.bytes(format!("{object}\n").as_bytes())
    }

    /// Bytes as they are: the caller has made them safe or the output is a pipe.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).and_then(|()| self.to.flush()).map_err(|error| {
            let kind = match error.kind() {
                io::ErrorKind::BrokenPipe => FailureKind::Cancelled,
                _ => FailureKind::Io,
            };
            Failure::new(Stage::Storage, "standard output", kind, error.to_string())
        })
    }
}

/// A failure in words, on standard error.
pub fn complain(failure: &Failure) {
    // Somebody stopped reading; that is how `| head` ends us.
    if failure.target == "standard output" && failure.is_cancelled() {
        return;
    }
    note(&without_userinfo(&failure.to_string()));
}

/// A remark on standard error.
pub fn note(text: &str) {
    // Nobody may read it; that is no reason to end.
    let _ = writeln!(io::stderr(), "wirebench: {}", printable::printable_str(text));
}

/// Lines of text that are safe already, on standard error.
#[expect(clippy::print_stderr, reason = "the headless shell's own output")]
pub fn quote(text: &str) {
    eprint!("{text}");
}

/// Makes pieces printable; a character or line end that is cut waits for its rest.
#[derive(Debug, Default)]
struct TextStream {
    held: Vec<u8>,
    in_line: bool,
}

impl TextStream {
    /// What can be shown now.
    fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let keep = incomplete(&self.held);
        let rest = self.held.split_off(self.held.len() - keep);
        let ready = std::mem::replace(&mut self.held, rest);
        self.shown(&ready)
    }

    /// The rest, and a line break when the last line has none.
    fn finish(&mut self) -> String {
        let ready = std::mem::take(&mut self.held);
        let mut text = self.shown(&ready);
        if std::mem::take(&mut self.in_line) {
            text.push('\n');
        }
        text
    }

    fn shown(&mut self, bytes: &[u8]) -> String {
        let text = printable::printable_lines(bytes);
        if !text.is_empty() {
            self.in_line = !text.ends_with('\n');
        }
        text
    }
}

/// Bytes at the end that may be the start of a character or of a line's end.
fn incomplete(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return 1;
    }
    let is_cut = |back: &usize| {
        let tail = std::str::from_utf8(&bytes[bytes.len() - back..]);
        tail.is_err_and(|error| error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).find(is_cut).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_same_text_as_the_whole() {
        let bytes = "a\r\né😀\u{1b}[31m\r\rb\n\nend".as_bytes();
        let whole = {
            let mut stream = TextStream::default();
            stream.push(bytes) + &stream.finish()
        };
        for cut in 0..=bytes.len() {
            let mut stream = TextStream::default();
            let text = stream.push(&bytes[..cut]) + &stream.push(&bytes[cut..]) + &stream.finish();
            assert_eq!(text, whole, "cut at {cut}");
        }
        assert!(whole.ends_with("end\n"));
        assert!(!whole.contains('\u{1b}'));
    }
}
