//! A UDP client: one socket that sends to the chosen peer. What anybody sends is shown; what counts
//! as a reply comes from the peer, unless anybody may reply.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::engine::conversation::script::Script;
use crate::engine::datagram::{self, Answerer, Remote};
use crate::engine::event::{Phase, Summary};
use crate::engine::resolve::resolve;
use crate::engine::rules::Rules;
use crate::engine::session::SessionContext;
use crate::engine::transport::explain;
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::UdpPlan;
use crate::model::stream::CONNECT_TIMEOUT;

const LOOPBACK_V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Runs the session to its end.
pub(crate) async fn run(plan: UdpPlan, mut cx: SessionContext) -> Result<Summary, Failure> {
    let session = cx.session.clone();
    session.events.phase(Phase::Resolving { host: plan.endpoint.host.clone() });
    let Some(prepared) = cx.prepare(prepare(&plan)).await else {
        let when = "cancelled during the name lookup";
        let failure =
            Failure::new(Stage::Lookup, &plan.endpoint.host, FailureKind::Cancelled, when);
        session.events.failed(session.id.itself(), &failure);
        return Err(failure);
    };
    let (remote, bind) =
        prepared.inspect_err(|failure| session.events.failed(session.id.itself(), failure))?;
    let script = Script::new(plan.steps);
    let remote = Some(Remote { address: remote, any_peer: plan.any_peer });
    // It answers nothing.
    let answerer = Answerer::new(Rules::default(), 1);
    datagram::run(&bind, plan.socket, remote, answerer, script, cx).await
}

/// Whom to send to, and where to bind for it.
async fn prepare(plan: &UdpPlan) -> Result<(SocketAddr, Bind), Failure> {
    let remote = peer(&plan.endpoint).await?;
    if remote.port() == 0 {
        let cause = "port 0 cannot be sent to";
        let target = plan.endpoint.to_string();
        return Err(Failure::new(Stage::Compose, target, FailureKind::Usage, cause));
    }
    let bind = source(plan.source.as_ref(), remote)?;
    Ok((remote, bind))
}

async fn peer(endpoint: &Endpoint) -> Result<SocketAddr, Failure> {
    let resolved =
        tokio::time::timeout(CONNECT_TIMEOUT, resolve(endpoint)).await.map_err(|_| {
            let what = "the name server did not answer";
            explain::timed_out(Stage::Lookup, &endpoint.host, CONNECT_TIMEOUT, what)
        })??;
    let first = resolved.addresses.first().copied();
    // UDP cannot try which family answers. On this machine IPv4 is where servers are.
    let v4 = resolved.addresses.iter().copied().find(SocketAddr::is_ipv4);
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

/// One socket of the peer's family; without a wish, loopback for a peer on this machine.
fn source(wish: Option<&Bind>, remote: SocketAddr) -> Result<Bind, Failure> {
    let Some(wish) = wish else {
        let ip = match (remote.is_ipv4(), remote.ip().is_loopback()) {
            (true, true) => LOOPBACK_V4,
            (true, false) => Ipv4Addr::UNSPECIFIED.into(),
            (false, true) => LOOPBACK_V6,
            (false, false) => Ipv6Addr::UNSPECIFIED.into(),
        };
        return Ok(Bind::Address(SocketAddr::new(ip, 0)));
    };
    let fits = wish.sockets().into_iter().find(|socket| socket.is_ipv4() == remote.is_ipv4());
    fits.map(Bind::Address).ok_or_else(|| {
        let cause = format!("{wish} and {remote} are of different address families");
        Failure::new(Stage::Bind, wish.to_string(), FailureKind::Usage, cause)
            .hint("leave the source empty, or choose one of the peer's family")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(wish: Option<&str>, remote: &str) -> Result<String, Failure> {
        let wish = wish.map(|text| text.parse().unwrap());
        source(wish.as_ref(), remote.parse().unwrap()).map(|bind| bind.to_string())
    }

    #[test]
    fn the_source_is_loopback_only_for_peers_on_this_machine() {
        assert_eq!(bound(None, "127.0.0.1:9").unwrap(), "127.0.0.1:0");
        assert_eq!(bound(None, "[::1]:9").unwrap(), "[::1]:0");
        assert_eq!(bound(None, "192.0.2.1:9").unwrap(), "0.0.0.0:0");
        assert_eq!(bound(None, "[2001:db8::1]:9").unwrap(), "[::]:0");
    }

    #[test]
    fn a_chosen_source_port_is_kept_and_must_fit_the_family() {
        assert_eq!(bound(Some(":5000"), "127.0.0.1:9").unwrap(), "127.0.0.1:5000");
        assert_eq!(bound(Some("*:5000"), "[2001:db8::1]:9").unwrap(), "[::]:5000");
        let failure = bound(Some("127.0.0.1:5000"), "[::1]:9").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Usage);
    }

    #[tokio::test]
    async fn localhost_means_ipv4_for_datagrams() {
        let remote = peer(&Endpoint::new("localhost", 9)).await.unwrap();
        assert_eq!(remote.to_string(), "127.0.0.1:9");
        let remote = peer(&Endpoint::new("0.0.0.0", 9)).await.unwrap();
        assert_eq!(remote.to_string(), "127.0.0.1:9", "where its replies come from");
    }
}
