//! Standard input and files: as a body, as a datagram, or streamed to a connection.
//!
//! What is there already is read where it is wanted; whatever has to be waited for is read on a thread
//! of its own, so that waiting for it never keeps anybody from a signal, and no faster than it is taken.
//! Without being asked for by name standard input is read only when it is a
//! pipe or a file: a terminal is for people, and a device or socket that nobody writes to (a service
//! manager's, `/dev/null`) would be waited for in vain.

mod at_hand;

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;
use tokio::time::timeout;

use self::at_hand::{AtHand, AtHandPiece};
use super::output;
use crate::codec::hex;
use crate::model::counts::{count, counted};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::named_file;

/// The file that stands for standard input.
pub(super) const STDIN: &str = "-";
/// Largest payload a datagram can announce; the system knows what the address family leaves of it.
pub(super) const DATAGRAM_LIMIT: usize = 65_535;
/// Bytes of a body that are held in memory; what is longer waits in a temporary file.
const IN_MEMORY: usize = 1024 * 1024;
/// Most bytes of one read: each is handed from thread to thread, which costs more than its bytes.
const PIECE: usize = 256 * 1024;
/// Pieces that a thread reads ahead of the connection.
const PIECES: usize = 2;
/// Buffers that wait to be filled again; there are seldom more (`InFlight::has_room`).
const USED_BUFFERS: usize = 4;
/// Quiet after which whoever looks on is told what is waited for.
pub(super) const SILENCE: Duration = Duration::from_secs(1);
/// Pause before an input that has nothing just now ("non-blocking") is read again.
const RETRY: Duration = Duration::from_millis(5);

/// Pieces of what is to be sent; a failure is the last.
pub(super) struct PieceReceiver {
    /// Read here, while everything is there.
    at_hand: Option<AtHand>,
    /// What a thread reads; it is started when somebody has to wait.
    read: ThreadPieces,
}

/// Pieces that a thread reads.
type ThreadPieces = mpsc::Receiver<Result<Bytes, Failure>>;

/// Where pieces come from.
#[derive(Debug)]
pub(super) enum PieceSource {
    Bytes(Bytes),
    /// An open file and what it is called.
    File(File, String),
    Stdin,
}

/// A body that was read to its end.
#[derive(Debug)]
pub(super) enum StdinBody {
    Bytes(Bytes),
    /// Too much for memory: a file that goes when this is dropped, and its length in bytes.
    Spooled(NamedTempFile, u64),
}

impl StdinBody {
    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        match self {
            StdinBody::Bytes(bytes) => bytes.len() as u64,
            StdinBody::Spooled(_, len) => *len,
        }
    }
}

/// What standard input is; `None` where the system does not tell.
fn kind() -> Option<FileType> {
    let facts = rustix::fs::fstat(rustix::stdio::stdin()).ok()?;
    Some(FileType::from_raw_mode(facts.st_mode))
}

/// Whether something is piped in.
pub(super) fn is_piped() -> bool {
    matches!(kind(), Some(FileType::Fifo | FileType::RegularFile))
}

/// Whether standard input is a pipe.
pub(super) fn is_pipe() -> bool {
    kind() == Some(FileType::Fifo)
}

/// Whether bytes wait on standard input.
pub(super) fn has_bytes() -> bool {
    rustix::io::ioctl_fionread(rustix::stdio::stdin()).is_ok_and(|count| count > 0)
}

/// Whether standard input is somebody's to talk with: piped in, or a terminal that is ours.
pub(super) fn can_talk() -> bool {
    let input = rustix::stdio::stdin();
    // From the background the terminal would stop us.
    is_piped() || tcgetpgrp(input).is_ok_and(|foreground| foreground == getpgrp())
}

/// Standard input until its end, said to be waited for when nothing comes; `patience` is the longest
/// wait for more.
struct WaitedStdin {
    pieces: PieceReceiver,
    patience: Option<Duration>,
    has_told: bool,
}

impl WaitedStdin {
    fn new(patience: Option<Duration>) -> Self {
        WaitedStdin { pieces: pieces(vec![PieceSource::Stdin]), patience, has_told: false }
    }

    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let soon = self.patience.unwrap_or(SILENCE).min(SILENCE);
        let mut piece = timeout(soon, self.pieces.recv()).await;
        if piece.is_err() {
            if !std::mem::replace(&mut self.has_told, true) {
                output::note("waiting for standard input; its end starts the sending");
            }
            piece = match self.patience {
                None => Ok(self.pieces.recv().await),
                Some(patience) => {
                    timeout(patience.saturating_sub(SILENCE), self.pieces.recv()).await
                }
            };
        }
        piece.map_err(|_| nothing_came(self.patience.unwrap_or_default()))?.transpose()
    }
}

