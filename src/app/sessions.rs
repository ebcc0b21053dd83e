//! Sessions: what was opened, how it stands, and what came back.
//!
//! ```text
//! Opening ──► Live ──► Closing ──► Over(summary or failure)
//!    └──────────┴─────────────────────┘       exactly one Over per Open
//! ```
//! Events of a session that is unknown or over are ignored.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::engine::event::{Phase, Summary};
use crate::model::exchange::Exchange;
use crate::model::failure::Failure;
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::plan::Plan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Lost, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::timeline::conversation::Conversation;

/// Exchanges kept of one session; older ones are counted and forgotten.
pub const EXCHANGES_KEPT: usize = 1000;
/// Exchanges forgotten at a time, so that a flood of requests is not one of orders to the engine.
const FORGOTTEN_AT_ONCE: usize = 64;
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
    pub opened: Stamp,
    pub ended: Option<Stamp>,
    pub state: SessionState,
    pub phase: Option<(Phase, Stamp)>,
    /// Requests and responses, oldest first.
    pub exchanges: VecDeque<Exchange>,
    /// Exchanges forgotten to stay within [`EXCHANGES_KEPT`].
    pub forgotten: u64,
    /// Connections and peers by number.
    pub conns: BTreeMap<ConnId, Conn>,
    pub conversation: Conversation,
    pub lost: Option<Lost>,
    /// Open connections and refused ones of a listener.
    pub clients: (u32, u32),
}

/// One connection or peer as far as records told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conn {
    pub info: ConnInfo,
    pub open: bool,
    pub last: Stamp,
}

/// All sessions of this run.
#[derive(Debug, Default)]
pub struct Sessions {
    map: BTreeMap<SessionId, Session>,
    last: u64,
}

impl Session {
    /// Of its plan, which stays the same for its whole life.
    pub fn protocol(&self) -> Protocol {
        self.plan.protocol()
    }

    /// Whether it connects or waits for others to.
    pub fn side(&self) -> Side {
        self.plan.side()
    }

    /// Whether the engine has said how it ended.
    pub fn is_over(&self) -> bool {
        matches!(self.state, SessionState::Over(_))
    }

    /// How long it has run, or ran.
    pub fn lasted(&self, now: Stamp) -> Duration {
        self.ended.unwrap_or(now).since(self.opened)
    }

    /// The newest exchange.
    pub fn last_exchange(&self) -> Option<&Exchange> {
        self.exchanges.back()
    }

    /// Connections that can be written to.
    pub fn open_conns(&self) -> impl Iterator<Item = &Conn> {
        self.conns.values().filter(|conn| conn.open && conn.info.peer.is_some())
    }

    /// Adds an exchange or replaces its older state; returns bodies no longer referred to.
    pub(super) fn put(&mut self, exchange: Exchange) -> Vec<BodyId> {
        let known = self.exchanges.iter_mut().rev().find(|e| e.number == exchange.number);
        if let Some(known) = known {
            *known = exchange;
            return Vec::new();
        }
        self.exchanges.push_back(exchange);
        let mut gone = Vec::new();
        if self.exchanges.len() > EXCHANGES_KEPT {
            self.forgotten += FORGOTTEN_AT_ONCE as u64;
            gone.extend(self.exchanges.drain(..FORGOTTEN_AT_ONCE).flat_map(|e| bodies(&e)));
        }
        gone
    }

    /// Keeps the connection's last activity and whether it is open; unknown ones are ignored.
    pub(super) fn note(&mut self, record: &Record) {
        let Some(conn) = self.conns.get_mut(&record.conn) else { return };
        conn.last = record.at;
        match record.kind {
            RecordKind::Closed | RecordKind::Reset => conn.open = false,
            _ => {}
        }
    }
}

/// The bodies an exchange refers to.
pub fn bodies(exchange: &Exchange) -> Vec<BodyId> {
    let response = exchange.response.as_ref().map(|message| message.body.id);
    std::iter::once(exchange.request.body.id).chain(response).collect()
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
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Session> {
        self.map.values()
    }

    /// Oldest first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.map.values_mut()
    }

    /// Sessions that are not over.
    pub fn live(&self) -> impl Iterator<Item = &Session> {
        self.map.values().filter(|session| !session.is_over())
    }

    /// Registers a new session and returns its id.
    pub fn open(&mut self, plan: Plan, title: String, now: Stamp) -> SessionId {
        self.last += 1;
        let id = SessionId(self.last);
        let session = Session {
            id,
            plan,
            title,
            opened: now,
            ended: None,
            state: SessionState::Opening,
            phase: None,
            exchanges: VecDeque::new(),
            forgotten: 0,
            conns: BTreeMap::new(),
            conversation: Conversation::new(id),
            lost: None,
            clients: (0, 0),
        };
        self.map.insert(id, session);
        id
    }

    /// Forgets the oldest ended sessions beyond the bound; returns the bodies they held.
    pub(super) fn prune(&mut self, keep: impl Fn(SessionId) -> bool) -> Vec<BodyId> {
        let ended: Vec<SessionId> =
            self.map.values().filter(|s| s.is_over() && !keep(s.id)).map(|s| s.id).collect();
        let surplus = ended.len().saturating_sub(ENDED_KEPT);
        let gone = ended.into_iter().take(surplus).filter_map(|id| self.map.remove(&id));
        gone.flat_map(|s| s.exchanges.iter().flat_map(bodies).collect::<Vec<_>>()).collect()
    }
}
