//! Standard input read where its bytes are wanted, as long as they are there: a thread that reads and
//! hands on costs more than what it reads. Used by its parent alone.
//!
//! ```text
//! pipe   read what is there ─► nothing there: wait for the pipe ─► read ...
//! file   read what the system has in memory ─► not there: the thread reads on
//! ```
//! Nothing here waits inside a read: the system is asked for what it has ("no wait"), and where it does
//! not know that question the thread reads from the start.

use std::fs::File;
use std::io::{self, ErrorKind};

use bytes::Bytes;
use rustix::fs::FileType;
use tokio::io::unix::AsyncFd;

use super::{UsedBuffers, failed, kind};
use crate::model::failure::Failure;
use crate::os;

/// Standard input whose bytes may be there.
pub(super) struct AtHand {
    /// Tells when there is more; `None` for a file, where more is always there.
    pipe: Option<AsyncFd<File>>,
    used: UsedBuffers,
}

/// What there was to read.
pub(super) enum AtHandPiece {
    /// A piece, a failure, or the end.
    Read(Option<Result<Bytes, Failure>>),
    /// Somebody has to wait inside a read.
    NotHere,
}

/// What tells when there is more to read.
fn watched(pipe: File) -> io::Result<AsyncFd<File>> {
    #[expect(
        deprecated,
        reason = "the successor is unsafe because of file types that lie about their descriptor; \
                  std's File does not"
    )]
    AsyncFd::new(pipe)
}

impl AtHand {
    /// Standard input, if it is wanted and of a kind that can tell what it has.
    pub(super) fn open(is_wanted: bool) -> Option<Self> {
        let kind = kind().filter(|_| is_wanted && os::READS_AT_HAND)?;
        let pipe = match kind {
            FileType::RegularFile => None,
            FileType::Fifo => {
                let input = rustix::stdio::stdin().try_clone_to_owned().ok()?;
                Some(watched(File::from(input)).ok()?)
            }
            _ => return None,
        };
        Some(AtHand { pipe, used: UsedBuffers::default() })
    }

    /// The next piece, as large as what is there. Cancel-safe.
    pub(super) async fn next(&mut self) -> AtHandPiece {
        loop {
            let mut piece = self.used.take();
            let read = match &self.pipe {
                None => os::read_at_hand(rustix::stdio::stdin(), piece.room()),
                Some(pipe) => {
                    let Ok(mut ready) = pipe.readable().await else { return AtHandPiece::NotHere };
                    match ready.try_io(|pipe| os::read_at_hand(pipe, piece.room())) {
                        Ok(read) => read,
                        Err(_nothing_there) => continue,
                    }
                }
            };
            return match read {
                Ok(0) => AtHandPiece::Read(None),
                Ok(read) => AtHandPiece::Read(Some(Ok(piece.filled(read)))),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => continue,
                    // Some file systems do not know what they have.
                    ErrorKind::WouldBlock | ErrorKind::Unsupported | ErrorKind::InvalidInput => {
                        AtHandPiece::NotHere
                    }
                    _ => AtHandPiece::Read(Some(Err(failed("standard input", &error)))),
                },
            };
        }
    }
}
