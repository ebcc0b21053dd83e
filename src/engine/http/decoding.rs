//! Undoes content codings beside the network: a small piece of a bomb can become hundreds of
//! megabytes, and no task of the network waits for that.
//!
//! ```text
//!   network task ──pieces(2)──► task of the body ──a turn on a thread──► decoded body (bounded)
//!                                                  └─ not what its name says ─► the body as it came
//! ```
//! A thread is taken only while there are bytes, for a [`TURN`] at a time, and by [`AT_ONCE`] bodies
//! at once: however many are on their way, slow or huge, threads are left for files and names.
//!
//! What is text, or does not begin as its coding does, is something else than its head says:
//! everything of it is handed over as it came. What is cut off or corrupt is damaged: what was
//! decoded is handed over, or everything as it came when there is nothing. Codings without a signature
//! make something of any bytes, so theirs is believed only after [`HELD`] bytes that are no text, or
//! at an end without an error.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::task::TaskTracker;

use crate::codec::content_coding::{ContentDecoder, DecodeError, PIECE, is_of_text, is_signed};

/// Decoded bytes of one body at most.
pub(crate) const DECODED_BOUND: u64 = 256 * 1024 * 1024;
/// Pieces on their way to the decoder, each at most one read (256 KiB).
const PIECES: usize = 2;
/// Bodies that are decoded at the same time.
const AT_ONCE: usize = 4;
/// Decoded bytes after which it is another body's turn.
const TURN: u64 = 4 * 1024 * 1024;

/// Encoded bytes that have to pass a coding without a signature.
const HELD: u64 = 1024;
/// Bytes of text that no coding makes by accident.
const TEXT: u64 = 64;
/// Encoded bytes kept for the case that nothing is made of them.
const KEPT: u64 = 1024 * 1024;

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
    /// Nothing could be made of the body, which was handed over as it came.
    pub(crate) as_came: bool,
    /// It is what its codings say, but cut off or corrupt.
    pub(crate) damaged: bool,
    /// What was odd and decoded all the same.
    pub(crate) warnings: Vec<String>,
}

impl Decoding {
    /// Starts decoding as one of these tasks, which hands decoded bytes to `sink`; refuses codings we
    /// do not know, in words.
    pub(crate) fn start(
        codings: &[String],
        tasks: &TaskTracker,
        sink: impl Fn(&[u8]) -> Result<(), Arc<str>> + Send + 'static,
    ) -> Result<Self, String> {
        let (pieces, queue) = mpsc::channel(PIECES);
        let (give, take) = sync_channel(1);
        let shared = Arc::new(DecodeShared::default());
        let works = Arc::downgrade(&shared);
        let input = EncodedInput {
            take,
            shared: works.clone(),
            taken: 0,
            kept: Some(VecDeque::new()),
            is_text: true,
        };
        let input = Arc::new(Mutex::new(input));
        let pull = Arc::clone(&input);
        let reader = ContentDecoder::pulling(codings, move || lock(&pull).next());
        let reader = reader.map_err(|error| error.to_string())?;
        let is_signed = codings.iter().all(|name| is_signed(name));
        let held = (!is_signed).then(Vec::new);
        let (outermost, mislabeled) = (codings.first().cloned().unwrap_or_default(), None);
        let run =
            DecodeRun { outermost, reader, sink, shared: works, input, total: 0, held, mislabeled };
        let task = tasks.spawn(decoded(run, queue, give));
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

/// Waits for pieces and has each decoded before it takes the next.
async fn decoded<S: Fn(&[u8]) -> Result<(), Arc<str>> + Send + 'static>(
    mut run: DecodeRun<S>,
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
        let mut needs_input = false;
        while !needs_input {
            let Ok(permit) = TURNS.acquire().await else { return stopped() };
            let step = spawn_blocking(move || {
                let step = run.step();
                (run, step)
            });
            let Ok((back, step)) = step.await else { return stopped() };
            drop(permit);
            run = back;
            needs_input = match step {
                DecodeStep::Progress => false,
                DecodeStep::NeedsInput => true,
                DecodeStep::Ended(end) => return end,
            };
        }
    }
}

/// The encoded body as the decoder takes it in, and its beginning until something is made of it.
struct EncodedInput {
    take: Receiver<Bytes>,
    shared: Weak<DecodeShared>,
    /// Bytes in all.
    taken: u64,
    kept: Option<VecDeque<Bytes>>,
    /// All of it so far could be text, which no coding makes.
    is_text: bool,
}

