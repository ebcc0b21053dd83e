//! Undoes content codings on a thread that may be busy: a small piece of a bomb can become hundreds
//! of megabytes, and no task of the network waits for that.
//!
//! ```text
//!   network task ──pieces(8)──► thread: ContentDecoder ──► decoded body (bounded)
//! ```

use std::io::{self, ErrorKind, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::codec::content_coding::{ContentDecoder, PIECE};
use crate::engine::body::DecodedSink;

/// Decoded bytes of one body at most.
pub(crate) const DECODED_BOUND: u64 = 256 * 1024 * 1024;
/// Pieces on their way to the thread, each at most one read (256 KiB).
const PIECES: usize = 8;

#[derive(Debug, Default)]
struct DecodeShared {
    decoded: AtomicU64,
    /// Nobody waits for the rest.
    abandoned: AtomicBool,
    /// The body was cut off: that its coding lacks an end is no news.
    cut_off: AtomicBool,
}

/// How a body came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    /// Its framing said so, or the peer finished where that is the end.
    Complete,
    /// Something else ended it.
    CutOff,
}

/// A body being decoded. Dropping it stops the thread soon.
pub(crate) struct Decoding {
    pieces: Option<mpsc::Sender<Bytes>>,
    shared: Arc<DecodeShared>,
    thread: Option<JoinHandle<DecodeEnd>>,
}

/// How decoding ended.
#[derive(Debug, Default)]
pub(crate) struct DecodeEnd {
    /// Why it stopped early.
    pub(crate) error: Option<String>,
    /// What was odd and decoded all the same.
    pub(crate) warnings: Vec<String>,
}

impl Decoding {
    /// Starts the thread; refuses codings we do not know, in words.
    pub(crate) fn start(codings: &[String], sink: DecodedSink) -> Result<Self, String> {
        let (pieces, mut queue) = mpsc::channel(PIECES);
        let shared = Arc::new(DecodeShared::default());
        let waits = Arc::clone(&shared);
        let pull = std::iter::from_fn(move || {
            if waits.abandoned.load(Ordering::Acquire) { None } else { queue.blocking_recv() }
        });
        let decoder = ContentDecoder::new(codings, pull).map_err(|error| error.to_string())?;
        let works = Arc::clone(&shared);
        let thread = Some(spawn_blocking(move || decode(decoder, &sink, &works)));
        Ok(Decoding { pieces: Some(pieces), shared, thread })
    }

    /// Hands over encoded bytes; waits when the thread is behind. After an error they are ignored.
    pub(crate) async fn push(&self, bytes: Bytes) {
        if let Some(pieces) = &self.pieces
            && !bytes.is_empty()
        {
            let _ = pieces.send(bytes).await;
        }
    }

    /// Decoded bytes so far.
    pub(crate) fn decoded(&self) -> u64 {
        self.shared.decoded.load(Ordering::Acquire)
    }

    /// Waits for the thread, which ends when everything is decoded. `decoded` is final then.
    pub(crate) async fn finish(&mut self, end: BodyEnd) -> DecodeEnd {
        self.shared.cut_off.store(end == BodyEnd::CutOff, Ordering::Release);
        self.pieces = None;
        let Some(thread) = self.thread.take() else { return DecodeEnd::default() };
        thread.await.unwrap_or_else(|_| DecodeEnd {
            error: Some("the decoder stopped".into()),
            ..DecodeEnd::default()
        })
    }
}

impl Drop for Decoding {
    fn drop(&mut self) {
        self.shared.abandoned.store(true, Ordering::Release);
    }
}

/// Decodes until the pieces end.
fn decode(mut decoder: ContentDecoder, sink: &DecodedSink, shared: &DecodeShared) -> DecodeEnd {
    let error = match pump(&mut decoder, sink, shared) {
        Err(error)
            if error.kind() == ErrorKind::UnexpectedEof
                && shared.cut_off.load(Ordering::Acquire) =>
        {
            None
        }
        outcome => outcome.err().map(|error| error.to_string()),
    };
    DecodeEnd { error, warnings: decoder.warnings() }
}

fn pump(decoder: &mut ContentDecoder, sink: &DecodedSink, shared: &DecodeShared) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    let mut total = 0;
    while total < DECODED_BOUND {
        let read = decoder.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        // The last piece is cut at the bound.
        let kept = (DECODED_BOUND - total).min(read as u64) as usize;
        sink.append(&buffer[..kept]).map_err(|why| io::Error::other(&*why))?;
        total += kept as u64;
        shared.decoded.store(total, Ordering::Release);
        if shared.abandoned.load(Ordering::Acquire) {
            return Err(io::Error::other("decoding was stopped"));
        }
    }
    Err(io::Error::other(format!("decoding stopped at {} MiB", DECODED_BOUND >> 20)))
}
