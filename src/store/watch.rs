//! Notices changes in the workspace folder made by others.
//!
//! The watcher's own thread only says that something changed; the lane that reads looks at the
//! folder a moment later and compares, so bursts cost one reading and our own writes no reply.
//! Watched is what the reading visits, each folder and linked file by itself: nothing is walked a
//! second time, and the bounds of the reading are those of the watch. Every reading begins a new
//! watch, because a name may stand for another folder than before.

use std::path::Path;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::atomic;
use crate::model::failure::{Failure, FailureKind};

/// Watches until dropped.
pub(super) struct FolderWatch {
    watcher: Result<RecommendedWatcher, notify::Error>,
}

impl FolderWatch {
    /// Starts a watch that watches nothing yet; `changed` is called on a thread of its own.
    pub(super) fn start(changed: impl Fn() + Send + 'static) -> Self {
        let on_event = move |event: notify::Result<notify::Event>| {
            // An error may mean lost events (overflow), so it counts as a change.
            if event.is_ok_and(|event| !changes(event.kind)) {
                return;
            }
            changed();
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
