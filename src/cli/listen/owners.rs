//! Whose peers are, while records are printed: what was found, and what waits for it where a filter asks.
//!
//! A peer is looked for when it comes, and its first bytes may be here before the answer is. Where the
//! filter asks whose it is, all that comes meanwhile is held back, in order: for milliseconds, and not
//! more than [`HELD`] of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{ListenWatch, told};
use crate::cli::exit;
use crate::cli::headless::Headless;
use crate::cli::output::Style;
use crate::engine::event::Event;
use crate::interop::ndjson;
use crate::model::failure::Failure;
use crate::model::id::ConnId;
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, Record};
use crate::model::timing::Stamp;

/// Bytes of records that are held back; with more of them it goes on without the answer.
const HELD: usize = 4 * 1024 * 1024;
/// How long the end waits for peers that are looked for.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of the peers of open connections.
#[derive(Debug, Default)]
pub(super) struct Owners {
    known: BTreeMap<ConnId, Arc<PeerOwner>>,
    /// What is printed depends on it.
    is_asked: bool,
    /// Those that are looked for, where somebody waits for them.
    unknown: BTreeSet<ConnId>,
    is_awaited: bool,
    held: VecDeque<Event>,
    cost: usize,
}

impl Owners {
    /// With events held back until it is known whose their peers are, if so.
    pub(super) fn new(is_asked: bool) -> Self {
        Owners { is_asked, ..Owners::default() }
    }

    /// The same; before it ends it is waited for what is looked for.
    pub(super) fn awaited(self, is_awaited: bool) -> Self {
        Owners { is_awaited, ..self }
    }

    /// Whether something is looked for that is waited for.
    fn misses_some(&self) -> bool {
        self.is_awaited && !self.unknown.is_empty()
    }

    /// Whose the peer of a connection is.
    pub(super) fn of(&self, conn: ConnId) -> Option<&PeerOwner> {
        self.known.get(&conn).map(Arc::as_ref)
    }

    /// The connection is over.
    pub(super) fn over(&mut self, conn: ConnId) {
        self.known.remove(&conn);
    }

    /// Takes the next event; those that can be told now, in order. Without one all are told.
    pub(super) fn take(&mut self, event: Option<Event>) -> VecDeque<Event> {
        let is_end = matches!(event, None | Some(Event::Done { .. }));
        match &event {
            Some(Event::PeerFound { conn, owner, .. }) => {
                self.known.insert(*conn, Arc::clone(owner));
                self.unknown.remove(conn);
            }
            Some(Event::Traffic(batch)) if self.is_asked || self.is_awaited => {
                let is_sought = |it: &&ConnInfo| is_sought(it) && !self.known.contains_key(&it.id);
                self.unknown.extend(batch.conns.iter().filter(is_sought).map(|it| it.id));
                if self.is_asked {
                    self.cost += batch.records.iter().map(Record::cost).sum::<usize>();
                }
            }
            _ => {}
        }
        self.held.extend(event);
        if !self.is_asked {
            return std::mem::take(&mut self.held);
        }
        if self.unknown.is_empty() || is_end || self.cost > HELD {
            self.unknown.clear();
            self.cost = 0;
            return std::mem::take(&mut self.held);
        }
        VecDeque::new()
    }
}

