//! What the headless shell prints: answers to standard output, everything else to standard error.
//!
//! Called by `send` and `listen`. Printing never waits: whoever makes much awaits [`Output::ready`]
//! first. Text goes through `codec::printable`, so no byte of a peer acts on a terminal; JSON Lines,
//! for programs, are escaped by their writer; raw bytes are printed when asked for alone, and to a
//! terminal only harmless ones unless `--force` says otherwise.

use std::collections::BTreeMap;
use std::fs::File;

use tokio::time::{Instant, timeout_at};

use super::colours;
use super::exit;
use super::interrupts::Interrupts;
use super::look::Look;
use crate::args::{self, Common, Format};
use crate::codec::{joiners, printable};
use crate::console::{self, PrintError, Printer};
use crate::model::counts::counted;
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

impl Style {
    /// The style that was named.
    pub(super) fn asked_for(common: &Common) -> Option<Style> {
        let Format { json, text, raw } = common.format;
        let named = [(json, Style::Json), (text, Style::Text), (raw, Style::Raw)];
        named.into_iter().find(|(is_named, _)| *is_named).map(|(_, style)| style)
    }
}

/// How a command came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunOutcome {
    /// What was asked for is done, with this exit status.
    Done(u8),
    /// A signal ended it before that.
    Interrupted,
}

/// Standard output, in one style.
#[expect(clippy::struct_excessive_bools, reason = "each is a way of printing of its own")]
pub struct Output {
    pub style: Style,
    /// Text is coloured.
    pub(super) is_coloured: bool,
    /// JSON is laid out.
    pub(super) is_laid_out: bool,
    to: Printer,
    /// What it is called in failures.
    name: String,
    stream: TextStream,
    /// Raw bytes act on a terminal, and nobody has said that they may.
    is_guarded: bool,
    /// The start of a character whose rest has not come, of guarded bytes.
    held: Vec<u8>,
    /// Bytes that were not shown because they would act on the terminal.
    withheld: u64,
    /// Standard output is for something else: nothing is printed there.
    is_silent: bool,
}

impl Output {
    /// The style asked for, else text on a terminal and `piped` otherwise.
    #[must_use]
    pub fn new(common: &Common, piped: Style) -> Self {
        let is_terminal = console::output_is_terminal();
        let style =
            Style::asked_for(common).unwrap_or(if is_terminal { Style::Text } else { piped });
        Output {
            is_guarded: is_terminal && !common.force,
            is_silent: common.captures.takes_output(),
            ..Output::on(console::output(), "standard output", style)
        }
    }

    fn on(to: Printer, name: &str, style: Style) -> Self {
        Output {
            style,
            is_coloured: false,
            is_laid_out: style == Style::Text,
            to,
            name: name.to_owned(),
            stream: TextStream::default(),
            is_guarded: false,
            held: Vec::new(),
            withheld: 0,
            is_silent: false,
        }
    }

    /// Standard output as `send` was asked to print.
    #[must_use]
    pub(super) fn looking(arguments: &args::Send, os: &BTreeMap<String, String>) -> Self {
        let is_terminal = console::output_is_terminal();
        let Look { style, is_coloured, is_laid_out } = Look::of(arguments, is_terminal, os);
        let is_guarded = is_terminal && !arguments.common.force;
        let output = Output::on(console::output(), "standard output", style);
        let is_silent = arguments.common.captures.takes_output();
        Output { is_coloured, is_laid_out, is_guarded, is_silent, ..output }
    }

    /// Standard error, for what is said beside an answer that goes to a file.
    #[must_use]
    pub(super) fn aside(arguments: &args::Send, os: &BTreeMap<String, String>) -> Self {
        let look = Look::of(arguments, console::error_is_terminal(), os);
        let output = Output::on(console::errors(), "standard error", Style::Text);
        Output { is_coloured: look.is_coloured, ..output }
    }

    /// The bytes received go to this file.
    #[must_use]
    pub(super) fn to_file(file: File, name: &str) -> Self {
        Output::on(console::to_file(file), name, Style::Raw)
    }

    /// Text on standard error, unless it is to be silent: standard output is somebody else's.
    #[must_use]
    pub(super) fn errors(style: Style, is_silent: bool) -> Self {
        Output { is_silent, ..Output::on(console::errors(), "standard error", style) }
    }

    /// Waits until what was printed before has gone out but for a bounded rest. Cancel-safe.
    pub async fn ready(&self) -> Result<(), Failure> {
        self.to.ready().await.map_err(|error| failure(&self.name, &error))
    }

    /// One line of a peer's or our own words, made safe to look at.
    pub fn line(&mut self, text: &str) {
        self.safe(&format!("{}\n", printable::printable_str(text)));
    }

    /// Received text, line breaks kept, everything else made safe; ends with a line break.
    pub fn text(&mut self, bytes: &[u8]) {
        let mut text = printable::printable_lines(bytes);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.safe(&text);
    }

    /// The head of a message; in its bytes unless it is for people.
    pub(super) fn head(&mut self, bytes: &[u8]) {
        match self.style {
            Style::Text if self.is_coloured => self.safe(&colours::head(bytes)),
            Style::Text => self.text(bytes),
            Style::Raw | Style::Json => self.raw(bytes),
        }
    }

    /// A piece of received bytes: made safe in the style for people, else as they are.
    pub fn piece(&mut self, bytes: &[u8]) {
        match self.style {
            Style::Text => {
                let text = self.stream.push(bytes);
                self.safe(&text);
            }
            Style::Raw | Style::Json => self.raw(bytes),
        }
    }

