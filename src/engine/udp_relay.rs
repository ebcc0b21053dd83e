//! The UDP relay: every sender gets a socket of its own towards the target, so that what comes back
//! there goes back to it, and the target can tell the senders apart.
//!
//! ```text
//! client ─► bound socket(s) ─► Clients: known? ─► its socket ─► target
//!    ▲                           newcomer: find the target, open a socket; what comes meanwhile waits
//!    └─────── bound socket ◄─── back-mapping ◄─── its socket ◄──┘
//! ```
//!
//! One task owns all sockets and never waits for one of them: a datagram that cannot be passed on is
//! dropped, as every router does, and counted in words. What is read of a client, and what a client got,
//! is told on the client's half; what came back and did not get to it, on the target's.

pub(crate) mod association;
mod clients;
mod lost;
mod onward;
mod passed_on;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::datagram::bound_socket::{BoundSocket, any_readable, socket_for};
use super::event::{Phase, Summary};
use super::faults::control::FaultControl;
use super::faults::line::FaultLine;
use super::rewrites::RewriteControl;
use super::session::{SessionContext, SessionHandle, SessionInput};
use super::{clock, refusal};
use crate::model::byte_size::size;
use crate::model::failure::Failure;
use crate::model::fault::FaultMarks;
use crate::model::id::ConnId;
use crate::model::plan::{Plan, UdpRelayPlan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind, RelayPair};
use crate::os;
use clients::{CLIENTS, Clients};
use lost::LostDatagrams;
use onward::{EarlyDatagrams, Finding, Found, Link, Onward, WatchedSocket};
use passed_on::data_record;

/// Datagrams taken of a socket in one go before others get their turn.
const DRAIN: usize = 512;
/// Datagrams taken of a socket that is closed, so that what had arrived is counted.
const LAST_DRAIN: usize = 128 * 1024;
/// How often the kernel's drop counters are read while datagrams arrive; one look is at all sockets of
/// the machine.
const DROPS_EVERY: Duration = Duration::from_millis(500);
/// A socket that took in less cannot have had a full buffer.
const NEVER_FULL: u64 = 32 * 1024;
/// How long a target that was not found is not looked for again.
const AGAIN: Duration = Duration::from_secs(1);
/// What of the network's refusals is told of a socket at once.
const REPORTS: usize = 512;

/// Somebody who sent something, and the socket that it has.
struct Client {
    pair: RelayPair,
    link: Link,
    /// What faults make of what it sends, and of what comes back.
    up: FaultLine,
    down: FaultLine,
}

struct UdpRelay {
    session: SessionHandle,
    plan: UdpRelayPlan,
    sockets: Vec<BoundSocket>,
    clients: Clients<Client>,
    /// Targets on their way to be found.
    finding: FuturesUnordered<Finding>,
    faults: FaultControl,
    rewrites: RewriteControl,
    /// When faults let something of a client go. One that is looked at too early costs nothing.
    due: BTreeSet<(Duration, SocketAddr)>,
    /// The sockets of the clients, each until there is something to read.
    watched: FuturesUnordered<WatchedSocket>,
    lost: LostDatagrams,
    /// What the kernel dropped of sockets that are closed; `None` = that cannot be read here.
    dropped: Option<u64>,
    /// When to read the kernel's drop counters, while datagrams arrive.
    drops_at: Option<Instant>,
}

/// Runs the session to its end.
pub(crate) async fn run(plan: UdpRelayPlan, mut cx: SessionContext) -> Result<Summary, Failure> {
    let session = cx.session.clone();
    let id = session.id.itself();
    let sockets = BoundSocket::bind(&plan.bind, plan.socket, None).await;
    let local = sockets.as_ref().ok().and_then(|sockets| sockets.first()).map(|bound| bound.local);
    let (protocol, side) = (Protocol::Udp, Side::Relay);
    session.events.conn(ConnInfo { id, protocol, side, local, peer: None, tls: false, pair: None });
    let sockets = sockets.inspect_err(|failure| session.events.failed(id, failure))?;
    let mut relay = UdpRelay {
        faults: FaultControl::new(&plan.faults, &session),
        rewrites: RewriteControl::new(&plan.rewrites, &session),
        due: BTreeSet::new(),
        session,
        plan,
        sockets,
        clients: Clients::new(),
        finding: FuturesUnordered::new(),
        watched: FuturesUnordered::new(),
        lost: LostDatagrams::default(),
        dropped: Some(0),
        drops_at: None,
    };
    relay.announce();
    loop {
        if let Some(words) = relay.turn(&mut cx).await {
            relay.end_all(words);
            return Ok(Summary::of(words));
        }
    }
}

