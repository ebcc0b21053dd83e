//! What crossed, added up by session, peer, process and second: of all records or of those a filter lets
//! through.
//!
//! Counting begins when somebody wants to know and costs nothing before. What is there already is counted
//! from the newest backwards, in steps of bounded work; what comes is added; what is evicted meanwhile stays
//! counted.
//!
//! ```text
//!   timeline:   first ........ low ......... high ... next_id
//!               |  not counted  |  counted    |  new
//!               └── step(), the rest ──┘      └── step(), first
//! ```

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::conns::ConnSlot;
use super::log::RecordPlace;
use super::selector::Selector;
use super::short_spans::{ShortCounts, ShortSpans};
use super::store::Timeline;
use super::tally::{Tallied, Tally};
use crate::model::end_address::EndAddress;
use crate::model::id::{ConnId, RecordId, SessionId};
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::query::Filter;

/// Groups of one kind that are told apart; what belongs to none of them is added up as others.
const GROUPS: usize = 1_000;
/// Seconds that are told apart, the newest; older ones are added up.
const SECONDS: usize = 600;
/// Connections of which it may yet be found whose their peers are.
const PENDING: usize = 1_000;
const NANOS: u64 = 1_000_000_000;

/// What stands for a group of records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum StatGroup {
    Session(SessionId),
    /// Who came to us, from whatever port; nobody for what has no peer.
    Host(Option<IpAddr>),
    /// Who came by a Unix socket, which says nothing about from where.
    Unix,
    /// Whom we went to.
    Server(EndAddress),
    Program(String),
    /// One of which it is not known, in a word.
    NoProgram(&'static str),
    /// Its first moment.
    Second(Stamp),
    /// All that was too much to be told apart.
    Others,
}

/// What groups are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatKind {
    Session,
    Peer,
    Process,
    Second,
}

/// Counts of one kind of group.
#[derive(Debug, Default)]
struct Groups(HashMap<StatGroup, Tally>);

impl Groups {
    fn count(&mut self, group: &StatGroup, it: Tallied) {
        if let Some(tally) = self.0.get_mut(group) {
            return tally.count(it);
        }
        self.room_for(group).count(it);
    }

    fn merge(&mut self, group: &StatGroup, tally: &Tally) {
        self.room_for(group).merge(tally);
    }

    fn room_for(&mut self, group: &StatGroup) -> &mut Tally {
        let is_full = self.0.len() >= GROUPS && !self.0.contains_key(group);
        let group = if is_full { StatGroup::Others } else { group.clone() };
        self.0.entry(group).or_default()
    }
}

/// The groups one connection counts for.
#[derive(Debug)]
struct OfConn {
    id: ConnId,
    session: StatGroup,
    peer: StatGroup,
    /// `None` while it may yet be found.
    process: Option<StatGroup>,
    info: Option<ConnInfo>,
}

impl OfConn {
    /// How long after the question, of what answers one.
    fn latency(&self, direction: Direction, nanos: Option<u64>) -> Option<u64> {
        let answers = self.info.as_ref().is_none_or(|info| info.answers(direction));
        nanos.filter(|_| answers)
    }
}

/// What was counted so far.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    filter: Filter,
    /// All of it.
    pub(crate) all: Tally,
    sessions: Groups,
    peers: Groups,
    processes: Groups,
    /// By connections whose peer may yet be found.
    pending: HashMap<ConnId, Tally>,
    seconds: BTreeMap<u64, Tally>,
    /// Of seconds before those.
    earlier: Tally,
    short: ShortSpans,
    low: RecordId,
    high: RecordId,
    is_begun: bool,
    /// Records looked at.
    pub(crate) looked_at: u64,
    /// Records that went before they were looked at.
    pub(crate) missed: u64,
}

impl Statistics {
    /// Nothing yet, of what this lets through.
    pub(crate) fn of(filter: Filter) -> Self {
        Statistics { filter, ..Statistics::default() }
    }

    /// Whether all that is there was looked at.
    pub(crate) fn is_complete(&self, timeline: &Timeline) -> bool {
        self.is_begun && self.low <= timeline.first() && self.high == timeline.next_id()
    }

