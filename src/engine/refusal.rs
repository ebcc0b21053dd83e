//! Refusals that several protocols and the supervisor give, each in one wording.

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;

/// An order for a connection or peer that is not there.
pub(super) fn unknown(conn: ConnId) -> Failure {
    let cause = format!("there is no connection {conn} (any more)");
    Failure::new(Stage::Send, "", FailureKind::NotFound, cause)
}

/// An order for a session that is over.
pub(super) fn session_over() -> Failure {
    Failure::new(Stage::Program, "", FailureKind::NotFound, "this session is over")
        .hint("open it again")
}

/// Somebody on our side ended it; `when` says how far it had come.
pub(super) fn cancelled(
    stage: Stage,
    target: impl Into<String>,
    when: impl Into<String>,
) -> Failure {
    Failure::new(stage, target, FailureKind::Cancelled, when)
}

/// Earlier `what` (orders, messages) still wait to be written.
pub(super) fn peer_does_not_read(peer: &str, what: &str) -> Failure {
    let cause = format!("earlier {what} still wait, the peer takes no more bytes");
    let stage = if peer.is_empty() { Stage::Program } else { Stage::Send };
    Failure::new(stage, peer, FailureKind::Busy, cause).hint("wait, or reset the connection")
}

/// An order this session has no use for.
pub(super) fn usage(cause: &str) -> Failure {
    Failure::new(Stage::Program, "", FailureKind::Usage, cause)
}

/// New answers of another protocol, or for a client.
pub(super) fn other_answers() -> Failure {
    usage("these are not the answers of this session")
}

/// Bytes by hand for a relay.
pub(super) fn relay_sends_nothing() -> Failure {
    usage("a relay passes on what others say; it sends nothing of its own")
}

/// A decision about something that does not wait.
pub(super) fn held_no_more() -> Failure {
    let cause =
        "this is no longer held: it was decided about, its time was up, or its connection is over";
    Failure::new(Stage::Program, "", FailureKind::NotFound, cause)
}

/// The budget of descriptors is used up; `why` says so.
pub(crate) fn no_descriptors(why: String) -> Failure {
    Failure::new(Stage::Program, "", FailureKind::Busy, why)
        .hint("close sessions you do not need, or raise the limit (ulimit -Hn)")
}