impl EncodedInput {
    /// The next piece, which may not be there yet; `None` at the end, or when nobody wants it any
    /// more.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.shared.strong_count() == 0 {
            return Ok(None);
        }
        let piece = match self.take.try_recv() {
            Ok(piece) => piece,
            Err(TryRecvError::Empty) => return Err(ErrorKind::WouldBlock.into()),
            Err(TryRecvError::Disconnected) => return Ok(None),
        };
        self.taken += piece.len() as u64;
        self.is_text &= piece.iter().all(|byte| is_of_text(*byte));
        if self.taken > KEPT {
            self.kept = None;
        }
        if let Some(kept) = &mut self.kept {
            kept.push_back(piece.clone());
        }
        Ok(Some(piece))
    }

    /// Whether all of it could be text of at least so many bytes, and can be handed over.
    fn is_text_of(&self, least: u64) -> bool {
        self.is_text && self.kept.is_some() && self.taken >= least
    }
}

/// Only the one decoder locks it.
fn lock(input: &Mutex<EncodedInput>) -> MutexGuard<'_, EncodedInput> {
    input.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of a step.
enum DecodeStep {
    /// There is more to do with what is there.
    Progress,
    /// The next piece is not there yet.
    NeedsInput,
    Ended(DecodeEnd),
}

/// A body that is something else than its coding says.
struct Mislabeled {
    error: io::Error,
    /// It is in its coding, but cut off or corrupt.
    damaged: bool,
    /// What was taken in before that was known.
    kept: VecDeque<Bytes>,
}

/// One body being decoded.
struct DecodeRun<S> {
    /// The name of the outermost coding, for people.
    outermost: String,
    reader: ContentDecoder,
    sink: S,
    shared: Weak<DecodeShared>,
    input: Arc<Mutex<EncodedInput>>,
    /// Bytes handed over.
    total: u64,
    /// What was made of the body and is not believed yet; `None` = everything is.
    held: Option<Vec<u8>>,
    mislabeled: Option<Mislabeled>,
}

impl<S: Fn(&[u8]) -> Result<(), Arc<str>>> DecodeRun<S> {
    /// Blocks for as long as a [`TURN`] takes.
    fn step(&mut self) -> DecodeStep {
        if self.mislabeled.is_none() {
            match self.decode_some() {
                Ok(true) => return DecodeStep::Progress,
                Ok(false) => return DecodeStep::Ended(self.end(None)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => match self.believe() {
                    Ok(()) => return DecodeStep::NeedsInput,
                    Err(error) => return DecodeStep::Ended(self.end(Some(error))),
                },
                // Of a body that was cut off its beginning is all there is.
                Err(error) if self.is_no_news(&error) => {
                    let _ = self.flush_held();
                    return DecodeStep::Ended(self.end(None));
                }
                Err(error) => {
                    let damaged = self.is_damaged(&error);
                    if damaged {
                        let _ = self.flush_held();
                    }
                    let kept = lock(&self.input).kept.take().filter(|_| self.total == 0);
                    let Some(kept) = kept else {
                        return DecodeStep::Ended(DecodeEnd { damaged, ..self.end(Some(error)) });
                    };
                    self.mislabeled = Some(Mislabeled { error, damaged, kept });
                }
            }
        }
        let as_came = match self.pass_on() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return DecodeStep::NeedsInput,
            outcome => outcome.is_ok(),
        };
        let mislabeled = self.mislabeled.take();
        let damaged = mislabeled.as_ref().is_some_and(|mislabeled| mislabeled.damaged);
        let error = mislabeled.map(|mislabeled| mislabeled.error);
        DecodeStep::Ended(DecodeEnd { as_came, damaged, ..self.end(error) })
    }

