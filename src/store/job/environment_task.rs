//! What is done to environments: the files `env/NAME.toml` and `env/NAME.secret.toml`.
//!
//! A change names what it starts from, value by value, so that what somebody else wrote meanwhile is
//! never overwritten unseen, and so that every task has one that takes it back.

use std::fmt;

use bytes::Bytes;

use crate::model::failure::Failure;
use crate::model::preset::Environment;

/// In which of the two files of an environment a variable stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariableKind {
    /// `env/NAME.toml`.
    Plain,
    /// `env/NAME.secret.toml`, which is kept out of git; used as `{{secret.NAME}}`.
    Secret,
}

impl VariableKind {
    /// The file of an environment in which it stands, from the root of the workspace.
    #[must_use]
    pub fn file(self, environment: &str) -> String {
        match self {
            VariableKind::Plain => format!("env/{environment}.toml"),
            VariableKind::Secret => format!("env/{environment}.secret.toml"),
        }
    }

    /// How templates name a variable of this kind.
    #[must_use]
    pub fn reference(self, name: &str) -> String {
        match self {
            VariableKind::Plain => format!("{{{{{name}}}}}"),
            VariableKind::Secret => format!("{{{{secret.{name}}}}}"),
        }
    }
}

/// A variable of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub kind: VariableKind,
    pub name: String,
    pub value: String,
}

impl Variable {
    /// What stands between the braces of a template that names it.
    #[must_use]
    pub fn reference(&self) -> String {
        match self.kind {
            VariableKind::Plain => self.name.clone(),
            VariableKind::Secret => format!("secret.{}", self.name),
        }
    }
}

/// A variable becomes another one: new, changed, renamed, moved to the other file, or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableChange {
    /// As it is known; `None` = there is none.
    pub before: Option<Variable>,
    /// As it is to be; `None` = it goes.
    pub after: Option<Variable>,
    /// Where all of these files still say what they said, they are written byte for byte instead: so an
    /// undo brings back the place, the type and the comment of a variable. Empty = by value.
    pub texts: Vec<ChangedText>,
}

/// What a file of an environment says, and is to say.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangedText {
    pub kind: VariableKind,
    pub from: String,
    pub to: String,
}

/// Files may hold secrets.
impl fmt::Debug for ChangedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangedText").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl VariableChange {
    /// A change by value.
    #[must_use]
    pub fn new(before: Option<Variable>, after: Option<Variable>) -> Self {
        VariableChange { before, after, texts: Vec::new() }
    }

    /// What takes it back, of which these files were written, the first one first.
    #[must_use]
    pub fn back(&self, written: Vec<ChangedText>) -> Self {
        let back =
            |text: ChangedText| ChangedText { kind: text.kind, from: text.to, to: text.from };
        let texts = written.into_iter().rev().map(back).collect();
        VariableChange { before: self.after.clone(), after: self.before.clone(), texts }
    }
}

impl EnvironmentTask {
    /// Bytes of files it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            EnvironmentTask::BringBack { files, .. } | EnvironmentTask::Unmake { files, .. } => {
                [&files.plain, &files.secret].into_iter().flatten().map(Bytes::len).sum()
            }
            EnvironmentTask::Change { change, .. } => {
                change.texts.iter().map(|text| text.from.len() + text.to.len()).sum()
            }
            _ => 0,
        }
    }
}

/// What the files of an environment held; `None` = there was no such file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvironmentFiles {
    pub plain: Option<Bytes>,
    pub secret: Option<Bytes>,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentTask {
    /// Make an environment that holds nothing yet.
    Create { name: String },
    /// Make one with the files of another.
    Copy { from: String, to: String },
    /// Give one another name; never that of another one.
    Rename { from: String, to: String },
    /// Remove its files.
    Delete { name: String },
    /// Remove its files as long as they hold this: what takes back that it was made.
    Unmake { name: String, files: EnvironmentFiles },
    /// Write files that were deleted again, byte for byte.
    BringBack { name: String, files: EnvironmentFiles },
    /// Change a variable; a file that is missing is made.
    Change { name: String, change: Box<VariableChange> },
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentDone {
    pub task: EnvironmentTask,
    /// What takes it back.
    pub back: EnvironmentTask,
    /// The environment as it is on the disk now; `None` = it is gone.
    pub now: Option<Environment>,
    /// Environments that extend one which has another name now, and say so.
    pub followed: Vec<String>,
    /// Why others of them do not.
    pub behind: Vec<Failure>,
}
