//! The one place that writes what the store keeps: `whole_file`, and the folder synced too.
//!
//! So a file is the whole old or the whole new version at any moment, whatever is killed or full.
//! A symbolic link is followed and stays a link. The mode of an existing file is kept, never
//! widened; new files are 0600 in folders of 0700.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use tempfile::{Builder, TempDir};

use super::job::Overwrite;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::named_file;
use crate::whole_file::{
    self, PRIVATE, WholeFile, WorkingName, folder_of, follow_links, is_absence, sync_folder,
};

const BUILDING_PREFIX: &str = ".wirebench-new-";
/// Entries of a folder that are looked at when left-overs are removed.
const CLEANED: usize = 10_000;
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
    let target = follow_links(path).map_err(|error| failure(path, &error))?;
    let old = match fs::metadata(&target) {
        Ok(metadata) => Some(replaceable(path, metadata)?),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(failure(path, &error)),
    };
    write_whole(&target, bytes, old.as_ref(), overwrite).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => failure(path, &error),
    })
}

fn write_whole(
    target: &Path,
    bytes: &[u8],
    old: Option<&Metadata>,
    overwrite: Overwrite,
) -> io::Result<()> {
    let mut file = WholeFile::begin(target, &WorkingName::OURS, PRIVATE)?;
    file.write_all(bytes)?;
    keep_owner_and_mode(file.file(), old)?;
    match overwrite {
        Overwrite::Replace => file.replace()?,
        Overwrite::Refuse => file.place_new()?,
    }
    sync_folder(folder_of(target))
}

/// Gives the new file the owner and mode of the old; where the owner cannot be kept, the group
/// loses its rights rather than another group gaining them.
fn keep_owner_and_mode(file: &File, old: Option<&Metadata>) -> io::Result<()> {
    let Some(old) = old else {
        // The umask may have taken rights from us as well.
        return file.set_permissions(fs::Permissions::from_mode(PRIVATE));
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

/// Moves a file without ever replacing another.
///
/// # Errors
/// When the source is missing, the destination exists, or the system refuses.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    whole_file::move_new(from, to).map_err(|error| match error.kind() {
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
    match WorkingName::OURS.builder().make_in(folder_of(other), |link| fs::hard_link(file, link)) {
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
    let is_ours = |name: &str| name.starts_with(BUILDING_PREFIX) && whole_file::is_left_over(name);
    for entry in left.filter(|entry| entry.file_name().to_str().is_some_and(is_ours)) {
        // Best effort: a left-over does no harm.
        let _ = fs::remove_dir_all(entry.path());
    }
    let made =
        Builder::new().prefix(BUILDING_PREFIX).suffix(WorkingName::OURS.suffix).tempdir_in(parent);
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

/// Removes temporary files that a crash left in a folder; those in use are locked and stay.
pub(super) fn clean(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let is_ours =
        |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(whole_file::is_left_over);
    let entries = entries.take(CLEANED).flatten();
    entries.filter(is_ours).for_each(|entry| whole_file::remove_left_over(&entry.path()));
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
