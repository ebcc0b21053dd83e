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

use crate::engine::event::Summary;
use crate::engine::refusal;
use crate::engine::session::{SessionContext, SessionHandle, SessionInput};
use crate::model::failure::Failure;
use crate::model::plan::HttpPlan;
use hop::Hop;
use redirect::Redirects;

/// Runs the session to its end.
pub(crate) async fn run(mut plan: HttpPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input, .. } = cx;
    let mut redirects = Redirects::of(&plan);
    let own = request::secure_origin(&plan);
    for number in 0.. {
        let (hop, writers) = Hop::new(&plan, number, own.as_ref(), &session)?;
        let outcome = tokio::select! {
            biased;
            () = stopped(&session, &mut input) => Err(hop.cancelled()),
            outcome = hop.make(writers) => outcome,
        };
        hop.close(outcome.as_ref().err());
        let head = outcome?;
        match redirects.follow(&plan, &head)? {
            None => break,
            Some(next) => plan = next,
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
