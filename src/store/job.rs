//! Jobs for the store's worker and its replies. Plain data; the worker is the only place that
//! touches the disk.

mod environment_task;
mod foreign_project;
mod history_question;
mod import_task;
mod job_kind;
mod preset_edit;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;

use crate::model::color_rule::ColorRule;
use crate::model::cookie::CookieChange;
use crate::model::cookie_jar::CookieJar;
use crate::model::environment_layers::layers;
use crate::model::failure::Failure;
use crate::model::name_order::by_path;
use crate::model::preset::{Environment, Preset, PresetPath, StoredPreset};
use crate::model::secrets::Secrets;
use crate::model::session_outcome::SessionOutcome;
use crate::model::shared_spec::SharedSpec;
use crate::model::spec::Spec;
use crate::model::theme::StoredTheme;
use crate::model::timing::Stamp;
use crate::query::HistorySubject;

pub use environment_task::{
    ChangedText, EnvironmentDone, EnvironmentFiles, EnvironmentTask, Variable, VariableChange,
    VariableKind,
};
pub use foreign_project::{ForeignProject, ProjectWriter};
pub use history_question::{HistoryHit, HistoryQuestion};
pub use import_task::{
    FileChange, ImportChoice, ImportDone, ImportPreview, ImportSource, ImportTask, ImportTrace,
    ImportTrees,
};
pub use job_kind::{JobKind, JobLabel};
pub use preset_edit::{EditedPreset, PresetEdit, PresetsChanged};

/// What the store can be asked to do. Every job gets exactly one reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Read the whole workspace: presets and environments. Also watches it from then on.
    LoadWorkspace,
    /// Write a preset. `based_on` is the fingerprint it was opened with; `None` = must not exist.
    /// When the file on disk differs, `Reply::Conflict` comes instead and nothing is written. A file
    /// that is new is laid out as the one of `like`, and has what that one has beside the preset.
    SavePreset {
        preset: Box<Preset>,
        based_on: Option<u64>,
        overwrite: Overwrite,
        like: Option<PresetPath>,
    },
    /// Give a preset another path; never one that is taken.
    RenamePreset { from: PresetPath, to: PresetPath },
    /// Remove the file of a preset, and folders that become empty.
    DeletePreset { path: PresetPath },
    /// Delete these presets of a folder (sorted); every other file in it stays, and so does the folder as
    /// long as there is one.
    DeleteFolder { folder: String, presets: Vec<PresetPath> },
    /// Write presets anew, as far as their files are those that are known.
    ChangePresets { edits: Vec<PresetEdit> },
    /// Make a folder for presets.
    CreateFolder { folder: String },
    /// Remove a folder that nothing is in, and those around it up to this one as far as nothing else is in
    /// them.
    RemoveFolder { folder: String, outermost: String },
    /// Give a folder another path, with everything in it; never one that is taken.
    MoveFolder { from: String, to: String },
    /// Write in which order the presets and folders (`name/`) of a folder stand; refused when it is not
    /// `before` any more.
    SetOrder { folder: String, before: Vec<String>, order: Vec<String> },
    /// Entries of this preset, or of those below this folder, are of another one from now on.
    MoveHistory { from: String, to: String },
    /// Look which presets the history knows got another name while nobody watched.
    FollowPresets,
    /// Make, copy, rename, remove or change an environment.
    Environment(EnvironmentTask),
    /// Look at presets of another tool, write them, or take them back.
    Import(ImportTask),
    /// Write files that were deleted again, byte for byte; none in the place of another one.
    /// Their folders get the orders they had, unless they have another one.
    BringBack { files: Vec<PresetFile>, orders: Vec<FolderDefaults> },
    /// Read the drafts and screen state of the last run.
    LoadRestore,
    /// Keep unsaved work; written atomically, a moment after the last change.
    SaveRestore(Box<Restore>),
    /// Append one entry; keeps the newest 100,000, and of what they sent the last 64 MiB.
    AppendHistory(Box<HistoryEntry>),
    /// Add the outcome to an entry appended in this run.
    FinishHistory { at: Stamp, outcome: SessionOutcome },
    /// Newest first.
    QueryHistory(Box<HistoryQuestion>),
    /// Read what an entry sent.
    ReadHistory(HistoryName),
    /// Keep an entry whatever else goes, or not any more.
    PinHistory { name: HistoryName, is_pinned: bool },
    /// Forget an entry, or all, on disk too.
    ForgetHistory(Option<HistoryName>),
    /// Do something with the answers kept of a preset, or list them.
    Answers { key: String, task: AnswersTask },
    /// Do this to the cookies kept of an environment (`None` = of what is sent without one), and tell which there are; at this
    /// time by the wall clock, in seconds. Those that end with the session are not kept.
    Cookies { environment: Option<String>, changes: Vec<CookieChange>, now: i64 },
    /// Say under what the answer is kept that an entry of the history got.
    FindAnswer { at: Stamp },
    /// Write bytes to a file the user named.
    WriteFile { path: PathBuf, bytes: Bytes, overwrite: Overwrite },
    /// Read small text files the user named; each is told by its own name.
    ReadTexts { files: Vec<(String, PathBuf)> },
    /// Read the names in a folder the user is typing.
    ListFolder { folder: PathBuf },
    /// Use the presets of a project that others may change from now on, or leave them out; remembered.
    UseProject { project: ForeignProject, used: bool },
    /// Write a rule for the colours of rows into the user's file.
    AddColorRule { filter: String, color: String },
}

