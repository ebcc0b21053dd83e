//! The facts of all sessions that the shell has not taken yet, in one order of time. Pure data
//! under one lock, so that no session can say something older than what was taken already: whoever
//! puts a record reads the clock while it holds the lock, or holds a stamp.
//!
//! ```text
//! items   3 record(1)  4 datagram(2)  5 phase(2) | a stamp is held since 6 | 7 record(1)  9 ...
//!         └────────────── take ─────────────────┘                           └── have to wait ──┘
//! shares  what each session has in there, its losses, and the connections not named yet
//! ```

mod in_order;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::mem::Discriminant;

use bytes::Bytes;

use super::event_batch::{BATCH_BYTES, BATCH_RECORDS, EVENT_COST, EventBatch, OVER_COST};
use super::wall::WallReading;
use crate::engine::event::{Event, Phase};
use crate::model::ciphertext::Ciphertext;
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::record::{ConnInfo, Direction, LossTotals, Record, RecordKind};
use crate::model::timing::Stamp;
use in_order::InOrder;

/// Pending datagrams of a session: a third of a second at 100,000 a second. A busy machine keeps a
/// thread waiting longer than one thinks.
pub(super) const DATAGRAMS: usize = 32_768;
/// Pending datagram payload and metadata of a session.
const DATAGRAM_BYTES: usize = 8 * 1024 * 1024;
/// Announced connections of a session; when there are more, retired ones without a record are
/// forgotten. Twice what pending datagrams can name, so that every look through them frees as many
/// as it looks at.
const ANNOUNCED: usize = 2 * DATAGRAMS;

/// Time and number of arrival: what happened at the same time stays in the order it was put.
pub(super) type QueueKey = (Stamp, u64);

/// How much there is to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    Nothing,
    Some,
    /// Enough to send without waiting for more.
    Full,
}

/// Names the events of a session of which only the latest counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum CoalesceKey {
    Phase(Discriminant<Phase>),
    Exchange(u32),
    Progress(u32, BodyId),
    Rule(u32),
    Rewrite(u32),
}

struct QueuedFact {
    session: SessionId,
    fact: Fact,
}

enum Fact {
    Record(Record),
    Datagram(Record),
    Event(Event),
    Ciphertext(Ciphertext),
    /// The connection, which was named, has no further records.
    Over(ConnId),
}

/// What one session has in the queue.
struct Share {
    cost: usize,
    /// Oldest first.
    datagrams: VecDeque<QueueKey>,
    datagram_cost: usize,
    latest: HashMap<CoalesceKey, QueueKey>,
    /// Announced, waiting for their first record to be taken; with the time they were retired.
    conns: BTreeMap<ConnId, (ConnInfo, Option<Stamp>)>,
    /// Told to the shell and not retired: no more than are open, so that the ends of those that wait
    /// to be told are bounded, too.
    named: HashSet<ConnId>,
    lost: LossTotals,
    /// Its last event is in; nothing put after it counts.
    finished: bool,
}

/// When facts go to the shell.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    /// A batch of them, or after a moment.
    #[default]
    InCompany,
    /// At once, however few: the shell cannot go on without.
    Now,
}

/// What all sessions have said.
#[derive(Default)]
pub(super) struct Queue {
    items: InOrder<QueueKey, QueuedFact>,
    shares: BTreeMap<SessionId, Share>,
    /// Loss totals that changed.
    losses: BTreeMap<SessionId, LossTotals>,
    /// Moments from which records may still come.
    held_stamps: BTreeSet<QueueKey>,
    /// The pump looks again by itself, soon.
    is_pump_timed: bool,
    /// When what there is goes to the shell.
    urgency: Urgency,
    /// Somebody wanted to take what is younger than a held stamp.
    is_held_up: bool,
    arrivals: u64,
    records: usize,
    cost: usize,
    finished: usize,
    closed: bool,
    wall: WallReading,
    /// The youngest fact that was put.
    latest: Stamp,
}

impl Queue {
    /// A place for a session.
    pub(super) fn enter(&mut self, session: SessionId) {
        if !self.closed {
            self.shares.entry(session).or_insert_with(|| Share::new(session));
        }
    }

    /// What the pending facts of a session cost; nothing when it is over.
    pub(super) fn cost(&self, session: SessionId) -> usize {
        self.shares.get(&session).map_or(0, |share| share.cost)
    }

