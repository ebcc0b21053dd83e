//! The handles that fill a [`Body`] from a network task and from the thread that decodes it. When
//! the writer is dropped the message is complete, however it ended.

use std::sync::Arc;

use bytes::Bytes;

use super::disk::Disk;
use super::message::Body;
use crate::model::id::BodyId;
use crate::model::view::ViewPart;

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
    /// The only writer of this body; a second one would mix up its bytes.
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

    /// Bytes of the wire handed over so far.
    pub(crate) fn wire_len(&self) -> u64 {
        self.body.spool(ViewPart::Raw).accepted()
    }

    /// The head is over: the body begins at this byte of the wire.
    pub(crate) fn body_starts(&self, at: u64, decoded: DecodedBytes) {
        self.body.starts(at);
        if decoded == DecodedBytes::Separate {
            self.body.separate();
        }
    }

    /// The body ends before this byte of the wire; what follows belongs to nobody.
    pub(crate) fn body_ends(&self, at: u64) {
        self.body.ends(at);
    }

    /// A second handle for a blocking thread that decodes the body.
    pub(crate) fn decoded_sink(&self) -> DecodedSink {
        DecodedSink(Arc::clone(&self.body))
    }

    /// Waits until every byte is readable and completes the message.
    pub(crate) async fn finish(self) -> BodyId {
        if !self.body.is_flushed() {
            self.disk.flush().await;
        }
        self.body.id
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        self.body.complete();
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
