//! Undoes content codings beside the network: a small piece of a bomb can become hundreds of
//! megabytes, and no task of the network waits for that.
//!
//! ```text
//!   network task ──pieces(2)──► task of the body ──a turn on a thread──► decoded body (bounded)
//! ```
//!
//! A thread is taken only while there are bytes, for a [`TURN`] at a time, and by [`AT_ONCE`] bodies
//! at once: however many are on their way, slow or huge, threads are left for files and names.

use std::io::{self, ErrorKind, Read as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::task::TaskTracker;

use crate::codec::content_coding::{ContentDecoder, PIECE};

/// Decoded bytes of one body at most.
pub(crate) const DECODED_BOUND: u64 = 256 * 1024 * 1024;
/// Pieces on their way to the decoder, each at most one read (256 KiB).
const PIECES: usize = 2;
/// Bodies that are decoded at the same time.
const AT_ONCE: usize = 4;
/// Decoded bytes after which it is another body's turn.
const TURN: u64 = 4 * 1024 * 1024;

/// Who may decode now; one for the process, as its threads are.
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// What the network and the decoder share; the decoder stops soon when the network lets go of it.
#[derive(Debug, Default)]
struct DecodeShared {
    decoded: AtomicU64,
    /// The body was cut off: that its coding lacks an end is no news.
    cut_off: AtomicBool,
}

/// A body being decoded. Dropping it stops the decoder soon.
pub(crate) struct Decoding {
    pieces: mpsc::Sender<Bytes>,
    shared: Arc<DecodeShared>,
    task: JoinHandle<DecodeEnd>,
}

/// How decoding ended.
#[derive(Debug, Default)]
pub(crate) struct DecodeEnd {
    /// Bytes in all.
    pub(crate) decoded: u64,
    /// Why it stopped early.
    pub(crate) error: Option<String>,
    /// It stopped at [`DECODED_BOUND`].
    pub(crate) too_large: bool,
    /// What was odd and decoded all the same.
    pub(crate) warnings: Vec<String>,
}

impl Decoding {
    /// Starts decoding as one of these tasks, which hands decoded bytes to `sink`; refuses codings we do not know, in
    /// words.
    pub(crate) fn start(
        codings: &[String],
        tasks: &TaskTracker,
        sink: impl Fn(&[u8]) -> Result<(), Arc<str>> + Send + 'static,
    ) -> Result<Self, String> {
        let (pieces, queue) = mpsc::channel(PIECES);
        let (give, take) = sync_channel(1);
        let shared = Arc::new(DecodeShared::default());
        let reader = ContentDecoder::pulling(codings, move || pull(&take));
        let reader = reader.map_err(|error| error.to_string())?;
        let decoder = Decoder { reader, sink, shared: Arc::downgrade(&shared), total: 0 };
        let task = tasks.spawn(decoded(decoder, queue, give));
        Ok(Decoding { pieces, shared, task })
    }

    /// Hands over encoded bytes; waits when the decoder is behind. After an error they are ignored.
    pub(crate) async fn push(&self, bytes: Bytes) {
        if !bytes.is_empty() {
            let _ = self.pieces.send(bytes).await;
        }
    }

    /// Decoded bytes so far.
    pub(crate) fn decoded(&self) -> u64 {
        self.shared.decoded.load(Ordering::Acquire)
    }

    /// Waits until everything is decoded; `complete` says whether the body was not cut off.
    pub(crate) async fn finish(self, complete: bool) -> DecodeEnd {
        let Decoding { pieces, shared, task } = self;
        shared.cut_off.store(!complete, Ordering::Release);
        drop(pieces);
        let ended = task.await.unwrap_or_else(|_| stopped());
        DecodeEnd { decoded: shared.decoded.load(Ordering::Acquire), ..ended }
    }
}

/// The threads are gone, or the decoder panicked.
fn stopped() -> DecodeEnd {
    DecodeEnd { error: Some("the decoder stopped".into()), ..DecodeEnd::default() }
}

/// The piece that was handed over; none once all were.
fn pull(pieces: &Receiver<Bytes>) -> io::Result<Option<Bytes>> {
    match pieces.try_recv() {
        Ok(piece) => Ok(Some(piece)),
        Err(TryRecvError::Empty) => Err(ErrorKind::WouldBlock.into()),
        Err(TryRecvError::Disconnected) => Ok(None),
    }
}

/// Waits for pieces and has each decoded before it takes the next.
async fn decoded<S: Fn(&[u8]) -> Result<(), Arc<str>> + Send + 'static>(
    mut decoder: Decoder<S>,
    mut queue: mpsc::Receiver<Bytes>,
    give: SyncSender<Bytes>,
) -> DecodeEnd {
    let mut give = Some(give);
    loop {
        match (queue.recv().await, &give) {
            // The decoder took the one before.
            (Some(piece), Some(give)) => drop(give.try_send(piece)),
            _ => give = None,
        }
        let mut is_hungry = false;
        while !is_hungry {
            let Ok(permit) = TURNS.acquire().await else { return stopped() };
            let turn = spawn_blocking(move || {
                let outcome = decoder.turn();
                (decoder, outcome)
            });
            let Ok((back, outcome)) = turn.await else { return stopped() };
            drop(permit);
            decoder = back;
            is_hungry = match outcome {
                Turn::Over => false,
                Turn::Hungry => true,
                Turn::Ended(outcome) => return decoder.end(outcome),
            };
        }
    }
}

