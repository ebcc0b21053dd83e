//! A way that carries so many bytes a second at most, in either direction of a request.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep, sleep_until};

/// Writes in a second: more bytes than fit between two of them do not go out at once.
const STEPS: u64 = 8;

/// When how much may have crossed.
#[derive(Debug, Clone, Copy)]
pub(super) struct TransferPace {
    rate: u64,
    began: Instant,
}

impl TransferPace {
    /// So many bytes a second from now on.
    pub(super) fn of(rate: u64) -> Self {
        TransferPace { rate: rate.max(1), began: Instant::now() }
    }

    /// When so many bytes may have crossed.
    pub(super) fn due(&self, bytes: u64) -> Instant {
        let millis = u128::from(bytes) * 1000 / u128::from(self.rate);
        self.began + Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX / 2))
    }

    /// What crosses at once.
    pub(super) fn step(&self) -> usize {
        usize::try_from((self.rate / STEPS).max(1)).unwrap_or(usize::MAX)
    }
}

/// What is written to, in its pace if it has one; who is told each time something was taken.
pub(super) struct PacedWriter<'a, W> {
    to: W,
    pace: Option<(TransferPace, Pin<Box<Sleep>>)>,
    sent: u64,
    taken: &'a (dyn Fn() + Sync),
}

impl<'a, W> PacedWriter<'a, W> {
    /// Without a rate it is as fast as it can be.
    pub(super) fn new(to: W, rate: Option<u64>, taken: &'a (dyn Fn() + Sync)) -> Self {
        let pace = rate.map(|rate| (TransferPace::of(rate), Box::pin(sleep_until(Instant::now()))));
        PacedWriter { to, pace, sent: 0, taken }
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for PacedWriter<'_, W> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Some((pace, sleep)) = &mut this.pace else {
            return Pin::new(&mut this.to).poll_write(cx, buf);
        };
        ready!(sleep.as_mut().poll(cx));
        let piece = buf.get(..pace.step()).unwrap_or(buf);
        let written = ready!(Pin::new(&mut this.to).poll_write(cx, piece))?;
        this.sent += written as u64;
        sleep.as_mut().reset(pace.due(this.sent));
        (this.taken)();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().to).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().to).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn so_many_bytes_take_so_long() {
        let taken = std::sync::atomic::AtomicU32::new(0);
        let tell = || {
            taken.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        let (began, mut written) = (Instant::now(), Vec::new());
        let mut paced = PacedWriter::new(&mut written, Some(4000), &tell);
        paced.write_all(&[7; 1600]).await.unwrap();
        let took = began.elapsed();
        assert!((350..5_000).contains(&took.as_millis()), "{took:?}");
        assert_eq!((written.len(), taken.into_inner()), (1600, 4));
        PacedWriter::new(&mut Vec::new(), None, &|| ()).write_all(&[7; 1600]).await.unwrap();
    }
}
