//! A file that appears whole or not at all.
//!
//! ```text
//! working file in the same folder, locked ─► write ─► fsync ─► rename: replace() or place_new()
//!                                                 └► trouble: dropped and gone, or keep_as()
//! ```
//! Used by all that write what nobody may see half: what the store keeps, bodies and answers that the
//! engine saves, the file of `send -o`. Working files are locked while in use, so that what a crash left
//! behind is told from what another instance is writing. Whoever needs the new name to outlive a loss
//! of power syncs the folder as well.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Mode of files that are nobody else's.
pub(crate) const PRIVATE: u32 = 0o600;
/// Links followed from one to the next, as many as the system does.
const LINKS: usize = 40;
/// Working files made in a row, when another instance takes each for a left-over.
const ATTEMPTS: usize = 4;

/// What a file is called until it has its name: hidden, with something random in the middle.
pub(crate) struct WorkingName<'a> {
    /// Begins with a dot.
    pub prefix: &'a str,
    /// Tells what kind of thing it is.
    pub suffix: &'a str,
}

impl WorkingName<'static> {
    /// For what the program writes on its own; [`is_left_over`] knows it.
    pub(crate) const OURS: Self = WorkingName { prefix: ".wirebench-", suffix: ".tmp" };
}

impl WorkingName<'_> {
    /// Makes names of this kind.
    pub(crate) fn builder(&self) -> Builder<'_, '_> {
        let mut builder = Builder::new();
        builder.prefix(self.prefix).suffix(self.suffix);
        builder
    }
}

/// A private file in the folder for temporary ones, for other programs to read; it goes with this.
pub(crate) struct ThrowAway(NamedTempFile);

impl ThrowAway {
    /// One with these bytes, whose name begins and ends like this.
    pub(crate) fn new(prefix: &str, suffix: &str, bytes: &[u8]) -> io::Result<Self> {
        // Mode 0600, as every temporary file of this crate.
        let mut file = Builder::new().prefix(prefix).suffix(suffix).tempfile()?;
        file.write_all(bytes)?;
        Ok(ThrowAway(file))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Whether a file name is one of our own working files.
pub(crate) fn is_left_over(name: &str) -> bool {
    let WorkingName { prefix, suffix } = WorkingName::OURS;
    name.starts_with(prefix) && name.ends_with(suffix)
}

/// Removes one working file unless somebody is filling it.
pub(crate) fn remove_left_over(path: &Path) {
    if !fs::symlink_metadata(path).is_ok_and(|facts| facts.is_file()) {
        return;
    }
    let Ok(file) = File::open(path) else { return };
    // The lock is held until the file is gone: who gets it afterwards sees that.
    if file.try_lock().is_ok() {
        // Best effort: a left-over does no harm.
        let _ = fs::remove_file(path);
    }
}

/// A file that is being filled beside its target; dropped, it is gone.
pub(crate) struct WholeFile {
    file: NamedTempFile,
    target: PathBuf,
}

/// A file that did not get its name: why, and what there is of it.
pub(crate) struct Unplaced {
    /// The system's.
    pub error: io::Error,
    /// As it was filled.
    pub file: WholeFile,
}

impl From<Unplaced> for io::Error {
    fn from(unplaced: Unplaced) -> Self {
        unplaced.error
    }
}

impl WholeFile {
    /// Makes a working file in the folder of `target`, which is no link ([`follow_links`]); `mode` is
    /// what the user's mask is taken from.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn begin(target: &Path, name: &WorkingName<'_>, mode: u32) -> io::Result<Self> {
        let mut builder = name.builder();
        builder.permissions(fs::Permissions::from_mode(mode));
        let mut file = builder.tempfile_in(folder_of(target))?;
        for _ in 1..ATTEMPTS {
            if is_held(file.as_file()) {
                break;
            }
            file = builder.tempfile_in(folder_of(target))?;
        }
        Ok(WholeFile { file, target: target.to_owned() })
    }

    /// What to write to.
    pub(crate) fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Gives the file its name, in place of what has it, when all is on the disk.
    ///
    /// # Errors
    /// The system's; what had the name is untouched.
    pub(crate) fn replace(self) -> Result<(), Unplaced> {
        self.placed(|file, target| file.persist(target))
    }

    /// Gives the file its name when all is on the disk and nothing else has it.
    ///
    /// # Errors
    /// The system's, `AlreadyExists` among them.
    pub(crate) fn place_new(self) -> Result<(), Unplaced> {
        self.placed(|file, target| file.persist_noclobber(target))
    }

    fn placed(
        self,
        name: impl FnOnce(NamedTempFile, &Path) -> Result<File, tempfile::PersistError>,
    ) -> Result<(), Unplaced> {
        // A full disk may be noticed only now.
        if let Err(error) = self.file.as_file().sync_all() {
            return Err(Unplaced { error, file: self });
        }
        let WholeFile { file, target } = self;
        match name(file, &target) {
            Ok(_) => Ok(()),
            Err(tempfile::PersistError { error, file }) => {
                Err(Unplaced { error, file: WholeFile { file, target } })
            }
        }
    }

    /// Leaves what came so far under another name, or where that cannot be, under the one it has;
    /// returns which.
    ///
    /// # Errors
    /// When the working file cannot stay either.
    pub(crate) fn keep_as(self, other: &Path) -> io::Result<PathBuf> {
        let Err(unnamed) = self.file.persist(other) else { return Ok(other.to_owned()) };
        let file = unnamed.file;
        let _ = fs::remove_file(other);
        // Where nothing is renamed, a second name may do, and the first goes.
        match fs::hard_link(file.path(), other) {
            Ok(()) => Ok(other.to_owned()),
            Err(_) => file.keep().map(|(_, path)| path).map_err(|error| error.error),
        }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

/// Locks a working file; tells whether it is there still. Another instance, or whoever reads the
/// folder here, may have taken it for a left-over in the instant before, and one that could not be
/// locked may be taken for one while it is filled.
fn is_held(file: &File) -> bool {
    let is_locked = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        // Without locks on this file system a crash may leave a file behind; saving goes on.
        Err(TryLockError::Error(error)) => error.kind() == ErrorKind::Unsupported,
    };
    is_locked && !file.metadata().is_ok_and(|facts| facts.nlink() == 0)
}

/// The folder a file lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Where a name leads when it is a symbolic link, which then stays one; the end of the chain need not
/// exist.
///
/// # Errors
/// When a link cannot be read (taken for a file, it would be replaced), or they lead in a circle.
pub(crate) fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = folder_of(&target).join(next),
            // It is no link, or it is not there.
            Err(error) if error.kind() == ErrorKind::InvalidInput || is_absence(&error) => {
                return Ok(target);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("its links lead in a circle"))
}

/// Whether an error says that there is nothing of that name.
pub(crate) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Moves a file without ever replacing another.
///
/// # Errors
/// The system's, `AlreadyExists` among them.
pub(crate) fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from) {
        Err(error) if is_unsupported(&error) => {
            fs::hard_link(from, to).and_then(|()| fs::remove_file(from))
        }
        other => other,
    }
}

