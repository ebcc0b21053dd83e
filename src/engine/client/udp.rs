//! A UDP client: one socket that sends to the chosen peer. What anybody sends is shown; what counts
//! as a reply comes from the peer, unless anybody may reply.

use crate::engine::conversation::script::Script;
use crate::engine::datagram::destination::{self, Destination};
use crate::engine::datagram::{self, Answerer, Remote};
use crate::engine::event::{Phase, Summary};
use crate::engine::refusal;
use crate::engine::rules::Rules;
use crate::engine::session::SessionContext;
use crate::model::dialled::Dialled;
use crate::model::failure::{Failure, Stage};
use crate::model::plan::UdpPlan;

/// Runs the session to its end.
pub(crate) async fn run(plan: UdpPlan, mut cx: SessionContext) -> Result<Summary, Failure> {
    let session = cx.session.clone();
    session.events.phase(Phase::Resolving { host: plan.endpoint.host.clone() });
    let Some(prepared) = cx.prepare(destination::find(&plan.endpoint, &plan.client)).await else {
        let when = "cancelled during the name lookup";
        let failure = refusal::cancelled(Stage::Lookup, &plan.endpoint.host, when);
        session.events.failed(session.id.itself(), &failure);
        return Err(failure);
    };
    let Destination { remote, bind, lookup } =
        prepared.inspect_err(|failure| session.events.failed(session.id.itself(), failure))?;
    session.events.dialled(session.id.itself(), Dialled { lookup, ..Dialled::default() });
    let script = Script::new(plan.steps);
    let (address, any_peer, options) = (remote, plan.any_peer, plan.client);
    let remote = Some(Remote { address, endpoint: plan.endpoint, any_peer, options });
    // It answers nothing.
    let answerer = Answerer::new(Rules::default(), 1);
    datagram::run(&bind, plan.socket, remote, answerer, script, cx).await
}
