//! The terminal's modes: entered once, left on every way out.
//!
//! ```text
//! enter ──► ours ──► restore        quit, error, panic, signal
//!             │  ▲
//!     restore ▼  │ enter            Ctrl+Z and back, external editor
//!            shell's
//! ```
//!
//! What was found on entering is kept in one static, so that [`restore`] works from a panic hook
//! on any thread, twice, and without taking any lock of the standard library's streams.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, QueueSelector, Termios, Winsize};

/// Alternate screen, clear, mouse presses, drags and wheel in SGR form (no bare motion: it would
/// wake us for nothing), bracketed paste, and the question whether kitty keys are spoken. The
/// answer comes as input, nobody waits for it.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?u";
/// Everything of [`ENTER`] and of a frame undone; the cursor shown again, colours reset.
const LEAVE: &[u8] =
    b"\x1b[?2026l\x1b[?2004l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[0m\x1b[?25h\x1b[?1049l";
/// Kitty keyboard flag 1: unambiguous Escape and modified keys, everything else as ever.
const KITTY_PUSH: &[u8] = b"\x1b[>1u";
const KITTY_POP: &[u8] = b"\x1b[<u";

static FOUND: Mutex<Option<Found>> = Mutex::new(None);

/// What to put back.
struct Found {
    terminal: OwnedFd,
    settings: Termios,
    kitty: Kitty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kitty {
    Off,
    Pushed,
}

/// Puts the terminal into our modes.
pub(super) fn enter() -> io::Result<()> {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if found.is_some() {
        return Ok(());
    }
    let terminal = settings_terminal()?;
    let settings = rustix::termios::tcgetattr(&terminal)?;
    let mut raw = settings.clone();
    raw.make_raw();
    rustix::termios::tcsetattr(&terminal, OptionalActions::Now, &raw)?;
    *found = Some(Found { terminal, settings, kitty: Kitty::Off });
    drop(found);
    write(ENTER)
}

/// Puts the terminal into our modes again after somebody else may have changed them; what was
/// found the first time is still what is put back in the end.
pub(super) fn enter_again() -> io::Result<()> {
    {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = found.as_mut() else {
            drop(found);
            return enter();
        };
        let mut raw = found.settings.clone();
        raw.make_raw();
        rustix::termios::tcsetattr(&found.terminal, OptionalActions::Now, &raw)?;
        found.kitty = Kitty::Off;
    }
    write(ENTER)
}

/// Puts the terminal back as it was found; does nothing when it is not in our modes. Errors are
/// ignored: a terminal that has gone away needs no restoring.
pub(super) fn restore() {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Found { terminal, settings, kitty }) = found else { return };
    if kitty == Kitty::Pushed {
        let _gone = write(KITTY_POP);
    }
    let _gone = write(LEAVE);
    discard_input_of(&terminal);
    let _gone = rustix::termios::tcsetattr(&terminal, OptionalActions::Now, &settings);
}

/// The terminal said that it speaks kitty's keyboard protocol: switch it on, once per entering.
pub(super) fn use_kitty_keyboard() {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = found.as_mut().filter(|found| found.kitty == Kitty::Off) {
        found.kitty = Kitty::Pushed;
        let _gone = write(KITTY_PUSH);
    }
}

/// Throws away what was typed but not read, so that nobody else reads it as theirs.
pub(super) fn discard_input() {
    if let Some(found) = FOUND.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        discard_input_of(&found.terminal);
    }
}

fn discard_input_of(terminal: &OwnedFd) {
    let _gone = rustix::termios::tcflush(terminal, QueueSelector::IFlush);
}

/// Columns and rows; a terminal that does not know says 80 by 24.
pub(super) fn size() -> (u16, u16) {
    let known = |size: &Winsize| size.ws_col > 0 && size.ws_row > 0;
    rustix::termios::tcgetwinsize(rustix::stdio::stdout())
        .ok()
        .filter(known)
        .map_or((80, 24), |size| (size.ws_col, size.ws_row))
}

/// Whether there is a screen to draw on.
pub(super) fn is_available() -> bool {
    rustix::termios::isatty(rustix::stdio::stdout())
}

/// Writes bytes to the terminal, all of them, past the standard library's buffer and lock.
pub(super) fn write(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(rustix::stdio::stdout(), bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The file whose settings (echo, line mode) are ours to change.
fn settings_terminal() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if rustix::termios::isatty(stdin.as_fd()) {
        return stdin.as_fd().try_clone_to_owned();
    }
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(rustix::fs::open("/dev/tty", flags, Mode::empty())?)
}
