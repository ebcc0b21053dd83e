//! Files that are nobody else's business: found to be open to others, they are made private again,
//! with a word, and so is a keymap that others may change, in which a key may do anything; what belongs
//! to another user is named, and not used by whoever reads it
//! (`named_file::read_ours`).

use std::fs::{self, Metadata, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::atomic::FOREIGN_HINT;
use super::paths::Paths;
use crate::named_file;

/// Entries of a folder looked at; more than we ever make.
const ENTRIES: usize = 1_000;
/// Rights of others on what is private.
const OTHERS: u32 = 0o077;
/// Right of others to write: to change a file, or to put files of their own into a folder.
const OTHERS_WRITE: u32 = 0o022;

/// Mends every private file of an installation: those of the program, and the secrets of its
/// environments. Returns what was wrong, in words.
#[must_use]
pub(crate) fn mend_all(paths: &Paths) -> Vec<String> {
    let mut said = mend_own(paths);
    said.extend(mend_secrets(&paths.workspace));
    said
}

/// Mends what the program keeps for itself: authority, history, drafts, log, and their folders.
pub(super) fn mend_own(paths: &Paths) -> Vec<String> {
    let (drafts, editing) = (paths.state.join("drafts"), paths.editing());
    let editings = editing.parent().unwrap_or(&editing);
    let answers = paths.answers();
    let folders: [&Path; 7] =
        [&paths.config, &paths.data, &paths.state, &drafts, editings, &editing, &answers];
    let mut said: Vec<String> = folders.into_iter().filter_map(mend_folder).collect();

    let state =
        ["history.db", "history.db-wal", "history.db-shm", "projects.toml", "wirebench.log"];
    let state = state.into_iter().map(|name| paths.state.join(name));
    let private = std::iter::once(paths.authority()).chain(state);
    let private = private.chain(entries(&drafts, "")).chain(entries(&editing, ""));
    said.extend(private.filter_map(|file| mend(&file)));
    // For others to read, but not to change.
    let public = [paths.authority_certificate(), paths.config.join("keymap.toml")];
    said.extend(public.iter().filter_map(|file| mend_rights(file, OTHERS_WRITE)));
    said
}

/// Mends the secrets of a workspace's environments; to be called before they are read.
pub(super) fn mend_secrets(workspace: &Path) -> Vec<String> {
    let secrets = entries(&workspace.join("env"), ".secret.toml");
    secrets.into_iter().filter_map(|file| mend_rights(&file, OTHERS)).collect()
}

fn entries(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.take(ENTRIES).flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(ending))
    };
    paths.filter(is_one).collect()
}

/// Takes the rights of others on a file of ours away, or says whose it is.
pub(super) fn mend(path: &Path) -> Option<String> {
    foreign(path).or_else(|| mend_rights(path, OTHERS))
}

/// A folder others can put files into becomes ours alone again; one they can only look into stays:
/// what lies in it is private by itself.
fn mend_folder(path: &Path) -> Option<String> {
    foreign(path).or_else(|| {
        // What a link leads to is not ours to change.
        let facts = fs::symlink_metadata(path).ok().filter(Metadata::is_dir)?;
        let mode = facts.mode() & 0o777;
        let change = |private| fs::set_permissions(path, Permissions::from_mode(private));
        (mode & OTHERS_WRITE != 0).then(|| mended(path, mode, mode & !OTHERS, change))
    })
}

/// Says whose something is that is not ours.
fn foreign(path: &Path) -> Option<String> {
    let facts = [fs::symlink_metadata(path), fs::metadata(path)];
    let owner = facts.into_iter().flatten().find_map(|it| named_file::owner_of_others(&it))?;
    Some(format!("{} belongs to user {owner}; {FOREIGN_HINT}", path.display()))
}

/// Takes these rights on a file away; says so when there were any.
fn mend_rights(path: &Path, rights: u32) -> Option<String> {
    // What a link leads to is not ours to change, nor is what is no file.
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = is_file.then(|| named_file::open(path).ok())??.0;
    let mode = file.metadata().ok()?.mode() & 0o777;
    let change = |private| file.set_permissions(Permissions::from_mode(private));
    (mode & rights != 0).then(|| mended(path, mode, mode & !rights, change))
}

fn mended(
    path: &Path,
    mode: u32,
    private: u32,
    change: impl Fn(u32) -> std::io::Result<()>,
) -> String {
    let (path, was) = (path.display(), format!("was open to others (mode {mode:04o})"));
    match change(private) {
        Ok(()) if private & OTHERS != 0 => {
            format!("{path} {was}; only you may change it again ({private:04o})")
        }
        Ok(()) => format!("{path} {was}; it is private again ({private:04o})"),
        Err(error) => {
            format!("{path} {was} and cannot be changed: {error}; use chmod {private:o}")
        }
    }
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
    fn folders_that_others_could_write_to_are_mended_and_those_they_can_read_stay() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        let open = [paths.config.clone(), paths.data.clone(), paths.state.join("drafts")];
        let read = paths.state.join("editing");
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
        for made in open.iter().chain([&read]) {
            fs::create_dir_all(made).unwrap();
            set(made, if *made == read { 0o755 } else { 0o777 }).unwrap();
        }
        set(&paths.state, 0o700).unwrap();
        let certificate = paths.authority_certificate();
        fs::write(&certificate, "x").unwrap();
        set(&certificate, 0o666).unwrap();
        let said = mend_all(&paths);
        assert_eq!(said.len(), 4, "{said:?}");
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert!(open.iter().all(|folder| mode(folder) == 0o700));
        assert_eq!((mode(&read), mode(&certificate)), (0o755, 0o644));
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
