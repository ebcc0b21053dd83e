//! An HTTP client session: one request, and the redirects it leads to.
//!
//! ```text
//! plan ─► exchange (connect, send ∥ receive) ─► redirect? ─► plan' ─► exchange ...
//! ```
//!
//! Every hop is an exchange of its own, published when the request is out, when the head of the
//! response is in, and at the end. Cancelling drops the connection at whatever byte it is and keeps
//! what had arrived.

mod hop;
mod receive;
mod redirect;
mod request;
pub(crate) mod unsent;

use tokio::sync::mpsc;

use crate::codec::printable::printable_str;
use crate::engine::event::Summary;
use crate::engine::refusal;
use crate::engine::session::{SessionContext, SessionHandle, SessionInput};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::HttpPlan;
use hop::Hop;

/// Runs the session to its end.
pub(crate) async fn run(mut plan: HttpPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input, .. } = cx;
    let allowed = plan.redirects;
    let own = request::secure_origin(&plan);
    let mut is_again = false;
    for number in 0.. {
        let (hop, writers) = Hop::new(&plan, number, own.as_ref(), &session)?;
        let outcome = tokio::select! {
            biased;
            () = stopped(&session, &mut input) => Err(hop.cancelled()),
            outcome = hop.make(writers) => outcome,
        };
        hop.close(outcome.as_ref().err());
        let head = outcome?;
        let failure = |kind, cause| Failure::new(Stage::Session, &*plan.url, kind, cause);
        match redirect::next(&plan, &head) {
            Ok(None) => break,
            _ if allowed == 0 => break,
            Err(why) => {
                let place = redirect::location(&head);
                let cause = format!("the redirect to '{place}' was not followed: {why}");
                return Err(failure(FailureKind::Refused, cause));
            }
            Ok(Some(next)) if redirect::is_itself(&plan, &next) && is_again => {
                let place = printable_str(&next.url);
                let cause = format!("the redirect leads to itself: {place} answered so twice");
                let sets_cookie = head.field("set-cookie").is_some();
                let hint = "it sets a cookie, which is not sent back; give it as a Cookie header";
                return Err(failure(FailureKind::Refused, cause).hint(if sets_cookie {
                    hint
                } else {
                    ""
                }));
            }
            Ok(Some(next)) if plan.redirects == 0 => {
                let place = printable_str(&next.url);
                let cause =
                    format!("{allowed} redirects followed and the next one leads to {place}");
                return Err(failure(FailureKind::TooLarge, cause)
                    .hint("the places may lead in a circle; look at the hops"));
            }
            Ok(Some(next)) => {
                is_again = redirect::is_itself(&plan, &next);
                plan = next;
            }
        }
    }
    Ok(Summary::of("response complete"))
}

/// Returns when the user wants the request to stop. A request takes no other orders.
async fn stopped(session: &SessionHandle, input: &mut mpsc::Receiver<SessionInput>) {
    loop {
        let order = tokio::select! {
            biased;
            () = session.cancel.cancelled() => return,
            order = input.recv() => order,
        };
        match order {
            Some(SessionInput::Close(_) | SessionInput::End { .. }) => return,
            Some(SessionInput::Send { .. } | SessionInput::Update(_)) => {
                session.events.refused(refusal::usage("an HTTP request takes no further input"));
            }
            None => std::future::pending().await,
        }
    }
}
