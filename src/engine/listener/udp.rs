//! A UDP listener: every sender is a peer of its own and may be answered, by rule or by hand.

use crate::engine::conversation::script::Script;
use crate::engine::datagram;
use crate::engine::event::Summary;
use crate::engine::rules::Rules;
use crate::engine::session::SessionContext;
use crate::model::failure::Failure;
use crate::model::plan::UdpListenerPlan;

/// Runs the session to its end.
pub(crate) async fn run(plan: UdpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let rules = Rules::new(plan.rules)?;
    datagram::run(&plan.bind, plan.ttl, None, rules, Script::default(), cx).await
}
