//! What the application knows of the workspace: shared by the lane that reads it and the lane that
//! changes it.
//!
//! A reading takes its time, and the user saves meanwhile. What was saved, renamed or deleted since
//! a reading began is newer than what it found, so it is entered into it before anybody sees it.
//! What is being changed at the moment is told by the reply to that job alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::lane::Waker;
use crate::model::failure::Failure;
use crate::model::preset::{PresetPath, StoredPreset};
use crate::store::job::{FolderDefaults, Job, Workspace};
use crate::store::workspace;

/// See the module.
#[derive(Default)]
pub(super) struct KnownWorkspace(Mutex<KnownState>);

#[derive(Default)]
struct KnownState {
    root: PathBuf,
    workspace: Option<Workspace>,
    /// While a reading is under way: what we changed since it began; `None` = it is gone.
    changed: Option<BTreeMap<PresetPath, Option<StoredPreset>>>,
    /// What the job that is done now may change.
    changing: Vec<PresetPath>,
    /// A reading came to its end during that job.
    read_meanwhile: bool,
    wanted: Wanted,
    /// The job that is done now put presets into other folders.
    moved: bool,
    reader: Option<Waker>,
}

/// What the lane that reads has to do unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Wanted {
    #[default]
    Nothing,
    /// Look for changes.
    Look,
    /// A job made a workspace of the starter: read it and tell it.
    Load,
}

impl KnownWorkspace {
    fn state(&self) -> MutexGuard<'_, KnownState> {
        // A job that panicked changed nothing here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder of the workspace.
    pub(super) fn root(&self) -> PathBuf {
        self.state().root.clone()
    }

    /// From now on this folder is the workspace; nothing is known of it yet.
    pub(super) fn set_root(&self, root: PathBuf) {
        let mut state = self.state();
        (state.root, state.workspace) = (root, None);
    }

    /// Whom to wake when there is something to read.
    pub(super) fn set_reader(&self, reader: Waker) {
        self.state().reader = Some(reader);
    }

    /// What folders give to presets, as it was told last.
    pub(super) fn defaults(&self) -> Vec<FolderDefaults> {
        self.state().workspace.as_ref().map(|known| known.defaults.clone()).unwrap_or_default()
    }

    /// We put presets into another folder: where folders give them something it may be something else there.
    pub(super) fn other_folders(&self) {
        let mut state = self.state();
        let mut known = state.workspace.iter().flat_map(|known| &known.defaults);
        let gives = known.any(|defaults| !defaults.given.is_empty());
        state.moved = gives;
    }

    /// Many files of it are others now: it is read anew.
    pub(super) fn is_another(&self) {
        self.state().moved = true;
    }

    /// A reading begins.
    pub(super) fn begin_reading(&self) {
        self.state().changed = Some(BTreeMap::new());
    }

    /// A reading has come to its end: tells what it found, unless that is known and `unasked`.
    pub(super) fn read(&self, mut found: Workspace, unasked: bool, tell: impl FnOnce(Workspace)) {
        let mut state = self.state();
        for (path, preset) in state.changed.take().unwrap_or_default() {
            enter(&mut found, &path, preset);
        }
        for path in &state.changing {
            if let Some(known) = &state.workspace {
                enter(&mut found, path, stored(known, path).cloned());
            }
        }
        state.read_meanwhile = true;
        if unasked && state.workspace.as_ref() == Some(&found) {
            return;
        }
        state.workspace = Some(found.clone());
        // Still locked: what is saved from now on is told after this.
        tell(found);
    }

    /// What was read last, with a trouble in place of its own: nobody knows of anything else.
    pub(super) fn as_before(&self, problem: Failure) -> Workspace {
        let state = self.state();
        match &state.workspace {
            Some(known) => Workspace { problems: vec![problem], ..known.clone() },
            None => workspace::without_presets(&state.root, problem),
        }
    }

    /// Whether the application shows the starter workspace, or nothing yet (`None`).
    pub(super) fn is_starter(&self) -> Option<bool> {
        self.state().workspace.as_ref().map(|known| known.is_starter)
    }

    /// Looks at what is known of the workspace of the user's own.
    pub(super) fn look<T>(&self, at: impl FnOnce(&Workspace) -> T) -> Option<T> {
        let state = self.state();
        state.workspace.as_ref().filter(|known| !known.is_starter).map(at)
    }

    /// What is known of a preset.
    pub(super) fn stored(&self, path: &PresetPath) -> Option<StoredPreset> {
        let state = self.state();
        state.workspace.as_ref().and_then(|known| stored(known, path).cloned())
    }

    /// A job that changes presets begins.
    pub(super) fn begin_change(&self, job: &Job) {
        let mut state = self.state();
        state.read_meanwhile = false;
        let inside = |state: &KnownState, from: &str, to: &str| {
            let moved = state.workspace.iter().flat_map(|known| moves(known, from, to));
            moved.flat_map(|(from, to)| [from, to]).collect()
        };
        state.changing = match job {
            Job::MoveFolder { from, to } => inside(&state, from, to),
            Job::SavePreset { preset, .. } => vec![preset.path.clone()],
            Job::RenamePreset { from, to } => vec![from.clone(), to.clone()],
            Job::DeletePreset { path } => vec![path.clone()],
            Job::DeleteFolder { presets, .. } => presets.clone(),
            Job::ChangePresets { edits } => edits.iter().map(|edit| edit.path.clone()).collect(),
            Job::BringBack { files, .. } => files.iter().map(|file| file.path.clone()).collect(),
            _ => Vec::new(),
        };
    }

