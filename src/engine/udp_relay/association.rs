//! The datagrams of one client of SOCKS5, each of which says where it goes (RFC 1928, section 7).
//!
//! ```text
//! client ─► our socket ─► head off: where to? ─► the socket of that target ─► target
//!    ▲                      newcomer: find it, open a socket; what comes meanwhile waits
//!    └── our socket ◄── head on: who sent it ◄── the same socket ◄──┘
//! ```
//!
//! Called by the TCP relay, beside the connection that asked for it; over when that is. Every target is a
//! pair of halves as a client of the UDP relay is one, told of in the same way. Nobody is waited for.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::lost::{BUSY, LostDatagrams};
use super::onward::{self, EarlyDatagrams, Finding, Found, Link, WatchedSocket};
use super::passed_on::{FULL, data_record};
use super::{AGAIN, DRAIN, LAST_DRAIN, REPORTS, tell_undelivered};
use crate::codec::socks5;
use crate::engine::budget::Descriptors;
use crate::engine::datagram::bound_socket::{self, BoundSocket, any_readable, is_late_report};
use crate::engine::faults::control::FaultWatch;
use crate::engine::faults::line::{FaultLine, FaultStep};
use crate::engine::session::SessionHandle;
use crate::engine::{clock, refusal};
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::fault::{FaultKind, FaultMarks, FaultsPlan};
use crate::model::id::ConnId;
use crate::model::plan::{ClientOptions, DatagramOptions, UdpRelayPlan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind, RelayPair};

/// Targets of a client at the same time; each has a socket.
const TARGETS: usize = 64;
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
    plan: AssociationPlan,
    session: SessionHandle,
    bound: BoundSocket,
    faults: FaultWatch,
    targets: Vec<Target>,
    /// Targets on their way to be found.
    finding: FuturesUnordered<Finding>,
    /// The sockets of the targets, each until there is something to read.
    watched: FuturesUnordered<WatchedSocket<ConnId>>,
    lost: LostDatagrams,
    _held: Descriptors,
}

/// Somebody the client sent something to, and the socket for it.
struct Target {
    endpoint: Endpoint,
    pair: RelayPair,
    link: Link,
    up: FaultLine,
    down: FaultLine,
    used: Instant,
}

/// A socket that has something to read.
enum Readable {
    Client,
    Target(ConnId),
}

impl Association {
    /// Binds the socket that the client is to send to.
    pub(crate) async fn open(
        plan: AssociationPlan,
        session: &SessionHandle,
        faults: FaultWatch,
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
        Ok(Association {
            plan,
            session: session.clone(),
            bound,
            faults,
            targets: Vec::new(),
            finding: FuturesUnordered::new(),
            watched: FuturesUnordered::new(),
            lost: LostDatagrams::default(),
            _held: held,
        })
    }

    /// Where the client is to send to.
    pub(crate) fn local(&self) -> SocketAddr {
        self.bound.local
    }

    /// Passes on until it is over; what that says is given back.
    pub(crate) async fn run<T>(mut self, over: impl Future<Output = T>) -> T {
        let mut over = pin!(over);
        loop {
            let due = self.next_due().map(|due| self.faults.started + due);
            let idle = self.targets.iter().map(|target| target.used + IDLE).min();
            tokio::select! {
                biased;
                told = &mut over => {
                    self.end_all();
                    return told;
                }
                () = clock::at(idle) => self.end_idle(),
                () = clock::at(self.lost.told_at()) => self.tell_lost(),
                () = clock::at(due) => self.release_due(),
                // A relay that is gone ends this one, too.
                Ok(()) = self.faults.watch.changed() => self.change_faults(),
                Some(found) = self.finding.next() => self.found(found),
                read = next_read(&self.bound, &mut self.watched) => match read {
                    Readable::Client => self.receive_of_client(DRAIN),
                    Readable::Target(conn) => self.receive_of_target(conn, DRAIN),
                },
            }
        }
    }

    fn target(&mut self, conn: ConnId) -> Option<&mut Target> {
        self.targets.iter_mut().find(|target| target.pair.target == conn)
    }

    /// Takes in what the client has sent, and passes it on.
    fn receive_of_client(&mut self, limit: usize) {
        let held = self.session.events.hold_stamp();
        let (mut records, mut read) = (Vec::new(), 0);
        while read < limit
            && let Some((from, data)) = self.bound.receive()
        {
            read += 1;
            let at = clock::now();
            match self.opened(from, &data) {
                Ok((endpoint, data)) => {
                    let pair = self.target_of(from, endpoint);
                    let faults = self.pass_up(pair, data.clone());
                    let record = data_record(pair.client, Direction::Received, data, faults);
                    records.push(Record { at, ..record });
                }
                Err(why) => self.lost.add(self.plan.control, true, data.len(), why),
            }
        }
        self.session.events.offer(records);
        drop(held);
        let control = self.plan.control;
        for ((_, why), count) in onward::grouped(&self.bound, REPORTS, &ToString::to_string) {
            tell_undelivered(&self.session, control, &why, count);
        }
    }