/// What is done with the answers kept of a preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswersTask {
    List,
    /// One more is there: the oldest go when they are too many, too long or too old at this time by the
    /// wall clock. What it says is searched from then on, but for what is hidden.
    Tidy {
        now: Stamp,
        hidden: Secrets,
    },
    /// The preset has another key now.
    MoveTo(String),
    /// The preset is gone; until the program ends they can be brought back.
    Delete,
    BringBack,
}

/// The names in a folder, sorted; none of one that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderListing {
    pub entries: Vec<FolderEntry>,
    /// There are more than are read.
    pub is_cut: bool,
}

/// A file or folder by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FolderEntry {
    pub name: String,
    pub is_folder: bool,
    /// Bytes of a file, if they are known.
    pub size: Option<u64>,
}

/// The file of a preset as it was on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetFile {
    pub path: PresetPath,
    pub bytes: Bytes,
}

/// Whether a file that is there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    Refuse,
    Replace,
}

/// The store's answers, and the changes it noticed by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// After `LoadWorkspace`, and unasked whenever files changed on disk.
    Workspace(Box<Workspace>),
    /// Unasked, before the first workspace: presets that were read until now, each told once, and the defaults of all
    /// folders that were seen; there is more to come.
    PresetsRead { presets: Vec<StoredPreset>, defaults: Vec<FolderDefaults> },
    /// The user's theme files, unasked: before the first workspace if there are any, and whenever they
    /// changed.
    Themes(Vec<StoredTheme>),
    /// The user's rules for the colours of rows, unasked as well; or what is wrong with their file.
    Colors(Result<Vec<ColorRule>, Failure>),
    /// The rule is in the user's file, and will be told with the others.
    ColorRuleAdded { filter: String, color: String },
    /// The preset is on disk, with its new fingerprint.
    Saved { path: PresetPath, fingerprint: u64 },
    /// The file changed since it was opened, or exists although it should not.
    Conflict { mine: Box<Preset>, theirs: Box<StoredPreset> },
    /// The preset lies at `to` now.
    Renamed { from: PresetPath, to: PresetPath },
    /// The preset is gone; what its file held, if it could be read.
    Deleted { path: PresetPath, kept: Option<Bytes> },
    /// What went of a folder. `left` is the number of other files still in it; a failure names
    /// the preset at which it ended.
    FolderDeleted {
        folder: String,
        presets: Vec<PresetPath>,
        /// What the files of these held, as far as that is not too much.
        kept: Vec<PresetFile>,
        left: usize,
        failure: Option<Failure>,
    },
    /// Presets are written anew.
    PresetsChanged(Box<PresetsChanged>),
    /// There is a folder; the outermost of those that were made for it.
    FolderCreated { folder: String, outermost: String },
    /// The folder is gone, and with it `gone`, the last of which is the outermost; nothing was in them.
    FolderRemoved { folder: String, outermost: String, gone: Vec<String> },
    /// The folder lies at `to` now.
    FolderMoved { from: String, to: String },
    /// The file of the folder says this order now.
    OrderSet { folder: String, before: Vec<String>, order: Vec<String> },
    /// What was asked for of an environment is on the disk.
    EnvironmentDone(Box<EnvironmentDone>),
    /// What came of a step of an import.
    Import(Box<ImportDone>),
    /// Files that were deleted are back, all of them unless it failed.
    BroughtBack { presets: Vec<StoredPreset>, failure: Option<Failure> },
    /// What the last run kept; `None` = nothing.
    Restored(Option<Box<Restore>>),
    /// The drafts are on disk.
    RestoreSaved,
    /// The history has the entry, or its outcome.
    HistoryAppended,
    /// Unasked: another program wrote to the history.
    HistoryChanged,
    /// Presets that have another name now than when they sent something last.
    PresetsFollowed(Vec<(PresetPath, PresetPath)>),
    /// Entries that fit, newest first; `total` counts those beyond the limit too.
    /// When there are more than were asked for, `total` may be just above that.
    History { text: String, entries: Vec<HistoryRow>, total: u64 },
    /// What the entry sent, as far as it is kept.
    HistoryRead { name: HistoryName, spec: HistorySpec },
    /// So many entries are forgotten.
    HistoryForgotten { count: u64 },
    /// When the answers kept of a preset were, by the wall clock, the oldest first.
    Answers { key: String, found: Vec<Stamp> },
    /// The cookies kept of an environment.
    Cookies { environment: Option<String>, jar: Box<CookieJar> },
    /// Under what the answer of an entry is kept; `None` = it is not.
    AnswerFound { at: Stamp, key: Option<String> },
    /// The file the user named is on disk.
    FileWritten { path: PathBuf, bytes: u64 },
    /// What is in each of the files, or why it cannot be read.
    TextsRead { files: BTreeMap<String, Result<String, String>> },
    /// The names in a folder.
    FolderListed { folder: PathBuf, listing: FolderListing },
    /// Private files that others could read are private again, or cannot be made so; in words.
    Mended(Vec<String>),
    /// The question about a project is answered, and which workspace is in force; a failure says
    /// why it will be asked again.
    ProjectChosen { failure: Option<Failure> },
    /// A job failed; nothing stored was lost.
    Failed { job: JobLabel, failure: Failure },
    /// What a job came by and set aside, or left alone; the job itself has its own reply.
    SetAside(Failure),
}

