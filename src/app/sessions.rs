//! Sessions: what was opened, how it stands, and what came back.
//!
//! ```text
//! Opening ──► Live ──► Closing ──► Over(summary or failure)
//!    └──────────┴─────────────────────┘       exactly one Over per Open
//! ```
//! Events of a session that is unknown or over are ignored.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::drafts::DraftId;
use super::live_rewrites::LiveRewrites;
use super::stream_log::StreamLog;
use crate::check::{CheckReport, Checks};
use crate::compose::listening_names::listening_variables;
use crate::engine::event::{Phase, Summary};
use crate::model::dialled::Dialled;
use crate::model::end_address::EndAddress;
use crate::model::exchange::{BodyFacts, Exchange};
use crate::model::failure::Failure;
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::plan::Plan;
use crate::model::preset::PresetPath;
use crate::model::protocol::{Capabilities, Protocol, Side};
use crate::model::record::{ConnInfo, LossTotals, Record, RecordKind};
use crate::model::stream_event::StreamEvent;
use crate::model::timing::Stamp;
use crate::timeline::conversation::Conversation;

/// Rules of a listener whose requests are counted.
const RULES_COUNTED: usize = 1_000;
/// Exchanges among which that of a record is looked for: those of all connections at its time.
const RULES_LOOKED_FOR: usize = 64;
/// Streams of events whose events are kept of a session.
const STREAMS: usize = 8;
/// Exchanges kept of one session; older ones are counted and forgotten.
pub(crate) const EXCHANGES_KEPT: usize = 1000;
/// Exchanges forgotten at a time, so that a flood of requests is not one of orders to the engine.
const FORGOTTEN_AT_ONCE: usize = 64;
/// Connections kept of one session after they ended; older ones are forgotten.
const ENDED_CONNS_KEPT: usize = 1000;
/// Sessions kept after they ended; older ones are forgotten.
const ENDED_KEPT: usize = 100;

/// Where a session stands.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionState {
    Opening,
    Live,
    Closing,
    Over(Result<Summary, Failure>),
}

/// One opened plan.
#[derive(Debug)]
pub struct Session {
    pub id: SessionId,
    pub plan: Plan,
    /// Name in lists: the preset's path or the address.
    pub title: String,
    /// The address line it was opened with, as it was written.
    pub(super) written: String,
    pub opened: Stamp,
    pub ended: Option<Stamp>,
    /// Its entry in the history: when it was opened by the wall clock.
    pub entry: Stamp,
    /// The draft it was opened from, which may be gone.
    pub(super) draft: Option<DraftId>,
    /// It holds an answer that was kept of an earlier one, or of another run.
    pub is_kept: bool,
    /// It was made of records that nothing runs of any more: of a file, of a session that is forgotten.
    pub is_past: bool,
    /// What is expected of its answer and captured from it.
    pub(super) checks: Checks,
    /// How its connection came about, where it has one.
    pub(super) dialled: Dialled,
    /// What came of that, once it was looked at.
    pub checked: Option<CheckReport>,
    /// The environment it was sent with.
    pub(super) environment: Option<String>,
    /// What its answers set goes into a jar of its own, not into that of the environment.
    pub(super) has_own_jar: bool,
    pub state: SessionState,
    pub phase: Option<(Phase, Stamp)>,
    /// Requests and responses, oldest first.
    pub exchanges: VecDeque<Box<Exchange>>,
    /// Their numbers, so that one is found without a look at each of them.
    numbers: VecDeque<u32>,
    /// The highest of them so far: most exchanges are new and come behind it.
    highest: Option<u32>,
    /// The events of responses that are streams of them, by the number of the exchange.
    pub(super) streams: BTreeMap<u32, StreamLog>,
    /// Requests that each rule answered, by which rule it is; 0 = no rule.
    pub hits: BTreeMap<u32, u64>,
    /// What the rules of a relay changed.
    pub rewrites: LiveRewrites,
    /// Exchanges forgotten to stay within `EXCHANGES_KEPT`.
    pub forgotten: u64,
    /// Connections and peers by number; of those that ended the newest.
    pub conns: BTreeMap<ConnId, Conn>,
    /// Those of `conns` that ended, in the order of their ends.
    ended_conns: VecDeque<ConnId>,
    /// Connections and peers there ever were, those forgotten included.
    pub conns_met: u64,
    pub conversation: Conversation,
    pub lost: Option<LossTotals>,
    /// Open connections and refused ones of a listener.
    pub clients: (u32, u32),
    /// Where the listener of a preset is, by the names that stand for that.
    names: BTreeMap<String, String>,
}