    /// Where a datagram goes, and what it says, or why it goes nowhere.
    fn opened(&mut self, from: SocketAddr, data: &Bytes) -> Result<(Endpoint, Bytes), String> {
        let (ip, port) = self.plan.client;
        if from.ip() != ip || port != 0 && from.port() != port {
            return Err(format!("it comes from {from}, not from who asked for this"));
        }
        let (endpoint, begins) = socks5::datagram(data)?;
        self.plan.client.1 = from.port();
        Ok((endpoint, data.slice(begins..)))
    }

    /// The halves of a target, which is introduced when it is new.
    fn target_of(&mut self, from: SocketAddr, endpoint: Endpoint) -> RelayPair {
        let now = Instant::now();
        if let Some(known) = self.targets.iter_mut().find(|known| known.endpoint == endpoint) {
            known.used = now;
            return known.pair;
        }
        if self.targets.len() >= TARGETS {
            self.make_room();
        }
        let session = &self.session;
        let pair = RelayPair { client: session.next_conn(), target: session.next_conn() };
        self.introduce(pair, pair.client, Some(self.bound.local), Some(from));
        let (faults, number) = (self.faults.now().of_datagrams(), pair.client.index);
        let of_way = |from_client| FaultLine::new(&faults, number, false, from_client);
        let (up, down, link) = (of_way(true), of_way(false), Link::Unreached { again: now });
        self.targets.push(Target { endpoint, pair, link, up, down, used: now });
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

    /// A datagram of the client, on its way to the target; says what faults do to it.
    fn pass_up(&mut self, pair: RelayPair, data: Bytes) -> FaultMarks {
        let now = self.faults.started.elapsed();
        let Some(target) = self.target(pair.target) else { return FaultMarks::default() };
        if target.up.is_plain() {
            self.send_up(pair, data);
            return FaultMarks::default();
        }
        let (len, taken) = (data.len(), target.up.take(data, now));
        if taken.is_refused {
            self.lost.add(pair.target, true, len, FULL.into());
        }
        self.release(pair);
        taken.marks
    }

    fn send_up(&mut self, pair: RelayPair, data: Bytes) {
        let (now, to) = (Instant::now(), pair.target);
        let Some(target) = self.target(to) else { return };
        let (len, sent) = (
            data.len(),
            match &mut target.link {
                Link::Open(onward) => onward.send(&data),
                Link::Finding(waiting) => waiting.push(data),
                Link::Unreached { again } if *again > now => Err("the target was not found".into()),
                Link::Unreached { .. } => return self.find_target(pair, data),
            },
        );
        if let Err(why) = sent {
            self.lost.add(to, true, len, why);
        }
    }

    /// Looks for a target, which begins with this datagram.
    fn find_target(&mut self, pair: RelayPair, first: Bytes) {
        let mut held = self.session.budget.descriptors(onward::DESCRIPTORS);
        // One of ours that is silent gives its own.
        if held.is_err() && self.oldest().is_some_and(|oldest| oldest != pair.target) {
            self.make_room();
            held = self.session.budget.descriptors(onward::DESCRIPTORS);
        }
        let Some(endpoint) = self.target(pair.target).map(|target| target.endpoint.clone()) else {
            return;
        };
        let link = match held {
            Ok(held) => {
                let plan = self.plan_of(endpoint);
                let client = self.client();
                self.finding.push(onward::find(&plan, (client, pair.target), held));
                Link::Finding(EarlyDatagrams::of(first))
            }
            Err(why) => {
                self.lost.add(pair.target, true, first.len(), why);
                Link::Unreached { again: Instant::now() + AGAIN }
            }
        };
        if let Some(target) = self.target(pair.target) {
            target.link = link;
        }
    }

    fn plan_of(&self, target: Endpoint) -> UdpRelayPlan {
        UdpRelayPlan {
            bind: Bind::Address(self.bound.local),
            socket: DatagramOptions::default(),
            target,
            client: self.plan.options.clone(),
            any_peer: false,
            idle: IDLE,
            faults: FaultsPlan::default(),
        }
    }

    /// Where the client is.
    fn client(&self) -> SocketAddr {
        SocketAddr::from(self.plan.client)
    }

    /// The socket of a target is there, or is not going to be.
    fn found(&mut self, found: Found) {
        let Found { conn, opened, .. } = found;
        let own = [self.bound.local];
        // One that was let go meanwhile.
        let Some(target) = self.target(conn) else { return };
        let pair = target.pair;
        let waiting = match &mut target.link {
            Link::Finding(waiting) => waiting.take(),
            Link::Open(_) | Link::Unreached { .. } => Vec::new(),
        };
        match opened.and_then(|onward| onward.unless_to(&own)) {
            Ok(mut onward) => {
                let (local, to) = (onward.local(), onward.target);
                let (name, watched) = (onward.name.clone(), onward.watch(conn));
                target.link = Link::Open(onward);
                self.watched.push(watched);
                self.introduce(pair, conn, Some(local), Some(to));
                let text = format!("bound to {local} for {}, towards {name}", self.client());
                self.session.events.note(conn, Direction::Local, RecordKind::Bound, text);
                for data in waiting {
                    self.send_up(pair, data);
                }
            }
            Err(failure) => {
                target.link = Link::Unreached { again: Instant::now() + AGAIN };
                self.introduce(pair, conn, None, None);
                self.session.events.failed(conn, &failure);
                for data in waiting {
                    self.lost.add(conn, true, data.len(), "the target was not found".into());
                }
            }
        }
    }

    /// Takes in what came back of a target, and passes it on to the client.
    fn receive_of_target(&mut self, conn: ConnId, limit: usize) {
        let held = self.session.events.hold_stamp();
        let (mut records, mut read) = (Vec::new(), 0);
        while read < limit
            && let Some((pair, from, is_reply, data)) = self.next_of_target(conn)
        {
            read += 1;
            let at = clock::now();
            if !is_reply {
                let why = format!("it comes from {from}, not from the target");
                self.lost.add(pair.client, false, data.len(), why);
                let none = FaultMarks::default();
                records.push(data_record(pair.target, Direction::Received, data, none));
            } else if let Some(record) = self.pass_down(pair, from, data) {
                records.push(Record { at, ..record });
            }
        }
        self.session.events.offer(records);
        drop(held);
        let Some(target) = self.target(conn) else { return };
        let pair = target.pair;
        if read > 0 {
            target.used = Instant::now();
        }
        if let Link::Open(onward) = &mut target.link {
            let (reports, watched) = (onward.undelivered(REPORTS), onward.watch(conn));
            self.watched.push(watched);
            for (why, count) in reports {
                tell_undelivered(&self.session, conn, &why, count);
            }
        }
        self.release(pair);
    }

    /// The next datagram of a target: its halves, who sent it, whether that is who may.
    fn next_of_target(&mut self, conn: ConnId) -> Option<(RelayPair, SocketAddr, bool, Bytes)> {
        let Target { pair, link: Link::Open(onward), .. } = self.target(conn)? else {
            return None;
        };
        let (from, data) = onward.receive()?;
        Some((*pair, from, onward.may_reply(from), data))
    }

    /// A datagram that came back, on its way to the client; the record of it, if it is told now.
    fn pass_down(&mut self, pair: RelayPair, from: SocketAddr, data: Bytes) -> Option<Record> {
        let now = self.faults.started.elapsed();
        let line = self.target(pair.target).map(|target| &mut target.down);
        let Some(line) = line.filter(|line| !line.is_plain()) else {
            return Some(self.told_down(pair, from, data, FaultMarks::default()));
        };
        let taken = line.take(data.clone(), now);
        if taken.is_refused {
            self.lost.add(pair.client, false, data.len(), FULL.into());
        }
        // It does not get to the client, or not as it is.
        let is_told = taken.is_refused || taken.differs || taken.marks.contains(FaultKind::Drop);
        is_told.then(|| data_record(pair.target, Direction::Received, data, taken.marks))
    }

    /// Sends a datagram to the client; the record of it, or of what did not get there.
    fn told_down(
        &mut self,
        pair: RelayPair,
        from: SocketAddr,
        data: Bytes,
        marks: FaultMarks,
    ) -> Record {
        match self.send_down(from, &data) {
            Ok(()) => data_record(pair.client, Direction::Sent, data, marks),
            Err(why) => {
                self.lost.add(pair.client, false, data.len(), why);
                data_record(pair.target, Direction::Received, data, marks)
            }
        }
    }

    fn send_down(&self, from: SocketAddr, data: &[u8]) -> Result<(), String> {
        let (to, socket) = (self.client(), &self.bound.socket);
        let said = [&socks5::datagram_head(from)[..], data].concat();
        let mut sent = socket.try_send_to(&said, to);
        if is_late_report(&sent) {
            sent = socket.try_send_to(&said, to);
        }
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(BUSY.into()),
            Err(error) => Err(bound_socket::unsent(to, said.len(), &error)),
        }
    }

