//! The lane of files the user named, wherever they lie: a slow disk there delays nothing else.

use std::path::Path;

use super::lane::{ReplySender, Work, not_ours};
use crate::model::failure::Failure;
use crate::named_file;
use crate::store::atomic;
use crate::store::job::{Job, Reply};

/// Longest text file that is read because the user named it.
const TEXT_LIMIT: u64 = 4 * 1024 * 1024;

/// Writes and reads them.
pub(super) struct NamedFiles;

impl Work for NamedFiles {
    fn perform(&mut self, job: Job, outbox: &ReplySender) -> Result<(), Failure> {
        outbox.send(match job {
            Job::WriteFile { path, bytes, overwrite } => {
                atomic::write(&path, &bytes, overwrite)?;
                // What a crash left behind there; nobody else comes by.
                atomic::clean(path.parent().unwrap_or(Path::new(".")));
                Reply::FileWritten { path, bytes: bytes.len() as u64 }
            }
            Job::ReadTexts { files } => {
                let read = files.into_iter().map(|(name, path)| (name, read_text(&path)));
                Reply::TextsRead { files: read.collect() }
            }
            other => return Err(not_ours(&other)),
        });
        Ok(())
    }
}

/// A regular file of modest length; bytes that are no UTF-8 become U+FFFD.
fn read_text(path: &Path) -> Result<String, String> {
    let bytes = named_file::read(path, TEXT_LIMIT).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
