//! The socket below TLS, which tells what crosses it where a capture wants that: bytes as they were read and written, ends,
//! and the keys before the first bytes that need them.
//!
//! Called by the handshakes, which put it below rustls, once a connection is about to speak TLS; what crossed before is
//! told as records.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rustls::KeyLog;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::{Stream, StreamSocket, socket_of};
use crate::engine::sink::{Sink, StampGuard};
use crate::engine::tls::key_log::ToldKeys;
use crate::model::ciphertext::Ciphertext;
use crate::model::id::ConnId;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// What is below TLS: a connected socket, or TLS with a proxy. Dropping it sends FIN, unless it was to be reset.
pub(crate) struct Wire {
    socket: Stream,
    tap: Option<WireTap>,
}

/// What tells what crosses one socket.
pub(crate) struct WireTap {
    events: Sink,
    conn: ConnId,
    keys: Arc<ToldKeys>,
    /// The handshake may find keys in what was read.
    is_handshaking: bool,
    /// Read in the handshake: the keys to it are told before. Held from the read to what is done with it, which does not
    /// wait.
    read: Option<(StampGuard, Bytes)>,
    peer_ended: bool,
    resets: bool,
}

impl Wire {
    /// The socket, told of if there is somebody who wants it.
    pub(crate) fn new(socket: Stream, tap: Option<WireTap>) -> Self {
        Wire { socket, tap }
    }

    /// The socket itself.
    pub(crate) fn socket(&self) -> &StreamSocket {
        socket_of(&self.socket)
    }

    /// The handshake is over: there are no keys any more.
    pub(crate) fn is_secured(&mut self) {
        if let Some(tap) = &mut self.tap {
            tap.settle();
            tap.is_handshaking = false;
        }
    }

    /// It is going to be dropped with RST.
    pub(crate) fn resets(&mut self) {
        if let Some(tap) = &mut self.tap {
            tap.resets = true;
        }
    }
}

impl WireTap {
    /// What tells of a connection; `None` = nobody wants it.
    pub(crate) fn of(events: &Sink, conn: ConnId) -> Option<Self> {
        events.wants_ciphertext().then(|| WireTap {
            events: events.clone(),
            conn,
            keys: Arc::default(),
            is_handshaking: true,
            read: None,
            peer_ended: false,
            resets: false,
        })
    }

    /// Where its keys are to go, and from there where they went before.
    pub(crate) fn keys(&self, before: Arc<dyn KeyLog>) -> Arc<dyn KeyLog> {
        self.keys.passing_on(before);
        Arc::clone(&self.keys) as Arc<dyn KeyLog>
    }

    /// Tells what waits, keys first.
    fn settle(&mut self) {
        let read = self.read.take();
        let lines = self.keys.take();
        if !lines.is_empty() {
            let held = read.as_ref().map(|(held, _)| held);
            self.events.ciphertext(held, Ciphertext::Keys { conn: self.conn, lines });
        }
        if let Some((held, data)) = read {
            self.tell(Some(&held), Direction::Received, RecordKind::Data, data);
        }
    }

    fn tell(&self, held: Option<&StampGuard>, way: Direction, kind: RecordKind, data: Bytes) {
        let record = Record::new(Stamp::default(), self.conn, way, kind, data);
        self.events.ciphertext(held, Ciphertext::Crossed(record));
    }

    /// Before something is written: a peer may have answered before we know that it was.
    fn writes(&mut self) -> StampGuard {
        self.settle();
        self.events.hold_stamp()
    }

    fn has_read(&mut self, data: &[u8]) {
        let data = Bytes::copy_from_slice(data);
        if data.is_empty() {
            if !std::mem::replace(&mut self.peer_ended, true) {
                self.tell(None, Direction::Received, RecordKind::Finished, data);
            }
        } else if self.is_handshaking {
            self.read = Some((self.events.hold_stamp(), data));
        } else {
            self.tell(None, Direction::Received, RecordKind::Data, data);
        }
    }

    fn has_failed(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionReset
            && !std::mem::replace(&mut self.peer_ended, true)
        {
            self.tell(None, Direction::Received, RecordKind::Reset, Bytes::new());
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let Some(tap) = &mut self.tap else { return };
        tap.settle();
        let kind = if tap.resets { RecordKind::Reset } else { RecordKind::Closed };
        tap.tell(None, Direction::Sent, kind, Bytes::new());
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Wire { socket, tap } = self.get_mut();
        let Some(tap) = tap else { return Pin::new(socket).poll_read(cx, buf) };
        tap.settle();
        let before = buf.filled().len();
        ready!(Pin::new(socket).poll_read(cx, buf)).inspect_err(|error| tap.has_failed(error))?;
        tap.has_read(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
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
        let Wire { socket, tap } = self.get_mut();
        let Some(tap) = tap else { return Pin::new(socket).poll_write_vectored(cx, bufs) };
        let held = tap.writes();
        let written = ready!(Pin::new(socket).poll_write_vectored(cx, bufs))
            .inspect_err(|error| tap.has_failed(error))?;
        let (mut data, mut left) = (Vec::with_capacity(written), written);
        for buf in bufs {
            let part = buf.get(..left).unwrap_or(buf);
            data.extend_from_slice(part);
            left -= part.len();
        }
        if written > 0 {
            tap.tell(Some(&held), Direction::Sent, RecordKind::Data, data.into());
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Wire { socket, tap } = self.get_mut();
        let held = tap.as_mut().map(WireTap::writes);
        ready!(Pin::new(socket).poll_shutdown(cx))?;
        if let Some(tap) = tap {
            tap.tell(held.as_ref(), Direction::Sent, RecordKind::Finished, Bytes::new());
        }
        Poll::Ready(Ok(()))
    }
}
