//! An HTTP client session: one request, and the redirects it leads to.
//!
//! ```text
//! plan ─► exchange (connect or take a kept connection, send ∥ receive) ─► redirect? ─► plan' ─► exchange ...
//! ```
//!
//! Every hop is an exchange of its own, published when the request is out, when the head of the
//! response is in, and at the end. Cancelling drops the connection at whatever byte it is and keeps
//! what had arrived.

mod credentials;
mod hop;
mod pace;
mod receive;
mod redirect;
mod request;
mod retry;
mod two;
pub(crate) mod unsent;
mod waiting;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::engine::clock;
use crate::engine::contracts::ContractSlot;
use crate::engine::event::Summary;
use crate::engine::refusal;
use crate::engine::session::{SessionContext, SessionHandle, SessionInput};
use crate::model::exchange::Head;
use crate::model::failure::{Failure, Stage};
use crate::model::plan::HttpPlan;
use crate::model::url_text::UrlText;
use credentials::{HopCredentials, Verdict};
use hop::{Hop, HopOrder};
use redirect::Redirects;
use retry::{Retries, Retry};

/// Runs the session to its end.
pub(crate) async fn run(mut plan: HttpPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input, .. } = cx;
    let mut redirects = Redirects::of(&plan);
    let mut retries = Retries::of(&plan.transfer.retry);
    let own = request::secure_origin(&plan);
    let contract = session.contract(plan.contract.as_deref()).await?;
    let first = UrlText::literal(&plan.url).host_port.to_owned();
    let (mut credentials, mut challenges) = (HopCredentials::default(), 0);
    for number in 0.. {
        let is_elsewhere = UrlText::literal(&plan.url).host_port != first;
        let sent = credentials.applied(&plan, !is_elsewhere, &session.budget).await?;
        // A redirect may lead where another one leads to, or none.
        let proxy = request::proxy(&sent)?;
        let sent = request::behind(sent, proxy.as_ref());
        let (own, proxy) = (own.as_ref(), proxy.as_ref());
        let hop = HopOrder { plan: &sent, proxy, number, challenges, own, session: &session };
        let about = (&contract, is_elsewhere);
        let came = made(hop, &mut input, about, &mut credentials).await;
        if let Some(retry) = again(&mut retries, &came) {
            let wait = sleep(retry.wait);
            let target = &*plan.url;
            tokio::select! {
                biased;
                () = stopped(&session, &mut input) => {
                    let words = "cancelled before a further try";
                    return Err(refusal::cancelled(Stage::Head, target, words));
                }
                () = wait => {}
            }
            plan.notes = vec![retry.why];
            challenges += 1;
            continue;
        }
        let Some(head) = came? else {
            challenges += 1;
            continue;
        };
        match redirects.follow(&plan, &head)? {
            None => break,
            Some(next) => plan = next,
        }
    }
    Ok(Summary::of("response complete"))
}

/// Whether a hop that came to this is made again. One that asked for credentials is in any case.
fn again(retries: &mut Retries, came: &Result<Option<Head>, Failure>) -> Option<Retry> {
    let came = came.as_ref().map(Option::as_ref).transpose()?;
    let wall = jiff::Timestamp::from_nanosecond(clock::wall().0.into()).unwrap_or_default();
    retries.after(came, wall)
}

/// Makes a hop; `None` = its answer asks for credentials, which the next one has. It is made once more over a new connection where the peer had let go of one that was kept, which it may at any time
/// (RFC 9110, section 9.2.2). Only requests that may be repeated take such a one.
async fn made(
    order: HopOrder<'_>,
    input: &mut mpsc::Receiver<SessionInput>,
    (contract, is_elsewhere): (&ContractSlot, bool),
    credentials: &mut HopCredentials,
) -> Result<Option<Head>, Failure> {
    let mut takes_kept = true;
    loop {
        let (mut hop, writers) = Hop::new(order, takes_kept)?;
        let outcome = tokio::select! {
            biased;
            () = stopped(order.session, input) => Err(hop.cancelled()),
            outcome = hop.make(writers) => outcome,
        };
        hop.lets_go_of_stream(outcome.is_ok()).await;
        if takes_kept && outcome.as_ref().is_err_and(|failure| hop.may_be_repeated(failure)) {
            hop.is_repeated();
            takes_kept = false;
            continue;
        }
        let verdict = outcome.as_ref().map(|head| credentials.judge(order.plan, head));
        let asks = verdict == Ok(Verdict::Asks);
        if let Ok(Verdict::Remarked(why)) = verdict {
            hop.recorder.warn(why);
        }
        let ended = outcome.as_ref().map(drop).map_err(drop);
        if !asks {
            contract.check(&hop.recorder, &order.session.bodies, ended, is_elsewhere).await;
        }
        hop.close(outcome.as_ref().err());
        return outcome.map(|head| (!asks).then_some(head));
    }
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