    /// Whether the pump has a whole batch to send, something, or nothing.
    pub(super) fn load(&self) -> Load {
        let is_batch = self.records >= BATCH_RECORDS || self.cost >= BATCH_BYTES;
        if is_batch || self.finished > 0 {
            Load::Full
        } else if self.items.is_empty() && self.losses.is_empty() {
            Load::Nothing
        } else if self.urgency == Urgency::Now {
            Load::Full
        } else {
            Load::Some
        }
    }

    /// What there is, or comes next, is a batch: the shell cannot go on without it.
    pub(super) fn hurry(&mut self) {
        self.urgency = Urgency::Now;
    }

    /// The pump looks how much there is: with something it waits for company for a time of its own.
    pub(super) fn look(&mut self) -> Load {
        let load = self.load();
        self.is_pump_timed = load == Load::Some;
        load
    }

    /// The pump waits to be told, however much there is.
    pub(super) fn pump_waits(&mut self) {
        self.is_pump_timed = false;
    }

    /// Whether the pump has to be told of what there is now, where there was so much before.
    pub(super) fn is_news_to_pump(&self, before: Load) -> bool {
        let load = self.load();
        load != before && !(load == Load::Some && self.is_pump_timed)
    }

    /// From now on records may come that are put later. The clock is to be read
    /// under the lock.
    pub(super) fn hold_stamp(&mut self, now: Stamp) -> QueueKey {
        let place = self.place(now);
        self.held_stamps.insert(place);
        place
    }

    /// No more records come at this place; those after it may be taken. Whether somebody wanted to.
    pub(super) fn release_stamp(&mut self, place: QueueKey) -> bool {
        self.held_stamps.remove(&place);
        std::mem::take(&mut self.is_held_up)
    }

    /// Whether what is left was younger than a held stamp when somebody wanted to take it, and still is.
    pub(super) fn is_held_up(&self) -> bool {
        self.is_held_up
    }

    fn place(&mut self, at: Stamp) -> QueueKey {
        self.arrivals += 1;
        (at, self.arrivals)
    }

    /// The share of a session that still has something to say.
    fn open(&mut self, session: SessionId) -> Option<&mut Share> {
        self.shares.get_mut(&session).filter(|share| !share.finished)
    }

    /// A connection whose facts are told with its first record; nothing once the session is over.
    pub(super) fn announce(&mut self, info: ConnInfo) {
        let session = info.id.session;
        // Not `open`, because the items are looked at while the share is changed.
        let share = self.shares.get_mut(&session).filter(|share| !share.finished);
        let Some(share) = share else { return };
        if share.conns.len() >= ANNOUNCED {
            // Retired connections without a pending record are never named to anybody.
            let own = self.items.values().filter(|item| item.session == session);
            let named: HashSet<ConnId> = own.filter_map(QueuedFact::conn).collect();
            share.conns.retain(|conn, (_, retired)| retired.is_none() || named.contains(conn));
        }
        share.conns.insert(info.id, (info, None));
    }

    /// The connection gets no more records. Its facts may be forgotten if it never had one, else the
    /// shell is told after the last.
    pub(super) fn retire(&mut self, conn: ConnId, now: Stamp) {
        let Some(share) = self.open(conn.session) else { return };
        if let Some((_, retired)) = share.conns.get_mut(&conn) {
            *retired = Some(now);
        }
        if share.named.remove(&conn) {
            self.put(conn.session, now, Fact::Over(conn));
        }
    }

    /// Whether to read the wall clock before a fact of this session.
    pub(super) fn wants_wall(&self, session: SessionId, now: Stamp) -> bool {
        let is_open = || self.shares.get(&session).is_some_and(|share| !share.finished);
        session != SessionId(0) && self.wall.is_due(now) && is_open()
    }

    /// The wall clock is so far ahead of stamps. A step of it is told, and noted with the facts of
    /// the session.
    pub(super) fn wall_is(&mut self, session: SessionId, now: Stamp, ahead: i64) {
        let Some((step, text)) = self.wall.take(now, ahead, self.latest) else { return };
        self.event(session, now, Event::ClockStep(step));
        let (conn, data) = (session.itself(), Bytes::from(text));
        self.record(session, Record::new(now, conn, Direction::Local, RecordKind::Note, data));
    }

