//! A store that keeps everything in memory, and workspaces as the store reads them.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use bytes::Bytes;
use wirebench::model::cookie::CookieChange;
use wirebench::model::cookie_jar::CookieJar;
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::preset::{Environment, Preset, PresetPath, StoredPreset};
use wirebench::store::job::{
    EditedPreset, EnvironmentDone, EnvironmentFiles, EnvironmentTask, HistoryEntry, HistoryName,
    HistoryRow, HistorySpec, Job, JobKind, Overwrite, PresetEdit, PresetFile, PresetsChanged,
    Reply, Restore, VariableKind, Workspace,
};
use wirebench::store::{preset, starter};

/// A store that keeps everything in memory and answers at once.
#[derive(Default)]
pub struct MemoryStore {
    pub presets: BTreeMap<PresetPath, (Preset, u64)>,
    pub environments: BTreeMap<String, Environment>,
    pub history: Vec<HistoryEntry>,
    pub restore: Option<Restore>,
    pub jobs: Vec<Job>,
    /// Jobs wait here while the store is slow.
    pub held: Option<VecDeque<Job>>,
    /// Files that are no presets in every folder.
    pub other_files: usize,
    pub writes: u64,
    /// The environment deleted last.
    deleted: Option<Environment>,
    /// The cookies of environments.
    pub cookies: BTreeMap<Option<String>, CookieJar>,
    /// The next change of a variable fails like this.
    pub fails: Option<Failure>,
}

impl MemoryStore {
    fn rename(&mut self, from: PresetPath, to: PresetPath) -> Reply {
        // Somebody may have deleted it in the meantime.
        let Some(kept) = self.presets.remove(&from) else {
            let (target, kind) = (from.to_string(), FailureKind::NotFound);
            let failure = Failure::new(Stage::Storage, target, kind, "there is no such preset");
            return Reply::Failed { job: JobKind::RenamePreset.into(), failure };
        };
        self.presets.insert(to.clone(), kept);
        Reply::Renamed { from, to }
    }

    /// Does this to the cookies of an environment; those that end with the session are not kept.
    fn change_cookies(
        &mut self,
        environment: Option<String>,
        changes: &[CookieChange],
        now: i64,
    ) -> Reply {
        let jar = self.cookies.entry(environment.clone()).or_default();
        jar.apply(changes, now);
        jar.retain(|cookie| cookie.expires.is_some());
        Reply::Cookies { environment, jar: Box::new(jar.clone()) }
    }

    /// Answers a job, unless the store is slow.
    pub fn take(&mut self, job: Job) -> Option<Reply> {
        if let Some(held) = &mut self.held {
            held.push_back(job);
            return None;
        }
        self.jobs.push(job.clone());
        match job {
            Job::SavePreset { preset, based_on, overwrite, .. } => {
                Some(self.save(*preset, based_on, overwrite))
            }
            Job::RenamePreset { from, to } => Some(self.rename(from, to)),
            job @ (Job::CreateFolder { .. }
            | Job::RemoveFolder { .. }
            | Job::MoveFolder { .. }
            | Job::SetOrder { .. }) => Some(self.rearrange(job)),
            job @ (Job::DeletePreset { .. } | Job::DeleteFolder { .. } | Job::BringBack { .. }) => {
                self.take_away(job)
            }
            Job::ChangePresets { edits } => Some(self.change(edits)),
            Job::Environment(task) => Some(self.environment(task)),
            Job::Cookies { environment, changes, now } => {
                Some(self.change_cookies(environment, &changes, now))
            }
            Job::AddColorRule { filter, color } => Some(Reply::ColorRuleAdded { filter, color }),
            Job::SaveRestore(restore) => {
                self.restore = Some(*restore);
                Some(Reply::RestoreSaved)
            }
            Job::AppendHistory(entry) => {
                self.history.insert(0, *entry);
                Some(Reply::HistoryAppended)
            }
            Job::QueryHistory(question) => {
                let text = question.text;
                let fits = |entry: &&HistoryEntry| entry.summary.contains(&text);
                let entries: Vec<HistoryRow> =
                    self.history.iter().filter(fits).map(history_row).collect();
                let total = entries.len() as u64;
                let entries = entries.into_iter().take(question.limit as usize).collect();
                Some(Reply::History { text, entries, total })
            }
            Job::ReadHistory(name) => {
                let entry = self.history.iter().find(|entry| entry.at == name.at)?;
                let spec = Box::new(entry.spec.clone());
                let spec = HistorySpec::Kept { spec, left_out: entry.left_out };
                Some(Reply::HistoryRead { name, spec })
            }
            Job::ForgetHistory(name) => {
                let before = self.history.len();
                self.history.retain(|entry| name.is_some_and(|name| name.at != entry.at));
                let count = (before - self.history.len()) as u64;
                Some(Reply::HistoryForgotten { count })
            }
            _ => None,
        }
    }

