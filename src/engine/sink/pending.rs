//! What one session has said and the shell has not taken yet. Pure data, used under the queue's lock.
//!
//! ```text
//! items   [ record | phase | record | (replaced) | exchange | ... ]   front = oldest
//! latest  phase/exchange/progress -> its place in items, so that a newer one replaces it
//! conns   announced, waiting for their first record to be taken
//! ```

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem::Discriminant;

use crate::engine::event::{Event, Phase};
use crate::engine::sink::event_batch::EventBatch;
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::record::{ConnInfo, Direction, Lost, Record, RecordKind};
use crate::model::timing::Stamp;

/// Pending datagrams: a third of a second at 100,000 a second. A busy machine keeps a thread
/// waiting longer than one thinks.
pub(super) const DATAGRAMS: usize = 32_768;
/// Pending datagram payload and metadata.
pub(super) const DATAGRAM_BYTES: usize = 8 * 1024 * 1024;
/// Announced connections; when there are more, retired ones without a record are forgotten. Twice
/// what pending datagrams can name, so that every look through them frees as many as it looks at.
const ANNOUNCED: usize = 2 * DATAGRAMS;
/// What an event that is no record costs, roughly (an exchange with its heads).
pub(super) const EVENT_COST: usize = 2_048;

/// Names the events of which only the latest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum CoalesceKey {
    Phase(Discriminant<Phase>),
    Exchange(u32),
    Progress(u32, BodyId),
}

enum QueuedItem {
    Record(Record),
    Datagram(Record),
    Event(Event),
    /// A newer event stands further back.
    Replaced,
}

struct Announced {
    info: ConnInfo,
    retired: bool,
}

/// Facts in order, not taken yet.
pub(super) struct Pending {
    items: VecDeque<QueuedItem>,
    /// Place of the front item, counted from the start of the session.
    base: u64,
    latest: HashMap<CoalesceKey, u64>,
    conns: HashMap<ConnId, Announced>,
    records: usize,
    datagrams: usize,
    datagram_cost: usize,
    events: usize,
    cost: usize,
    lost: Lost,
    lost_changed: bool,
    sent: u64,
    received: u64,
    finished: bool,
}

impl Pending {
    pub(super) fn new(session: SessionId) -> Self {
        Pending {
            items: VecDeque::new(),
            base: 0,
            latest: HashMap::new(),
            conns: HashMap::new(),
            records: 0,
            datagrams: 0,
            datagram_cost: 0,
            events: 0,
            cost: 0,
            lost: Lost { session, by_app: 0, by_kernel: None },
            lost_changed: false,
            sent: 0,
            received: 0,
            finished: false,
        }
    }

    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    pub(super) fn totals(&self) -> (u64, u64) {
        (self.sent, self.received)
    }

    /// Nothing to take.
    pub(super) fn is_empty(&self) -> bool {
        self.records == 0 && self.events == 0 && !self.lost_changed
    }

