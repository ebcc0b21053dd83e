//! What is asked about single records of the timeline, and what was seen in it: for lists that show
//! one row more or less, for jumps from record to record, and for completion.

use super::exchanges;
use super::gaps::RecordGaps;
use super::log::RecordPlace;
use super::selector::Selector;
use super::store::Timeline;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::fault::FaultMarks;
use crate::model::id::{ConnId, RecordId};
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::query::{Filter, RecordFacts};
use bytes::Bytes;
use std::sync::Arc;

/// From this status on an answer is an error.
pub(super) const ERRORS: u16 = 400;

impl Timeline {
    /// Whether a filter lets a record of the timeline through.
    pub(crate) fn matches(&self, filter: &Filter, id: RecordId, record: &Record) -> bool {
        let gaps = self.gaps(id);
        let facts = RecordFacts {
            delta: gaps.delta,
            latency: gaps.latency,
            exchange: self.exchanges.of(record.conn, record.at, record.direction, record.kind),
            number: Some(id.0),
            is_marked: self.is_pinned(id),
            comment: self.comment(id),
            ..RecordFacts::of(record)
        };
        let owner = self.owner(record.conn).map(Arc::as_ref);
        filter.about_owned(record.conn, self.conn(record.conn), owner).matches(&facts)
    }

    /// Whether a record says that something went wrong, or is of an answer that does.
    pub(super) fn went_wrong(&self, place: RecordPlace<'_>) -> bool {
        let stored = place.stored;
        match stored.kind {
            RecordKind::Failed | RecordKind::Reset | RecordKind::Lost => true,
            RecordKind::Data if !self.exchanges.is_empty() => {
                let of_conn = self.exchanges.of_conn(self.conns.id(stored.conn));
                let exchange = of_conn
                    .and_then(|it| exchanges::pick(it, stored.at, stored.direction, stored.kind));
                let answer = exchange.filter(|it| it.answers(stored.direction));
                answer.and_then(|it| it.status).is_some_and(|status| status >= ERRORS)
            }
            _ => false,
        }
    }

    /// A record without its payload, which nobody copies.
    pub(crate) fn head(&self, id: RecordId) -> Option<Record> {
        let known = self.log.get(id).filter(|place| place.id >= self.first());
        match known {
            // One byte of its frames says what it is.
            Some(place) => Some(Record {
                frames: place.frames().get(..1).map_or_else(Bytes::new, Bytes::copy_from_slice),
                ..self.record_head(place.stored)
            }),
            None => self.get(id).map(|record| Record { data: Bytes::new(), ..record }),
        }
    }

    /// The marked record at or before this one, and when it came.
    pub(crate) fn marked_before(&self, id: RecordId) -> Option<(RecordId, Stamp)> {
        let marked = *self.pins.range(..=id).next_back()?;
        Some((marked, self.head(marked)?.at))
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

    /// Whether an answer on its connection before a record led on to WebSocket.
    pub(crate) fn leads_to_web_socket(&self, record: &Record) -> bool {
        let of_conn = self.exchanges.of_conn(record.conn);
        // It is the last request that there was.
        let last = of_conn.and_then(|all| all.back()).filter(|it| it.started < record.at);
        last.is_some_and(|it| {
            let mut to = it.values(b"upgrade");
            it.status == Some(101) && to.any(|to| to.eq_ignore_ascii_case(b"websocket"))
        })
    }

    /// What a relay did to a record, or to the message of an exchange that it is of.
    pub(crate) fn marks_of(&self, record: &Record) -> FaultMarks {
        let of_message = self.exchange_of(record).filter(|_| record.kind == RecordKind::Data);
        let of_message = of_message.map(|it| it.marks(record.direction));
        record.faults.with(of_message.unwrap_or_default())
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
