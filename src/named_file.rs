//! The one way to open a file whose name somebody else chose: a body, a certificate, a key, a preset,
//! an environment, a keymap, the history, drafts.
//!
//! Called by engine, store and shells. Opening never waits (a named pipe has no writer, a device no
//! end), only regular files are taken, and what is read is bounded; each refusal says what the thing
//! is instead and what to do. What the program keeps for itself is read by `read_ours`: it says what
//! is trusted and what keys do, so another user must not have put it there.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

/// How often a pipe is looked at that cannot be waited for.
const LOOK: Duration = Duration::from_millis(5);

/// Flags with which opening never waits and takes no terminal over.
#[must_use]
pub(crate) fn nonblocking_flags() -> i32 {
    (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed()
}

/// Opens a regular file for reading; also its length in bytes.
///
/// # Errors
/// The system's, or what it is instead of a regular file.
pub fn open(path: &Path) -> io::Result<(File, u64)> {
    // Looked at before, because opening alone can have effects on a device.
    is_regular(std::fs::metadata(path)?.file_type())?;
    let file = OpenOptions::new().read(true).custom_flags(nonblocking_flags()).open(path)?;
    let facts = file.metadata()?;
    is_regular(facts.file_type())?;
    Ok((file, facts.len()))
}

/// The same, or what is piped in where that is asked for (`-`), whose length is not known (0).
///
/// # Errors
/// The same; also where standard input is a terminal, which somebody types into.
pub(crate) fn open_or_input(path: &Path) -> io::Result<(File, u64)> {
    if !is_input(path) {
        return open(path);
    }
    let input = rustix::stdio::stdin();
    if rustix::termios::isatty(input) {
        return Err(io::Error::other("standard input is a terminal; pipe something into it"));
    }
    Ok((File::from(input.try_clone_to_owned()?), 0))
}

/// Whether what is piped in is meant.
#[must_use]
pub(crate) fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The next bytes of what was opened, waiting for them.
///
/// # Errors
/// The system's.
pub(crate) fn read_on(file: &mut File, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Somebody who shares a pipe may have made it so that it does not wait.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::park_timeout(LOOK);
            }
            read => return read,
        }
    }
}

/// What begins with these bytes, to its end.
///
/// # Errors
/// The system's, or kind `FileTooLarge`.
pub(crate) fn read_to_end(file: &mut File, first: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let (mut bytes, mut piece) = (first.to_vec(), vec![0; 1 << 20]);
    loop {
        let len = read_on(file, &mut piece)?;
        bytes.extend_from_slice(&piece[..len]);
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_large(limit)));
        }
        if len == 0 {
            return Ok(bytes);
        }
    }
}

/// Everything in a regular file of at most `limit` bytes.
///
/// # Errors
/// As for [`open`], or kind `FileTooLarge`.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let (file, len) = open(path)?;
    read_open(file, len, limit)
}

/// Reads a file that another one names, which shall be below the folder of that, wherever links lead.
///
/// # Errors
/// What the system says, or that it is elsewhere or too long.
pub(crate) fn read_below(folder: &Path, file: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let real = |path: &Path| path.canonicalize().map_err(|error| error.to_string());
    let (folder, real) = (real(folder)?, real(file)?);
    if !real.starts_with(&folder) {
        return Err("it leads out of the folder of the document".to_owned());
    }
    read(&real, limit).map_err(|error| error.to_string())
}

/// The same of a file that the program keeps for itself.
///
/// # Errors
/// As for [`read`]; kind `PermissionDenied` with the owner when another user may have put it there.
pub(crate) fn read_ours(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    ours_or_none(path)?;
    let (file, len) = open(path)?;
    // Another one may have taken its place meanwhile.
    owned(&file.metadata()?, "it")?;
    read_open(file, len, limit)
}

/// Refuses what another user than this one or root put there, or could: the file, a link that leads
/// to it, and the folder it lies in have to be ours. Nothing there is fine.
///
/// # Errors
/// Kind `PermissionDenied` with the owner.
pub(crate) fn ours_or_none(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.and_then(|folder| std::fs::metadata(folder).ok());
    let those = [std::fs::symlink_metadata(path), std::fs::metadata(path)].into_iter().flatten();
    folder.map_or(Ok(()), |folder| owned(&folder, "the folder it lies in"))?;
    those.into_iter().try_for_each(|facts| owned(&facts, "it"))
}

fn owned(facts: &Metadata, what: &str) -> io::Result<()> {
    owner_of_others(facts).map_or(Ok(()), |owner| {
        let cause = format!("{what} belongs to user {owner}");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, cause))
    })
}

/// The id of the user something belongs to, unless that is this one or root, who can do anything
/// anyway.
#[must_use]
pub(crate) fn owner_of_others(facts: &Metadata) -> Option<u32> {
    let user = rustix::process::geteuid().as_raw();
    Some(facts.uid()).filter(|owner| ![user, 0].contains(owner))
}

fn read_open(file: File, len: u64, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Files of the kernel have no length; one that grows is cut off by the bound.
    if len <= limit {
        file.take(limit + 1).read_to_end(&mut bytes)?;
    }
    if len > limit || bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_large(limit)));
    }
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
/// As for [`read`], or the first byte that is no UTF-8.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    text(read(path, limit)?)
}

/// A file of ours as text.
///
/// # Errors
/// As for [`read_ours`], or the first byte that is no UTF-8.
pub(crate) fn read_our_text(path: &Path, limit: u64) -> io::Result<String> {
    text(read_ours(path, limit)?)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::new(io::ErrorKind::InvalidData, format!("it is not UTF-8 at byte {at}"))
    })
}

/// Refuses what is there and is no regular file; nothing there is fine.
///
/// # Errors
/// What it is instead.
pub(crate) fn regular_or_none(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(facts) => is_regular(facts.file_type()),
        Err(_) => Ok(()),
    }
}

fn too_large(limit: u64) -> String {
    match limit {
        0..0x10_0000 => format!("it is longer than {} KiB", limit >> 10),
        _ => format!("it is longer than {} MiB", limit >> 20),
    }
}

/// Refuses everything else by its name.
fn is_regular(kind: FileType) -> io::Result<()> {
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "it is a folder, not a file"
    } else if kind.is_fifo() {
        "it is a named pipe, not a regular file; write what comes from it into a file first"
    } else if kind.is_socket() {
        "it is a socket, not a regular file"
    } else {
        "it is a device, not a regular file"
    };
    Err(io::Error::other(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_named_and_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for (path, what) in [
            (pipe.as_path(), "a named pipe"),
            (folder.path(), "a folder"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let refused = read(path, 10).unwrap_err().to_string();
            assert!(refused.contains(what), "{refused}");
            assert!(regular_or_none(path).is_err());
        }
        assert!(regular_or_none(&folder.path().join("none")).is_ok());
    }

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "0123456789").unwrap();
        assert_eq!(read(&path, 10).unwrap(), b"0123456789");
        let refused = read(&path, 9).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
        std::fs::write(&path, b"ab\xff").unwrap();
        assert!(read_text(&path, 10).unwrap_err().to_string().contains("byte 2"));
    }

    #[test]
    fn a_file_without_a_length_is_read_all_the_same() {
        if Path::new("/proc/self/status").exists() {
            assert!(!read(Path::new("/proc/self/status"), 1 << 20).unwrap().is_empty());
        }
    }
}
