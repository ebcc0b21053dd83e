//! How fast a peer takes and brings bytes while we wait for it, and how a connection stands when a
//! newcomer needs its place.
//!
//! One rule for heads, bodies and answers: below [`RATE`] a connection is slow, whatever it does.
//! Only time spent waiting for the peer counts, never time in which the screen, the disk or an
//! answer's own delay holds us up. Nothing happens to a slow connection while there is room.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::model::counts::counted;

/// Bytes a second below which a peer is slow: less than a modem of 1995 does.
pub(crate) const RATE: u64 = 1024;
/// How long is waited for a peer before it can be slow, and what one half of the measured time
/// lasts: long enough for a lost packet to be sent again.
const WINDOW: Duration = Duration::from_secs(2);

/// How a connection stands when somebody else needs its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evictability {
    /// It waits for its peer to begin something, since then.
    Idle(Instant),
    /// The same, and what the peer came for is done: it was answered, or has finished sending.
    Done(Instant),
    /// Its peer is slower than [`RATE`].
    Slow(Slowness),
    /// It works, or we keep it waiting.
    Busy,
}

/// What a slow peer moved; the slowest is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slowness {
    /// Bytes a second.
    rate: u64,
    /// Bytes in the time that was measured.
    bytes: u64,
    /// The reverse of how long was waited, so that of two equal ones the longer goes first.
    patience: std::cmp::Reverse<Duration>,
}

impl Slowness {
    /// `12 bytes in 4.0 s`
    pub(crate) fn words(&self) -> String {
        format!("{} in {:.1} s", counted(self.bytes, "byte"), self.patience.0.as_secs_f64())
    }
}

/// The pace of one connection; clones speak of the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeerPace(Arc<Mutex<PeerProgress>>);

#[derive(Debug, Default)]
struct PeerProgress {
    idle_since: Option<Instant>,
    /// Something had begun before.
    served: bool,
    /// Since when we wait for the peer.
    waiting_since: Option<Instant>,
    now: Window,
    before: Window,
}

#[derive(Debug, Default, Clone, Copy)]
struct Window {
    waited: Duration,
    bytes: u64,
}

impl PeerProgress {
    fn stop_waiting(&mut self, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.now.waited += now.saturating_duration_since(since);
        }
    }

    fn evictability(&self, now: Instant) -> Evictability {
        let Some(since) = self.waiting_since else { return Evictability::Busy };
        if let Some(since) = self.idle_since {
            return if self.served { Evictability::Done(since) } else { Evictability::Idle(since) };
        }
        let stalled = now.saturating_duration_since(since);
        // Who stands still is not saved by what it moved before.
        let (waited, bytes) = if stalled >= WINDOW {
            (stalled, 0)
        } else {
            let waited = self.before.waited + self.now.waited + stalled;
            (waited, self.before.bytes + self.now.bytes)
        };
        let millis = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = bytes.saturating_mul(1000) / millis;
        if waited < WINDOW || rate >= RATE {
            return Evictability::Busy;
        }
        Evictability::Slow(Slowness { rate, bytes, patience: std::cmp::Reverse(waited) })
    }
}

impl PeerPace {
    fn lock(&self) -> MutexGuard<'_, PeerProgress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing has begun: from now on the connection may go when its place is needed.
    pub(crate) fn rest(&self) {
        let mut progress = self.lock();
        let (idle_since, served) = (Some(Instant::now()), progress.served);
        *progress = PeerProgress { idle_since, served, ..PeerProgress::default() };
    }

    /// Something has begun.
    pub(crate) fn begin(&self) {
        *self.lock() = PeerProgress { served: true, ..PeerProgress::default() };
    }

    /// How it stands now.
    pub(crate) fn evictability(&self) -> Evictability {
        self.lock().evictability(Instant::now())
    }

    /// Reads and writes through this are measured.
    pub(crate) fn of<'a, S>(&'a self, stream: &'a mut S) -> TimedStream<'a, S> {
        TimedStream { stream, pace: self }
    }

