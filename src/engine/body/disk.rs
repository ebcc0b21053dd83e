//! The thread that writes what does not fit in memory to temporary files.
//!
//! Network tasks hand over bytes through one bounded queue, so a slow disk makes the network wait
//! (TCP pushes back) and never an executor thread.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::message::Body;
use crate::model::view::ViewPart;

/// Writes on their way to the disk, each at most one read of a socket (256 KiB): 4 MiB.
const WRITES: usize = 16;

enum DiskJob {
    Append {
        body: Arc<Body>,
        part: ViewPart,
        bytes: Bytes,
    },
    /// Nobody needs these any more.
    Discard(Vec<Arc<Body>>),
    /// Answered when everything handed over before is written.
    Flush(oneshot::Sender<()>),
}

/// The way to the thread; clones lead to the same one. It ends with the last clone.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    jobs: mpsc::Sender<DiskJob>,
}

impl Disk {
    /// When the system refuses a thread, that is logged and bodies that need it are cut.
    pub(super) fn start() -> Self {
        let (jobs, mut queue) = mpsc::channel(WRITES);
        let thread = thread::Builder::new().name("body-disk".into());
        let started = thread.spawn(move || {
            while let Some(job) = queue.blocking_recv() {
                match job {
                    DiskJob::Append { body, part, bytes } => body.write_file(part, &bytes),
                    DiskJob::Discard(bodies) => drop(bodies),
                    DiskJob::Flush(done) => {
                        let _ = done.send(());
                    }
                }
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "no thread for bodies on disk");
        }
        Disk { jobs }
    }

    /// Hands bytes over in order; waits while the queue is full.
    pub(super) async fn append(&self, body: &Arc<Body>, part: ViewPart, bytes: Bytes) {
        // Promised only once there is a place for them: a cancelled wait leaves no gap.
        match self.jobs.reserve().await {
            Ok(place) => {
                body.promise(part, bytes.len());
                place.send(DiskJob::Append { body: Arc::clone(body), part, bytes });
            }
            Err(_) => body.give_up(part, "the thread that writes bodies to disk is gone"),
        }
    }

    /// Drops bodies away from the network, or here when the queue is full.
    pub(super) fn discard(&self, bodies: Vec<Arc<Body>>) {
        let _ = self.jobs.try_send(DiskJob::Discard(bodies));
    }

    /// Waits until everything handed over before is written.
    pub(super) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.jobs.send(DiskJob::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}
