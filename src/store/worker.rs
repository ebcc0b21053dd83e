//! The thread that does the jobs, one after the other, and notices changes by others.
//!
//! ```text
//! submit ──► queue (64) ──► job ──► exactly one reply ──► application
//! watcher ─► flag ─────────► 100 ms later: read anew, reply only when something differs
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::history::History;
use super::job::{Job, Reply, Workspace};
use super::paths::Paths;
use super::restore::RestoreFile;
use super::watch::FolderWatch;
use super::{atomic, authority, preset_files, starter, workspace};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::StoredPreset;
use crate::named_file;

/// From the first change on disk to reading it: editors write a file in several steps.
const SETTLE: Duration = Duration::from_millis(100);
/// Pause between two tries to hand over a reply that nobody takes.
const RETRY: Duration = Duration::from_millis(2);

/// What the queue holds.
pub(super) enum WorkerOrder {
    Job(Box<Job>),
    /// Look at the signals.
    Wake,
}

/// Flags shared by worker, handles and watcher.
#[derive(Default)]
pub(super) struct WorkerFlags {
    /// The worker does what is queued and ends; it has to be woken when it waits.
    pub(super) stopping: AtomicBool,
    /// Somebody changed the workspace on disk.
    pub(super) changed: AtomicBool,
}

/// What the thread of the store owns: history, drafts, the watch on the workspace.
pub(super) struct Worker {
    paths: Paths,
    replies: mpsc::Sender<Reply>,
    orders: SyncSender<WorkerOrder>,
    signals: Arc<WorkerFlags>,
    history: History,
    restore: RestoreFile,
    /// What the application knows of the workspace.
    known: Option<Workspace>,
    /// While there is a folder.
    watch: Option<FolderWatch>,
    /// When to read the workspace because something changed.
    due: Option<Instant>,
}

impl Worker {
    /// Reads and opens nothing yet; replies wait while their queue is full.
    pub(super) fn new(
        paths: Paths,
        replies: mpsc::Sender<Reply>,
        orders: SyncSender<WorkerOrder>,
        signals: Arc<WorkerFlags>,
    ) -> Self {
        Worker {
            history: History::new(paths.history()),
            restore: RestoreFile::new(&paths.state, &paths.workspace),
            paths,
            replies,
            orders,
            signals,
            known: None,
            watch: None,
            due: None,
        }
    }

