//! Standard output and standard error, or a file in its place: the only way to them, and nobody who
//! prints ever waits.
//!
//! A printer has a thread that writes and a bounded buffer before it, so a pipe that nobody reads, a
//! stopped terminal or a descriptor that is "non-blocking" holds up that thread alone. Who makes more
//! than fits awaits [`Printer::ready`] before it takes more in. Words for people go through
//! `codec::printable`; nothing here panics when it cannot write.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::panic::PanicHookInfo;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Buf as _, Bytes, BytesMut};
use rustix::fd::{AsFd as _, BorrowedFd};
use rustix::io::Errno;
use tokio::sync::Notify;

use crate::codec::printable;
use crate::os;

/// Bytes that wait for a reader before the one who prints has to wait.
const ROOM: usize = 256 * 1024;
/// Memory of what was written that is used again; larger ones, which one long line makes, go back.
const KEPT: usize = 1024 * 1024;
/// Bytes of remarks that wait on standard error; later ones are counted.
const REMARKS: usize = 64 * 1024;
/// Bytes of one write that may wait: a pipe takes so many whole or not at all (`PIPE_BUF`), so what is
/// missing in the end is known to the byte.
const WRITE: usize = 4096;
/// Most bytes of one write that does not wait: as many as a pipe has room for, unless somebody changed it.
const WRITE_AT_HAND: usize = 64 * 1024;
/// Bytes of one write of a capture, which is to be fast.
const CAPTURE_WRITE: usize = 128 * 1024;
/// Bytes a capture leaves free on its disk; it looks whenever it has written so many.
const CAPTURE_LEAVES: u64 = 1 << 30;
const CAPTURE_LOOKS: u64 = 16 << 20;
/// Pause before a descriptor that takes nothing just now is tried again.
const RETRY: Duration = Duration::from_millis(5);
/// How long the end of the program waits for standard error.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a printer writes.
#[derive(Debug)]
enum Destination {
    Output,
    Error,
    File(File),
    /// A file without an end: it leaves room on its disk for others.
    Capture(File),
}

/// Why nothing more can be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintError {
    /// Nobody reads any more.
    ReaderLeft,
    /// The system's words.
    Failed(String),
}

/// One of the two streams. Clones write to the same.
#[derive(Clone)]
pub struct Printer {
    shared: Arc<PrinterShared>,
}

struct PrinterShared {
    stream: Destination,
    state: Mutex<PrinterState>,
    /// There is something to write.
    filled: Condvar,
    /// Something was written, or never will be: for those who wait on a thread and in a task.
    written: Condvar,
    drained: Notify,
    /// Nothing more will be written.
    broke: Notify,
}

#[derive(Default)]
struct PrinterState {
    waiting: BytesMut,
    /// Taken by the thread and not written yet.
    writing: Bytes,
    error: Option<PrintError>,
    has_thread: bool,
    /// When something was written last.
    taken: Option<Instant>,
    /// Remarks that did not fit.
    left_out: u64,
}

static OUTPUT: LazyLock<Printer> = LazyLock::new(|| Printer::new(Destination::Output));
static ERROR: LazyLock<Printer> = LazyLock::new(|| Printer::new(Destination::Error));

/// The printer of standard output.
#[must_use]
pub fn output() -> Printer {
    OUTPUT.clone()
}

/// What standard output is open on, for whoever names that file: it goes on where others left off.
pub(crate) fn output_as_file() -> io::Result<File> {
    rustix::stdio::stdout().try_clone_to_owned().map(File::from)
}

/// The printer of standard error, for more than remarks.
#[must_use]
pub(crate) fn errors() -> Printer {
    ERROR.clone()
}

/// A state that is told anew all the time, on standard error: left out while an earlier one waits.
pub(crate) fn show_progress(text: &str) {
    let is_free = ERROR.shared.lock().pending() == 0;
    if is_free {
        ERROR.push(text.as_bytes());
    }
}

/// Columns of the terminal that standard error is; `None` = it is none, or does not say.
#[must_use]
pub(crate) fn error_columns() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stderr()).ok()?;
    Some(size.ws_col).filter(|columns| *columns > 0)
}

/// A printer of its own for a file.
#[must_use]
pub(crate) fn to_file(file: File) -> Printer {
    Printer::new(Destination::File(file))
}

