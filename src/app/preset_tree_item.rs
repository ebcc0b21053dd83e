//! What a row of the presets pane stands for.

use super::drafts::{Draft, DraftId};
use super::shared::Shared;
use crate::model::preset::PresetPath;

/// What a row stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeItem {
    Draft(DraftId),
    Folder(String),
    Preset(PresetPath),
}

impl TreeItem {
    /// The preset it is.
    pub(super) fn preset(&self) -> Option<&PresetPath> {
        match self {
            TreeItem::Preset(path) => Some(path),
            TreeItem::Draft(_) | TreeItem::Folder(_) => None,
        }
    }

    /// The draft it stands for, if it is open.
    pub fn draft<'a>(&self, shared: &'a Shared) -> Option<&'a Draft> {
        match self {
            TreeItem::Draft(id) => shared.drafts.get(*id),
            TreeItem::Preset(path) => shared.drafts.of_preset(path),
            TreeItem::Folder(_) => None,
        }
    }

    /// What a draft stands for in the list: its preset, as long as that is there.
    pub(super) fn of(shared: &Shared, draft: &Draft) -> TreeItem {
        match &draft.preset {
            Some(path) if shared.stored(path).is_some() => TreeItem::Preset(path.clone()),
            _ => TreeItem::Draft(draft.id),
        }
    }

    /// Whether it is what is on screen.
    pub(crate) fn is_open(&self, shared: &Shared) -> bool {
        self.draft(shared).is_some_and(|draft| draft.id == shared.drafts.current().id)
    }

    /// Whether what it stands for runs.
    pub(crate) fn is_live(&self, shared: &Shared) -> bool {
        let session = self.draft(shared).and_then(|draft| draft.session);
        session.and_then(|id| shared.sessions.get(id)).is_some_and(|session| !session.is_over())
    }

    /// Whether it is a file that cannot be read.
    pub(crate) fn is_broken(&self, shared: &Shared) -> bool {
        let TreeItem::Preset(path) = self else { return false };
        shared.stored(path).is_some_and(|stored| stored.content.is_err())
    }
}