impl UdpRelay {
    fn announce(&self) {
        let addresses: Vec<_> = self.sockets.iter().map(|bound| bound.local).collect();
        let receive_buffer = self.sockets.iter().filter_map(BoundSocket::receive_buffer).min();
        let buffer = receive_buffer
            .map_or_else(String::new, |bytes| format!(", receive buffer {}", size(bytes as u64)));
        let list: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let groups: String = self.sockets.iter().map(BoundSocket::told).collect();
        let text = format!("bound to {}{groups}{buffer}", list.join(" and "));
        self.note(self.session.id.itself(), RecordKind::Bound, text);
        self.session.events.phase(Phase::Listening { addresses, receive_buffer });
        self.tell_target();
        self.faults.tell();
        self.count_clients();
        self.read_drops();
    }

    fn tell_target(&self) {
        let text = format!("what comes goes on to {}", self.plan.target);
        self.note(self.session.id.itself(), RecordKind::Note, text);
    }

    fn note(&self, conn: ConnId, kind: RecordKind, text: impl Into<String>) {
        self.session.events.note(conn, Direction::Local, kind, text);
    }

    fn count_clients(&self) {
        let open = u32::try_from(self.clients.len()).unwrap_or(u32::MAX);
        self.session.events.phase(Phase::Clients { open, refused: 0 });
    }

