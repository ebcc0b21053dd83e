//! Exports: pieces of the timeline written to a file, or into a program, each on a thread of its own.
//!
//! ```text
//! Effect::Export ─► Exports::step (never waits) ─► thread: ExportWriter ─► file or program
//!                                       Message::Export ◄── ExportReport ◄──┘
//! ```
//! A file appears whole or not at all, with mode 0600, since what crosses sockets is nobody else's
//! business. A program gets what comes on its standard input, and hears of the end by the end of that: it
//! is never killed, so what it shows stays. The thread of an export that was cancelled ends by itself.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::app::exporting::{ExportId, ExportOrder, ExportReport, ExportStep, ExportTarget};
use crate::codec::printable::printable;
use crate::engine::EngineHandle;
use crate::interop::export::{ExportWriter, ExportedBodies};
use crate::model::exchange::Exchange;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::id::BodyId;
use crate::model::view::ViewPart;
use crate::store::job::Overwrite;
use crate::whole_file::{self, PRIVATE, WholeFile, WorkingName};

/// Steps that wait for a thread; the application sends fewer.
const STEPS: usize = 8;
/// Bytes of a body in an export; what is longer is cut there, and its length is told.
const BODY: usize = 64 * 1024 * 1024;
/// How long the end of the program waits for files that are half written, and how often it looks.
const ENDING: Duration = Duration::from_millis(300);
const LOOK: Duration = Duration::from_millis(5);
/// Bytes kept of what a program says before it ends.
const LAST_WORDS: u64 = 4096;
/// Shells answer so when the program was not found.
const NOT_FOUND: i32 = 127;

/// What an export tells.
pub(super) type Told = (ExportId, ExportReport);

/// Tells one thing of an export; waits until there is room.
type Teller = Arc<dyn Fn(ExportReport) + Send + Sync>;

/// Those under way.
#[derive(Debug)]
pub(super) struct Exports {
    running: Vec<(ExportId, mpsc::Sender<ExportStep>)>,
    /// Threads that may have a file begun.
    threads: Vec<JoinHandle<()>>,
    reports: mpsc::Sender<Told>,
}

impl Exports {
    /// None so far; what they tell goes there.
    pub(super) fn new(reports: mpsc::Sender<Told>) -> Self {
        Exports { running: Vec::new(), threads: Vec::new(), reports }
    }

    /// Does one step of an export, or hands it to its thread.
    pub(super) fn step(&mut self, id: ExportId, step: ExportStep, engine: &EngineHandle) {
        let is_last = matches!(step, ExportStep::Finish | ExportStep::Cancel);
        match step {
            ExportStep::Begin(order) => self.begin(id, *order, engine.clone()),
            // Without its sender the thread ends, and what it wrote so far is gone.
            ExportStep::Cancel => {}
            step => {
                let thread = self.running.iter().find(|(known, _)| *known == id);
                // One that has ended has said so.
                let _over = thread.map(|(_, steps)| steps.try_send(step));
            }
        }
        if is_last {
            self.running.retain(|(known, _)| *known != id);
        }
    }

    /// The program ends: what is half written goes, and is waited for a moment.
    pub(super) fn end(&mut self) {
        self.running.clear();
        let latest = Instant::now() + ENDING;
        while self.threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < latest {
            thread::park_timeout(LOOK);
        }
    }

    fn begin(&mut self, id: ExportId, order: ExportOrder, engine: EngineHandle) {
        let (sender, mut steps) = mpsc::channel(STEPS);
        self.running.retain(|(_, steps)| !steps.is_closed());
        self.running.push((id, sender));
        let reports = self.reports.clone();
        let is_file = matches!(order.target, ExportTarget::File { .. });
        let work = move || {
            // Nobody listens when the program is ending.
            let tell: Teller = Arc::new(move |report| drop(reports.blocking_send((id, report))));
            if let Some(report) = run(&order, &engine, &mut steps, &tell) {
                tell(report);
            }
        };
        let spawned = thread::Builder::new().name("export".into()).spawn(work);
        debug_assert!(spawned.is_ok(), "a thread for an export");
        self.threads.retain(|thread| !thread.is_finished());
        self.threads.extend(spawned.ok().filter(|_| is_file));
    }
}

