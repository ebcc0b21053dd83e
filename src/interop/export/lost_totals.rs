//! What the sessions of written records lost, told behind them: the rows about losses say no totals.
//!
//! Called by the writer of exports, for JSON Lines.

use std::collections::HashSet;

use crate::interop::ndjson;
use crate::model::id::SessionId;
use crate::model::record::{LossTotals, Record};
use crate::model::timing::Stamp;

/// What was lost so far.
#[derive(Debug, Default)]
pub(super) struct LostTotals {
    lost: Vec<LossTotals>,
    /// Sessions of which a record is written.
    sessions: HashSet<SessionId>,
    /// When the last of them was.
    at: Stamp,
}

impl LostTotals {
    /// A record is written.
    pub(super) fn meet(&mut self, record: &Record) {
        self.sessions.insert(record.conn.session);
        self.at = record.at;
    }

    /// These are the totals of all sessions by now.
    pub(super) fn know(&mut self, lost: &[LossTotals]) {
        self.lost = lost.to_vec();
    }

    /// Their lines, without line breaks.
    pub(super) fn lines(&self) -> Vec<String> {
        let lost = self.lost.iter().filter(|lost| self.sessions.contains(&lost.session));
        lost.map(|lost| ndjson::lost(*lost, self.at)).collect()
    }
}