    /// When faults let something go; `None` = nothing waits for its time.
    fn next_due(&self) -> Option<Duration> {
        let ways = self.targets.iter().flat_map(|target| [&target.up, &target.down]);
        ways.filter_map(FaultLine::next_due).min()
    }

    /// Passes on what faults let go of by now.
    fn release_due(&mut self) {
        let pairs: Vec<_> = self.targets.iter().map(|target| target.pair).collect();
        for pair in pairs {
            self.release(pair);
        }
    }

    /// Passes on what faults let go of for one target.
    fn release(&mut self, pair: RelayPair) {
        let now = self.faults.started.elapsed();
        let held = self.session.events.hold_stamp();
        let mut records = Vec::new();
        while let Some(step) = self.target(pair.target).and_then(|it| it.up.pop_due(now)) {
            if let FaultStep::Piece { data, marks, differs } = step {
                let record = data_record(pair.target, Direction::Sent, data.clone(), marks);
                // What the client sent is told already, unless something else goes out.
                records.extend(Some(record).filter(|_| differs));
                self.send_up(pair, data);
            }
        }
        while let Some(step) = self.target(pair.target).and_then(|it| it.down.pop_due(now)) {
            if let FaultStep::Piece { data, marks, .. } = step
                && let Some(from) = self.sender(pair)
            {
                records.push(self.told_down(pair, from, data, marks));
            }
        }
        self.session.events.offer(records);
        drop(held);
    }

