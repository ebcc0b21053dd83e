//! Reads the terminal without a thread and without ever blocking.
//!
//! The loop awaits [`EventReader::read`], which returns everything typed so far in one batch, so
//! that three hundred repeats of a key cost one frame. The terminal is opened a second time,
//! because "non-blocking" belongs to an open file and must not leak into our output, the shell we
//! came from or an editor. Dropping the reader stops all reading; that is how an editor gets the
//! terminal to itself.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

use super::event_parser::EventParser;
use super::sequence::Parsed;
use crate::engine::clock;

/// Read at most this much before the loop gets a turn, so a large paste cannot hold it.
const BATCH_BYTES: usize = 64 * 1024;
const READ_BYTES: usize = 4096;

/// What the terminal's input is being read from.
#[derive(Debug)]
pub(super) struct EventReader {
    terminal: AsyncFd<File>,
    /// Could not be opened a second time: a read with nothing to read does not return, so the system
    /// has to say first that there is something.
    is_blocking: bool,
    parser: EventParser,
}

impl EventReader {
    /// Opens the terminal for reading.
    pub(super) fn open() -> io::Result<Self> {
        let (terminal, is_blocking) = open_terminal()?;
        #[expect(
            deprecated,
            reason = "the successor is unsafe because of file types that lie about their \
                      descriptor; std's File does not"
        )]
        let terminal = AsyncFd::new(File::from(terminal))?;
        Ok(EventReader { terminal, is_blocking, parser: EventParser::default() })
    }

    /// Waits for input and appends all that is there. Cancel-safe. An error means that the
    /// terminal is gone.
    pub(super) async fn read(&mut self, out: &mut Vec<Parsed>) -> io::Result<()> {
        loop {
            tokio::select! {
                biased;
                ready = self.terminal.readable_mut() => {
                    let mut ready = ready?;
                    let (is_blocking, parser) = (self.is_blocking, &mut self.parser);
                    let outcome =
                        ready.try_io(|terminal| drain(terminal.get_mut(), is_blocking, parser, out));
                    if let Ok(outcome) = outcome {
                        outcome?;
                    }
                }
                () = clock::at(self.parser.deadline()) => self.parser.expire(Instant::now(), out),
            }
            if !out.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Reads what is there. `WouldBlock` as an error means that nothing is left.
fn drain(
    terminal: &mut File,
    is_blocking: bool,
    parser: &mut EventParser,
    out: &mut Vec<Parsed>,
) -> io::Result<()> {
    let mut buffer = [0; READ_BYTES];
    let mut taken = 0;
    while taken < BATCH_BYTES {
        let read = match terminal.read(&mut buffer) {
            // A terminal that was hung up.
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        parser.feed(buffer.split_at(read).0, Instant::now(), out);
        taken += read;
        if is_blocking && read < READ_BYTES {
            return Err(io::ErrorKind::WouldBlock.into());
        }
    }
    Ok(())
}

/// The terminal, and whether reading it blocks.
fn open_terminal() -> io::Result<(OwnedFd, bool)> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let stdin = io::stdin();
    let named = rustix::termios::ttyname(stdin.as_fd(), Vec::new())
        .and_then(|name| rustix::fs::open(name.as_c_str(), flags, Mode::empty()));
    match named.or_else(|_| rustix::fs::open("/dev/tty", flags, Mode::empty())) {
        Ok(terminal) => Ok((terminal, false)),
        Err(_) if stdin.is_terminal() => Ok((stdin.as_fd().try_clone_to_owned()?, true)),
        Err(error) => Err(error.into()),
    }
}
