//! `Body`: what is kept of one message, and the handle that fills it.
//!
//! ```text
//!   wire     HEAD | framed body            exactly as it crossed the socket
//!   decoded         body                   only when framing or coding make it differ
//! ```
//!
//! Without a spool of its own the decoded body is the window `start..end` of the wire. One
//! [`BodyWriter`] fills it from a network task; when that is dropped the message is complete,
//! however it ended.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::disk::Disk;
use super::spool::{Spool, Usage};
use super::viewer::ViewQueue;
use crate::model::id::BodyId;
use crate::model::view::ViewPart;

const UNKNOWN: u64 = u64::MAX;

/// What is kept of one message.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) id: BodyId,
    wire: Spool,
    decoded: OnceLock<Box<Spool>>,
    /// Window of the body on the wire; `UNKNOWN` until the head is parsed or the end was seen.
    start: AtomicU64,
    end: AtomicU64,
    finished: AtomicBool,
    /// Somebody looks at it: the viewer wants to know when it grows.
    pub(super) watched: AtomicBool,
    bell: Arc<ViewQueue>,
    usage: Arc<Usage>,
}

impl Body {
    pub(super) fn new(id: BodyId, usage: Arc<Usage>, bell: Arc<ViewQueue>) -> Self {
        Body {
            id,
            wire: Spool::new(Arc::clone(&usage)),
            decoded: OnceLock::new(),
            start: AtomicU64::new(UNKNOWN),
            end: AtomicU64::new(UNKNOWN),
            finished: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            bell,
            usage,
        }
    }

    fn spool(&self, part: ViewPart) -> &Spool {
        match part {
            ViewPart::Raw => &self.wire,
            ViewPart::Decoded => self.decoded.get().map_or(&self.wire, |spool| spool),
        }
    }

    /// The window of [`Body::spool`] that is the part.
    fn window(&self, part: ViewPart) -> (u64, u64) {
        let len = self.spool(part).len();
        if part == ViewPart::Raw || self.decoded.get().is_some() {
            return (0, len);
        }
        let start = self.start.load(Ordering::Acquire).min(len);
        (start, self.end.load(Ordering::Acquire).clamp(start, len))
    }

    /// Bytes of the part that can be read now.
    pub(super) fn len(&self, part: ViewPart) -> u64 {
        let (start, end) = self.window(part);
        end - start
    }

    /// Nothing will be added to the part.
    pub(super) fn is_complete(&self, part: ViewPart) -> bool {
        self.finished.load(Ordering::Acquire) && self.spool(part).is_flushed()
    }

    /// Every byte of every part is in place.
    pub(super) fn is_settled(&self) -> bool {
        self.is_complete(ViewPart::Raw) && self.is_complete(ViewPart::Decoded)
    }

    /// Why not everything could be kept.
    pub(super) fn failure(&self, part: ViewPart) -> Option<&str> {
        self.spool(part).failure()
    }

    /// Fills `buf` from `offset` of the part; returns how many bytes there were.
    pub(super) fn read_at(&self, part: ViewPart, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let (start, end) = self.window(part);
        let readable = (end - start).saturating_sub(at).min(buf.len() as u64);
        let buf = buf.get_mut(..readable as usize).unwrap_or_default();
        self.spool(part).read_at(start.saturating_add(at), buf)
    }

    /// Up to `count` bytes from `offset` of the part.
    pub(super) fn read(&self, part: ViewPart, at: u64, count: usize) -> io::Result<Vec<u8>> {
        let readable = self.len(part).saturating_sub(at).min(count as u64);
        let mut buf = vec![0; readable as usize];
        let done = self.read_at(part, at, &mut buf)?;
        buf.truncate(done);
        Ok(buf)
    }

    /// Writes bytes that were promised to the file of a part; blocks on the disk.
    pub(super) fn write_file(&self, part: ViewPart, bytes: &[u8]) {
        self.spool(part).write_file(bytes);
        self.grew();
    }