    /// What is held back of the pieces, and the end of their last line.
    pub fn end_pieces(&mut self) {
        let rest = self.stream.finish();
        self.safe(&rest);
    }

    /// One JSON object.
    pub fn json(&mut self, object: &str) {
        self.safe(&format!("{object}\n"));
    }

    /// Text that is safe already.
    pub fn safe(&mut self, text: &str) {
        self.print(text.as_bytes());
    }

    fn print(&mut self, bytes: &[u8]) {
        if !self.is_silent {
            self.to.push(bytes);
        }
    }

    /// Bytes as they were received. A terminal gets them until the first that would act on it.
    pub fn raw(&mut self, bytes: &[u8]) {
        if !self.is_guarded {
            return self.print(bytes);
        }
        self.held.extend_from_slice(bytes);
        let whole = self.held.len() - incomplete(&self.held);
        let rest = self.held.split_off(whole);
        let ready = std::mem::replace(&mut self.held, rest);
        if self.withheld == 0 && printable::is_harmless(&ready) {
            return self.print(&ready);
        }
        if self.withheld == 0 {
            note("the bytes hold control characters, which act on a terminal: not printed");
        }
        self.withheld += ready.len() as u64;
    }

    /// Takes in more once there is room for it; not when nothing can be printed any more, which may turn
    /// out while nothing comes. As cancel-safe as what takes it in.
    pub(super) async fn taking<T>(&self, more: impl Future<Output = T>) -> Result<T, Failure> {
        self.ready().await?;
        tokio::select! {
            biased;
            taken = more => Ok(taken),
            error = self.to.broken() => Err(failure(&self.name, &error)),
        }
    }

    /// Prints the rest: as long as it takes, but a second at most after a signal. `behind` is what
    /// was taken in and never printed. Returns the exit status.
    pub(super) async fn finish(
        mut self,
        outcome: Result<RunOutcome, Failure>,
        interrupts: &mut Interrupts,
        behind: u64,
    ) -> Result<u8, Failure> {
        // A character that never became whole.
        self.withheld += self.held.len() as u64;
        if interrupts.printing_ends().is_none() {
            tokio::select! {
                biased;
                _ = self.to.drained() => {}
                () = interrupts.next() => {}
            }
        }
        if let Some(end) = interrupts.printing_ends() {
            let _late = timeout_at(end, self.to.drained()).await;
        }
        match self.to.error() {
            Some(PrintError::ReaderLeft) => return Ok(exit::READER_LEFT),
            Some(PrintError::Failed(why)) => {
                let (bytes, _) = self.to.missing();
                let (bytes, name) = (counted(bytes as u64, "byte"), &self.name);
                note(&format!("{name}: {why}; {bytes} or more were not printed"));
                return Ok(exit::INTERRUPTED);
            }
            None => {}
        }
        let missing = self.to.missing();
        if missing.0 > 0 || behind > 0 {
            let came = interrupts.came().map(Instant::into_std);
            let is_read = came.is_some_and(|came| self.to.has_written_since(came));
            note(&unprinted(missing, behind, is_read));
            return Ok(exit::INTERRUPTED);
        }
        if self.withheld > 0 {
            let bytes = counted(self.withheld, "byte");
            note(&format!("{bytes} were not printed; --force prints them, a pipe too"));
        }
        match outcome? {
            RunOutcome::Done(status) if self.withheld == 0 => Ok(status),
            RunOutcome::Done(_) | RunOutcome::Interrupted => Ok(exit::INTERRUPTED),
        }
    }
}

/// What nobody took, or was not taken in time, in words.
fn unprinted((bytes, lines): (usize, usize), behind: u64, is_read: bool) -> String {
    let mut parts = Vec::new();
    if bytes > 0 {
        let [lines, bytes] =
            [(lines, "line"), (bytes, "byte")].map(|(it, of)| counted(it as u64, of));
        parts.push(format!("{lines} ({bytes})"));
    }
    if behind > 0 {
        parts.push(format!("{} received after them", counted(behind, "record")));
    }
    let why = if is_read { "a second was not enough" } else { "the output was not read" };
    format!("{why}: {} were not printed", parts.join(" and "))
}

/// Why nothing more is printed; `Output::finish` says it, so nobody else has to.
fn failure(name: &str, error: &PrintError) -> Failure {
    let kind = match error {
        PrintError::ReaderLeft => FailureKind::Cancelled,
        PrintError::Failed(_) => FailureKind::Io,
    };
    Failure::new(Stage::Storage, name, kind, error.to_string())
}

/// A failure in words, on standard error.
pub fn print_failure(failure: &Failure) {
    note(&without_userinfo(&failure.to_string()));
}

/// A remark on standard error.
pub fn note(text: &str) {
    console::note(text);
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
    if let Some(cut) = (1..=bytes.len().min(3)).find(is_cut) {
        return cut;
    }
    let last = bytes.utf8_chunks().last().filter(|chunk| chunk.invalid().is_empty());
    last.map_or(0, |chunk| joiners::unfinished(chunk.valid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_merely_late_is_not_said_to_be_unread() {
        let said = unprinted((120, 2), 7, false);
        let what = "2 lines (120 bytes) and 7 records received after them were not printed";
        assert_eq!(said, format!("the output was not read: {what}"));
        assert_eq!(unprinted((120, 2), 7, true), format!("a second was not enough: {what}"));
    }

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
