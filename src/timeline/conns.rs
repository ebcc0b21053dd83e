//! Who the two ends of each connection are, for as long as somebody may ask.
//!
//! The engine names a connection once, before its first record. An entry lives while records
//! refer to it or the connection may still produce some; what is open but silent ("dormant") is
//! bounded in number, so a flood of peers that never say goodbye cannot grow the table for ever.

use std::collections::{HashMap, VecDeque};

use crate::model::id::{ConnId, SessionId};
use crate::model::record::{ConnInfo, RecordKind};

/// Open connections without a record in the timeline that are remembered: every UDP peer of one
/// address could be among them.
const DORMANT_MAX: usize = 65_536;

/// Memory of one entry, hash table overhead included.
const ENTRY_COST: usize = size_of::<ConnEntry>() + size_of::<ConnId>() + 16;

#[derive(Debug, Default)]
pub(super) struct ConnTable {
    entries: HashMap<ConnId, ConnEntry>,
    /// Entries that had no record when they were put here, oldest first; each at most once.
    dormant: VecDeque<ConnId>,
}

#[derive(Debug, Default)]
struct ConnEntry {
    /// `None` when records came for a connection nobody introduced.
    info: Option<ConnInfo>,
    records: u64,
    /// No record will come any more.
    over: bool,
    in_dormant: bool,
}

impl ConnTable {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn cost(&self) -> usize {
        self.entries.len() * ENTRY_COST
    }

    pub(super) fn get(&self, id: ConnId) -> Option<&ConnInfo> {
        self.entries.get(&id)?.info.as_ref()
    }

    pub(super) fn connect(&mut self, info: ConnInfo) {
        let id = info.id;
        let entry = self.entries.entry(id).or_default();
        entry.info = Some(info);
        entry.over = false;
        self.settle(id);
    }

    /// A record of this connection entered the timeline.
    pub(super) fn retain(&mut self, id: ConnId, kind: RecordKind) {
        let entry = self.entries.entry(id).or_default();
        entry.records += 1;
        entry.over |= kind == RecordKind::Closed;
    }

    /// A record of this connection left the timeline.
    pub(super) fn release(&mut self, id: ConnId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.records = entry.records.saturating_sub(1);
            self.settle(id);
        }
    }

    /// No connection of this session will produce another record.
    pub(super) fn end_session(&mut self, session: SessionId) {
        self.entries.retain(|id, entry| {
            entry.over |= id.session == session;
            !(entry.over && entry.records == 0)
        });
    }

    /// Every record left the timeline at once.
    pub(super) fn forget_records(&mut self) {
        let ids: Vec<ConnId> = self.entries.keys().copied().collect();
        for id in ids {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.records = 0;
            }
            self.settle(id);
        }
    }

    /// Decides about an entry that may have no record: gone, or dormant.
    fn settle(&mut self, id: ConnId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if entry.records > 0 {
            return;
        }
        if entry.over || entry.info.is_none() {
            self.entries.remove(&id);
        } else if !entry.in_dormant {
            entry.in_dormant = true;
            self.dormant.push_back(id);
        }
        while self.dormant.len() > DORMANT_MAX {
            let Some(oldest) = self.dormant.pop_front() else { return };
            let Some(entry) = self.entries.get_mut(&oldest) else { continue };
            entry.in_dormant = false;
            if entry.records == 0 {
                self.entries.remove(&oldest);
            }
        }
    }
}
