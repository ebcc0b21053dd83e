//! The thread that does the jobs, one after the other, and notices changes by others.
//!
//! ```text
//! submit ──► queue (64) ──► job ──► exactly one reply ──► application
//! watcher ─► flag ─────────► 100 ms later: read anew, reply only when something differs
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::history::History;
use super::job::{Job, Overwrite, Reply, Workspace};
use super::paths::Paths;
use super::restore::RestoreFile;
use super::watch::{self, FolderWatch};
use super::{atomic, authority, preset_files, starter, workspace};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::{PresetPath, StoredPreset};
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
    stopping: AtomicBool,
    changed: AtomicBool,
    finished: Mutex<bool>,
    condition: Condvar,
}

impl WorkerFlags {
    /// The worker does what is queued and ends; it has to be woken when it waits.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Raises the flag; tells whether it was down, that is, whether to wake the worker. So
    /// however many changes there are, at most two wake-ups stand in the queue.
    pub(super) fn changed(&self) -> bool {
        !self.changed.swap(true, Ordering::AcqRel)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn finish(&self) {
        if let Ok(mut finished) = self.finished.lock() {
            *finished = true;
        }
        self.condition.notify_all();
    }

    /// Waits until the worker has ended or the deadline has come; tells whether it has ended.
    pub(super) fn wait_finished(&self, deadline: Instant) -> bool {
        let Ok(finished) = self.finished.lock() else { return true };
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.condition.wait_timeout_while(finished, left, |finished| !*finished);
        waited.is_ok_and(|(finished, _)| *finished)
    }
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
    watch: Option<FolderWatch>,
    /// Why changes by others are not noticed.
    blind: Option<Failure>,
    /// When to read the workspace because something changed.
    due: Option<Instant>,
}

/// Says that the worker has ended, also when it panics.
struct Finish(Arc<WorkerFlags>);

impl Drop for Finish {
    fn drop(&mut self) {
        self.0.finish();
    }
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
            blind: None,
            due: None,
        }
    }

    /// Works until stopped or until nobody can give orders; what is queued is still done.
    pub(super) fn run(mut self, queue: &Receiver<WorkerOrder>) {
        let _finish = Finish(Arc::clone(&self.signals));
        self.clean();
        while !self.signals.is_stopping() {
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

    fn next(&self, queue: &Receiver<WorkerOrder>) -> Result<WorkerOrder, RecvTimeoutError> {
        match self.due {
            Some(due) => queue.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Removes what a crash left behind.
    fn clean(&self) {
        for folder in [&self.paths.config, &self.paths.data, &self.paths.state] {
            atomic::clean(folder);
        }
    }

    fn perform(&mut self, job: Job) {
        let name = job.name();
        let was_starter =
            job != Job::LoadWorkspace && self.known.as_ref().is_some_and(|known| known.is_starter);
        // A job that panics fails, and the next one is done: nobody could save any more otherwise.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.reply(job)));
        let outcome = outcome.unwrap_or_else(|_| Err(panicked(name)));
        let reply = outcome.unwrap_or_else(|failure| Reply::Failed { job: name, failure });
        self.learn(&reply);
        self.send(reply);
        if was_starter && self.paths.workspace.exists() {
            let workspace = self.load();
            self.send(Reply::Workspace(Box::new(workspace)));
        }
        if let Some(failure) = self.history.take_notice() {
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
                preset_files::save(root, preset, based_on, overwrite)
            }
            Job::RenamePreset { from, to } => preset_files::rename(root, from, to),
            Job::DeletePreset { path } => preset_files::delete(root, path),
            Job::DeleteFolder { folder, presets } => {
                preset_files::delete_folder(root, folder, presets)
            }
            Job::LoadRestore => Ok(Reply::Restored(self.restore.load()?.map(Box::new))),
            Job::SaveRestore(restore) => {
                self.restore.save(&restore)?;
                Ok(Reply::RestoreSaved)
            }
            Job::AppendHistory(entry) => {
                self.history.append(&entry)?;
                Ok(Reply::HistoryAppended)
            }
            Job::FinishHistory { at, outcome } => {
                self.history.finish(at, &outcome)?;
                Ok(Reply::HistoryAppended)
            }
            Job::QueryHistory { text, limit } => {
                let (entries, total) = self.history.query(&text, limit)?;
                Ok(Reply::History { text, entries, total })
            }
            Job::ReadTexts { files } => Ok(Reply::TextsRead {
                files: files.into_iter().map(|(name, path)| (name, read_text(&path))).collect(),
            }),
            Job::WriteFile { path, bytes, overwrite } => write_file(&path, &bytes, overwrite),
            Job::SaveAuthority { certificate_pem, key_pem } => {
                let certificate = authority::save(&self.paths, &certificate_pem, &key_pem)?;
                Ok(Reply::AuthoritySaved { certificate })
            }
        }
    }

    /// Reads the workspace and watches it from now on.
    fn load(&mut self) -> Workspace {
        let root = self.paths.workspace.clone();
        (self.watch, self.blind) = (None, None);
        if root.is_dir() {
            // Watching begins before reading, so no change falls between.
            match watch::start(&root, self.orders.clone(), Arc::clone(&self.signals)) {
                Ok(watch) => self.watch = Some(watch),
                Err(failure) => self.blind = Some(failure),
            }
        }
        self.due = None;
        let workspace = self.scan();
        self.known = Some(workspace.clone());
        workspace
    }

    fn scan(&self) -> Workspace {
        let root = &self.paths.workspace;
        let mut workspace = workspace::scan(root);
        if workspace.environments.iter().any(|environment| !environment.secrets.is_empty()) {
            workspace.problems.extend(starter::protect_secrets(root).err());
        }
        workspace.problems.extend(self.blind.clone());
        workspace
    }

    /// Something changed on disk: tells the application unless it knows already.
    fn reread(&mut self) {
        self.due = None;
        let Some(known) = &self.known else { return };
        // It came into being, or went away as a whole.
        let lost = known.is_starter == self.paths.workspace.is_dir();
        let found = if lost { self.load() } else { self.scan() };
        if lost || Some(&found) != self.known.as_ref() {
            self.known = Some(found.clone());
            self.send(Reply::Workspace(Box::new(found)));
        }
    }

    /// Enters our own change into what the application knows, so that noticing it on disk causes
    /// no second reply.
    fn learn(&mut self, reply: &Reply) {
        let Some(known) = &mut self.known else { return };
        let presets = &mut known.presets;
        let root = &self.paths.workspace;
        let stored =
            |path: &PresetPath| workspace::stored(path, &preset_files::file_of(root, path));
        match reply {
            Reply::Saved { path, .. } => enter(presets, stored(path)),
            Reply::Renamed { from, to } => {
                presets.retain(|preset| preset.path != *from);
                enter(presets, stored(to));
            }
            Reply::FolderDeleted { presets: gone, .. } => {
                presets.retain(|preset| gone.binary_search(&preset.path).is_err());
            }
            Reply::Deleted { path } => presets.retain(|preset| preset.path != *path),
            _ => {}
        }
    }

    /// Hands a reply over. Waits while the application is busy, but not when it is leaving.
    fn send(&self, reply: Reply) {
        let mut reply = reply;
        while let Err(TrySendError::Full(back)) = self.replies.try_send(reply) {
            if self.signals.is_stopping() {
                return;
            }
            reply = back;
            std::thread::park_timeout(RETRY);
        }
    }
}

fn enter(presets: &mut Vec<StoredPreset>, preset: StoredPreset) {
    match presets.binary_search_by(|known| known.path.cmp(&preset.path)) {
        Ok(at) => {
            if let Some(known) = presets.get_mut(at) {
                *known = preset;
            }
        }
        Err(at) => presets.insert(at, preset),
    }
}

/// Longest text file that is read because the user named it.
const TEXT_LIMIT: u64 = 4 * 1024 * 1024;

/// A regular file of modest length; bytes that are no UTF-8 become U+FFFD.
fn read_text(path: &Path) -> Result<String, String> {
    let bytes = named_file::read(path, TEXT_LIMIT).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn panicked(job: &'static str) -> Failure {
    Failure::new(Stage::Storage, job, FailureKind::Internal, "internal error, it was not done")
        .hint("the rest goes on; please report this")
}

fn write_file(path: &Path, bytes: &[u8], overwrite: Overwrite) -> Result<Reply, Failure> {
    atomic::write(path, bytes, overwrite)?;
    Ok(Reply::FileWritten { path: path.to_owned(), bytes: bytes.len() as u64 })
}