/// Runs one to its end; `None` = it was cancelled.
fn run(
    order: &ExportOrder,
    engine: &EngineHandle,
    steps: &mut mpsc::Receiver<ExportStep>,
    tell: &Teller,
) -> Option<ExportReport> {
    let mut sink = match Sinks::open(order, tell) {
        Ok(sink) => sink,
        Err(report) => return Some(report),
    };
    let mut writer = ExportWriter::new(order.format, order.told.clone(), order.times);
    let mut written = sink.write(&mut writer);
    while let Ok(()) = &written {
        match steps.blocking_recv() {
            Some(ExportStep::Piece(piece)) => {
                writer.piece(*piece, |exchange| bodies(engine, exchange));
                written = sink.write(&mut writer);
                tell(ExportReport::Took);
            }
            Some(ExportStep::Finish) => {
                writer.finish();
                let ended = sink.write(&mut writer).and_then(|()| sink.end());
                return Some(match ended {
                    Ok(()) => ExportReport::Ended(Ok(told(order, &writer))),
                    Err(error) => sink_failed(order, &error),
                });
            }
            Some(ExportStep::Begin(_) | ExportStep::Cancel) | None => return None,
        }
    }
    // Why a program takes nothing more, its end tells.
    let is_file = matches!(order.target, ExportTarget::File { .. });
    written.err().filter(|_| is_file).map(|error| sink_failed(order, &error))
}

/// What was written and what could not be.
fn told(order: &ExportOrder, writer: &ExportWriter) -> String {
    let names: Vec<String> = match &order.target {
        ExportTarget::File { path, .. } => order.format.file_names(&path.to_string_lossy()),
        ExportTarget::Program(command) => vec![command.clone()],
    };
    let written = format!("{} written to {}", writer.summary(), names.join(" and "));
    [vec![written], writer.remarks()].concat().join("; ")
}

fn bodies(engine: &EngineHandle, exchange: &Exchange) -> ExportedBodies {
    // A body that went meanwhile is told by its length.
    let read = |id: BodyId| engine.read_body(id, ViewPart::Decoded, 0, BODY).unwrap_or_default();
    let response = exchange.response.as_ref().map(|response| read(response.body.id));
    let response = response.unwrap_or_default();
    ExportedBodies { request: read(exchange.request.body.id), response }
}

/// Where the parts of a format go.
enum Sinks {
    Files {
        files: Vec<WholeFile>,
        overwrite: Overwrite,
    },
    /// The standard input of a program, until that ends.
    Program(Option<ChildStdin>),
}

impl Sinks {
    fn open(order: &ExportOrder, tell: &Teller) -> Result<Self, ExportReport> {
        match &order.target {
            ExportTarget::File { path, overwrite } => {
                let names = order.format.file_names(&path.to_string_lossy());
                let mut files = Vec::new();
                for name in &names {
                    files.push(file(Path::new(name), *overwrite)?);
                }
                Ok(Sinks::Files { files, overwrite: *overwrite })
            }
            ExportTarget::Program(command) => {
                let started = program(command).and_then(|child| watched(child, command, tell));
                Ok(Sinks::Program(started.map_err(|error| sink_failed(order, &error))?))
            }
        }
    }

    /// Writes what the writer has for each part.
    fn write(&mut self, writer: &mut ExportWriter) -> io::Result<()> {
        match self {
            Sinks::Files { files, .. } => {
                for (part, file) in files.iter_mut().enumerate() {
                    file.write_all(&writer.take(part))?;
                }
                Ok(())
            }
            Sinks::Program(Some(input)) => input.write_all(&writer.take(0)),
            Sinks::Program(None) => Ok(()),
        }
    }

    /// All is there: gives the files their names.
    fn end(&mut self) -> io::Result<()> {
        match self {
            Sinks::Files { files, overwrite } => {
                for file in files.drain(..) {
                    match overwrite {
                        Overwrite::Refuse => file.place_new()?,
                        Overwrite::Replace => file.replace()?,
                    }
                }
            }
            Sinks::Program(input) => drop(input.take()),
        }
        Ok(())
    }
}

