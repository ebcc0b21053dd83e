//! The lane that reads the workspace: when asked, and when others changed it.
//!
//! ```text
//! watcher ─► flag, wake-up ─► 100 ms later: read anew, reply only when something differs
//! ```
//! Where something could not be read or watched, it is looked at again after a while; so are the
//! folders and the mounts, because nobody tells when something is mounted in the place of a folder or of
//! a file.

use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::known_workspace::{KnownWorkspace, Wanted};
use super::lane::{ReplySender, Waker, Work, not_ours, noting};
use crate::model::color_rule::ColorRule;
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::PresetPath;
use crate::model::theme::StoredTheme;
use crate::os;
use crate::store::job::{Job, Reply, Workspace};
use crate::store::watch::{FolderIdentity, FolderWatch};
use crate::store::workspace::{ReadBefore, ReadVersions, Scan};
use crate::store::{colors, paths, private, starter, themes, workspace};

/// From the first change on disk to reading it: editors write a file in several steps.
const SETTLE: Duration = Duration::from_millis(100);
/// From a reading with a trouble that may pass unnoticed to the next.
const AGAIN: Duration = Duration::from_secs(5);
/// From one look at where the folders are to the next.
const LOOK: Duration = Duration::from_secs(2);
/// From one part of what is read to the next: each makes the list on the screen anew.
const PART: Duration = Duration::from_millis(100);
/// Such looks take this part of the time at most.
const SHARE: u32 = 20;

/// What the lane owns: the watch on the workspace.
pub(super) struct Reading {
    known: Arc<KnownWorkspace>,
    /// Somebody changed the workspace on disk.
    changed: Arc<AtomicBool>,
    waker: Option<Waker>,
    /// Once it was read.
    watch: Option<FolderWatch>,
    /// When to read the workspace because something changed, or may have.
    due: Option<Instant>,
    /// When to look whether the folders are still where they were.
    look: Option<Instant>,
    /// What was mounted where at the last reading, where the system tells.
    mounts: Option<Vec<u8>>,
    /// The folder in which something was found last.
    stood: Option<FolderIdentity>,
    /// What was read of which presets.
    versions: ReadVersions,
    /// How long the last reading took: where others write all the time, the next one waits as long.
    took: Duration,
    /// What was said about private files last.
    said: Vec<String>,
    /// The folder of the user's themes and colours.
    config: PathBuf,
    /// Those told last.
    themes: Vec<StoredTheme>,
    colors: Result<Vec<ColorRule>, Failure>,
}

impl Reading {
    /// Reads nothing yet.
    pub(super) fn new(known: Arc<KnownWorkspace>, config: PathBuf) -> Self {
        Reading {
            known,
            changed: Arc::default(),
            waker: None,
            watch: None,
            due: None,
            look: None,
            mounts: None,
            stood: None,
            versions: ReadVersions::default(),
            took: Duration::ZERO,
            said: Vec::new(),
            config,
            themes: Vec::new(),
            colors: Ok(Vec::new()),
        }
    }

    /// Looks whether folders and files are still where they were.
    fn look(&mut self) {
        let started = Instant::now();
        let is_elsewhere = self.watch.as_ref().is_some_and(FolderWatch::is_elsewhere);
        if is_elsewhere || os::mounts() != self.mounts {
            self.changed.store(true, Ordering::Release);
        }
        self.look = Some(again(LOOK, started.elapsed()));
    }

