//! What is asked about single records of the timeline, and what was seen in it: for lists that show
//! one row more or less, for jumps from record to record, and for completion.

use std::sync::Arc;

use super::gaps::RecordGaps;
use super::selector::Selector;
use super::store::Timeline;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::id::{ConnId, RecordId};
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, Record};
use crate::model::timing::Stamp;
use crate::query::{Filter, RecordFacts};

impl Timeline {
    /// Whether a filter lets a record of the timeline through.
    pub(crate) fn matches(&self, filter: &Filter, id: RecordId, record: &Record) -> bool {
        let gaps = self.gaps(id);
        let facts = RecordFacts {
            delta: gaps.delta,
            latency: gaps.latency,
            exchange: self.exchanges.of(record.conn, record.at, record.direction, record.kind),
            is_marked: self.is_pinned(id),
            comment: self.comment(id),
            ..RecordFacts::of(record)
        };
        let owner = self.owner(record.conn).map(Arc::as_ref);
        filter.about_owned(record.conn, self.conn(record.conn), owner).matches(&facts)
    }

    /// How long after others of its connection a record came.
    pub(crate) fn gaps(&self, id: RecordId) -> RecordGaps {
        let stored = self.log.get(id).map(|place| place.stored.gaps);
        stored.or_else(|| self.kept_gaps.get(&id).copied()).unwrap_or_default()
    }

    /// The exchange that a record is of, as far as it is remembered.
    pub(crate) fn exchange_of(&self, record: &Record) -> Option<&ExchangeFacts> {
        self.exchanges.of(record.conn, record.at, record.direction, record.kind)
    }

    /// Who the ends of connections are, the newest first.
    pub(crate) fn conns_seen(&self) -> impl Iterator<Item = &ConnInfo> {
        self.conns.infos()
    }

    /// Whose peers are, as far as that was found, the newest first.
    pub(crate) fn owners_seen(&self) -> impl Iterator<Item = &PeerOwner> {
        self.conns.owners()
    }

    /// The exchanges that are remembered, the newest first.
    pub(crate) fn exchanges_seen(&self) -> impl Iterator<Item = &ExchangeFacts> {
        self.exchanges.iter().rev()
    }

    /// The first of these records that a filter lets through.
    pub(crate) fn first_of(
        &self,
        filter: &Filter,
        ids: impl Iterator<Item = RecordId>,
    ) -> Option<RecordId> {
        let mut selector = Selector::new(filter, self);
        let mut ids = ids;
        ids.find(|id| match self.log.get(*id) {
            Some(place) => selector.matches(&place),
            None => self.get(*id).is_some_and(|record| self.matches(filter, *id, &record)),
        })
    }

    /// How many of the newest records a filter lets through, and how many were looked at.
    pub(crate) fn count_of(&self, filter: &Filter, most: usize) -> (usize, usize) {
        let mut selector = Selector::new(filter, self);
        let (mut found, mut tried) = (0, 0);
        for place in self.log.range(self.first(), self.next_id()).rev().take(most) {
            tried += 1;
            found += usize::from(selector.matches(&place));
        }
        (found, tried)
    }

    /// Records of a connection from a time on that a filter decides about, oldest first, each with
    /// whether it lets them through; no more than so many records are looked at.
    pub(super) fn decided(
        &self,
        filter: &Filter,
        conn: ConnId,
        from: Stamp,
        most: usize,
    ) -> Vec<(RecordId, bool)> {
        let Some(slot) = self.conns.slot(conn) else { return Vec::new() };
        let mut selector = Selector::new(filter, self);
        let newest = self.log.range(self.first(), self.next_id()).rev().take(most);
        let ours = newest.take_while(|it| it.stored.at >= from).filter(|it| it.stored.conn == slot);
        let mut decided: Vec<_> = ours.map(|it| (it.id, selector.matches(&it))).collect();
        decided.reverse();
        decided
    }
}