    /// One that is never dropped; who makes it waits for room before.
    pub(super) fn record(&mut self, session: SessionId, record: Record) {
        self.put(session, record.at, Fact::Record(record));
    }

    /// What crossed below TLS at that time; who makes it waits for room before.
    pub(super) fn ciphertext(&mut self, session: SessionId, at: Stamp, piece: Ciphertext) {
        let piece = match piece {
            Ciphertext::Crossed(record) => Ciphertext::Crossed(Record { at, ..record }),
            keys @ Ciphertext::Keys { .. } => keys,
        };
        self.put(session, at, Fact::Ciphertext(piece));
    }

    /// A record that may be dropped: the oldest ones of a session are when there are too many.
    pub(super) fn datagram(&mut self, session: SessionId, record: Record) {
        let cost = record.cost();
        let Some(place) = self.put(session, record.at, Fact::Datagram(record)) else { return };
        let Some(share) = self.open(session) else { return };
        let index = share.datagrams.partition_point(|other| *other < place);
        share.datagrams.insert(index, place);
        share.datagram_cost += cost;
        while let Some(oldest) = self.surplus(session) {
            self.remove(oldest);
            self.lose(session, |lost| lost.by_app += 1);
        }
    }

    /// The oldest datagram of a session that has too many.
    fn surplus(&self, session: SessionId) -> Option<QueueKey> {
        let share = self.shares.get(&session)?;
        let count = share.datagrams.len();
        let is_over = count > DATAGRAMS || (share.datagram_cost > DATAGRAM_BYTES && count > 1);
        share.datagrams.front().copied().filter(|_| is_over)
    }

    /// Datagrams the kernel dropped since the socket was opened; told when it changed.
    pub(super) fn lost_by_kernel(&mut self, session: SessionId, total: u64) {
        self.lose(session, |lost| lost.by_kernel = Some(total));
    }

    /// The same, of sockets whose drops are added to those that were told.
    pub(super) fn lost_by_kernel_too(&mut self, session: SessionId, more: u64) {
        self.lose(session, |lost| lost.by_kernel = Some(lost.by_kernel.unwrap_or(0) + more));
    }

    fn lose(&mut self, session: SessionId, change: impl FnOnce(&mut LossTotals)) {
        let Some(share) = self.open(session) else { return };
        let before = share.lost;
        change(&mut share.lost);
        let lost = share.lost;
        if lost != before {
            self.losses.insert(session, lost);
        }
    }

    /// An event of now; it takes the place of an older one that says the same.
    pub(super) fn event(&mut self, session: SessionId, at: Stamp, event: Event) {
        let key = key_of(&event);
        let Some(place) = self.put(session, at, Fact::Event(event)) else { return };
        let Some(share) = self.open(session) else { return };
        if let Some(older) = key.and_then(|key| share.latest.insert(key, place)) {
            self.remove(older);
        }
    }

    /// The last event of a session.
    pub(super) fn finish(&mut self, session: SessionId, at: Stamp, done: Event) {
        self.event(session, at, done);
        if let Some(share) = self.open(session) {
            share.finished = true;
            self.finished += 1;
        }
    }

    fn put(&mut self, session: SessionId, at: Stamp, fact: Fact) -> Option<QueueKey> {
        let cost = fact.cost();
        let share = self.open(session)?;
        share.cost += cost;
        self.cost += cost;
        self.records += usize::from(fact.is_record());
        self.latest = self.latest.max(at);
        let place = self.place(at);
        self.items.insert(place, QueuedFact { session, fact });
        Some(place)
    }

    fn remove(&mut self, place: QueueKey) -> Option<QueuedFact> {
        let item = self.items.remove(place)?;
        self.records -= usize::from(item.fact.is_record());
        let cost = item.fact.cost();
        self.cost -= cost;
        let share = self.shares.get_mut(&item.session)?;
        share.cost -= cost;
        if matches!(item.fact, Fact::Datagram(_)) {
            share.datagrams.pop_front();
            share.datagram_cost -= cost;
        }
        Some(item)
    }

