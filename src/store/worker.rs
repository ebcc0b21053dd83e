//! Who does which job: six lanes, each a thread with a queue of its own, so that none of them
//! waits for another.
//!
//! ```text
//! lane      what goes there                               what it may have to wait for
//! saving    presets, drafts                               the disk of workspace and state
//! reading   the workspace, also when others changed it    large trees
//! history   the database, answers that are kept           other programs, megabytes of bodies
//! named     files the user named                          whatever they lie on
//! folders   names in folders that are typed               the same
//! imports   what is to be imported, looked at             the same, and megabytes of it
//!
//! submit ──► queue ──► job ──► exactly one reply ──► application
//! ```
//! The jobs of a lane are done in the order they came. What saving and reading tell each other
//! goes through `worker/known_workspace.rs`.

mod draft_texts;
mod folders;
mod followed;
mod history_work;
mod importing;
mod known_workspace;
mod lane;
mod named_files;
mod reading;
mod saving;
mod searched;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::atomic::refusal;
use super::job::{ImportTask, Job, Reply};
use super::paths::Paths;
use crate::model::failure::{Failure, FailureKind};
use folders::Folders;
use history_work::{HistoryBudget, HistoryWork};
use importing::Importing;
use known_workspace::KnownWorkspace;
use lane::{Lane, ReplySender, Work};
use named_files::NamedFiles;
use reading::Reading;
use saving::Saving;

/// The lanes; their threads end when this is dropped.
pub(super) struct Worker {
    outbox: ReplySender,
    saving: Lane,
    reading: Lane,
    history: Lane,
    named: Lane,
    folders: Lane,
    imports: Lane,
    budget: HistoryBudget,
    known: Arc<KnownWorkspace>,
}

/// Entries of the history and their outcomes that may wait. More than one can send while the
/// database is locked: none is to be missing in the list.
const HISTORY_ROOM: usize = 4_096;

impl Worker {
    /// Starts the threads, each with room for so many jobs. Touches no disk itself, so it never
    /// delays the start.
    pub(super) fn start(paths: Paths, replies: mpsc::Sender<Reply>, room: usize) -> Worker {
        let outbox = ReplySender::new(replies);
        let known = Arc::new(KnownWorkspace::default());
        known.set_root(paths.workspace.clone());
        let reading = Reading::new(Arc::clone(&known), paths.config.clone());
        let budget = HistoryBudget::default();
        let history = HistoryWork::new(&paths, budget.clone(), Arc::clone(&known));
        let start = |name, work: Box<dyn Work>| Lane::start(name, room, work, outbox.clone());
        Worker {
            reading: start("workspace", Box::new(reading)),
            saving: start("store", Box::new(Saving::new(paths, Arc::clone(&known)))),
            history: Lane::start("history", HISTORY_ROOM, Box::new(history), outbox.clone()),
            budget,
            named: start("files", Box::new(NamedFiles)),
            folders: start("folders", Box::new(Folders)),
            imports: start("imports", Box::new(Importing::new(Arc::clone(&known)))),
            outbox,
            known,
        }
    }

    /// Queues a job without waiting.
    ///
    /// # Errors
    /// When the queue of its lane is full (`Busy`) or the thread is gone.
    pub(super) fn submit(&self, mut job: Job) -> Result<(), Failure> {
        self.budget.admit(&mut job);
        self.lane_of(&job).submit(job)
    }

    fn lane_of(&self, job: &Job) -> &Lane {
        match job {
            Job::LoadWorkspace => &self.reading,
            Job::SavePreset { .. }
            | Job::RenamePreset { .. }
            | Job::DeletePreset { .. }
            | Job::DeleteFolder { .. }
            | Job::BringBack { .. }
            | Job::ChangePresets { .. }
            | Job::CreateFolder { .. }
            | Job::RemoveFolder { .. }
            | Job::MoveFolder { .. }
            | Job::SetOrder { .. }
            | Job::Environment(_)
            | Job::Import(ImportTask::Write { .. } | ImportTask::TakeBack(_))
            | Job::LoadRestore
            | Job::SaveRestore(_)
            | Job::AddColorRule { .. }
            | Job::Cookies { .. }
            | Job::UseProject { .. } => &self.saving,
            Job::AppendHistory(_)
            | Job::FinishHistory { .. }
            | Job::QueryHistory(_)
            | Job::ReadHistory(_)
            | Job::MoveHistory { .. }
            | Job::FollowPresets
            | Job::PinHistory { .. }
            | Job::ForgetHistory(_)
            | Job::Answers { .. }
            | Job::FindAnswer { .. } => &self.history,
            Job::WriteFile { .. } | Job::ReadTexts { .. } => &self.named,
            Job::ListFolder { .. } => &self.folders,
            Job::Import(ImportTask::Look { .. }) => &self.imports,
        }
    }

    /// The folder of the workspace at the moment.
    pub(super) fn workspace(&self) -> PathBuf {
        self.known.root()
    }

    /// Lets every lane finish what is queued and end.
    pub(super) fn stop(&self) {
        self.outbox.stop();
        let own = [&self.saving, &self.reading, &self.history];
        for lane in own.into_iter().chain([&self.named, &self.folders, &self.imports]) {
            lane.wake();
        }
    }

    /// Waits until what was to be written is; reading is given up.
    ///
    /// # Errors
    /// Names what is not written when the time is over.
    pub(super) fn wait(&self, limit: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + limit;
        let lanes = [
            (&self.saving, "presets and drafts"),
            (&self.named, "a file"),
            (&self.history, "the history of the last moments"),
        ];
        for (lane, what) in lanes {
            if !lane.has_ended(deadline) {
                let cause = format!("{what} could not be written in time");
                return Err(refusal(lane.name, FailureKind::Timeout(limit), cause));
            }
        }
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}
