//! Who the two ends of each connection are and what crossed on it, for as long as somebody may ask.
//!
//! The engine names a connection once, before its first record. An entry lives while records
//! refer to it or the connection may still produce some; what is open but silent ("dormant") is
//! bounded in number, so a flood of peers that never say goodbye cannot grow the table for ever.
//! Records refer to an entry by its slot, which stays the same as long as they are there.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::gaps::{GapClock, RecordGaps};
use super::totals::Totals;
use crate::model::id::{ConnId, SessionId};
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, Record, RecordKind};

/// Open connections without a record in the timeline that are remembered: every UDP peer of one
/// address could be among them.
const DORMANT_MAX: usize = 65_536;

/// Memory of one entry, hash table overhead included.
const ENTRY_COST: usize = size_of::<ConnEntry>() + size_of::<(ConnId, ConnSlot)>() + 24;

/// Place of a connection in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ConnSlot(u32);

/// The connections by id and by slot.
#[derive(Debug, Default)]
pub(super) struct ConnTable {
    pub(super) slots: HashMap<ConnId, ConnSlot>,
    /// Boxed, so that a slot that is free again costs little.
    entries: Vec<Option<Box<ConnEntry>>>,
    free: Vec<ConnSlot>,
    /// Entries that had no record when they were put here, oldest first; each at most once.
    dormant: VecDeque<ConnId>,
}

#[derive(Debug)]
struct ConnEntry {
    id: ConnId,
    /// `None` when records came for a connection nobody introduced.
    info: Option<ConnInfo>,
    /// Whose its peer is, once that was found.
    owner: Option<Arc<PeerOwner>>,
    totals: Totals,
    clock: GapClock,
    records: u64,
    /// Records that were cleared and may still come back.
    hidden: u64,
    /// No record will come any more.
    over: bool,
    in_dormant: bool,
}

impl ConnEntry {
    /// Whether records refer to it.
    fn is_named(&self) -> bool {
        self.records + self.hidden > 0
    }

    /// Not so the session itself, and a UDP peer that refused one datagram may take the next.
    fn ends_by_failure(&self) -> bool {
        let datagrams = |info: &ConnInfo| info.capabilities().datagrams;
        self.id.index > 0 && !self.info.as_ref().is_some_and(datagrams)
    }
}

impl ConnSlot {
    /// Its number, below [`ConnTable::slot_count`].
    pub(super) fn number(self) -> usize {
        self.0 as usize
    }
}

impl ConnTable {
    /// Memory of the table.
    pub(super) fn cost(&self) -> usize {
        self.slots.len() * ENTRY_COST + self.entries.len() * size_of::<Option<Box<ConnEntry>>>()
    }

    /// Number of slots, used or free.
    pub(super) fn slot_count(&self) -> usize {
        self.entries.len()
    }

    /// The slot of a connection.
    pub(super) fn slot(&self, id: ConnId) -> Option<ConnSlot> {
        self.slots.get(&id).copied()
    }

    /// The connection that has this slot as long as records refer to it.
    pub(super) fn id(&self, slot: ConnSlot) -> ConnId {
        self.entry(slot).expect("records keep their connection").id
    }

    /// Its two ends, when somebody introduced it.
    pub(super) fn info(&self, slot: ConnSlot) -> Option<&ConnInfo> {
        self.entry(slot)?.info.as_ref()
    }

    /// Whose its peer is, as far as that was found.
    pub(super) fn owner(&self, slot: ConnSlot) -> Option<&Arc<PeerOwner>> {
        self.entry(slot)?.owner.as_ref()
    }

    /// Learns whose the peer of a connection is; nothing of one that is not remembered.
    pub(super) fn found(&mut self, id: ConnId, owner: Arc<PeerOwner>) {
        if let Some(slot) = self.slot(id) {
            self.entry_mut(slot).owner = Some(owner);
        }
    }

    /// Whose peers are that are known, those of the newest slots first.
    pub(super) fn owners(&self) -> impl Iterator<Item = &PeerOwner> {
        self.entries.iter().rev().filter_map(|entry| entry.as_deref()?.owner.as_deref())
    }

    /// What crossed on it.
    pub(super) fn totals(&self, slot: ConnSlot) -> Option<Totals> {
        Some(self.entry(slot)?.totals)
    }

    /// Those that are known, the newest slots first.
    pub(super) fn infos(&self) -> impl Iterator<Item = &ConnInfo> {
        self.entries.iter().rev().filter_map(|entry| entry.as_deref()?.info.as_ref())
    }