/// One connection or peer as far as records told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conn {
    pub info: ConnInfo,
    pub open: bool,
}

/// What can be done with a conversation that is only looked at.
fn only_read(can: Capabilities) -> Capabilities {
    Capabilities { conversation: true, input: false, exchanges: false, lasting: false, ..can }
}

/// All sessions of this run.
#[derive(Debug, Default)]
pub struct Sessions {
    map: BTreeMap<SessionId, Session>,
    last: u64,
}

impl Session {
    /// One that is just opened.
    fn new(id: SessionId, plan: Plan, title: String, now: Stamp) -> Self {
        Session {
            id,
            plan,
            title,
            written: String::new(),
            opened: now,
            ended: None,
            entry: Stamp::default(),
            draft: None,
            is_kept: false,
            is_past: false,
            checks: Checks::default(),
            dialled: Dialled::default(),
            checked: None,
            environment: None,
            has_own_jar: false,
            state: SessionState::Opening,
            phase: None,
            exchanges: VecDeque::new(),
            numbers: VecDeque::new(),
            highest: None,
            streams: BTreeMap::new(),
            hits: BTreeMap::new(),
            rewrites: LiveRewrites::default(),
            forgotten: 0,
            conns: BTreeMap::new(),
            ended_conns: VecDeque::new(),
            conns_met: 0,
            conversation: Conversation::new(id),
            lost: None,
            clients: (0, 0),
            names: BTreeMap::new(),
        }
    }

    /// What was said on some connections of a session that is no more, as far as it is kept.
    pub(super) fn past(
        id: SessionId,
        plan: Plan,
        title: String,
        conns: impl IntoIterator<Item = ConnInfo>,
    ) -> Self {
        let conns = conns.into_iter().map(|info| (info.id, Conn { info, open: false }));
        let state = SessionState::Over(Ok(Summary::of("as it was recorded")));
        Session {
            conns: conns.collect(),
            state,
            is_past: true,
            ..Session::new(id, plan, title, Stamp::default())
        }
    }

    /// What it was opened to speak: that of its plan, which stays the same for its whole life.
    pub fn protocol(&self) -> Protocol {
        self.plan.protocol()
    }

    /// Whether it connects or waits for others to.
    pub fn side(&self) -> Side {
        self.plan.side()
    }

    /// What the engine is to do now: its plan, without rules that are switched off.
    pub(super) fn plan_in_force(&self) -> Plan {
        let mut plan = self.plan.clone();
        plan.rewrites_mut().filter(|_| self.rewrites.off).into_iter().for_each(Vec::clear);
        plan
    }

