//! Whom a client of datagrams sends to and where its socket is bound for that, found by name.
//!
//! Called by the UDP client, and by the UDP relay for each of its clients.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::engine::resolve::resolve;
use crate::engine::transport::{client_options, explain};
use crate::model::client::CONNECT_TIMEOUT;
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::socket_options::ClientOptions;

const LOOPBACK_V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Whom to send to.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) remote: SocketAddr,
    /// Where to bind for it.
    pub(crate) bind: Bind,
    /// How long the lookup of its name took; `None` of an address.
    pub(crate) lookup: Option<Duration>,
}

/// Finds it.
pub(crate) async fn find(
    endpoint: &Endpoint,
    client: &ClientOptions,
) -> Result<Destination, Failure> {
    let (remote, lookup) = peer(endpoint, client).await?;
    if remote.port() == 0 {
        let cause = "port 0 cannot be sent to";
        let target = endpoint.to_string();
        return Err(Failure::new(Stage::Compose, target, FailureKind::Usage, cause));
    }
    let own = client_options::local_address(client, remote)
        .unwrap_or_else(|| SocketAddr::new(client_options::reaching(remote), 0));
    Ok(Destination { remote, bind: Bind::Address(own), lookup })
}

async fn peer(
    endpoint: &Endpoint,
    client: &ClientOptions,
) -> Result<(SocketAddr, Option<Duration>), Failure> {
    let resolved =
        tokio::time::timeout(CONNECT_TIMEOUT, resolve(endpoint)).await.map_err(|_| {
            let what = "the name server did not answer";
            explain::timed_out(Stage::Lookup, &endpoint.host, CONNECT_TIMEOUT, what)
        })??;
    let target = endpoint.to_string();
    let addresses = client_options::reachable(client, &target, &resolved.addresses)?;
    let first = addresses.first().copied();
    if let Some(first) = first {
        client_options::with_link(client, &target, first)?;
    }
    // UDP cannot try which family answers. On this machine IPv4 is where servers are.
    let v4 = addresses.iter().copied().find(SocketAddr::is_ipv4);
    let remote = match (first, v4) {
        (Some(first), Some(v4)) if first.ip().is_loopback() => v4,
        // The system sends there to this machine, and replies come from its loopback address.
        (Some(first), _) if first.ip().is_unspecified() => {
            let ip = if first.is_ipv4() { LOOPBACK_V4 } else { LOOPBACK_V6 };
            SocketAddr::new(ip, first.port())
        }
        (Some(first), _) => first,
        (None, _) => {
            let cause = "the name has no address";
            return Err(Failure::new(Stage::Lookup, &endpoint.host, FailureKind::NotFound, cause));
        }
    };
    Ok((remote, resolved.elapsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_means_ipv4_for_datagrams() {
        let found = async |host| {
            let endpoint = Endpoint::new(host, 9);
            let found = find(&endpoint, &ClientOptions::default()).await.unwrap();
            (found.remote.to_string(), found.lookup.is_some())
        };
        assert_eq!(found("localhost").await, ("127.0.0.1:9".to_owned(), true));
        let where_replies_come_from = found("0.0.0.0").await;
        assert_eq!(where_replies_come_from, ("127.0.0.1:9".to_owned(), false));
    }
}
