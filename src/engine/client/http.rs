//! An HTTP client session: one request, and the redirects it leads to.
//!
//! ```text
//! plan ─► exchange (connect or take a kept connection, send ∥ receive) ─► redirect? ─► plan' ─► exchange ...
//! ```
//!
//! Every hop is an exchange of its own, published when the request is out, when the head of the
//! response is in, and at the end. Cancelling drops the connection at whatever byte it is and keeps
//! what had arrived.

mod again;
mod cookies;
mod credentials;
mod hop;
mod pace;
mod receive;
mod redirect;
mod request;
mod retry;
mod two;
pub(crate) mod unsent;
pub(crate) mod upgrade;
mod waiting;

use std::time::Duration;

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
use again::StreamAgain;
use cookies::SessionCookies;
use credentials::{HopCredentials, Verdict};
use hop::{Hop, HopOrder};
use redirect::Redirects;
use retry::{Retries, Retry};
use upgrade::UpgradeSlot;

/// Runs the session to its end.
pub(crate) async fn run(plan: HttpPlan, mut cx: SessionContext) -> Result<Summary, Failure> {
    hops(plan, &mut cx, None).await.map(|_| Summary::of("response complete"))
}

/// Asks for another protocol, whose connection is left in the slot where the server agrees; gives the last answer.
pub(crate) async fn upgraded(
    plan: HttpPlan,
    cx: &mut SessionContext,
    slot: &UpgradeSlot,
) -> Result<Head, Failure> {
    hops(plan, cx, Some(slot)).await
}

/// Makes hop after hop; gives the head of the answer that stands.
async fn hops(
    mut plan: HttpPlan,
    cx: &mut SessionContext,
    upgrade: Option<&UpgradeSlot>,
) -> Result<Head, Failure> {
    let SessionContext { session, input, .. } = cx;
    let session = &*session;
    let mut redirects = Redirects::of(&plan);
    let mut retries = Retries::of(&plan.transfer.retry);
    let own = request::secure_origin(&plan);
    let contract = session.contract(plan.contract.as_deref()).await?;
    let first = UrlText::literal(&plan.url).host_port.to_owned();
    let (mut credentials, mut challenges) = (HopCredentials::default(), 0);
    let cookies = SessionCookies::of(&plan);
    let mut again = StreamAgain::of(&plan);
    for number in 0.. {
        let keyed = request::keyed(&plan)?;
        let with_cookies = cookies.applied(&keyed);
        let is_elsewhere = UrlText::literal(&plan.url).host_port != first;
        let sent = credentials.applied(&with_cookies, !is_elsewhere, &session.budget).await?;
        // A redirect may lead where another one leads to, or none.
        let proxy = request::proxy(&sent)?;
        let sent = request::behind(sent, proxy.as_ref());
        let (own, proxy) = (own.as_ref(), proxy.as_ref());
        let of = (&cookies, &again);
        let hop = HopOrder { plan: &sent, proxy, number, challenges, own, session, upgrade, of };
        let about = (&contract, is_elsewhere);
        let made = made(hop, input, about, &mut credentials).await;
        if let Some(further) = further(&plan, &made, &mut again, &mut retries) {
            tokio::select! {
                biased;
                () = stopped(session, input) => {
                    let words = "cancelled before a further try";
                    let cancelled = || refusal::cancelled(Stage::Head, &*plan.url, words);
                    return if further.is_retry { Err(cancelled()) } else { made.map(Option::unwrap_or_default) };
                }
                () = sleep(further.wait) => {}
            }
            plan = further.plan;
            challenges += 1;
            continue;
        }
        let Some(head) = made? else {
            challenges += 1;
            continue;
        };
        let asks_anew = cookies.line(&plan) != sent.cookies.line;
        match redirects.follow(&plan, &head, asks_anew)? {
            None => return Ok(head),
            Some(next) => plan = next,
        }
    }
    Err(refusal::usage("there are more hops than can be counted"))
}

/// What is asked once more, and after which wait.
struct Further {
    plan: HttpPlan,
    wait: Duration,
    /// A request is tried once more; else a stream goes on.
    is_retry: bool,
}

/// Whether a hop that came to this is made again. One that asked for credentials is in any case.
fn further(
    plan: &HttpPlan,
    came: &Result<Option<Head>, Failure>,
    again: &mut StreamAgain,
    retries: &mut Retries,
) -> Option<Further> {
    let came = came.as_ref().map(Option::as_ref).transpose()?;
    if let Some((plan, wait)) = again.next(plan, came) {
        return Some(Further { plan, wait, is_retry: false });
    }
    let wall = jiff::Timestamp::from_nanosecond(clock::wall().0.into()).unwrap_or_default();
    let Retry { wait, why } = retries.after(came, wall)?;
    Some(Further { plan: HttpPlan { notes: vec![why], ..plan.clone() }, wait, is_retry: true })
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
        if let Some(slot) = order.upgrade.filter(|slot| slot.is_full()) {
            slot.keep(hop.recorder);
        }
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