/// Everything until the end of input: what is to be one datagram to `target`.
pub(super) async fn read_datagram(
    target: &str,
    patience: Option<Duration>,
) -> Result<Bytes, Failure> {
    let (mut input, mut all) = (WaitedStdin::new(patience), BytesMut::new());
    while let Some(piece) = input.next().await? {
        all.extend_from_slice(&piece);
        if all.len() > DATAGRAM_LIMIT {
            return Err(too_long_for_a_datagram(target));
        }
    }
    Ok(all.freeze())
}

/// Everything until the end of input, of at most so many bytes: a file that is piped in.
pub(super) async fn read_whole(limit: u64) -> Result<Vec<u8>, Failure> {
    let (mut pieces, mut all) = (pieces(vec![PieceSource::Stdin]), Vec::new());
    while let Some(piece) = pieces.recv().await.transpose()? {
        all.extend_from_slice(&piece);
        if all.len() as u64 > limit {
            let cause = format!("larger than {} MiB", limit >> 20);
            return Err(Failure::new(
                Stage::Compose,
                "standard input",
                FailureKind::TooLarge,
                cause,
            ));
        }
    }
    Ok(all)
}

/// Everything until the end of input: what is to be a body, whose length is told before it.
pub(super) async fn read_body(patience: Option<Duration>) -> Result<StdinBody, Failure> {
    let (mut input, mut all) = (WaitedStdin::new(patience), BytesMut::new());
    let mut spool: Option<(NamedTempFile, u64)> = None;
    while let Some(piece) = input.next().await? {
        all.extend_from_slice(&piece);
        if all.len() >= IN_MEMORY {
            let (file, len) = spool.take().map_or_else(
                || NamedTempFile::new().map(|file| (file, 0)).map_err(|e| not_kept(&e)),
                Ok,
            )?;
            spool = Some(written(file, len, all.split().freeze()).await?);
        }
    }
    Ok(match spool {
        None => StdinBody::Bytes(all.freeze()),
        Some((file, len)) => {
            let (file, len) = written(file, len, all.freeze()).await?;
            StdinBody::Spooled(file, len)
        }
    })
}

/// The bytes whose digits are on standard input, or in a file; 16 MiB of text at most.
pub(super) async fn read_hex(path: &str, patience: Option<Duration>) -> Result<Bytes, Failure> {
    const LIMIT: u64 = 16 * 1024 * 1024;
    let (name, text) = if path == STDIN {
        let name = "standard input";
        let (mut input, mut all) = (WaitedStdin::new(patience), Vec::new());
        while let Some(piece) = input.next().await? {
            all.extend_from_slice(&piece);
            if all.len() as u64 > LIMIT {
                let cause = "it is longer than 16 MiB of hex";
                return Err(Failure::new(Stage::Compose, name, FailureKind::TooLarge, cause));
            }
        }
        (name, String::from_utf8_lossy(&all).into_owned())
    } else {
        let text = named_file::read_text(Path::new(path), LIMIT).map_err(|e| failed(path, &e))?;
        (path, text)
    };
    let bytes = hex::parse(&text).map_err(|error| {
        Failure::new(Stage::Compose, name, FailureKind::Usage, error.message)
            .hint("--hex reads digits, also of an xxd or hexdump dump; leave it out for the bytes")
    })?;
    Ok(bytes.into())
}

/// Appends to the file where a disk that hangs holds nobody up.
async fn written(
    mut file: NamedTempFile,
    len: u64,
    bytes: Bytes,
) -> Result<(NamedTempFile, u64), Failure> {
    let len = len + bytes.len() as u64;
    let write = move || file.write_all(&bytes).map(|()| file);
    let outcome = tokio::task::spawn_blocking(write).await;
    let file = outcome.unwrap_or_else(|error| Err(io::Error::other(error)));
    file.map(|file| (file, len)).map_err(|error| not_kept(&error))
}

fn not_kept(error: &io::Error) -> Failure {
    let cause = format!("a temporary file for it cannot be written: {error}");
    Failure::new(Stage::Compose, "standard input", FailureKind::Io, cause)
        .hint("put it into a file and send it with @FILE")
}

/// Nobody wrote anything for so long.
pub(super) fn nothing_came(patience: Duration) -> Failure {
    let cause = format!("nothing came within {patience:?}");
    let kind = FailureKind::Timeout(patience);
    Failure::new(Stage::Compose, "standard input", kind, cause)
        .hint("-I leaves standard input alone")
}

/// More than any datagram holds was to be one.
pub(super) fn too_long_for_a_datagram(target: &str) -> Failure {
    let cause =
        "more than 65,535 bytes were not sent: a datagram holds 65,507 over IPv4, 65,527 over IPv6";
    Failure::new(Stage::Send, target, FailureKind::TooLarge, cause)
}

