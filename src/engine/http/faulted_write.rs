//! An answer whose bytes go out wrong on purpose: dripping, in small writes, or not to their end.
//!
//! Wraps the socket, so whoever writes through it records what really went out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::model::http_answer::AnswerFault;

/// How often a second something leaves that has a rate.
const TRICKLES: u32 = 20;

/// See the module.
pub(crate) struct FaultedWrite<W> {
    inner: W,
    /// Bytes of one write at most.
    most: usize,
    /// Bytes that go out before it ends; `None` = all.
    left: Option<u64>,
    rate: Option<(u32, Pin<Box<Sleep>>)>,
}

impl<W> FaultedWrite<W> {
    /// One to which nothing was written.
    pub(crate) fn new(inner: W, fault: AnswerFault) -> Self {
        let (most, rate) = match fault {
            AnswerFault::Split(most) => (most as usize, None),
            AnswerFault::Rate(rate) => {
                let now = Box::pin(sleep_until(Instant::now()));
                ((rate / TRICKLES).max(1) as usize, Some((rate, now)))
            }
            _ => (usize::MAX, None),
        };
        FaultedWrite { inner, most: most.max(1), left: fault.ends_behind(), rate }
    }

    /// Whether all went out that shall.
    pub(crate) fn is_at_end(&self) -> bool {
        self.left == Some(0)
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for FaultedWrite<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let it = &mut *self;
        if it.is_at_end() {
            return Poll::Ready(Err(io::Error::other("a fault on purpose ended it")));
        }
        if let Some((_, free)) = &mut it.rate {
            ready!(free.as_mut().poll(cx));
        }
        let left = it.left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        let (part, _) = bytes.split_at(bytes.len().min(it.most).min(left));
        let written = ready!(Pin::new(&mut it.inner).poll_write(cx, part))?;
        it.left = it.left.map(|left| left.saturating_sub(written as u64));
        if let Some((rate, free)) = &mut it.rate {
            let takes = Duration::from_secs_f64(written as f64 / f64::from(*rate));
            free.as_mut().reset(Instant::now() + takes);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn so_many_bytes_go_out_and_then_it_ends() {
        let mut out = Vec::new();
        let mut write = FaultedWrite::new(&mut out, AnswerFault::Stall(5));
        assert!(write.write_all(b"0123456789").await.is_err() && write.is_at_end());
        assert_eq!(out, b"01234");
        let mut out = Vec::new();
        let mut write = FaultedWrite::new(&mut out, AnswerFault::Reset(10));
        assert!(write.write_all(b"0123456789").await.is_ok() && write.is_at_end());
    }

    #[tokio::test]
    async fn what_has_a_rate_takes_its_time_and_writes_are_small() {
        let mut out = Vec::new();
        let began = Instant::now();
        let mut write = FaultedWrite::new(&mut out, AnswerFault::Rate(1000));
        write.write_all(&[b'x'; 100]).await.unwrap();
        let took = began.elapsed();
        assert!(took.as_millis() >= 45, "{took:?}");
        let mut out = Vec::new();
        let mut write = FaultedWrite::new(&mut out, AnswerFault::Split(3));
        assert_eq!(write.write(b"0123").await.unwrap(), 3);
    }
}
