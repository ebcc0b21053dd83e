//! The jq role: this program as a filter of JSON, from standard input to standard output.
//!
//! Started by `engine/body/derive.rs`, dispatched by `run.rs` before anything else; `cli/send.rs` asks
//! beforehand whether a filter can be used. A filter is a
//! program that may run for ever or eat all memory, so it gets a process of its own, which is stopped
//! with a signal, has bounds that the system keeps, and ends with whoever started it. Values are read
//! one by one; a filter that begins with `.[]` or `.a.b[]` is given the elements of that list one by one, so
//! that the first results are there before the last bytes have come.
//!
//! What is wrong is said in one line on standard error: 3 = the filter cannot be used, 5 = it failed,
//! or what it read was no JSON.

mod elements;
mod filter;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::BorrowedFd;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use jaq_json::{Val, read};
use rustix::process::{Resource, Rlimit, Signal, getpid, getppid, kill_process, setrlimit};

use crate::codec::json_pieces::{JsonPiece, JsonPieces};
use filter::{JqFilter, JqResult, ValuePlace};

/// Longest value that is held in memory, in bytes.
const LONGEST: usize = 256 << 20;
/// Most memory, in bytes, where the system keeps such a bound.
const MEMORY: u64 = 4 << 30;
/// Most processor time, in seconds; then comes the signal of that bound.
const SECONDS: u64 = 300;
/// Seconds after which it is killed, should that signal not have ended it: a kill alone says no reason.
const KILLED_AFTER: u64 = SECONDS + 5;
/// Room for values inside each other, which are read by calls inside each other.
const STACK: usize = 512 << 20;
/// Bytes of one read.
const BLOCK: usize = 256 * 1024;
/// Bytes of results that are handed over together.
const FLUSH: usize = 64 * 1024;
/// How long a result waits for others at most.
const WAITS: Duration = Duration::from_millis(30);
/// Pause between two looks whether the one who started us is still there.
const LOOK: Duration = Duration::from_millis(250);

/// Filters until standard input ends.
pub(crate) fn run(code: &str) -> ExitCode {
    bound();
    let parent = getppid();
    let watching = move || {
        while getppid() == parent {
            thread::park_timeout(LOOK);
        }
        let _ = kill_process(getpid(), Signal::KILL);
    };
    let _ = thread::Builder::new().name("parent".into()).spawn(watching);
    let code = code.to_owned();
    let work = thread::Builder::new().stack_size(STACK).spawn(move || filter(&code));
    let ended = match work.map(thread::JoinHandle::join) {
        Ok(Ok(ended)) => ended,
        Ok(Err(_)) => Err((5, "the filter broke down: please report it".to_owned())),
        Err(error) => Err((5, format!("no thread for the filter: {error}"))),
    };
    let Err((status, why)) = ended else { return ExitCode::SUCCESS };
    if let Ok(mut errors) = ours(rustix::stdio::stderr()) {
        let _ = errors.write_all(why.as_bytes());
    }
    ExitCode::from(status)
}

/// What is wrong with a filter, before anything is filtered.
pub(crate) fn flaw(code: &str) -> Option<String> {
    let code = code.to_owned();
    let check = move || JqFilter::new(&code).err();
    let work = thread::Builder::new().stack_size(STACK).spawn(check);
    // What cannot be looked at now is told by the filter itself.
    work.ok()?.join().ok()?
}

/// Asks the system for bounds; where it has none the reader's own have to do.
fn bound() {
    let bounds = [
        (Resource::As, MEMORY, MEMORY),
        (Resource::Cpu, SECONDS, KILLED_AFTER),
        (Resource::Core, 0, 0),
    ];
    for (resource, most, last) in bounds {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(last) });
    }
}

fn ours(stream: BorrowedFd<'_>) -> io::Result<File> {
    Ok(File::from(stream.try_clone_to_owned()?))
}

