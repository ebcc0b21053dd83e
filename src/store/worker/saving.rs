//! The lane of the user's own work: presets and drafts. Nothing here waits for the
//! history, for a workspace that is being read, or for files elsewhere.

use std::path::Path;
use std::sync::Arc;

use super::draft_texts::DraftTexts;
use super::known_workspace::KnownWorkspace;
use super::lane::{ReplySender, Waker, Work};
use crate::interop::import::ImportSummary;
use crate::model::failure::{Failure, Stage};
use crate::model::preset::StoredPreset;
use crate::store::job::{ImportChoice, ImportDone, ImportTask, Job, Reply};
use crate::store::paths::Paths;
use crate::store::restore::RestoreFile;
use crate::store::{
    atomic, colors, cookies, environment_files, folders, imports, preset_edits, preset_files,
    private, project, workspace,
};

/// What the lane owns: the drafts' file.
pub(super) struct Saving {
    paths: Paths,
    restore: RestoreFile,
    known: Arc<KnownWorkspace>,
    texts: DraftTexts,
}

impl Saving {
    /// Reads nothing yet.
    pub(super) fn new(paths: Paths, known: Arc<KnownWorkspace>) -> Self {
        Saving { restore: RestoreFile::new(&paths), paths, known, texts: DraftTexts::default() }
    }

    fn reply(&mut self, job: Job) -> Result<Reply, Failure> {
        let root = &self.paths.workspace;
        self.begin_again(&job)?;
        match job {
            Job::SavePreset { preset, based_on, overwrite, like } => {
                let started_from = self.texts.of(like.as_ref().unwrap_or(&preset.path));
                let change = preset_files::PresetChange { based_on, overwrite, like, started_from };
                Ok(match preset_files::save(root, &preset, &change, &self.known.defaults())? {
                    Ok(fingerprint) => {
                        let path = preset.path.clone();
                        let content = Ok(*preset);
                        let stored = StoredPreset { path: path.clone(), content, fingerprint };
                        self.known.enter(&path, Some(stored));
                        Reply::Saved { path, fingerprint }
                    }
                    Err(theirs) => Reply::Conflict { mine: preset, theirs: Box::new(theirs) },
                })
            }
            Job::RenamePreset { from, to } => preset_files::rename(root, from, to),
            Job::DeletePreset { path } => preset_files::delete(root, path),
            Job::DeleteFolder { folder, presets } => {
                preset_files::delete_folder(root, folder, presets)
            }
            Job::ChangePresets { edits } => {
                preset_edits::perform(root, edits, &self.known.defaults())
                    .map(|done| Reply::PresetsChanged(Box::new(done)))
            }
            Job::CreateFolder { folder } => folders::create(root, folder),
            Job::RemoveFolder { folder, outermost } => folders::remove(root, folder, outermost),
            Job::MoveFolder { from, to } => folders::rename(root, from, to),
            Job::SetOrder { folder, before, order } => {
                folders::set_order(root, folder, before, order)
            }
            Job::Environment(task) => environment_files::perform(root, task),
            Job::Import(task) => import(root, task),
            Job::BringBack { files, orders } => {
                preset_files::bring_back(root, &files, &orders, &self.known.defaults())
            }
            Job::LoadRestore => Ok(Reply::Restored(self.restore.load().map(Box::new))),
            Job::SaveRestore(restore) => {
                self.texts.keep(root, &restore.drafts);
                self.restore.save(&restore).map(|()| Reply::RestoreSaved)
            }
            Job::AddColorRule { filter, color } => colors::add(&self.paths.config, &filter, &color)
                .map(|()| Reply::ColorRuleAdded { filter, color }),
            Job::Cookies { environment, changes, now } => {
                let name = environment.as_deref();
                let jar = cookies::change(&self.paths, name, &changes, now).map(Box::new)?;
                Ok(Reply::Cookies { environment, jar })
            }
            Job::UseProject { project, used } => {
                let kept = project::remember(&self.paths.state, &project, used);
                if used {
                    self.known.set_root(project.folder.clone());
                    self.paths.workspace = project.folder;
                    self.restore = RestoreFile::new(&self.paths);
                }
                Ok(Reply::ProjectChosen { failure: kept.err() })
            }
            other => Err(super::lane::not_ours(&other)),
        }
    }

