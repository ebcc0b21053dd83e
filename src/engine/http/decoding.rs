//! Undoes content codings on a thread that may be busy: a small piece of a bomb can become hundreds
//! of megabytes, and no task of the network waits for that.
//!
//! ```text
//!   network task ──pieces(8)──► Intake ──► thread: ContentDecoder ──► decoded body (bounded)
//!                                  └─ not what its name says ─► the body as it came
//! ```
//! What fails before anything was made of it is something else than its coding says: everything of it
//! is handed over as it came. Codings without a signature make something of any bytes, so theirs is
//! believed only after [`HELD`] bytes, or at an end without an error.

use std::io::{self, ErrorKind, Read as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::codec::content_coding::{ContentDecoder, PIECE, is_signed};

/// Decoded bytes of one body at most.
pub(crate) const DECODED_BOUND: u64 = 256 * 1024 * 1024;
/// Pieces on their way to the thread, each at most one read (256 KiB).
const PIECES: usize = 8;

/// Encoded bytes that have to pass a coding without a signature.
const HELD: u64 = 1024;
/// Encoded bytes kept for the case that nothing is made of them.
const KEPT: u64 = 1024 * 1024;

/// What the network and the thread share; the thread stops soon when the network lets go of it.
#[derive(Debug, Default)]
struct DecodeShared {
    decoded: AtomicU64,
    /// The body was cut off: that its coding lacks an end is no news.
    cut_off: AtomicBool,
}

/// A body being decoded. Dropping it stops the thread soon.
pub(crate) struct Decoding {
    pieces: mpsc::Sender<Bytes>,
    shared: Arc<DecodeShared>,
    thread: JoinHandle<DecodeEnd>,
}

/// How decoding ended.
#[derive(Debug, Default)]
pub(crate) struct DecodeEnd {
    /// Bytes in all.
    pub(crate) decoded: u64,
    /// Why it stopped early.
    pub(crate) error: Option<String>,
    /// Nothing could be made of the body, which was handed over as it came.
    pub(crate) as_came: bool,
    /// What was odd and decoded all the same.
    pub(crate) warnings: Vec<String>,
}

impl Decoding {
    /// Starts the thread, which hands decoded bytes to `sink`; refuses codings we do not know, in
    /// words.
    pub(crate) fn start(
        codings: &[String],
        sink: impl Fn(&[u8]) -> Result<(), Arc<str>> + Send + 'static,
    ) -> Result<Self, String> {
        let (pieces, queue) = mpsc::channel(PIECES);
        let shared = Arc::new(DecodeShared::default());
        let works = Arc::downgrade(&shared);
        let intake = Intake { queue, shared: works.clone(), taken: 0, kept: Some(Vec::new()) };
        let intake = Arc::new(Mutex::new(intake));
        let pull = Arc::clone(&intake);
        let pull = std::iter::from_fn(move || lock(&pull).next());
        let decoder = ContentDecoder::new(codings, pull).map_err(|error| error.to_string())?;
        let is_signed = codings.iter().all(|name| is_signed(name));
        let held = (!is_signed).then(Vec::new);
        let run = DecodeRun { sink, shared: works, intake, total: 0, held };
        let thread = spawn_blocking(move || run.decode_all(decoder));
        Ok(Decoding { pieces, shared, thread })
    }

    /// Hands over encoded bytes; waits when the thread is behind. After an error they are ignored.
    pub(crate) async fn push(&self, bytes: Bytes) {
        if !bytes.is_empty() {
            let _ = self.pieces.send(bytes).await;
        }
    }

    /// Decoded bytes so far.
    pub(crate) fn decoded(&self) -> u64 {
        self.shared.decoded.load(Ordering::Acquire)
    }

    /// Waits for the thread, which ends when everything is decoded; `complete` says whether the
    /// body was not cut off.
    pub(crate) async fn finish(self, complete: bool) -> DecodeEnd {
        let Decoding { pieces, shared, thread } = self;
        shared.cut_off.store(!complete, Ordering::Release);
        drop(pieces);
        let ended = thread.await.unwrap_or_else(|_| DecodeEnd {
            error: Some("the decoder stopped".into()),
            ..DecodeEnd::default()
        });
        DecodeEnd { decoded: shared.decoded.load(Ordering::Acquire), ..ended }
    }
}

/// The encoded body as the thread takes it in, and its beginning until something is made of it.
struct Intake {
    queue: mpsc::Receiver<Bytes>,
    shared: Weak<DecodeShared>,
    /// Bytes in all.
    taken: u64,
    kept: Option<Vec<Bytes>>,
}

impl Intake {
    /// The next piece; `None` at the end, or when nobody wants it any more.
    fn next(&mut self) -> Option<Bytes> {
        self.shared.upgrade()?;
        let piece = self.queue.blocking_recv()?;
        self.taken += piece.len() as u64;
        if self.taken > KEPT {
            self.kept = None;
        }
        if let Some(kept) = &mut self.kept {
            kept.push(piece.clone());
        }
        Some(piece)
    }
}

/// Only the one thread locks it.
fn lock(intake: &Mutex<Intake>) -> MutexGuard<'_, Intake> {
    intake.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One body being decoded by the thread.
struct DecodeRun<S> {
    sink: S,
    shared: Weak<DecodeShared>,
    intake: Arc<Mutex<Intake>>,
    /// Bytes handed over.
    total: u64,
    /// What was made of the body and is not believed yet; `None` = everything is.
    held: Option<Vec<u8>>,
}

impl<S: Fn(&[u8]) -> Result<(), Arc<str>>> DecodeRun<S> {
    /// Decodes until the pieces end.
    fn decode_all(mut self, mut decoder: ContentDecoder) -> DecodeEnd {
        let error = self.pump(&mut decoder).err();
        let is_cut_off =
            self.shared.upgrade().is_some_and(|shared| shared.cut_off.load(Ordering::Acquire));
        let is_no_news = |error: &io::Error| error.kind() == ErrorKind::UnexpectedEof && is_cut_off;
        let mut end = DecodeEnd { warnings: decoder.warnings(), ..DecodeEnd::default() };
        match error {
            None => {}
            // Of a body that was cut off its beginning is all there is.
            Some(error) if is_no_news(&error) => drop(self.believe()),
            Some(error) => {
                end.as_came = self.as_it_came();
                end.error = Some(error.to_string());
            }
        }
        end
    }

    fn pump(&mut self, decoder: &mut ContentDecoder) -> io::Result<()> {
        let mut buffer = vec![0; PIECE];
        while self.total < DECODED_BOUND {
            let read = decoder.read(&mut buffer)?;
            if read == 0 {
                return self.believe();
            }
            // The last piece is cut at the bound.
            let kept = (DECODED_BOUND - self.total).min(read as u64) as usize;
            if let Some(held) = &mut self.held {
                held.extend_from_slice(&buffer[..kept]);
                if held.len() >= PIECE || lock(&self.intake).taken >= HELD {
                    self.believe()?;
                }
            } else {
                self.hand_over(&buffer[..kept])?;
            }
        }
        Err(io::Error::other(format!("decoding stopped at {} MiB", DECODED_BOUND >> 20)))
    }

    /// Hands over what was held.
    fn believe(&mut self) -> io::Result<()> {
        self.held.take().map_or(Ok(()), |held| self.hand_over(&held))
    }

    fn hand_over(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        lock(&self.intake).kept = None;
        (self.sink)(bytes).map_err(|why| io::Error::other(&*why))?;
        self.total += bytes.len() as u64;
        let Some(shared) = self.shared.upgrade() else {
            return Err(io::Error::other("decoding was stopped"));
        };
        shared.decoded.store(self.total, Ordering::Release);
        Ok(())
    }

    /// Hands over the body as it came, to its end, if nothing was made of it; whether it did.
    fn as_it_came(&mut self) -> bool {
        let kept = lock(&self.intake).kept.take();
        let Some(kept) = kept.filter(|_| self.total == 0) else { return false };
        let next = || lock(&self.intake).next();
        let pieces = kept.into_iter().chain(std::iter::from_fn(next));
        let mut total = 0;
        for piece in pieces {
            if (self.sink)(&piece).is_err() {
                return false;
            }
            total += piece.len() as u64;
            if let Some(shared) = self.shared.upgrade() {
                shared.decoded.store(total, Ordering::Release);
            }
        }
        true
    }
}