    /// Counts what came, then what was there before, as long as `work` lasts (see
    /// [`STEP_WORK`](super::listing::STEP_WORK)).
    pub(crate) fn step(&mut self, timeline: &Timeline, work: usize) {
        let (first, next) = (timeline.first(), timeline.next_id());
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if is_first {
            (self.low, self.high) = (next, next);
        }
        self.missed += first.0.saturating_sub(self.high.0);
        self.high = self.high.max(first);
        self.low = self.low.max(first);
        let filter = std::mem::take(&mut self.filter);
        let mut pass = Pass::new(&filter, timeline);
        if is_first {
            self.count_kept(&mut pass, &filter);
        }
        for place in timeline.log.range(self.high, next) {
            self.high = RecordId(place.id.0 + 1);
            self.look_at(&mut pass, &place);
            if pass.selector.work >= work {
                break;
            }
        }
        if self.high == next {
            for place in timeline.log.range(first, self.low).rev() {
                if pass.selector.work >= work {
                    break;
                }
                self.low = place.id;
                self.look_at(&mut pass, &place);
            }
        }
        drop(pass);
        self.filter = filter;
    }

    /// Counts what is pinned and stayed when its neighbours were let go of.
    fn count_kept(&mut self, pass: &mut Pass<'_>, filter: &Filter) {
        let timeline = pass.timeline;
        let error = Filter::parse("error").ok();
        for (id, record) in &timeline.kept {
            self.looked_at += 1;
            let Some(slot) = timeline.conns.slot(record.conn) else { continue };
            if !timeline.matches(filter, *id, record) {
                continue;
            }
            let is_error = error.as_ref().is_some_and(|it| timeline.matches(it, *id, record));
            let of = pass.of(slot);
            let latency = of.latency(record.direction, timeline.gaps(*id).latency.nanos());
            let Record { at, kind, direction, original_len: len, .. } = *record;
            self.count(timeline, of, Tallied { at, kind, direction, len, is_error, latency });
        }
    }

    fn look_at<'a>(&mut self, pass: &mut Pass<'a>, place: &RecordPlace<'a>) {
        self.looked_at += 1;
        if !pass.selector.matches(place) {
            return;
        }
        let (stored, timeline) = (place.stored, pass.timeline);
        let is_error = pass.selector.is_error(place);
        let of = pass.of(stored.conn);
        let latency = of.latency(stored.direction, stored.gaps.latency.nanos());
        let (at, kind, direction, len) = (stored.at, stored.kind, stored.direction, stored.len);
        self.count(timeline, of, Tallied { at, kind, direction, len, is_error, latency });
    }

    fn count(&mut self, timeline: &Timeline, of: &OfConn, it: Tallied) {
        self.all.count(it);
        self.sessions.count(&of.session, it);
        self.peers.count(&of.peer, it);
        if let Some(process) = &of.process {
            self.processes.count(process, it);
        } else {
            if self.pending.len() >= PENDING && !self.pending.contains_key(&of.id) {
                self.settle(timeline);
            }
            self.pending.entry(of.id).or_default().count(it);
        }
        self.count_second(it);
        if it.kind == RecordKind::Data {
            self.short.count(it.at);
        }
    }

    fn count_second(&mut self, it: Tallied) {
        let second = it.at.0 / NANOS;
        let oldest = self.seconds.first_key_value().map(|(second, _)| *second);
        let is_full = self.seconds.len() >= SECONDS && !self.seconds.contains_key(&second);
        if is_full && oldest.is_some_and(|oldest| second < oldest) {
            return self.earlier.count(it);
        }
        self.seconds.entry(second).or_default().count(it);
        if is_full && let Some((_, gone)) = self.seconds.pop_first() {
            self.earlier.merge(&gone);
        }
    }

    /// All that waits is told as what is known now.
    fn settle(&mut self, timeline: &Timeline) {
        for (conn, tally) in std::mem::take(&mut self.pending) {
            let owner = timeline.owner(conn).map(AsRef::as_ref);
            self.processes
                .merge(&process(owner).unwrap_or(StatGroup::NoProgram("not known")), &tally);
        }
    }

    /// It was found whose the peer of a connection is.
    pub(crate) fn owner_found(&mut self, conn: ConnId, owner: &PeerOwner) {
        if let (Some(tally), Some(group)) = (self.pending.remove(&conn), process(Some(owner))) {
            self.processes.merge(&group, &tally);
        }
    }

    /// The groups of a kind with what they have, in no order.
    pub(crate) fn groups(&self, kind: StatKind) -> Vec<(StatGroup, Tally)> {
        let listed = |groups: &Groups| -> Vec<(StatGroup, Tally)> {
            groups.0.iter().map(|(group, tally)| (group.clone(), tally.clone())).collect()
        };
        match kind {
            StatKind::Session => listed(&self.sessions),
            StatKind::Peer => listed(&self.peers),
            StatKind::Process => {
                let mut groups = listed(&self.processes);
                let mut unknown = Tally::default();
                self.pending.values().for_each(|tally| unknown.merge(tally));
                if unknown.records > 0 {
                    groups.push((StatGroup::NoProgram("not known"), unknown));
                }
                groups
            }
            StatKind::Second => {
                let second = |(second, tally): (&u64, &Tally)| {
                    (StatGroup::Second(Stamp(second * NANOS)), tally.clone())
                };
                let mut groups: Vec<_> = self.seconds.iter().map(second).collect();
                if self.earlier.records > 0 {
                    groups.push((StatGroup::Others, self.earlier.clone()));
                }
                groups
            }
        }
    }

    /// Data records of stretches shorter than a second, where no more than `room` of them are all there is.
    pub(crate) fn short_spans(&self, room: usize) -> Option<ShortCounts> {
        self.short.told(room)
    }

    /// Data records of each of the last seconds up to this one, the oldest first.
    pub(crate) fn last_seconds(&self, now: Stamp, count: usize) -> Vec<u64> {
        let now = now.0 / NANOS;
        let from = now.saturating_sub(count.saturating_sub(1) as u64);
        let data = |tally: &Tally| tally.totals.sent.records + tally.totals.received.records;
        (from..=now).map(|second| self.seconds.get(&second).map_or(0, data)).collect()
    }
}

