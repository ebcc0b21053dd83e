//! What the user deleted or threw away in this run, to be brought back: the last one first.
//!
//! Kept by the application and filled by the flow of saving. The oldest makes room when there are too
//! many or they are too large.

use crate::app::drafts::{Draft, DraftId};
use crate::model::shared_spec::SharedSpec;
use crate::store::job::{FolderDefaults, ImportTask, Job, PresetEdit, PresetFile};

/// Kept at most.
const MOST: usize = 50;
/// Bytes of files kept at most.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// One thing that is gone.
#[derive(Debug, Clone)]
pub(crate) enum ThrownAway {
    /// Files of presets, drafts of theirs that were not saved, and in which order they stood.
    Presets { files: Vec<PresetFile>, drafts: Vec<Draft>, orders: Vec<FolderDefaults> },
    /// A draft that was never saved.
    Draft(Box<Draft>),
    /// Unsaved changes of a draft.
    Changes(DraftId, SharedSpec),
    /// Something moved, which this moves back.
    Moved(Job),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Thrown {
    list: Vec<ThrownAway>,
    /// On its way back to the disk.
    pub(super) returning: Option<ThrownAway>,
}

impl ThrownAway {
    fn bytes(&self) -> usize {
        match self {
            ThrownAway::Presets { files, .. } => files.iter().map(|file| file.bytes.len()).sum(),
            ThrownAway::Moved(Job::Environment(task)) => task.bytes(),
            ThrownAway::Moved(Job::Import(ImportTask::TakeBack(trace))) => trace.bytes(),
            ThrownAway::Moved(Job::ChangePresets { edits }) => {
                edits.iter().map(PresetEdit::bytes).sum()
            }
            ThrownAway::Draft(_) | ThrownAway::Changes(..) | ThrownAway::Moved(_) => 0,
        }
    }
}

impl Thrown {
    /// Keeps what is gone now.
    pub(super) fn push(&mut self, gone: ThrownAway) {
        self.list.push(gone);
        let is_too_much = |list: &[ThrownAway]| {
            list.len() > MOST || list.iter().map(ThrownAway::bytes).sum::<usize>() > MOST_BYTES
        };
        while is_too_much(&self.list) {
            self.list.remove(0);
        }
    }

    /// Whether what was done now is what moves something back; then that is over.
    pub(super) fn is_back(&mut self, done: &Job) -> bool {
        let is_it = |gone: &mut ThrownAway| matches!(gone, ThrownAway::Moved(job) if job == done);
        self.returning.take_if(is_it).is_some()
    }

    /// What went last.
    pub(super) fn pop(&mut self) -> Option<ThrownAway> {
        self.list.pop()
    }

    /// Whether what went last is of an environment.
    pub(super) fn is_of_environment(&self) -> bool {
        matches!(self.list.last(), Some(ThrownAway::Moved(Job::Environment(_))))
    }

    /// Whether nothing can be brought back.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
