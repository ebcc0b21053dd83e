//! What a job is called: which kind it is, and which preset it is about. Replies, remarks and what waits
//! for an answer go by this, never by words.

use strum::VariantArray;

use crate::model::preset::PresetPath;

/// What a job of the store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray)]
pub enum JobKind {
    LoadWorkspace,
    SavePreset,
    RenamePreset,
    DeletePreset,
    DeleteFolder,
    ChangePresets,
    CreateFolder,
    RemoveFolder,
    MoveFolder,
    SetOrder,
    /// Making, changing or removing an environment.
    Environment,
    LookAtImport,
    WriteImport,
    TakeImportBack,
    BringBack,
    LoadRestore,
    SaveRestore,
    /// Adding an entry to the history, or its outcome.
    WriteHistory,
    /// Searching it.
    ReadHistory,
    OpenEntry,
    ForgetHistory,
    Answers,
    Cookies,
    WriteFile,
    ReadTexts,
    ListFolder,
    UseProject,
    AddColorRule,
    /// What a lane does by itself, when files changed or a time has come.
    Unasked,
}

impl JobKind {
    /// What it does, as the end of "could not …".
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            JobKind::LoadWorkspace => "load the workspace",
            JobKind::SavePreset => "save the preset",
            JobKind::RenamePreset => "rename the preset",
            JobKind::DeletePreset => "delete the preset",
            JobKind::DeleteFolder => "delete the folder",
            JobKind::ChangePresets => "change the presets",
            JobKind::CreateFolder => "make the folder",
            JobKind::RemoveFolder => "remove the folder",
            JobKind::MoveFolder => "move the folder",
            JobKind::SetOrder => "keep the order",
            JobKind::Environment => "change the environment",
            JobKind::LookAtImport => "look at what is to be imported",
            JobKind::WriteImport => "import it",
            JobKind::TakeImportBack => "take the import back",
            JobKind::BringBack => "bring back what was deleted",
            JobKind::LoadRestore => "read the drafts of the last run",
            JobKind::SaveRestore => "keep the drafts",
            JobKind::WriteHistory => "write the history",
            JobKind::ReadHistory => "read the history",
            JobKind::OpenEntry => "open the entry",
            JobKind::ForgetHistory => "forget the history",
            JobKind::Answers => "look at the answers that are kept",
            JobKind::Cookies => "keep the cookies",
            JobKind::WriteFile => "write the file",
            JobKind::ReadTexts => "read the files",
            JobKind::ListFolder => "read the folder",
            JobKind::UseProject => "choose the workspace",
            JobKind::AddColorRule => "write the rule",
            JobKind::Unasked => "look at what changed",
        }
    }
}

/// Which job a reply is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLabel {
    pub kind: JobKind,
    /// The preset that it saves, renames or deletes.
    pub preset: Option<PresetPath>,
}

impl From<JobKind> for JobLabel {
    fn from(kind: JobKind) -> Self {
        JobLabel { kind, preset: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_have_one_name() {
        let names: std::collections::BTreeSet<_> =
            JobKind::VARIANTS.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), JobKind::VARIANTS.len());
    }
}
