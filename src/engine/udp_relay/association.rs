//! The datagrams of one client of SOCKS5, each of which says where it goes (RFC 1928, section 7).
//!
//! ```text
//! client ─► our socket ─► head off: where to? ─► the socket of that target ─► target
//!    ▲                      newcomer: find it, open a socket; what comes meanwhile waits
//!    └── our socket ◄── head on: who sent it ◄── the same socket ◄──┘
//! ```
//!
//! Called by the TCP relay, beside the connection that asked for it; over when that is. Every target is a
//! pair of halves as a client of the UDP relay is one.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::ends::Ends;
use super::onward::Towards;
use super::pairs::Pairs;
use super::passed_on;
use crate::codec::socks5;
use crate::engine::budget::Descriptors;
use crate::engine::datagram::bound_socket::BoundSocket;
use crate::engine::faults::control::FaultWatch;
use crate::engine::refusal;
use crate::engine::rewrites::Rewrites;
use crate::engine::session::SessionHandle;
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::record::{Direction, RecordKind};
use crate::model::socket_options::{ClientOptions, DatagramOptions};

/// A target of which neither side said anything for so long is let go (RFC 4787, section 4.3).
const IDLE: Duration = Duration::from_secs(120);

/// Whose datagrams, and how they go on.
pub(crate) struct AssociationPlan {
    /// The connection that asked for it.
    pub(crate) control: ConnId,
    /// Where its datagrams come from; port 0 = where the first comes from.
    pub(crate) client: (IpAddr, u16),
    /// Our address, as the client knows it.
    pub(crate) local: IpAddr,
    /// Of the sockets towards the targets.
    pub(crate) options: ClientOptions,
}

/// A running one.
pub(crate) struct Association {
    pairs: Pairs<Targets>,
    faults: FaultWatch,
    rewrites: watch::Receiver<Arc<Rewrites>>,
    _held: Descriptors,
}

/// The one client, whose targets are told apart by how it names them, and the socket it sends to.
struct Targets {
    plan: AssociationPlan,
    bound: BoundSocket,
}

impl Association {
    /// Binds the socket that the client is to send to.
    pub(crate) async fn open(
        plan: AssociationPlan,
        session: &SessionHandle,
        (mut faults, rewrites): (FaultWatch, watch::Receiver<Arc<Rewrites>>),
    ) -> Result<Self, Failure> {
        let held = session.budget.descriptors(1).map_err(refusal::no_descriptors)?;
        let bind = Bind::Address(SocketAddr::new(plan.local, 0));
        let bound = BoundSocket::bind(&bind, DatagramOptions::default(), None).await?.pop();
        let bound = bound.ok_or_else(|| {
            let (name, cause) = (plan.local.to_string(), "the system has no such socket");
            Failure::new(Stage::Bind, name, FailureKind::Io, cause)
        })?;
        let text = format!("bound to {}, for datagrams that say where they go", bound.local);
        session.events.note(plan.control, Direction::Local, RecordKind::Note, text);
        let (now, targets) = (faults.now().of_datagrams(), Targets { plan, bound });
        let rules = Arc::clone(&rewrites.borrow());
        let pairs = Pairs::new(targets, session, (now, faults.started), rules, IDLE);
        Ok(Association { pairs, faults, rewrites, _held: held })
    }

    /// Where the client is to send to.
    pub(crate) fn local(&self) -> SocketAddr {
        self.pairs.ends.bound.local
    }

    /// Passes on until it is over; what that says is given back.
    pub(crate) async fn run<T>(mut self, over: impl Future<Output = T>) -> T {
        let mut over = pin!(over);
        loop {
            tokio::select! {
                biased;
                told = &mut over => {
                    self.pairs.end_all("closed: the connection that asked for it is over");
                    return told;
                }
                // A relay that is gone ends this one, too.
                Ok(()) = self.faults.watch.changed() => {
                    let faults = self.faults.now().of_datagrams();
                    self.pairs.change_faults(&faults);
                }
                Ok(()) = self.rewrites.changed() => {
                    self.pairs.rewrites = Arc::clone(&self.rewrites.borrow_and_update());
                }
                () = self.pairs.turn() => {}
            }
        }
    }
}

impl Ends for Targets {
    type Key = Endpoint;
    const MOST: usize = 64;
    const NAME: &'static str = "targets";
    const BY_CLIENT: bool = true;

    fn sockets(&self) -> &[BoundSocket] {
        std::slice::from_ref(&self.bound)
    }

    fn sockets_mut(&mut self) -> &mut [BoundSocket] {
        std::slice::from_mut(&mut self.bound)
    }

    fn taken_in(&mut self, from: SocketAddr, data: Bytes) -> Result<(Endpoint, Bytes), String> {
        let (ip, port) = self.plan.client;
        if from.ip() != ip || port != 0 && from.port() != port {
            return Err(format!("it comes from {from}, not from who asked for this"));
        }
        let (endpoint, begins) = socks5::datagram(&data)?;
        self.plan.client.1 = from.port();
        Ok((endpoint, data.slice(begins..)))
    }

    fn sent_to(&self, _: SocketAddr) -> Option<Endpoint> {
        None
    }

    fn itself(&self) -> ConnId {
        self.plan.control
    }

    fn client(&self, _: &Endpoint) -> SocketAddr {
        SocketAddr::from(self.plan.client)
    }

    fn local(&self, _: &Endpoint) -> Option<SocketAddr> {
        Some(self.bound.local)
    }

    fn towards(&self, key: &Endpoint) -> Towards {
        let (socket, options) = (DatagramOptions::default(), self.plan.options.clone());
        Towards { endpoint: key.clone(), socket, options, any_peer: false, remark: "" }
    }

    fn send_down(&self, key: &Endpoint, from: SocketAddr, data: &[u8]) -> Result<(), String> {
        let said = [&socks5::datagram_head(from)[..], data].concat();
        passed_on::send(&self.bound, self.client(key), &said)
    }
}
