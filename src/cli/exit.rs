//! Exit statuses, in one table; help and docs/command-line.md list them in the words of `tests/suite/exits.rs`.

use crate::model::failure::{Failure, FailureKind, Stage};

/// What was asked for happened.
pub const OK: u8 = 0;
/// Not as expected: a step's `expect`, or a status of 400 or above with `--check-status`.
pub const NOT_MET: u8 = 1;
/// The command line, a preset or a file of ours is wrong.
pub const USAGE: u8 = 2;
/// Lookup, connection or protocol failed.
pub const NETWORK: u8 = 3;
/// TLS failed.
pub const TLS: u8 = 4;
/// Nothing came in time.
pub const TIMEOUT: u8 = 5;
/// Interrupted, or something was not printed.
pub const INTERRUPTED: u8 = 6;
/// Whoever read the output left, as a shell says SIGPIPE.
pub const READER_LEFT: u8 = 141;

/// The status for a failure.
#[must_use]
pub fn status(failure: &Failure) -> u8 {
    match (failure.stage, failure.kind) {
        (_, FailureKind::NotMet) => NOT_MET,
        (_, FailureKind::Timeout(_)) => TIMEOUT,
        (Stage::Tls, _)
        | (_, FailureKind::Certificate | FailureKind::Distrusted(_) | FailureKind::TlsAlert) => TLS,
        (
            Stage::Compose
            | Stage::ComposeListener
            | Stage::ComposeProgram
            | Stage::ComposeOpening
            | Stage::ComposeImport
            | Stage::ComposeExport
            | Stage::ComposeChange
            | Stage::Storage,
            _,
        )
        | (_, FailureKind::Usage) => USAGE,
        _ => NETWORK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_failure_ends_with_the_status_of_its_stage() {
        let status = |stage, kind| super::status(&Failure::new(stage, "x", kind, "y"));
        assert_eq!(status(Stage::Compose, FailureKind::Usage), USAGE);
        assert_eq!(status(Stage::Connect, FailureKind::Refused), NETWORK);
        assert_eq!(status(Stage::Bind, FailureKind::AddressInUse), NETWORK);
        assert_eq!(status(Stage::Session, FailureKind::NotMet), NOT_MET);
        assert_eq!(status(Stage::Tls, FailureKind::Certificate), TLS);
        assert_eq!(status(Stage::Head, FailureKind::Timeout(Duration::ZERO)), TIMEOUT);
        assert_eq!(status(Stage::Connect, FailureKind::Timeout(Duration::ZERO)), TIMEOUT);
    }
}
