//! Notices changes in the workspace folder made by others.
//!
//! The watcher's own thread only raises a flag and wakes the worker; the worker reads the folder
//! anew a moment later and compares, so bursts cost one reading and our own writes cost no reply.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::atomic;
use super::worker::{WorkerFlags, WorkerOrder};
use crate::model::failure::{Failure, FailureKind};

/// Watches until dropped.
pub(super) type FolderWatch = RecommendedWatcher;

/// Starts watching `root` and everything below.
pub(super) fn start(
    root: &Path,
    orders: SyncSender<WorkerOrder>,
    signals: Arc<WorkerFlags>,
) -> Result<FolderWatch, Failure> {
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
    let watching = notify::recommended_watcher(on_event).and_then(|mut watcher| {
        watcher.watch(root, RecursiveMode::Recursive)?;
        Ok(watcher)
    });
    watching.map_err(|error| {
        let cause = format!("changes made by others are not noticed: {error}");
        atomic::refusal(root, FailureKind::Io, cause)
            .hint("reload the workspace after editing files elsewhere")
    })
}

/// Our own reading opens and closes files; that is no change.
fn changes(kind: EventKind) -> bool {
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    !kind.is_access() || kind == written
}
