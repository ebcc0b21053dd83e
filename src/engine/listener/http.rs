//! An HTTP listener: answers by rules that can change while it runs.
//!
//! ```text
//! accept loop ─► connection task: head ─► body ─► rule ─► answer ─► next request, or close
//! ```
//!
//! Every request is an exchange.

mod answer;
mod connection;
mod request;
mod respond;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tokio::sync::watch;

use crate::engine::accept::{AcceptLoop, Arrival, GuestOrder, Listening};
use crate::engine::event::Summary;
use crate::engine::refusal;
use crate::engine::session::SessionContext;
use crate::model::failure::Failure;
use crate::model::plan::HttpListenerPlan;
use crate::model::protocol::{Protocol, Side};
use connection::{HttpConnection, HttpGuest, HttpListener};

/// Runs the listener to its end.
pub(crate) async fn run(plan: HttpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input } = cx;
    let what = Listening {
        protocol: Protocol::Http,
        side: Side::Listener,
        bind: &plan.bind,
        tls: &plan.tls,
        keep_alive: plan.keep_alive,
    };
    let mut accept = AcceptLoop::open(&what, session.clone())?;
    let (plan, _) = watch::channel(plan);
    let listener = Arc::new(HttpListener { session, plan, requests: AtomicU32::new(0) });
    loop {
        let refused = match accept.next(&mut input).await {
            Arrival::Newcomer(newcomer) => {
                let guest = HttpGuest::default();
                let (listener, own) = (Arc::clone(&listener), guest.clone());
                accept.start(newcomer, guest, async move |accepted| {
                    HttpConnection::serve(listener, accepted, own).await;
                });
                continue;
            }
            Arrival::Order(GuestOrder::Update(plan)) => match plan.http_listener() {
                Some(plan) => {
                    listener.plan.send_replace(plan);
                    continue;
                }
                None => refusal::other_answers(),
            },
            Arrival::Order(GuestOrder::Send { .. }) => {
                refusal::usage("an HTTP listener answers by its rules and takes no input line")
            }
            Arrival::Over(words) => return Ok(Summary::of(words)),
        };
        listener.session.events.refused(refused);
    }
}

#[cfg(test)]
mod http_listener_tests;
