//! Where what a relay passes on is led to: who was asked for, and the address it became.
//!
//! Told of both halves, since what crosses stands on the client's, whose two addresses say nothing of it.

use std::net::IpAddr;
use std::sync::Arc;

use super::end_address::EndAddress;
use super::endpoint::Endpoint;

/// The target of what a relay passes on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskedTarget {
    /// As the client asked for it, or as the relay's own target is written.
    pub endpoint: Endpoint,
    /// Where that led; `None` = it is not reached yet, or never was.
    pub address: Option<EndAddress>,
    /// The client chose it, by words that are for the relay and no part of what is passed on.
    pub by_client: bool,
    /// The relay speaks TLS there, where the client chose it.
    pub tls: bool,
}

impl AskedTarget {
    /// What was asked for, and where that led as far as it is known.
    pub(crate) fn new(endpoint: &Endpoint, address: Option<EndAddress>) -> Arc<Self> {
        let endpoint = endpoint.clone();
        Arc::new(AskedTarget { endpoint, address, by_client: false, tls: false })
    }

    /// The same where its client chose it.
    pub(crate) fn by_client(
        endpoint: &Endpoint,
        address: Option<EndAddress>,
        tls: bool,
    ) -> Arc<Self> {
        Arc::new(AskedTarget { endpoint: endpoint.clone(), address, by_client: true, tls })
    }

    /// Its name: the host, or the Unix socket.
    #[must_use]
    pub(crate) fn host(&self) -> String {
        let socket = self.endpoint.socket.as_ref();
        socket.map_or_else(|| self.endpoint.host.clone(), ToString::to_string)
    }

    /// The IP address it became.
    #[must_use]
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.address.as_ref().and_then(EndAddress::ip)
    }

    /// Its port, of one that has one.
    #[must_use]
    pub(crate) fn port(&self) -> Option<u16> {
        Some(self.endpoint.port).filter(|_| self.endpoint.socket.is_none())
    }
}
