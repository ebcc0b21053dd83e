//! What became of what the store was asked to keep: whether the drafts on screen are on the disk,
//! and whether the program may leave.
//!
//! Counted from the jobs handed over and the replies to them, each job having exactly one. Nothing
//! is written before the drafts of the last run were read, because it would replace them.

use crate::model::failure::Failure;
use crate::store::job::{Job, JobKind, Reply};

/// What the last run left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LastRun {
    /// Not read yet.
    #[default]
    Unread,
    /// Nothing, or nothing that can be read.
    Nothing,
    /// Drafts, which were merged into those of this run.
    Restored,
}

/// Whether the program is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leaving {
    #[default]
    No,
    /// As soon as the drafts are kept; when they cannot be, the user is asked.
    WhenKept,
    /// A signal: also when they cannot be kept.
    Anyway,
}

/// How far trying again is, after drafts could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Retry {
    #[default]
    No,
    /// The time for it will come.
    Due,
    /// The store has the job.
    Asked,
    /// It failed as before: no news.
    Failed,
}

/// See the module.
#[derive(Debug, Default)]
pub struct SaveState {
    pub last_run: LastRun,
    pub leaving: Leaving,
    /// The store was asked what the last run left.
    is_reading: bool,
    /// Writes of drafts that are not answered yet.
    drafts: u32,
    /// Files named by the user that are not written yet.
    files: u32,
    /// Drafts changed while they were being written.
    pub again: bool,
    /// Why the newest drafts are not on the disk.
    failure: Option<Failure>,
    /// Why those before them were not.
    before: Option<Failure>,
    /// How far trying again is.
    retry: Retry,
    /// The user chose an environment in this run.
    pub chose_environment: bool,
    /// The environment in force went with its file and is in force again when that comes back.
    pub lost_environment: Option<String>,
}

impl SaveState {
    /// A job is handed to the store.
    pub(super) fn asked(&mut self, job: &Job) {
        match job {
            Job::LoadRestore => self.is_reading = true,
            Job::SaveRestore(_) => self.drafts += 1,
            Job::WriteFile { .. } => self.files += 1,
            _ => {}
        }
    }

    /// The store answered.
    pub(super) fn answered(&mut self, reply: &Reply) {
        match reply {
            Reply::RestoreSaved => {
                self.drafts = self.drafts.saturating_sub(1);
                self.failure = None;
                if self.retry == Retry::Asked {
                    self.retry = Retry::No;
                }
            }
            Reply::FileWritten { .. } => self.files = self.files.saturating_sub(1),
            Reply::Failed { job, failure } if job.kind == JobKind::SaveRestore => {
                self.drafts = self.drafts.saturating_sub(1);
                self.before = self.failure.replace(failure.clone());
                if self.retry == Retry::Asked {
                    self.retry = if self.is_known() { Retry::Failed } else { Retry::No };
                }
            }
            Reply::Failed { job, .. } if job.kind == JobKind::WriteFile => {
                self.files = self.files.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// Whether what is wrong with the drafts was said before, and none was written since.
    pub(super) fn is_known(&self) -> bool {
        self.failure.is_some() && self.before == self.failure
    }

    /// Whether the time to try again has to be asked for: the drafts are not on the disk.
    pub(super) fn awaits_retry(&mut self) -> bool {
        let awaits = self.failure.is_some() && matches!(self.retry, Retry::No | Retry::Failed);
        if awaits {
            self.retry = Retry::Due;
        }
        awaits
    }

    /// The time to try again has come; whether there is anything to try.
    pub(crate) fn begins_retry(&mut self) -> bool {
        let begins = self.failure.is_some() && !self.is_writing();
        self.retry = if begins { Retry::Asked } else { Retry::No };
        begins
    }

    /// Whether what failed just now was trying again, as it had before.
    pub(crate) fn is_repeated(&self) -> bool {
        self.retry == Retry::Failed
    }

    /// Whether drafts are on their way to the disk.
    pub(crate) fn is_writing(&self) -> bool {
        self.drafts > 0
    }

    /// Whether what the last run left is or will be known; not while the user is still asked whose
    /// workspace is used.
    pub(crate) fn has_begun(&self) -> bool {
        self.is_reading || self.last_run != LastRun::Unread
    }

    /// Whether everything handed over was answered.
    pub(crate) fn is_answered(&self) -> bool {
        self.drafts == 0 && self.files == 0 && self.last_run != LastRun::Unread
    }

    /// Why the newest drafts are not on the disk, as far as it is known.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}