    /// Does something to an environment, which is as it was told last.
    fn environment(&mut self, task: EnvironmentTask) -> Reply {
        let known = &mut self.environments;
        let mut followed = Vec::new();
        let named = |name: &String| Environment { name: name.clone(), ..Environment::default() };
        let (back, now) = match &task {
            EnvironmentTask::Create { name } => {
                let (name, files) = (name.clone(), EnvironmentFiles::default());
                (EnvironmentTask::Unmake { name: name.clone(), files }, Some(named(&name)))
            }
            EnvironmentTask::Copy { from, to } => {
                let copy = Environment { name: to.clone(), ..known[from].clone() };
                let files = EnvironmentFiles::default();
                (EnvironmentTask::Unmake { name: to.clone(), files }, Some(copy))
            }
            EnvironmentTask::Rename { from, to } => {
                followed = renamed_base(known, from, to);
                let moved = Environment { name: to.clone(), ..known.remove(from).unwrap() };
                (EnvironmentTask::Rename { from: to.clone(), to: from.clone() }, Some(moved))
            }
            EnvironmentTask::Delete { name } | EnvironmentTask::Unmake { name, .. } => {
                self.deleted = known.remove(name);
                let (name, files) = (name.clone(), EnvironmentFiles::default());
                (EnvironmentTask::BringBack { name, files }, None)
            }
            EnvironmentTask::BringBack { name, .. } => {
                (EnvironmentTask::Delete { name: name.clone() }, self.deleted.take())
            }
            EnvironmentTask::Change { name, change } => {
                let mut now = known.get(name).cloned().unwrap_or_else(|| named(name));
                if let Some(failure) = self.fails.take() {
                    return Reply::Failed { job: JobKind::Environment.into(), failure };
                }
                for (variable, is_new) in [(&change.before, false), (&change.after, true)] {
                    let Some(variable) = variable else { continue };
                    let values = match variable.kind {
                        VariableKind::Plain => &mut now.variables,
                        VariableKind::Secret => &mut now.secrets,
                    };
                    let (name, value) = (variable.name.clone(), variable.value.clone());
                    let before = values.remove(&name);
                    assert!(is_new || before.as_ref() == Some(&value), "{before:?} {value:?}");
                    if is_new {
                        values.insert(name, value);
                    }
                }
                let back = Box::new(change.back(Vec::new()));
                (EnvironmentTask::Change { name: name.clone(), change: back }, Some(now))
            }
        };
        if let Some(now) = &now {
            self.environments.insert(now.name.clone(), now.clone());
        }
        Reply::EnvironmentDone(Box::new(EnvironmentDone {
            task,
            back,
            now,
            followed,
            behind: Vec::new(),
        }))
    }

    /// Makes, removes and moves folders, and orders what is in them.
    fn rearrange(&mut self, job: Job) -> Reply {
        match job {
            Job::CreateFolder { folder } => {
                let is_known = |around: &&str| {
                    let within = format!("{around}/");
                    self.presets.keys().any(|path| path.as_str().starts_with(&within))
                };
                let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
                let mut around = ends.map(|end| &folder[..end]).skip_while(is_known);
                let outermost = around.next().unwrap_or(&folder).to_owned();
                Reply::FolderCreated { folder, outermost }
            }
            Job::RemoveFolder { folder, outermost } => {
                let around = folder.match_indices('/').map(|(at, _)| folder[..at].to_owned());
                let around = around.filter(|around| around.len() >= outermost.len());
                let gone = around.chain([folder.clone()]).collect();
                Reply::FolderRemoved { folder, outermost, gone }
            }
            Job::MoveFolder { from, to } => {
                let presets = std::mem::take(&mut self.presets);
                let moved = |path: PresetPath| path.moved(&from, &to).unwrap();
                self.presets = presets.into_iter().map(|(path, it)| (moved(path), it)).collect();
                Reply::FolderMoved { from, to }
            }
            Job::SetOrder { folder, before, order } => Reply::OrderSet { folder, before, order },
            other => panic!("{other:?}"),
        }
    }

