//! What rules change of what a client and a server say to each other, before it is held.
//!
//! What came is told when it was read: of the client on its own half, of the server, where something else
//! goes on, on the server's. What may be the beginning of a match waits for a moment.

use bytes::Bytes;
use tokio::time::Instant;

use super::{Half, Live};
use crate::engine::clock;
use crate::engine::holds::line::InTransit;
use crate::engine::rewrites::line::KEPT_FOR;
use crate::engine::rewrites::{Rewrite, Rewrites, RewrittenBytes, replaced};
use crate::model::fault::FaultMarks;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::query::RecordFacts;

impl Live {
    /// What was read, as it goes on now; nothing when all of it may be a part of a match.
    pub(super) fn rewrite(&mut self, from: Half, data: Bytes) -> Option<InTransit> {
        let rules = self.setup.rewrites.borrow().clone();
        let is_plain = rules.of(from == Half::Client).next().is_none();
        if is_plain && self.way(from).rewrites.is_empty() {
            return Some(InTransit::of(data));
        }
        let conn = self.setup.conn.clone();
        let way = self.way(from);
        let whole = way.rewrites.with(&data);
        let fitting = fitting(&rules, from, &conn, &whole);
        let made = way.rewrites.push(&fitting, whole);
        way.kept_until = (!way.rewrites.is_empty()).then(|| Instant::now() + KEPT_FOR);
        if let Some(made) = &made {
            rules.count(&made.by, &self.setup.session.events);
        }
        if from == Half::Client {
            let marks = made.as_ref().map(marks).unwrap_or_default();
            let (events, client) = (&self.setup.session.events, self.setup.pair.client);
            events.received_touched(client, data, marks);
        }
        made.map(|made| self.in_transit(from, made))
    }

    /// Passes on what was kept back, as it is: no more of it came in time, or comes at all.
    pub(super) fn release_kept(&mut self, from: Half, is_due: bool) {
        let until = self.way(from).kept_until;
        if is_due && until.is_none_or(|until| until > Instant::now()) {
            return;
        }
        let way = self.way(from);
        way.kept_until = None;
        let kept = way.rewrites.take();
        if kept.is_empty() {
            return;
        }
        let rules = self.setup.rewrites.borrow().clone();
        let conn = self.setup.conn.clone();
        let (made, _) = replaced(&fitting(&rules, from, &conn, &kept), kept);
        rules.count(&made.by, &self.setup.session.events);
        let going = self.in_transit(from, made);
        self.go_on(from, going);
    }

    /// Tells what the server said where something else goes on; the client's was told when it was read.
    fn in_transit(&self, from: Half, made: RewrittenBytes) -> InTransit {
        let marks = marks(&made);
        let is_told = from == Half::Client || !made.by.is_empty();
        if from == Half::Target && is_told {
            let (events, target) = (&self.setup.session.events, self.setup.pair.target);
            events.received_touched(target, made.original.clone(), marks);
        }
        InTransit { original: made.original, data: made.data, marks, is_told }
    }
}

fn marks(made: &RewrittenBytes) -> FaultMarks {
    let marks = FaultMarks::default();
    if made.by.is_empty() { marks } else { marks.rewritten() }
}

/// The rules that are about these bytes, as they will be told on the client's half.
fn fitting<'r>(rules: &'r Rewrites, from: Half, conn: &ConnInfo, data: &Bytes) -> Vec<&'r Rewrite> {
    let (from_client, direction) = match from {
        Half::Client => (true, Direction::Received),
        Half::Target => (false, Direction::Sent),
    };
    let record = Record::new(clock::now(), conn.id, direction, RecordKind::Data, Bytes::new());
    let facts = RecordFacts { len: data.len() as u64, data, ..RecordFacts::of(&record) };
    rules.fitting(from_client, conn, &facts)
}
