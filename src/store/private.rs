//! Files that are nobody else's business: found to be readable by others, they are made private
//! again, with a word.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::paths::Paths;
use crate::named_file;

/// Entries of a folder looked at; more than we ever make.
const ENTRIES: usize = 1_000;

/// Mends every private file of an installation: those of the program, and the secrets of its
/// environments. Returns what was wrong, in words.
#[must_use]
pub(crate) fn mend_all(paths: &Paths) -> Vec<String> {
    let mut said = mend_own(paths);
    said.extend(mend_secrets(&paths.workspace));
    said
}

/// Mends what the program keeps for itself: authority, history, drafts, log.
pub(super) fn mend_own(paths: &Paths) -> Vec<String> {
    let state = ["history.db", "history.db-wal", "history.db-shm", "wirebench.log"];
    let state = state.into_iter().map(|name| paths.state.join(name));
    let drafts = entries(&paths.state.join("drafts"), ".toml");
    let files = std::iter::once(paths.authority()).chain(state).chain(drafts);
    files.filter_map(|file| mend(&file)).collect()
}

/// Mends the secrets of a workspace's environments; to be called before they are read.
pub(super) fn mend_secrets(workspace: &Path) -> Vec<String> {
    let secrets = entries(&workspace.join("env"), ".secret.toml");
    secrets.into_iter().filter_map(|file| mend(&file)).collect()
}

fn entries(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.take(ENTRIES).flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(ending))
    };
    paths.filter(is_one).collect()
}

/// Takes the rights of others on a file away; says so when there were any.
pub(super) fn mend(path: &Path) -> Option<String> {
    // What a link leads to is not ours to change, nor is what is no file.
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = is_file.then(|| named_file::open(path).ok())??.0;
    let mode = file.metadata().ok()?.mode() & 0o777;
    let of_others = mode & 0o077;
    if of_others == 0 {
        return None;
    }
    let private = mode & 0o700;
    let (path, was) = (path.display(), format!("was open to others (mode {mode:04o})"));
    Some(match file.set_permissions(Permissions::from_mode(private)) {
        Ok(()) => format!("{path} {was}; it is private again ({private:04o})"),
        Err(error) => format!("{path} {was} and cannot be changed: {error}; use chmod 600"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_could_read_is_mended_with_a_word_once() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        let secret = paths.workspace.join("env/local.secret.toml");
        let link = paths.workspace.join("env/link.secret.toml");
        let elsewhere = folder.path().join("elsewhere");
        let files =
            [paths.authority(), paths.history(), paths.state.join("drafts/x-1.toml"), secret];
        for file in files.iter().chain([&elsewhere]) {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "x").unwrap();
            fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
        }
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        let said = mend_all(&paths);
        assert_eq!(said.len(), files.len(), "{said:?}");
        assert!(said[0].contains("mode 0644") && said[0].contains("authority.pem"), "{said:?}");
        assert!(files.iter().all(|file| fs::metadata(file).unwrap().mode() & 0o777 == 0o600));
        assert_eq!(fs::metadata(elsewhere).unwrap().mode() & 0o777, 0o644, "not ours");
        assert!(mend_all(&paths).is_empty());
    }
}
