//! The files that unsaved drafts started from, as they were then: when somebody else changes such a file and the user
//! keeps what is theirs, the comments beside it are theirs, too.
//!
//! Called by the lane that saves, whenever the drafts are kept. In memory alone.

use std::collections::VecDeque;
use std::path::Path;

use crate::model::preset::PresetPath;
use crate::store::job::StoredDraft;
use crate::store::{preset, preset_files, workspace};

/// Files that are kept at most, and their bytes.
const MOST: usize = 64;
const BYTES: usize = 8 * 1024 * 1024;

/// See the module. The oldest go first.
#[derive(Default)]
pub(super) struct DraftTexts(VecDeque<DraftText>);

struct DraftText {
    path: PresetPath,
    fingerprint: u64,
    bytes: Vec<u8>,
}

impl DraftTexts {
    /// Keeps the files of these drafts, as far as they are still what those started from.
    pub(super) fn keep(&mut self, root: &Path, drafts: &[StoredDraft]) {
        for draft in drafts.iter().filter(|draft| draft.unsaved) {
            let (Some(path), Some(fingerprint)) = (&draft.preset, draft.based_on) else { continue };
            let is_it = |text: &DraftText| text.path == *path && text.fingerprint == fingerprint;
            if self.0.iter().any(is_it) {
                continue;
            }
            let read = workspace::read_bytes(&preset_files::file_of(root, path)).ok();
            let Some(bytes) = read.filter(|bytes| preset::fingerprint(bytes) == fingerprint) else {
                continue;
            };
            self.0.retain(|text| text.path != *path);
            self.0.push_back(DraftText { path: path.clone(), fingerprint, bytes });
            while self.0.len() > MOST
                || self.0.iter().map(|it| it.bytes.len()).sum::<usize>() > BYTES
            {
                self.0.pop_front();
            }
        }
    }

    /// What a draft of this preset started from.
    pub(super) fn of(&self, path: &PresetPath) -> Option<Vec<u8>> {
        self.0.iter().find(|text| text.path == *path).map(|text| text.bytes.clone())
    }
}
