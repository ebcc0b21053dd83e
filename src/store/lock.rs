//! Advisory locks between several running wirebenches, released by the system when one dies.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::atomic;
use crate::model::failure::{Failure, FailureKind};
use crate::whole_file;

/// Longest wait for another instance; a save takes milliseconds.
const WAIT: Duration = Duration::from_secs(2);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(2);

/// Held while files of a folder are compared and replaced; `None` where there are no locks.
pub(super) type FolderLock = Option<File>;

/// Locks a folder, waiting a moment for another instance.
///
/// # Errors
/// `Busy` when another instance holds it for longer; the system's when it cannot be opened. A
/// folder that is not there has nobody to keep out. A file system without locks is no error:
/// then two instances rely on the comparison alone.
pub(super) fn folder(path: &Path) -> Result<FolderLock, Failure> {
    let file = match File::open(path) {
        Err(error) if whole_file::is_absence(&error) => return Ok(None),
        file => file.map_err(|error| atomic::failure(path, &error))?,
    };
    let deadline = Instant::now() + WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::park_timeout(PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                let cause = "another wirebench is writing there and does not finish";
                return Err(atomic::refusal(path, FailureKind::Busy, cause)
                    .hint("continue or end the other one, then try again"));
            }
        }
    }
}
