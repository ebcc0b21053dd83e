//! Panics: the terminal is given back before anything is printed.
//!
//! A panic of the loop's thread ends the program, so its hook restores the terminal and prints. A
//! panic elsewhere (a session's task, the store) ends that task only: the program lives, and the
//! text reaches the application through [`reports`] and the log.

use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::thread::ThreadId;

use tokio::sync::mpsc;

use crate::codec::printable;

use super::terminal;

/// Reports waiting to be shown; a task that panics in a loop is told about eight times.
const REPORTS: usize = 8;

static LOOP_THREAD: OnceLock<ThreadId> = OnceLock::new();

/// Installs the hook for the calling thread as the loop's. Returns where panics of other threads
/// are reported.
pub(super) fn reports() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(REPORTS);
    let _ = LOOP_THREAD.set(std::thread::current().id());
    std::panic::set_hook(Box::new(move |info| {
        let text = describe(info);
        tracing::error!("{text}");
        if LOOP_THREAD.get() == Some(&std::thread::current().id()) {
            terminal::restore();
            print(&text);
        } else {
            // Full: the ones before it say enough.
            let _ = sender.try_send(text);
        }
    }));
    receiver
}

fn payload<'a>(info: &'a PanicHookInfo<'_>) -> Option<&'a str> {
    let payload = info.payload();
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = payload(info).unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("unnamed");
    printable::printable_str(&format!("thread '{name}' panicked at {place}: {message}"))
        .into_owned()
}

#[expect(clippy::print_stderr, reason = "the terminal has been given back")]
fn print(text: &str) {
    eprintln!("wirebench: internal error: {text}");
    eprintln!("Unsaved work is offered again on the next start. Please report this.");
}
