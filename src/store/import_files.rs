//! The files of an import: the one that was named, or those of a folder that may be presets of another tool, within
//! bounds. Links in a folder are not followed, and nothing outside of it is read.
//!
//! Called by the command line and by the lane that looks at imports, on threads that may wait.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::interop::import::{
    IMPORT_LIMIT, ImportFault, ImportFile, ImportKind, ImportTree, import_with,
};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::named_file;

/// Files of a folder that are read.
const FILES: usize = 5_000;
/// Entries that are looked at.
const ENTRIES: usize = 50_000;
/// Folders within each other.
const DEEPEST: usize = 16;
/// How such files end.
const ENDS: [&str; 12] =
    ["bru", "json", "yaml", "yml", "http", "rest", "hurl", "har", "ini", "curl", "sh", "env"];

/// A file, or those of a folder in the order of their names.
///
/// # Errors
/// What cannot be read and why, or that it is too much.
pub(crate) fn read(path: &Path) -> Result<Vec<ImportFile>, Failure> {
    if path.is_dir() {
        return folder(path);
    }
    let bytes = named_file::read(path, IMPORT_LIMIT).map_err(|error| unread(path, &error))?;
    Ok(vec![ImportFile { name: path.display().to_string(), inside: None, bytes }])
}

/// What is in the files, those read too that a document beside them names.
///
/// # Errors
/// The name of the file, where it is broken and why.
pub(crate) fn trees(
    files: &[ImportFile],
    kind: Option<ImportKind>,
) -> Result<Vec<ImportTree>, (String, ImportFault)> {
    import_with(files, kind, &mut |file, name| {
        let path = Path::new(&file.name);
        // What came over standard input or was pasted lies nowhere.
        let folder = path.parent().filter(|_| path.is_file());
        let folder = folder.ok_or_else(|| "the document itself is no file".to_owned())?;
        named_file::read_below(folder, &folder.join(name), IMPORT_LIMIT)
    })
}

/// The failure that a broken file is.
pub(crate) fn broken(name: &str, fault: &ImportFault) -> Failure {
    Failure::new(Stage::Compose, name, FailureKind::Malformed, fault.to_string())
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    let (kind, cause) = file_error::words(error);
    Failure::new(Stage::Compose, path.display().to_string(), kind, cause)
}

fn folder(root: &Path) -> Result<Vec<ImportFile>, Failure> {
    let name = root.canonicalize().ok();
    let name = name.as_deref().and_then(Path::file_name).unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let (mut found, mut bytes, mut entries) = (Vec::new(), 0, 0);
    let mut folders = vec![(root.to_owned(), name, 0)];
    while let Some((folder, inside, depth)) = folders.pop() {
        let read = fs::read_dir(&folder).map_err(|error| unread(&folder, &error))?;
        let mut here: Vec<_> = read.flatten().take(ENTRIES).collect();
        here.sort_by_key(fs::DirEntry::file_name);
        entries += here.len();
        if entries > ENTRIES {
            return Err(too_much(root, &format!("more than {ENTRIES} entries")));
        }
        for entry in here.into_iter().rev() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(kind) = entry.file_type() else { continue };
            let is_passed_over = name.starts_with('.') || name == "node_modules";
            if is_passed_over {
                continue;
            }
            let inside = format!("{inside}/{name}");
            if kind.is_dir() && depth < DEEPEST {
                folders.push((entry.path(), inside, depth + 1));
            } else if kind.is_file() && is_candidate(&name) {
                let read = named_file::read(&entry.path(), IMPORT_LIMIT);
                // What has no ending is a program as likely as a file of commands.
                if read.as_ref().is_err_and(|error| error.kind() == ErrorKind::FileTooLarge)
                    && !name.contains('.')
                {
                    continue;
                }
                let read = read.map_err(|error| unread(&entry.path(), &error))?;
                bytes += read.len() as u64;
                if bytes > IMPORT_LIMIT || found.len() >= FILES {
                    let most = IMPORT_LIMIT >> 20;
                    return Err(too_much(root, &format!("more than {FILES} files or {most} MiB")));
                }
                let name = entry.path().display().to_string();
                found.push(ImportFile { name, inside: Some(inside), bytes: read });
            }
        }
    }
    found.sort_by(|one, other| one.inside.cmp(&other.inside));
    Ok(found)
}

fn is_candidate(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((_, end)) => ENDS.contains(&end.to_ascii_lowercase().as_str()),
        None => true,
    }
}

fn too_much(root: &Path, cause: &str) -> Failure {
    let target = root.display().to_string();
    Failure::new(Stage::Compose, target, FailureKind::TooLarge, cause)
        .hint("name a folder with fewer files, or single files")
}
