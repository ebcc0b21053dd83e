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
mod shared;

use std::sync::Arc;

use crate::engine::accept::{AcceptLoop, Arrival, GuestOrder, Listening};
use crate::engine::event::Summary;
use crate::engine::refusal;
use crate::engine::session::SessionContext;
use crate::model::failure::Failure;
use crate::model::plan::HttpListenerPlan;
use crate::model::protocol::{Protocol, Side};
use connection::HttpConnection;
use shared::{HttpGuest, HttpListener};

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
    let listener = Arc::new(HttpListener::new(session, plan));
    loop {
        match accept.next(&mut input).await {
            Arrival::Newcomer(newcomer) => {
                let guest = HttpGuest::default();
                let (listener, own) = (Arc::clone(&listener), guest.clone());
                accept.start(newcomer, guest, async move |accepted| {
                    HttpConnection::serve(listener, accepted, own).await;
                });
            }
            Arrival::Order(order) => {
                let refused = match order {
                    GuestOrder::Update(plan) => listener.update(*plan),
                    GuestOrder::Send { .. } => {
                        let cause = "an HTTP listener answers by its rules and takes no input line";
                        Err(refusal::usage(cause))
                    }
                };
                if let Err(failure) = refused {
                    listener.session.events.refused(failure);
                }
            }
            Arrival::Over(words) => return Ok(Summary::of(words)),
        }
    }
}

#[cfg(test)]
mod http_listener_tests;