/// The group of an owner that is known; else it may yet be found.
fn process(owner: Option<&PeerOwner>) -> Option<StatGroup> {
    Some(match owner? {
        PeerOwner::Process(process) => StatGroup::Program(process.program.clone()),
        PeerOwner::OtherUser(_) => StatGroup::NoProgram("of another user"),
        PeerOwner::Hidden(_) => StatGroup::NoProgram("hidden"),
        PeerOwner::Shared => StatGroup::NoProgram("shared address"),
        PeerOwner::Gone => StatGroup::NoProgram("gone before we looked"),
        PeerOwner::Skipped | PeerOwner::Untold => StatGroup::NoProgram("not looked for"),
    })
}

/// One step over records, with what is known of their connections.
struct Pass<'a> {
    selector: Selector<'a>,
    timeline: &'a Timeline,
    /// By slot, which stays the same while nothing is added.
    conns: HashMap<usize, OfConn>,
}

impl<'a> Pass<'a> {
    fn new(filter: &'a Filter, timeline: &'a Timeline) -> Self {
        let selector = Selector::with_exchanges(filter, timeline);
        Pass { selector, timeline, conns: HashMap::new() }
    }

    fn of(&mut self, slot: ConnSlot) -> &OfConn {
        let timeline = self.timeline;
        let make = || {
            let (id, info) = (timeline.conns.id(slot), timeline.conns.info(slot));
            let owner = timeline.conns.owner(slot).map(AsRef::as_ref);
            let peer = match info {
                Some(ConnInfo { peer: Some(peer), .. })
                    if !info.is_some_and(ConnInfo::is_accepted) =>
                {
                    StatGroup::Server(peer.clone())
                }
                Some(ConnInfo { peer: Some(peer), .. }) if peer.is_unix() => StatGroup::Unix,
                _ => StatGroup::Host(info.and_then(|it| it.peer.as_ref()).and_then(EndAddress::ip)),
            };
            let no_program = |info: &ConnInfo| match &info.peer {
                None => Some(StatGroup::NoProgram("no peer")),
                Some(_) if info.is_peer_local() => None,
                Some(_) => Some(StatGroup::NoProgram("not on this machine")),
            };
            let unasked = || info.map_or(Some(StatGroup::NoProgram("not known")), no_program);
            let process = process(owner).or_else(unasked);
            let session = StatGroup::Session(id.session);
            OfConn { id, session, peer, process, info: info.cloned() }
        };
        self.conns.entry(slot.number()).or_insert_with(make)
    }
}

#[cfg(test)]
mod statistics_tests;
