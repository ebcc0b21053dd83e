//! Notices changes in the workspace folder made by others.
//!
//! The watcher's own thread only says that something changed; the lane that reads looks at the
//! folder a moment later and compares, so bursts cost one reading and our own writes no reply.

use std::path::Path;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::atomic;
use crate::model::failure::{Failure, FailureKind};

/// Watches until dropped.
pub(super) type FolderWatch = RecommendedWatcher;

/// Starts watching `root` and everything below; `changed` is called on a thread of its own.
pub(super) fn start(
    root: &Path,
    changed: impl Fn() + Send + 'static,
) -> Result<FolderWatch, Failure> {
    let on_event = move |event: notify::Result<notify::Event>| {
        // An error may mean lost events (overflow), so it counts as a change.
        if event.is_ok_and(|event| !changes(event.kind)) {
            return;
        }
        changed();
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
