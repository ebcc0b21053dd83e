//! Saving, renaming and deleting preset files.
//!
//! A save names the version it started from (a fingerprint); what somebody else changed since is
//! answered with a conflict, never overwritten. Comparing and replacing happen under a lock on
//! the workspace folder, so two instances cannot both win.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::job::{self, FolderDefaults, Overwrite, PresetFile, Reply};
use super::lock::FolderLock;
use super::{atomic, folders, inside, lock, preset, starter, workspace};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::model::spec::Spec;

/// Bytes of deleted files of a folder that are kept to be brought back.
const KEPT: usize = 64 * 1024 * 1024;
/// Files and folders that are counted after presets went from among them.
const COUNTED: usize = 100_000;

/// Where a preset lies.
pub(super) fn file_of(root: &Path, path: &PresetPath) -> PathBuf {
    root.join(format!("{path}.toml"))
}

/// How a preset is written.
pub(super) struct PresetChange {
    /// The version it is based on.
    pub(super) based_on: Option<u64>,
    pub(super) overwrite: Overwrite,
    /// The preset whose file a new one is laid out like.
    pub(super) like: Option<PresetPath>,
    /// The file that what is written started from, where it is kept: of what somebody else wrote since nothing stays.
    pub(super) started_from: Option<Vec<u8>>,
}

impl PresetChange {
    /// The text of the file: over the one that is there, else laid out like the other.
    fn text(&self, root: &Path, preset: &Preset, old: Option<&Vec<u8>>, given: &[Spec]) -> String {
        let own = self.started_from.as_ref();
        let model = self.like.as_ref().filter(|_| old.is_none() && own.is_none());
        let model = model.and_then(|like| workspace::read_bytes(&existing(root, like).ok()?).ok());
        let is_replaced = old.is_none() || self.overwrite == Overwrite::Replace;
        let previous = own.filter(|_| is_replaced).or(old).or(model.as_ref());
        let previous = previous.and_then(|old| std::str::from_utf8(old).ok());
        preset::write_in(preset, previous, given)
    }
}

/// Writes a preset over the version it is based on; the fingerprint of what is there then, or the
/// version of somebody else that stands in the way.
pub(super) fn save(
    root: &Path,
    preset: &Preset,
    change: &PresetChange,
    defaults: &[FolderDefaults],
) -> Result<Result<u64, StoredPreset>, Failure> {
    let PresetChange { based_on, overwrite, .. } = *change;
    let _lock = locked(root)?;
    let file = inside::target(root, &file_of(root, &preset.path))?;
    let old = atomic::is_there(&file)?.then(|| workspace::read_bytes(&file)).transpose()?;
    let given = job::given(defaults, preset.path.folder());
    let text = change.text(root, preset, old.as_ref(), given);
    let fingerprint = preset::fingerprint(text.as_bytes());
    let replace = if old.is_some() { Overwrite::Replace } else { Overwrite::Refuse };
    if let Some(old) = old {
        if old == text.as_bytes() {
            atomic::settle(&file)?;
            return Ok(Ok(fingerprint));
        }
        if overwrite == Overwrite::Refuse && based_on != Some(preset::fingerprint(&old)) {
            return Ok(Err(workspace::stored(&preset.path, Ok(old), defaults)));
        }
    }
    if text.len() as u64 > preset::PRESET_LIMIT {
        return Err(workspace::too_large(preset.path.as_str(), preset::PRESET_LIMIT));
    }
    atomic::make_folders(file.parent().unwrap_or(root))?;
    atomic::write(&file, text.as_bytes(), replace)?;
    Ok(Ok(fingerprint))
}

/// Makes sure that there is a workspace, and locks it.
pub(super) fn locked(root: &Path) -> Result<FolderLock, Failure> {
    starter::materialise(root)?;
    lock::folder(root)
}