impl ListenWatch<'_> {
    /// Takes the next event in, or holds it back until it is known whom it is of.
    pub(super) fn on_event(
        &mut self,
        event: Option<Event>,
        headless: &Headless,
    ) -> Result<Option<u8>, Failure> {
        let is_end = event.is_none();
        for event in self.owners.take(event) {
            if let Some(status) = self.on_told(event, headless)? {
                return Ok(Some(status));
            }
        }
        Ok(is_end.then_some(exit::OK))
    }

    /// All that was asked for has come: waits for a moment until it is told whose the peers are.
    pub(super) async fn tell_owners(&mut self, headless: &mut Headless) -> Result<(), Failure> {
        let until = Instant::now() + PATIENCE;
        while self.owners.misses_some() {
            let Ok(event) = timeout_at(until, headless.next_event()).await else { break };
            if self.on_event(event, headless)?.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// It was found whose a peer is, which is told of those of which something may be.
    pub(super) fn on_peer(
        &mut self,
        (conn, info): (ConnId, Option<&ConnInfo>),
        owner: &PeerOwner,
        at: Stamp,
    ) {
        // One that is over is not known here any more.
        let open = self.conns.get(&conn);
        if open.is_none() {
            self.owners.over(conn);
        }
        let info = open.or(info);
        match self.output.style {
            Style::Json if self.let_through.is_everything() => {
                self.output.json(&ndjson::peer(conn, info, owner, at));
            }
            Style::Text if self.tells_peers => {
                self.output.line(&told::peer(conn, info, owner, at));
            }
            Style::Json | Style::Text | Style::Raw => {}
        }
    }
}

/// Whether the engine looks for the peer of a connection.
fn is_sought(conn: &ConnInfo) -> bool {
    conn.local.is_some() && conn.is_peer_local()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Batch;
    use crate::model::id::SessionId;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::record::{Direction, RecordKind};
    use crate::model::timing::Stamp;

    fn named(index: u32, peer: &str) -> Event {
        let id = SessionId(1).conn(index);
        let (local, peer) = ("127.0.0.1:9000".parse().ok(), peer.parse().ok());
        let (protocol, side) = (Protocol::Tcp, Side::Listener);
        let conns = vec![ConnInfo { local, peer, ..ConnInfo::new(id, protocol, side) }];
        let data = vec![0; 1024 * 1024].into();
        let record = Record::new(Stamp(1), id, Direction::Received, RecordKind::Data, data);
        Event::Traffic(Batch { conns, records: vec![record], ..Batch::default() })
    }

    fn found(index: u32) -> Event {
        let (conn, owner) = (SessionId(1).conn(index), Arc::new(PeerOwner::Gone));
        Event::PeerFound { conn, info: None, since: Stamp(0), owner }
    }

    #[test]
    fn what_comes_waits_in_order_until_all_peers_are_known() {
        let mut owners = Owners::new(true);
        assert_eq!(owners.take(Some(named(1, "127.0.0.1:5"))).len(), 0);
        assert_eq!(owners.take(Some(named(2, "127.0.0.1:6"))).len(), 0);
        assert_eq!(owners.take(Some(found(2))).len(), 0);
        let told = owners.take(Some(found(1)));
        assert_eq!(told.len(), 4);
        assert_eq!(told[0], named(1, "127.0.0.1:5"));
        assert_eq!(owners.of(SessionId(1).conn(1)), Some(&PeerOwner::Gone));
        assert_eq!(owners.take(Some(named(1, "127.0.0.1:5"))).len(), 1, "told anew");
        assert_eq!(owners.take(Some(named(3, "192.0.2.1:5"))).len(), 1, "not of this machine");
    }

    #[test]
    fn the_end_waits_for_those_that_are_looked_for() {
        let mut owners = Owners::new(false).awaited(true);
        assert_eq!(owners.take(Some(named(1, "127.0.0.1:5"))).len(), 1, "nothing is held back");
        owners.over(SessionId(1).conn(1));
        assert!(owners.misses_some());
        assert_eq!(owners.take(Some(found(1))).len(), 1);
        assert!(!owners.misses_some());
        owners.take(Some(named(2, "192.0.2.1:5")));
        assert!(!owners.misses_some(), "nobody looks for it");
    }

    #[test]
    fn nothing_waits_for_ever_and_nothing_where_nobody_asks() {
        let mut owners = Owners::new(false);
        assert_eq!(owners.take(Some(named(1, "127.0.0.1:5"))).len(), 1);
        let mut owners = Owners::new(true);
        let waiting =
            (1..10).take_while(|index| owners.take(Some(named(*index, "127.0.0.1:5"))).is_empty());
        assert_eq!(waiting.count(), 3, "4 MiB");
        assert_eq!(owners.take(Some(named(20, "127.0.0.1:5"))).len(), 0);
        assert_eq!(owners.take(None).len(), 1);
    }
}