/// Everything in a workspace, presets sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workspace {
    /// Folder shown to the user.
    pub root: String,
    /// The starter workspace, embedded; the first save makes a real one.
    pub is_starter: bool,
    /// There is more of it, which is being read.
    pub is_partial: bool,
    pub presets: Vec<StoredPreset>,
    pub environments: Vec<Environment>,
    /// Folders to be shown although there is no preset in them, sorted.
    pub folders: Vec<String>,
    /// Variables and orders of `_defaults.toml` files, outer folders first.
    pub defaults: Vec<FolderDefaults>,
    /// Trouble with single files of the workspace.
    pub problems: Vec<Failure>,
}

/// Variables that presets of a folder and below inherit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderDefaults {
    /// `/`-separated; empty for the root.
    pub folder: String,
    pub variables: BTreeMap<String, String>,
    /// Presets, and folders as `name/`, that stand before the others of this folder, in this order.
    pub order: Vec<String>,
    /// What presets are begun with here, one of each kind that this folder or one around it says something about.
    pub given: Vec<Spec>,
}

/// What presets of a folder are begun with, by the defaults of a workspace.
pub(crate) fn given<'a>(defaults: &'a [FolderDefaults], folder: &str) -> &'a [Spec] {
    let nearest = defaults.iter().rev().find(|defaults| defaults.covers(folder));
    nearest.map_or(&[], |defaults| &defaults.given)
}

impl FolderDefaults {
    /// Whether a folder is this one or lies in it.
    fn covers(&self, folder: &str) -> bool {
        let rest = folder.strip_prefix(self.folder.as_str());
        self.folder.is_empty() || rest.is_some_and(|r| r.is_empty() || r.starts_with('/'))
    }
}