    /// Works until stopped or until nobody can give orders; what is queued is still done.
    pub(super) fn run(mut self, queue: &Receiver<WorkerOrder>) {
        for folder in [&self.paths.config, &self.paths.data, &self.paths.state] {
            // What a crash left behind.
            atomic::clean(folder);
        }
        while !self.is_stopping() {
            match self.next(queue) {
                Ok(WorkerOrder::Job(job)) => self.perform(*job),
                Ok(WorkerOrder::Wake) => {}
                Err(RecvTimeoutError::Timeout) => self.reread(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.signals.changed.swap(false, Ordering::AcqRel) && self.due.is_none() {
                self.due = Some(Instant::now() + SETTLE);
            }
        }
        while let Ok(order) = queue.try_recv() {
            if let WorkerOrder::Job(job) = order {
                self.perform(*job);
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.signals.stopping.load(Ordering::Acquire)
    }

    fn next(&self, queue: &Receiver<WorkerOrder>) -> Result<WorkerOrder, RecvTimeoutError> {
        match self.due {
            Some(due) => queue.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn perform(&mut self, job: Job) {
        let name = job.name();
        let was_starter =
            job != Job::LoadWorkspace && self.known.as_ref().is_some_and(|known| known.is_starter);
        // A job that panics fails, and the next one is done: nobody could save any more otherwise.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.reply(job)));
        let outcome = outcome.unwrap_or_else(|_| {
            let cause = "internal error, it was not done";
            Err(atomic::refusal(name, FailureKind::Internal, cause)
                .hint("the rest goes on; please report this"))
        });
        let reply = outcome.unwrap_or_else(|failure| Reply::Failed { job: name, failure });
        self.learn(&reply);
        self.send(reply);
        if was_starter && self.paths.workspace.exists() {
            let workspace = self.load();
            self.send(Reply::Workspace(Box::new(workspace)));
        }
        if let Some(failure) = self.history.notice.take() {
            self.send(Reply::Failed { job: name, failure });
        }
    }

    fn reply(&mut self, job: Job) -> Result<Reply, Failure> {
        let root = &self.paths.workspace;
        match job {
            Job::LoadWorkspace => Ok(Reply::Workspace(Box::new(self.load()))),
            Job::SavePreset { preset, based_on, overwrite } => {
                #[cfg(debug_assertions)]
                assert!(!super::TEST_PANIC.load(Ordering::Relaxed), "asked for by the test");
                Ok(match preset_files::save(root, &preset, based_on, overwrite)? {
                    Ok(fingerprint) => {
                        let path = preset.path.clone();
                        let content = Ok(*preset);
                        self.enter(StoredPreset { path: path.clone(), content, fingerprint });
                        Reply::Saved { path, fingerprint }
                    }
                    Err(theirs) => Reply::Conflict { mine: preset, theirs: Box::new(theirs) },
                })
            }
            Job::RenamePreset { from, to } => preset_files::rename(root, from, to),
            Job::DeletePreset { path } => preset_files::delete(root, path),
            Job::DeleteFolder { folder, presets } => {
                preset_files::delete_folder(root, folder, presets)
            }
            Job::LoadRestore => Ok(Reply::Restored(self.restore.load()?.map(Box::new))),
            Job::SaveRestore(restore) => self.restore.save(&restore).map(|()| Reply::RestoreSaved),
            Job::AppendHistory(entry) => {
                self.history.append(&entry).map(|()| Reply::HistoryAppended)
            }
            Job::FinishHistory { at, outcome } => {
                self.history.finish(at, &outcome).map(|()| Reply::HistoryAppended)
            }
            Job::QueryHistory { text, limit } => {
                let (entries, total) = self.history.query(&text, limit)?;
                Ok(Reply::History { text, entries, total })
            }
            Job::ReadTexts { files } => Ok(Reply::TextsRead {
                files: files.into_iter().map(|(name, path)| (name, read_text(&path))).collect(),
            }),
            Job::WriteFile { path, bytes, overwrite } => {
                atomic::write(&path, &bytes, overwrite)?;
                Ok(Reply::FileWritten { path, bytes: bytes.len() as u64 })
            }
            Job::SaveAuthority(authority) => authority::save(&self.paths, &authority)
                .map(|certificate| Reply::AuthoritySaved { certificate }),
        }
    }

    /// Reads the workspace and watches it from now on.
    fn load(&mut self) -> Workspace {
        self.due = None;
        let workspace = self.scan();
        self.known = Some(workspace.clone());
        workspace
    }

    fn scan(&mut self) -> Workspace {
        let root = &self.paths.workspace;
        // Watching a folder begins before reading it, so no change falls between.
        let mut watch = FolderWatch::start(self.orders.clone(), Arc::clone(&self.signals));
        let mut workspace = workspace::scan_visiting(root, &mut |path| watch.add(path));
        if workspace.environments.iter().any(|environment| !environment.secrets.is_empty()) {
            workspace.problems.extend(starter::protect_secrets(root).err());
        }
        workspace.problems.extend(watch.trouble(root));
        self.watch = (!workspace.is_starter).then_some(watch);
        workspace
    }

    /// Something changed on disk: tells the application unless it knows already.
    fn reread(&mut self) {
        self.due = None;
        let Some(known) = &self.known else { return };
        // It came into being, or went away as a whole.
        let lost = known.is_starter == self.paths.workspace.is_dir();
        let found = self.scan();
        if lost || Some(&found) != self.known.as_ref() {
            self.known = Some(found.clone());
            self.send(Reply::Workspace(Box::new(found)));
        }
    }

    /// Enters our own change into what the application knows, so that noticing it on disk causes
    /// no second reply.
    fn learn(&mut self, reply: &Reply) {
        let gone = match reply {
            Reply::Renamed { from: path, .. } | Reply::Deleted { path } => {
                std::slice::from_ref(path)
            }
            Reply::FolderDeleted { presets, .. } => presets,
            _ => return,
        };
        if let Some(known) = &mut self.known {
            known.presets.retain(|preset| gone.binary_search(&preset.path).is_err());
        }
        if let Reply::Renamed { to, .. } = reply {
            let file = preset_files::file_of(&self.paths.workspace, to);
            self.enter(workspace::stored(to, workspace::read_bytes(&file)));
        }
    }

    fn enter(&mut self, preset: StoredPreset) {
        let Some(known) = &mut self.known else { return };
        match known.presets.binary_search_by(|known| known.path.cmp(&preset.path)) {
            Ok(at) => known.presets[at] = preset,
            Err(at) => known.presets.insert(at, preset),
        }
    }

    /// Hands a reply over. Waits while the application is busy, but not when it is leaving.
    fn send(&self, mut reply: Reply) {
        while let Err(TrySendError::Full(back)) = self.replies.try_send(reply) {
            if self.is_stopping() {
                return;
            }
            reply = back;
            std::thread::park_timeout(RETRY);
        }
    }
}

/// Longest text file that is read because the user named it.
const TEXT_LIMIT: u64 = 4 * 1024 * 1024;

/// A regular file of modest length; bytes that are no UTF-8 become U+FFFD.
fn read_text(path: &Path) -> Result<String, String> {
    let bytes = named_file::read(path, TEXT_LIMIT).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
