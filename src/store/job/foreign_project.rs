//! A project whose presets somebody else may change: who that is, in words.

use std::path::PathBuf;

/// A project whose presets somebody else may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignProject {
    /// Its `.wirebench`.
    pub folder: PathBuf,
    /// Who may.
    pub writer: ProjectWriter,
    /// What they may change: the folder, one around it, or something in it.
    pub place: PathBuf,
    /// What was answered before; `None` = it has to be asked.
    pub used: Option<bool>,
}

/// Who else may change a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectWriter {
    /// The owner, by user id.
    Owner(u32),
    /// A group, by its id.
    Group(u32),
    Anybody,
}

impl ForeignProject {
    /// Who may change it, in words.
    #[must_use]
    pub fn doubt(&self) -> String {
        let place = self.place.display();
        match self.writer {
            ProjectWriter::Owner(0) => format!("{place} belongs to root, not to you"),
            ProjectWriter::Owner(user) => format!("{place} belongs to user {user}, not to you"),
            ProjectWriter::Group(group) => format!("all of group {group} may change {place}"),
            ProjectWriter::Anybody => format!("anybody may change {place}"),
        }
    }

    /// What to do so that it is not asked about; `None` = nothing of ours.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        let is_owned = matches!(self.writer, ProjectWriter::Owner(_));
        (!is_owned).then(|| format!("chmod -R go-w {}", self.place.display()))
    }
}