    /// Reads the workspace and watches it from now on.
    fn scan(&mut self, unasked: bool, outbox: &ReplySender) {
        self.due = None;
        let (root, started) = (self.known.root(), Instant::now());
        let identity = FolderIdentity::of(&root);
        // First, so that one which comes between is looked at again.
        self.mounts = os::mounts();
        let mended = private::mend_secrets(&root);
        if mended != self.said && !mended.is_empty() {
            outbox.send(Reply::Mended(mended.clone()));
        }
        self.said = mended;
        self.known.begin_reading();
        // Watching a folder begins before reading it, so no change falls between.
        let mut watch = FolderWatch::start(noting(&self.changed, self.waker.as_ref()));
        self.tell_themes(&mut watch, outbox);
        let (last, mut parts) = (mem::take(&mut self.versions), PartTeller::new(outbox));
        let is_first = self.known.is_starter().is_none();
        let known = |path: &PresetPath, file: &str| {
            let is_same = self.watch.as_ref().is_some_and(|watch| !watch.has_told_of(file));
            is_same.then(|| self.known.stored(path)).flatten()
        };
        let mut scan = Scan {
            visit: &mut |watched| watch.add(watched),
            so_far: &mut |found| {
                if is_first {
                    parts.tell(found);
                }
            },
            before: ReadBefore { last: &last, now: ReadVersions::default(), known: &known },
        };
        let found = workspace::scan_visiting(&root, &mut scan);
        self.versions = scan.before.now;
        let mut found = match found {
            Ok(Some(mut found)) => {
                let is_another = identity != self.stood && self.known.is_starter() == Some(false);
                if found.is_empty() && is_another && self.stood.is_some() {
                    found.problems.push(workspace::emptied(&root));
                } else {
                    self.stood = identity;
                }
                found
            }
            Ok(None) if self.known.is_starter() == Some(false) => {
                workspace::without_presets(&root, workspace::gone(&root))
            }
            Ok(None) => starter::workspace(&root),
            Err(problem) => self.known.as_before(problem),
        };
        found.problems.extend(watch.trouble(&root));
        let is_unsure = may_pass(&found);
        if found.environments.iter().any(|environment| !environment.secrets.is_empty()) {
            found.problems.extend(starter::protect_secrets(&root).err());
        }
        self.watch = Some(watch);
        self.look = Some(Instant::now() + LOOK);
        self.took = started.elapsed();
        self.due = is_unsure.then(|| again(AGAIN, self.took));
        let tell = |found| outbox.send(Reply::Workspace(Box::new(found)));
        self.known.read(found, unasked, tell);
    }

    /// Reads the user's themes and colours and tells them if they changed.
    fn tell_themes(&mut self, watch: &mut FolderWatch, outbox: &ReplySender) {
        let found =
            themes::scan(&self.config.join(paths::THEMES), &mut |watched| watch.add(watched));
        if self.themes != found {
            self.themes.clone_from(&found);
            outbox.send(Reply::Themes(found));
        }
        let colors = colors::read(&self.config, &mut |watched| watch.add(watched));
        if self.colors != colors {
            self.colors.clone_from(&colors);
            outbox.send(Reply::Colors(colors));
        }
    }
}

/// Tells what a reading found so far: a screen of it at once, then the rest of it now and then.
struct PartTeller<'a> {
    outbox: &'a ReplySender,
    /// Presets that were told.
    told: usize,
    at: Option<Instant>,
}

impl<'a> PartTeller<'a> {
    fn new(outbox: &'a ReplySender) -> Self {
        PartTeller { outbox, told: 0, at: None }
    }

    fn tell(&mut self, found: &Workspace) {
        let is_new = found.presets.len() > self.told;
        if !is_new || self.at.is_some_and(|at| at.elapsed() < PART) {
            return;
        }
        let presets = found.presets.iter().skip(self.told).cloned().collect();
        let defaults = found.defaults.clone();
        self.outbox.send(Reply::PresetsRead { presets, defaults });
        (self.told, self.at) = (found.presets.len(), Some(Instant::now()));
    }
}

/// When to do something again that took so long.
fn again(pause: Duration, took: Duration) -> Instant {
    Instant::now() + pause.max(took * SHARE)
}

/// Whether there is a trouble that may be over without anybody being told: the system was out of
/// something, a disk did not answer, a watch could not be had.
fn may_pass(found: &Workspace) -> bool {
    let unread = found.presets.iter().filter_map(|preset| preset.content.as_ref().err());
    let may_pass = |kind| matches!(kind, FailureKind::Io | FailureKind::Permission);
    found.problems.iter().chain(unread).any(|failure| may_pass(failure.kind))
}

impl Work for Reading {
    fn begin(&mut self, waker: Waker) {
        self.known.set_reader(waker.clone());
        self.waker = Some(waker);
    }

    fn perform(&mut self, job: Job, outbox: &ReplySender) -> Result<(), Failure> {
        if job != Job::LoadWorkspace {
            return Err(not_ours(&job));
        }
        self.scan(false, outbox);
        Ok(())
    }

    fn turn(&mut self, outbox: &ReplySender) {
        match self.known.take_wanted() {
            Wanted::Nothing => {}
            Wanted::Look => self.changed.store(true, Ordering::Release),
            Wanted::Load => self.scan(false, outbox),
        }
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.scan(true, outbox);
        }
        if self.look.is_some_and(|look| look <= Instant::now()) {
            self.look();
        }
        if self.changed.swap(false, Ordering::AcqRel) {
            let settled = Instant::now() + SETTLE.max(self.took);
            self.due = Some(self.due.map_or(settled, |due| due.min(settled)));
        }
    }

    fn due(&self) -> Option<Instant> {
        self.due.into_iter().chain(self.look).min()
    }
}
