//! Name lookup: a host and a port become the addresses to try.
//!
//! Called by the transport and by UDP. Address literals need no lookup and take no time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::lookup_host;

use crate::engine::transport::explain;
use crate::model::endpoint::{Endpoint, is_local_name, is_of_a_link};
use crate::model::failure::{Failure, FailureKind, Stage};

/// Addresses in the order to try them, families alternating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) addresses: Vec<SocketAddr>,
    /// How long the lookup took; `None` for an address literal.
    pub(crate) elapsed: Option<Duration>,
}

/// Looks a host up with the system's resolver. Safe to drop.
pub(crate) async fn resolve(endpoint: &Endpoint) -> Result<Resolved, Failure> {
    if let Ok(ip) = endpoint.host.parse() {
        let addresses = vec![SocketAddr::new(ip, endpoint.port)];
        return Ok(Resolved { addresses, elapsed: None });
    }
    if let Some(ip) = without_needless_zone(&endpoint.host) {
        let addresses = vec![SocketAddr::new(ip, endpoint.port)];
        return Ok(Resolved { addresses, elapsed: None });
    }
    let started = Instant::now();
    let is_local = is_local_name(&endpoint.host);
    let name = if is_local { "localhost" } else { &endpoint.host };
    let found = lookup_host((name, endpoint.port)).await;
    let elapsed = Some(started.elapsed());
    let addresses = match found {
        Ok(found) => interleave(found.collect()),
        Err(_) if is_local => {
            let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            loopback.map(|ip| SocketAddr::new(ip, endpoint.port)).to_vec()
        }
        Err(error) => return Err(not_found(endpoint, &error)),
    };
    if addresses.is_empty() {
        let cause = "the name has no address";
        return Err(Failure::new(Stage::Lookup, &endpoint.host, FailureKind::NotFound, cause));
    }
    Ok(Resolved { addresses, elapsed })
}

/// The address of a literal whose zone says nothing, as it is not of one link (RFC 4007, section 6);
/// the system's resolver refuses such a one.
fn without_needless_zone(host: &str) -> Option<IpAddr> {
    let (ip, _) = host.split_once('%')?;
    let ip: Ipv6Addr = ip.parse().ok()?;
    (!is_of_a_link(ip)).then_some(ip.into())
}

fn not_found(endpoint: &Endpoint, error: &std::io::Error) -> Failure {
    let text = error.to_string();
    if let Some((ip, zone)) = endpoint.host.split_once('%')
        && ip.parse::<Ipv6Addr>().is_ok()
    {
        let cause = explain::no_such_link(zone);
        return Failure::new(Stage::Lookup, &endpoint.host, FailureKind::NotFound, cause)
            .hint("`ip link` lists them");
    }
    let (cause, hint) = if text.contains("Temporary failure") {
        ("the name server does not answer", "check the network, or use an IP address")
    } else if text.contains("not known") || text.contains("No address associated") {
        ("no such name", "check the spelling, or use an IP address")
    } else {
        (text.trim_start_matches("failed to lookup address information: "), "")
    };
    Failure::new(Stage::Lookup, &endpoint.host, FailureKind::NotFound, cause).hint(hint)
}

/// Alternates address families, beginning with the resolver's first (RFC 8305, section 4).
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut all = Vec::new();
    for place in 0..first.len().max(second.len()) {
        for address in [first.get(place), second.get(place)].into_iter().flatten() {
            if !all.contains(address) {
                all.push(*address);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn families_alternate_and_duplicates_vanish() {
        let found = vec![at("[::1]:1"), at("[::2]:1"), at("[::2]:1"), at("127.0.0.1:1")];
        assert_eq!(interleave(found), [at("[::1]:1"), at("127.0.0.1:1"), at("[::2]:1")]);
        assert_eq!(interleave(Vec::new()), []);
    }

    #[tokio::test]
    async fn a_literal_needs_no_lookup() {
        let resolved = resolve(&Endpoint::new("::1", 7)).await.unwrap();
        assert_eq!(resolved, Resolved { addresses: vec![at("[::1]:7")], elapsed: None });
    }

    #[tokio::test]
    async fn names_below_localhost_are_this_machine() {
        for host in ["api.localhost", "localhost.", "A.B.LocalHost.", "LOCALHOST"] {
            let resolved = resolve(&Endpoint::new(host, 7)).await.unwrap();
            assert!(resolved.addresses.iter().all(|address| address.ip().is_loopback()), "{host}");
        }
        assert!(!is_local_name("notlocalhost") && !is_local_name("localhost.example"));
    }

    #[tokio::test]
    async fn a_zone_counts_where_it_means_something() {
        let resolved = resolve(&Endpoint::new("::1%lo", 7)).await.unwrap();
        assert_eq!(resolved.addresses, [at("[::1]:7")]);
        let failure = resolve(&Endpoint::new("fe80::1%no-such", 7)).await.unwrap_err();
        assert!(failure.cause.contains("zone 'no-such'"), "{}", failure.cause);
    }

    #[tokio::test]
    async fn a_name_that_cannot_exist_is_said_so() {
        let failure = resolve(&Endpoint::new("no such host.invalid", 7)).await.unwrap_err();
        assert_eq!(failure.stage, Stage::Lookup);
        assert_eq!(failure.kind, FailureKind::NotFound);
        assert!(!failure.cause.is_empty());
    }
}
