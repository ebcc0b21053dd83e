//! The terminal's modes: entered once, left on every way out.
//!
//! ```text
//! enter ──► ours ──► restore        quit, error, panic, signal
//!             │  ▲
//!     restore ▼  │ enter            Ctrl+Z and back, external editor
//!            shell's
//! ```
//!
//! Every byte is written by crossterm's commands into one buffer and goes out through
//! `terminal_output`, which never waits for the terminal. What the terminal is in is kept in one static (and crossterm keeps the line settings it
//! found), so that [`restore`] works from a panic hook on any thread, twice, and without taking
//! any lock of the standard library's streams.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, window_size,
};
use crossterm::{Command, queue};
use rustix::fs::{Mode, OFlags};
use rustix::termios::QueueSelector;

use crate::console;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::os;

use super::terminal_output;

/// Whose modes the terminal is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Modes {
    Theirs,
    Ours,
    /// Ours, with a level of kitty's keyboard protocol.
    OursWithKittyKeys,
}

static MODES: Mutex<Modes> = Mutex::new(Modes::Theirs);

/// Mouse presses, drags and the wheel in SGR form. crossterm's `EnableMouseCapture` also asks for
/// every motion without a button, which would wake us for nothing.
const ENABLE_MOUSE_BUTTONS: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// The question whether kitty keys are spoken. crossterm's own waits for the answer; ours comes as
/// input, and nobody waits.
const ASK_FOR_KITTY_KEYS: &[u8] = b"\x1b[?u";

/// The question for the colour of the background (xterm, OSC 11), and for word whenever dark becomes
/// light or the other way round (mode 2031, "color palette update notifications"). The answers come
/// as input.
const ASK_FOR_BACKGROUND: &[u8] = b"\x1b]11;?\x1b\\\x1b[?2031h";
const NO_MORE_WORD: &[u8] = b"\x1b[?2031l";

/// Puts the terminal into our modes, whatever somebody else did to it since it was in them; the
/// line settings found the first time are still what is put back in the end. A screen that `follows`
/// the terminal asks for its background.
pub(super) fn enter(follows: bool) -> io::Result<()> {
    terminal_output::open();
    if let Ok(terminal) = settings_terminal() {
        os::take_terminal(terminal);
    }
    let mut modes = MODES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut bytes = Vec::new();
    if *modes == Modes::OursWithKittyKeys {
        queue!(bytes, PopKeyboardEnhancementFlags)?;
    }
    if *modes != Modes::Theirs {
        disable_raw_mode()?;
    }
    enable_raw_mode()?;
    *modes = Modes::Ours;
    drop(modes);
    // What `NO_COLOR` means is decided by our theme; crossterm would write broken sequences.
    crossterm::style::force_color_output(true);
    queue!(bytes, EnterAlternateScreen, Clear(ClearType::All), EnableBracketedPaste)?;
    bytes.extend_from_slice(ENABLE_MOUSE_BUTTONS);
    bytes.extend_from_slice(ASK_FOR_KITTY_KEYS);
    if follows {
        bytes.extend_from_slice(ASK_FOR_BACKGROUND);
    }
    write(&bytes)
}

/// Puts the terminal back as it was found; does nothing when it is not in our modes. Errors are
/// ignored: a terminal that has gone away needs no restoring. One that takes nothing is waited for
/// for half a second.
pub(super) fn restore() {
    let before = std::mem::replace(
        &mut *MODES.lock().unwrap_or_else(PoisonError::into_inner),
        Modes::Theirs,
    );
    if before != Modes::Theirs {
        terminal_output::finish(&restoring(before));
        discard_input();
        let _gone = disable_raw_mode();
    }
}

/// The same without waiting at all, before a signal takes its default action.
pub(super) fn last_words() {
    let before = MODES.try_lock().map(|mut modes| std::mem::replace(&mut *modes, Modes::Theirs));
    let before = before.unwrap_or(Modes::Ours);
    if before != Modes::Theirs {
        let _gone = disable_raw_mode();
        terminal_output::finish_at_once(&restoring(before));
    }
}

/// What brings a terminal in these modes back.
fn restoring(before: Modes) -> Vec<u8> {
    let mut bytes = NO_MORE_WORD.to_vec();
    let _never_fails = match before {
        Modes::OursWithKittyKeys => queue!(bytes, PopKeyboardEnhancementFlags),
        Modes::Theirs | Modes::Ours => Ok(()),
    }
    .and_then(|()| {
        queue!(
            bytes,
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            DisableMouseCapture,
            ResetColor,
            Show,
            LeaveAlternateScreen
        )
    });
    bytes
}

/// The terminal said that it speaks kitty's keyboard protocol: switch it on, once per entering.
/// Escape and modified keys are unambiguous then, everything else as ever.
pub(super) fn use_kitty_keyboard() {
    let mut modes = MODES.lock().unwrap_or_else(PoisonError::into_inner);
    if *modes == Modes::Ours {
        *modes = Modes::OursWithKittyKeys;
        let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES;
        let _gone = perform(PushKeyboardEnhancementFlags(flags));
    }
}

/// Throws away what was typed but not read, so that nobody else reads it as theirs.
pub(super) fn discard_input() {
    let _gone = settings_terminal()
        .and_then(|terminal| Ok(rustix::termios::tcflush(terminal, QueueSelector::IFlush)?));
}

/// Columns and rows; a terminal that does not know says 80 by 24.
pub(super) fn size() -> (u16, u16) {
    window_size()
        .ok()
        .filter(|size| size.columns > 0 && size.rows > 0)
        .map_or((80, 24), |size| (size.columns, size.rows))
}

/// What cannot be done with the terminal, in words.
pub(super) fn failed(error: &io::Error) -> Failure {
    Failure::new(Stage::Program, "terminal", FailureKind::Io, error.to_string())
}

/// Whether there is a screen to draw on.
pub(super) fn is_available() -> bool {
    console::output_is_terminal()
}

/// Writes one command to the terminal.
pub(super) fn perform(command: impl Command) -> io::Result<()> {
    let mut bytes = Vec::new();
    queue!(bytes, command)?;
    write(&bytes)
}

/// Writes bytes to the terminal; what it does not take now waits.
pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    terminal_output::write(bytes)
}

/// The file whose input and settings (echo, line mode) are ours, the one crossterm takes too.
fn settings_terminal() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return stdin.as_fd().try_clone_to_owned();
    }
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(rustix::fs::open("/dev/tty", flags, Mode::empty())?)
}
