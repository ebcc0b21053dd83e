//! The bounded log of everything that crossed our sockets.
//!
//! Memory is bounded by bytes: when the limit is passed the oldest records go, counted; marked
//! (pinned) ones are kept aside. What crossed is added up here alone, for each connection and
//! each session.
//!
//! ```text
//!   kept (pinned, older than first)        first ............... next_id
//!   [ 17 ] [ 240 ]                         [ 1041 | 1042 | ... | 9999 ]
//! ```
//!
//! What was cleared can be brought back for a while. Until then it is hidden: nobody sees it, it
//! counts in the same bound, and it goes before anything else does.
//!
//! Invariants: ids strictly increase and are never reused; counted in records, what was
//! pushed is what is kept, evicted or cleared.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use super::conns::ConnTable;
use super::exchanges::ExchangeTable;
use super::gaps::RecordGaps;
use super::log::{Log, RecordPlace};
use super::looking::ERRORS;
use super::losses::UntoldLoss;
use super::origins::Origins;
use super::segment::{StoredRecord, cost};
use super::time_runs::TimeRuns;
use super::totals::{Rates, Totals, Volume};
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::id::{ConnId, RecordId, SessionId};
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, LossTotals, Record, RecordKind, RecordOrigin};
use crate::model::timing::Stamp;

/// Payload and metadata kept unless the user configures another bound.
const LIMIT_BYTES: usize = 256 * 1024 * 1024;

/// Why a record could not be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinRefused {
    #[error("this record is no longer in the timeline")]
    Gone,
    #[error("marked records already take half of the timeline's memory; unmark some first")]
    Full,
}

/// The log, the connections its records belong to, and what was lost.
#[derive(Debug)]
pub struct Timeline {
    limit: usize,
    pub(super) log: Log,
    /// Pinned records older than the log's first one, in order of id.
    pub(super) kept: Vec<(RecordId, Record)>,
    /// Changes whenever `kept` loses or gains a record.
    pub(super) kept_version: u64,
    /// How long after others of their connections those came.
    pub(super) kept_gaps: BTreeMap<RecordId, RecordGaps>,
    pub(super) pins: BTreeSet<RecordId>,
    /// What the user wrote about records, which are pinned by it.
    comments: BTreeMap<RecordId, String>,
    /// What files say of the bytes of their records.
    origins: Origins,
    /// What is known of exchanges.
    pub(super) exchanges: ExchangeTable,
    /// Cost of every pinned record, still in the log or not.
    pinned_bytes: usize,
    /// The connections that records refer to.
    pub(super) conns: ConnTable,
    record_bytes: usize,
    /// Records evicted to stay within the limit, and the payload bytes they held.
    pub evicted: Volume,
    cleared: u64,
    hidden: Hidden,
    sessions: BTreeMap<SessionId, Totals>,
    /// When the first record of all came.
    pub(crate) began: Option<Stamp>,
    /// How much crosses per second.
    pub rates: Rates,
    pub(super) losses: BTreeMap<SessionId, LossTotals>,
    /// What was lost and has no row yet.
    pub(super) untold_losses: BTreeMap<SessionId, UntoldLoss>,
    /// When the records came.
    pub(super) times: TimeRuns,
    /// The rows in the log that tell of them.
    pub(super) loss_rows: VecDeque<RecordId>,
    /// Of sessions that were forgotten.
    pub(super) past_losses: LossTotals,
}

/// Records that were cleared and may come back: those of the log before an id, and marked ones
/// older than the log.
#[derive(Debug, Default)]
struct Hidden {
    before: RecordId,
    kept: Vec<(RecordId, Record)>,
    pins: BTreeSet<RecordId>,
    pinned_bytes: usize,
    record_bytes: usize,
}

impl Default for Timeline {
    fn default() -> Self {
        Timeline::new(LIMIT_BYTES)
    }
}