    /// Who sends what comes back of a target.
    fn sender(&mut self, pair: RelayPair) -> Option<SocketAddr> {
        match &self.target(pair.target)?.link {
            Link::Open(onward) => Some(onward.target),
            Link::Finding(_) | Link::Unreached { .. } => None,
        }
    }

    fn change_faults(&mut self) {
        let faults = self.faults.now().of_datagrams();
        for target in &mut self.targets {
            target.up.change(&faults);
            target.down.change(&faults);
        }
        // What waited leaves.
        self.release_due();
    }

    fn tell_lost(&mut self) {
        for (conn, text) in self.lost.take() {
            self.session.events.note(conn, Direction::Local, RecordKind::Failed, text);
        }
    }

    /// The one of which nothing was heard for the longest time.
    fn oldest(&self) -> Option<ConnId> {
        let oldest = self.targets.iter().min_by_key(|target| target.used);
        oldest.map(|target| target.pair.target)
    }

    fn make_room(&mut self) {
        if let Some(oldest) = self.oldest() {
            let words = format!("closed to make room for another of {TARGETS} targets");
            self.end(oldest, &words);
        }
    }

    fn end_idle(&mut self) {
        let words = format!("closed: nobody said anything for {} s", IDLE.as_secs());
        let now = Instant::now();
        let idle = self.targets.iter().filter(|target| target.used + IDLE <= now);
        let idle: Vec<_> = idle.map(|target| target.pair.target).collect();
        for conn in idle {
            self.end(conn, &words);
        }
    }

    /// Lets go of a target and of its socket, after a last look at what came back.
    fn end(&mut self, conn: ConnId, words: &str) {
        self.receive_of_target(conn, LAST_DRAIN);
        let at = self.targets.iter().position(|target| target.pair.target == conn);
        let Some(target) = at.map(|at| self.targets.remove(at)) else { return };
        let Target { pair, link, mut up, mut down, .. } = target;
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
        let events = &self.session.events;
        events.note(pair.client, Direction::Local, RecordKind::Closed, words);
        events.retire(pair.client);
        events.retire(pair.target);
    }

    /// The end: what has arrived is still passed on.
    fn end_all(&mut self) {
        self.receive_of_client(LAST_DRAIN);
        while let Some(oldest) = self.oldest() {
            self.end(oldest, "closed: the connection that asked for it is over");
        }
        self.tell_lost();
    }
}

async fn next_read(
    bound: &BoundSocket,
    watched: &mut FuturesUnordered<WatchedSocket<ConnId>>,
) -> Readable {
    loop {
        // In no order, so that neither way waits for the other.
        tokio::select! {
            _ = any_readable(std::slice::from_ref(bound)) => return Readable::Client,
            Some(next) = watched.next() => if let Ok(conn) = next {
                return Readable::Target(conn);
            },
        }
    }
}