    /// We wait for the peer, unless we did already.
    fn waits(&self) {
        self.lock().waiting_since.get_or_insert_with(Instant::now);
    }

    /// The peer moved so many bytes.
    fn moved(&self, bytes: usize) {
        let mut progress = self.lock();
        progress.stop_waiting(Instant::now());
        if progress.now.waited >= WINDOW {
            progress.before = std::mem::take(&mut progress.now);
        }
        progress.now.bytes += bytes as u64;
    }

    fn note<T>(&self, polled: &Poll<io::Result<T>>, bytes: impl FnOnce(&T) -> usize) {
        match polled {
            Poll::Pending => self.waits(),
            Poll::Ready(Ok(done)) => self.moved(bytes(done)),
            Poll::Ready(Err(_)) => self.moved(0),
        }
    }
}

/// A stream whose peer is timed.
pub(crate) struct TimedStream<'a, S> {
    stream: &'a mut S,
    pace: &'a PeerPace,
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut *self.stream).poll_read(cx, buf);
        self.pace.note(&polled, |()| buf.filled().len() - before);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedStream<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut *self.stream).poll_write(cx, bytes);
        self.pace.note(&polled, |count| *count);
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut *self.stream).poll_flush(cx);
        self.pace.note(&polled, |()| 0);
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut *self.stream).poll_shutdown(cx);
        self.pace.note(&polled, |()| 0);
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(millis: u64, bytes: u64) -> Window {
        Window { waited: Duration::from_millis(millis), bytes }
    }

    fn evictability(stalled: Duration, now: Window, before: Window) -> Evictability {
        let since = Instant::now();
        let progress =
            PeerProgress { waiting_since: Some(since), now, before, ..PeerProgress::default() };
        progress.evictability(since + stalled)
    }

    #[test]
    fn only_a_peer_that_was_waited_for_can_be_slow() {
        let (none, short) = (Window::default(), Duration::from_millis(100));
        assert_eq!(PeerProgress::default().evictability(Instant::now()), Evictability::Busy);
        assert_eq!(evictability(short, none, none), Evictability::Busy, "too early to say");
        assert_eq!(
            evictability(short, window(1900, 5000), none),
            Evictability::Busy,
            "fast enough"
        );
        let Evictability::Slow(slow) = evictability(short, window(3900, 12), none) else {
            panic!()
        };
        assert_eq!(slow.words(), "12 bytes in 4.0 s");
        let Evictability::Slow(_) = evictability(short, window(100, 1), window(2000, 100)) else {
            panic!()
        };
    }

    #[test]
    fn a_peer_that_stands_still_is_not_saved_by_what_it_moved_before() {
        let Evictability::Slow(slow) =
            evictability(WINDOW, window(10, 1 << 30), window(2000, 1 << 30))
        else {
            panic!()
        };
        assert_eq!(slow.words(), "0 bytes in 2.0 s");
    }

    #[test]
    fn the_slowest_is_the_least_and_of_equal_ones_who_was_waited_for_longest() {
        let slow = |secs, bytes| match evictability(
            Duration::from_secs(secs),
            window(0, bytes),
            Window::default(),
        ) {
            Evictability::Slow(slow) => slow,
            other => panic!("{other:?}"),
        };
        assert!(slow(9, 0) < slow(5, 0));
        let dripping =
            |bytes| match evictability(Duration::ZERO, window(2000, bytes), Window::default()) {
                Evictability::Slow(slow) => slow,
                other => panic!("{other:?}"),
            };
        assert!(slow(5, 0) < dripping(1) && dripping(1) < dripping(1000));
    }

    #[test]
    fn a_connection_at_rest_is_idle_until_something_begins() {
        let pace = PeerPace::default();
        pace.rest();
        assert_eq!(pace.evictability(), Evictability::Busy, "nobody waits for the peer yet");
        pace.waits();
        assert!(matches!(pace.evictability(), Evictability::Idle(_)));
        pace.begin();
        assert_eq!(pace.evictability(), Evictability::Busy);
    }
}
