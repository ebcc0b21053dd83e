//! Standard input read where its bytes are wanted, as long as they are there: a thread that reads and
//! hands on costs more than what it reads. Used by its parent alone.
//!
//! ```text
//! pipe   read what is there ─► nothing there: wait for the pipe ─► read ...
//! file   read what the system has in memory ─► not there: a thread waits for the disk, once ─► read ...
//! ```
//! Nothing here waits inside a read: the system is asked for what it has ("no wait"), and where it does
//! not know that question the thread reads from the start.

use std::fs::File;
use std::io::{self, ErrorKind};

use bytes::Bytes;
use rustix::fs::FileType;
use tokio::io::unix::AsyncFd;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{PieceBuffer, UsedBuffers, failed, kind};
use crate::model::failure::Failure;
use crate::os;

/// Standard input whose bytes may be there.
pub(super) struct AtHand {
    /// Tells when there is more; `None` for a file, where more is always there.
    pipe: Option<AsyncFd<File>>,
    used: UsedBuffers,
    /// A read of a file that waits for the disk, on a thread for that.
    reading: Option<JoinHandle<WaitedPiece>>,
}

/// A buffer and how much was read into it.
type WaitedPiece = (PieceBuffer, io::Result<usize>);

/// What there was to read.
pub(super) enum AtHandPiece {
    /// A piece, a failure, or the end.
    Read(Option<Result<Bytes, Failure>>),
    /// It cannot be told what is there.
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
        Some(AtHand { pipe, used: UsedBuffers::default(), reading: None })
    }

    /// The next piece, as large as what is there. Cancel-safe.
    pub(super) async fn next(&mut self) -> AtHandPiece {
        loop {
            let Some((piece, read)) = self.read().await else { return AtHandPiece::NotHere };
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

    /// One read; `None` where nobody can wait for something to be there. Cancel-safe.
    async fn read(&mut self) -> Option<WaitedPiece> {
        if self.reading.is_none() {
            let mut piece = self.used.take();
            while let Some(pipe) = &self.pipe {
                let mut ready = pipe.readable().await.ok()?;
                if let Ok(read) = ready.try_io(|pipe| os::read_at_hand(pipe, piece.room())) {
                    return Some((piece, read));
                }
            }
            let read = os::read_at_hand(rustix::stdio::stdin(), piece.room());
            if !read.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
                return Some((piece, read));
            }
            self.reading = Some(spawn_blocking(move || read_waiting(piece)));
        }
        let read = self.reading.as_mut()?.await;
        self.reading = None;
        read.ok()
    }
}

/// Reads what the disk has to bring first; the system brings more with it.
fn read_waiting(mut piece: PieceBuffer) -> WaitedPiece {
    let read = rustix::io::read(rustix::stdio::stdin(), piece.room());
    (piece, read.map_err(Into::into))
}
