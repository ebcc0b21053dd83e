//! What is done for whoever looks at an answer (`query::HelpWanted`): a filter is run in a process of its own
//! and ended when it takes too long, a file is read.

use std::io::{Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::model::recipe::JQ_ROLE;
use crate::named_file;
use crate::query::{HelpWanted, Helped};

/// How long a filter may take.
const FILTER_TIME: Duration = Duration::from_secs(5);
/// Bytes that it may give.
const GIVEN: u64 = 16 * 1024 * 1024;
/// Bytes of its words that are kept.
const WORDS: u64 = 2048;
/// Longest file that is read.
const FILE: u64 = 1024 * 1024;
/// Pause between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(2);

/// Does all that is wanted, one after the other; `program` filters JSON.
pub(super) fn help(program: &Path, wanted: &[HelpWanted], body: &[u8]) -> Helped {
    Helped::new(wanted.iter().map(|one| {
        let done = match one {
            HelpWanted::Filter(code) => filter(program, code, body),
            HelpWanted::File(path) => read(path),
        };
        (one.clone(), done)
    }))
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    named_file::read(&PathBuf::from(path), FILE).map_err(|error| format!("{path}: {error}"))
}

fn filter(program: &Path, code: &str, body: &[u8]) -> Result<Vec<u8>, String> {
    let mut child = Command::new(program)
        .arg(JQ_ROLE)
        .arg(code)
        .arg0("wirebench")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the filter cannot be started: {error}"))?;
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (given, taking) = sync_channel(1);
    thread::scope(|scope| {
        // Whoever is not read by the filter any more gets an error, and ends.
        scope.spawn(move || input.map(|mut input| input.write_all(body)));
        let words = scope.spawn(move || kept(errors, WORDS));
        scope.spawn(move || given.send(kept(output, GIVEN)));
        let taken = match taking.recv_timeout(FILTER_TIME) {
            Ok(taken) if taken.len() as u64 <= GIVEN => Ok(taken),
            Ok(_) => Err("the filter gives more than 16 MiB".to_owned()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(format!("the filter was ended, it may take {} s", FILTER_TIME.as_secs()))
            }
        };
        let ended = end(&mut child, taken.is_ok());
        let words = words.join().unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        match (taken, ended) {
            (Ok(taken), Some(status)) if status.success() => Ok(taken),
            (Ok(_), Some(_)) if !words.trim().is_empty() => Err(words.trim().to_owned()),
            (Ok(_), _) => Err("the filter was ended before its end".to_owned()),
            (Err(why), _) => Err(why),
        }
    })
}

/// What is read up to a bound, and one byte that shows there was more.
fn kept(from: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before an error is all there is.
    let _ = from.map(|from| from.take(most + 1).read_to_end(&mut bytes));
    bytes
}

/// Waits for a process that has closed its output, and kills one that has not.
fn end(child: &mut Child, is_over: bool) -> Option<ExitStatus> {
    let until = Instant::now() + Duration::from_secs(1);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if !is_over || Instant::now() >= until {
            if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
                let _gone = kill_process_group(group, Signal::KILL);
            }
            return child.wait().ok();
        }
        thread::park_timeout(LOOK);
    }
}
