//! The one place that writes files.
//!
//! ```text
//! temporary file in the same folder (0600) ─► write ─► fsync ─► rename over the old ─► fsync folder
//! ```
//! So a file is the whole old or the whole new version at any moment, whatever is killed or full.
//! A symbolic link is followed and stays a link. The mode of an existing file is kept, never
//! widened; new files are 0600 in folders of 0700. Temporary files are locked while in use, so
//! what a crash left behind is told from what another instance is writing.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

use super::job::Overwrite;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::named_file;

const TEMPORARY_PREFIX: &str = ".wirebench-";
const BUILDING_PREFIX: &str = ".wirebench-new-";
const TEMPORARY_SUFFIX: &str = ".tmp";
/// Entries of a folder that are looked at when left-overs are removed.
const CLEANED: usize = 10_000;
/// Links followed from one to the next.
const LINKS: usize = 16;
/// What to do where writing is not allowed.
pub(super) const PERMISSION_HINT: &str =
    "allow writing there, or keep everything elsewhere with --home DIR";
/// What to do about something of another user in a place of ours.
pub(super) const FOREIGN_HINT: &str = "it is not used; another user may have put it there: remove \
     it, take it over (chown), or keep everything elsewhere with --home DIR";

/// Writes a whole file; when this returns `Ok`, it is on the disk.
///
/// # Errors
/// Says what stood in the way and what to do; the old file is untouched then.
pub fn write(path: &Path, bytes: &[u8], overwrite: Overwrite) -> Result<(), Failure> {
    if overwrite == Overwrite::Refuse && fs::symlink_metadata(path).is_ok() {
        return Err(exists(path));
    }
    let target = follow_links(path)?;
    let old = match fs::metadata(&target) {
        Ok(metadata) => Some(replaceable(path, metadata)?),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(failure(path, &error)),
    };
    let attempt = || attempt(&target, bytes, old.as_ref(), overwrite);
    let written = attempt().or_else(|error| match error.kind() {
        // Another instance took the temporary file for a left-over in the instant before it was
        // locked.
        ErrorKind::NotFound => attempt(),
        _ => Err(error),
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => failure(path, &error),
    })
}

fn attempt(
    target: &Path,
    bytes: &[u8],
    old: Option<&Metadata>,
    overwrite: Overwrite,
) -> io::Result<()> {
    let folder = folder_of(target);
    let mut file = temporary(folder)?;
    file.write_all(bytes)?;
    keep_owner_and_mode(file.as_file(), old)?;
    file.as_file().sync_all()?;
    match overwrite {
        Overwrite::Replace => file.persist(target).map_err(|error| error.error)?,
        Overwrite::Refuse => file.persist_noclobber(target).map_err(|error| error.error)?,
    };
    sync_folder(folder)
}

fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let file = Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .suffix(TEMPORARY_SUFFIX)
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    // Without locks on this file system a crash may leave a file behind; saving goes on.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Gives the new file the owner and mode of the old; where the owner cannot be kept, the group
/// loses its rights rather than another group gaining them.
fn keep_owner_and_mode(file: &File, old: Option<&Metadata>) -> io::Result<()> {
    let Some(old) = old else {
        return file.set_permissions(fs::Permissions::from_mode(0o600));
    };
    let new = file.metadata()?;
    let mut mode = old.mode() & 0o777;
    let foreign = new.uid() != old.uid() || new.gid() != old.gid();
    if foreign && std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        mode &= 0o707;
        if new.uid() != old.uid() {
            mode &= 0o700;
        }
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// Where the bytes go when `path` is a symbolic link; the end of the chain need not exist.
fn follow_links(path: &Path) -> Result<PathBuf, Failure> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = folder_of(&target).join(next),
            // It is no link, or it is not there.
            Err(error) if error.kind() == ErrorKind::InvalidInput || is_absence(&error) => {
                return Ok(target);
            }
            // Taken for a file, a link would be replaced.
            Err(error) => return Err(failure(path, &error)),
        }
    }
    Err(refusal(path, FailureKind::Io, "too many symbolic links"))
}

/// Whether something of this name is there, be it a link that leads nowhere. What cannot be looked at
/// is not taken for missing: something would be written over it.
///
/// # Errors
/// When the system does not tell.
pub(super) fn is_there(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(failure(path, &error)),
    }
}

/// Whether an error says that there is nothing of that name.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn replaceable(path: &Path, metadata: Metadata) -> Result<Metadata, Failure> {
    let other_name = "choose another name";
    let (kind, cause, hint) = if metadata.is_dir() {
        (FailureKind::Usage, "it is a folder", other_name)
    } else if !metadata.is_file() {
        (FailureKind::Usage, "it is a pipe or device", other_name)
    } else if metadata.mode() & 0o222 == 0 {
        let hint = "allow writing (chmod u+w), or save under another name";
        (FailureKind::Permission, "the file is read-only", hint)
    } else {
        return Ok(metadata);
    };
    Err(refusal(path, kind, cause).hint(hint))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a folder and those above it, 0700 each, and makes sure they stay.
///
/// # Errors
/// Says which folder cannot be made and why.
pub(crate) fn make_folders(path: &Path) -> Result<(), Failure> {
    let missing = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty());
    let missing: Vec<&Path> = missing.take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        make_folder(folder).map_err(|error| failure(folder, &error))?;
    }
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        // The umask may have taken rights from us as well.
        Ok(()) => fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
        Err(error) => return Err(error),
    }
    sync_folder(folder_of(folder))
}

/// Makes renames and removals in a folder last.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems cannot sync folders; the rename itself has happened.
        Err(error) if is_unsupported(&error) => Ok(()),
        other => other,
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported)
}

