//! An HTTP listener: answers by rules that can change while it runs.
//!
//! ```text
//! accept loop ─► connection task: head ─► body ─► rule ─► answer ─► next request, or close
//! ```
//!
//! Every request is an exchange.

mod answered;
mod connection;
mod host;
mod request;
mod respond;
mod web_socket;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use bytes::Bytes;
use tokio::sync::watch;

use crate::engine::accept::{AcceptLoop, ListenerEvent};
use crate::engine::event::Summary;
use crate::engine::http::asked_rules::RuleMemory;
use crate::engine::http::ending_order::EndingOrder;
use crate::engine::refusal;
use crate::engine::session::SessionContext;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::{HttpListenerPlan, Plan, WsListenerPlan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Direction, RecordKind};
use crate::os;
use connection::{HttpConnControl, HttpConnection, HttpListener, RunningAnswers};
use web_socket::{ServedWebSocket, no_talk};

/// What a client gets that there is no place for (RFC 9110, section 15.6.4).
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 41\r\nRetry-After: 1\r\nConnection: close\r\n\r\n\
    all connections of this listener are used";

/// Runs the listener to its end.
pub(crate) async fn run(plan: HttpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    serve(plan, None, cx).await
}

/// Runs one of WebSocket, which is a rule of one of HTTP, to its end.
pub(crate) async fn run_web_socket(
    plan: WsListenerPlan,
    cx: SessionContext,
) -> Result<Summary, Failure> {
    let served = ServedWebSocket::new(plan.served)
        .inspect_err(|failure| cx.session.events.failed(cx.session.id.itself(), failure))?;
    serve(plan.http, Some(served), cx).await
}

async fn serve(
    plan: HttpListenerPlan,
    served: Option<ServedWebSocket>,
    cx: SessionContext,
) -> Result<Summary, Failure> {
    let SessionContext { session, mut input, .. } = cx;
    let own = session.clone();
    let (bind, tls, socket) = (&plan.bind, &plan.tls, &plan.socket);
    let words = Some(Bytes::from_static(FULL));
    let kind = (Protocol::Http, Side::Listener);
    let mut accept = AcceptLoop::open(kind, bind, tls, socket, own, words).await?;
    let contract = session.contract(plan.contract.as_deref()).await?;
    let (plan, _) = watch::channel(Arc::new(RunningAnswers::new(plan)));
    let machine = os::host_name().unwrap_or_default().trim().to_ascii_lowercase();
    let listener = Arc::new(HttpListener {
        session,
        contract,
        plan,
        machine,
        requests: AtomicU32::new(0),
        memory: RuleMemory::default(),
        endings: EndingOrder::default(),
        served,
    });
    loop {
        let done = match accept.next(&mut input).await {
            ListenerEvent::NewConn(new) => {
                let control = HttpConnControl::default();
                let (listener, own) = (Arc::clone(&listener), control.clone());
                accept.start(new, control, async move |accepted| {
                    HttpConnection::serve(listener, accepted, own).await;
                });
                Ok(())
            }
            ListenerEvent::Update(plan) => update(&listener, *plan).await,
            ListenerEvent::Send { .. } if listener.served.is_none() => {
                let cause = "an HTTP listener answers by its rules and takes no input line";
                Err(refusal::usage(cause))
            }
            ListenerEvent::Send { conn: Some(conn), data } => accept
                .control(conn)
                .and_then(|control| control.talk().ok_or_else(no_talk))
                .and_then(|talk| talk.send(data)),
            ListenerEvent::Send { conn: None, data } => {
                send_to_all(&accept, &listener, &data).await
            }
            ListenerEvent::Over(words) => {
                listener.contract.tell_called(&listener.session);
                return Ok(Summary::of(words));
            }
        };
        done.unwrap_or_else(|failure| listener.session.events.refused(failure));
    }
}

/// Answers otherwise from now on.
async fn update(listener: &HttpListener, plan: Plan) -> Result<(), Failure> {
    let Some(served) = &listener.served else {
        let plan = plan.http_listener().ok_or_else(refusal::other_answers)?;
        let changed = listener.contract.change(plan.contract.as_deref()).await;
        let running = RunningAnswers::new(plan);
        listener.memory.changed(&running.rules);
        listener.plan.send_replace(Arc::new(running));
        return changed;
    };
    let plan = plan.ws_listener().ok_or_else(refusal::other_answers)?;
    served.change(plan.served)?;
    let (itself, events) = (listener.session.id.itself(), &listener.session.events);
    events.note(itself, Direction::Local, RecordKind::Note, "the answers were changed");
    Ok(())
}

/// Every WebSocket that can take it gets it, one after the other; the others are named.
async fn send_to_all(
    accept: &AcceptLoop<HttpConnControl>,
    listener: &HttpListener,
    data: &Bytes,
) -> Result<(), Failure> {
    let mut talks = accept.controls().filter_map(HttpConnControl::talk).peekable();
    if talks.peek().is_none() {
        let failure = Failure::new(Stage::Send, "", FailureKind::NotFound, "nobody is connected");
        return Err(failure.hint("wait for a client"));
    }
    for talk in talks {
        if let Err(failure) = talk.send(data.clone()) {
            listener.session.events.refused(failure);
        }
        // The task that was woken runs first: else the last one woken would be the first to send.
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[cfg(test)]
mod http_listener_tests;
