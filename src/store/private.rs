//! Files that are nobody else's business: found to be readable by others, they are made private
//! again, with a word; so is a keymap that others may change, in which a key may do anything.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::paths::Paths;
use crate::named_file;

/// Entries of a folder looked at; more than we ever make.
const ENTRIES: usize = 1_000;

/// Rights of others on a file: all of them, and those to change it.
const ANYTHING: u32 = 0o077;
const CHANGING: u32 = 0o022;

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
    let keymap = paths.config.join("keymap.toml");
    files.filter_map(|file| mend(&file)).chain(take(&keymap, CHANGING)).collect()
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
    take(path, ANYTHING)
}

fn take(path: &Path, rights: u32) -> Option<String> {
    // What a link leads to is not ours to change, nor is what is no file.
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = is_file.then(|| named_file::open(path).ok())??.0;
    let mode = file.metadata().ok()?.mode() & 0o777;
    if mode & rights == 0 {
        return None;
    }
    let private = mode & !rights;
    let (path, was) = (path.display(), format!("was open to others (mode {mode:04o})"));
    Some(match file.set_permissions(Permissions::from_mode(private)) {
        Ok(()) if rights == CHANGING => {
            format!("{path} {was}; only you may change it again ({private:04o})")
        }
        Ok(()) => format!("{path} {was}; it is private again ({private:04o})"),
        Err(error) => {
            format!("{path} {was} and cannot be changed: {error}; use chmod {private:o}")
        }
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

    #[test]
    fn a_keymap_may_be_read_by_others_and_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        let keymap = paths.config.join("keymap.toml");
        fs::create_dir_all(&paths.config).unwrap();
        fs::write(&keymap, "").unwrap();
        for (mode, mended) in [(0o644, None), (0o666, Some("0644")), (0o660, Some("0640"))] {
            fs::set_permissions(&keymap, Permissions::from_mode(mode)).unwrap();
            let said = mend_all(&paths).concat();
            assert!(mended.map_or(said.is_empty(), |mode| said.contains(mode)), "{said}");
        }
    }
}
