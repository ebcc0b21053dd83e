//! The socket that a client of a UDP relay has towards the target.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, Abortable, BoxFuture};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::early::EarlyDatagrams;
use super::lost::BUSY;
use crate::engine::budget::Descriptors;
use crate::engine::datagram::bound_socket::{self, BoundSocket, is_late_report};
use crate::engine::datagram::destination::{self, Destination};
use crate::engine::datagram::own_sockets::is_of_this_machine;
use crate::engine::way_back::{RelayMark, Trail};
use crate::model::endpoint::{Endpoint, is_reply};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::socket_options::{ClientOptions, DatagramOptions};

/// What a client opens: its socket, and what a name lookup needs.
pub(super) const DESCRIPTORS: u32 = 2;

/// A search for the target of a client.
pub(super) type Finding<Key> = BoxFuture<'static, Found<Key>>;
/// The next time there is something to read, and for whom; an error when it is gone.
pub(super) type WatchedSocket<Whom> = Abortable<BoxFuture<'static, Whom>>;

/// How far a client is.
pub(super) enum Link {
    Finding(EarlyDatagrams),
    Open(Box<Onward>),
    /// Not looked for, or not found; looked for again from then on.
    Unreached {
        again: Instant,
    },
}

/// Where what a client sends goes on to, and how.
#[derive(Debug, Clone)]
pub(super) struct Towards {
    pub(super) endpoint: Endpoint,
    pub(super) socket: DatagramOptions,
    pub(super) options: ClientOptions,
    /// What anybody sends there goes back, not only what comes from the target.
    pub(super) any_peer: bool,
    /// What is said of others, behind that it does not come from the target.
    pub(super) remark: &'static str,
}

/// What became of a search.
pub(super) struct Found<Key> {
    pub(super) key: Key,
    /// The half it is for.
    pub(super) conn: ConnId,
    pub(super) opened: Result<Onward, Failure>,
}

/// A socket towards the target.
pub(super) struct Onward {
    pub(super) bound: BoundSocket,
    pub(super) target: SocketAddr,
    /// The target as people know it.
    pub(super) name: String,
    endpoint: Box<Endpoint>,
    any_peer: bool,
    remark: &'static str,
    /// Bytes that came on it.
    pub(super) came: u64,
    watch: Option<AbortHandle>,
    /// By which others know that it leads on from here.
    trail: Option<Trail>,
    _held: Descriptors,
}

impl Link {
    /// Its socket, if it has one.
    pub(super) fn socket(&self) -> Option<&UdpSocket> {
        match self {
            Link::Open(onward) => Some(&onward.bound.socket),
            Link::Finding(_) | Link::Unreached { .. } => None,
        }
    }
}

/// Looks the target up and opens a socket to it, for a pair and its half towards the target.
pub(super) fn find<Key: Send + 'static>(
    towards: Towards,
    (key, conn): (Key, ConnId),
    held: Descriptors,
) -> Finding<Key> {
    let Towards { endpoint, socket, options, any_peer, remark } = towards;
    async move {
        let opened = async {
            let found = destination::find(&endpoint, &options).await?;
            let Destination { remote: target, bind, .. } = found;
            let bound = BoundSocket::bind(&bind, socket, Some(&options)).await?.pop();
            let bound = bound.ok_or_else(|| {
                let cause = "the system has no such socket";
                Failure::new(Stage::Connect, endpoint.to_string(), FailureKind::Io, cause)
            })?;
            // What is never waited for again is waited for once: only then it is known to be writable.
            let _ = bound.socket.writable().await;
            let (name, came, watch, trail) = (endpoint.named(target), 0, None, None);
            let endpoint = Box::new(endpoint);
            Ok(Onward {
                bound,
                target,
                name,
                endpoint,
                any_peer,
                remark,
                came,
                watch,
                trail,
                _held: held,
            })
        };
        Found { key, conn, opened: opened.await }
    }
    .boxed()
}

