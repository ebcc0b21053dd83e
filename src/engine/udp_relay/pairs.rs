//! Pairs of halves: everybody a relay of datagrams passes on for, each with a socket of its own towards
//! the target, so that what comes back there goes back to it.
//!
//! ```text
//! client ─► bound socket(s) ─► whose pair? ─► rules ─► hold ─► faults ─► its socket ─► target
//!    ▲                         a new one: find the target, open a socket; what comes meanwhile waits
//!    └───── bound socket ◄─── faults ◄─── hold ◄─── rules ◄─── its socket ◄──┘
//! ```
//!
//! What tells the pairs apart, and how clients are read and written to, is said by `Ends`. Nobody is
//! waited for: a datagram that cannot be passed on is dropped, as every router does, and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::early::{Early, EarlyDatagrams};
use super::ends::{Ends, Readable, next_read};
use super::holding::{DatagramHold, Deciding, HeldDatagram};
use super::lost::LostDatagrams;
use super::onward::{self, Finding, Found, Link, WatchedSocket};
use super::passed_on::data_record;
use crate::engine::clock;
use crate::engine::datagram::by_use::ByUse;
use crate::engine::faults::Faults;
use crate::engine::faults::line::FaultLine;
use crate::engine::rewrites::Rewrites;
use crate::engine::session::SessionHandle;
use crate::model::asked_target::AskedTarget;
use crate::model::end_address::EndAddress;
use crate::model::fault::FaultMarks;
use crate::model::id::ConnId;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind, RelayPair};
use crate::os;

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
pub(super) struct Pair {
    pub(super) halves: RelayPair,
    /// The client's half.
    pub(super) conn: ConnInfo,
    pub(super) link: Link,
    /// What faults make of what it sends, and of what comes back.
    pub(super) up: FaultLine,
    pub(super) down: FaultLine,
    /// Of its datagrams so many wait for a decision.
    pub(super) held: usize,
    used: Instant,
}

impl Pair {
    /// What filters know of it from now on.
    fn leads_to(&mut self, asked: Arc<AskedTarget>) {
        self.conn.asked = Some(asked);
        self.up.is_of(&self.conn);
        self.down.is_of(&self.conn);
    }
}

/// All pairs of a relay, its sockets, and what waits.
pub(super) struct Pairs<E: Ends> {
    pub(super) ends: E,
    pub(super) session: SessionHandle,
    pub(super) known: ByUse<E::Key, Pair>,
    /// A pair of which neither side said anything for so long is let go.
    pub(super) idle: Duration,
    /// Targets on their way to be found.
    finding: FuturesUnordered<Finding<E::Key>>,
    faults: Arc<Faults>,
    pub(super) rewrites: Arc<Rewrites>,
    /// When the time of faults began.
    started: Instant,
    /// When faults let something of a pair go. One that is looked at too early costs nothing.
    pub(super) due: BTreeSet<(Duration, E::Key)>,
    /// The sockets of the pairs, each until there is something to read.
    watched: FuturesUnordered<WatchedSocket<E::Key>>,
    pub(super) lost: LostDatagrams,
    /// What waits for a decision, by its number, and who waits for it.
    pub(super) held: BTreeMap<u32, HeldDatagram<E::Key>>,
    pub(super) deciding: FuturesUnordered<Deciding>,
    /// What the kernel dropped of sockets that are closed; `None` = that cannot be read here.
    dropped: Option<u64>,
    /// Of what it dropped so much is told.
    told_drops: u64,
    /// When to read the kernel's drop counters, while datagrams arrive.
    drops_at: Option<Instant>,
}

impl<E: Ends> Pairs<E> {
    /// Nobody is known; the faults count their time from then on.
    pub(super) fn new(
        ends: E,
        session: &SessionHandle,
        (faults, started): (Arc<Faults>, Instant),
        rewrites: Arc<Rewrites>,
        idle: Duration,
    ) -> Self {
        Pairs {
            ends,
            session: session.clone(),
            known: ByUse::new(),
            idle,
            finding: FuturesUnordered::new(),
            faults,
            rewrites,
            started,
            due: BTreeSet::new(),
            watched: FuturesUnordered::new(),
            lost: LostDatagrams::default(),
            held: BTreeMap::new(),
            deciding: FuturesUnordered::new(),
            dropped: Some(0),
            told_drops: 0,
            drops_at: None,
        }
    }