/// The same for one that grows as long as something happens: it ends before its disk is full.
#[must_use]
pub(crate) fn to_capture(file: File) -> Printer {
    Printer::new(Destination::Capture(file))
}

/// Whether standard output is a terminal.
#[must_use]
pub(crate) fn output_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
#[must_use]
pub(crate) fn error_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// A remark of the program on standard error, in one line.
pub fn note(text: &str) {
    quote(&format!("wirebench: {}\n", printable::printable_str(text)));
}

/// Lines of text that are safe already, on standard error; counted instead when nobody reads it.
pub fn quote(text: &str) {
    let mut state = ERROR.shared.lock();
    if state.pending() + text.len() > REMARKS {
        state.left_out += 1;
        return;
    }
    let left_out = std::mem::take(&mut state.left_out);
    drop(state);
    if left_out > 0 {
        ERROR.push(format!("wirebench: {left_out} remarks were left out here\n").as_bytes());
    }
    ERROR.push(text.as_bytes());
}

/// Gives standard error a moment to take what was said.
pub(crate) fn settle() {
    ERROR.wait_drained(Some(PATIENCE));
}

/// Panics are told in one harmless line, and never panic themselves.
pub(crate) fn tell_panics() {
    std::panic::set_hook(Box::new(|info| {
        note(&format!("internal error: {}", described(info)));
        settle();
    }));
}

/// A panic in words: thread, place, message.
#[must_use]
pub fn described(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    let name = thread.name().unwrap_or("unnamed");
    let message = text.unwrap_or("no message");
    printable::printable_str(&format!("thread '{name}' panicked at {place}: {message}"))
        .into_owned()
}

impl std::fmt::Display for PrintError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            PrintError::ReaderLeft => "its reader left",
            PrintError::Failed(why) => why,
        })
    }
}

impl Printer {
    fn new(stream: Destination) -> Self {
        let shared = PrinterShared {
            stream,
            state: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
            drained: Notify::new(),
            broke: Notify::new(),
        };
        Printer { shared: Arc::new(shared) }
    }

    /// Queues bytes. Never waits; how much is queued is bounded by who awaits [`ready`](Self::ready).
    pub fn push(&self, bytes: &[u8]) {
        let mut state = self.shared.lock();
        if bytes.is_empty() || state.error.is_some() {
            return;
        }
        state.waiting.extend_from_slice(bytes);
        if !state.has_thread {
            let shared = Arc::clone(&self.shared);
            let name = thread::Builder::new().name("printer".into());
            match name.spawn(move || shared.write_all()) {
                Ok(_) => state.has_thread = true,
                Err(error) => state.error = Some(PrintError::Failed(error.to_string())),
            }
        }
        drop(state);
        self.shared.filled.notify_one();
    }

    /// Waits until there is room for more, or nothing can be printed any more. Cancel-safe.
    pub async fn ready(&self) -> Result<(), PrintError> {
        self.below(ROOM).await
    }

    /// Waits until everything is written. Cancel-safe.
    pub(crate) async fn drained(&self) -> Result<(), PrintError> {
        self.below(1).await
    }

    /// Waits until nothing can be printed any more, and says why. Cancel-safe.
    pub(crate) async fn broken(&self) -> PrintError {
        loop {
            let broke = self.shared.broke.notified();
            if let Some(error) = self.error() {
                return error;
            }
            broke.await;
        }
    }

    async fn below(&self, bound: usize) -> Result<(), PrintError> {
        loop {
            let drained = self.shared.drained.notified();
            {
                let state = self.shared.lock();
                if let Some(error) = &state.error {
                    return Err(error.clone());
                }
                if state.pending() < bound {
                    return Ok(());
                }
            }
            drained.await;
        }
    }

    /// The same on a thread, for `bound` at most; tells whether everything is written.
    pub(crate) fn wait_drained(&self, bound: Option<Duration>) -> bool {
        let deadline = bound.map(|bound| Instant::now() + bound);
        let mut state = self.shared.lock();
        while state.error.is_none() && state.pending() > 0 {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return false;
            }
            let left = left.unwrap_or(PATIENCE);
            let written = self.shared.written.wait_timeout(state, left);
            state = written.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.error.is_none()
    }

    /// Why nothing more can be printed.
    #[must_use]
    pub fn error(&self) -> Option<PrintError> {
        self.shared.lock().error.clone()
    }