    /// Announces bytes for [`Body::write_file`].
    pub(super) fn promise(&self, part: ViewPart, count: usize) {
        self.spool(part).promise(count);
    }

    /// Keeps nothing more of a part, for this reason.
    pub(super) fn give_up(&self, part: ViewPart, why: &str) {
        self.spool(part).give_up(why);
    }

    fn grew(&self) {
        if self.watched.load(Ordering::Acquire) {
            self.bell.ring();
        }
    }
}

/// Fills one [`Body`] from a network task. Dropping it completes the message.
#[derive(Debug)]
pub(crate) struct BodyWriter {
    body: Arc<Body>,
    disk: Disk,
}

/// Where the decoded body is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecodedBytes {
    /// They are the wire's bytes after the head.
    OnTheWire,
    /// They are handed over on their own.
    Separate,
}

impl BodyWriter {
    pub(super) fn new(body: Arc<Body>, disk: Disk) -> Self {
        BodyWriter { body, disk }
    }

    /// The name under which the message can be viewed.
    pub(crate) fn id(&self) -> BodyId {
        self.body.id
    }

    /// Appends bytes as they crossed the wire; waits when the disk is behind. Fails, in words,
    /// when they cannot be kept.
    pub(crate) async fn wire(&self, bytes: Bytes) -> Result<(), Arc<str>> {
        self.append(ViewPart::Raw, bytes).await
    }

    /// Appends bytes of the decoded body; only after [`DecodedBytes::Separate`].
    pub(crate) async fn decoded(&self, bytes: Bytes) -> Result<(), Arc<str>> {
        self.append(ViewPart::Decoded, bytes).await
    }

    async fn append(&self, part: ViewPart, bytes: Bytes) -> Result<(), Arc<str>> {
        let spool = self.body.spool(part);
        let kept = spool.keep_in_memory(&bytes);
        if kept > 0 {
            self.body.grew();
        }
        if kept < bytes.len() {
            self.disk.append(&self.body, part, bytes.slice(kept..)).await;
        }
        spool.failure().map_or(Ok(()), |why| Err(why.into()))
    }

    /// The head is over: the body begins at this byte of the wire.
    pub(crate) fn body_starts(&self, at: u64, decoded: DecodedBytes) {
        self.body.start.store(at, Ordering::Release);
        if decoded == DecodedBytes::Separate {
            self.body.decoded.get_or_init(|| Box::new(Spool::new(Arc::clone(&self.body.usage))));
        }
    }

    /// The body ends before this byte of the wire; what follows belongs to nobody.
    pub(crate) fn body_ends(&self, at: u64) {
        self.body.end.store(at, Ordering::Release);
    }

    /// A second handle for a blocking thread that decodes the body.
    pub(crate) fn decoded_sink(&self) -> DecodedSink {
        DecodedSink(Arc::clone(&self.body))
    }

    /// Waits until every byte is readable and completes the message.
    pub(crate) async fn finish(self) -> BodyId {
        if !(self.body.wire.is_flushed()
            && self.body.decoded.get().is_none_or(|spool| spool.is_flushed()))
        {
            self.disk.flush().await;
        }
        self.body.id
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        self.body.wire.shrink();
        if let Some(decoded) = self.body.decoded.get() {
            decoded.shrink();
        }
        self.body.finished.store(true, Ordering::Release);
        self.body.grew();
    }
}

/// Appends to the decoded body from a thread that may block.
#[derive(Debug)]
pub(crate) struct DecodedSink(Arc<Body>);

impl DecodedSink {
    /// Appends; blocks on the disk. Fails, in words, when the bytes cannot be kept.
    pub(crate) fn append(&self, bytes: &[u8]) -> Result<(), Arc<str>> {
        let outcome = self.0.spool(ViewPart::Decoded).append_blocking(bytes);
        self.0.grew();
        outcome
    }
}