    /// Waits for the next thing to happen and takes it in. Safe to drop.
    pub(super) async fn turn(&mut self) {
        let due = self.due.first().map(|(due, _)| self.started + *due);
        let oldest = self.known.oldest_first().next().and_then(|key| self.known.get(key));
        let idle = oldest.map(|pair| pair.used + self.idle);
        tokio::select! {
            biased;
            () = clock::at(idle) => self.end_idle(),
            () = clock::at(self.drops_at) => {
                self.drops_at = None;
                self.read_drops();
            }
            () = clock::at(self.lost.told_at()) => self.tell_lost(),
            () = clock::at(due) => self.release_due(),
            Some(decided) = self.deciding.next() => self.decided(decided),
            Some(found) = self.finding.next() => self.found(found),
            read = next_read(self.ends.sockets(), &mut self.watched) => match read {
                Readable::Bound(index) => self.receive_of_clients(index, DRAIN),
                Readable::Onward(key) => self.receive_of_target(&key, DRAIN),
            },
        }
    }

    /// Time since the faults began to count.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Other faults from now on. What waited for them leaves.
    pub(super) fn change_faults(&mut self, faults: &Arc<Faults>) {
        for (key, pair) in self.known.all_mut() {
            pair.up.change(faults);
            pair.down.change(faults);
            self.due.insert((Duration::ZERO, key.clone()));
        }
        self.faults = Arc::clone(faults);
    }

    /// Says something of a connection.
    pub(super) fn note(&self, conn: ConnId, kind: RecordKind, text: impl Into<String>) {
        self.session.events.note(conn, Direction::Local, kind, text);
    }

    /// Takes in what clients have sent to a socket, and passes it on.
    fn receive_of_clients(&mut self, index: usize, limit: usize) {
        let stamp = self.session.events.hold_stamp();
        let (mut records, mut read) = (Vec::new(), 0);
        while read < limit
            && let Some((from, data)) = self.next_of_client(index)
        {
            read += 1;
            let len = data.len();
            match self.ends.taken_in(from, data) {
                Ok((key, data)) => records.extend(self.take_in(&key, data)),
                Err(why) => self.lost.add(self.ends.itself(), true, len, why),
            }
        }
        if read > 0 {
            self.drops_at = self.drops_at.or_else(|| Some(Instant::now() + DROPS_EVERY));
        }
        self.session.events.offer(records);
        drop(stamp);
        self.report_undelivered_to_clients(index);
    }

    /// The halves of a pair, which is introduced when it is new.
    pub(super) fn at(&mut self, key: &E::Key) -> RelayPair {
        let now = Instant::now();
        if let Some(pair) = self.known.used(key) {
            pair.used = now;
            return pair.halves;
        }
        if self.known.len() >= E::MOST {
            self.make_room();
        }
        let session = &self.session;
        let halves = RelayPair { client: session.next_conn(), target: session.next_conn() };
        let ends = (self.ends.local(key), Some(self.ends.client(key)));
        let asked = E::asked(&self.ends.towards(key).endpoint, None);
        let conn = Self::half(halves, halves.client, ends, Arc::clone(&asked));
        session.introduce(&conn);
        // What does not get there is told of it, however early that is.
        session.introduce(&Self::half(halves, halves.target, (None, None), asked));
        let (faults, number) = (&self.faults, halves.client.index);
        let of_way =
            |from_client| FaultLine::new(faults, number, false, from_client).of_conn(&conn);
        let (up, down, link) = (of_way(true), of_way(false), Link::Unreached { again: now });
        self.known.add(key.clone(), Pair { halves, conn, link, up, down, held: 0, used: now });
        self.count();
        halves
    }

    fn half(
        halves: RelayPair,
        id: ConnId,
        (local, peer): (Option<SocketAddr>, Option<SocketAddr>),
        asked: Arc<AskedTarget>,
    ) -> ConnInfo {
        let (protocol, side, pair) = (Protocol::Udp, Side::Relay, Some(halves));
        let (local, peer) = (local.map(EndAddress::from), peer.map(EndAddress::from));
        ConnInfo { local, peer, pair, asked: Some(asked), ..ConnInfo::new(id, protocol, side) }
    }

    fn oldest(&self) -> Option<E::Key> {
        self.known.oldest_first().next().cloned()
    }

    /// Lets go of the one that was not heard of for the longest time.
    fn make_room(&mut self) {
        let Some(oldest) = self.oldest() else { return };
        let words = format!("closed to make room for another of {} {}", E::MOST, E::NAME);
        self.end(&oldest, &words);
    }