/// Makes renames and removals in a folder last.
///
/// # Errors
/// The system's; one that cannot sync folders has done its best.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if is_unsupported(&error) => Ok(()),
        other => other,
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(target: &Path) -> WholeFile {
        let mut file = WholeFile::begin(target, &WorkingName::OURS, PRIVATE).unwrap();
        file.write_all(b"new").unwrap();
        file
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_is_gone_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("file");
        let file = begun(&target);
        assert!(!target.exists() && is_left_over(&names(folder.path())[0]));
        drop(file);
        assert!(names(folder.path()).is_empty());
        begun(&target).place_new().map_err(io::Error::from).unwrap();
        fs::write(&target, "old").unwrap();
        let unplaced = begun(&target).place_new().unwrap_err();
        assert_eq!(unplaced.error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&target).unwrap(), b"old");
        let part = unplaced.file.keep_as(&folder.path().join("part")).unwrap();
        assert_eq!(fs::read(part).unwrap(), b"new");
        begun(&target).replace().map_err(io::Error::from).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["file", "part"]);
    }

    #[test]
    fn what_is_being_filled_is_no_left_over_and_what_was_taken_for_one_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("file");
        let file = begun(&target);
        let working = folder.path().join(&names(folder.path())[0]);
        remove_left_over(&working);
        assert!(working.exists());
        drop(file);
        // Somebody who holds the lock is about to remove it; what is removed has no name left.
        fs::write(&working, "").unwrap();
        let (ours, theirs) = (File::open(&working).unwrap(), File::open(&working).unwrap());
        theirs.try_lock().unwrap();
        assert!(!is_held(&ours));
        drop(theirs);
        assert!(is_held(&ours));
        drop(ours);
        let ours = File::open(&working).unwrap();
        remove_left_over(&working);
        assert!(!working.exists() && !is_held(&ours));
    }

    #[test]
    fn links_lead_to_what_need_not_be_there_and_never_in_a_circle() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let link = std::os::unix::fs::symlink::<&str, PathBuf>;
        link("b", at("a")).unwrap();
        link("c", at("b")).unwrap();
        link("round", at("round")).unwrap();
        assert_eq!(follow_links(&at("a")).unwrap(), at("c"));
        assert!(follow_links(&at("round")).unwrap_err().to_string().contains("circle"));
    }

    #[test]
    fn a_move_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| folder.path().join(name));
        fs::write(&a, "a").unwrap();
        fs::write(&b, "b").unwrap();
        assert_eq!(move_new(&a, &b).unwrap_err().kind(), ErrorKind::AlreadyExists);
        move_new(&a, &c).unwrap();
        assert_eq!((fs::read(&b).unwrap(), fs::read(&c).unwrap()), (b"b".into(), b"a".into()));
    }
}
