//! Reading a workspace folder: presets, folder defaults, environments.
//!
//! ```text
//! ROOT/name.toml            preset `name`            ROOT/_defaults.toml    variables for all
//! ROOT/users/create.toml    preset `users/create`    ROOT/users/_defaults.toml
//! ROOT/env/local.toml       environment `local`      ROOT/env/local.secret.toml
//! ```
//! Trouble with one file never hides the others. Names that begin with a dot or `_` are left
//! alone; pipes and devices are never opened.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::job::{FolderDefaults, Workspace};
use super::{atomic, environment, preset, starter};
use crate::model::failure::{Failure, FailureKind, Stage};
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
                let target = name.to_string_lossy();
                let cause = "the name is not UTF-8";
                workspace.problems.push(problem(&target, FailureKind::Usage, cause));
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
        let Ok(metadata) = fs::metadata(&file) else {
            if file.extension().is_some_and(|extension| extension == "toml") {
                let cause = "the link leads nowhere";
                workspace.problems.push(problem(&inner, FailureKind::NotFound, cause));
            }
            continue;
        };
        if name == DEFAULTS && metadata.is_file() {
            defaults(workspace, &file, relative, &inner);
        } else if name.starts_with(['.', '_']) || (depth == 0 && name == ENVIRONMENTS) {
        } else if metadata.is_dir() && depth < DEPTH {
            folder(workspace, &file, &inner, depth + 1);
        } else if let (true, Some(stem)) = (metadata.is_file(), inner.strip_suffix(".toml")) {
            preset_file(workspace, &file, stem);
        }
    }
}

fn preset_file(workspace: &mut Workspace, file: &Path, stem: &str) {
    if workspace.presets.len() >= PRESETS {
        let root = workspace.root.clone();
        if !workspace.problems.iter().any(|problem| problem.target == root) {
            let cause = format!("more than {PRESETS} presets; the rest is not shown");
            workspace.problems.push(problem(&root, FailureKind::TooLarge, &cause));
        }
        return;
    }
    match PresetPath::parse(stem) {
        Ok(path) if path.as_str() == stem => workspace.presets.push(stored(&path, file)),
        parsed => {
            let cause = match parsed {
                Err(error) => error.to_string(),
                Ok(path) => format!("the name has spaces at an end; rename it to '{path}'"),
            };
            workspace.problems.push(problem(&format!("{stem}.toml"), FailureKind::Usage, &cause));
        }
    }
}

/// A preset file as found, readable or not.
pub(super) fn stored(path: &PresetPath, file: &Path) -> StoredPreset {
    match read_bytes(file) {
        Ok(bytes) => parsed(path, &bytes),
        Err(failure) => StoredPreset { path: path.clone(), content: Err(failure), fingerprint: 0 },
    }
}

/// A preset file with these bytes.
pub(super) fn parsed(path: &PresetPath, bytes: &[u8]) -> StoredPreset {
    let content = text(bytes, &format!("{path}.toml")).and_then(|text| preset::read(text, path));
    StoredPreset { path: path.clone(), content, fingerprint: preset::fingerprint(bytes) }
}

fn text<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, Failure> {
    std::str::from_utf8(bytes).map_err(|error| {
        let cause = format!("not UTF-8 at byte {}", error.valid_up_to());
        problem(file, FailureKind::Malformed, &cause)
    })
}

/// Reads a regular file, no larger than a preset may be.
pub(super) fn read_bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    read_bounded(file, preset::PRESET_LIMIT)
}

/// Reads a regular file of at most `limit` bytes.
pub(super) fn read_bounded(file: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    named_file::read(file, limit).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => too_large(&file.display().to_string(), limit),
        ErrorKind::Other => {
            problem(&file.display().to_string(), FailureKind::Usage, &error.to_string())
        }
        _ => atomic::failure(file, &error),
    })
}

/// More than is ever read back.
pub(super) fn too_large(name: &str, limit: u64) -> Failure {
    let cause = format!("larger than {} MiB", limit >> 20);
    problem(name, FailureKind::TooLarge, &cause)
        .hint("keep a large body in a file of its own: body.file")
}

fn defaults(workspace: &mut Workspace, file: &Path, folder: &str, name: &str) {
    let read = read_bytes(file)
        .and_then(|bytes| text(&bytes, name).and_then(|text| environment::defaults(text, name)));
    match read {
        Ok(variables) => {
            workspace.defaults.push(FolderDefaults { folder: folder.into(), variables });
        }
        Err(failure) => workspace.problems.push(failure),
    }
}

fn environments(workspace: &mut Workspace, path: &Path) {
    if !path.is_dir() {
        return;
    }
    let mut found: BTreeMap<String, Environment> = BTreeMap::new();
    for name in names(workspace, path) {
        let Some(stem) = name.strip_suffix(".toml").filter(|stem| !stem.starts_with('.')) else {
            continue;
        };
        let secret = stem.strip_suffix(SECRET);
        let stem = secret.unwrap_or(stem);
        let environment = found.entry(stem.into()).or_default();
        environment.name = stem.into();
        let file = path.join(&name);
        let shown = format!("{ENVIRONMENTS}/{name}");
        match variables(&file, &shown) {
            Ok(variables) if secret.is_some() => {
                environment.secrets = variables;
                workspace.problems.extend(exposed(&file, &shown));
            }
            Ok(variables) => environment.variables = variables,
            Err(failure) => workspace.problems.push(failure),
        }
    }
    workspace.environments = found.into_values().collect();
}

fn variables(file: &Path, shown: &str) -> Result<BTreeMap<String, String>, Failure> {
    let bytes = read_bytes(file)?;
    environment::variables(text(&bytes, shown)?, shown)
}

/// A secret file that others can read.
fn exposed(file: &Path, shown: &str) -> Option<Failure> {
    let mode = fs::metadata(file).ok()?.mode();
    (mode & 0o077 != 0).then(|| {
        problem(shown, FailureKind::Permission, "other users can read these secrets")
            .hint(format!("chmod 600 {shown}"))
    })
}

fn problem(target: &str, kind: FailureKind, cause: &str) -> Failure {
    Failure::new(Stage::Storage, target, kind, cause)
}