    /// Whether something was written after this time: who reads it is there, and slow.
    pub(crate) fn has_written_since(&self, since: Instant) -> bool {
        self.shared.lock().taken.is_some_and(|taken| taken > since)
    }

    /// Bytes that were not written, and the lines they end.
    #[must_use]
    pub fn missing(&self) -> (usize, usize) {
        let state = self.shared.lock();
        let lines = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count();
        (state.pending(), lines(&state.writing) + lines(&state.waiting))
    }
}

impl PrinterState {
    /// Everything that waits is written next; what comes meanwhile goes where the bytes before were, for
    /// fresh memory costs as much as what is put there.
    fn next_to_write(&mut self) {
        let written = std::mem::take(&mut self.writing);
        let mut room = written.try_into_mut().unwrap_or_default();
        room.clear();
        if !room.try_reclaim(1) || room.capacity() > KEPT {
            room = BytesMut::new();
        }
        self.writing = std::mem::replace(&mut self.waiting, room).freeze();
    }

    fn pending(&self) -> usize {
        self.waiting.len() + self.writing.len()
    }
}

impl PrinterShared {
    fn lock(&self) -> MutexGuard<'_, PrinterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match &self.stream {
            Destination::Output => rustix::stdio::stdout(),
            Destination::Error => rustix::stdio::stderr(),
            Destination::File(file) | Destination::Capture(file) => file.as_fd(),
        }
    }

    /// Most bytes of one write.
    fn most(&self) -> usize {
        match self.stream {
            Destination::Output | Destination::Error | Destination::File(_) => WRITE,
            Destination::Capture(_) => CAPTURE_WRITE,
        }
    }

    /// Whether a capture has to end for the sake of its disk.
    fn fills_the_disk(&self) -> bool {
        let Destination::Capture(file) = &self.stream else { return false };
        let free = || rustix::fs::fstatvfs(file).map(|facts| facts.f_bavail * facts.f_frsize);
        // Where nobody says how much is free, a full disk will.
        let is_file = file.metadata().is_ok_and(|facts| facts.is_file());
        is_file && free().is_ok_and(|free| free < CAPTURE_LEAVES)
    }

    /// One write of what waits. A pipe takes what it has room for at once; it is waited for where that is
    /// nothing, or where the system cannot tell, which it is asked once.
    fn write(&self, waiting: &[u8], tells_room: &mut bool) -> Result<usize, Errno> {
        let start = |most: usize| waiting.get(..most).unwrap_or(waiting);
        let is_stream = matches!(self.stream, Destination::Output | Destination::Error);
        if is_stream && *tells_room {
            match os::write_at_hand(self.fd(), start(WRITE_AT_HAND)) {
                Ok(written) => return Ok(written),
                Err(error) => *tells_room = error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        rustix::io::write(self.fd(), start(self.most()))
    }

    /// The thread: writes whatever comes until it cannot.
    fn write_all(&self) {
        let (mut state, mut unlooked, mut tells_room) = (self.lock(), 0, true);
        loop {
            if state.writing.is_empty() {
                if state.waiting.is_empty() {
                    state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                state.next_to_write();
            }
            let waiting = state.writing.clone();
            drop(state);
            let outcome = self.write(&waiting, &mut tells_room);
            drop(waiting);
            unlooked += outcome.unwrap_or(0) as u64;
            let fills_disk = unlooked >= CAPTURE_LOOKS && self.fills_the_disk();
            unlooked %= CAPTURE_LOOKS;
            state = self.lock();
            match outcome {
                Ok(written) => {
                    state.writing.advance(written);
                    state.taken = Some(Instant::now());
                    let words = "less than 1 GiB is free on its disk".to_owned();
                    state.error = fills_disk.then_some(PrintError::Failed(words));
                }
                Err(Errno::INTR) => continue,
                // Somebody who shares it has made it non-blocking; it has room sooner or later.
                Err(Errno::AGAIN) => {
                    drop(state);
                    thread::park_timeout(RETRY);
                    state = self.lock();
                    continue;
                }
                Err(Errno::PIPE) => state.error = Some(PrintError::ReaderLeft),
                Err(error) => {
                    let words = io::Error::from(error).to_string();
                    state.error = Some(PrintError::Failed(words));
                }
            }
            self.written.notify_all();
            self.drained.notify_waiters();
            if state.error.is_some() {
                self.broke.notify_waiters();
                return;
            }
        }
    }
}
