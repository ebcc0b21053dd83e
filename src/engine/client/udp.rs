//! A UDP client: one socket that sends to the chosen peer. What anybody sends is shown; what counts
//! as a reply comes from the peer, unless anybody may reply.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::engine::conversation::script::Script;
use crate::engine::datagram::{self, Answerer, Remote};
use crate::engine::event::{Phase, Summary};
use crate::engine::refusal;
use crate::engine::resolve::resolve;
use crate::engine::rules::Rules;
use crate::engine::session::SessionContext;
use crate::engine::transport::{client_options, explain};
use crate::model::client::CONNECT_TIMEOUT;
use crate::model::endpoint::Bind;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::UdpPlan;

const LOOPBACK_V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Runs the session to its end.
pub(crate) async fn run(plan: UdpPlan, mut cx: SessionContext) -> Result<Summary, Failure> {
    let session = cx.session.clone();
    session.events.phase(Phase::Resolving { host: plan.endpoint.host.clone() });
    let Some(prepared) = cx.prepare(prepare(&plan)).await else {
        let when = "cancelled during the name lookup";
        let failure = refusal::cancelled(Stage::Lookup, &plan.endpoint.host, when);
        session.events.failed(session.id.itself(), &failure);
        return Err(failure);
    };
    let (remote, bind) =
        prepared.inspect_err(|failure| session.events.failed(session.id.itself(), failure))?;
    let script = Script::new(plan.steps);
    let (address, any_peer, options) = (remote, plan.any_peer, plan.client);
    let remote = Some(Remote { address, endpoint: plan.endpoint, any_peer, options });
    // It answers nothing.
    let answerer = Answerer::new(Rules::default(), 1);
    datagram::run(&bind, plan.socket, remote, answerer, script, cx).await
}

/// Whom to send to, and where to bind for it.
async fn prepare(plan: &UdpPlan) -> Result<(SocketAddr, Bind), Failure> {
    let remote = peer(plan).await?;
    if remote.port() == 0 {
        let cause = "port 0 cannot be sent to";
        let target = plan.endpoint.to_string();
        return Err(Failure::new(Stage::Compose, target, FailureKind::Usage, cause));
    }
    let own = client_options::local_address(&plan.client, remote)
        .unwrap_or_else(|| SocketAddr::new(client_options::reaching(remote), 0));
    Ok((remote, Bind::Address(own)))
}

async fn peer(plan: &UdpPlan) -> Result<SocketAddr, Failure> {
    let endpoint = &plan.endpoint;
    let resolved =
        tokio::time::timeout(CONNECT_TIMEOUT, resolve(endpoint)).await.map_err(|_| {
            let what = "the name server did not answer";
            explain::timed_out(Stage::Lookup, &endpoint.host, CONNECT_TIMEOUT, what)
        })??;
    let target = endpoint.to_string();
    let addresses = client_options::reachable(&plan.client, &target, &resolved.addresses)?;
    let first = addresses.first().copied();
    if let Some(first) = first {
        client_options::with_link(&plan.client, &target, first)?;
    }
    // UDP cannot try which family answers. On this machine IPv4 is where servers are.
    let v4 = addresses.iter().copied().find(SocketAddr::is_ipv4);
    match (first, v4) {
        (Some(first), Some(v4)) if first.ip().is_loopback() => Ok(v4),
        // The system sends there to this machine, and replies come from its loopback address.
        (Some(first), _) if first.ip().is_unspecified() => {
            let ip = if first.is_ipv4() { LOOPBACK_V4 } else { LOOPBACK_V6 };
            Ok(SocketAddr::new(ip, first.port()))
        }
        (Some(first), _) => Ok(first),
        (None, _) => {
            let cause = "the name has no address";
            Err(Failure::new(Stage::Lookup, &endpoint.host, FailureKind::NotFound, cause))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::Endpoint;
    use crate::model::plan::{ClientOptions, DatagramOptions};

    #[tokio::test]
    async fn localhost_means_ipv4_for_datagrams() {
        let found = async |host, client| {
            let endpoint = Endpoint::new(host, 9);
            let (socket, any_peer) = (DatagramOptions::default(), false);
            let plan = UdpPlan { endpoint, client, socket, any_peer, steps: Vec::new() };
            peer(&plan).await.unwrap().to_string()
        };
        assert_eq!(found("localhost", ClientOptions::default()).await, "127.0.0.1:9");
        let where_replies_come_from = found("0.0.0.0", ClientOptions::default()).await;
        assert_eq!(where_replies_come_from, "127.0.0.1:9");
    }
}
