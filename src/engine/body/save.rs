//! Writes a body to a file the user named.
//!
//! Never over an existing file. The bytes go to a temporary file in the same folder, which gets
//! the name only when all of them are on the disk; mode 0600, because a body may hold secrets.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use super::message::Body;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::view::ViewPart;

const BLOCK: usize = 256 * 1024;

/// Writes the part as far as it has arrived; blocks on the disk. Returns the number of bytes.
pub(super) fn save(body: Option<&Body>, part: ViewPart, path: &Path) -> Result<u64, Failure> {
    let Some(body) = body else {
        let cause = "this body is no longer kept";
        return Err(failure(path, FailureKind::NotFound, cause).hint("send the request again"));
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let described = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            failure(path, FailureKind::Io, "a file of this name exists already")
                .hint("choose another name")
        }
        io::ErrorKind::NotFound => {
            failure(path, FailureKind::NotFound, "the folder does not exist")
        }
        io::ErrorKind::PermissionDenied => {
            failure(path, FailureKind::Permission, "no permission to write there")
        }
        _ => failure(path, FailureKind::Io, error.to_string()),
    };
    if path.exists() {
        return Err(described(io::ErrorKind::AlreadyExists.into()));
    }
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(described)?;
    let written = copy(body, part, file.as_file_mut()).map_err(described)?;
    file.persist_noclobber(path).map_err(|error| described(error.error))?;
    // The name is safe once the folder is; a system that cannot sync folders has done its best.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(written)
}

fn copy(body: &Body, part: ViewPart, file: &mut File) -> io::Result<u64> {
    let mut at = 0;
    let mut buf = vec![0; BLOCK];
    loop {
        let count = body.read_at(part, at, &mut buf)?;
        if count == 0 {
            file.sync_all()?;
            return Ok(at);
        }
        file.write_all(&buf[..count])?;
        at += count as u64;
    }
}

fn failure(path: &Path, kind: FailureKind, cause: impl Into<String>) -> Failure {
    Failure::new(Stage::Storage, path.display().to_string(), kind, cause)
}
