//! Signals end the program, whatever hangs: INT, TERM and HUP are asked politely first, and the
//! second one, or one second, takes the default action.
//!
//! Called by the shells, which do what ending needs (print, give the terminal back, keep drafts)
//! within bounds of their own. A thread of its own waits for the same signals and for nothing else,
//! so no lock, disk, pipe or terminal can keep it from its work.
//!
//! ```text
//! signal ─► shell: acknowledge(bound) ─► ends by itself
//!    └────► no word within a second, bound over, or a second signal ─► last words ─► default action
//! ```

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::os;

/// How long the shell may take to notice a signal.
const NOTICED: Duration = Duration::from_secs(1);
/// Signals this close together are one: a window that closes sends HUP itself and through its
/// shell.
const TOGETHER: Duration = Duration::from_millis(150);

/// Milliseconds from the first signal to the default action.
static BOUND: AtomicU64 = AtomicU64::new(NOTICED.as_millis() as u64);
/// Interrupts are meant for another program that has the terminal.
static INTERRUPTS_ELSEWHERE: AtomicBool = AtomicBool::new(false);

/// A signal asked for the end.
static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// Sees to the end from now on. `last_words` is called before the default action; it must not wait.
///
/// # Errors
/// When the system refuses a handler or a thread.
pub(crate) fn watch(last_words: fn()) -> io::Result<()> {
    let obeyed = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|kind| is_obeyed(*kind));
    let mut signals = Signals::new(obeyed)?;
    let wait = move || {
        let mut first: Option<Instant> = None;
        for signal in signals.forever() {
            if signal == SIGINT && INTERRUPTS_ELSEWHERE.load(Ordering::Acquire) {
                continue;
            }
            IS_ASKED.store(true, Ordering::Release);
            match first {
                None => {
                    first = Some(Instant::now());
                    count_down(signal, last_words);
                }
                Some(first) if first.elapsed() < TOGETHER => {}
                Some(_) => give_up(signal, last_words),
            }
        }
    };
    thread::Builder::new().name("signals".into()).spawn(wait).map(drop)
}

/// A file that would grow beyond what the system allows (`ulimit -f`) is an error of the write, told like
/// any other, instead of the end.
///
/// # Errors
/// When the system refuses a handler.
pub(crate) fn survive_size_limit() -> io::Result<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map(drop)
}

/// The shell is ending by itself: from the first signal it gets this long.
pub(crate) fn acknowledge(bound: Duration) {
    BOUND.store(u64::try_from(bound.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
}

/// Whether a signal asked for the end, so that nothing new is begun.
pub(crate) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::Acquire)
}

/// Whether interrupts are for a program that has the terminal, such as an editor.
pub(crate) fn interrupts_elsewhere(elsewhere: bool) {
    INTERRUPTS_ELSEWHERE.store(elsewhere, Ordering::Release);
}

/// Whether a signal ends the program. Whoever started it can have a hang-up (`nohup`) or an interrupt
/// (a script's `command &`) ignored, and so it stays; TERM always ends it. To be asked before anybody
/// listens to the signal.
#[must_use]
pub(crate) fn is_obeyed(signal: i32) -> bool {
    signal == SIGTERM || !os::is_ignored(signal)
}

/// Takes the default action when the time is over; without a thread the second signal does.
fn count_down(signal: i32, last_words: fn()) {
    let began = Instant::now();
    let wait = move || {
        loop {
            let bound = Duration::from_millis(BOUND.load(Ordering::Acquire));
            let left = bound.saturating_sub(began.elapsed());
            if left.is_zero() {
                give_up(signal, last_words);
            }
            thread::park_timeout(left.max(Duration::from_millis(1)));
        }
    };
    let _started = thread::Builder::new().name("deadline".into()).spawn(wait);
}

fn give_up(signal: i32, last_words: fn()) {
    last_words();
    let _never_returns = emulate_default_handler(signal);
}
