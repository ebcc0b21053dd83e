//! The file of `send -o FILE`. It appears whole or not at all and replaces what was there, as with
//! curl; what came before a failure is left in `FILE.part`, and that is said.
//!
//! ```text
//! .FILE.XXXXXX.part in the same folder ─► the bytes ─► all of them: FILE
//!                                                  └► a failure, a signal: FILE.part
//! ```
//! A device or pipe in its place (`/dev/null`, `>(program)`) gets the bytes as they come.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::{exit, output};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::named_file::nonblocking_flags;

/// Mode of a new file, less what the user's mask takes away.
const MODE: u32 = 0o666;

/// A file that is being filled.
pub(super) struct OutputFile {
    /// As the user wrote it.
    name: String,
    /// Where it lies, links followed.
    target: PathBuf,
    filling: Filling,
}

enum Filling {
    /// No regular file: it has the bytes already.
    Direct(File),
    Whole(NamedTempFile),
}

impl OutputFile {
    /// Opened before anything is sent, so that what was received always has a place.
    pub(super) fn begin(name: &str) -> Result<Self, Failure> {
        let target = fs::canonicalize(name).unwrap_or_else(|_| PathBuf::from(name));
        let opened = match fs::metadata(&target) {
            Ok(facts) if facts.is_dir() => {
                let cause = "it is a folder; name a file in it";
                return Err(Failure::new(Stage::Storage, name, FailureKind::Usage, cause));
            }
            Ok(facts) => {
                let mut writing = OpenOptions::new();
                let file = writing.write(true).custom_flags(nonblocking_flags()).open(&target);
                file.and_then(|file| {
                    if facts.is_file() {
                        temporary(&target, facts.permissions()).map(Filling::Whole)
                    } else {
                        Ok(Filling::Direct(file))
                    }
                })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                temporary(&target, Permissions::from_mode(MODE)).map(Filling::Whole)
            }
            Err(error) => Err(error),
        };
        let filling = opened.map_err(|error| refusal(name, &target, &error))?;
        Ok(OutputFile { name: name.to_owned(), target, filling })
    }

    /// What to write to.
    pub(super) fn file(&self) -> Result<File, Failure> {
        let file = match &self.filling {
            Filling::Direct(file) => file,
            Filling::Whole(file) => file.as_file(),
        };
        file.try_clone().map_err(|error| refusal(&self.name, &self.target, &error))
    }

    /// All was written that will be: gives the file its name when it is whole, and says what there
    /// is when not. Returns the outcome of the command.
    pub(super) async fn conclude(self, ended: Result<u8, Failure>) -> Result<u8, Failure> {
        let is_whole = matches!(ended, Ok(exit::OK | exit::NOT_MET));
        // A disk may take its time, and a signal does not wait for it.
        let placed = tokio::task::spawn_blocking(move || self.place(is_whole)).await;
        match placed.unwrap_or(Ok(())) {
            Err(failure) if is_whole => Err(failure),
            Err(failure) => {
                output::print_failure(&failure);
                ended
            }
            Ok(()) => ended,
        }
    }

    fn place(self, is_whole: bool) -> Result<(), Failure> {
        let OutputFile { name, target, filling } = self;
        let Filling::Whole(file) = filling else { return Ok(()) };
        let refused = |error: io::Error| refusal(&name, &target, &error);
        if is_whole {
            // A full disk may be noticed only now.
            file.as_file().sync_all().map_err(refused)?;
            return file.persist(&target).map(drop).map_err(|error| refused(error.error));
        }
        let bytes = file.as_file().metadata().map_err(refused)?.len();
        if bytes == 0 {
            return Ok(());
        }
        let mut part = target.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        file.persist(&part).map_err(|error| refused(error.error))?;
        let part = part.display();
        output::note(&format!("{name} is not written; the first {bytes} bytes are in {part}"));
        Ok(())
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn temporary(target: &Path, mode: Permissions) -> io::Result<NamedTempFile> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{}.", name.chars().take(64).collect::<String>());
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(".part").permissions(Permissions::from_mode(MODE));
    let file = builder.tempfile_in(folder_of(target))?;
    if mode.mode() != MODE {
        // That of the file it takes the place of.
        file.as_file().set_permissions(mode)?;
    }
    Ok(file)
}

fn refusal(name: &str, target: &Path, error: &io::Error) -> Failure {
    let folder = folder_of(target);
    let is_missing = error.kind() == ErrorKind::NotFound && !folder.exists();
    let (kind, cause, hint) = match error.kind() {
        _ if is_missing => {
            let cause = format!("the folder {} does not exist", folder.display());
            (FailureKind::NotFound, cause, "make it first")
        }
        ErrorKind::PermissionDenied => {
            (FailureKind::Permission, "no permission to write there".to_owned(), "")
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            (FailureKind::Io, "nobody reads this pipe".to_owned(), "start its reader first")
        }
        _ => (FailureKind::Io, error.to_string(), ""),
    };
    Failure::new(Stage::Storage, name, kind, cause).hint(hint)
}
