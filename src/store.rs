//! Everything on disk: workspace, history, drafts, configuration.
//!
//! A few threads (`worker.rs`) take [`job::Job`]s from bounded queues and answer each with one
//! [`job::Reply`]. All file writing goes through `atomic::write`, so every save is whole or not
//! at all. Nothing here is needed to run: where the disk says no, the reply says why.

mod answers;
pub(crate) mod atomic;
pub mod authority;
mod captured;
mod colors;
pub mod command_trust;
mod cookies;
mod environment;
mod environment_files;
mod folders;
mod given_answers;
mod history;
mod import_files;
mod imports;
mod inside;
pub mod job;
pub(crate) mod keymap;
mod lock;
mod order_text;
pub mod paths;
pub mod preset;
mod preset_edits;
mod preset_files;
pub(crate) mod private;
mod project;
mod restore;
pub mod starter;
mod themes;
mod toml_string;
mod watch;
mod worker;
mod workspace;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::model::failure::Failure;
use job::{Job, Reply, Restore};
use paths::Paths;
use worker::Worker;

pub use answers::tidy_answers;
pub(crate) use atomic::make_folders as make_private_folder;
pub(crate) use captured::read_capture;
pub(crate) use cookies::change as change_cookies;
pub use history::append_once as append_history;
pub(crate) use import_files::{broken as broken_import, read as read_import, trees as read_trees};
pub(crate) use imports::take_in as take_import;
pub use job::ImportChoice;
pub(crate) use preset_edits::perform as change_presets;
pub use workspace::scan as read_workspace;

/// Jobs that may wait in each lane. A key press makes one or two; a full queue is told, not waited
/// for.
pub(crate) const JOB_QUEUE: usize = 64;
/// Replies that may wait for the application; the lanes wait when it is full.
pub(crate) const REPLY_QUEUE: usize = 64;

/// Starts the store.
pub struct Store;

/// Hands jobs to the store. Clones share its threads, which end when the last is gone.
#[derive(Clone)]
pub struct StoreHandle {
    worker: Arc<Worker>,
    second_places: Arc<[PathBuf]>,
}

impl Store {
    /// Starts the threads. Touches no disk itself, so it never delays the start.
    #[must_use]
    pub fn start(paths: Paths) -> (StoreHandle, mpsc::Receiver<Reply>) {
        let (replies, receiver) = mpsc::channel(REPLY_QUEUE);
        let second_places = paths.second_places.clone().into();
        let worker = Arc::new(Worker::start(paths, replies, JOB_QUEUE));
        (StoreHandle { worker, second_places }, receiver)
    }
}

impl StoreHandle {
    /// Queues a job without waiting.
    ///
    /// # Errors
    /// When the queue of its lane is full (`Busy`) or the thread is gone.
    pub fn submit(&self, job: Job) -> Result<(), Failure> {
        self.worker.submit(job)
    }

    /// Writes drafts that cannot be kept where they belong into the first of the second places that
    /// takes them, from where the next start in this workspace fetches them.
    ///
    /// # Errors
    /// Says what stood in the way at the last of them.
    pub(crate) fn rescue(&self, restore: &Restore) -> Result<PathBuf, Failure> {
        restore::rescue(&self.second_places, &self.worker.workspace(), restore)
    }

    /// Finishes every queued job and ends the threads; replies that nobody takes are dropped.
    /// Blocks for `limit` at most. Reading is not waited for.
    ///
    /// # Errors
    /// Names what is not written when the time is over.
    pub fn shutdown(&self, limit: Duration) -> Result<(), Failure> {
        self.worker.stop();
        self.worker.wait(limit)
    }
}

#[cfg(test)]
mod store_tests;