    /// Learns who the two ends are.
    pub(super) fn connect(&mut self, info: ConnInfo) {
        let slot = self.enter(info.id);
        let entry = self.entry_mut(slot);
        entry.over = false;
        entry.info = Some(info);
        self.settle(slot);
    }

    /// A record entered the timeline; tells how long after others of its connection.
    pub(super) fn retain(&mut self, record: &Record) -> (ConnSlot, RecordGaps) {
        let slot = self.enter(record.conn);
        let entry = self.entry_mut(slot);
        entry.records += 1;
        entry.totals.count(record);
        entry.over |= match record.kind {
            RecordKind::Closed | RecordKind::Reset => true,
            RecordKind::Failed => entry.ends_by_failure(),
            _ => false,
        };
        (slot, entry.clock.next(record))
    }

    /// A record of this connection left the timeline.
    pub(super) fn release(&mut self, slot: ConnSlot) {
        let entry = self.entry_mut(slot);
        entry.records -= 1;
        if entry.records == 0 {
            self.settle(slot);
        }
    }

    /// No further record of this connection will come.
    pub(super) fn end(&mut self, id: ConnId) {
        if let Some(slot) = self.slot(id) {
            self.entry_mut(slot).over = true;
            self.settle(slot);
        }
    }

    /// No connection of this session will produce another record.
    pub(super) fn end_session(&mut self, session: SessionId) {
        self.settle_all(|entry| entry.over |= entry.id.session == session);
    }

    /// A hidden record will not come back.
    pub(super) fn release_hidden(&mut self, slot: ConnSlot) {
        self.entry_mut(slot).hidden -= 1;
        self.settle(slot);
    }

    /// Every record left the timeline at once, but may come back.
    pub(super) fn hide_records(&mut self) {
        self.settle_all(|entry| entry.hidden += std::mem::take(&mut entry.records));
    }

    /// What was hidden came back.
    pub(super) fn show_records(&mut self) {
        self.settle_all(|entry| entry.records += std::mem::take(&mut entry.hidden));
    }

    /// What was hidden will not come back.
    pub(super) fn forget_hidden(&mut self) {
        self.settle_all(|entry| entry.hidden = 0);
    }

    fn entry(&self, slot: ConnSlot) -> Option<&ConnEntry> {
        self.entries[slot.number()].as_deref()
    }

    fn entry_mut(&mut self, slot: ConnSlot) -> &mut ConnEntry {
        self.entries[slot.number()].as_deref_mut().expect("a slot in use has its entry")
    }

    /// The slot of a connection, which gets one now if it has none.
    fn enter(&mut self, id: ConnId) -> ConnSlot {
        if let Some(slot) = self.slots.get(&id) {
            return *slot;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            ConnSlot(self.entries.len() as u32 - 1)
        });
        self.entries[slot.number()] = Some(Box::new(ConnEntry {
            id,
            info: None,
            owner: None,
            totals: Totals::default(),
            clock: GapClock::default(),
            records: 0,
            hidden: 0,
            over: false,
            in_dormant: false,
        }));
        self.slots.insert(id, slot);
        slot
    }

    fn remove(&mut self, slot: ConnSlot) {
        if let Some(entry) = self.entries[slot.number()].take() {
            self.slots.remove(&entry.id);
            self.free.push(slot);
        }
    }

    fn settle_all(&mut self, change: impl Fn(&mut ConnEntry)) {
        for number in 0..self.entries.len() {
            if let Some(entry) = &mut self.entries[number] {
                change(entry);
                self.settle(ConnSlot(number as u32));
            }
        }
    }

    /// Decides about an entry that may have no record: gone, or dormant.
    fn settle(&mut self, slot: ConnSlot) {
        let entry = self.entry_mut(slot);
        if entry.is_named() {
            return;
        }
        if entry.over || entry.info.is_none() {
            self.remove(slot);
        } else if !entry.in_dormant {
            entry.in_dormant = true;
            let id = entry.id;
            self.dormant.push_back(id);
        }
        while self.dormant.len() > DORMANT_MAX {
            let Some(slot) = self.dormant.pop_front().and_then(|oldest| self.slot(oldest)) else {
                continue;
            };
            let entry = self.entry_mut(slot);
            entry.in_dormant = false;
            if !entry.is_named() {
                self.remove(slot);
            }
        }
    }
}
