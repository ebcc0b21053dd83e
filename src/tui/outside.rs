//! Bodies given to other programs: to the one that opens files of their kind, and to the pager.
//!
//! What is opened outside lies in a private folder of the system's temporary one, under a name and an
//! ending that are ours; it goes with us, or when many others came after it. The pager gets text on its
//! standard input, every control character made visible, whatever options of its own it has: bytes of
//! a peer never reach the terminal as they are.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::external::{Edited, Editing};
use crate::app::message::Message;
use crate::codec::lines::LineScanner;
use crate::codec::printable::printable;
use crate::engine::EngineHandle;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::BodyId;
use crate::model::view::{ViewMode, ViewPart};
use crate::os;

/// Bytes read of a body at a time.
const BLOCK: usize = 256 * 1024;
/// Files opened outside that are kept.
const KEPT: usize = 16;
/// Longest JSON that is laid out for the pager; longer bodies are shown as they are.
const LAID_OUT: usize = 16 << 20;
/// Shells answer so when the program was not found.
const NOT_FOUND: i32 = 127;

/// What became of a body that was opened outside, in words.
type Opened = Result<String, Failure>;

/// Folders of what was opened outside, the oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenedFiles(Arc<Mutex<Vec<TempDir>>>);

/// A body and what it is called.
#[derive(Debug)]
pub(super) struct HandedOn {
    pub(super) body: BodyId,
    pub(super) part: ViewPart,
    /// Of the file, or how the pager shows it.
    pub(super) name: String,
}

impl OpenedFiles {
    /// Removes them all.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn keep(&self, folder: TempDir) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(folder);
    }

    /// Opens a body with the program for its kind; the outcome comes later.
    pub(super) fn open(
        &self,
        engine: EngineHandle,
        subject: HandedOn,
        outcome: mpsc::Sender<Message>,
    ) {
        let ours = self.clone();
        let work = move || {
            let _ = outcome.blocking_send(Message::Opened(ours.run(&engine, &subject)));
        };
        let spawned = std::thread::Builder::new().name("open outside".into()).spawn(work);
        debug_assert!(spawned.is_ok(), "a thread for what is opened outside");
    }

    fn run(&self, engine: &EngineHandle, subject: &HandedOn) -> Opened {
        let opener = opener()?;
        let failed = |error: io::Error| {
            Failure::new(Stage::Storage, &subject.name, FailureKind::Io, error.to_string())
                .hint("save the body to a file and open that")
        };
        let folder = tempfile::Builder::new().prefix("wirebench-").tempdir().map_err(failed)?;
        let path = folder.path().join(&subject.name);
        write(engine, subject, &path).map_err(failed)?;
        self.keep(folder);
        // The variable may hold arguments; the path is an argument of its own.
        let status = Command::new("sh")
            .arg("-c")
            .arg(format!("{opener} \"$1\""))
            .arg("sh")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(failed)?;
        let failure = |cause: String| {
            Failure::new(Stage::Program, &opener, FailureKind::Io, cause)
                .hint("WIREBENCH_OPENER names the program that opens files")
        };
        match status.code() {
            Some(0) => Ok(format!("{} was opened with {opener}", subject.name)),
            Some(NOT_FOUND) => Err(failure("the program was not found".into())),
            Some(code) => Err(failure(format!("it ended with status {code}"))),
            None => Err(failure("it was killed".into())),
        }
    }
}

/// The program that opens files, or why there is none here.
fn opener() -> Result<String, Failure> {
    let value = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    if let Some(opener) = value("WIREBENCH_OPENER") {
        return Ok(opener);
    }
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| value(name).is_some());
    if os::OPENER_NEEDS_DISPLAY && !has_display {
        let where_from = if value("SSH_CONNECTION").is_some() { " over ssh" } else { "" };
        let cause =
            format!("there is no display here{where_from}: DISPLAY and WAYLAND_DISPLAY are empty");
        return Err(Failure::new(Stage::Program, os::OPENER, FailureKind::NotFound, cause)
            .hint("save the body to a file, or name a program in WIREBENCH_OPENER"));
    }
    Ok(os::OPENER.to_owned())
}

fn write(engine: &EngineHandle, subject: &HandedOn, path: &PathBuf) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    each_block(engine, subject, |block| file.write_all(block))
}

fn each_block(
    engine: &EngineHandle,
    subject: &HandedOn,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut at = 0;
    loop {
        let block = engine.read_body(subject.body, subject.part, at, BLOCK)?;
        if block.is_empty() {
            return Ok(());
        }
        take(&block)?;
        at += block.len() as u64;
    }
}

