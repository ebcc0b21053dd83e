//! Programs that make a body of another: our own as a filter of JSON, and commands of the user's.
//!
//! The body goes to standard input on a thread of its own, standard output and standard error are read
//! on two more, so no pipe that is full can hold up another. The program leads a group of processes,
//! all of which are killed when it is not wanted any more.

use std::io::{Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Made, Task};
use crate::engine::body::thread::on_thread;
use crate::model::recipe::{JQ_ROLE, Recipe, RecipeKind};
use crate::os;

/// Bytes of one read.
const BLOCK: usize = 64 * 1024;
/// Reads on their way.
const READS: usize = 4;
/// Bytes of standard error that are kept.
const ERRORS: usize = 2048;
/// Pause between two looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(20);
/// How long what a program left behind may keep its output open.
const LEFT_BEHIND: Duration = Duration::from_millis(500);

/// The process that runs, if one does; its number is here only as long as it is its own.
#[derive(Debug, Default)]
pub(super) struct RunningChild(Mutex<Option<Pid>>);

impl RunningChild {
    /// Kills it and what it started.
    pub(super) fn kill(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = *running {
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }

    fn set(&self, pid: Option<Pid>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pid;
    }

    /// Whether it has ended. Its number is given back with the same look.
    fn ended(&self, child: &mut Child) -> Option<std::io::Result<ExitStatus>> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = child.try_wait().transpose()?;
        *running = None;
        Some(ended)
    }
}

/// What a program printed.
enum Printed {
    Output(Vec<u8>),
    Error(Vec<u8>),
}

/// Runs the program of a recipe on the body.
pub(super) fn run(task: &Task, recipe: &Recipe, made: &mut Made) -> Result<(), String> {
    let mut child = command(task, recipe)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the program cannot be started: {error}"))?;
    let running = &task.child;
    running.set(Pid::from_raw(child.id().cast_signed()));
    if !task.is_wanted() {
        running.kill();
    }
    let (sender, printed) = sync_channel(READS);
    if let Some(input) = child.stdin.take() {
        feed(task.clone(), recipe.kind, input);
    }
    if let Some(output) = child.stdout.take() {
        read("derive-output", output, sender.clone(), Printed::Output);
    }
    if let Some(errors) = child.stderr.take() {
        read("derive-errors", errors, sender, Printed::Error);
    }
    let taken = take(task, &mut child, &printed, made);
    let is_enough = made.is_full() || taken.failed.is_some();
    let status = taken.status.map_or_else(|| wait(task, &mut child, is_enough), Ok);
    judge(recipe, made, &taken.errors, status, taken.failed)
}

fn command(task: &Task, recipe: &Recipe) -> Command {
    if recipe.kind == RecipeKind::Pipe {
        let mut command = Command::new("sh");
        command.arg("-c").arg(&recipe.text);
        return command;
    }
    let program = task.derivations.program.get().cloned();
    let mut command = Command::new(program.unwrap_or_else(os::own_program));
    command.arg(JQ_ROLE).arg(&recipe.text).arg0("wirebench");
    command
}

/// Gives the body to the program until one of both has had enough: to a command of the user's as it was
/// received, to a filter of ours as the UTF-8 it reads.
fn feed(task: Task, kind: RecipeKind, mut input: ChildStdin) {
    on_thread("derive-input", move || {
        let write = |block: &[u8]| Ok(input.write_all(block).is_ok());
        let _ = match kind {
            RecipeKind::Pipe => task.blocks(write),
            _ => task.texts(write),
        };
    });
}

fn read(
    name: &'static str,
    mut from: impl Read + Send + 'static,
    to: SyncSender<Printed>,
    what: fn(Vec<u8>) -> Printed,
) {
    on_thread(name, move || {
        let mut block = vec![0; BLOCK];
        while let Ok(count) = from.read(&mut block)
            && count > 0
            && to.send(what(block[..count].to_vec())).is_ok()
        {}
    });
}

