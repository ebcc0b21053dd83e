//! Panics: the terminal is given back before anything is printed.
//!
//! A panic of the loop's thread ends the program, so its hook restores the terminal and prints. A
//! panic elsewhere (a session's task, the store) ends that task only: the program lives, and the
//! text reaches the application through [`reports`] and the log.

use std::sync::OnceLock;
use std::thread::ThreadId;

use tokio::sync::mpsc;

use crate::console;

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
        let text = console::described(info);
        tracing::error!("{text}");
        if LOOP_THREAD.get() == Some(&std::thread::current().id()) {
            terminal::restore();
            console::note(&format!("internal error: {text}"));
            console::note("unsaved work is offered again on the next start; please report this");
            console::settle();
        } else {
            // Full: the ones before it say enough.
            let _ = sender.try_send(text);
        }
    }));
    receiver
}
