//! Large temporary files, closed after we have gone.
//!
//! The system takes a sixth of a second to forget a gigabyte, and whoever closes a file last waits
//! for it. When the user leaves, this program is started once more with nothing to do but keep the
//! files open until we are gone: it reads a pipe of which we hold the other end, so it ends by
//! itself a moment after us. Where it cannot be started leaving takes longer, nothing else.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// First argument of a closer; no command has such a name.
pub const ARGUMENT: &str = "--close-files-of-the-one-that-leaves";

/// Files that are closed by others, and how large they are at least.
pub(super) const FILES: usize = 4;
pub(super) const LARGE: u64 = 64 * 1024 * 1024;

/// Starts a closer for each file. What is returned has to live until we end.
pub(super) fn start(files: Vec<File>) -> Vec<io::PipeWriter> {
    files.into_iter().filter_map(|file| closer(file).ok()).collect()
}

fn closer(file: File) -> io::Result<io::PipeWriter> {
    let (ours, theirs) = io::pipe().map(|(reader, writer)| (writer, reader))?;
    let mut command = Command::new(itself()?);
    command.arg(ARGUMENT).stdin(theirs).stdout(file).stderr(Stdio::null());
    command.process_group(0).spawn()?;
    Ok(ours)
}

/// This program, also when its file was replaced since it was started.
fn itself() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { std::env::current_exe() }
}

/// What a closer does: waits until its starter is gone. The files are closed with it.
pub fn run() {
    // Nobody is left to be told anything.
    let _ended = io::stdin().read(&mut [0]);
}
