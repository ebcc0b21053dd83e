//! Everything on disk: workspace, history, drafts, configuration.
//!
//! A worker thread takes [`job::Job`]s from a bounded queue and answers each with one
//! [`job::Reply`]. All file writing goes through [`atomic::write`], so every save is whole or not
//! at all. Nothing here is needed to run: where the disk says no, the reply says why.

pub mod atomic;
pub mod authority;
mod environment;
mod history;
mod inside;
pub mod job;
pub mod keymap;
mod lock;
pub mod paths;
pub mod preset;
mod preset_files;
mod restore;
pub mod starter;
mod strict_toml;
mod toml_string;
mod watch;
mod worker;
mod workspace;

#[cfg(debug_assertions)]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::model::failure::{Failure, FailureKind};
use atomic::refusal;
use job::{Job, Reply};
use paths::Paths;
use worker::{Worker, WorkerFlags, WorkerOrder};

pub use workspace::scan as read_workspace;

/// Jobs that may wait. A key press makes one or two; a full queue is told, not waited for.
pub const JOB_QUEUE: usize = 64;
/// Room for orders that are no jobs: the watcher's and the one to stop.
const WAKE_UPS: usize = 3;
/// Replies that may wait for the application; the worker waits when it is full.
pub const REPLY_QUEUE: usize = 64;

/// Raised by a test of a debug build: saving a preset panics.
#[cfg(debug_assertions)]
pub static TEST_PANIC: AtomicBool = AtomicBool::new(false);

/// Starts the store.
pub struct Store;

/// Hands jobs to the worker. Clones share the worker.
#[derive(Clone)]
pub struct StoreHandle {
    worker: Arc<WorkerLink>,
}

/// What all clones of a handle share; the worker ends when the last is gone.
struct WorkerLink {
    orders: SyncSender<WorkerOrder>,
    signals: Arc<WorkerFlags>,
    /// Closed when the worker has ended, also by a panic.
    ended: Mutex<Receiver<()>>,
}

impl WorkerLink {
    fn stop(&self) {
        self.signals.stopping.store(true, Ordering::Release);
        // The queue may be full; the worker looks at the signal after every job as well.
        let _ = self.orders.try_send(WorkerOrder::Wake);
    }
}

impl Drop for WorkerLink {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Store {
    /// Starts the worker thread. Touches no disk itself, so it never delays the start.
    #[must_use]
    pub fn start(paths: Paths) -> (StoreHandle, mpsc::Receiver<Reply>) {
        let (orders, queue) = sync_channel(JOB_QUEUE + WAKE_UPS);
        let (replies, receiver) = mpsc::channel(REPLY_QUEUE);
        let signals = Arc::new(WorkerFlags::default());
        let worker = Worker::new(paths, replies, orders.clone(), Arc::clone(&signals));
        let (end, ended) = sync_channel(0);
        let run = move || {
            worker.run(&queue);
            drop(end);
        };
        // Without a thread the queue is dropped here and every submit says so.
        let _ = std::thread::Builder::new().name("store".into()).spawn(run);
        let worker = WorkerLink { orders, signals, ended: Mutex::new(ended) };
        (StoreHandle { worker: Arc::new(worker) }, receiver)
    }
}

impl StoreHandle {
    /// Queues a job without waiting.
    ///
    /// # Errors
    /// When the queue is full (`Busy`) or the worker is gone.
    pub fn submit(&self, job: Job) -> Result<(), Failure> {
        let target = job.name();
        self.worker.orders.try_send(WorkerOrder::Job(Box::new(job))).map_err(|error| match error {
            TrySendError::Full(_) => {
                let cause = "the disk is slow and too much is waiting for it";
                refusal(target, FailureKind::Busy, cause).hint("try again in a moment")
            }
            TrySendError::Disconnected(_) => {
                refusal(target, FailureKind::Internal, "the store has stopped")
            }
        })
    }

    /// Finishes every queued job and ends the worker; replies that nobody takes are dropped.
    /// Blocks for `limit` at most and tells whether everything was finished.
    pub fn shutdown(&self, limit: Duration) -> bool {
        self.worker.stop();
        let ended = self.worker.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.recv_timeout(limit) == Err(RecvTimeoutError::Disconnected)
    }
}

#[cfg(test)]
mod store_tests;
