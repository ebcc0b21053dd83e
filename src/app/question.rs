//! What is asked before something is lost.

use super::drafts::DraftId;
use crate::model::preset::PresetPath;

/// A question with yes and no for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    Delete(PresetPath),
    DeleteFolder(String, Vec<PresetPath>),
    /// Throw away a draft that was never saved; its title.
    Discard(DraftId, String),
    /// Throw away the unsaved changes of a draft; its title.
    Revert(DraftId, String),
    /// Save over another preset.
    Overwrite(DraftId, PresetPath),
}
