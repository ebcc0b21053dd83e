//! Reading a workspace folder: presets, folder defaults, environments.
//!
//! ```text
//! ROOT/name.toml            preset `name`            ROOT/_defaults.toml    variables for all
//! ROOT/users/create.toml    preset `users/create`    ROOT/users/_defaults.toml
//! ROOT/env/local.toml       environment `local`      ROOT/env/local.secret.toml
//! ```
//! Trouble with one file never hides the others. Names that begin with a dot or `_` are left
//! alone; pipes and devices are never opened.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::atomic::refusal;
use super::job::{FolderDefaults, Workspace};
use super::{atomic, environment, preset, starter};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::{Environment, PresetPath, StoredPreset};

/// Folder of the environments.
pub(super) const ENVIRONMENTS: &str = "env";
const DEFAULTS: &str = "_defaults.toml";
const SECRET: &str = ".secret";
/// Folders inside folders that are looked at; also ends cycles of links.
pub(super) const DEPTH: usize = 8;
/// Presets that are read.
const PRESETS: usize = 20_000;

/// Reads the workspace at `root`; where there is none, the starter workspace.
#[must_use]
pub fn scan(root: &Path) -> Workspace {
    let mut workspace = Workspace { root: root.display().to_string(), ..Workspace::default() };
    match fs::read_dir(root) {
        Ok(_) => {
            folder(&mut workspace, root, "", 0);
            environments(&mut workspace, &root.join(ENVIRONMENTS));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return starter::workspace(root),
        Err(error) => workspace.problems.push(atomic::failure(root, &error)),
    }
    workspace.presets.sort_by(|a, b| a.path.cmp(&b.path));
    workspace.defaults.sort_by(|a, b| a.folder.cmp(&b.folder));
    workspace
}

/// Names in a folder, sorted; temporary files left by a crash are removed on the way.
fn names(workspace: &mut Workspace, path: &Path) -> Vec<String> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            workspace.problems.push(atomic::failure(path, &error));
            return Vec::new();
        }
    };
    let mut names = Vec::new();
    for entry in entries.flatten() {
        match entry.file_name().into_string() {
            Ok(name) if atomic::is_temporary(&name) => atomic::clean_file(&entry.path()),
            Ok(name) => names.push(name),
            Err(name) => {
                let problem = refusal(name, FailureKind::Usage, "the name is not UTF-8");
                workspace.problems.push(problem);
            }
        }
    }
    names.sort();
    names
}

fn folder(workspace: &mut Workspace, path: &Path, relative: &str, depth: usize) {
    for name in names(workspace, path) {
        let file = path.join(&name);
        let inner = if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
        let is_toml = file.extension().is_some_and(|extension| extension == "toml");
        let found = match fs::metadata(&file) {
            Err(_) if is_toml => {
                Err(refusal(inner, FailureKind::NotFound, "the link leads nowhere"))
            }
            Ok(facts) if name == DEFAULTS && facts.is_file() => {
                enter(workspace, &inner, read_bytes(&file))
            }
            Ok(_) if name.starts_with(['.', '_']) || (depth == 0 && name == ENVIRONMENTS) => Ok(()),
            Ok(facts) if facts.is_dir() && depth < DEPTH => {
                folder(workspace, &file, &inner, depth + 1);
                Ok(())
            }
            Ok(facts) if facts.is_file() && is_toml => {
                if workspace.presets.len() < PRESETS {
                    enter(workspace, &inner, read_bytes(&file))
                } else if workspace.problems.iter().any(|known| known.target == workspace.root) {
                    Ok(())
                } else {
                    let cause = format!("more than {PRESETS} presets; the rest is not shown");
                    Err(refusal(&workspace.root, FailureKind::TooLarge, cause))
                }
            }
            _ => Ok(()),
        };
        workspace.problems.extend(found.err());
    }
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
    if folder == ENVIRONMENTS {
        let stem = file.strip_suffix(".toml").unwrap_or(file);
        let secret = stem.strip_suffix(SECRET);
        let known = &mut workspace.environments;
        let stem = secret.unwrap_or(stem);
        let at = known.binary_search_by(|known| known.name.as_str().cmp(stem));
        let at = at.unwrap_or_else(|at| {
            known.insert(at, Environment { name: stem.into(), ..Environment::default() });
            at
        });
        let variables = environment::variables(text(&bytes?, name)?, name)?;
        if secret.is_some() {
            known[at].secrets = variables;
        } else {
            known[at].variables = variables;
        }
    } else if file == DEFAULTS {
        let variables = environment::defaults(text(&bytes?, name)?, name)?;
        workspace.defaults.push(FolderDefaults { folder: folder.into(), variables });
    } else {
        let refuse = |cause: String| Err(refusal(name, FailureKind::Usage, cause));
        match PresetPath::parse(stem) {
            Ok(path) if path.as_str() == stem => workspace.presets.push(stored(&path, bytes)),
            Ok(path) => {
                return refuse(format!("the name has spaces at an end; rename it to '{path}'"));
            }
            Err(error) => return refuse(error.to_string()),
        }
    }
    Ok(())
}

/// A preset file as found, readable or not.
pub(super) fn stored(path: &PresetPath, bytes: Result<Vec<u8>, Failure>) -> StoredPreset {
    let fingerprint = bytes.as_deref().map_or(0, preset::fingerprint);
    let content = bytes.and_then(|b| preset::read(text(&b, &format!("{path}.toml"))?, path));
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
    let metadata = fs::metadata(file).map_err(|error| atomic::failure(file, &error))?;
    if !metadata.is_file() {
        return Err(refusal(file, FailureKind::Usage, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(file).and_then(|open| open.take(limit + 1).read_to_end(&mut bytes));
    read.map_err(|error| atomic::failure(file, &error))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(file, limit));
    }
    Ok(bytes)
}

/// More than is ever read back.
pub(super) fn too_large(name: impl AsRef<Path>, limit: u64) -> Failure {
    refusal(name, FailureKind::TooLarge, format!("larger than {} MiB", limit >> 20))
        .hint("keep a large body in a file of its own: body.file")
}

fn environments(workspace: &mut Workspace, path: &Path) {
    if !path.is_dir() {
        return;
    }
    for name in names(workspace, path) {
        let Some(stem) = name.strip_suffix(".toml").filter(|stem| !stem.starts_with('.')) else {
            continue;
        };
        let (file, shown) = (path.join(&name), format!("{ENVIRONMENTS}/{name}"));
        let entered = enter(workspace, &shown, read_bytes(&file));
        let exposed = || stem.ends_with(SECRET).then(|| exposed(&file, &shown)).flatten();
        workspace.problems.extend(entered.err().or_else(exposed));
    }
}

/// A secret file that others can read.
fn exposed(file: &Path, shown: &str) -> Option<Failure> {
    let mode = fs::metadata(file).ok()?.mode();
    (mode & 0o077 != 0).then(|| {
        refusal(shown, FailureKind::Permission, "other users can read these secrets")
            .hint(format!("chmod 600 {shown}"))
    })
}
