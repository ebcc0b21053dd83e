//! The byte stream below HTTP/2, which tells each frame that crosses it, once all of the frame did.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::routes::Routes;
use crate::codec::http2::splitter::FrameSplitter;
use crate::engine::sink::StampGuard;
use crate::engine::transport::stream::Stream;
use crate::model::record::Direction;

/// A connected stream whose frames are told.
pub(super) struct TappedStream {
    stream: Stream,
    routes: Routes,
    sent: FrameSplitter,
    received: FrameSplitter,
    /// The shell has not kept up.
    waits: Option<BoxFuture<'static, ()>>,
}

impl TappedStream {
    /// At the beginning of a connection.
    pub(super) fn new(stream: Stream, routes: Routes) -> Self {
        let (sent, received) = (FrameSplitter::new(true), FrameSplitter::new(false));
        TappedStream { stream, routes, sent, received, waits: None }
    }

    /// Nothing is read while the shell is behind: TCP pushes back.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waits.is_none()
            && let Some(sink) = self.routes.sink()
            && sink.ready().now_or_never().is_none()
        {
            self.waits = Some(async move { sink.ready().await }.boxed());
        }
        if let Some(waits) = &mut self.waits {
            ready!(waits.poll_unpin(cx));
            self.waits = None;
        }
        Poll::Ready(())
    }

    fn has_read(&mut self, bytes: &[u8]) {
        let TappedStream { routes, received, .. } = self;
        received.push(bytes, &mut |head| routes.keeps(Direction::Received, head), &mut |frame| {
            routes.received(frame);
        });
    }

    /// Nothing more comes; what came of a frame is told.
    fn has_ended(&mut self, is_end: bool) {
        if let Some(frame) = self.received.finish() {
            self.routes.received(frame);
        }
        if is_end {
            self.routes.has_ended();
        }
    }

    fn has_written(&mut self, held: Option<&StampGuard>, bytes: &[u8]) {
        let TappedStream { routes, sent, .. } = self;
        sent.push(bytes, &mut |head| routes.keeps(Direction::Sent, head), &mut |frame| {
            if let Some(held) = held {
                routes.sent(held, frame);
            }
        });
    }
}

impl Drop for TappedStream {
    fn drop(&mut self) {
        self.has_ended(false);
        if let Some(frame) = self.sent.finish()
            && let Some(sink) = self.routes.sink()
        {
            self.routes.sent(&sink.hold_stamp(), frame);
        }
    }
}

impl AsyncRead for TappedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tapped = self.get_mut();
        ready!(tapped.poll_ready(cx));
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut tapped.stream).poll_read(cx, buf));
        let came = &buf.filled()[before..];
        match &read {
            Ok(()) if came.is_empty() => tapped.has_ended(true),
            Ok(()) => tapped.has_read(came),
            Err(error) => tapped.has_ended(error.kind() == io::ErrorKind::UnexpectedEof),
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for TappedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tapped = self.get_mut();
        // Before it is written: a peer may have answered before we know that it was.
        let held = tapped.routes.sink().map(|sink| sink.hold_stamp());
        let written = ready!(Pin::new(&mut tapped.stream).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let part = buf.get(..left).unwrap_or(buf);
            tapped.has_written(held.as_ref(), part);
            left -= part.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
