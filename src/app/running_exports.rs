//! Exports under way: how far each is, and the next piece of it.
//!
//! A piece is made of the timeline between two keys (`timeline/picking.rs`); what is written is
//! what was there when it began, but for one into a program, which goes on with what comes.

use std::collections::BTreeSet;

use super::columns::{CellFacts, TrafficColumn};
use super::exporting::{ExportChoice, ExportId, ExportTarget, ExportWish};
use super::shared::Shared;
use crate::interop::export::{ExportFormat, ExportPiece, ExportedRecord, FURTHER_CELLS};
use crate::model::exchange::Exchange;
use crate::model::id::{ConnId, RecordId};
use crate::model::secrets::Disclosure;
use crate::query::Filter;
use crate::timeline::RecordGaps;
use crate::timeline::picking::{PickWish, PickedRecord};

/// Pieces that are on their way to the shell at most.
const IN_FLIGHT: usize = 3;

/// One of them.
#[derive(Debug)]
pub(crate) struct RunningExport {
    pub(crate) id: ExportId,
    pub(crate) wish: ExportWish,
    filter: Filter,
    begin: RecordId,
    next: RecordId,
    /// What was evicted before it began lies before this.
    gone_before: RecordId,
    /// `None` = it goes on with what comes.
    end: Option<RecordId>,
    in_flight: usize,
    /// Exchanges that were written.
    exchanges: BTreeSet<(ConnId, u32)>,
    /// Connections of which it was told whose their peers are.
    owned: BTreeSet<ConnId>,
    /// Connections that are over since the last piece.
    over: Vec<ConnId>,
    is_finished: bool,
    /// How many secrets of captures that were opened are in it.
    secrets: usize,
}

/// What is to be done for an export now.
#[derive(Debug)]
pub(crate) enum ExportTurn {
    Piece(Box<ExportPiece>),
    /// Nothing was found so far.
    Later,
    Finish,
    Wait,
}

/// All that are under way.
#[derive(Debug, Default)]
pub struct RunningExports {
    pub(crate) list: Vec<RunningExport>,
    pub(crate) last: ExportId,
    /// The timer that goes on is under way.
    pub(crate) is_due: bool,
}

impl RunningExports {
    /// The one into a file, or into a program.
    pub(crate) fn of(&self, is_live: bool) -> Option<&RunningExport> {
        self.list.iter().find(|it| it.is_live() == is_live)
    }

    /// How far they are, in words; none when there is none. `[export]` and `[pipe-live]` stand for keys.
    pub(crate) fn told(&self) -> Option<String> {
        let words = self.list.iter().map(|it| match it.progress() {
            Some(percent) => format!("exporting {percent} %, [export] cancels"),
            None => "piping live, [pipe-live] ends it".to_owned(),
        });
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| words.join(" · "))
    }
}

impl RunningExport {
    /// One that begins now; `shown` is the filter in force.
    pub(crate) fn new(id: ExportId, wish: ExportWish, shared: &Shared, shown: &Filter) -> Self {
        let filter = match wish.choice {
            ExportChoice::All => Filter::default(),
            ExportChoice::Shown => shown.clone(),
            ExportChoice::Marked => Filter::parse("marked").unwrap_or_default(),
        };
        let is_live = matches!(wish.target, ExportTarget::Program(_));
        let end = (!is_live).then(|| shared.timeline.next_id());
        // What went before it was asked for is told as a sum, and marked records are older than the rest.
        let begin = shared.timeline.oldest();
        RunningExport {
            id,
            wish,
            filter,
            begin,
            next: begin,
            gone_before: shared.timeline.first(),
            end,
            in_flight: 0,
            exchanges: BTreeSet::new(),
            owned: BTreeSet::new(),
            over: Vec::new(),
            is_finished: false,
            secrets: 0,
        }
    }

    /// Whether it goes on with what comes.
    pub(crate) fn is_live(&self) -> bool {
        self.end.is_none()
    }