impl PieceReceiver {
    /// The next one; `None` = the end. Cancel-safe.
    pub(super) async fn recv(&mut self) -> Option<Result<Bytes, Failure>> {
        if let Some(at_hand) = &mut self.at_hand {
            match at_hand.next().await {
                AtHandPiece::Read(piece) => return piece,
                AtHandPiece::NotHere => {
                    self.at_hand = None;
                    self.read = read_by_thread(vec![PieceSource::Stdin]);
                }
            }
        }
        self.read.recv().await
    }
}

/// Pieces of one source after the other as they come; there are no more at the end.
pub(super) fn pieces(sources: Vec<PieceSource>) -> PieceReceiver {
    let is_stdin = matches!(sources[..], [PieceSource::Stdin]);
    match AtHand::open(is_stdin) {
        Some(at_hand) => PieceReceiver { at_hand: Some(at_hand), read: mpsc::channel(1).1 },
        None => PieceReceiver { at_hand: None, read: read_by_thread(sources) },
    }
}

fn read_by_thread(sources: Vec<PieceSource>) -> ThreadPieces {
    let (sender, receiver) = mpsc::channel(PIECES);
    let refused = sender.clone();
    let read = move || {
        for source in sources {
            let goes_on = match source {
                PieceSource::Bytes(bytes) => {
                    bytes.is_empty() || sender.blocking_send(Ok(bytes)).is_ok()
                }
                PieceSource::File(file, name) => {
                    let length = file.metadata().ok().map(|it| it.len());
                    hand_over(&file, &name, length, &sender)
                }
                PieceSource::Stdin => {
                    hand_over(&rustix::stdio::stdin(), "standard input", None, &sender)
                }
            };
            if !goes_on {
                return;
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("stdin".into()).spawn(read) {
        let _has_room = refused.try_send(Err(failed("standard input", &error)));
    }
    receiver
}

/// Reads to the end, which does not come before this length; whether anybody wants more.
fn hand_over(
    input: &dyn AsFd,
    name: &str,
    length: Option<u64>,
    sender: &mpsc::Sender<Result<Bytes, Failure>>,
) -> bool {
    let used = UsedBuffers::default();
    let mut total = 0;
    loop {
        let mut piece = used.take();
        let piece = match rustix::io::read(input.as_fd(), piece.room()) {
            Ok(0) => match length.filter(|length| total < *length) {
                Some(length) => Err(shortened(name, total, length)),
                None => return true,
            },
            Ok(read) => {
                total += read as u64;
                Ok(piece.filled(read))
            }
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => {
                std::thread::park_timeout(RETRY);
                continue;
            }
            Err(error) => Err(failed(name, &error.into())),
        };
        let is_last = piece.is_err();
        if sender.blocking_send(piece).is_err() || is_last {
            return false;
        }
    }
}

fn shortened(name: &str, read: u64, length: u64) -> Failure {
    let (read, length) = (count(read), counted(length, "byte"));
    let cause = format!("it became shorter while it was sent: {read} of {length}");
    Failure::new(Stage::Send, name, FailureKind::Truncated, cause)
}

/// Buffers whose bytes were sent, to be filled again: fresh memory costs as much as what is read
/// into it.
#[derive(Clone, Default)]
struct UsedBuffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl UsedBuffers {
    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One to be filled.
    fn take(&self) -> PieceBuffer {
        let buffer = self.lock().pop().unwrap_or_else(|| vec![0; PIECE]);
        PieceBuffer { buffer, len: 0, used: self.clone() }
    }
}

/// The memory of a piece, given back when nobody has it any more.
struct PieceBuffer {
    buffer: Vec<u8>,
    len: usize,
    used: UsedBuffers,
}

impl PieceBuffer {
    /// What is read goes here.
    fn room(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    /// The piece, of which so many bytes were read.
    fn filled(mut self, len: usize) -> Bytes {
        self.len = len;
        // What is typed is short, and shall not hold a large buffer.
        let is_short = len < PIECE / 4;
        if is_short { Bytes::copy_from_slice(self.as_ref()) } else { Bytes::from_owner(self) }
    }
}

impl AsRef<[u8]> for PieceBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

impl Drop for PieceBuffer {
    fn drop(&mut self) {
        let mut used = self.used.lock();
        if used.len() < USED_BUFFERS {
            used.push(std::mem::take(&mut self.buffer));
        }
    }
}

fn failed(name: &str, error: &io::Error) -> Failure {
    Failure::new(Stage::Compose, name, FailureKind::Io, error.to_string())
}