/// Shows a body in the pager, which has the terminal meanwhile; its end comes as that of an editor.
pub(super) fn page(
    engine: EngineHandle,
    subject: HandedOn,
    mode: ViewMode,
    outcome: mpsc::Sender<Edited>,
) -> Editing {
    let editing = Editing::default();
    let ours = editing.clone();
    let work = move || {
        let _ = outcome.blocking_send(run_pager(&engine, &subject, mode, &ours).map(|()| None));
    };
    let spawned = std::thread::Builder::new().name("pager".into()).spawn(work);
    debug_assert!(spawned.is_ok(), "a thread for the pager");
    editing
}

fn run_pager(
    engine: &EngineHandle,
    subject: &HandedOn,
    mode: ViewMode,
    editing: &Editing,
) -> Result<(), Failure> {
    let pager = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = pager.unwrap_or_else(|| "less".to_owned());
    let failure = |cause: String| {
        Failure::new(Stage::Program, &pager, FailureKind::Io, cause)
            .hint("set PAGER to a pager that is installed")
    };
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(&pager)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| failure(error.to_string()))?;
    editing.runs(Some(&child));
    let fed = child.stdin.take().map_or(Ok(()), |input| feed(engine, subject, mode, input));
    let status = child.wait();
    editing.runs(None);
    let status = status.map_err(|error| failure(error.to_string()))?;
    match (status.code(), fed) {
        (Some(NOT_FOUND), _) => Err(failure("the pager was not found".into())),
        // Who leaves a pager early has seen enough.
        (_, Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(failure(error.to_string()))
        }
        _ => Ok(()),
    }
}

/// Gives the pager the body as visible text, line by line.
fn feed(
    engine: &EngineHandle,
    subject: &HandedOn,
    mode: ViewMode,
    mut pager: impl Write,
) -> io::Result<()> {
    if mode == ViewMode::Pretty {
        let begin = engine.read_body(subject.body, subject.part, 0, LAID_OUT + 1)?;
        if begin.len() <= LAID_OUT {
            return laid_out(&begin, &mut pager);
        }
    }
    let mut rest = Vec::new();
    each_block(engine, subject, |block| {
        rest.extend_from_slice(block);
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // A line without end is shown in pieces.
        let whole = if whole == 0 && rest.len() > 4 * BLOCK { rest.len() } else { whole };
        for line in rest[..whole].split_inclusive(|byte| *byte == b'\n') {
            pager.write_all(visible(line).as_bytes())?;
        }
        rest.drain(..whole);
        Ok(())
    })?;
    pager.write_all(visible(&rest).as_bytes())
}

/// JSON with one value a line; as it is where it is none.
fn laid_out(bytes: &[u8], pager: &mut impl Write) -> io::Result<()> {
    let lines = LineScanner::new(ViewMode::Pretty).format(bytes, 0, usize::MAX);
    let is_whole = !lines.is_empty();
    for (at, line) in lines.iter().enumerate() {
        let indent = if line.continued { 0 } else { usize::from(line.indent) };
        let parted = if at > 0 && !line.continued { "\n" } else { "" };
        write!(pager, "{parted}{}{}", " ".repeat(indent), printable(&line.bytes))?;
    }
    if is_whole {
        return pager.write_all(b"\n");
    }
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        pager.write_all(visible(line).as_bytes())?;
    }
    Ok(())
}

/// A line with its controls made visible; tabs and its end stay.
fn visible(line: &[u8]) -> String {
    let (line, end) = match line.strip_suffix(b"\n") {
        Some(line) => (line.strip_suffix(b"\r").unwrap_or(line), "\n"),
        None => (line, ""),
    };
    let cells: Vec<String> = line.split(|byte| *byte == b'\t').map(printable).collect();
    cells.join("\t") + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_the_pager_are_visible_text_with_their_tabs() {
        assert_eq!(visible(b"a\tb\x1b[31m\r\n"), "a\tb\\e[31m\n");
        assert_eq!(visible(b"\xff"), "\\xff");
        assert_eq!(visible(b""), "");
    }

    #[test]
    fn json_is_laid_out_for_the_pager() {
        let mut text = Vec::new();
        laid_out(b"{\"a\":[1,\"\x1b\"]}", &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text, "{\n  \"a\": [\n    1,\n    \"\\e\"\n  ]\n}\n");
    }
}