impl Workspace {
    /// The environment of this name and those it extends, the nearest first.
    #[must_use]
    pub fn layers(&self, environment: &str) -> Vec<&Environment> {
        layers(&self.environments, environment)
    }

    /// Where a folder of it lies on the disk; empty where there is no workspace.
    #[must_use]
    pub(crate) fn folder(&self, folder: &str) -> String {
        match (self.root.is_empty(), folder.is_empty()) {
            (true, _) => String::new(),
            (false, true) => self.root.clone(),
            (false, false) => format!("{}/{folder}", self.root.trim_end_matches('/')),
        }
    }

    /// The order a folder has by its file.
    #[must_use]
    pub fn order_of(&self, folder: &str) -> &[String] {
        let found = self.defaults.iter().find(|defaults| defaults.folder == folder);
        found.map_or(&[], |defaults| &defaults.order)
    }

    /// Whether there is nothing of the user's in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.presets.is_empty() && self.environments.is_empty() && self.defaults.is_empty()
    }

    /// The variables a preset in this folder inherits; inner folders win. Weaker than those of
    /// the environment.
    #[must_use]
    pub fn inherited(&self, folder: &str) -> BTreeMap<String, String> {
        self.applying(folder).flat_map(|defaults| defaults.variables.clone()).collect()
    }

    /// Enters a preset in its place, or instead of the one that is there.
    pub(crate) fn enter(&mut self, stored: StoredPreset) {
        match self.presets.binary_search_by(|known| known.path.cmp(&stored.path)) {
            Ok(at) => self.presets[at] = stored,
            Err(at) => self.presets.insert(at, stored),
        }
    }

    /// Enters what was read of it until now; what is known of a preset already is newer.
    pub(crate) fn take_part(&mut self, presets: Vec<StoredPreset>, defaults: Vec<FolderDefaults>) {
        self.is_partial = true;
        self.defaults = defaults;
        self.defaults.sort_by(|one, other| by_path(&one.folder, &other.folder));
        self.presets.extend(presets);
        self.presets.sort_by(|one, other| one.path.cmp(&other.path));
        self.presets.dedup_by(|later, known| later.path == known.path);
    }

    /// The defaults that apply to a preset in this folder, the outermost first.
    pub(crate) fn applying(
        &self,
        folder: &str,
    ) -> impl DoubleEndedIterator<Item = &FolderDefaults> {
        self.defaults.iter().filter(move |defaults| defaults.covers(folder))
    }
}

impl Job {
    /// What it is called.
    #[must_use]
    pub fn label(&self) -> JobLabel {
        let preset = match self {
            Job::SavePreset { preset, .. } => Some(&preset.path),
            Job::RenamePreset { from: path, .. } | Job::DeletePreset { path } => Some(path),
            _ => None,
        };
        JobLabel { kind: self.kind(), preset: preset.cloned() }
    }

    /// What it does.
    #[must_use]
    pub fn kind(&self) -> JobKind {
        match self {
            Job::LoadWorkspace => JobKind::LoadWorkspace,
            Job::SavePreset { .. } => JobKind::SavePreset,
            Job::RenamePreset { .. } => JobKind::RenamePreset,
            Job::DeletePreset { .. } => JobKind::DeletePreset,
            Job::DeleteFolder { .. } => JobKind::DeleteFolder,
            Job::ChangePresets { .. } => JobKind::ChangePresets,
            Job::CreateFolder { .. } => JobKind::CreateFolder,
            Job::RemoveFolder { .. } => JobKind::RemoveFolder,
            Job::MoveFolder { .. } => JobKind::MoveFolder,
            Job::SetOrder { .. } => JobKind::SetOrder,
            Job::Environment(_) => JobKind::Environment,
            Job::Import(task) => task.kind(),
            Job::BringBack { .. } => JobKind::BringBack,
            Job::LoadRestore => JobKind::LoadRestore,
            Job::SaveRestore(_) => JobKind::SaveRestore,
            Job::AppendHistory(_)
            | Job::FinishHistory { .. }
            | Job::MoveHistory { .. }
            | Job::PinHistory { .. } => JobKind::WriteHistory,
            Job::FollowPresets => JobKind::Unasked,
            Job::QueryHistory(_) => JobKind::ReadHistory,
            Job::ReadHistory(_) => JobKind::OpenEntry,
            Job::ForgetHistory(_) => JobKind::ForgetHistory,
            Job::Answers { .. } | Job::FindAnswer { .. } => JobKind::Answers,
            Job::Cookies { .. } => JobKind::Cookies,
            Job::WriteFile { .. } => JobKind::WriteFile,
            Job::ReadTexts { .. } => JobKind::ReadTexts,
            Job::ListFolder { .. } => JobKind::ListFolder,
            Job::UseProject { .. } => JobKind::UseProject,
            Job::AddColorRule { .. } => JobKind::AddColorRule,
        }
    }
}

