//! Undoes content codings on a thread that may be busy: a small piece of a bomb can become hundreds
//! of megabytes, and no task of the network waits for that.
//!
//! ```text
//!   network task ──pieces(8)──► thread: ContentDecoder ──► decoded body (bounded)
//! ```

use std::io::{self, ErrorKind, Read as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::codec::content_coding::{ContentDecoder, PIECE};

/// Decoded bytes of one body at most.
pub(crate) const DECODED_BOUND: u64 = 256 * 1024 * 1024;
/// Pieces on their way to the thread, each at most one read (256 KiB).
const PIECES: usize = 8;

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
        let (pieces, mut queue) = mpsc::channel(PIECES);
        let shared = Arc::new(DecodeShared::default());
        let (waits, works) = (Arc::downgrade(&shared), Arc::downgrade(&shared));
        let pull = std::iter::from_fn(move || {
            waits.upgrade()?;
            queue.blocking_recv()
        });
        let decoder = ContentDecoder::new(codings, pull).map_err(|error| error.to_string())?;
        let thread = spawn_blocking(move || decode(decoder, &sink, &works));
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

/// Decodes until the pieces end.
fn decode(
    mut decoder: ContentDecoder,
    sink: &impl Fn(&[u8]) -> Result<(), Arc<str>>,
    shared: &Weak<DecodeShared>,
) -> DecodeEnd {
    let cut_off = || shared.upgrade().is_some_and(|shared| shared.cut_off.load(Ordering::Acquire));
    let error = pump(&mut decoder, sink, shared).err();
    let error = error.filter(|error| error.kind() != ErrorKind::UnexpectedEof || !cut_off());
    let error = error.map(|error| error.to_string());
    DecodeEnd { error, warnings: decoder.warnings(), ..DecodeEnd::default() }
}

fn pump(
    decoder: &mut ContentDecoder,
    sink: &impl Fn(&[u8]) -> Result<(), Arc<str>>,
    shared: &Weak<DecodeShared>,
) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    let mut total = 0;
    while total < DECODED_BOUND {
        let read = decoder.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        // The last piece is cut at the bound.
        let kept = (DECODED_BOUND - total).min(read as u64) as usize;
        sink(&buffer[..kept]).map_err(|why| io::Error::other(&*why))?;
        total += kept as u64;
        let Some(shared) = shared.upgrade() else {
            return Err(io::Error::other("decoding was stopped"));
        };
        shared.decoded.store(total, Ordering::Release);
    }
    Err(io::Error::other(format!("decoding stopped at {} MiB", DECODED_BOUND >> 20)))
}
