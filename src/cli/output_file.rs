//! The file of `send -o FILE`. It appears whole or not at all and replaces what was there, as with
//! curl; what came before a failure is left in `FILE.part`, and that is said.
//!
//! ```text
//! .FILE.XXXXXX.part in the same folder ─► the bytes ─► all of them: FILE
//!                                                  └► a failure, a signal: FILE.part
//! ```
//! That is a `whole_file`. A device or pipe in its place (`/dev/null`, `>(program)`) gets the bytes as they come, and so does a
//! file that is open already (`/dev/stdout`).

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{exit, output};
use crate::console;
use crate::model::counts::counted;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::named_file::nonblocking_flags;
use crate::whole_file::{PRIVATE, Unplaced, WholeFile, WorkingName, folder_of, follow_links};

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
    Whole(WholeFile),
}

impl OutputFile {
    /// Opened before anything is sent, so that what was received always has a place.
    pub(super) fn begin(name: &str) -> Result<Self, Failure> {
        OutputFile::begin_with(name, MODE)
    }

    /// The same of what is nobody else's business: a new file is its owner's alone.
    pub(super) fn begin_private(name: &str) -> Result<Self, Failure> {
        OutputFile::begin_with(name, PRIVATE)
    }

    fn begin_with(name: &str, mode: u32) -> Result<Self, Failure> {
        let refused = |cause: &str| {
            let target = if name.is_empty() { "-o" } else { name };
            Err(Failure::new(Stage::Storage, target, FailureKind::Usage, cause))
        };
        let target = follow_links(Path::new(name));
        let target = target.map_err(|error| refusal(name, Path::new(name), &error))?;
        // What is left beside a file that was there is named in full.
        let target = fs::canonicalize(&target).unwrap_or(target);
        let opened = match fs::metadata(name) {
            _ if name.is_empty() => return refused("the name of the file is empty"),
            Ok(facts) if facts.is_dir() => return refused("it is a folder; name a file in it"),
            Ok(facts) if facts.file_type().is_socket() => {
                return refused("it is a socket, which cannot be written to");
            }
            Ok(facts) => existing(name, &target, &facts),
            Err(error) if error.kind() == ErrorKind::NotFound && name.ends_with('/') => {
                return refused("it names a folder, which is not there; name a file");
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                begun(&target, mode).map(Filling::Whole)
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
            Filling::Whole(file) => file.file(),
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
            Err(failure) => {
                output::print_failure(&failure);
                if is_whole { Ok(exit::INTERRUPTED) } else { ended }
            }
            Ok(()) => ended,
        }
    }

    fn place(self, is_whole: bool) -> Result<(), Failure> {
        let OutputFile { name, target, filling } = self;
        let Filling::Whole(file) = filling else { return Ok(()) };
        let refused = |error: &io::Error| refusal(&name, &target, error);
        let (file, trouble) = if is_whole {
            match file.replace() {
                Ok(()) => return Ok(()),
                Err(Unplaced { error, file }) => (file, Err(refused(&error))),
            }
        } else {
            (file, Ok(()))
        };
        keep_part(file, &name, &target).map_err(|error| refused(&error))?;
        trouble
    }
}

/// Leaves what came in `FILE.part`, or where that cannot be, under the name it has; and says so.
fn keep_part(file: WholeFile, name: &str, target: &Path) -> io::Result<()> {
    let bytes = file.file().metadata()?.len();
    if bytes == 0 {
        return Ok(());
    }
    let mut part = target.as_os_str().to_owned();
    part.push(".part");
    let part = file.keep_as(Path::new(&part))?;
    let part = part.display();
    let first = match bytes {
        1 => "the first byte is".to_owned(),
        bytes => format!("the first {} are", counted(bytes, "byte")),
    };
    output::note(&format!("{name} is not written; {first} in {part}"));
    Ok(())
}

/// Opens what has this name already: a file gives way when the new one is whole, anything else gets the
/// bytes as they come. So does a file somebody has open for us, who goes on writing to it.
fn existing(name: &str, target: &Path, facts: &Metadata) -> io::Result<Filling> {
    let is_descriptor = name.starts_with("/dev/fd/");
    let own = console::output_as_file()?;
    let place = |facts: &Metadata| (facts.dev(), facts.ino());
    if facts.is_file() && own.metadata().is_ok_and(|it| place(&it) == place(facts)) {
        return Ok(Filling::Direct(own));
    }
    let mut writing = OpenOptions::new();
    writing.write(true).append(is_descriptor).custom_flags(nonblocking_flags());
    let file = writing.open(name)?;
    if facts.is_file() && !is_descriptor {
        let whole = begun(target, PRIVATE)?;
        whole.file().set_permissions(facts.permissions())?;
        return Ok(Filling::Whole(whole));
    }
    Ok(Filling::Direct(file))
}

fn begun(target: &Path, mode: u32) -> io::Result<WholeFile> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{}.", name.chars().take(64).collect::<String>());
    WholeFile::begin(target, &WorkingName { prefix: &prefix, suffix: ".part" }, mode)
}

fn refusal(name: &str, target: &Path, error: &io::Error) -> Failure {
    let folder = folder_of(target);
    let is_missing = error.kind() == ErrorKind::NotFound && !folder.exists();
    let (kind, said) = file_error::words(error);
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    let (kind, cause, hint) = match errno {
        _ if is_missing => {
            (kind, format!("the folder {} does not exist", folder.display()), "make it first")
        }
        Some(Errno::NXIO) => (kind, "nobody reads this pipe".to_owned(), "start its reader first"),
        Some(Errno::LOOP) => (FailureKind::Usage, "its links lead in a circle".to_owned(), ""),
        // Nobody knows the name of the file that is filled first.
        _ => (kind, said.split(" at path ").next().unwrap_or_default().to_owned(), ""),
    };
    Failure::new(Stage::Storage, name, kind, cause).hint(hint)
}