    /// A workspace that was there in this run and is gone (with a branch, with a disk) is not begun
    /// with the starter: that would stand in its way when it comes back.
    fn begin_again(&self, job: &Job) -> Result<(), Failure> {
        let root = &self.paths.workspace;
        if self.known.is_starter() != Some(false) {
            return Ok(());
        }
        match job {
            Job::SavePreset { .. }
            | Job::BringBack { .. }
            | Job::Environment(_)
            | Job::Import(ImportTask::Write { .. })
            | Job::CreateFolder { .. } => atomic::make_folders(root),
            Job::RenamePreset { .. }
            | Job::DeletePreset { .. }
            | Job::DeleteFolder { .. }
            | Job::RemoveFolder { .. }
            | Job::MoveFolder { .. }
            | Job::ChangePresets { .. }
            | Job::SetOrder { .. }
            | Job::Import(ImportTask::TakeBack(_))
                if !atomic::is_there(root)? =>
            {
                Err(workspace::gone(root))
            }
            _ => Ok(()),
        }
    }

    /// Enters what went and came into what the application knows.
    fn learn(&self, reply: &Reply) {
        let gone = match reply {
            Reply::Renamed { from: path, .. } | Reply::Deleted { path, .. } => {
                std::slice::from_ref(path)
            }
            Reply::PresetsChanged(done) => {
                for stored in &done.changed {
                    self.known.enter(&stored.path, Some(stored.clone()));
                }
                return;
            }
            Reply::BroughtBack { presets, .. } => {
                for stored in presets {
                    self.known.enter(&stored.path, Some(stored.clone()));
                }
                return;
            }
            Reply::FolderDeleted { presets, .. } => presets,
            Reply::Import(_) => return self.known.is_another(),
            Reply::FolderMoved { from, to } => {
                self.known.other_folders();
                return self.known.move_folder(from, to);
            }
            _ => return,
        };
        for path in gone {
            self.known.enter(path, None);
        }
        if let Reply::Renamed { to, .. } = reply {
            let file = preset_files::file_of(&self.paths.workspace, to);
            let bytes = workspace::read_bytes(&file);
            let stored = workspace::stored(to, bytes, &self.known.defaults());
            self.known.enter(to, Some(stored));
            self.known.other_folders();
        }
    }
}

/// Writes an import, or takes it back.
fn import(root: &Path, task: ImportTask) -> Result<Reply, Failure> {
    let done = match task {
        ImportTask::Write { trees, into } => {
            let choice = ImportChoice { into, environment: None, is_dry: false };
            let (plan, trace) = imports::take_in(root, (*trees).clone(), &choice)
                .map_err(|failure| failure.composed_for(Stage::ComposeImport))?;
            let summary = ImportSummary::of(&trees, &plan);
            ImportDone::Written { presets: trace.presets.clone(), summary, trace }
        }
        ImportTask::TakeBack(trace) => {
            let (gone, left) = imports::take_back(root, &trace)?;
            ImportDone::TakenBack { trace, gone, left }
        }
        ImportTask::Look { .. } => return Err(super::lane::not_ours(&Job::Import(task))),
    };
    Ok(Reply::Import(Box::new(done)))
}

impl Work for Saving {
    fn begin(&mut self, _waker: Waker) {
        for folder in [&self.paths.config, &self.paths.data, &self.paths.state] {
            // What a crash left behind.
            atomic::clean(folder);
        }
    }

    fn perform(&mut self, job: Job, outbox: &ReplySender) -> Result<(), Failure> {
        if job == Job::LoadRestore {
            // The first thing that is asked for.
            let mended = private::mend_own(&self.paths);
            if !mended.is_empty() {
                outbox.send(Reply::Mended(mended));
            }
        }
        self.known.begin_change(&job);
        // A job that panics must not keep its presets from being looked at.
        let ended = EndOfChange(self);
        let outcome = ended.0.reply(job);
        if let Ok(reply) = &outcome {
            ended.0.learn(reply);
        }
        let done = outcome.map(|reply| outbox.send(reply));
        for failure in ended.0.restore.take_notices() {
            outbox.send(Reply::SetAside(failure));
        }
        done
    }
}

/// Tells the other lane that a job is over, however it ended.
struct EndOfChange<'a>(&'a mut Saving);

impl Drop for EndOfChange<'_> {
    fn drop(&mut self) {
        self.0.known.end_change(self.0.paths.workspace.exists());
    }
}