impl Onward {
    /// The target, as it was asked for.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Fails when it leads back to where its relay listens: one datagram would go round for ever.
    pub(super) fn unless_to(self, own: &[SocketAddr]) -> Result<Self, Failure> {
        let target = self.target;
        let is_it = |own: &SocketAddr| {
            own.port() == target.port()
                && own.is_ipv4() == target.is_ipv4()
                && (own.ip() == target.ip()
                    || own.ip().is_unspecified() && is_of_this_machine(target.ip()))
        };
        if own.iter().any(is_it) {
            let cause = "it is this relay itself; what is passed on would go round for ever";
            return Err(Failure::new(Stage::Connect, &self.name, FailureKind::Usage, cause));
        }
        Ok(self)
    }

    /// Fails when what this client says was passed on by its relay before.
    pub(super) fn with_trail(
        mut self,
        relay: RelayMark,
        client: SocketAddr,
    ) -> Result<Self, Failure> {
        let (from, on) = ((client.into(), None), (self.bound.local.into(), None));
        let trail = relay.leads_on(Some(&from), &on, &self.name)?;
        self.trail = Some(trail);
        Ok(self)
    }

    /// Where it is bound.
    pub(super) fn local(&self) -> SocketAddr {
        self.bound.local
    }

    /// Sends a datagram to the target, or says why not.
    pub(super) fn send(&self, data: &[u8]) -> Result<(), String> {
        let (socket, target) = (&self.bound.socket, self.target);
        let mut sent = socket.try_send_to(data, target);
        if is_late_report(&sent) {
            sent = socket.try_send_to(data, target);
        }
        let needs_broadcast = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        if sent.as_ref().is_err_and(needs_broadcast) && socket.set_broadcast(true).is_ok() {
            sent = socket.try_send_to(data, target);
        }
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(BUSY.into()),
            Err(error) => Err(bound_socket::unsent(target, data.len(), &error)),
        }
    }

    /// The next datagram that came, and from whom.
    pub(super) fn receive(&mut self) -> Option<(SocketAddr, Bytes)> {
        let (from, data) = self.bound.receive()?;
        self.came += data.len() as u64;
        Some((from, data))
    }

    /// Why what this one sends is not for the client.
    pub(super) fn why_not(&self, from: SocketAddr) -> Option<String> {
        let may_reply = self.any_peer || is_reply(self.target, from);
        let remark = self.remark;
        (!may_reply).then(|| format!("it comes from {from}, not from the target{remark}"))
    }

    /// Why datagrams came back, and how many.
    pub(super) fn undelivered(&self, limit: usize) -> BTreeMap<String, usize> {
        let name = |to: &SocketAddr| self.endpoint.named(*to);
        let mut reasons = BTreeMap::new();
        for ((_, why), count) in grouped(&self.bound, limit, &name) {
            *reasons.entry(why).or_insert(0) += count;
        }
        reasons
    }

    /// Waits for the next datagram or report, until the socket is dropped.
    pub(super) fn watch<Whom: Send + 'static>(&mut self, whom: Whom) -> WatchedSocket<Whom> {
        let socket = Arc::clone(&self.bound.socket);
        let (handle, registration) = AbortHandle::new_pair();
        // The one before is over, or has nobody to tell.
        if let Some(before) = self.watch.replace(handle) {
            before.abort();
        }
        let next = async move {
            // A socket that cannot be waited for is as good as one that stays silent.
            match socket.ready(Interest::READABLE | Interest::ERROR).await {
                Ok(_) => whom,
                Err(_) => pending().await,
            }
        };
        Abortable::new(next.boxed(), registration)
    }
}

impl Drop for Onward {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}

/// Which of our datagrams came back and why, in the words of this name; several of a kind are one.
pub(super) fn grouped(
    bound: &BoundSocket,
    limit: usize,
    name: &dyn Fn(&SocketAddr) -> String,
) -> BTreeMap<(SocketAddr, String), usize> {
    let mut reports = BTreeMap::new();
    for back in bound.undelivered(limit) {
        let why = bound_socket::words(&name(&back.to), &back);
        *reports.entry((back.to, why)).or_insert(0) += 1;
    }
    reports
}