    pub(super) fn records(&self) -> usize {
        self.records
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    pub(super) fn announce(&mut self, info: ConnInfo) {
        if self.finished {
            return;
        }
        if self.conns.len() >= ANNOUNCED {
            self.forget_retired();
        }
        self.conns.insert(info.id, Announced { info, retired: false });
    }

    pub(super) fn retire(&mut self, conn: ConnId) {
        if let Some(announced) = self.conns.get_mut(&conn) {
            announced.retired = true;
        }
    }

    /// Retired connections without a pending record are never named to anybody.
    fn forget_retired(&mut self) {
        let named: HashSet<ConnId> = self.items.iter().filter_map(QueuedItem::conn).collect();
        self.conns.retain(|conn, announced| !announced.retired || named.contains(conn));
    }

    pub(super) fn record(&mut self, record: Record) {
        if self.finished {
            return;
        }
        self.count(&record);
        self.records += 1;
        self.cost += record.cost();
        self.put(record.at, QueuedItem::Record(record));
    }

    pub(super) fn datagram(&mut self, record: Record) {
        if self.finished {
            return;
        }
        self.count(&record);
        self.records += 1;
        self.datagrams += 1;
        self.datagram_cost += record.cost();
        self.cost += record.cost();
        self.put(record.at, QueuedItem::Datagram(record));
        while self.datagrams > DATAGRAMS
            || (self.datagram_cost > DATAGRAM_BYTES && self.datagrams > 1)
        {
            self.drop_oldest_datagram();
        }
    }

    /// Puts a record before those that are younger: two tasks of a session stamp what they did in
    /// one order and may put it in another. Few things ever stand behind it; their places move.
    fn put(&mut self, at: Stamp, item: QueuedItem) {
        let mut place = self.items.len();
        for (index, other) in self.items.iter().enumerate().rev() {
            match other.at() {
                Some(other) if other > at => place = index,
                Some(_) => break,
                None => {}
            }
        }
        for item in self.items.range(place..) {
            if let QueuedItem::Event(event) = item
                && let Some(place) = key_of(event).and_then(|key| self.latest.get_mut(&key))
            {
                *place += 1;
            }
        }
        self.items.insert(place, item);
    }

    fn count(&mut self, record: &Record) {
        match (record.kind, record.direction) {
            (RecordKind::Data, Direction::Sent) => self.sent += record.original_len,
            (RecordKind::Data, Direction::Received) => self.received += record.original_len,
            _ => {}
        }
    }

    /// Takes the oldest datagram out. Few things ever stand before it (a phase, a note); their
    /// places move by one.
    fn drop_oldest_datagram(&mut self) {
        let Some(index) =
            self.items.iter().position(|item| matches!(item, QueuedItem::Datagram(_)))
        else {
            return;
        };
        for item in self.items.iter().take(index) {
            if let QueuedItem::Event(event) = item
                && let Some(place) = key_of(event).and_then(|key| self.latest.get_mut(&key))
            {
                *place += 1;
            }
        }
        if let Some(QueuedItem::Datagram(record)) = self.items.remove(index) {
            self.base += 1;
            self.records -= 1;
            self.datagrams -= 1;
            self.datagram_cost -= record.cost();
            self.cost -= record.cost();
            self.lost.by_app += 1;
            self.lost_changed = true;
        }
    }

    pub(super) fn lost_by_kernel(&mut self, total: u64) {
        if self.lost.by_kernel != Some(total) && !self.finished {
            self.lost.by_kernel = Some(total);
            self.lost_changed = true;
        }
    }

    pub(super) fn event(&mut self, key: Option<CoalesceKey>, event: Event) {
        if self.finished {
            return;
        }
        let place = self.base + self.items.len() as u64;
        let older = key.and_then(|key| self.latest.insert(key, place));
        let index = older.and_then(|older| older.checked_sub(self.base));
        if let Some(item) = index.and_then(|index| self.items.get_mut(index as usize))
            && matches!(item, QueuedItem::Event(_))
        {
            *item = QueuedItem::Replaced;
            self.events -= 1;
            self.cost -= EVENT_COST;
        }
        self.events += 1;
        self.cost += EVENT_COST;
        self.items.push_back(QueuedItem::Event(event));
        self.skip_replaced();
    }

    pub(super) fn finish(&mut self, done: Option<Event>) {
        if let Some(done) = done {
            self.event(None, done);
        }
        self.finished = true;
    }

    /// When the oldest thing to take happened; the beginning of time when it is no record and
    /// may go at any moment. `None` = nothing to take.
    pub(super) fn front(&mut self) -> Option<Stamp> {
        self.skip_replaced();
        match self.items.front() {
            Some(QueuedItem::Record(record) | QueuedItem::Datagram(record)) => Some(record.at),
            Some(QueuedItem::Event(_) | QueuedItem::Replaced) => Some(Stamp::default()),
            None => self.lost_changed.then(Stamp::default),
        }
    }

    /// Puts what is not younger than `until` into the parcel, oldest first, until it is full.
    pub(super) fn take_until(&mut self, until: Stamp, parcel: &mut EventBatch) {
        if std::mem::take(&mut self.lost_changed) {
            parcel.lost(self.lost);
        }
        while !parcel.is_full() && self.front().is_some_and(|front| front <= until) {
            match self.pop() {
                Some(QueuedItem::Record(record) | QueuedItem::Datagram(record)) => {
                    if let Some(announced) = self.conns.remove(&record.conn) {
                        parcel.conn(announced.info);
                    }
                    parcel.record(record);
                }
                Some(QueuedItem::Event(event)) => {
                    let announced = conn_of(&event).and_then(|conn| self.conns.remove(&conn));
                    if let Some(announced) = announced {
                        parcel.conn(announced.info);
                    }
                    parcel.event(event);
                }
                Some(QueuedItem::Replaced) | None => {}
            }
        }
    }

    fn pop(&mut self) -> Option<QueuedItem> {
        let item = self.items.pop_front()?;
        self.base += 1;
        match &item {
            QueuedItem::Event(event) => {
                self.events -= 1;
                self.cost -= EVENT_COST;
                if let Some(key) = key_of(event) {
                    self.latest.remove(&key);
                }
            }
            QueuedItem::Record(record) => {
                self.records -= 1;
                self.cost -= record.cost();
            }
            QueuedItem::Datagram(record) => {
                self.records -= 1;
                self.datagrams -= 1;
                self.datagram_cost -= record.cost();
                self.cost -= record.cost();
            }
            QueuedItem::Replaced => {}
        }
        Some(item)
    }

    fn skip_replaced(&mut self) {
        while matches!(self.items.front(), Some(QueuedItem::Replaced)) {
            self.pop();
        }
    }
}

impl QueuedItem {
    fn at(&self) -> Option<Stamp> {
        match self {
            QueuedItem::Record(record) | QueuedItem::Datagram(record) => Some(record.at),
            QueuedItem::Event(_) | QueuedItem::Replaced => None,
        }
    }

    fn conn(&self) -> Option<ConnId> {
        match self {
            QueuedItem::Record(record) | QueuedItem::Datagram(record) => Some(record.conn),
            QueuedItem::Event(event) => conn_of(event),
            QueuedItem::Replaced => None,
        }
    }
}

fn conn_of(event: &Event) -> Option<ConnId> {
    match event {
        Event::Exchange(exchange) => Some(exchange.conn),
        _ => None,
    }
}

fn key_of(event: &Event) -> Option<CoalesceKey> {
    match event {
        Event::Phase { phase, .. } => Some(CoalesceKey::Phase(std::mem::discriminant(phase))),
        Event::Exchange(exchange) => Some(CoalesceKey::Exchange(exchange.number)),
        Event::Progress { number, body, .. } => Some(CoalesceKey::Progress(*number, *body)),
        _ => None,
    }
}
