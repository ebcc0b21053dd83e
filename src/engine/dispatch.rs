//! The one dispatch from a plan to the protocol and side that runs it; called by the supervisor.

use super::event::Summary;
use super::session::SessionContext;
use super::{client, listener};
use crate::model::failure::Failure;
use crate::model::plan::Plan;

/// Runs a plan to its end.
pub(super) async fn run(plan: Plan, cx: SessionContext) -> Result<Summary, Failure> {
    match plan {
        Plan::Http(plan) => Box::pin(client::http::run(plan, cx)).await,
        Plan::HttpListener(plan) => Box::pin(listener::http::run(plan, cx)).await,
        Plan::Tcp(plan) => Box::pin(client::stream::run(plan, cx)).await,
        Plan::TcpListener(plan) => Box::pin(listener::stream::run(plan, cx)).await,
        Plan::Udp(plan) => Box::pin(client::udp::run(plan, cx)).await,
        Plan::UdpListener(plan) => Box::pin(listener::udp::run(plan, cx)).await,
    }
}
