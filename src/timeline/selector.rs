//! A filter on its way through the records of a timeline.
//!
//! What the filter asks about connections is answered once for each; most connections then ask the
//! same of their records, so a few [`RecordFilter`]s serve all. Lives no longer than one pass, as
//! connections come, go and change.

use std::collections::VecDeque;
use std::sync::Arc;

use super::conns::ConnSlot;
use super::exchanges;
use super::log::RecordPlace;
use super::store::Timeline;
use crate::codec::web_socket::told;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::record::RecordKind;
use crate::query::{Filter, Reads, RecordFacts, RecordFilter};

/// What examining one record costs besides its payload, in bytes of payload searched.
pub(super) const RECORD_WORK: usize = 32;
/// What deciding about one connection costs.
pub(super) const CONN_WORK: usize = 512;
/// Different record filters that a new one is compared with.
const COMPARED: usize = 16;

/// What is known of the exchanges of one connection.
#[derive(Clone, Copy)]
enum OfConn<'a> {
    Unasked,
    Asked(Option<&'a VecDeque<ExchangeFacts>>),
}

/// A pass over records.
pub(super) struct Selector<'a> {
    filter: &'a Filter,
    timeline: &'a Timeline,
    /// By slot: number of the connection's filter plus one, 0 = not met. Empty when the filter asks
    /// the same of all connections.
    numbers: Vec<u32>,
    filters: Vec<RecordFilter<'a>>,
    reads: Reads,
    /// By slot: the exchanges of the connection, once they were looked up.
    exchanges: Vec<OfConn<'a>>,
    /// Work done so far, in bytes of payload searched.
    pub(super) work: usize,
}

impl<'a> Selector<'a> {
    /// A pass with this filter.
    pub(super) fn new(filter: &'a Filter, timeline: &'a Timeline) -> Self {
        let slots = if filter.asks_conn() { timeline.conns.slot_count() } else { 0 };
        let (numbers, reads) = (vec![0; slots], filter.reads());
        let asked = if reads.exchange { timeline.conns.slot_count() } else { 0 };
        let exchanges = vec![OfConn::Unasked; asked];
        Selector { filter, timeline, numbers, filters: Vec::new(), reads, exchanges, work: 0 }
    }

    /// The same that looks up exchanges although the filter may not ask for them.
    pub(super) fn with_exchanges(filter: &'a Filter, timeline: &'a Timeline) -> Self {
        let exchanges = vec![OfConn::Unasked; timeline.conns.slot_count()];
        Selector { exchanges, ..Selector::new(filter, timeline) }
    }

    /// Whether a record failed, was reset or is an answer that says so.
    pub(super) fn is_error(&mut self, record: &RecordPlace<'a>) -> bool {
        self.facts(record).is_error()
    }

    /// Whether the filter lets this record through.
    pub(super) fn matches(&mut self, record: &RecordPlace<'a>) -> bool {
        let facts = self.facts(record);
        self.work += RECORD_WORK + facts.data.len();
        self.filter_of(record.stored.conn).matches(&facts)
    }

    /// The same for a list, from which, unless it is strict, no filter takes what says that something is
    /// missing.
    pub(super) fn shows(&mut self, record: &RecordPlace<'a>, is_strict: bool) -> bool {
        (record.stored.kind == RecordKind::Lost && !is_strict) || self.matches(record)
    }

    /// What the filter asks about a record; nothing else is looked up.
    fn facts(&mut self, record: &RecordPlace<'a>) -> RecordFacts<'a> {
        let (stored, timeline) = (record.stored, self.timeline);
        let exchanges = self.exchanges.get_mut(stored.conn.number()).and_then(|known| {
            if let OfConn::Asked(known) = known {
                return *known;
            }
            let found = timeline.exchanges.of_conn(timeline.conns.id(stored.conn));
            *known = OfConn::Asked(found);
            found
        });
        RecordFacts {
            at: stored.at,
            direction: stored.direction,
            kind: stored.kind,
            len: stored.len,
            data: if self.reads.data { record.data() } else { &[] },
            delta: stored.gaps.delta,
            latency: stored.gaps.latency,
            exchange: exchanges.and_then(|of_conn| {
                exchanges::pick(of_conn, stored.at, stored.direction, stored.kind)
            }),
            number: Some(record.id.0),
            state: None,
            is_marked: self.reads.mark && timeline.is_pinned(record.id),
            comment: if self.reads.comment { timeline.comment(record.id) } else { None },
            faults: stored.faults,
            message: told::kind(record.frames()),
        }
    }

    fn filter_of(&mut self, slot: ConnSlot) -> &RecordFilter<'a> {
        let known = match self.numbers.get(slot.number()) {
            Some(number) => *number as usize,
            None => self.filters.len(),
        };
        let number = if known == 0 { self.meet(slot) } else { known };
        &self.filters[number - 1]
    }

    /// Decides about a connection; returns the number of its filter plus one.
    fn meet(&mut self, slot: ConnSlot) -> usize {
        self.work += CONN_WORK;
        let conns = &self.timeline.conns;
        let (id, info) = (conns.id(slot), conns.info(slot));
        let filter = if self.reads.owner {
            self.filter.about_owned(id, info, conns.owner(slot).map(Arc::as_ref))
        } else {
            self.filter.about(id, info)
        };
        let known = self.filters.iter().take(COMPARED).position(|known| *known == filter);
        let number = known.unwrap_or(self.filters.len());
        if known.is_none() {
            self.filters.push(filter);
        }
        if let Some(place) = self.numbers.get_mut(slot.number()) {
            *place = number as u32 + 1;
        }
        number + 1
    }
}
