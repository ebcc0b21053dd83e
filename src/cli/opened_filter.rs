//! `--filter` over a file of traffic, for `open` and `replay`: its records are asked about with what the file tells of
//! exchanges, of whose the peers were, and of what somebody wrote about a row.

mod held_pieces;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use self::held_pieces::HeldPieces;
use super::let_through::{KnownOfRecord, LetThrough};
use crate::interop::pcap::CaptureBatch;
use crate::model::exchange::Exchange;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::id::ConnId;
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, Record, RecordRemark};
use crate::timeline::Timeline;

/// The filter, and what was read so far of what it may ask about.
pub(super) struct OpenedFilter {
    let_through: LetThrough,
    held: HeldPieces,
    /// What is known of exchanges; no records.
    exchanges: Timeline,
    owners: HashMap<ConnId, Arc<PeerOwner>>,
}

impl OpenedFilter {
    /// Before the first piece; `is_file` = nobody waits for what is held back.
    pub(super) fn new(let_through: LetThrough, is_file: bool) -> Self {
        let held = HeldPieces::new(&let_through, is_file);
        let (exchanges, owners) = (Timeline::default(), HashMap::new());
        OpenedFilter { let_through, held, exchanges, owners }
    }

    /// Until when what waits may wait.
    pub(super) fn patience(&self) -> Option<Instant> {
        self.held.patience()
    }

    /// Takes note of the next piece; those that can be asked about now. Without one all can.
    pub(super) fn take(&mut self, piece: Option<CaptureBatch>) -> VecDeque<CaptureBatch> {
        if let Some(piece) = &piece {
            piece.exchanges.iter().for_each(|it| self.exchanges.exchange(ExchangeFacts::of(it)));
            let owners = piece.owners.iter().map(|it| (it.conn, Arc::clone(&it.owner)));
            self.owners.extend(owners);
        }
        self.held.take(piece)
    }

    /// Whether there is no filter.
    pub(super) fn is_everything(&self) -> bool {
        self.let_through.is_everything()
    }

    /// Takes note of the next record; tells whether it is let through.
    pub(super) fn record(
        &mut self,
        record: &Record,
        conn: Option<&ConnInfo>,
        remark: Option<&RecordRemark>,
    ) -> bool {
        let known = KnownOfRecord {
            conn,
            owner: self.owners.get(&record.conn).map(Arc::as_ref),
            exchange: self.exchanges.exchange_of(record),
            comment: remark.and_then(|it| it.comment.as_deref()),
        };
        self.let_through.record_of(record, known)
    }

    /// Whether an exchange is; `bodies` are those of its request and its answer.
    pub(super) fn exchange(
        &self,
        exchange: &Exchange,
        conn: Option<&ConnInfo>,
        bodies: &[Vec<u8>; 2],
    ) -> bool {
        let owner = self.owners.get(&exchange.conn).map(Arc::as_ref);
        self.let_through.exchange(exchange, (conn, owner), bodies)
    }
}