    /// Deletes presets, or brings them back.
    fn take_away(&mut self, job: Job) -> Option<Reply> {
        match job {
            Job::DeletePreset { path } => {
                let kept = self.presets.remove(&path).map(|kept| file_of(&kept.0));
                Some(Reply::Deleted { path, kept })
            }
            Job::DeleteFolder { folder, presets } => {
                let kept = presets.iter().filter_map(|path| {
                    let bytes = file_of(&self.presets.remove(path)?.0);
                    Some(PresetFile { path: path.clone(), bytes })
                });
                let kept = kept.collect();
                let left = self.other_files;
                Some(Reply::FolderDeleted { folder, presets, kept, left, failure: None })
            }
            Job::BringBack { files, .. } => {
                let mut presets = Vec::new();
                for PresetFile { path, bytes } in files {
                    let back = stored(path.as_str(), std::str::from_utf8(&bytes).unwrap());
                    let preset = back.content.clone().unwrap();
                    self.presets.insert(path, (preset, back.fingerprint));
                    presets.push(back);
                }
                Some(Reply::BroughtBack { presets, failure: None })
            }
            _ => None,
        }
    }

    fn save(&mut self, preset: Preset, based_on: Option<u64>, overwrite: Overwrite) -> Reply {
        if let Some((theirs, fingerprint)) = self.presets.get(&preset.path)
            && overwrite == Overwrite::Refuse
            && based_on != Some(*fingerprint)
        {
            let theirs = StoredPreset {
                path: theirs.path.clone(),
                content: Ok(theirs.clone()),
                fingerprint: *fingerprint,
            };
            return Reply::Conflict { mine: Box::new(preset), theirs: Box::new(theirs) };
        }
        self.writes += 1;
        let (path, fingerprint) = (preset.path.clone(), self.writes);
        self.presets.insert(path.clone(), (preset, fingerprint));
        Reply::Saved { path, fingerprint }
    }

    /// Changes presets that are as they were told; takes no bytes.
    fn change(&mut self, edits: Vec<PresetEdit>) -> Reply {
        let mut done = PresetsChanged::default();
        for edit in edits {
            let PresetEdit { path, based_on, to } = edit;
            let (known, fingerprint) = self.presets[&path].clone();
            if fingerprint != based_on {
                let (target, kind) = (path.to_string(), FailureKind::Busy);
                done.left.push(Failure::new(Stage::Storage, target, kind, "it changed"));
                continue;
            }
            let preset = match to {
                EditedPreset::Preset(preset) => *preset,
                EditedPreset::Bytes(bytes) => {
                    preset::read(std::str::from_utf8(&bytes).unwrap(), &path).unwrap()
                }
            };
            self.writes += 1;
            let fingerprint = 2_000_000 + self.writes;
            self.presets.insert(path.clone(), (preset.clone(), fingerprint));
            let to = EditedPreset::Bytes(file_of(&known));
            done.back.push(PresetEdit { path: path.clone(), based_on: fingerprint, to });
            done.changed.push(StoredPreset { path, content: Ok(preset), fingerprint });
        }
        Reply::PresetsChanged(Box::new(done))
    }

    /// Somebody else writes a preset.
    pub fn changed_by_others(&mut self, path: &str, change: impl FnOnce(&mut Preset)) {
        self.writes += 1;
        let kept = self.presets.get_mut(&PresetPath::parse(path).unwrap()).unwrap();
        change(&mut kept.0);
        kept.1 = 1_000_000 + self.writes;
    }

    pub fn has(&self, path: &str) -> bool {
        self.presets.contains_key(&PresetPath::parse(path).unwrap())
    }
}

fn history_row(entry: &HistoryEntry) -> HistoryRow {
    HistoryRow {
        name: HistoryName { row: None, at: entry.at },
        badge: entry.spec.badge().into(),
        summary: entry.summary.clone(),
        outcome: entry.outcome.clone(),
        preset: entry.preset.clone(),
        is_pinned: false,
        hit: None,
    }
}

fn file_of(preset: &Preset) -> Bytes {
    preset::write(preset, None).into()
}

/// The embedded starter workspace.
pub fn starter_workspace() -> Workspace {
    starter::workspace(Path::new("/data/presets"))
}

/// A preset file as the store reads it.
pub fn stored(path: &str, text: &str) -> StoredPreset {
    let path = PresetPath::parse(path).unwrap();
    let content = preset::read(text, &path);
    StoredPreset { content, fingerprint: preset::fingerprint(text.as_bytes()), path }
}

/// A workspace of preset files.
pub fn workspace(files: &[(&str, &str)]) -> Workspace {
    let mut presets: Vec<StoredPreset> =
        files.iter().map(|(path, text)| stored(path, text)).collect();
    presets.sort_by(|a, b| a.path.cmp(&b.path));
    Workspace { root: "/data/presets".into(), presets, ..Workspace::default() }
}

/// Those that extend an environment extend it by its new name; which.
fn renamed_base(known: &mut BTreeMap<String, Environment>, from: &str, to: &str) -> Vec<String> {
    let extending = known.values_mut().filter(|it| it.extends.as_deref() == Some(from));
    let follow = |it: &mut Environment| {
        it.extends = Some(to.to_owned());
        it.name.clone()
    };
    extending.map(follow).collect()
}
