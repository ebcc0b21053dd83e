//! A UDP listener: every sender is a peer of its own and may be answered, by rule or by hand.

use crate::engine::conversation::script::Script;
use crate::engine::datagram::{self, Setup};
use crate::engine::event::Summary;
use crate::engine::rules::Rules;
use crate::engine::session::SessionContext;
use crate::model::failure::Failure;
use crate::model::plan::UdpListenerPlan;

/// Runs the session to its end.
pub(crate) async fn run(plan: UdpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let rules = Rules::new(plan.rules)?;
    let setup = Setup {
        bind: plan.bind,
        ttl: plan.ttl,
        rules,
        script: Script::default(),
        home: None,
        early: Vec::new(),
    };
    datagram::run(setup, cx).await
}