/// What came of reading.
#[derive(Default)]
struct Taken {
    errors: Vec<u8>,
    /// The end of the program, if it was seen.
    status: Option<ExitStatus>,
    /// Why no more is kept.
    failed: Option<String>,
}

/// Takes what is printed until both ends are closed, until nothing more is wanted, or until a while
/// after the program has ended.
fn take(task: &Task, child: &mut Child, printed: &Receiver<Printed>, made: &mut Made) -> Taken {
    let mut taken = Taken::default();
    let mut last = None;
    while task.is_wanted() {
        match printed.recv_timeout(LOOK) {
            Ok(Printed::Output(bytes)) => match made.push(&bytes) {
                Ok(true) => {}
                Ok(false) => break,
                Err(why) => {
                    taken.failed = Some(why);
                    break;
                }
            },
            Ok(Printed::Error(bytes)) => {
                let room = ERRORS.saturating_sub(taken.errors.len());
                taken.errors.extend(bytes.into_iter().take(room));
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if taken.status.is_none() {
                    let ended = task.child.ended(child);
                    taken.status = ended.and_then(Result::ok);
                    last = taken.status.map(|_| Instant::now() + LEFT_BEHIND);
                }
                if last.is_some_and(|last| last <= Instant::now()) {
                    break;
                }
            }
        }
    }
    taken
}

/// Waits for the end of a program that prints nothing more; one that is not wanted is killed.
fn wait(task: &Task, child: &mut Child, is_enough: bool) -> std::io::Result<ExitStatus> {
    loop {
        if is_enough || !task.is_wanted() {
            task.child.kill();
        }
        if let Some(ended) = task.child.ended(child) {
            return ended;
        }
        thread::park_timeout(LOOK);
    }
}

/// What the end of the program means.
fn judge(
    recipe: &Recipe,
    made: &mut Made,
    errors: &[u8],
    status: std::io::Result<ExitStatus>,
    failed: Option<String>,
) -> Result<(), String> {
    if let Some(why) = failed {
        return Err(why);
    }
    let status = status.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(errors);
    let said = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let said = said.take(3).collect::<Vec<_>>().join("; ");
    if made.is_full() {
        return Ok(());
    }
    if recipe.kind == RecipeKind::Pipe {
        made.open();
        let ended = match (status.code(), status.signal()) {
            (Some(0), _) if made.len == 0 => String::from("it printed nothing"),
            (Some(0), _) => String::new(),
            (Some(code), _) => format!("exit status {code}"),
            (None, signal) => format!("ended by signal {}", signal.unwrap_or_default()),
        };
        let both: Vec<&str> = [&*ended, &*said].into_iter().filter(|it| !it.is_empty()).collect();
        made.remark = both.join(": ");
        made.warns = status.code() != Some(0) || !said.is_empty();
        return Ok(());
    }
    match (status.code(), status.signal()) {
        (Some(0), _) => {
            made.open();
            if made.len == 0 {
                made.remark = String::from("the filter gives nothing");
            }
            Ok(())
        }
        (Some(_), _) => Err(said),
        (None, Some(signal)) => Err(signal_words(signal, &said)),
        (None, None) => Err("the filter ended early".to_owned()),
    }
}

fn signal_words(signal: i32, said: &str) -> String {
    match Signal::from_named_raw(signal) {
        Some(Signal::ABORT) if said.contains("memory") => {
            "the filter needs more memory than it may have (4 GiB)".to_owned()
        }
        Some(Signal::XCPU) => {
            "the filter was ended: it may take 5 minutes of processor time".to_owned()
        }
        Some(Signal::KILL) => {
            "the filter was killed from outside, as a system does that lacks memory".to_owned()
        }
        _ => format!("the filter was ended by signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_systems_bound_is_told_as_one() {
        let words = |signal: Signal, said| signal_words(signal.as_raw(), said);
        assert!(words(Signal::XCPU, "").contains("5 minutes of processor time"));
        assert!(words(Signal::KILL, "").contains("killed from outside"));
        assert!(words(Signal::ABORT, "memory allocation failed").contains("4 GiB"));
        assert!(words(Signal::TERM, "").contains("signal 15"));
    }
}
