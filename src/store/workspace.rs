//! Reading a workspace folder: presets, folder defaults, environments.
//!
//! ```text
//! ROOT/name.toml            preset `name`            ROOT/_defaults.toml    variables for all
//! ROOT/users/create.toml    preset `users/create`    ROOT/users/_defaults.toml
//! ROOT/env/local.toml       environment `local`      ROOT/env/local.secret.toml
//! ```
//! Trouble with one file never hides the others. Names that begin with a dot or `_` are left
//! alone; pipes and devices are never opened. What the walk keeps to stands in its own file.

mod inherited_paths;
mod read_before;
mod reading_ahead;
mod walk;

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::atomic::refusal;
use super::environment::{DefaultsFile, ParsedFile};
use super::job::{FolderDefaults, VariableKind, Workspace, given as given_in};
use super::{atomic, environment, preset, starter};
use crate::model::environment_layers::{LayerFault, layer_fault};
use crate::model::failure::{Failure, FailureKind};
use crate::model::name_order::{by_name, by_path};
use crate::model::preset::{Environment, PresetPath, StoredPreset};
use crate::named_file;
use reading_ahead::FileContent;
use walk::{Bounds, FoundFile, Walk};

pub(super) use read_before::{ReadBefore, ReadVersions};
pub(super) use walk::{DEFAULTS, ENVIRONMENTS, Visit, Watched};

const SECRET: &str = ".secret";

/// Reads the workspace at `root`; where there is none, the starter workspace.
#[must_use]
pub fn scan(root: &Path) -> Workspace {
    match alone(|scan| scan_visiting(root, scan)) {
        Ok(Some(workspace)) => workspace,
        Ok(None) => starter::workspace(root),
        Err(problem) => without_presets(root, problem),
    }
}

/// What takes part in a reading.
pub(super) struct Scan<'a> {
    /// Told what has to be watched to notice every change, also when nothing can be read.
    pub(super) visit: Visit<'a>,
    /// Told what there is so far, again and again as long as there may be more; presets are in no order.
    pub(super) so_far: &'a mut dyn FnMut(&Workspace),
    pub(super) before: ReadBefore<'a>,
}