/// What became of a turn.
enum Turn {
    /// There is more to do with what is there.
    Over,
    /// The next piece is not there yet.
    Hungry,
    Ended(io::Result<()>),
}

/// Decodes from what is there into the sink.
struct Decoder<S> {
    reader: ContentDecoder,
    sink: S,
    shared: Weak<DecodeShared>,
    total: u64,
}

impl<S: Fn(&[u8]) -> Result<(), Arc<str>>> Decoder<S> {
    /// Blocks for as long as a [`TURN`] takes.
    fn turn(&mut self) -> Turn {
        let until = self.total + TURN;
        let mut buffer = vec![0; PIECE];
        while self.total < until {
            match self.step(&mut buffer) {
                Ok(true) => {}
                Ok(false) => return Turn::Ended(Ok(())),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Turn::Hungry,
                Err(error) => return Turn::Ended(Err(error)),
            }
        }
        Turn::Over
    }

    /// One read; false at the end.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let read = self.reader.read(buffer)?;
        // The last piece is cut at the bound.
        let kept = DECODED_BOUND.saturating_sub(self.total).min(read as u64) as usize;
        (self.sink)(&buffer[..kept]).map_err(|why| io::Error::other(&*why))?;
        self.total += kept as u64;
        let Some(shared) = self.shared.upgrade() else {
            return Err(io::Error::other("decoding was stopped"));
        };
        shared.decoded.store(self.total, Ordering::Release);
        if kept < read {
            let words = format!("decoding stopped at {} MiB", DECODED_BOUND >> 20);
            return Err(io::Error::new(ErrorKind::FileTooLarge, words));
        }
        Ok(read > 0)
    }

    fn end(&self, outcome: io::Result<()>) -> DecodeEnd {
        let cut_off = || self.shared.upgrade().is_some_and(|s| s.cut_off.load(Ordering::Acquire));
        let error = outcome.err();
        let error = error.filter(|error| error.kind() != ErrorKind::UnexpectedEof || !cut_off());
        DecodeEnd {
            too_large: error.as_ref().is_some_and(|e| e.kind() == ErrorKind::FileTooLarge),
            error: error.map(|error| error.to_string()),
            warnings: self.reader.warnings(),
            ..DecodeEnd::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::sync::Mutex;

    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    /// Decoding into memory.
    fn into_memory() -> (Decoding, Arc<Mutex<Vec<u8>>>) {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&kept);
        let sink = move |bytes: &[u8]| {
            into.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        };
        (Decoding::start(&["gzip".into()], &TaskTracker::new(), sink).unwrap(), kept)
    }

    #[tokio::test]
    async fn more_bodies_than_turns_wait_for_bytes_beside_each_other() {
        let data: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        let coded = Bytes::from(gzip(&data));
        let bodies: Vec<_> = (0..2 * AT_ONCE).map(|_| into_memory()).collect();
        let half = coded.len() / 2;
        for (decoding, _) in &bodies {
            decoding.push(coded.slice(..half)).await;
        }
        for (decoding, kept) in bodies {
            decoding.push(coded.slice(half..)).await;
            let ended = decoding.finish(true).await;
            assert_eq!((ended.error, ended.decoded), (None, data.len() as u64));
            assert!(*kept.lock().unwrap() == data);
        }
    }

    #[tokio::test]
    async fn what_is_larger_than_its_bound_says_so_and_one_of_that_size_is_whole() {
        for (more, too_large) in [(0, false), (1, true)] {
            let zeros = vec![0; DECODED_BOUND as usize + more];
            let decoding =
                Decoding::start(&["gzip".into()], &TaskTracker::new(), |_: &[u8]| Ok(())).unwrap();
            decoding.push(gzip(&zeros).into()).await;
            let ended = decoding.finish(true).await;
            assert_eq!((ended.too_large, ended.decoded), (too_large, DECODED_BOUND));
        }
    }
}
