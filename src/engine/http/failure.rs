//! What goes wrong on an HTTP connection, in words, with what had arrived by then.

use std::io;

use crate::codec::http1::{HeadError, HeadErrorKind};
use crate::engine::http::body_receiver::Fault;
use crate::engine::tls::tls_words;
use crate::engine::transport::explain;
use crate::model::failure::{Failure, FailureKind, Stage};

/// An error of the socket; `so_far` says what had crossed it (`120 of 500 body bytes`).
pub(crate) fn socket(stage: Stage, target: &str, error: &io::Error, so_far: &str) -> Failure {
    let mut failure = if let Some(tls) = tls_words::error_inside(error) {
        tls_words::failure(target, tls, None)
    } else {
        let (kind, cause) = explain::socket_error(error);
        Failure::new(stage, target, kind, cause)
    };
    failure.cause = format!("{}, {so_far}", failure.cause);
    failure
}

/// A head that did not come or is none.
pub(crate) fn head(target: &str, error: &HeadError) -> Failure {
    let (kind, hint) = match error.kind {
        HeadErrorKind::NotHttp => (FailureKind::Malformed, "every byte it sent is kept"),
        HeadErrorKind::TooLarge => (FailureKind::TooLarge, ""),
        HeadErrorKind::Truncated => (FailureKind::Truncated, ""),
        HeadErrorKind::Nothing => {
            (FailureKind::Truncated, "the peer may expect TLS, or have refused the request")
        }
    };
    Failure::new(Stage::Head, target, kind, error.message.clone()).hint(hint)
}

/// A body that cannot go on; `so_far` as in [`socket`].
pub(crate) fn body(target: &str, fault: &Fault, so_far: &str) -> Failure {
    match fault {
        Fault::Malformed(why) => {
            let cause = format!("{why}, {so_far}");
            Failure::new(Stage::Body, target, FailureKind::Malformed, cause)
        }
        Fault::Storage(why) => storage(target, why, so_far),
        Fault::TooLarge(why) => {
            let cause = format!("{why}, {so_far}");
            Failure::new(Stage::Body, target, FailureKind::TooLarge, cause)
        }
    }
}

/// Bytes that cannot be kept; `so_far` as in [`socket`].
pub(crate) fn storage(target: &str, why: &str, so_far: &str) -> Failure {
    Failure::new(Stage::Storage, target, FailureKind::Io, format!("{why}, {so_far}"))
        .hint("free some disk space, or set another folder for temporary files")
}
