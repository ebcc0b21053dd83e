//! The lane that reads the workspace: when asked, and when others changed it.
//!
//! ```text
//! watcher ─► flag, wake-up ─► 100 ms later: read anew, reply only when something differs
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::known::{Known, Wanted};
use super::lane::{Outbox, Waker, Work, not_ours};
use crate::model::failure::Failure;
use crate::store::job::{Job, Reply, Workspace};
use crate::store::watch::{self, FolderWatch};
use crate::store::{starter, workspace};

/// From the first change on disk to reading it: editors write a file in several steps.
const SETTLE: Duration = Duration::from_millis(100);

/// What the lane owns: the watch on the workspace.
pub(super) struct Reading {
    root: PathBuf,
    known: Arc<Known>,
    /// Somebody changed the workspace on disk.
    changed: Arc<AtomicBool>,
    waker: Option<Waker>,
    /// While there is a folder; or why changes by others are not noticed.
    watch: Option<Result<FolderWatch, Failure>>,
    /// When to read the workspace because something changed.
    due: Option<Instant>,
}

impl Reading {
    /// Reads nothing yet.
    pub(super) fn new(root: PathBuf, known: Arc<Known>) -> Self {
        Reading { root, known, changed: Arc::default(), waker: None, watch: None, due: None }
    }

    /// Reads the workspace and watches it from now on.
    fn load(&mut self, outbox: &Outbox) {
        // Watching begins before reading, so no change falls between.
        self.watch = self.root.is_dir().then(|| self.watched());
        self.scan(false, outbox);
    }

    fn watched(&self) -> Result<FolderWatch, Failure> {
        let (changed, waker) = (Arc::clone(&self.changed), self.waker.clone());
        watch::start(&self.root, move || {
            // Only the first of many changes wakes.
            if !changed.swap(true, Ordering::AcqRel)
                && let Some(waker) = &waker
            {
                waker.wake();
            }
        })
    }

    fn scan(&mut self, unasked: bool, outbox: &Outbox) {
        self.due = None;
        self.known.begin_reading();
        let found = self.found();
        let tell = |found| outbox.send(Reply::Workspace(Box::new(found)));
        self.known.read(found, unasked, tell);
    }

    fn found(&self) -> Workspace {
        let mut found = workspace::scan(&self.root);
        if found.environments.iter().any(|environment| !environment.secrets.is_empty()) {
            found.problems.extend(starter::protect_secrets(&self.root).err());
        }
        if let Some(Err(blind)) = &self.watch {
            found.problems.push(blind.clone());
        }
        found
    }

    /// Something changed on disk: tells the application unless it knows already.
    fn reread(&mut self, outbox: &Outbox) {
        self.due = None;
        let Some(is_starter) = self.known.is_starter() else { return };
        // It came into being, or went away as a whole.
        if is_starter == self.root.is_dir() {
            self.load(outbox);
        } else {
            self.scan(true, outbox);
        }
    }
}

impl Work for Reading {
    fn begin(&mut self, waker: Waker) {
        self.known.set_reader(waker.clone());
        self.waker = Some(waker);
    }

    fn perform(&mut self, job: Job, outbox: &Outbox) -> Result<(), Failure> {
        if job != Job::LoadWorkspace {
            return Err(not_ours(&job));
        }
        self.load(outbox);
        Ok(())
    }

    fn turn(&mut self, outbox: &Outbox) {
        match self.known.take_wanted() {
            Wanted::Nothing => {}
            Wanted::Look => self.changed.store(true, Ordering::Release),
            Wanted::Load => self.load(outbox),
        }
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.reread(outbox);
        }
        if self.changed.swap(false, Ordering::AcqRel) && self.due.is_none() {
            self.due = Some(Instant::now() + SETTLE);
        }
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }
}
