//! The UDP relay: every sender gets a socket of its own towards the target, so that what comes back
//! there goes back to it, and the target can tell the senders apart.
//!
//! One task owns all sockets and never waits for one of them. What is read of a client, and what a
//! client got, is told on the client's half; what came back and did not get to it, on the target's.

pub(crate) mod association;
mod early;
mod ends;
mod holding;
mod lost;
mod onward;
mod pairs;
mod passed_on;

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;

use super::datagram::bound_socket::{BoundSocket, socket_for, unsent};
use super::event::{Phase, Summary};
use super::faults::control::FaultControl;
use super::refusal;
use super::rewrites::RewriteControl;
use super::session::{SessionContext, SessionHandle, SessionInput};
use crate::model::byte_size::size;
use crate::model::end_address::EndAddress;
use crate::model::failure::Failure;
use crate::model::id::ConnId;
use crate::model::plan::{Plan, UdpRelayPlan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, RecordKind};
use ends::Ends;
use onward::Towards;
use pairs::Pairs;

/// The clients, told apart by their addresses, and the sockets they send to.
struct Clients {
    itself: ConnId,
    plan: UdpRelayPlan,
    sockets: Vec<BoundSocket>,
}

struct UdpRelay {
    session: SessionHandle,
    pairs: Pairs<Clients>,
    faults: FaultControl,
    rewrites: RewriteControl,
}

/// Runs the session to its end.
pub(crate) async fn run(plan: UdpRelayPlan, mut cx: SessionContext) -> Result<Summary, Failure> {
    let session = cx.session.clone();
    let id = session.id.itself();
    let sockets = BoundSocket::bind(&plan.bind, plan.socket, None).await;
    let local = sockets.as_ref().ok().and_then(|sockets| sockets.first()).map(|bound| bound.local);
    let (protocol, side) = (Protocol::Udp, Side::Relay);
    let local = local.map(EndAddress::from);
    session.events.conn(ConnInfo { local, ..ConnInfo::new(id, protocol, side) });
    let sockets = sockets.inspect_err(|failure| session.events.failed(id, failure))?;
    let faults = FaultControl::new(&plan.faults, &session);
    let (idle, hold) = (plan.idle, plan.hold.clone());
    let clients = Clients { itself: id, plan, sockets };
    let rewrites = RewriteControl::new(&clients.plan.rewrites, &session);
    let now = (faults.now(), faults.started());
    let pairs = Pairs::new(clients, &session, now, rewrites.now(), idle);
    let mut relay = UdpRelay { session, pairs, faults, rewrites };
    relay.announce();
    relay.session.holds.change(&hold);
    loop {
        if let Some(words) = relay.turn(&mut cx).await {
            relay.pairs.end_all(words);
            relay.pairs.note(id, RecordKind::Closed, words);
            return Ok(Summary::of(words));
        }
    }
}

impl UdpRelay {
    fn announce(&mut self) {
        let sockets = self.pairs.ends.sockets();
        let addresses: Vec<EndAddress> = sockets.iter().map(|bound| bound.local.into()).collect();
        let receive_buffer = sockets.iter().filter_map(BoundSocket::receive_buffer).min();
        let buffer = receive_buffer
            .map_or_else(String::new, |bytes| format!(", receive buffer {}", size(bytes as u64)));
        let list: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let groups: String = sockets.iter().map(BoundSocket::told).collect();
        let text = format!("bound to {}{groups}{buffer}", list.join(" and "));
        self.pairs.note(self.session.id.itself(), RecordKind::Bound, text);
        self.session.events.phase(Phase::Listening { addresses, receive_buffer });
        self.tell_target();
        self.faults.tell();
        self.pairs.count();
        self.pairs.read_drops();
    }

    fn tell_target(&self) {
        let text = format!("what comes goes on to {}", self.pairs.ends.plan.target);
        self.pairs.note(self.session.id.itself(), RecordKind::Note, text);
    }

    /// Waits for the next thing to happen and takes it in; says how the session ended, if it did.
    /// Every arm is safe to drop.
    async fn turn(&mut self, cx: &mut SessionContext) -> Option<&'static str> {
        tokio::select! {
            biased;
            () = self.session.cancel.cancelled() => return Some("stopped by us"),
            order = cx.next() => match order {
                Some(SessionInput::Close(_)) | None => return Some("closed by us"),
                Some(order) => self.handle_order(order),
            },
            () = self.faults.changed() => {}
            () = self.pairs.turn() => {}
        }
        None
    }

    fn handle_order(&mut self, order: SessionInput) {
        match order {
            SessionInput::Send { .. } => {
                self.session.events.refused(refusal::relay_sends_nothing());
            }
            SessionInput::End { conn, .. } => self.pairs.end_of(conn, "closed by us"),
            SessionInput::Update(plan) => match Plan::udp_relay(*plan) {
                Some(plan) => self.update(plan),
                None => self.session.events.refused(refusal::other_answers()),
            },
            SessionInput::Close(_) => {}
        }
    }

    fn update(&mut self, plan: UdpRelayPlan) {
        let before = &self.pairs.ends.plan;
        let is_elsewhere = plan.target != before.target;
        let (bind, socket) = (before.bind.clone(), before.socket);
        let plan = UdpRelayPlan { bind, socket, ..plan };
        self.rewrites.change(&plan.rewrites);
        self.pairs.rewrites = self.rewrites.now();
        self.session.holds.change(&plan.hold);
        self.faults.change(&plan.faults);
        self.pairs.change_faults(&self.faults.now());
        self.pairs.idle = plan.idle;
        self.pairs.ends.plan = plan;
        if is_elsewhere {
            self.tell_target();
        }
    }
}

impl Ends for Clients {
    type Key = SocketAddr;
    const MOST: usize = 1_024;
    const NAME: &'static str = "clients";
    const BY_CLIENT: bool = false;

    fn sockets(&self) -> &[BoundSocket] {
        &self.sockets
    }

    fn sockets_mut(&mut self) -> &mut [BoundSocket] {
        &mut self.sockets
    }

    fn taken_in(&mut self, from: SocketAddr, data: Bytes) -> Result<(SocketAddr, Bytes), String> {
        Ok((from, data))
    }

    fn sent_to(&self, client: SocketAddr) -> Option<SocketAddr> {
        Some(client)
    }

    fn itself(&self) -> ConnId {
        self.itself
    }

    fn client(&self, key: &SocketAddr) -> SocketAddr {
        *key
    }

    fn local(&self, key: &SocketAddr) -> Option<SocketAddr> {
        socket_for(&self.sockets, *key).map(|bound| bound.local)
    }

    fn towards(&self, _: &SocketAddr) -> Towards {
        let UdpRelayPlan { target, socket, client, any_peer, .. } = self.plan.clone();
        let remark = " (option any-peer)";
        Towards { endpoint: target, socket, options: client, any_peer, remark }
    }

    fn send_down(&self, key: &SocketAddr, _: SocketAddr, data: &[u8]) -> Result<(), String> {
        let Some(bound) = socket_for(&self.sockets, *key) else {
            let cause = io::Error::from(io::ErrorKind::AddrNotAvailable);
            return Err(unsent(*key, data.len(), &cause));
        };
        passed_on::send(bound, *key, data)
    }

    fn count(&self, session: &SessionHandle, open: usize) {
        let open = u32::try_from(open).unwrap_or(u32::MAX);
        session.events.phase(Phase::Clients { open, refused: 0 });
    }
}
