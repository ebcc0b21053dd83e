//! What the headless shell prints: answers to standard output, everything else to standard error.
//!
//! Called by `send` and `listen`. Text goes through `codec::printable`, so no byte of a peer acts on
//! a terminal; JSON Lines, for programs, are escaped by their writer; raw bytes are printed when
//! asked for alone. A pipe that was closed ends the program without a complaint.

use std::io::{self, IsTerminal, Write};

use super::text::TextStream;
use crate::args::Common;
use crate::codec::printable;
use crate::model::failure::{Failure, FailureKind, Stage};

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
    note(&failure.to_string());
}

/// A remark on standard error.
#[expect(clippy::print_stderr, reason = "the headless shell's own output")]
pub fn note(text: &str) {
    eprintln!("wirebench: {}", printable::printable_str(text));
}

/// Lines of text that are safe already, on standard error.
#[expect(clippy::print_stderr, reason = "the headless shell's own output")]
pub fn quote(text: &str) {
    eprint!("{text}");
}