    /// What the region that shows it may offer. Of a client its newest connection decides, by what
    /// is spoken there now; a listener, whose connections need not all speak the same, and who has
    /// none yet, goes by the plan.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let newest = self.conns.values().next_back().filter(|_| !self.side().listens());
        let can = newest.map_or_else(|| self.plan.capabilities(), |conn| conn.info.capabilities());
        if self.is_past { only_read(can) } else { can }
    }

    /// Whether it stays open when something was answered.
    pub(crate) fn lasts(&self) -> bool {
        self.side().listens() || self.capabilities().lasting
    }

    /// What one of its connections can do: by what is spoken there, which the engine has told.
    pub(crate) fn capabilities_of(&self, conn: ConnId) -> Capabilities {
        let known = self.conns.get(&conn).map(|conn| conn.info.capabilities());
        match (known, self.is_past) {
            (Some(can), false) => can,
            (Some(can), true) => only_read(can),
            (None, false) => self.plan.capabilities(),
            // The records of others are none of its conversation.
            (None, true) => Capabilities { conversation: false, ..self.plan.capabilities() },
        }
    }

    /// Whether what is said here was passed on between two others.
    pub fn passes_on(&self) -> bool {
        let is_half = |conn: &Conn| conn.info.pair.is_some();
        self.plan.target().is_some() || self.is_past && self.conns.values().any(is_half)
    }

    /// The connection under which a row of this one is shown: of a relay that of the client.
    pub fn told_under(&self, conn: ConnId) -> ConnId {
        self.conns.get(&conn).map_or(conn, |conn| conn.info.told_under())
    }

    /// Whether the engine has said how it ended.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, SessionState::Over(_))
    }

    /// Where its sockets listen; empty for a client, and before they are bound.
    pub(crate) fn listens_on(&self) -> &[EndAddress] {
        match &self.phase {
            Some((Phase::Listening { addresses, .. }, _)) if self.side().listens() => addresses,
            _ => &[],
        }
    }

    /// It listens as this preset: names of it stand for where from now on.
    pub(super) fn named(&mut self, preset: &PresetPath) {
        self.names = listening_variables(preset.as_str(), self.listens_on());
    }

    /// Whether other machines can reach it, while it listens.
    pub(crate) fn is_public(&self) -> bool {
        !self.is_over() && self.listens_on().iter().any(EndAddress::is_public)
    }

    /// Whether something was answered that can be looked at again.
    fn is_answered(&self) -> bool {
        let last = self.exchanges.back();
        self.is_over() && !self.side().listens() && last.is_some_and(|it| it.response.is_some())
    }

    /// How long it has run, or ran.
    pub(crate) fn elapsed(&self, now: Stamp) -> Duration {
        self.ended.unwrap_or(now).since(self.opened)
    }

    /// The body of this name that others send in an exchange.
    pub(super) fn arriving(&mut self, number: u32, id: BodyId) -> Option<&mut BodyFacts> {
        let exchange = self.exchanges.iter_mut().rev().find(|e| e.number == number)?;
        Some(match self.plan.side() {
            Side::Listener => &mut exchange.request.body,
            // Both come from others.
            Side::Relay if exchange.request.body.id == id => &mut exchange.request.body,
            Side::Client | Side::Relay => &mut exchange.response.as_mut()?.body,
        })
    }

    /// A rule answered, so often in all.
    pub(super) fn answered_by(&mut self, rule: u32, hits: u64) {
        if let Some(known) = self.hits.get_mut(&rule) {
            *known = hits.max(*known);
        } else if self.hits.len() < RULES_COUNTED {
            self.hits.insert(rule, hits);
        }
    }

    /// The rule that answered what goes on a connection at this time, if one did.
    pub(crate) fn rule_at(&self, conn: ConnId, at: Stamp) -> Option<&str> {
        let end = self.exchanges.partition_point(|exchange| exchange.started <= at);
        let mut before = self.exchanges.range(..end).rev().take(RULES_LOOKED_FOR);
        before.find(|exchange| exchange.conn == conn)?.rule.as_deref()
    }

    /// Where the exchange of this number is.
    fn place_of(&mut self, number: u32) -> Option<usize> {
        if self.numbers.len() != self.exchanges.len() {
            self.numbers = self.exchanges.iter().map(|exchange| exchange.number).collect();
            self.highest = self.numbers.iter().max().copied();
        }
        if self.highest.is_none_or(|highest| highest < number) {
            return None;
        }
        self.numbers.iter().rposition(|known| *known == number)
    }

    /// Adds an exchange or replaces its older state; returns bodies no longer referred to.
    pub(super) fn put(&mut self, exchange: Box<Exchange>) -> Vec<BodyId> {
        let place = self.place_of(exchange.number);
        let known = place.and_then(|at| self.exchanges.get_mut(at));
        let is_counted = known.as_ref().is_some_and(|known| known.rule.is_some());
        let id = exchange.rule_id;
        if exchange.rule.is_some()
            && !is_counted
            && (self.hits.len() < RULES_COUNTED || self.hits.contains_key(&id))
        {
            *self.hits.entry(id).or_default() += 1;
        }
        if let Some(known) = known {
            *known = exchange;
            return Vec::new();
        }
        self.numbers.push_back(exchange.number);
        self.highest = self.highest.max(Some(exchange.number));
        self.exchanges.push_back(exchange);
        let mut gone = Vec::new();
        if self.exchanges.len() > EXCHANGES_KEPT {
            self.forgotten += FORGOTTEN_AT_ONCE as u64;
            self.numbers.drain(..FORGOTTEN_AT_ONCE);
            gone.extend(self.exchanges.drain(..FORGOTTEN_AT_ONCE).flat_map(|e| e.bodies()));
        }
        gone
    }

    /// Takes events of the response of an exchange; of many streams the oldest are forgotten.
    pub(super) fn stream(&mut self, number: u32, events: Vec<StreamEvent>) {
        self.streams.entry(number).or_default().extend(events);
        while self.streams.len() > STREAMS {
            self.streams.pop_first();
        }
    }

    /// Learns of a connection, or more about it.
    pub(super) fn meet(&mut self, info: ConnInfo) {
        let known = self.conns.get(&info.id).map(|known| known.open);
        // What is looked back at are the connections it was made of.
        if self.is_past && known.is_none() {
            return;
        }
        let is_peer = info.id.index > 0 && !info.is_onward();
        self.conns_met += u64::from(known.is_none() && is_peer);
        self.conns.insert(info.id, Conn { info, open: known.unwrap_or(true) });
    }

    /// Keeps whether the connection of a record is open. What failed on a socket without connections
    /// says nothing about the next datagram.
    pub(super) fn note(&mut self, record: &Record) {
        let is_over = match record.kind {
            RecordKind::Closed | RecordKind::Reset => true,
            RecordKind::Failed => self.capabilities_of(record.conn).connections,
            _ => false,
        };
        if is_over {
            self.end_conn(record.conn);
        }
    }

    /// A connection is over. Forgets the one that ended longest ago beyond the bound; unknown ones
    /// are ignored.
    pub(super) fn end_conn(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| conn.open) else { return };
        conn.open = false;
        self.ended_conns.push_back(id);
        if self.ended_conns.len() > ENDED_CONNS_KEPT
            && let Some(oldest) = self.ended_conns.pop_front()
        {
            self.conns.remove(&oldest);
        }
    }

    /// Every connection is over.
    pub(super) fn end_conns(&mut self) {
        let open: Vec<ConnId> =
            self.conns.values().filter(|conn| conn.open).map(|conn| conn.info.id).collect();
        for id in open {
            self.end_conn(id);
        }
    }
}

