//! The jq role: this program as a filter of JSON, from standard input to standard output.
//!
//! Started by `engine/body/derive.rs`, dispatched by `run.rs` before anything else. A filter is a
//! program that may run for ever or eat all memory, so it gets a process of its own, which is stopped
//! with a signal, has bounds that the system keeps, and ends with whoever started it. Values are read
//! one by one; a filter that begins with `.[]` is given the elements of a list one by one, so that the
//! first results are there before the last bytes have come.
//!
//! What is wrong is said in one line on standard error: 3 = the filter cannot be used, 5 = it failed,
//! or what it read was no JSON.

mod filter;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::BorrowedFd;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use jaq_json::read;
use rustix::process::{Resource, Rlimit, Signal, getpid, getppid, kill_process, setrlimit};

use crate::codec::json_pieces::{JsonPiece, JsonPieces};
use filter::{JqFilter, JqResult};

/// Longest value that is held in memory, in bytes.
const LONGEST: usize = 256 << 20;
/// Most memory, in bytes, where the system keeps such a bound.
const MEMORY: u64 = 4 << 30;
/// Most processor time, in seconds.
const SECONDS: u64 = 300;
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

/// Asks the system for bounds; where it has none the reader's own have to do.
fn bound() {
    for (resource, most) in [(Resource::As, MEMORY), (Resource::Cpu, SECONDS), (Resource::Core, 0)]
    {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
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
    let mut pieces = JsonPieces::new(filter.takes_elements(), LONGEST);
    let mut all = Vec::new();
    let mut place = 0;
    let mut block = vec![0; BLOCK];
    loop {
        let count = input.read(&mut block).map_err(|error| error.to_string())?;
        let mut take = |piece: JsonPiece<'_>| {
            let (bytes, is_element) = match piece {
                JsonPiece::Value(bytes) => (bytes, false),
                JsonPiece::Element(bytes, at) => {
                    place = at;
                    (bytes, true)
                }
                JsonPiece::ListEnd => return Ok(()),
            };
            let value = read::parse_single(bytes).map_err(|why| {
                if is_element {
                    format!("in the element at byte {}: {why}", place + 1)
                } else {
                    format!("not JSON: {why}")
                }
            })?;
            if filter.gathers() {
                all.push(value);
                return Ok(());
            }
            filter.apply(value, is_element, &mut |result| give(output, result))
        };
        if count == 0 {
            pieces.finish(&mut take)?;
            break;
        }
        pieces.push(&block[..count], &mut take)?;
        output.flush();
        if output.is_gone {
            return Ok(());
        }
    }
    if filter.gathers() {
        filter.apply_all(all, &mut |result| give(output, result))?;
    }
    Ok(())
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
