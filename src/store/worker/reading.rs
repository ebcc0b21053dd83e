//! The lane that reads the workspace: when asked, and when others changed it.
//!
//! ```text
//! watcher ─► flag, wake-up ─► 100 ms later: read anew, reply only when something differs
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::known::{Known, Wanted};
use super::lane::{Outbox, Waker, Work, not_ours};
use crate::model::failure::Failure;
use crate::store::job::{Job, Reply};
use crate::store::watch::FolderWatch;
use crate::store::{starter, workspace};

/// From the first change on disk to reading it: editors write a file in several steps.
const SETTLE: Duration = Duration::from_millis(100);

/// What the lane owns: the watch on the workspace.
pub(super) struct Reading {
    known: Arc<Known>,
    /// Somebody changed the workspace on disk.
    changed: Arc<AtomicBool>,
    waker: Option<Waker>,
    /// While there is a folder.
    watch: Option<FolderWatch>,
    /// When to read the workspace because something changed.
    due: Option<Instant>,
    /// How long the last reading took: where others write all the time, the next one waits as long.
    took: Duration,
}

impl Reading {
    /// Reads nothing yet.
    pub(super) fn new(known: Arc<Known>) -> Self {
        let took = Duration::ZERO;
        Reading { known, changed: Arc::default(), waker: None, watch: None, due: None, took }
    }

    /// Reads the workspace and watches it from now on.
    fn scan(&mut self, unasked: bool, outbox: &Outbox) {
        self.due = None;
        let (root, started) = (self.known.root(), Instant::now());
        self.known.begin_reading();
        // Watching a folder begins before reading it, so no change falls between.
        let mut watch = self.new_watch();
        let mut found = workspace::scan_visiting(&root, &mut |path| watch.add(path));
        if found.environments.iter().any(|environment| !environment.secrets.is_empty()) {
            found.problems.extend(starter::protect_secrets(&root).err());
        }
        found.problems.extend(watch.trouble(&root));
        self.watch = (!found.is_starter).then_some(watch);
        self.took = started.elapsed();
        let tell = |found| outbox.send(Reply::Workspace(Box::new(found)));
        self.known.read(found, unasked, tell);
    }

    fn new_watch(&self) -> FolderWatch {
        let (changed, waker) = (Arc::clone(&self.changed), self.waker.clone());
        FolderWatch::start(move || {
            // Only the first of many changes wakes.
            if !changed.swap(true, Ordering::AcqRel)
                && let Some(waker) = &waker
            {
                waker.wake();
            }
        })
    }

    /// Something changed on disk: tells the application unless it knows already.
    fn reread(&mut self, outbox: &Outbox) {
        self.due = None;
        let Some(is_starter) = self.known.is_starter() else { return };
        // It came into being, or went away as a whole.
        let lost = is_starter == self.known.root().is_dir();
        self.scan(!lost, outbox);
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
        self.scan(false, outbox);
        Ok(())
    }

    fn turn(&mut self, outbox: &Outbox) {
        match self.known.take_wanted() {
            Wanted::Nothing => {}
            Wanted::Look => self.changed.store(true, Ordering::Release),
            Wanted::Load => self.scan(false, outbox),
        }
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.reread(outbox);
        }
        if self.changed.swap(false, Ordering::AcqRel) && self.due.is_none() {
            self.due = Some(Instant::now() + SETTLE.max(self.took));
        }
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }
}