impl Sessions {
    /// `None` = never opened, or forgotten.
    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.map.get(&id)
    }

    /// `None` = never opened, or forgotten.
    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.map.get_mut(&id)
    }

    /// Oldest first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.map.values_mut()
    }

    /// Sessions that are not over.
    pub fn live(&self) -> impl Iterator<Item = &Session> {
        self.map.values().filter(|session| !session.is_over())
    }

    /// Where the listeners are that run now, by the names that stand for that; of one preset the latest.
    pub(super) fn listening_names(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.live().flat_map(|session| &session.names);
        names.map(|(name, value)| (&**name, &**value))
    }

    /// What a name of a listener stands for, while it runs.
    pub(super) fn listening_name(&self, name: &str) -> Option<&String> {
        // Most names have no dot: they are not looked for.
        name.contains('.').then(|| self.live().filter_map(|it| it.names.get(name)).last())?
    }

    /// The session of an entry of the history, while it is not forgotten.
    pub(super) fn of_entry(&self, at: Stamp) -> Option<&Session> {
        self.map.values().find(|session| session.entry == at)
    }

    /// What came back when the draft of this one was sent before it.
    pub(super) fn before(&self, session: &Session) -> Option<&Session> {
        let draft = session.draft?;
        let is_before = |it: &&Session| {
            it.draft == Some(draft) && it.entry < session.entry && !it.exchanges.is_empty()
        };
        self.map.values().filter(is_before).max_by_key(|it| it.entry)
    }

    /// When the answers to a draft were that are here, in no order.
    pub(super) fn answered(&self, draft: DraftId) -> impl Iterator<Item = Stamp> {
        let is_of = move |it: &&Session| it.draft == Some(draft) && it.is_answered();
        self.map.values().filter(is_of).map(|it| it.entry)
    }

    /// A time that no entry of a session here has: a clock that was set back says the same twice.
    pub(super) fn free_entry(&self, mut wall: Stamp) -> Stamp {
        while self.map.values().any(|session| session.entry == wall) {
            wall = Stamp(wall.0.saturating_add(1));
        }
        wall
    }

    /// Registers a new session and returns its id.
    pub fn open(&mut self, plan: Plan, title: String, now: Stamp) -> SessionId {
        self.last += 1;
        let id = SessionId(self.last);
        self.map.insert(id, Session::new(id, plan, title, now));
        id
    }

    /// Registers a session that has its id already: of a run, which numbers its own.
    pub(super) fn open_as(&mut self, id: SessionId, plan: Plan, title: String, now: Stamp) {
        self.leave_ids(id.0);
        self.map.insert(id, Session::new(id, plan, title, now));
    }

    /// The last id that a session has.
    pub(super) fn last_id(&self) -> u64 {
        self.last
    }

    /// Ids up to here are taken.
    pub(super) fn leave_ids(&mut self, taken: u64) {
        self.last = self.last.max(taken);
    }

    /// Puts what can be read of a session that is no more into the place of what was there of it.
    pub(super) fn look_back(&mut self, past: Session) {
        self.map.insert(past.id, past);
    }

    /// Forgets the oldest ended sessions beyond the bound; returns the bodies they held.
    pub(super) fn prune(&mut self, keep: impl Fn(SessionId) -> bool) -> Vec<BodyId> {
        let ended: Vec<SessionId> =
            self.map.values().filter(|s| s.is_over() && !keep(s.id)).map(|s| s.id).collect();
        let surplus = ended.len().saturating_sub(ENDED_KEPT);
        let gone = ended.into_iter().take(surplus).filter_map(|id| self.map.remove(&id));
        gone.flat_map(|s| s.exchanges).flat_map(|exchange| exchange.bodies()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose;
    use crate::model::preset::Scope;
    use crate::model::record::Direction;
    use crate::model::spec::Spec;

    fn session(protocol: Protocol) -> Session {
        let mut spec = Spec::empty(protocol, Side::Listener);
        ":9000".clone_into(spec.address_mut());
        let plan = compose::plan(&spec, &Scope::default()).unwrap();
        let mut sessions = Sessions::default();
        let id = sessions.open(plan, String::new(), Stamp::default());
        sessions.map.remove(&id).unwrap()
    }

    fn connect(session: &mut Session, index: u32) -> ConnId {
        let (protocol, side) = (session.protocol(), session.side());
        let id = session.id.conn(index);
        let info = ConnInfo::new(id, protocol, side);
        session.meet(info);
        id
    }

    fn note(session: &mut Session, conn: ConnId, kind: RecordKind) {
        let (at, direction) = (Stamp::default(), Direction::Local);
        let data = bytes::Bytes::new();
        session.note(&Record::new(at, conn, direction, kind, data));
    }

    #[test]
    fn a_connection_ends_when_it_is_closed_reset_or_fails() {
        for kind in [RecordKind::Closed, RecordKind::Reset, RecordKind::Failed] {
            let mut session = session(Protocol::Tcp);
            let id = connect(&mut session, 1);
            note(&mut session, id, RecordKind::Data);
            assert!(session.conns[&id].open);
            note(&mut session, id, kind);
            assert!(!session.conns[&id].open, "{kind:?}");
        }
        let mut session = session(Protocol::Udp);
        let id = connect(&mut session, 1);
        note(&mut session, id, RecordKind::Failed);
        assert!(session.conns[&id].open, "the next datagram may arrive");
    }

    #[test]
    fn of_connections_that_ended_only_the_newest_are_kept() {
        let mut session = session(Protocol::Tcp);
        let first = connect(&mut session, 1);
        for index in 2..=3 + ENDED_CONNS_KEPT as u32 {
            let id = connect(&mut session, index);
            note(&mut session, id, RecordKind::Closed);
            note(&mut session, id, RecordKind::Failed);
        }
        assert_eq!(session.conns.len(), 1 + ENDED_CONNS_KEPT);
        assert!(session.conns[&first].open, "an open one stays, however old");
        assert!(!session.conns.contains_key(&session.id.conn(3)));
        assert_eq!(session.conns_met, 3 + ENDED_CONNS_KEPT as u64, "they are counted all the same");
        let met = session.conns_met;
        let known = session.conns[&first].info.clone();
        session.meet(ConnInfo { tls: true, ..known });
        assert!(session.conns[&first].info.tls && session.conns_met == met, "it is no new one");
    }

    #[test]
    fn a_connection_that_speaks_another_protocol_can_what_that_one_can() {
        let mut session = session(Protocol::Http);
        let conn = connect(&mut session, 1);
        assert!(!session.capabilities_of(conn).conversation);
        let info = ConnInfo { protocol: Protocol::Tcp, ..session.conns[&conn].info.clone() };
        session.meet(info);
        assert!(session.capabilities_of(conn).conversation && !session.capabilities().conversation);
    }

    #[test]
    fn peers_that_the_socket_forgot_are_forgotten_and_so_are_those_of_a_session_that_ended() {
        let mut session = session(Protocol::Udp);
        connect(&mut session, 0);
        let peers = 3 * ENDED_CONNS_KEPT as u32;
        for index in 1..=peers {
            let id = connect(&mut session, index);
            if index % 2 == 0 {
                session.end_conn(id);
                session.end_conn(id);
            }
        }
        let open = session.conns.values().filter(|conn| conn.open).count();
        assert_eq!(open, 1 + peers as usize / 2, "who is live is not forgotten");
        assert_eq!(session.conns.len(), open + ENDED_CONNS_KEPT);
        session.end_conns();
        assert_eq!(session.conns.len(), ENDED_CONNS_KEPT);
        assert_eq!(session.conns_met, u64::from(peers));
    }
}