/// Moves a preset; never onto another.
pub(super) fn rename(root: &Path, from: PresetPath, to: PresetPath) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    if from != to {
        let source = existing(root, &from)?;
        let target = inside::entry(root, &file_of(root, &to))?;
        atomic::make_folders(target.parent().unwrap_or(root))?;
        let moved = atomic::rename(&source, &target);
        remove_empty_folders(root, if moved.is_ok() { &source } else { &target });
        moved?;
        folders::renamed(root, &from, &to);
    }
    Ok(Reply::Renamed { from, to })
}

/// Removes a preset and the folders that become empty.
pub(super) fn delete(root: &Path, path: PresetPath) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    let file = existing(root, &path)?;
    let kept = workspace::read_bytes(&file).ok().map(Bytes::from);
    atomic::remove(&file)?;
    remove_empty_folders(root, &file);
    Ok(Reply::Deleted { path, kept })
}

/// Writes files that were deleted again, as far as it goes; never in the place of another one.
pub(super) fn bring_back(
    root: &Path,
    files: &[PresetFile],
    orders: &[FolderDefaults],
    defaults: &[FolderDefaults],
) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    let (mut presets, mut failure) = (Vec::new(), None);
    for PresetFile { path, bytes } in files {
        let file = file_of(root, path);
        let written = inside::entry(root, &file).and_then(|file| {
            atomic::make_folders(file.parent().unwrap_or(root))?;
            atomic::write(&file, bytes, Overwrite::Refuse)
        });
        if let Err(failed) = written {
            failure = Some(failed);
            break;
        }
        presets.push(workspace::stored(path, Ok(bytes.to_vec()), defaults));
    }
    if let Some(failure) = failure.take_if(|_| presets.is_empty()) {
        return Err(failure);
    }
    folders::put_orders_back(root, orders);
    Ok(Reply::BroughtBack { presets, failure })
}

/// Removes presets of a folder, as far as it goes, and then the folders that nothing is in but the
/// order of what was. A preset that is gone already is as wanted.
pub(super) fn delete_folder(
    root: &Path,
    folder: String,
    presets: Vec<PresetPath>,
) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    let mut gone = Vec::new();
    let (mut kept, mut left_of) = (Vec::new(), KEPT);
    let mut failure = None;
    for path in presets {
        let file = file_of(root, &path);
        let before = workspace::read_bytes(&file).ok();
        let is_there = inside::entry(root, &file).and_then(|_| atomic::is_there(&file));
        let removed = is_there.and_then(|there| if there { atomic::remove(&file) } else { Ok(()) });
        if let Err(failed) = removed {
            failure = Some(failed);
            break;
        }
        remove_empty_folders(root, &file);
        if let Some(bytes) = before.filter(|bytes| bytes.len() <= left_of) {
            left_of -= bytes.len();
            kept.push(PresetFile { path: path.clone(), bytes: bytes.into() });
        }
        gone.push(path);
    }
    if failure.is_none() {
        folders::tidy(root, &root.join(&folder));
    }
    let left = files_in(&root.join(&folder));
    Ok(Reply::FolderDeleted { folder, presets: gone, kept, left, failure })
}

/// Files in a folder and below, as many as are counted; folders that links lead to are not entered.
fn files_in(folder: &Path) -> usize {
    let (mut files, mut folders) = (0, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if files + folders.len() >= COUNTED {
                return files;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => files += 1,
            }
        }
    }
    files
}

/// Removes the folders of a file that are empty now, up to the workspace's own.
pub(super) fn remove_empty_folders(root: &Path, file: &Path) {
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != root) {
        // Fails when it is not empty, which is where to stop.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

/// Where a preset lies, if it does.
fn existing(root: &Path, path: &PresetPath) -> Result<PathBuf, Failure> {
    let file = file_of(root, path);
    inside::entry(root, &file)?;
    if atomic::is_there(&file)? {
        return Ok(file);
    }
    let cause = "the preset is not there any more";
    Err(atomic::refusal(format!("{path}.toml"), FailureKind::NotFound, cause)
        .hint("it was removed or renamed by somebody else"))
}
