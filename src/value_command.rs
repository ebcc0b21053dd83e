//! A program that gives the value of a variable: `token = { command = ["gh", "auth", "token"] }`. Or the system
//! keyring (`value_command/keyring.rs`).
//!
//! Called by both shells, which ask before whether it may run. Started as it is named, without a shell; nothing on
//! its standard input. Bounded in time and in what it prints; what it prints is told to nobody else, and of what it
//! says to standard error one line, in an error.

mod keyring;

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::model::value_source::ValueSource;

/// Longest wait for its end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait for what it printed, once it has ended: others may hold its output open.
const READING: Duration = Duration::from_secs(1);
/// Longest value, in bytes.
const LONGEST: usize = 64 * 1024;
/// What is read of what it says to standard error.
const SAID: usize = 4 * 1024;

/// Whose the terminal is while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandTerminal {
    /// It may ask there.
    Shared,
    /// A screen is on it: it gets a process group of its own, which may not read it.
    Taken,
}

/// What a source gives: the program is run in this folder, and prints the value, without the line breaks at the end.
///
/// # Errors
/// Why there is no value, in words: how the program ended, and the first line of what it said, or what the keyring
/// said. Both are of others and may hold anything.
pub fn value(
    source: &ValueSource,
    folder: &Path,
    terminal: CommandTerminal,
) -> Result<String, String> {
    match source {
        ValueSource::Program(words) => run(words, folder, terminal),
        ValueSource::Keyring(entry) => keyring::value(entry),
    }
}

fn run(words: &[String], folder: &Path, terminal: CommandTerminal) -> Result<String, String> {
    run_within(words, folder, terminal, PATIENCE)
}

fn run_within(
    words: &[String],
    folder: &Path,
    terminal: CommandTerminal,
    patience: Duration,
) -> Result<String, String> {
    let (name, arguments) = words.split_first().ok_or("it names no program")?;
    let mut command = Command::new(name);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if terminal == CommandTerminal::Taken {
        // What asks for a passphrase on the terminal would write over the screen.
        command.process_group(0).env_remove("GPG_TTY");
    }
    let mut child = command.spawn().map_err(|error| format!("it cannot be started: {error}"))?;
    let pid = Pid::from_child(&child);
    let printed = read(child.stdout.take(), LONGEST + 1);
    let said = read(child.stderr.take(), SAID);
    let Some(ended) = end(child, patience) else {
        // One that ended in this moment needs none.
        let _ = match terminal {
            CommandTerminal::Shared => kill_process(pid, Signal::KILL),
            CommandTerminal::Taken => kill_process_group(pid, Signal::KILL),
        };
        return Err(format!("it did not end within {} s", patience.as_secs()));
    };
    let said = said.recv_timeout(READING).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let said = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let with_said = |why: String| if said.is_empty() { why } else { format!("{why}: {said}") };
    if !ended.success() {
        return Err(with_said(how(ended)));
    }
    let printed = printed.recv_timeout(READING).unwrap_or_default();
    if printed.len() > LONGEST {
        return Err(format!("it printed more than {} KiB", LONGEST >> 10));
    }
    let value =
        String::from_utf8(printed).map_err(|_| "what it printed is not UTF-8".to_owned())?;
    match value.trim_end_matches(['\r', '\n']) {
        "" => Err(with_said("it printed nothing".to_owned())),
        value => Ok(value.to_owned()),
    }
}

fn how(ended: ExitStatus) -> String {
    match (ended.code(), ended.signal()) {
        (Some(code), _) => format!("it ended with status {code}"),
        (None, Some(signal)) => format!("signal {signal} ended it"),
        (None, None) => "it failed".to_owned(),
    }
}

/// Reads the beginning of a stream, and the rest into nothing, so that its writer is not held up.
fn read(stream: Option<impl Read + Send + 'static>, most: usize) -> Receiver<Vec<u8>> {
    let (sender, receiver) = sync_channel(1);
    let work = move || {
        let Some(mut stream) = stream else { return };
        let mut bytes = Vec::new();
        // What cannot be read ends it.
        let _ = stream.by_ref().take(most as u64).read_to_end(&mut bytes);
        if bytes.len() < most {
            let _ = sender.send(bytes);
            return;
        }
        let _ = sender.send(bytes);
        let mut rest = [0; 4096];
        while stream.read(&mut rest).is_ok_and(|read| read > 0) {}
    };
    thread::spawn(work);
    receiver
}

/// How it ended; `None` = not in time.
fn end(mut child: Child, patience: Duration) -> Option<ExitStatus> {
    let (sender, ended) = sync_channel(1);
    thread::spawn(move || {
        let _ = sender.send(child.wait());
    });
    ended.recv_timeout(patience).ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(script: &str) -> Result<String, String> {
        let words = ["sh", "-c", script].map(str::to_owned);
        run_within(&words, Path::new("/"), CommandTerminal::Taken, PATIENCE)
    }

    #[test]
    fn what_it_prints_is_the_value() {
        assert_eq!(given("printf 'a b\\n\\n'").unwrap(), "a b");
        assert_eq!(given("echo no >&2; printf '{{x}} \\ty'").unwrap(), "{{x}} \ty");
        assert_eq!(given("pwd").unwrap(), "/");
        assert_eq!(given("cat; echo end").unwrap(), "end", "nothing is on its standard input");
    }

    #[test]
    fn why_there_is_no_value_is_told() {
        assert_eq!(
            given("echo; echo 'not logged in' >&2; exit 4").unwrap_err(),
            "it ended with status 4: not logged in"
        );
        assert_eq!(given("kill -9 $$").unwrap_err(), "signal 9 ended it");
        assert_eq!(given("true").unwrap_err(), "it printed nothing");
        assert!(given("printf '\\377'").unwrap_err().contains("not UTF-8"));
        assert!(given("yes | head -c 200000").unwrap_err().contains("64 KiB"));
        let words = ["/nonexistent/program".to_owned()];
        let why = run(&words, Path::new("/"), CommandTerminal::Shared).unwrap_err();
        assert!(why.starts_with("it cannot be started"), "{why}");
        assert_eq!(
            run(&[], Path::new("/"), CommandTerminal::Shared).unwrap_err(),
            "it names no program"
        );
    }

    #[test]
    fn one_that_does_not_end_is_ended_and_one_that_leaves_another_behind_is_not_waited_for() {
        let words = ["sh", "-c", "sleep 60 | cat"].map(str::to_owned);
        let patience = Duration::from_millis(200);
        let why = run_within(&words, Path::new("/"), CommandTerminal::Taken, patience).unwrap_err();
        assert!(why.contains("did not end"), "{why}");
        let begun = std::time::Instant::now();
        let why = given("sleep 20 & exit 3").unwrap_err();
        assert!(why.contains("status 3") && begun.elapsed() < Duration::from_secs(10), "{why}");
    }
}
