//! Notices changes in the workspace folder made by others.
//!
//! The watcher's own thread only raises a flag and wakes the worker; the worker reads the folder
//! anew a moment later and compares, so bursts cost one reading and our own writes cost no reply.
//! Watched is what the reading visits, each folder and linked file by itself: nothing is walked a
//! second time, and the bounds of the reading are those of the watch. Every reading begins a new
//! watch, because a name may stand for another folder than before.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::atomic;
use super::worker::{WorkerFlags, WorkerOrder};
use crate::model::failure::{Failure, FailureKind};

/// Watches until dropped.
pub(super) struct FolderWatch {
    watcher: Result<RecommendedWatcher, notify::Error>,
}

impl FolderWatch {
    /// Starts a watch that watches nothing yet.
    pub(super) fn start(orders: SyncSender<WorkerOrder>, signals: Arc<WorkerFlags>) -> Self {
        let on_event = move |event: notify::Result<notify::Event>| {
            // An error may mean lost events (overflow), so it counts as a change.
            if event.is_ok_and(|event| !changes(event.kind)) {
                return;
            }
            // Only the first of many changes wakes, so at most two wake-ups stand in the queue.
            if !signals.changed.swap(true, Ordering::AcqRel) {
                // A full queue means that the worker is busy; it looks at the flag after every job.
                let _ = orders.try_send(WorkerOrder::Wake);
            }
        };
        FolderWatch { watcher: RecommendedWatcher::new(on_event, Config::default()) }
    }

    /// Watches a folder, without those below it, or a file.
    pub(super) fn add(&mut self, path: &Path) {
        let Ok(watcher) = &mut self.watcher else { return };
        match watcher.watch(path, RecursiveMode::NonRecursive) {
            // What is gone already is noticed by the folder it was in.
            Err(error) if !is_missing(&error) => self.watcher = Err(error),
            _ => {}
        }
    }

    /// Why changes of others are not noticed, or not all of them.
    pub(super) fn trouble(&self, root: &Path) -> Option<Failure> {
        self.watcher.as_ref().err().map(|error| {
            let cause = format!("changes made by others are not noticed: {error}");
            atomic::refusal(root, FailureKind::Io, cause)
                .hint("reload the workspace after editing files elsewhere")
        })
    }
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Our own reading opens and closes files; that is no change.
fn changes(kind: EventKind) -> bool {
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    !kind.is_access() || kind == written
}