    /// Whether the bytes are in their coding all the same; not asked of what nobody kept.
    fn is_damaged(&self, error: &io::Error) -> bool {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<DecodeError>());
        !inner.is_some_and(|error| error.is_foreign) && !lock(&self.input).is_text_of(0)
    }

    fn is_no_news(&self, error: &io::Error) -> bool {
        let cut_off = |shared: Arc<DecodeShared>| shared.cut_off.load(Ordering::Acquire);
        error.kind() == ErrorKind::UnexpectedEof && self.shared.upgrade().is_some_and(cut_off)
    }

    fn end(&self, error: Option<io::Error>) -> DecodeEnd {
        DecodeEnd {
            too_large: error.as_ref().is_some_and(|e| e.kind() == ErrorKind::FileTooLarge),
            error: error.map(|error| error.to_string()),
            warnings: self.reader.warnings(),
            ..DecodeEnd::default()
        }
    }

    /// Decodes for a turn; false at the end.
    fn decode_some(&mut self) -> io::Result<bool> {
        let until = self.total + TURN;
        let mut buffer = vec![0; PIECE];
        while self.total < until {
            let read = self.reader.read(&mut buffer)?;
            if read == 0 {
                if self.held.is_some() {
                    self.refuse_text()?;
                }
                return self.flush_held().map(|()| false);
            }
            // The last piece is cut at the bound.
            let room = DECODED_BOUND.saturating_sub(self.total).min(read as u64) as usize;
            if let Some(held) = &mut self.held {
                held.extend_from_slice(&buffer[..room]);
                if held.len() >= PIECE {
                    self.refuse_text()?;
                    self.flush_held()?;
                }
            } else {
                self.hand_over(&buffer[..room])?;
            }
            if room < read {
                let words = format!("decoding stopped at {} MiB", DECODED_BOUND >> 20);
                return Err(io::Error::new(ErrorKind::FileTooLarge, words));
            }
        }
        Ok(true)
    }

    /// Whatever a coding without a signature made of text is not believed.
    fn refuse_text(&self) -> io::Result<()> {
        if !lock(&self.input).is_text_of(TEXT) {
            return Ok(());
        }
        let coding = self.outermost.clone();
        let message = format!("the data is not {coding}, but text");
        let error = DecodeError { coding, message, is_foreign: true };
        Err(io::Error::new(ErrorKind::InvalidData, error))
    }

    /// Everything that is there was decoded: hands over what was held if that is enough to go by.
    fn believe(&mut self) -> io::Result<()> {
        let input = lock(&self.input);
        let is_enough = input.taken >= HELD && (!input.is_text || input.kept.is_none());
        drop(input);
        if is_enough { self.flush_held() } else { Ok(()) }
    }

    /// Hands over what was held.
    fn flush_held(&mut self) -> io::Result<()> {
        self.held.take().map_or(Ok(()), |held| self.hand_over(&held))
    }

    fn hand_over(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        lock(&self.input).kept = None;
        (self.sink)(bytes).map_err(|why| io::Error::other(&*why))?;
        self.total += bytes.len() as u64;
        let Some(shared) = self.shared.upgrade() else {
            return Err(io::Error::other("decoding was stopped"));
        };
        shared.decoded.store(self.total, Ordering::Release);
        Ok(())
    }

    /// Hands over what is there of a mislabeled body as it came.
    fn pass_on(&mut self) -> io::Result<()> {
        while let Some(piece) = self.next_of_foreign()? {
            self.hand_over(&piece)?;
        }
        Ok(())
    }

    fn next_of_foreign(&mut self) -> io::Result<Option<Bytes>> {
        let kept = self.mislabeled.as_mut().and_then(|mislabeled| mislabeled.kept.pop_front());
        kept.map_or_else(|| lock(&self.input).next(), |piece| Ok(Some(piece)))
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
        decoding("gzip")
    }

    fn decoding(coding: &str) -> (Decoding, Arc<Mutex<Vec<u8>>>) {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&kept);
        let sink = move |bytes: &[u8]| {
            into.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        };
        (Decoding::start(&[coding.into()], &TaskTracker::new(), sink).unwrap(), kept)
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
    async fn text_of_any_length_that_is_called_compressed_comes_out_as_it_is() {
        const WORDS: [&str; 12] = [
            "<html>",
            "error 404",
            "{\"a\": [1,2,3]}",
            "lorem",
            "é€",
            "\r\n\t",
            "]]>",
            "\\x0b",
            "null",
            "ssqYoc",
            "0123456789",
            "~",
        ];
        let mut state = 7_u32;
        let mut next = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        for round in 0..600 {
            let count = [3, 40, 200, 600, 3000][round % 5];
            let words: Vec<&str> = (0..count).map(|_| WORDS[next(WORDS.len())]).collect();
            let body = words.join([" ", ""][next(2)]);
            let coding = ["deflate", "br"][round / 5 % 2];
            let (decoding, kept) = decoding(coding);
            for piece in body.as_bytes().chunks(1 + next(20_000)) {
                decoding.push(Bytes::copy_from_slice(piece)).await;
            }
            let ended = decoding.finish(true).await;
            assert!(ended.as_came, "{coding} {body:.40?}: {ended:?}");
            assert!(*kept.lock().unwrap() == body.as_bytes(), "{coding} {body:.40?}");
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
