//! What the system says of a file, in words.
//!
//! Used by whoever reads or writes files that a user knows: the store, the files of `send`. What to do
//! about it is said where it is known what the file is for.

use std::io::{Error, ErrorKind};

use super::failure::FailureKind;

/// The kind of an error about a file and its words; what we have no better words for, in the system's.
pub(crate) fn words(error: &Error) -> (FailureKind, String) {
    use FailureKind::{Io, NotFound, Permission, TooLarge, Usage};
    let (kind, words) = match error.kind() {
        // Not the system's word but ours, about the owner.
        ErrorKind::PermissionDenied if error.get_ref().is_some() => (Permission, ""),
        // Ours as well, about a bound of our own.
        ErrorKind::FileTooLarge if error.get_ref().is_some() => (TooLarge, ""),
        ErrorKind::PermissionDenied => (Permission, "permission denied"),
        ErrorKind::ReadOnlyFilesystem => (Permission, "the file system is read-only"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => (Io, "the disk is full"),
        ErrorKind::FileTooLarge => (TooLarge, "the file would be larger than the system allows"),
        ErrorKind::NotFound => (NotFound, "no such file or folder"),
        ErrorKind::NotADirectory => (Usage, "a file stands where a folder is needed"),
        ErrorKind::InvalidFilename => (Usage, "the name is too long or not allowed"),
        _ => (Io, ""),
    };
    (kind, if words.is_empty() { error.to_string() } else { words.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_of_our_own_is_said_in_our_words() {
        let ours = Error::new(ErrorKind::FileTooLarge, "it is larger than 32 MiB");
        let system = Error::from(ErrorKind::FileTooLarge);
        assert_eq!(words(&ours), (FailureKind::TooLarge, "it is larger than 32 MiB".to_owned()));
        assert!(words(&system).1.contains("the system allows"));
    }
}
