//! Reading and writing a socket, and telling the timeline what crossed it.
//!
//! A message may be gigabytes long and is kept whole by the body store, so the timeline gets only
//! the first `RECORD_KEEPS` bytes of it; later records carry their true length and no bytes. All of
//! it goes to a shell that writes it to a file.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::engine::sink::{Sink, StampGuard};
use crate::model::fault::FaultMarks;
use crate::model::id::ConnId;

/// First size of a read: a head and a small body.
const READ_MIN: usize = 16 * 1024;
/// Largest read: more does not make the loopback faster.
const READ_MAX: usize = 256 * 1024;

/// Records the bytes of one direction of a connection.
#[derive(Clone)]
pub(crate) struct Tap {
    events: Sink,
    conn: ConnId,
    /// Bytes of this message that are in records already.
    kept: usize,
    /// What touched this message.
    touched: FaultMarks,
    /// Where what is written leaves later, who tells of it.
    later: Option<Arc<ToldLater>>,
}

/// What is written waits for faults, and is told when it leaves.
#[derive(Debug, Default)]
pub(crate) struct ToldLater {
    is_so: AtomicBool,
    touched: Mutex<FaultMarks>,
}

impl ToldLater {
    /// From now on it is so.
    pub(crate) fn begin(&self) {
        self.is_so.store(true, Ordering::Release);
    }

    /// What touched the message that is written.
    pub(crate) fn touched(&self) -> FaultMarks {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, FaultMarks> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap {
    /// For one connection and one direction, at the start of a message.
    pub(crate) fn new(events: Sink, conn: ConnId) -> Self {
        Tap { events, conn, kept: 0, touched: FaultMarks::default(), later: None }
    }

    /// The same, for where what is written may leave later.
    pub(crate) fn told_later(self, later: &Arc<ToldLater>) -> Self {
        Tap { later: Some(Arc::clone(later)), ..self }
    }

    /// A new message begins: its first bytes are recorded again.
    pub(crate) fn next_message(&mut self) {
        self.kept = 0;
        self.set_touched(FaultMarks::default());
    }

    /// What is written of this message from now on was touched by this.
    pub(crate) fn touch(&mut self, marks: FaultMarks) {
        self.set_touched(self.touched.with(marks));
    }

    fn set_touched(&mut self, marks: FaultMarks) {
        self.touched = marks;
        if let Some(later) = &self.later {
            *later.lock() = marks;
        }
    }

    /// Waits until the shell has kept up; before every read and write.
    pub(crate) async fn ready(&self) {
        self.events.ready().await;
    }

    /// These bytes were received just now.
    pub(crate) fn received(&mut self, bytes: &Bytes) {
        let data = self.keep(bytes);
        self.events.received(self.conn, data, bytes.len() as u64);
    }

    /// The same of bytes that faults touch.
    pub(crate) fn received_touched(&mut self, bytes: &Bytes, faults: FaultMarks) {
        let data = self.keep(bytes);
        self.events.received_changed((self.conn, faults), data, bytes.len() as u64);
    }

    /// These bytes left at that stamp.
    pub(crate) fn left(&mut self, held: StampGuard, bytes: &Bytes, faults: FaultMarks) {
        let data = self.keep(bytes);
        self.events.sent_changed(held, (self.conn, faults), data, bytes.len() as u64);
    }

    /// Writes some of the bytes, takes them off the front and returns them.
    pub(crate) async fn write(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        bytes: &mut Bytes,
    ) -> io::Result<Bytes> {
        self.ready().await;
        let (count, held) = self.events.timed(to.write(bytes)).await;
        let sent = match count? {
            0 => return Err(io::ErrorKind::BrokenPipe.into()),
            count => bytes.split_to(count),
        };
        if !self.later.as_ref().is_some_and(|later| later.is_so.load(Ordering::Acquire)) {
            self.left(held, &sent, self.touched);
        }
        Ok(sent)
    }

    fn keep(&mut self, bytes: &Bytes) -> Bytes {
        let room = self.events.keeps().saturating_sub(self.kept);
        let data = bytes.slice(..room.min(bytes.len()));
        self.kept += data.len();
        data
    }
}

/// Reads in sizes that follow the traffic.
#[derive(Debug)]
pub(crate) struct ReadBuffer {
    buffer: BytesMut,
    size: usize,
}

impl ReadBuffer {
    /// Empty; the first read takes up to 16 KiB.
    pub(crate) fn new() -> Self {
        ReadBuffer { buffer: BytesMut::new(), size: READ_MIN }
    }

    /// The next bytes; empty = the peer finished sending. Safe to cancel.
    pub(crate) async fn read(&mut self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
        self.buffer.reserve(self.size);
        let count = loop {
            match from.read_buf(&mut self.buffer).await {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        // What is kept for long must not hold on to a buffer that is mostly empty.
        if count < self.size / 2 {
            let bytes = Bytes::copy_from_slice(&self.buffer);
            self.buffer.clear();
            return Ok(bytes);
        }
        self.size = self.size.saturating_mul(4).min(READ_MAX);
        Ok(self.buffer.split().freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_grow_with_the_traffic_and_lose_nothing() {
        let all: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 253) as u8).collect();
        let mut from = &all[..];
        let (mut buffer, mut read, mut longest) = (ReadBuffer::new(), Vec::new(), 0);
        loop {
            let bytes = buffer.read(&mut from).await.unwrap();
            if bytes.is_empty() {
                break;
            }
            longest = longest.max(bytes.len());
            read.extend_from_slice(&bytes);
        }
        assert!(read == all);
        assert!(longest >= READ_MAX, "{longest}");
    }
}