/// Moves a file without ever replacing another.
///
/// # Errors
/// When the source is missing, the destination exists, or the system refuses.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let moved = renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from);
    let moved = match moved {
        Err(error) if is_unsupported(&error) => {
            fs::hard_link(from, to).and_then(|()| fs::remove_file(from))
        }
        other => other,
    };
    moved.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(to),
        _ => failure(from, &error),
    })?;
    // It has happened, and if it does not last nothing is lost: the file has its old name again.
    let _ = sync_folder(folder_of(to)).and_then(|()| sync_folder(folder_of(from)));
    Ok(())
}

/// Makes sure that a file that is as wanted already lasts: whoever wrote it may have failed there.
///
/// # Errors
/// The system's.
pub(super) fn settle(path: &Path) -> Result<(), Failure> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    let synced = synced.and_then(|()| sync_folder(folder_of(path)));
    synced.map_err(|error| failure(path, &error))
}

/// Keeps what a file holds under another name as well, replacing what was there; a missing file is
/// no error. Costs no copy: the two are one until the next [`write()`].
pub(super) fn keep_as(file: &Path, other: &Path) -> io::Result<()> {
    let folder = folder_of(other);
    let mut name = Builder::new();
    name.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX);
    match name.make_in(folder, |link| fs::hard_link(file, link)) {
        Ok(linked) => {
            linked.into_temp_path().persist(other).map_err(|error| error.error)?;
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens a private file that is changed in place by others than us (a database) or only locked;
/// made empty when it is missing. Refused where another user could put another in its place.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    named_file::ours_or_none(path)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => {
            // The umask may have taken rights from us as well.
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            Ok(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // Something else of that name must not hold us up.
            named_file::regular_or_none(path)?;
            OpenOptions::new().write(true).custom_flags(named_file::nonblocking_flags()).open(path)
        }
        Err(error) => Err(error),
    }
}

/// A folder to build in, 0700, removed when dropped. What a crash left of earlier ones is removed,
/// so the caller holds the lock of `parent`.
pub(super) fn temporary_folder(parent: &Path) -> Result<TempDir, Failure> {
    let left = fs::read_dir(parent).map_err(|error| failure(parent, &error))?.flatten();
    let is_ours = |name: &str| name.starts_with(BUILDING_PREFIX) && is_temporary(name);
    for entry in left.filter(|entry| entry.file_name().to_str().is_some_and(is_ours)) {
        // Best effort: a left-over does no harm.
        let _ = fs::remove_dir_all(entry.path());
    }
    let made = Builder::new().prefix(BUILDING_PREFIX).suffix(TEMPORARY_SUFFIX).tempdir_in(parent);
    let made = made.and_then(|made| {
        fs::set_permissions(made.path(), fs::Permissions::from_mode(0o700))?;
        Ok(made)
    });
    made.map_err(|error| failure(parent, &error))
}

/// Moves a finished folder into place; tells whether it did or something was there already.
pub(super) fn place_folder(from: &Path, to: &Path) -> Result<bool, Failure> {
    use ErrorKind::{AlreadyExists, DirectoryNotEmpty};
    match fs::rename(from, to).and_then(|()| sync_folder(folder_of(to))) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), DirectoryNotEmpty | AlreadyExists) => Ok(false),
        Err(error) => Err(failure(to, &error)),
    }
}

/// Removes a file.
///
/// # Errors
/// When it is missing or the system refuses.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    fs::remove_file(path).map_err(|error| failure(path, &error))?;
    // It has happened, and if it does not last nothing is lost: the file is back.
    let _ = sync_folder(folder_of(path));
    Ok(())
}

/// Whether a file name is one of our temporary files.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX)
}

/// Removes temporary files that a crash left in a folder; those in use are locked and stay.
pub(super) fn clean(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let is_ours = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(is_temporary);
    let entries = entries.take(CLEANED).flatten();
    entries.filter(is_ours).for_each(|entry| clean_file(&entry.path()));
}

/// Removes one temporary file unless somebody is writing it.
pub(super) fn clean_file(path: &Path) {
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return;
    }
    if File::open(path).is_ok_and(|file| file.try_lock().is_ok()) {
        // Best effort: a left-over does no harm.
        let _ = fs::remove_file(path);
    }
}

fn exists(path: &Path) -> Failure {
    refusal(path, FailureKind::Usage, "a file of that name exists")
        .hint("choose another name, or replace it")
}

/// A failure of the store about a file or folder.
pub(super) fn refusal(
    target: impl AsRef<Path>,
    kind: FailureKind,
    cause: impl Into<String>,
) -> Failure {
    Failure::new(Stage::Storage, target.as_ref().display().to_string(), kind, cause)
}

/// An error of the system in words, with what to do.
pub(super) fn failure(path: &Path, error: &io::Error) -> Failure {
    let (kind, cause) = file_error::words(error);
    let hint = match error.kind() {
        ErrorKind::PermissionDenied if error.get_ref().is_some() => FOREIGN_HINT,
        ErrorKind::PermissionDenied => PERMISSION_HINT,
        ErrorKind::ReadOnlyFilesystem => "keep everything elsewhere with --home DIR",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space and try again; the old file is untouched"
        }
        ErrorKind::FileTooLarge => "the old file is untouched",
        ErrorKind::NotFound => "check the path",
        ErrorKind::NotADirectory | ErrorKind::InvalidFilename => "choose another name",
        _ => "",
    };
    refusal(path, kind, cause).hint(hint)
}

#[cfg(test)]
mod atomic_tests;