    /// Looks for the target of a pair, which begins with this datagram.
    pub(super) fn find_target(&mut self, key: &E::Key, conn: ConnId, first: Early) {
        let mut held = self.session.budget.descriptors(onward::DESCRIPTORS);
        // One of ours that is silent gives its own.
        if held.is_err() && self.oldest().is_some_and(|oldest| oldest != *key) {
            self.make_room();
            held = self.session.budget.descriptors(onward::DESCRIPTORS);
        }
        let (link, refused) = match held {
            Ok(held) => {
                let towards = self.ends.towards(key);
                self.finding.push(onward::find(towards, (key.clone(), conn), held));
                (Link::Finding(EarlyDatagrams::of(first)), None)
            }
            Err(why) => (Link::Unreached { again: Instant::now() + AGAIN }, Some((first, why))),
        };
        if let Some(pair) = self.known.get_mut(key) {
            pair.link = link;
        }
        if let Some((first, why)) = refused {
            self.give_up(key, vec![first], &why);
        }
    }

    /// The socket of a pair is there, or is not going to be.
    fn found(&mut self, found: Found<E::Key>) {
        let Found { key, conn, opened } = found;
        let own: Vec<_> = self.ends.sockets().iter().map(|bound| bound.local).collect();
        let Some(pair) = self.known.get_mut(&key) else { return };
        let halves = pair.halves;
        // Another one may have its place now.
        if halves.target != conn {
            return;
        }
        let waiting = match &mut pair.link {
            Link::Finding(waiting) => waiting.take(),
            Link::Open(_) | Link::Unreached { .. } => Vec::new(),
        };
        let client = self.ends.client(&key);
        let opened = opened.and_then(|onward| onward.unless_to(&own));
        match opened.and_then(|onward| onward.with_trail(self.session.relay, client)) {
            Ok(mut onward) => {
                let (local, target) = (onward.local(), onward.target);
                let asked = E::asked(onward.endpoint(), Some(target));
                let text = format!("bound to {local} for {client}, towards {}", onward.name);
                self.watched.push(onward.watch(key.clone()));
                pair.link = Link::Open(Box::new(onward));
                let ends = (Some(local), Some(target));
                let half = Self::half(halves, conn, ends, Arc::clone(&asked));
                self.session.introduce(&half);
                pair.leads_to(asked);
                self.session.events.conn(pair.conn.clone());
                self.note(conn, RecordKind::Bound, text);
                self.go_on(&key, waiting);
            }
            Err(failure) => {
                pair.link = Link::Unreached { again: Instant::now() + AGAIN };
                let asked = E::asked(&self.ends.towards(&key).endpoint, None);
                self.session.introduce(&Self::half(halves, conn, (None, None), asked));
                self.session.events.failed(conn, &failure);
                self.give_up(&key, waiting, "the target was not found");
            }
        }
    }

    /// Takes in what came back of a target, and passes it on to the client.
    fn receive_of_target(&mut self, key: &E::Key, limit: usize) {
        let stamp = self.session.events.hold_stamp();
        let (mut records, mut read) = (Vec::new(), 0);
        while read < limit
            && let Some(Came { halves, why_not, data }) = self.next_of_target(key)
        {
            read += 1;
            let at = clock::now();
            let record = if let Some(why) = why_not {
                self.lost.add(halves.client, false, data.len(), why);
                let none = FaultMarks::default();
                Some(data_record(halves.target, Direction::Received, data, none))
            } else {
                let relayed = self.rewritten(key, false, data);
                match self.ask_hold(key, false, &relayed) {
                    DatagramHold::Waits => None,
                    DatagramHold::GoesOn(held) => self.pass_down((key, halves), relayed, held),
                }
            };
            records.extend(record.map(|record| Record { at, ..record }));
        }
        let now = Instant::now();
        if read > 0
            && let Some(pair) = self.known.used(key)
        {
            pair.used = now;
            self.drops_at = self.drops_at.or(Some(now + DROPS_EVERY));
        }
        self.session.events.offer(records);
        drop(stamp);
        self.release(key);
        let Some(pair) = self.known.get_mut(key) else { return };
        if let Link::Open(onward) = &mut pair.link {
            let conn = pair.halves.target;
            for (why, count) in onward.undelivered(REPORTS) {
                tell_undelivered(&self.session, conn, &why, count);
            }
            self.watched.push(onward.watch(key.clone()));
        }
    }

    fn report_undelivered_to_clients(&self, index: usize) {
        let Some(bound) = self.ends.sockets().get(index) else { return };
        for ((to, why), count) in onward::grouped(bound, REPORTS, &ToString::to_string) {
            let known = self.ends.sent_to(to).and_then(|key| self.known.get(&key));
            let conn = known.map_or(self.ends.itself(), |pair| pair.halves.client);
            tell_undelivered(&self.session, conn, &why, count);
        }
    }