fn file(path: &Path, overwrite: Overwrite) -> Result<WholeFile, ExportReport> {
    let failed = |error: io::Error| file_failed(path, &error);
    // A link stays one.
    let target = whole_file::follow_links(path).map_err(failed)?;
    if target.is_dir() {
        return Err(failed(io::Error::other("it is a folder; name a file in it")));
    }
    if overwrite == Overwrite::Refuse && target.exists() {
        return Err(ExportReport::NameTaken(path.to_owned()));
    }
    WholeFile::begin(&target, &WorkingName::OURS, PRIVATE).map_err(failed)
}

fn file_failed(path: &Path, error: &io::Error) -> ExportReport {
    let (kind, cause) = match error.kind() {
        io::ErrorKind::Other => (FailureKind::Io, error.to_string()),
        io::ErrorKind::NotFound => (FailureKind::NotFound, "the folder does not exist".to_owned()),
        _ => file_error::words(error),
    };
    let target = path.display().to_string();
    ExportReport::Ended(Err(Failure::new(Stage::Storage, target, kind, cause)))
}

/// Starts a command that takes what comes on its standard input, apart from our terminal.
fn program(command: &str) -> io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
}

/// Waits for the end of a program on a thread of its own, and tells of it; returns its standard input.
fn watched(mut child: Child, command: &str, tell: &Teller) -> io::Result<Option<ChildStdin>> {
    let (input, command, tell) = (child.stdin.take(), command.to_owned(), tell.clone());
    let wait = move || {
        let mut said = Vec::new();
        if let Some(mut errors) = child.stderr.take() {
            let _ = (&mut errors).take(LAST_WORDS).read_to_end(&mut said);
            // A program that says more is not held up by it.
            let _ = io::copy(&mut errors, &mut io::sink());
        }
        let code = child.wait().ok().and_then(|status| status.code());
        tell(ExportReport::Ended(program_ended(&command, code, &said)));
    };
    thread::Builder::new().name("export program".into()).spawn(wait)?;
    Ok(input)
}

/// How a program ended, in words.
fn program_ended(command: &str, code: Option<i32>, said: &[u8]) -> Result<String, Failure> {
    let failed = |kind, cause: String| Err(Failure::new(Stage::Program, command, kind, cause));
    let last = said.split(|byte| *byte == b'\n').rfind(|line| !line.trim_ascii().is_empty());
    let last = last.map(|line| format!(": {}", printable(line))).unwrap_or_default();
    match code {
        Some(0) => Ok(format!("{command} has ended; nothing goes there any more")),
        Some(NOT_FOUND) => failed(
            FailureKind::NotFound,
            "the program was not found; install it, or name another command".into(),
        ),
        Some(code) => failed(FailureKind::Io, format!("it ended with status {code}{last}")),
        None => failed(FailureKind::Io, format!("it was killed{last}")),
    }
}

fn sink_failed(order: &ExportOrder, error: &io::Error) -> ExportReport {
    match &order.target {
        ExportTarget::File { path, .. } if error.kind() == io::ErrorKind::AlreadyExists => {
            ExportReport::NameTaken(path.clone())
        }
        ExportTarget::File { path, .. } => file_failed(path, error),
        ExportTarget::Program(command) => {
            let cause = error.to_string();
            ExportReport::Ended(Err(Failure::new(Stage::Program, command, FailureKind::Io, cause)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_program_is_told_in_words() {
        let words = |code, said: &[u8]| match program_ended("wireshark", code, said) {
            Ok(words) => words,
            Err(failure) => failure.to_string(),
        };
        assert_eq!(words(Some(0), b""), "wireshark has ended; nothing goes there any more");
        assert!(words(Some(127), b"sh: not found").contains("was not found; install it"));
        assert!(words(Some(2), b"first\nno display\x1b\n\n").contains("status 2: no display\\e"));
        assert!(words(None, b"").contains("it was killed"));
    }
}