fn filter(code: &str) -> Result<(), (u8, String)> {
    let filter = JqFilter::new(code).map_err(|why| (3, why))?;
    let broken = |error: io::Error| (5, error.to_string());
    let mut input = ours(rustix::stdio::stdin()).map_err(broken)?;
    let mut output = Results {
        file: ours(rustix::stdio::stdout()).map_err(broken)?,
        bytes: Vec::new(),
        flushed_at: Instant::now(),
        is_gone: false,
    };
    let ended = values(&filter, &mut input, &mut output).map_err(|why| (5, why));
    output.flush();
    // Whoever reads the results may have had enough; that is no failure.
    if output.is_gone { Ok(()) } else { ended }
}

/// Bytes on their way to standard output.
struct Results {
    file: File,
    bytes: Vec<u8>,
    flushed_at: Instant,
    /// Nobody takes them any more.
    is_gone: bool,
}

impl Results {
    fn flush(&mut self) {
        self.is_gone |= self.file.write_all(&self.bytes).is_err();
        self.bytes.clear();
        self.flushed_at = Instant::now();
    }
}

fn values(filter: &JqFilter, input: &mut File, output: &mut Results) -> Result<(), String> {
    let mut pieces = JsonPieces::new(filter.path(), LONGEST).advising(filter.advice());
    let mut work =
        Work { filter, output, all: Vec::new(), failed: None, skips: false, ends: false };
    let mut block = vec![0; BLOCK];
    while !work.ends {
        let count = input.read(&mut block).map_err(|error| error.to_string())?;
        let mut take = |piece: JsonPiece<'_>| work.take(piece);
        if count == 0 {
            pieces.finish(&mut take)?;
            break;
        }
        pieces.push(&block[..count], &mut take)?;
        work.output.flush();
        work.ends |= work.output.is_gone;
    }
    if filter.gathers() && !work.output.is_gone {
        filter.apply_all(work.all, &mut |result| give(work.output, result))?;
    }
    work.failed.map_or(Ok(()), Err)
}

/// What is done with the pieces of what is read.
struct Work<'a> {
    filter: &'a JqFilter,
    output: &'a mut Results,
    /// All values, when they are wanted together.
    all: Vec<Val>,
    /// Why the filter failed first. It goes on with the next document.
    failed: Option<String>,
    /// The rest of the document is not filtered.
    skips: bool,
    /// Nothing more is.
    ends: bool,
}

impl Work<'_> {
    fn take(&mut self, piece: JsonPiece<'_>) -> Result<(), String> {
        self.skips &= piece != JsonPiece::End;
        if self.ends || self.skips {
            return Ok(());
        }
        let Some((value, place)) = parsed(piece)? else { return Ok(()) };
        if self.filter.gathers() {
            self.all.push(value);
            return Ok(());
        }
        let output = &mut *self.output;
        match self.filter.apply(value, place, &mut |result| give(output, result)) {
            Ok(goes_on) => self.ends = !goes_on,
            Err(why) => {
                self.failed.get_or_insert(why);
                self.skips = place != ValuePlace::Behind(0);
            }
        }
        Ok(())
    }
}

/// The value of a piece and where in the document it stands; `None` = nothing is done with it.
fn parsed(piece: JsonPiece<'_>) -> Result<Option<(Val, ValuePlace)>, String> {
    let (bytes, place) = match piece {
        JsonPiece::Value(bytes, steps) => (bytes, ValuePlace::Behind(steps)),
        JsonPiece::Element(bytes, _) => (bytes, ValuePlace::Element),
        // It is not looked at closer than the filter would if it got all.
        JsonPiece::Passed(bytes) => (bytes, ValuePlace::Behind(0)),
        JsonPiece::End => return Ok(None),
    };
    let value = read::parse_single(bytes).map_err(|why| match piece {
        JsonPiece::Element(_, at) => format!("in the element at byte {}: {why}", at + 1),
        _ => format!("not JSON: {why}"),
    })?;
    Ok((!matches!(piece, JsonPiece::Passed(_))).then_some((value, place)))
}

/// Takes a result; whether more are wanted.
fn give(output: &mut Results, result: &JqResult<'_>) -> bool {
    result.write(&mut output.bytes);
    output.bytes.push(b'\n');
    if output.bytes.len() >= FLUSH || output.flushed_at.elapsed() >= WAITS {
        output.flush();
    }
    !output.is_gone
}