    /// What comes next, at most a batch of it. Empty when there is nothing or when all of it is
    /// younger than a held stamp.
    pub(super) fn take(&mut self) -> VecDeque<Event> {
        let horizon = self.held_stamps.first().map_or(Stamp(u64::MAX), |(at, _)| *at);
        let others = self.items.len().saturating_sub(self.records);
        let mut events = EventBatch::with_room_for(self.records, others);
        for lost in std::mem::take(&mut self.losses).into_values() {
            events.batch.lost.push(lost);
        }
        while !events.is_full()
            && let Some(place) = self.items.first()
        {
            if place.0 > horizon {
                self.is_held_up = true;
                break;
            }
            let Some(item) = self.remove(place) else { break };
            self.hand_over(item, &mut events);
        }
        let events = events.finish();
        if !events.is_empty() {
            self.urgency = Urgency::InCompany;
        }
        events
    }

    fn hand_over(&mut self, item: QueuedFact, events: &mut EventBatch) {
        let conn = item.conn();
        let QueuedFact { session, fact } = item;
        let mut ended = None;
        if let Some(share) = self.shares.get_mut(&session) {
            if let Some((info, retired)) = conn.and_then(|conn| share.conns.remove(&conn)) {
                match retired {
                    Some(at) => ended = Some((at, info.id)),
                    None => drop(share.named.insert(info.id)),
                }
                events.batch.conns.push(info);
            }
            if let Fact::Event(event) = &fact
                && let Some(key) = key_of(event)
            {
                share.latest.remove(&key);
            }
            // The last event, put when everything before it was.
            if share.finished && matches!(fact, Fact::Event(Event::Done { .. })) {
                self.shares.remove(&session);
                self.finished -= 1;
            }
        }
        match fact {
            Fact::Record(record) | Fact::Datagram(record) => events.record(record),
            Fact::Event(event) => events.event(event),
            Fact::Ciphertext(piece) => events.ciphertext(piece),
            Fact::Over(conn) => events.over(conn),
        }
        // Its records that are still here are older than its end.
        if let Some((at, conn)) = ended {
            self.put(session, at, Fact::Over(conn));
        }
    }

    /// Gives back memory that is not needed.
    pub(super) fn trim(&mut self) {
        self.items.trim();
    }

    /// Nobody takes anything any more: forgets everything, and whatever is put from now on.
    pub(super) fn close(&mut self) {
        *self = Queue { closed: true, arrivals: self.arrivals, ..Queue::default() };
    }
}

impl Share {
    fn new(session: SessionId) -> Self {
        Share {
            cost: 0,
            datagrams: VecDeque::new(),
            datagram_cost: 0,
            latest: HashMap::new(),
            conns: BTreeMap::new(),
            named: HashSet::new(),
            lost: LossTotals { session, by_app: 0, by_kernel: None },
            finished: false,
        }
    }
}

impl QueuedFact {
    /// The connection that has to be named first.
    fn conn(&self) -> Option<ConnId> {
        match &self.fact {
            Fact::Record(record) | Fact::Datagram(record) => Some(record.conn),
            Fact::Event(Event::Exchange(exchange)) => Some(exchange.conn),
            Fact::Event(Event::PeerFound { conn, .. }) => Some(*conn),
            Fact::Ciphertext(piece) => Some(piece.conn()),
            Fact::Event(_) | Fact::Over(_) => None,
        }
    }
}

impl Fact {
    fn cost(&self) -> usize {
        match self {
            Fact::Record(record) | Fact::Datagram(record) => record.cost(),
            Fact::Event(_) => EVENT_COST,
            Fact::Ciphertext(piece) => piece.cost(),
            Fact::Over(_) => OVER_COST,
        }
    }

    fn is_record(&self) -> bool {
        matches!(self, Fact::Record(_) | Fact::Datagram(_))
    }
}

fn key_of(event: &Event) -> Option<CoalesceKey> {
    match event {
        Event::Phase { phase, .. } => Some(CoalesceKey::Phase(std::mem::discriminant(phase))),
        Event::Exchange(exchange) => Some(CoalesceKey::Exchange(exchange.number)),
        Event::Progress { number, body, .. } => Some(CoalesceKey::Progress(*number, *body)),
        Event::RuleAnswered { rule, .. } => Some(CoalesceKey::Rule(*rule)),
        Event::Rewrote { rule, .. } => Some(CoalesceKey::Rewrite(*rule)),
        _ => None,
    }
}

#[cfg(test)]
mod queue_tests;