    /// The shell took a piece.
    pub(crate) fn was_taken(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A connection has no further records.
    pub(crate) fn is_over(&mut self, conn: ConnId) {
        if self.is_live() {
            self.over.push(conn);
        }
    }

    /// Percent of the records that were looked at; `None` = there is no end.
    fn progress(&self) -> Option<u64> {
        let (done, all) = (self.next.0 - self.begin.0, self.end?.0.saturating_sub(self.begin.0));
        Some(done * 100 / all.max(1))
    }

    /// Whether it has something to do although nobody tells anything.
    pub(crate) fn has_more(&self, shared: &Shared) -> bool {
        let end = self.end.unwrap_or(shared.timeline.next_id());
        !self.is_finished && self.in_flight < IN_FLIGHT && (self.next < end || !self.is_live())
    }

    /// The next thing to be done.
    pub(crate) fn turn(&mut self, shared: &Shared) -> ExportTurn {
        if !self.has_more(shared) {
            return ExportTurn::Wait;
        }
        let end = self.end.unwrap_or(shared.timeline.next_id());
        if self.next >= end {
            self.is_finished = true;
            return ExportTurn::Finish;
        }
        let is_masked = !self.wish.with_secrets && !self.filter.is_everything();
        // Frames of a WebSocket are told apart by those before them.
        let in_order = self.wish.format == ExportFormat::Har && !self.filter.is_everything();
        let wish = PickWish { with_others: is_masked || in_order, gone_before: self.gone_before };
        let picked = shared.timeline.pick(&self.filter, (self.next, end), wish);
        self.next = picked.next;
        let mut piece = ExportPiece { evicted: picked.evicted, ..ExportPiece::default() };
        let ids = picked.records.iter().map(|it| it.record.conn);
        let conns: BTreeSet<ConnId> = ids.collect();
        piece.conns =
            conns.into_iter().filter_map(|id| shared.timeline.conn(id)).cloned().collect();
        for picked in picked.records {
            if picked.is_chosen {
                self.add_owner(picked.record.conn, shared, &mut piece);
            }
            if picked.is_chosen && self.wish.format.row().has_exchanges {
                self.add_exchange(&picked, shared, &mut piece);
            }
            let cells = if self.wish.format == ExportFormat::Csv && picked.is_chosen {
                self.cells(&picked, shared)
            } else {
                Vec::new()
            };
            piece.records.push(ExportedRecord { cells, ..exported(picked, shared) });
        }
        piece.lost = shared.timeline.losses().collect();
        let secrets = shared.opened.secrets();
        piece.secrets = secrets.iter().skip(self.secrets).cloned().collect();
        self.secrets = secrets.len();
        if self.next >= end {
            piece.over = std::mem::take(&mut self.over);
        }
        if piece.records.is_empty() && piece.evicted == 0 {
            return ExportTurn::Later;
        }
        self.in_flight += 1;
        ExportTurn::Piece(Box::new(piece))
    }

    /// What the list says of a record that is not in it.
    fn cells(&self, picked: &PickedRecord, shared: &Shared) -> Vec<String> {
        let facts = CellFacts { shared, id: picked.id, record: &picked.record };
        let told =
            if self.wish.with_secrets { Disclosure::Everything } else { shared.disclosure() };
        let columns = FURTHER_CELLS.iter().filter_map(|name| TrafficColumn::named(name));
        columns.map(|column| facts.told(column, shared.columns.times, &told)).collect()
    }

    /// Whose the peer of a connection is, when that is known first.
    fn add_owner(&mut self, conn: ConnId, shared: &Shared, piece: &mut ExportPiece) {
        let Some(owner) = shared.timeline.owner(conn) else { return };
        if self.owned.insert(conn) {
            piece.owners.push((conn, owner.clone()));
        }
    }

    /// The exchange that a record is of, when it is met first.
    fn add_exchange(&mut self, picked: &PickedRecord, shared: &Shared, piece: &mut ExportPiece) {
        let record = &picked.record;
        let Some(facts) = shared.timeline.exchange_of(record) else { return };
        let of = record.conn.session;
        if !self.exchanges.insert((facts.conn, facts.number)) {
            return;
        }
        let session = shared.sessions.get(of);
        let kept = session.and_then(|it| it.exchanges.iter().find(|it| it.number == facts.number));
        let kept = kept
            .map(|it| Exchange::clone(it))
            .or_else(|| shared.opened.get(record.conn, facts.number));
        match kept {
            Some(kept) => {
                let started = shared.wall_clock.at(kept.started);
                let without_bytes = shared.timeline.origin(picked.id).is_made;
                piece.exchanges.push(Exchange { started, without_bytes, ..kept });
            }
            None => piece.forgotten += 1,
        }
    }
}

/// A record with what the timeline knows of it, at the wall clock.
fn exported(picked: PickedRecord, shared: &Shared) -> ExportedRecord {
    let PickedRecord { id, mut record, is_chosen } = picked;
    let RecordGaps { delta, latency } = shared.timeline.gaps(id);
    let delta = delta.get();
    let comment = shared.timeline.comment(id).map(str::to_owned);
    record.at = shared.wall_clock.at(record.at);
    let origin = shared.timeline.origin(id);
    ExportedRecord { id, record, is_chosen, delta, latency, comment, origin, cells: Vec::new() }
}
