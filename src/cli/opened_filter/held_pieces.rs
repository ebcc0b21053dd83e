//! What was read of a file and is not printed yet: where the filter asks about an answer, or whose a peer is, that may
//! stand far behind what it decides about.
//!
//! ```text
//! request ─ other records ─ answer: all of them go on, in order
//! ```
//! Of a file as much is held back as [`OF_A_FILE`], of what is piped in [`OF_A_PIPE`] and not longer than [`PATIENCE`]: what
//! is live is to be seen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::cli::let_through::LetThrough;
use crate::interop::pcap::CaptureBatch;
use crate::model::exchange::ExchangeState;
use crate::model::id::ConnId;
use crate::model::record::{Record, RecordKind};

/// Bytes of records that are held back; with more of them it goes on without the answer.
const OF_A_FILE: usize = 64 * 1024 * 1024;
const OF_A_PIPE: usize = 4 * 1024 * 1024;
/// How long is waited for what is piped in.
const PATIENCE: Duration = Duration::from_secs(2);

/// Pieces that wait, in order.
#[derive(Debug)]
pub(super) struct HeldPieces {
    asks_exchanges: bool,
    asks_owners: bool,
    is_file: bool,
    /// Exchanges of each connection whose answer is not known.
    unanswered: BTreeMap<ConnId, BTreeSet<u32>>,
    /// Connections of which may be told whose their peers are.
    unknown: BTreeSet<ConnId>,
    pieces: VecDeque<CaptureBatch>,
    cost: usize,
    since: Option<Instant>,
}

impl HeldPieces {
    /// As much as what is asked about needs.
    pub(super) fn new(asked: &LetThrough, is_file: bool) -> Self {
        HeldPieces {
            asks_exchanges: asked.reads_exchanges(),
            asks_owners: asked.reads_owners(),
            is_file,
            unanswered: BTreeMap::new(),
            unknown: BTreeSet::new(),
            pieces: VecDeque::new(),
            cost: 0,
            since: None,
        }
    }

    /// Until when what waits may wait.
    pub(super) fn patience(&self) -> Option<Instant> {
        self.since.filter(|_| !self.is_file).map(|since| since + PATIENCE)
    }

    /// Takes the next piece; those that can be printed now. Without one all can.
    pub(super) fn take(&mut self, piece: Option<CaptureBatch>) -> VecDeque<CaptureBatch> {
        let is_end = piece.is_none();
        if let Some(piece) = piece {
            self.look_at(&piece);
            self.cost += piece.records.iter().map(Record::cost).sum::<usize>();
            self.pieces.push_back(piece);
            self.since.get_or_insert_with(Instant::now);
        }
        let bound = if self.is_file { OF_A_FILE } else { OF_A_PIPE };
        let is_known = self.unanswered.is_empty() && self.unknown.is_empty();
        if !is_known && !is_end && self.cost <= bound {
            return VecDeque::new();
        }
        self.unanswered.clear();
        self.unknown.clear();
        (self.cost, self.since) = (0, None);
        std::mem::take(&mut self.pieces)
    }

    fn look_at(&mut self, piece: &CaptureBatch) {
        if self.asks_owners {
            let local = piece.conns.iter().filter(|it| it.local.is_some() && it.is_peer_local());
            self.unknown.extend(local.map(|it| it.id));
            for told in &piece.owners {
                self.unknown.remove(&told.conn);
            }
        }
        if !self.asks_exchanges {
            return;
        }
        for exchange in &piece.exchanges {
            let of_conn = self.unanswered.entry(exchange.conn).or_default();
            if exchange.state == ExchangeState::Active && exchange.response.is_none() {
                of_conn.insert(exchange.number);
            } else {
                of_conn.remove(&exchange.number);
            }
        }
        for record in &piece.records {
            if matches!(record.kind, RecordKind::Closed | RecordKind::Reset | RecordKind::Failed) {
                self.unanswered.remove(&record.conn);
            }
        }
        self.unanswered.retain(|_, of_conn| !of_conn.is_empty());
    }
}
