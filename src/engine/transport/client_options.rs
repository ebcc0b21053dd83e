//! What is asked of the socket of every client (`ClientOptions`), for TCP and UDP alike: the one
//! place where the engine does it.
//!
//! Called before a socket connects or is bound. What the system refuses is put into words here.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::Socket;

use super::explain;
use crate::model::endpoint::Bind;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::socket_options::{ClientOptions, SourceAddress};
use crate::os;

/// Sets what is set on a socket that is neither connected nor bound yet.
pub(crate) fn apply(options: &ClientOptions, socket: &Socket) -> io::Result<()> {
    match &options.source {
        Some(SourceAddress::Interface(name)) => os::bind_device(socket, name),
        Some(SourceAddress::Bound(_) | SourceAddress::Port(_)) | None => Ok(()),
    }
}

/// The addresses of a peer that can be reached from where the client shall come from; fails when
/// there are some and none of them can.
pub(crate) fn reachable(
    options: &ClientOptions,
    target: &str,
    addresses: &[SocketAddr],
) -> Result<Vec<SocketAddr>, Failure> {
    let Some(source @ SourceAddress::Bound(bind)) = &options.source else {
        return Ok(addresses.to_vec());
    };
    let fits = |address: &SocketAddr| of_family(bind, *address).is_some();
    let found: Vec<SocketAddr> = addresses.iter().copied().filter(fits).collect();
    if found.is_empty() && !addresses.is_empty() {
        let cause = format!("{source} cannot reach it: one is IPv4, the other IPv6");
        return Err(Failure::new(Stage::Connect, target, FailureKind::Unreachable, cause)
            .hint("leave the source empty, or choose one of the peer's family"));
    }
    Ok(found)
}

/// Fails when the peer is on one link of every link of this machine, and nothing says on which: for
/// datagrams the system would take any, and say nothing. A connection it refuses itself.
pub(crate) fn with_link(
    options: &ClientOptions,
    target: &str,
    peer: SocketAddr,
) -> Result<(), Failure> {
    let is_named = matches!(options.source, Some(SourceAddress::Interface(_)));
    if is_named || peer.ip().is_multicast() || !explain::lacks_zone(peer) {
        return Ok(());
    }
    let (cause, hint) = explain::missing_zone(peer);
    Err(Failure::new(Stage::Connect, target, FailureKind::Usage, cause).hint(hint))
}

/// Where to bind for this peer; `None` = the system chooses when the client sends.
pub(crate) fn local_address(options: &ClientOptions, peer: SocketAddr) -> Option<SocketAddr> {
    match options.source.as_ref()? {
        SourceAddress::Bound(bind) => of_family(bind, peer),
        SourceAddress::Port(port) => Some(SocketAddr::new(reaching(peer), *port)),
        SourceAddress::Interface(_) => None,
    }
}

/// Every address from which a peer can be reached: loopback for one on this machine, else all.
pub(crate) fn reaching(peer: SocketAddr) -> IpAddr {
    match (peer.is_ipv4(), peer.ip().is_loopback()) {
        (true, true) => Ipv4Addr::LOCALHOST.into(),
        (true, false) => Ipv4Addr::UNSPECIFIED.into(),
        (false, true) => Ipv6Addr::LOCALHOST.into(),
        (false, false) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

fn of_family(bind: &Bind, peer: SocketAddr) -> Option<SocketAddr> {
    let mut own = bind.sockets().into_iter().find(|own| own.is_ipv4() == peer.is_ipv4())?;
    if let (Bind::Link { zone, .. }, SocketAddr::V6(own)) = (bind, &mut own) {
        // Without a number the system refuses it, and `refused` says why.
        own.set_scope_id(os::link_number(zone).unwrap_or_default());
    }
    Some(own)
}

/// The system does not let a client come from where it shall.
pub(crate) fn refused(options: &ClientOptions, error: &io::Error) -> Failure {
    let (kind, cause) = explain::socket_error(error);
    let source = options.source.as_ref();
    let cause = match (source, error.kind()) {
        (Some(SourceAddress::Bound(Bind::Address(own))), ErrorKind::AddrNotAvailable) => {
            format!("{} is not an address of this machine", own.ip())
        }
        (Some(SourceAddress::Bound(Bind::Link { zone, .. })), _)
            if os::link_number(zone).is_none() =>
        {
            explain::no_such_link(zone)
        }
        (Some(SourceAddress::Interface(name)), ErrorKind::PermissionDenied) => {
            format!("no permission to use the interface {name} alone")
        }
        (Some(SourceAddress::Interface(name)), _) if kind == FailureKind::Io => {
            format!("there is no interface {name}: {cause}")
        }
        _ => cause,
    };
    let target = source.map(ToString::to_string).unwrap_or_default();
    Failure::new(Stage::Connect, target, kind, cause)
        .hint("the source is an address, a :port or an interface of this machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(source: Option<SourceAddress>, peer: &str) -> Result<Option<String>, Failure> {
        let (options, peer) =
            (ClientOptions { source, ..ClientOptions::default() }, peer.parse().unwrap());
        let found = reachable(&options, "peer", &[peer])?;
        Ok(local_address(&options, found[0]).map(|own| own.to_string()))
    }

    fn at(bind: &str) -> SourceAddress {
        SourceAddress::Bound(bind.parse().unwrap())
    }

    #[test]
    fn a_port_alone_is_of_an_address_that_reaches_the_peer() {
        let from = |peer| bound(Some(SourceAddress::Port(7)), peer).unwrap().unwrap();
        assert_eq!(from("127.0.0.1:9"), "127.0.0.1:7");
        assert_eq!(from("[::1]:9"), "[::1]:7");
        assert_eq!(from("192.0.2.1:9"), "0.0.0.0:7");
        assert_eq!(from("[2001:db8::1]:9"), "[::]:7");
        assert_eq!(bound(None, "192.0.2.1:9").unwrap(), None);
    }

    #[test]
    fn a_source_must_fit_the_family_of_the_peer() {
        assert_eq!(bound(Some(at("*:7")), "[2001:db8::1]:9").unwrap().unwrap(), "[::]:7");
        assert_eq!(bound(Some(at("127.0.0.1:7")), "127.0.0.1:9").unwrap().unwrap(), "127.0.0.1:7");
        let failure = bound(Some(at("127.0.0.1:7")), "[::1]:9").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable);
        let both: Vec<SocketAddr> =
            ["[::1]:9", "127.0.0.1:9"].map(|peer| peer.parse().unwrap()).into();
        let options = ClientOptions { source: Some(at("127.0.0.1:7")), ..ClientOptions::default() };
        assert_eq!(reachable(&options, "peer", &both).unwrap(), both[1..]);
    }
}
