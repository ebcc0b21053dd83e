//! Writes a body to a file the user named.
//!
//! Never over an existing file; whole or not at all; mode 0600, because a body may hold secrets.

use std::io::{self, Write as _};
use std::path::Path;

use super::message::Body;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::view::ViewPart;
use crate::whole_file::{PRIVATE, WholeFile, WorkingName, folder_of, sync_folder};

const BLOCK: usize = 256 * 1024;

/// Writes the part as far as it has arrived; blocks on the disk. Returns the number of bytes.
pub(super) fn save(body: Option<&Body>, part: ViewPart, path: &Path) -> Result<u64, Failure> {
    let Some(body) = body else {
        let cause = "this body is no longer kept";
        return Err(failure(path, FailureKind::NotFound, cause).hint("send the request again"));
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
    let written = write(body, part, path).map_err(described)?;
    // The bytes have their name; where the folder cannot be synced that is as much as there is.
    let _ = sync_folder(folder_of(path));
    Ok(written)
}

fn write(body: &Body, part: ViewPart, path: &Path) -> io::Result<u64> {
    let mut file = WholeFile::begin(path, &WorkingName::OURS, PRIVATE)?;
    let mut at = 0;
    let mut buf = vec![0; BLOCK];
    loop {
        let count = body.read_at(part, at, &mut buf)?;
        if count == 0 {
            file.place_new()?;
            return Ok(at);
        }
        file.write_all(&buf[..count])?;
        at += count as u64;
    }
}

fn failure(path: &Path, kind: FailureKind, cause: impl Into<String>) -> Failure {
    Failure::new(Stage::Storage, path.display().to_string(), kind, cause)
}
