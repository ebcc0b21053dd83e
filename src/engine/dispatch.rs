//! The one dispatch from a plan to the protocol and side that runs it; called by the supervisor.

use super::event::Summary;
use super::session::SessionContext;
use super::{client, listener, refusal, relay, udp_relay};
use crate::model::failure::Failure;
use crate::model::plan::Plan;

/// What a session opens of itself: two sockets, and what a name lookup needs.
const DESCRIPTORS: u32 = 4;

/// Runs a plan to its end.
pub(super) async fn run(plan: Plan, cx: SessionContext) -> Result<Summary, Failure> {
    let _held = cx.session.budget.descriptors(DESCRIPTORS).map_err(|why| {
        let failure = refusal::no_descriptors(why);
        cx.session.events.failed(cx.session.id.itself(), &failure);
        failure
    })?;
    match plan {
        Plan::Http(plan) => Box::pin(client::http::run(plan, cx)).await,
        Plan::HttpListener(plan) => Box::pin(listener::http::run(plan, cx)).await,
        Plan::HttpRelay(plan) => Box::pin(relay::http::run(*plan, cx)).await,
        Plan::Tcp(plan) => Box::pin(client::stream::run(plan, cx)).await,
        Plan::TcpListener(plan) => Box::pin(listener::stream::run(plan, cx)).await,
        Plan::TcpRelay(plan) => Box::pin(relay::run(plan, cx)).await,
        Plan::Udp(plan) => Box::pin(client::udp::run(plan, cx)).await,
        Plan::UdpListener(plan) => Box::pin(listener::udp::run(plan, cx)).await,
        Plan::UdpRelay(plan) => Box::pin(udp_relay::run(plan, cx)).await,
        Plan::Ws(plan) => Box::pin(client::web_socket::run(*plan, cx)).await,
        Plan::WsListener(plan) => Box::pin(listener::http::run_web_socket(*plan, cx)).await,
    }
}