/// A reading in which nobody else takes part.
fn alone<T>(read: impl FnOnce(&mut Scan<'_>) -> T) -> T {
    let last = ReadVersions::default();
    read(&mut Scan {
        visit: &mut |_| {},
        so_far: &mut |_| {},
        before: ReadBefore { last: &last, now: ReadVersions::default(), known: &|_, _| None },
    })
}

/// Reads the workspace like [`scan`]; `None` = there is none.
///
/// # Errors
/// When the folder is there and cannot be read.
pub(super) fn scan_visiting(
    root: &Path,
    scan: &mut Scan<'_>,
) -> Result<Option<Workspace>, Failure> {
    (scan.visit)(Watched::Name(root));
    match fs::read_dir(root) {
        Ok(_) => Ok(Some(scan_within(root, Bounds::default(), scan))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            (scan.visit)(Watched::Folder(root));
            Err(atomic::failure(root, &error))
        }
    }
}

/// A workspace of which only a trouble is known.
pub(super) fn without_presets(root: &Path, problem: Failure) -> Workspace {
    let root = root.display().to_string();
    Workspace { root, problems: vec![problem], ..Workspace::default() }
}

/// The trouble with a workspace that was there before, in this run.
pub(super) fn gone(root: &Path) -> Failure {
    refusal(root, FailureKind::NotFound, "the folder of the workspace is gone")
        .hint("it is read when it is back; saving a preset makes it again")
}

/// The trouble with an empty folder in the place of a workspace that was there before, in this run.
pub(super) fn emptied(root: &Path) -> Failure {
    refusal(root, FailureKind::NotFound, "another folder is in its place, and nothing is in it")
        .hint("was a disk taken away? The workspace is read when it is back")
}

fn scan_within(root: &Path, bounds: Bounds, scan: &mut Scan<'_>) -> Workspace {
    let mut workspace = Workspace { root: root.display().to_string(), ..Workspace::default() };
    let Scan { visit, so_far, before } = scan;
    let mut walk = Walk::of(root, bounds, &mut **visit);
    let mut left = bounds.bytes;
    let mut wanted = reading_ahead::FIRST;
    loop {
        let found = walk.more(wanted);
        if found.is_empty() {
            break;
        }
        let is_all = found.len() < wanted;
        wanted = reading_ahead::TOGETHER;
        // What a folder gives to presets is known before any of them is read; the walk comes by that of the folders
        // around it before.
        let (defaults, mut files): (Vec<_>, Vec<_>) =
            found.into_iter().partition(FoundFile::is_defaults);
        if !take_in(&mut workspace, &mut walk, before, &defaults, &mut left) {
            break;
        }
        files.retain(|file| {
            let Some(known) = before.unchanged(file, &workspace.defaults) else { return true };
            left = left.saturating_sub(file.version.map_or(0, |version| version.len));
            workspace.presets.push(known);
            false
        });
        if !take_in(&mut workspace, &mut walk, before, &files, &mut left) {
            break;
        }
        if !is_all {
            so_far(&workspace);
        }
    }
    for problem in badly_extended(&workspace.environments) {
        walk.problem(problem);
    }
    workspace.problems = walk.problems;
    workspace.presets.sort_by(|a, b| a.path.cmp(&b.path));
    workspace.folders = walk.folders;
    workspace.folders.sort_by(|a, b| by_path(a, b));
    workspace.defaults.sort_by(|a, b| by_path(&a.folder, &b.folder));
    before.now.defaults.clone_from(&workspace.defaults);
    let presets = &workspace.presets;
    workspace.folders.retain(|folder| {
        let inside = format!("{folder}/");
        let at = presets.partition_point(|known| by_path(known.path.as_str(), folder).is_le());
        !presets.get(at).is_some_and(|known| known.path.as_str().starts_with(&inside))
    });
    workspace
}

/// Reads files and enters what they hold, within so many bytes; tells whether it came to its end.
fn take_in(
    workspace: &mut Workspace,
    walk: &mut Walk<'_>,
    before: &mut ReadBefore<'_>,
    files: &[FoundFile],
    left: &mut u64,
) -> bool {
    let read = reading_ahead::read(files, &workspace.defaults, *left, walk.ends());
    for (file, content) in files.iter().zip(read) {
        if walk.is_late() {
            return false;
        }
        let content = content.unwrap_or_else(|| FileContent::of(file, &workspace.defaults));
        let Some(less) = left.checked_sub(content.len()) else {
            let cause = format!("more than {} MiB of presets", walk.bytes() >> 20);
            walk.end(FailureKind::TooLarge, &cause);
            return false;
        };
        *left = less;
        let entered = match content {
            FileContent::Preset(preset, _) => {
                before.read(file, &preset);
                workspace.presets.push(*preset);
                Ok(())
            }
            FileContent::Other(bytes) => enter(workspace, &file.name, bytes),
        };
        let exposed = || exposed(&file.path, &file.name);
        if let Some(problem) = entered.err().or_else(exposed) {
            walk.problem(problem);
        }
    }
    true
}

/// Environments that extend one that is not there, or each other.
fn badly_extended(environments: &[Environment]) -> Vec<Failure> {
    let told = environments.iter().filter_map(|it| {
        let LayerFault { environment, cause } = layer_fault(environments, &it.name)?;
        let file = VariableKind::Plain.file(&it.name);
        let there = VariableKind::Plain.file(&environment);
        let hint = format!("change extends in {there}; a variable of that name goes below [vars]");
        Some(refusal(file, FailureKind::Usage, cause).hint(hint))
    });
    told.collect()
}

/// Enters what a file of this name holds.
///
/// # Errors
/// Where there is no more to show of it than the trouble.
pub(super) fn enter(
    workspace: &mut Workspace,
    name: &str,
    bytes: Result<Vec<u8>, Failure>,
) -> Result<(), Failure> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    // Whatever is wrong with it, it is told by its name here, and stands by its environment.
    let bytes = bytes.map_err(|failure| Failure { target: name.to_owned(), ..failure });
    if folder == ENVIRONMENTS {
        let stem = file.strip_suffix(".toml").unwrap_or(file);
        let secret = stem.strip_suffix(SECRET);
        let known = &mut workspace.environments;
        let stem = secret.unwrap_or(stem);
        Environment::check_name(stem).map_err(|cause| {
            refusal(name, FailureKind::Usage, cause).hint("give the file another name")
        })?;
        let at = known.binary_search_by(|known| by_name(&known.name, stem));
        let at = at.unwrap_or_else(|at| {
            known.insert(at, Environment { name: stem.into(), ..Environment::default() });
            at
        });
        let bytes = bytes?;
        let text = text(&bytes, name)?;
        let file = ParsedFile::parse(text, name)?;
        let variables = file.variables()?;
        known[at].commands.extend(file.commands()?);
        if secret.is_some() {
            known[at].secrets = variables;
        } else {
            known[at].variables = variables;
            known[at].extends = file.extends()?;
            known[at].color = file.color()?;
        }
    } else if file == DEFAULTS {
        let outer = given_in(&workspace.defaults, folder);
        let DefaultsFile { variables, order, mut given } =
            environment::defaults_in(text(&bytes?, name)?, name, outer)?;
        inherited_paths::anchor(&mut given, outer, &workspace.folder(folder));
        let folder = folder.to_owned();
        workspace.defaults.push(FolderDefaults { folder, variables, order, given });
    } else {
        let refuse = |cause: String| Err(refusal(name, FailureKind::Usage, cause));
        match PresetPath::parse(stem) {
            Ok(path) if path.as_str() == stem => {
                let preset = stored(&path, bytes, &workspace.defaults);
                workspace.presets.push(preset);
            }
            Ok(path) => {
                return refuse(format!("the name has spaces at an end; rename it to '{path}'"));
            }
            Err(error) => return refuse(format!("{error}; rename the file")),
        }
    }
    Ok(())
}

