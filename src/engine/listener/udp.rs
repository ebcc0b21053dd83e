//! A UDP listener: every sender is a peer of its own and may be answered, by rule or by hand.

use crate::engine::conversation::script::Script;
use crate::engine::datagram::{self, Answerer};
use crate::engine::event::Summary;
use crate::engine::rules::Rules;
use crate::engine::session::SessionContext;
use crate::model::failure::Failure;
use crate::model::plan::UdpListenerPlan;

/// Runs the session to its end.
pub(crate) async fn run(plan: UdpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let answerer = Answerer::new(Rules::new(plan.rules)?, plan.answer_rate);
    datagram::run(&plan.bind, plan.socket, None, answerer, Script::default(), cx).await
}
