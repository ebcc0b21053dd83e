//! The handles that fill a [`Body`] from a network task and from the thread that decodes it, and
//! the thread that writes what does not fit in memory to temporary files.
//!
//! When the writer is dropped the message is complete, however it ended. Bytes for the disk go
//! through one bounded queue, so a slow disk makes the network wait (TCP pushes back) and never an
//! executor thread.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::message::Body;
use super::table_rows::TableRows;
use super::thread::on_thread;
use crate::model::id::BodyId;
use crate::model::view::ViewPart;

/// Jobs on their way to the disk, each at most one read of a socket (256 KiB): 4 MiB.
const WRITES: usize = 16;

/// The way to the thread that may block on the disk; clones lead to the same one, which ends with
/// the last of them.
#[derive(Debug, Clone)]
pub(super) struct Disk(mpsc::Sender<Box<dyn FnOnce() + Send>>);

impl Disk {
    /// When the system refuses a thread, bodies that need it are cut.
    pub(super) fn start() -> Self {
        let (jobs, mut queue) = mpsc::channel::<Box<dyn FnOnce() + Send>>(WRITES);
        on_thread("body-disk", move || {
            while let Some(job) = queue.blocking_recv() {
                job();
            }
        });
        Disk(jobs)
    }

    /// Drops bodies away from the network, or here when the queue is full.
    pub(super) fn discard(&self, bodies: Vec<Arc<Body>>) {
        let _ = self.0.try_send(Box::new(move || drop(bodies)));
    }
}

/// Fills one [`Body`] from a network task. Dropping it completes the message.
#[derive(Debug)]
pub(crate) struct BodyWriter {
    body: Arc<Body>,
    disk: Disk,
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

    /// Keeps a whole message, or what it begins with, without a copy; nothing else lies in its memory.
    pub(crate) async fn whole(&self, bytes: Bytes) -> Result<(), Arc<str>> {
        if self.body.spool(ViewPart::Raw).share(&bytes) {
            self.body.grew();
            return Ok(());
        }
        self.wire(bytes).await
    }

    /// Appends bytes of the decoded body; only after [`BodyWriter::separate`].
    pub(crate) async fn decoded(&self, bytes: Bytes) -> Result<(), Arc<str>> {
        self.append(ViewPart::Decoded, bytes).await
    }

    async fn append(&self, part: ViewPart, mut bytes: Bytes) -> Result<(), Arc<str>> {
        let spool = self.body.spool(part);
        let rest = bytes.split_off(spool.keep_in_memory(&bytes));
        if !bytes.is_empty() {
            self.body.grew();
        }
        if !rest.is_empty() {
            // Promised only once there is a place for them: a cancelled wait leaves no gap.
            match self.disk.0.reserve().await {
                Ok(place) => {
                    spool.promise(rest.len());
                    let body = Arc::clone(&self.body);
                    place.send(Box::new(move || {
                        body.spool(part).write_file(&rest);
                        body.grew();
                    }));
                }
                Err(_) => spool.give_up("the thread that writes bodies to disk is gone"),
            }
        }
        spool.outcome()
    }

    /// Bytes of the wire handed over so far.
    pub(crate) fn wire_len(&self) -> u64 {
        self.body.spool(ViewPart::Raw).accepted()
    }

    /// The head is over: the body begins at this byte of the wire, which is also where its decoded
    /// bytes are unless [`BodyWriter::separate`] says otherwise.
    pub(crate) fn body_starts(&self, at: u64) {
        self.body.start.store(at, Ordering::Release);
    }

    /// The decoded bytes are handed over on their own.
    pub(crate) fn separate(&self) {
        self.body.separate();
    }

    /// The body is over; what follows on the wire belongs to nobody.
    pub(crate) fn body_ends(&self) {
        self.body.end.store(self.wire_len(), Ordering::Release);
    }

    /// The body ends at this byte of the wire.
    pub(super) fn body_ends_at(&self, at: u64) {
        self.body.end.store(at, Ordering::Release);
    }

    /// Appends to a part from a thread that may block. Fails, in words, when the bytes cannot be kept.
    pub(super) fn take_blocking(&self, part: ViewPart, bytes: &[u8]) -> Result<(), Arc<str>> {
        self.body.spool(part).append_blocking(bytes)
    }

    /// Appends to the decoded body from a thread that may block. Fails, in words, when the bytes
    /// cannot be kept.
    pub(crate) fn decoded_sink(&self) -> impl Fn(&[u8]) -> Result<(), Arc<str>> + use<> {
        let body = Arc::clone(&self.body);
        move |bytes| {
            let outcome = body.spool(ViewPart::Decoded).append_blocking(bytes);
            body.grew();
            outcome
        }
    }

    /// What is known of its rows; it is a table from here on.
    pub(super) fn table_rows(&self, begin: impl FnOnce() -> TableRows) -> &TableRows {
        self.body.rows.get_or_init(|| Box::new(begin()))
    }

    /// Why bytes are missing from what is kept, in words.
    fn kept(&self) -> Result<(), Arc<str>> {
        let outcome = |part| self.body.spool(part).outcome();
        outcome(ViewPart::Raw).and_then(|()| outcome(ViewPart::Decoded))
    }

    /// Waits until every byte is readable and completes the message; fails, in words, when bytes are
    /// missing.
    pub(crate) async fn finish(self) -> Result<(), Arc<str>> {
        if !self.body.is_flushed() {
            let (done, written) = oneshot::channel();
            let job = Box::new(move || {
                let _ = done.send(());
            });
            if self.disk.0.send(job).await.is_ok() {
                let _ = written.await;
            }
        }
        self.kept()
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        self.body.complete();
    }
}