    /// Waits for the next thing to happen and takes it in; says how the session ended, if it did.
    /// Every arm is safe to drop.
    async fn turn(&mut self, cx: &mut SessionContext) -> Option<&'static str> {
        let due = self.due.first().map(|(due, _)| self.faults.started() + *due);
        tokio::select! {
            biased;
            () = self.session.cancel.cancelled() => return Some("stopped by us"),
            order = cx.next() => match order {
                Some(SessionInput::Close(_)) | None => return Some("closed by us"),
                Some(order) => self.handle_order(order),
            },
            () = clock::at(self.clients.idle_at(self.plan.idle)) => self.end_idle(),
            () = clock::at(self.drops_at) => {
                self.drops_at = None;
                self.read_drops();
            }
            () = clock::at(self.lost.told_at()) => self.tell_lost(),
            () = clock::at(due) => self.release_due(),
            () = self.faults.changed() => {}
            Some(found) = self.finding.next() => self.found(found),
            read = next_read(&self.sockets, &mut self.watched) => match read {
                Readable::Bound(index) => self.receive_of_clients(index, DRAIN),
                Readable::Onward(client) => self.receive_of_target(client, DRAIN),
            },
        }
        None
    }

    fn handle_order(&mut self, order: SessionInput) {
        match order {
            SessionInput::Send { .. } => {
                self.session.events.refused(refusal::relay_sends_nothing());
            }
            SessionInput::End { conn, .. } => {
                let is_meant = |pair: RelayPair| conn == pair.client || conn == pair.target;
                let found = self.clients.all().find(|(_, client)| is_meant(client.pair));
                // One that was let go meanwhile needs no end.
                if let Some(address) = found.map(|(address, _)| address) {
                    self.end(address, "closed by us");
                    self.count_clients();
                }
            }
            SessionInput::Update(plan) => match Plan::udp_relay(*plan) {
                Some(plan) => self.update(plan),
                None => self.session.events.refused(refusal::other_answers()),
            },
            SessionInput::Close(_) => {}
        }
    }

    fn update(&mut self, plan: UdpRelayPlan) {
        let is_elsewhere = plan.target != self.plan.target;
        let (bind, socket) = (self.plan.bind.clone(), self.plan.socket);
        self.plan = UdpRelayPlan { bind, socket, ..plan };
        if is_elsewhere {
            self.tell_target();
        }
        self.rewrites.change(&self.plan.rewrites);
        self.faults.change(&self.plan.faults);
        let faults = self.faults.now();
        for (address, client) in self.clients.all_mut() {
            client.up.change(&faults);
            client.down.change(&faults);
            // What waited leaves.
            self.due.insert((Duration::ZERO, address));
        }
    }

    /// Takes in what clients have sent to a socket, and passes it on.
    fn receive_of_clients(&mut self, index: usize, limit: usize) {
        let held = self.session.events.hold_stamp();
        let mut records = Vec::new();
        while records.len() < limit
            && let Some((from, data)) = self.sockets.get_mut(index).and_then(BoundSocket::receive)
        {
            let at = clock::now();
            let conn = self.client_at(from).client;
            let faults = self.pass_up(from, data.clone());
            let record = data_record(conn, Direction::Received, data, faults);
            records.push(Record { at, ..record });
        }
        if !records.is_empty() {
            self.drops_at = self.drops_at.or_else(|| Some(Instant::now() + DROPS_EVERY));
        }
        self.session.events.offer(records);
        drop(held);
        self.report_undelivered_to_clients(index);
    }

    /// The halves of a client, which is introduced when it is new.
    fn client_at(&mut self, address: SocketAddr) -> RelayPair {
        if let Some(client) = self.clients.used(address, Instant::now()) {
            return client.pair;
        }
        if self.clients.is_full() {
            self.make_room();
        }
        let session = &self.session;
        let pair = RelayPair { client: session.next_conn(), target: session.next_conn() };
        let local = socket_for(&self.sockets, address).map(|bound| bound.local);
        self.introduce(pair, pair.client, local, Some(address));
        let (faults, number) = (self.faults.now(), pair.client.index);
        let of_way = |from_client| FaultLine::new(&faults, number, false, from_client);
        let link = Link::Unreached { again: Instant::now() };
        let client = Client { pair, link, up: of_way(true), down: of_way(false) };
        self.clients.add(address, client, Instant::now());
        self.count_clients();
        pair
    }

    fn introduce(
        &self,
        pair: RelayPair,
        id: ConnId,
        local: Option<SocketAddr>,
        peer: Option<SocketAddr>,
    ) {
        let (protocol, side, pair) = (Protocol::Udp, Side::Relay, Some(pair));
        self.session.introduce(&ConnInfo { id, protocol, side, local, peer, tls: false, pair });
    }

    /// Lets go of the client that was not heard of for the longest time.
    fn make_room(&mut self) -> bool {
        let Some(oldest) = self.clients.oldest() else { return false };
        self.end(oldest, &format!("closed to make room for another of {CLIENTS} clients"));
        true
    }

    /// Looks for the target of a client, which begins with this datagram.
    fn find_target(&mut self, from: SocketAddr, pair: RelayPair, first: Bytes) {
        let mut held = self.session.budget.descriptors(onward::DESCRIPTORS);
        // One of ours that is silent gives its own.
        if held.is_err() && self.clients.oldest().is_some_and(|oldest| oldest != from) {
            self.make_room();
            held = self.session.budget.descriptors(onward::DESCRIPTORS);
        }
        let link = match held {
            Ok(held) => {
                self.finding.push(onward::find(&self.plan, (from, pair.target), held));
                Link::Finding(EarlyDatagrams::of(first))
            }
            Err(why) => {
                self.lost.add(pair.target, true, first.len(), why);
                Link::Unreached { again: Instant::now() + AGAIN }
            }
        };
        if let Some(client) = self.clients.get_mut(from) {
            client.link = link;
        }
    }

    /// The socket of a client is there, or is not going to be.
    fn found(&mut self, found: Found) {
        let Found { client: address, conn, opened } = found;
        let own: Vec<_> = self.sockets.iter().map(|bound| bound.local).collect();
        let Some(client) = self.clients.get_mut(address) else { return };
        let pair = client.pair;
        // Another one may have its address now.
        if pair.target != conn {
            return;
        }
        let waiting = match &mut client.link {
            Link::Finding(waiting) => waiting.take(),
            Link::Open(_) | Link::Unreached { .. } => Vec::new(),
        };
        match opened.and_then(|onward| onward.unless_to(&own)) {
            Ok(mut onward) => {
                let (local, target) = (onward.local(), onward.target);
                let text = format!("bound to {local} for {address}, towards {}", onward.name);
                self.watched.push(onward.watch(address));
                client.link = Link::Open(onward);
                self.introduce(pair, conn, Some(local), Some(target));
                self.note(conn, RecordKind::Bound, text);
                for data in waiting {
                    self.send_up(address, data);
                }
            }
            Err(failure) => {
                client.link = Link::Unreached { again: Instant::now() + AGAIN };
                self.introduce(pair, conn, None, None);
                self.session.events.failed(conn, &failure);
                for data in waiting {
                    self.lost.add(conn, true, data.len(), "the target was not found".into());
                }
            }
        }
    }

    /// Takes in what came back for a client, and passes it on to it.
    fn receive_of_target(&mut self, address: SocketAddr, limit: usize) {
        let held = self.session.events.hold_stamp();
        let mut records = Vec::new();
        let mut read = 0;
        while read < limit
            && let Some((pair, from, is_reply, data)) = self.next_of_target(address)
        {
            read += 1;
            let at = clock::now();
            if !is_reply {
                let why = format!("it comes from {from}, not from the target (option any-peer)");
                self.lost.add(pair.client, false, data.len(), why);
                let none = FaultMarks::default();
                records.push(data_record(pair.target, Direction::Received, data, none));
            } else if let Some(record) = self.pass_down((address, pair), data) {
                records.push(Record { at, ..record });
            }
        }
        if read > 0 {
            self.drops_at = self.drops_at.or_else(|| Some(Instant::now() + DROPS_EVERY));
            self.clients.used(address, Instant::now());
        }
        self.session.events.offer(records);
        drop(held);
        self.release(address);
        self.report_undelivered_to_target(address);
        if let Some(Client { link: Link::Open(onward), .. }) = self.clients.get_mut(address) {
            self.watched.push(onward.watch(address));
        }
    }

    /// The next datagram that came back for a client: its halves, who sent it, whether that is who may.
    fn next_of_target(
        &mut self,
        address: SocketAddr,
    ) -> Option<(RelayPair, SocketAddr, bool, Bytes)> {
        let Client { pair, link: Link::Open(onward), .. } = self.clients.get_mut(address)? else {
            return None;
        };
        let (from, data) = onward.receive()?;
        Some((*pair, from, onward.may_reply(from), data))
    }

    fn report_undelivered_to_target(&mut self, address: SocketAddr) {
        let Some(client) = self.clients.get_mut(address) else { return };
        let Link::Open(onward) = &client.link else { return };
        let conn = client.pair.target;
        for (why, count) in onward.undelivered(REPORTS) {
            tell_undelivered(&self.session, conn, &why, count);
        }
    }

    fn report_undelivered_to_clients(&mut self, index: usize) {
        let Some(bound) = self.sockets.get(index) else { return };
        for ((to, why), count) in onward::grouped(bound, REPORTS, &ToString::to_string) {
            let known = self.clients.get_mut(to).map(|client| client.pair.client);
            let conn = known.unwrap_or(self.session.id.itself());
            tell_undelivered(&self.session, conn, &why, count);
        }
    }

    fn tell_lost(&mut self) {
        for (conn, text) in self.lost.take() {
            self.note(conn, RecordKind::Failed, text);
        }
    }

    fn read_drops(&self) {
        let Some(dropped) = self.dropped else { return };
        let onward = self.clients.all().filter_map(|(_, client)| client.link.socket());
        let sockets = self.sockets.iter().map(|bound| &*bound.socket).chain(onward);
        if let Some(now) = os::kernel_drops_of_all(sockets) {
            self.session.events.lost_by_kernel(dropped + now);
        }
    }

    fn end_idle(&mut self) {
        let words = format!("closed: nobody said anything for {} s", self.plan.idle.as_secs_f64());
        while let Some(oldest) = self.clients.oldest()
            && self.clients.idle_at(self.plan.idle).is_some_and(|at| at <= Instant::now())
        {
            self.end(oldest, &words);
        }
        self.count_clients();
    }

    /// Lets go of a client and of its socket, after a last look at what came back for it.
    fn end(&mut self, address: SocketAddr, words: &str) {
        self.receive_of_target(address, LAST_DRAIN);
        let Some(client) = self.clients.remove(address) else { return };
        self.tell_lost();
        if let Link::Open(Onward { bound, came, .. }) = &client.link
            && *came > NEVER_FULL
        {
            let gone = os::kernel_drops(&bound.socket);
            self.dropped = self.dropped.zip(gone).map(|(before, gone)| before + gone);
        }
        let Client { pair, link, mut up, mut down } = client;
        for (line, to, is_up) in [(&mut up, pair.target, true), (&mut down, pair.client, false)] {
            for data in line.drain() {
                self.lost.add(to, is_up, data.len(), words.to_owned());
            }
        }
        // What waits for a target that is still looked for.
        if let Link::Finding(mut waiting) = link {
            for data in waiting.take() {
                self.lost.add(pair.target, true, data.len(), words.to_owned());
            }
        }
        self.tell_lost();
        self.note(pair.client, RecordKind::Closed, words);
        self.session.events.retire(pair.client);
        self.session.events.retire(pair.target);
    }

    /// The end: what has arrived is still passed on, what was dropped is counted.
    fn end_all(&mut self, words: &str) {
        for index in 0..self.sockets.len() {
            self.receive_of_clients(index, LAST_DRAIN);
        }
        self.read_drops();
        while let Some(oldest) = self.clients.oldest() {
            self.end(oldest, words);
        }
        self.tell_lost();
        self.note(self.session.id.itself(), RecordKind::Closed, words);
    }
}

fn tell_undelivered(session: &SessionHandle, conn: ConnId, why: &str, count: usize) {
    let text = if count == 1 { why.to_owned() } else { format!("{why} ({count} datagrams)") };
    session.events.note(conn, Direction::Received, RecordKind::Failed, text);
}

/// A socket that has something to read.
enum Readable {
    /// One of ours that clients send to.
    Bound(usize),
    /// The one of this client.
    Onward(SocketAddr),
}

async fn next_read(
    sockets: &[BoundSocket],
    watched: &mut FuturesUnordered<WatchedSocket>,
) -> Readable {
    loop {
        // In no order, so that neither way waits for the other.
        tokio::select! {
            index = any_readable(sockets) => return Readable::Bound(index),
            Some(next) = watched.next() => if let Ok(client) = next {
                return Readable::Onward(client);
            },
        }
    }
}