    /// We changed this preset ourselves, so that noticing it on disk causes no second reply.
    pub(super) fn enter(&self, path: &PresetPath, preset: Option<StoredPreset>) {
        let mut state = self.state();
        if let Some(known) = &mut state.workspace {
            enter(known, path, preset.clone());
        }
        if let Some(changed) = &mut state.changed {
            changed.insert(path.clone(), preset);
        }
    }

    /// We moved a folder ourselves.
    pub(super) fn move_folder(&self, from: &str, to: &str) {
        let moved: Vec<_> = {
            let state = self.state();
            state.workspace.iter().flat_map(|known| moves(known, from, to)).collect()
        };
        for (from, to) in moved {
            let known = {
                let state = self.state();
                state.workspace.as_ref().and_then(|known| stored(known, &from).cloned())
            };
            self.enter(&from, None);
            self.enter(&to, known.map(|known| known.at(to.clone())));
        }
    }

    /// The job is done and its reply sent; `is_real`: there is a workspace folder now.
    pub(super) fn end_change(&self, is_real: bool) {
        let mut state = self.state();
        let touched = !std::mem::take(&mut state.changing).is_empty();
        let moved = std::mem::take(&mut state.moved);
        if moved || is_real && state.workspace.as_ref().is_some_and(|known| known.is_starter) {
            state.wanted = Wanted::Load;
        } else if touched && state.read_meanwhile && state.wanted == Wanted::Nothing {
            // What others did to these presets meanwhile was not told.
            state.wanted = Wanted::Look;
        }
        if state.wanted != Wanted::Nothing
            && let Some(reader) = &state.reader
        {
            reader.wake();
        }
    }

    /// What there is to do for the lane that reads.
    pub(super) fn take_wanted(&self) -> Wanted {
        std::mem::take(&mut self.state().wanted)
    }
}

/// The presets of a folder, with the paths they get with it.
fn moves(known: &Workspace, from: &str, to: &str) -> Vec<(PresetPath, PresetPath)> {
    let paths = known.presets.iter().map(|stored| &stored.path);
    let moved = paths.filter_map(|path| Some((path.clone(), path.moved(from, to).ok()?)));
    moved.filter(|(before, after)| before != after).collect()
}

fn stored<'a>(known: &'a Workspace, path: &PresetPath) -> Option<&'a StoredPreset> {
    let at = known.presets.binary_search_by(|known| known.path.cmp(path)).ok()?;
    known.presets.get(at)
}

fn enter(known: &mut Workspace, path: &PresetPath, preset: Option<StoredPreset>) {
    match (known.presets.binary_search_by(|known| known.path.cmp(path)), preset) {
        (Ok(at), Some(preset)) => known.presets[at] = preset,
        (Ok(at), None) => drop(known.presets.remove(at)),
        (Err(at), Some(preset)) => known.presets.insert(at, preset),
        (Err(_), None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{FailureKind, Stage};

    fn preset(name: &str, fingerprint: u64) -> StoredPreset {
        let path = PresetPath::parse(name).unwrap();
        let unread = Failure::new(Stage::Storage, name, FailureKind::Io, "not read in this test");
        StoredPreset { path, content: Err(unread), fingerprint }
    }

    fn workspace(presets: &[StoredPreset]) -> Workspace {
        Workspace { presets: presets.to_vec(), ..Workspace::default() }
    }

    #[test]
    fn what_is_saved_while_the_workspace_is_read_is_newer_than_what_was_found() {
        let known = KnownWorkspace::default();
        known.begin_reading();
        for (name, preset) in
            [("a", Some(preset("a", 2))), ("gone", None), ("new", Some(preset("new", 1)))]
        {
            known.enter(&PresetPath::parse(name).unwrap(), preset);
        }
        let found = workspace(&[preset("a", 1), preset("b", 1), preset("gone", 1)]);
        let mut told = None;
        known.read(found, true, |found| told = Some(found));
        let expected = workspace(&[preset("a", 2), preset("b", 1), preset("new", 1)]);
        assert_eq!(told.as_ref(), Some(&expected));
        known.begin_reading();
        known.read(expected, true, |found| panic!("known already: {found:?}"));
        assert_eq!(known.take_wanted(), Wanted::Nothing);
    }

    #[test]
    fn what_is_being_saved_is_told_by_its_reply_and_looked_at_again() {
        let known = KnownWorkspace::default();
        known.read(workspace(&[preset("a", 1)]), false, drop);
        known.begin_change(&Job::DeletePreset { path: PresetPath::parse("a").unwrap() });
        known.begin_reading();
        known.read(workspace(&[]), true, |found| panic!("too early: {found:?}"));
        known.end_change(true);
        assert_eq!(known.take_wanted(), Wanted::Look);
    }
}