/// A preset file as found, readable or not.
pub(super) fn stored(
    path: &PresetPath,
    bytes: Result<Vec<u8>, Failure>,
    defaults: &[FolderDefaults],
) -> StoredPreset {
    let fingerprint = bytes.as_deref().map_or(0, preset::fingerprint);
    let given = given_in(defaults, path.folder());
    let content =
        bytes.and_then(|b| preset::read_in(text(&b, &format!("{path}.toml"))?, path, given));
    StoredPreset { path: path.clone(), content, fingerprint }
}

fn text<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, Failure> {
    std::str::from_utf8(bytes).map_err(|error| {
        let cause = format!("not UTF-8 at byte {}", error.valid_up_to());
        refusal(file, FailureKind::Malformed, cause)
    })
}

/// Reads a regular file, no larger than a preset may be.
pub(super) fn read_bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    read_bounded(file, preset::PRESET_LIMIT)
}

/// Reads a regular file of at most `limit` bytes.
pub(super) fn read_bounded(file: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    named_file::read(file, limit).map_err(|error| unread(file, limit, &error))
}

/// The same of a file that the program keeps for itself: one that another user may have put there is
/// refused.
pub(super) fn read_ours(file: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    named_file::read_ours(file, limit).map_err(|error| unread(file, limit, &error))
}

fn unread(file: &Path, limit: u64, error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::FileTooLarge => too_large(file, limit),
        ErrorKind::Other => refusal(file, FailureKind::Usage, error.to_string()),
        _ => atomic::failure(file, error),
    }
}

/// More than is ever read back.
pub(super) fn too_large(name: impl AsRef<Path>, limit: u64) -> Failure {
    refusal(name, FailureKind::TooLarge, format!("larger than {} MiB", limit >> 20))
        .hint("keep a large body in a file of its own: body.file")
}

/// An environment's secret file that others can read.
fn exposed(file: &Path, name: &str) -> Option<Failure> {
    let (folder, stem) = name.strip_suffix(".toml")?.rsplit_once('/')?;
    if folder != ENVIRONMENTS || !stem.ends_with(SECRET) {
        return None;
    }
    let mode = fs::metadata(file).ok()?.mode();
    (mode & 0o077 != 0).then(|| {
        refusal(name, FailureKind::Permission, "other users can read these secrets")
            .hint(format!("chmod 600 {name}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_all_presets_are_bounded() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a.toml", "b.toml"] {
            fs::write(root.path().join(name), "[http]\n").unwrap();
        }
        let bounds = Bounds { bytes: 10, ..Bounds::default() };
        let workspace = alone(|scan| scan_within(root.path(), bounds, scan));
        assert_eq!((workspace.presets.len(), workspace.problems.len()), (1, 1));
        assert!(workspace.problems[0].cause.contains("not shown"));
    }
}