impl Timeline {
    /// An empty timeline that keeps at most `limit_bytes` of payload and metadata. The newest
    /// record is always kept, however small the limit.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Timeline {
            limit: limit_bytes,
            log: Log::default(),
            kept: Vec::new(),
            kept_version: 0,
            kept_gaps: BTreeMap::new(),
            comments: BTreeMap::new(),
            origins: Origins::default(),
            exchanges: ExchangeTable::default(),
            pins: BTreeSet::new(),
            pinned_bytes: 0,
            conns: ConnTable::default(),
            record_bytes: 0,
            evicted: Volume::default(),
            cleared: 0,
            hidden: Hidden::default(),
            sessions: BTreeMap::new(),
            began: None,
            rates: Rates::default(),
            losses: BTreeMap::new(),
            untold_losses: BTreeMap::new(),
            times: TimeRuns::default(),
            loss_rows: VecDeque::new(),
            past_losses: LossTotals { session: SessionId(0), by_app: 0, by_kernel: None },
        }
    }

    /// Appends a record and evicts the oldest ones if the limit is passed.
    pub fn push(&mut self, record: Record) -> RecordId {
        self.began.get_or_insert(record.at);
        self.rates.count(&record);
        self.sessions.entry(record.conn.session).or_default().count(&record);
        self.record_bytes += cost(record.kept());
        let (is_loss, at) = (record.kind == RecordKind::Lost, record.at);
        let is_error = is_loss || matches!(record.kind, RecordKind::Failed | RecordKind::Reset);
        let id = self.log.push(self.conns.retain(&record), record);
        self.loss_rows.extend(is_loss.then_some(id));
        self.times.push(id, at, is_error);
        while self.bytes() > self.limit && self.log.len() > 1 {
            self.evict_oldest();
        }
        self.times.forget_before(self.log.first);
        id
    }

    /// Learns or updates who the two ends of a connection are.
    pub fn connect(&mut self, info: ConnInfo) {
        self.conns.connect(info);
    }

    /// Learns whose the peer of a connection is.
    pub fn found(&mut self, conn: ConnId, owner: Arc<PeerOwner>) {
        self.conns.found(conn, owner);
    }

    /// Whose the peer of a connection is, as far as that was found.
    pub fn owner(&self, id: ConnId) -> Option<&Arc<PeerOwner>> {
        self.conns.owner(self.conns.slot(id)?)
    }

    /// Learns of an exchange, or more about it.
    pub fn exchange(&mut self, facts: ExchangeFacts) {
        if let Some(at) =
            facts.ended.filter(|_| facts.status.is_some_and(|status| status >= ERRORS))
        {
            self.times.failed(at);
        }
        self.exchanges.put(facts);
    }

    /// Tells that a session is over, so its connections may be forgotten with their last record.
    pub(crate) fn end_session(&mut self, session: SessionId) {
        self.conns.end_session(session);
    }

    /// Tells that a connection is over, so it may be forgotten with its last record.
    pub(crate) fn end_conn(&mut self, conn: ConnId) {
        self.conns.end(conn);
    }

    /// Forgets what crossed in sessions that nobody shows any more; what they lost is added up.
    pub(crate) fn forget_sessions(&mut self, is_gone: impl Fn(SessionId) -> bool) {
        self.sessions.retain(|id, _| !is_gone(*id));
        self.untold_losses.retain(|id, _| !is_gone(*id));
        let past = &mut self.past_losses;
        self.losses.retain(|id, lost| {
            let gone = is_gone(*id);
            if gone {
                past.by_app += lost.by_app;
                past.by_kernel = Some(past.by_kernel.unwrap_or(0) + lost.by_kernel.unwrap_or(0));
            }
            !gone
        });
    }

    /// The record with this id, unless it was evicted or cleared. Small payload is copied, large
    /// payload shared.
    pub(crate) fn get(&self, id: RecordId) -> Option<Record> {
        if let Some(record) = self.log.get(id).filter(|record| record.id >= self.first()) {
            return Some(self.record(record));
        }
        let at = self.kept.binary_search_by_key(&id, |(kept, _)| *kept).ok()?;
        Some(self.kept[at].1.clone())
    }

    /// The two ends of a connection that still has records here or is still open.
    pub fn conn(&self, id: ConnId) -> Option<&ConnInfo> {
        self.conns.info(self.conns.slot(id)?)
    }

    /// Id of the oldest record that was not evicted; pinned ones older than it are in `kept`.
    /// Equal to [`next_id`] when there is none.
    ///
    /// [`next_id`]: Timeline::next_id
    pub fn first(&self) -> RecordId {
        self.log.first.max(self.hidden.before)
    }

    /// Id of the oldest record that is kept, pinned ones included; else that of the next one.
    pub(crate) fn oldest(&self) -> RecordId {
        self.kept.first().map_or(self.first(), |(id, _)| *id)
    }

    /// Id the next record will get.
    pub fn next_id(&self) -> RecordId {
        self.log.next
    }

    /// Records kept now, pinned ones included.
    pub fn len(&self) -> usize {
        (self.next_id().0 - self.first().0) as usize + self.kept.len()
    }

    /// Whether no record is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory taken by records, payload and connection table, what was cleared and may come back
    /// included.
    pub(crate) fn bytes(&self) -> usize {
        self.record_bytes + self.hidden.record_bytes + self.conns.cost()
    }

    /// What crossed in one session, evicted or not.
    pub fn session_totals(&self, session: SessionId) -> Totals {
        self.sessions.get(&session).copied().unwrap_or_default()
    }

    /// What crossed on one connection, evicted or not; `None` when it is over and its last record
    /// is gone, or nothing crossed yet. It still counts in its session.
    pub(crate) fn conn_totals(&self, id: ConnId) -> Option<Totals> {
        self.conns.totals(self.conns.slot(id)?)
    }

    /// Records with `from <= id < to` that were not evicted, from either end.
    pub fn range(
        &self,
        from: RecordId,
        to: RecordId,
    ) -> impl DoubleEndedIterator<Item = (RecordId, Record)> {
        self.log.range(from.max(self.first()), to).map(|view| (view.id, self.record(view)))
    }

    /// Removes every record, pinned ones too. Ids, totals and losses go on. Until
    /// `discard_cleared` they can be brought back, as far as there is
    /// room for them.
    pub fn clear(&mut self) {
        self.cleared += self.len() as u64;
        self.kept_version += 1;
        let hidden = &mut self.hidden;
        hidden.before = self.log.next;
        hidden.kept.append(&mut self.kept);
        hidden.pins.append(&mut self.pins);
        hidden.pinned_bytes += std::mem::take(&mut self.pinned_bytes);
        hidden.record_bytes += std::mem::take(&mut self.record_bytes);
        self.log.seal();
        self.conns.hide_records();
    }

    /// Brings back what was cleared and is still there; returns the number of records.
    pub(crate) fn undo_clear(&mut self) -> usize {
        let Hidden { before, mut kept, mut pins, pinned_bytes, record_bytes } =
            std::mem::take(&mut self.hidden);
        let count = before.0.saturating_sub(self.log.first.0) as usize + kept.len();
        self.cleared -= count as u64;
        self.kept_version += 1;
        kept.append(&mut self.kept);
        self.kept = kept;
        self.pins.append(&mut pins);
        self.pinned_bytes += pinned_bytes;
        self.record_bytes += record_bytes;
        self.conns.show_records();
        count
    }

    /// Lets go of what was cleared for good.
    pub(crate) fn discard_cleared(&mut self) {
        self.log.clear_before(self.hidden.before);
        self.times.forget_before(self.hidden.before);
        let first = self.hidden.before;
        self.loss_rows.retain(|id| *id >= first);
        self.kept_gaps.retain(|id, _| *id >= first);
        self.comments.retain(|id, _| *id >= first);
        self.hidden = Hidden::default();
        self.conns.forget_hidden();
    }

    /// Keeps a record when its time for eviction comes. Pinning twice is no error.
    pub(crate) fn pin(&mut self, id: RecordId) -> Result<(), PinRefused> {
        let cost = cost(self.get(id).ok_or(PinRefused::Gone)?.kept());
        if self.pins.contains(&id) {
            return Ok(());
        }
        if self.pinned_bytes + cost > self.limit / 2 {
            return Err(PinRefused::Full);
        }
        self.pins.insert(id);
        self.pinned_bytes += cost;
        Ok(())
    }

    /// Takes the pin away; a record that lived by it alone is evicted at once. Returns whether it
    /// was pinned.
    pub(crate) fn unpin(&mut self, id: RecordId) -> bool {
        if !self.pins.remove(&id) {
            return false;
        }
        self.pinned_bytes -= self.get(id).map_or(0, |record| cost(record.kept()));
        self.kept_gaps.remove(&id);
        if let Ok(at) = self.kept.binary_search_by_key(&id, |(kept, _)| *kept) {
            self.comments.remove(&id);
            let (_, record) = self.kept.remove(at);
            self.kept_version += 1;
            self.count_evicted(record.kept());
            let conn = self.conns.slot(record.conn);
            self.conns.release(conn.expect("records keep their connection"));
        }
        true
    }

    /// Writes something about a record, which is pinned so that it stays; nothing takes it away.
    pub(crate) fn set_comment(&mut self, id: RecordId, text: &str) -> Result<(), PinRefused> {
        if text.is_empty() {
            self.comments.remove(&id);
            return Ok(());
        }
        self.pin(id)?;
        self.comments.insert(id, text.to_owned());
        Ok(())
    }

    /// What the user wrote about a record.
    pub(crate) fn comment(&self, id: RecordId) -> Option<&str> {
        self.comments.get(&id).map(String::as_str)
    }

    /// How the bytes of a record that was read from a file differ from what crossed.
    pub(crate) fn set_origin(&mut self, id: RecordId, origin: RecordOrigin) {
        let Timeline { origins, log, pins, .. } = self;
        origins.set(id, origin, |id| id >= log.first || pins.contains(&id));
    }

    /// The same, as it was told.
    pub(crate) fn origin(&self, id: RecordId) -> RecordOrigin {
        self.origins.get(id)
    }

    /// How many records are pinned.
    pub(crate) fn pinned(&self) -> usize {
        self.pins.len()
    }

    /// Whether a record is pinned.
    pub(crate) fn is_pinned(&self, id: RecordId) -> bool {
        self.pins.contains(&id)
    }

    /// The record that stands in this place.
    pub(super) fn record(&self, view: RecordPlace<'_>) -> Record {
        let [data, frames] = view.bytes();
        Record { data, frames, ..self.record_head(view.stored) }
    }

    /// The same without its payload.
    pub(super) fn record_head(&self, stored: &StoredRecord) -> Record {
        let StoredRecord { at, conn, direction, kind, len: original_len, faults, .. } = *stored;
        let (conn, data) = (self.conns.id(conn), Bytes::new());
        Record { at, conn, direction, kind, data, frames: Bytes::new(), original_len, faults }
    }

    fn evict_oldest(&mut self) {
        let id = self.log.first;
        if id < self.hidden.before || !self.hidden.kept.is_empty() {
            return self.evict_hidden(id);
        }
        if self.pins.contains(&id)
            && let Some(mut record) = self.get(id)
        {
            // Its bytes may be a slice of a whole batch; a copy lets go of the rest.
            record.data = Bytes::copy_from_slice(&record.data);
            record.frames = Bytes::copy_from_slice(&record.frames);
            self.kept.push((id, record));
            self.kept_version += 1;
            if let Some(gone) = self.log.pop() {
                self.kept_gaps.insert(id, gone.gaps);
            }
        } else if let Some(gone) = self.log.pop() {
            self.count_evicted(gone.kept());
            self.conns.release(gone.conn);
            // The figures of what crossed stay exact.
            if gone.kind == RecordKind::Lost {
                self.evicted.records -= 1;
                self.evicted.bytes -= gone.kept() as u64;
            }
        }
        self.forget_loss_rows(id);
    }

    /// Rows about losses up to this one are gone.
    fn forget_loss_rows(&mut self, last: RecordId) {
        while self.loss_rows.front().is_some_and(|loss| *loss <= last) {
            self.loss_rows.pop_front();
        }
    }

    /// A record that was cleared makes room; a mark saves it no more.
    fn evict_hidden(&mut self, first: RecordId) {
        let gone = if first < self.hidden.before {
            self.log.pop().map(|gone| (first, gone.kept(), Some(gone.conn)))
        } else {
            let marked = self.hidden.kept.pop();
            marked.map(|(id, record)| (id, record.kept(), self.conns.slot(record.conn)))
        };
        let Some((id, kept, Some(conn))) = gone else { return };
        self.forget_loss_rows(id);
        self.hidden.record_bytes -= cost(kept);
        if self.hidden.pins.remove(&id) {
            self.hidden.pinned_bytes -= cost(kept);
        }
        self.conns.release_hidden(conn);
    }

    fn count_evicted(&mut self, kept: usize) {
        self.record_bytes -= cost(kept);
        self.evicted.records += 1;
        self.evicted.bytes += kept as u64;
    }
}

#[cfg(test)]
mod timeline_tests;
