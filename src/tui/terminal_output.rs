//! What waits to be written to the terminal, which may take nothing: stopped, hung, or a window that
//! nobody reads.
//!
//! Called by `terminal`, which makes the bytes, and by the loop, which goes on when there is room.
//! The terminal is opened a second time, because "non-blocking" belongs to an open file and must not
//! leak into the shell we came from. Nothing here waits longer than it says. One static, so that a
//! panic on any thread can give the terminal back.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::QueueSelector;
use tokio::io::unix::AsyncFd;

/// Bytes that wait above which nothing but a frame is taken; one frame at a time waits.
const WAITING: usize = 1024 * 1024;
/// How long the last bytes may go without the terminal taking any.
const PATIENCE: Duration = Duration::from_millis(500);
/// Pause between two tries of the last bytes.
const RETRY: Duration = Duration::from_millis(2);
/// Ends whatever sequence was cut off.
const CANCEL: &[u8] = b"\x18";

struct TerminalOutput {
    /// Our own open file; without one the terminal is written to as we were given it.
    terminal: Option<OwnedFd>,
    waiting: Vec<u8>,
}

static OUTPUT: Mutex<TerminalOutput> =
    Mutex::new(TerminalOutput { terminal: None, waiting: Vec::new() });

fn lock() -> MutexGuard<'static, TerminalOutput> {
    OUTPUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the terminal, once.
pub(super) fn open() {
    let mut output = lock();
    if output.terminal.is_none() {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let named = rustix::termios::ttyname(rustix::stdio::stdout(), Vec::new())
            .and_then(|name| rustix::fs::open(name.as_c_str(), flags, Mode::empty()));
        let opened = named.or_else(|_| rustix::fs::open("/dev/tty", flags, Mode::empty()));
        output.terminal = opened.ok();
    }
}

/// What tells that the terminal has room again. Must be called inside the loop's runtime.
pub(super) fn watched() -> io::Result<Option<AsyncFd<File>>> {
    let output = lock();
    let Some(terminal) = &output.terminal else { return Ok(None) };
    #[expect(
        deprecated,
        reason = "the successor is unsafe because of file types that lie about their descriptor; \
                  std's File does not"
    )]
    AsyncFd::new(File::from(terminal.try_clone()?)).map(Some)
}

/// Writes bytes as far as the terminal takes them; the rest waits.
pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut output = lock();
    if output.waiting.len() + bytes.len() > WAITING && !output.waiting.is_empty() {
        return Err(io::Error::other("the terminal takes nothing"));
    }
    output.waiting.extend_from_slice(bytes);
    match output.flush() {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        outcome => outcome,
    }
}

/// Whether something waits.
pub(super) fn is_behind() -> bool {
    !lock().waiting.is_empty()
}

/// Waits until the terminal has taken what waits. Cancel-safe.
pub(super) async fn written(watched: Option<&AsyncFd<File>>) -> io::Result<()> {
    let Some(watched) = watched else { return lock().flush() };
    loop {
        let mut ready = watched.writable().await?;
        if let Ok(outcome) = ready.try_io(|_| lock().flush()) {
            return outcome;
        }
    }
}

/// Writes the last bytes. A terminal that takes nothing for a moment loses what waits before them,
/// and gets them if it takes as much.
pub(super) fn finish(bytes: &[u8]) {
    let mut output = lock();
    output.waiting.extend_from_slice(bytes);
    if !output.flush_patiently() {
        output.start_anew(bytes);
        let _gone = output.flush();
    }
    output.waiting = Vec::new();
}

/// The same without waiting for anything, not even for who is writing just now.
pub(super) fn finish_at_once(bytes: &[u8]) {
    if let Ok(mut output) = OUTPUT.try_lock()
        && output.terminal.is_some()
    {
        output.start_anew(bytes);
        let _gone = output.flush();
    }
}

impl TerminalOutput {
    /// Writes what waits; `WouldBlock` when the terminal takes no more.
    fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        let outcome = loop {
            let rest = self.waiting.split_at(written).1;
            if rest.is_empty() {
                break Ok(());
            }
            let done = match &self.terminal {
                Some(terminal) => rustix::io::write(terminal, rest),
                None => rustix::io::write(rustix::stdio::stdout(), rest),
            };
            match done {
                Ok(count) => written += count,
                Err(Errno::INTR) => {}
                Err(error) => break Err(error.into()),
            }
        };
        self.waiting.drain(..written);
        outcome
    }

    /// Flushes until the terminal has taken nothing for too long; whether everything is written.
    fn flush_patiently(&mut self) -> bool {
        let mut progress = Instant::now();
        loop {
            let before = self.waiting.len();
            match self.flush() {
                Ok(()) => return true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_gone) => return false,
            }
            if self.waiting.len() < before {
                progress = Instant::now();
            }
            if progress.elapsed() > PATIENCE {
                return false;
            }
            std::thread::park_timeout(RETRY);
        }
    }

    /// Drops what waits, here and in the system, for these bytes.
    fn start_anew(&mut self, bytes: &[u8]) {
        let _gone = rustix::termios::tcflush(rustix::stdio::stdout(), QueueSelector::OFlush);
        self.waiting = [CANCEL, bytes].concat();
    }
}