    fn tell_lost(&mut self) {
        for (conn, text) in self.lost.take() {
            self.note(conn, RecordKind::Failed, text);
        }
    }

    /// Tells what the kernel dropped since it was told last.
    pub(super) fn read_drops(&mut self) {
        let Some(dropped) = self.dropped else { return };
        let onward = self.known.all().filter_map(|(_, pair)| pair.link.socket());
        let sockets = self.ends.sockets().iter().map(|bound| &*bound.socket).chain(onward);
        if let Some(now) = os::kernel_drops_of_all(sockets) {
            let total = dropped + now;
            self.session.events.lost_by_kernel_too(total.saturating_sub(self.told_drops));
            self.told_drops = self.told_drops.max(total);
        }
    }

    /// Says how many there are.
    pub(super) fn count(&self) {
        self.ends.count(&self.session, self.known.len());
    }

    fn end_idle(&mut self) {
        let words = format!("closed: nobody said anything for {} s", self.idle.as_secs_f64());
        let now = Instant::now();
        while let Some(oldest) = self.oldest()
            && let Some(pair) = self.known.get_mut(&oldest)
            && pair.used + self.idle <= now
        {
            if pair.held == 0 {
                self.end(&oldest, &words);
            } else if let Some(pair) = self.known.used(&oldest) {
                // Somebody is still to decide about what it said.
                pair.used = now;
            }
        }
        self.count();
    }

    /// Lets go of the pair that one of these halves is of. One that was let go meanwhile needs no end.
    pub(super) fn end_of(&mut self, conn: ConnId, words: &str) {
        let is_meant = |pair: &Pair| [pair.halves.client, pair.halves.target].contains(&conn);
        let found = self.known.all().find(|(_, pair)| is_meant(pair));
        if let Some(key) = found.map(|(key, _)| key.clone()) {
            self.end(&key, words);
            self.count();
        }
    }

    /// Lets go of a pair and of its socket, after a last look at what came back for it.
    pub(super) fn end(&mut self, key: &E::Key, words: &str) {
        self.receive_of_target(key, LAST_DRAIN);
        self.let_go_of_held(key, words);
        // What waits for a target that is still looked for.
        if let Some(Pair { link: Link::Finding(waiting), .. }) = self.known.get_mut(key) {
            let waiting = waiting.take();
            self.give_up(key, waiting, words);
        }
        let Some(pair) = self.known.remove(key) else { return };
        if let Link::Open(onward) = &pair.link
            && onward.came > NEVER_FULL
        {
            let gone = os::kernel_drops(&onward.bound.socket);
            self.dropped = self.dropped.zip(gone).map(|(before, gone)| before + gone);
        }
        let Pair { halves, mut up, mut down, .. } = pair;
        for (line, to, is_up) in [(&mut up, halves.target, true), (&mut down, halves.client, false)]
        {
            for data in line.drain() {
                self.lost.add(to, is_up, data.len(), words.to_owned());
            }
        }
        self.tell_lost();
        self.note(halves.client, RecordKind::Closed, words);
        self.session.events.retire(halves.client);
        self.session.events.retire(halves.target);
    }

    /// The end: what has arrived is still passed on, what was dropped is counted.
    pub(super) fn end_all(&mut self, words: &str) {
        for index in 0..self.ends.sockets().len() {
            self.receive_of_clients(index, LAST_DRAIN);
        }
        // What was decided before is still done.
        while let Some(Some(decided)) = self.deciding.next().now_or_never() {
            self.decided(decided);
        }
        self.read_drops();
        while let Some(oldest) = self.oldest() {
            self.end(&oldest, words);
        }
        self.tell_lost();
    }

    fn next_of_client(&mut self, index: usize) -> Option<(SocketAddr, Bytes)> {
        self.ends.sockets_mut().get_mut(index)?.receive()
    }

    /// The next datagram that came back for a pair.
    fn next_of_target(&mut self, key: &E::Key) -> Option<Came> {
        let Pair { halves, link: Link::Open(onward), .. } = self.known.get_mut(key)? else {
            return None;
        };
        let (from, data) = onward.receive()?;
        Some(Came { halves: *halves, why_not: onward.why_not(from), data })
    }
}

/// A datagram that came back for a pair.
struct Came {
    halves: RelayPair,
    /// Why it does not go on to the client.
    why_not: Option<String>,
    data: Bytes,
}

fn tell_undelivered(session: &SessionHandle, conn: ConnId, why: &str, count: usize) {
    let text = if count == 1 { why.to_owned() } else { format!("{why} ({count} datagrams)") };
    session.events.note(conn, Direction::Received, RecordKind::Failed, text);
}
