//! Reads the terminal without a thread and without ever blocking.
//!
//! The loop awaits [`EventReader::read`], which returns everything typed so far in one batch, so
//! that three hundred repeats of a key cost one frame. The terminal is opened a second time,
//! because "non-blocking" belongs to an open file and must not leak into our output, the shell we
//! came from or an editor. Dropping the reader stops all reading; that is how an editor gets the
//! terminal to itself.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

use super::event_parser::{EventParser, Parsed};
use crate::engine::clock;

/// Read at most this much before the loop gets a turn, so a large paste cannot hold it.
const BATCH_BYTES: usize = 64 * 1024;
const READ_BYTES: usize = 4096;

/// What the terminal's input is being read from.
#[derive(Debug)]
pub(super) struct EventReader {
    terminal: AsyncFd<File>,
    blocking: Blocking,
    parser: EventParser,
}

/// Whether a read with nothing to read returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blocking {
    Never,
    /// Could not be opened a second time; read only after the system says there is something.
    Yes,
}

impl EventReader {
    /// Opens the terminal for reading.
    pub(super) fn open() -> io::Result<Self> {
        let (terminal, blocking) = open_terminal()?;
        #[expect(
            deprecated,
            reason = "the successor is unsafe because of file types that lie about their \
                      descriptor; std's File does not"
        )]
        let terminal = AsyncFd::new(File::from(terminal))?;
        Ok(EventReader { terminal, blocking, parser: EventParser::default() })
    }

    /// Waits for input and appends all that is there. Cancel-safe. An error means that the
    /// terminal is gone.
    pub(super) async fn read(&mut self, out: &mut Vec<Parsed>) -> io::Result<()> {
        loop {
            tokio::select! {
                biased;
                ready = self.terminal.readable_mut() => {
                    let mut ready = ready?;
                    let (blocking, parser) = (self.blocking, &mut self.parser);
                    let outcome =
                        ready.try_io(|terminal| drain(terminal.get_mut(), blocking, parser, out));
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
    blocking: Blocking,
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
        if blocking == Blocking::Yes && read < READ_BYTES {
            return Err(io::ErrorKind::WouldBlock.into());
        }
    }
    Ok(())
}

fn open_terminal() -> io::Result<(OwnedFd, Blocking)> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let stdin = io::stdin();
    let named = rustix::termios::ttyname(stdin.as_fd(), Vec::new())
        .and_then(|name| rustix::fs::open(name.as_c_str(), flags, Mode::empty()));
    if let Ok(terminal) = named {
        return Ok((terminal, Blocking::Never));
    }
    match rustix::fs::open("/dev/tty", flags, Mode::empty()) {
        Ok(terminal) => Ok((terminal, Blocking::Never)),
        Err(_) if rustix::termios::isatty(stdin.as_fd()) => {
            Ok((stdin.as_fd().try_clone_to_owned()?, Blocking::Yes))
        }
        Err(error) => Err(error.into()),
    }
}
