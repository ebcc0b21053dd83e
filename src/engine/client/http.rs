//! An HTTP client session.

use crate::engine::event::Summary;
use crate::engine::session::SessionContext;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::HttpPlan;

/// Runs the session to its end.
#[expect(clippy::unused_async, reason = "to be written")]
pub(crate) async fn run(_plan: HttpPlan, cx: SessionContext) -> Result<Summary, Failure> {
    drop(cx);
    Err(Failure::new(Stage::Session, "", FailureKind::Internal, "not built yet"))
}
