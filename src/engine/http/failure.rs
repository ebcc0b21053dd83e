//! What goes wrong on an HTTP connection, in words, with what had arrived by then.

use std::io;

use crate::codec::http1::{HeadError, HeadErrorKind};
use crate::engine::http::body_receiver::{BodyReceiver, Fault};
use crate::engine::transport::explain;
use crate::model::failure::{Failure, FailureKind, Stage};

/// An error of the socket; `so_far` says what had crossed it (`120 of 500 body bytes`).
pub(crate) fn socket(stage: Stage, target: &str, error: &io::Error, so_far: &str) -> Failure {
    let is_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some();
    if is_tls {
        let mut failure = explain::stream_failure(stage, target, error, 0);
        failure.cause = format!("{}, {so_far}", failure.cause);
        return failure;
    }
    let (kind, what) = explain::socket_error(error);
    Failure::new(stage, target, kind, format!("{what}, {so_far}"))
}

/// A head that did not come or is none.
pub(crate) fn head(target: &str, error: &HeadError) -> Failure {
    let kind = match error.kind {
        HeadErrorKind::NotHttp => FailureKind::Malformed,
        HeadErrorKind::TooLarge => FailureKind::TooLarge,
        HeadErrorKind::Truncated | HeadErrorKind::Nothing => FailureKind::Truncated,
    };
    let hint = match error.kind {
        HeadErrorKind::NotHttp => "every byte it sent is kept",
        HeadErrorKind::Nothing => "the peer may expect TLS, or have refused the request",
        HeadErrorKind::TooLarge | HeadErrorKind::Truncated => "",
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
        Fault::Storage(why) => {
            Failure::new(Stage::Storage, target, FailureKind::Io, format!("{why}, {so_far}"))
                .hint("free some disk space, or set another folder for temporary files")
        }
    }
}

/// How far a body is that is received.
pub(crate) fn so_far(receiver: &BodyReceiver) -> String {
    body_so_far(receiver.facts().encoded_len, receiver.facts().expected)
}

/// `512 of 1000 body bytes`, or without the total when nobody announced one.
pub(crate) fn body_so_far(received: u64, expected: Option<u64>) -> String {
    match expected {
        Some(expected) => format!("after {received} of {expected} body bytes"),
        None => format!("after {received} body bytes"),
    }
}
