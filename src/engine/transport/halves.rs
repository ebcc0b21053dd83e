//! A stream as two halves that can be had in two places, as tokio's are, of which the system can be asked
//! whether the connection is gone while neither is read.
//!
//! What a relay reads no more, because the other side takes nothing or a fault lets nothing out, would
//! else be there for hours after its peer was reset.

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{sleep, timeout};

use super::gone::GoneWatch;
use super::stream::Stream;

/// How long nothing is read before somebody looks: what is merely fast waits all the time.
const MOMENT: Duration = Duration::from_millis(250);

/// The half that is read.
pub(crate) struct ReadHalf(Arc<Mutex<Stream>>);

/// The half that is written to.
pub(crate) struct WriteHalf(Arc<Mutex<Stream>>);

/// Can tell whether the connection is gone.
#[derive(Debug, Clone)]
pub(crate) struct GoneTeller(Weak<Mutex<Stream>>);

/// Both halves of a stream.
pub(crate) fn split(stream: Stream) -> (ReadHalf, WriteHalf) {
    let shared = Arc::new(Mutex::new(stream));
    (ReadHalf(Arc::clone(&shared)), WriteHalf(shared))
}

/// Held for one poll.
fn lock(shared: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ReadHalf {
    /// The stream again; `None` = the other half is of another one.
    pub(crate) fn unsplit(self, write: WriteHalf) -> Option<Stream> {
        drop(write);
        let shared = Arc::try_unwrap(self.0).ok()?;
        Some(shared.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Of its connection.
    pub(crate) fn gone(&self) -> GoneTeller {
        GoneTeller(Arc::downgrade(&self.0))
    }
}

impl GoneTeller {
    /// Waits until the connection was reset or has failed, which is looked for after a moment. Safe to drop.
    pub(crate) async fn gone(self) -> io::Error {
        loop {
            sleep(MOMENT).await;
            let Some(shared) = self.0.upgrade() else { return std::future::pending().await };
            // Without a descriptor it is tried again in a moment.
            let watch = GoneWatch::of(&lock(&shared));
            drop(shared);
            if let Ok(watch) = watch {
                return watch.gone().await;
            }
        }
    }
}

/// How long what was said before its speaker was gone may take to be passed on.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Does something with what came of a connection, while nothing more is read of it. When that is gone
/// meanwhile, `missed` says how, and what came before still has a little time. Safe to drop if `work` is.
///
/// # Errors
/// It is gone, and nothing came of it.
pub(crate) async fn unless_gone<T>(
    work: impl Future<Output = T>,
    of: &GoneTeller,
    missed: &mut Option<io::Error>,
) -> io::Result<T> {
    let mut work = pin!(work);
    if missed.is_none() {
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            error = of.clone().gone() => *missed = Some(error),
        }
    }
    match timeout(LAST_PATIENCE, work).await {
        Ok(done) => Ok(done),
        Err(_) => Err(missed.take().unwrap_or_else(|| io::ErrorKind::TimedOut.into())),
    }
}

impl AsyncRead for ReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.0)).poll_read(cx, buf)
    }
}

impl AsyncWrite for WriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *lock(&self.0)).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.0)).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.0)).poll_shutdown(cx)
    }
}