impl Reply {
    /// The job that is done again and again by itself and could be done this time: what was said of its
    /// failure is over.
    #[must_use]
    pub(crate) fn goes_well(&self) -> Option<JobKind> {
        match self {
            Reply::Workspace(found) if found.problems.is_empty() => Some(JobKind::LoadWorkspace),
            Reply::RestoreSaved => Some(JobKind::SaveRestore),
            Reply::HistoryAppended => Some(JobKind::WriteHistory),
            Reply::History { .. } => Some(JobKind::ReadHistory),
            _ => None,
        }
    }
}

/// Something that was sent or started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When, by the wall clock; also names the entry within a run.
    pub at: Stamp,
    /// One line: `POST http://localhost:8080/users`.
    pub summary: String,
    pub outcome: SessionOutcome,
    /// As it was composed, secrets still as templates.
    pub spec: Spec,
    pub preset: Option<PresetPath>,
    /// Bytes of bodies that were left out of the spec because the history does not keep so many.
    pub left_out: u64,
}

/// Longest body, or bodies of one entry, that the history keeps, in bytes.
pub(crate) const HISTORY_BODY: u64 = 8 * 1024 * 1024;

/// Which entry of the history is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryName {
    /// In the database; `None` = it was not written yet when this was told.
    pub row: Option<i64>,
    pub at: Stamp,
}

/// An entry as a list shows it; what it sent is read when it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    pub name: HistoryName,
    /// As in [`Spec::badge`].
    pub badge: String,
    pub summary: String,
    pub outcome: SessionOutcome,
    pub preset: Option<PresetPath>,
    /// It stays whatever else goes.
    pub is_pinned: bool,
    /// Where what was looked for stands, when it is not in the row itself.
    pub hit: Option<Box<HistoryHit>>,
}

impl HistoryRow {
    /// The row as a search asks about it.
    #[must_use]
    pub fn subject(&self) -> HistorySubject<'_> {
        HistorySubject {
            at: self.name.at,
            summary: &self.summary,
            outcome: &self.outcome,
            preset: self.preset.as_ref(),
            is_pinned: self.is_pinned,
        }
    }
}

/// What is left of what an entry sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistorySpec {
    /// As it was composed, except for so many bytes of bodies.
    Kept { spec: Box<Spec>, left_out: u64 },
    /// It made room for newer ones. The preset it was sent from may still be there.
    Gone { preset: Option<PresetPath> },
}

/// What comes back after leaving or a crash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restore {
    pub drafts: Vec<StoredDraft>,
    /// Index into `drafts` of the one on screen.
    pub current: usize,
    pub environment: Option<String>,
    /// Splitter positions and other screen state, `name = value`.
    pub layout: Vec<(String, String)>,
    /// Credentials that stay in the files of presets, as was answered: fingerprints of their values.
    pub kept_in_place: Vec<(PresetPath, Vec<u64>)>,
}

/// Something composed, saved or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDraft {
    /// The preset it belongs to; `None` = never saved.
    pub preset: Option<PresetPath>,
    /// Fingerprint of the file it started from.
    pub based_on: Option<u64>,
    /// Holds something its file does not; otherwise it was only on screen and follows the file.
    pub unsaved: bool,
    /// What its answers are kept under, when they are its own and not a preset's.
    pub answers: Option<String>,
    pub spec: SharedSpec,
}
