//! Undoes content codings on a thread that may be busy: a small piece of a bomb can become hundreds
//! of megabytes, and no task of the network waits for that.
//!
//! ```text
//!   network task ──pieces(8)──► thread: Decoder ──► decoded body (bounded)
//! ```

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::codec::content_coding::ContentDecoder;
use crate::engine::body::DecodedSink;
use crate::engine::http::body_receiver::BodyEnd;

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

/// A body being decoded. Dropping it stops the thread soon.
pub(crate) struct Decoding {
    pieces: Option<mpsc::Sender<Bytes>>,
    shared: Arc<DecodeShared>,
    thread: Option<JoinHandle<Option<String>>>,
}

impl Decoding {
    /// Starts the thread; refuses codings we do not know, in words.
    pub(crate) fn start(codings: &[String], sink: DecodedSink) -> Result<Self, String> {
        let decoder = ContentDecoder::new(codings).map_err(|error| error.to_string())?;
        let (pieces, queue) = mpsc::channel(PIECES);
        let shared = Arc::new(DecodeShared::default());
        let work = Work { decoder, sink, shared: Arc::clone(&shared) };
        let thread = Some(spawn_blocking(move || work.run(queue)));
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

    /// Waits for the thread: decoded bytes, and why decoding stopped early.
    pub(crate) async fn finish(mut self, end: BodyEnd) -> (u64, Option<String>) {
        self.shared.cut_off.store(end == BodyEnd::CutOff, Ordering::Release);
        self.pieces = None;
        let error = match self.thread.take() {
            Some(thread) => thread.await.unwrap_or_else(|_| Some("the decoder stopped".into())),
            None => None,
        };
        (self.decoded(), error)
    }
}

impl Drop for Decoding {
    fn drop(&mut self) {
        self.shared.abandoned.store(true, Ordering::Release);
    }
}

struct Work {
    decoder: ContentDecoder,
    sink: DecodedSink,
    shared: Arc<DecodeShared>,
}

impl Work {
    /// Decodes until the pieces end; returns why it stopped early.
    fn run(mut self, mut pieces: mpsc::Receiver<Bytes>) -> Option<String> {
        while let Some(piece) = pieces.blocking_recv() {
            if let Some(why) = self.decode(&piece) {
                return Some(why);
            }
        }
        if self.shared.cut_off.load(Ordering::Acquire) {
            return None;
        }
        self.decoder.finish().err().map(|error| error.to_string())
    }

    fn decode(&mut self, piece: &[u8]) -> Option<String> {
        let (sink, shared) = (&self.sink, &self.shared);
        let mut why = None;
        let outcome = self.decoder.push(piece, &mut |data| {
            let before = shared.decoded.load(Ordering::Acquire);
            let room = usize::try_from(DECODED_BOUND - before.min(DECODED_BOUND)).unwrap_or(0);
            let data = data.get(..room).unwrap_or(data);
            if let Err(failed) = sink.append(data) {
                why = Some(failed.to_string());
                return ControlFlow::Break(());
            }
            shared.decoded.fetch_add(data.len() as u64, Ordering::AcqRel);
            if data.len() == room {
                let bound = DECODED_BOUND / (1024 * 1024);
                why = Some(format!("decoding stopped at {bound} MiB"));
            }
            if why.is_some() || shared.abandoned.load(Ordering::Acquire) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        match outcome {
            Ok(ControlFlow::Continue(())) => None,
            Ok(ControlFlow::Break(())) => why.or_else(|| Some("decoding was stopped".into())),
            Err(error) => Some(error.to_string()),
        }
    }
}
