//! `wirebench open FILE` where there is no screen: prints a file of traffic as JSON Lines.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::exit;
use super::interrupts::Interrupts;
use super::let_through::LetThrough;
use super::opened_filter::OpenedFilter;
use super::output::{self, Output, RunOutcome};
use crate::args;
use crate::engine::clock;
use crate::interop::har::HarLogs;
use crate::interop::ndjson;
use crate::interop::pcap::{CaptureBatch, ToldOwner, ToldThing};
use crate::interop::told_streams::ToldStreams;
use crate::model::answer_clock::AnswerClocks;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{ConnId, SessionId};
use crate::model::record::ConnInfo;
use crate::model::secrets::Disclosure;
use crate::store;

/// Pieces that were read and not printed; the reader waits.
const PIECES: usize = 4;

/// Prints the file.
pub(super) async fn run(
    arguments: &args::Open,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> Result<RunOutcome, Failure> {
    let let_through = LetThrough::read(arguments.filter.as_deref(), clock::now())
        .map_err(|failure| failure.composed_for(Stage::ComposeOpening))?;
    let (sender, mut pieces) = mpsc::channel(PIECES);
    let path = arguments.file.clone();
    let filter = OpenedFilter::new(let_through, path.is_file());
    let reading = tokio::task::spawn_blocking(move || {
        let mut each = |batch: CaptureBatch, _| sender.blocking_send(batch).is_ok();
        store::read_capture(&path, SessionId(0), &mut each)
    });
    let mut printed = PrintedCapture::new(filter);
    let mut has_more = true;
    while has_more {
        let patience = printed.filter.patience();
        let told = tokio::select! {
            biased;
            () = interrupts.next() => return Ok(RunOutcome::Interrupted),
            piece = output.taking(pieces.recv()) => {
                let piece = piece?;
                has_more = piece.is_some();
                printed.filter.take(piece)
            }
            () = clock::at(patience) => printed.filter.take(None),
        };
        for batch in told {
            printed.print(batch, output);
        }
    }
    match reading.await {
        Ok(Ok(words)) => output::note(&words),
        Ok(Err(failure)) if failure.kind == FailureKind::Io => {
            output::print_failure(&failure);
            return Ok(RunOutcome::Done(exit::INTERRUPTED));
        }
        Ok(Err(failure)) => return Err(failure),
        Err(_) => {}
    }
    Ok(RunOutcome::Done(exit::OK))
}

/// What was printed so far.
struct PrintedCapture {
    conns: HashMap<ConnId, ConnInfo>,
    streams: ToldStreams,
    filter: OpenedFilter,
    answers: AnswerClocks,
    /// What HAR files say besides their entries.
    logs: HarLogs,
}

impl PrintedCapture {
    /// Nothing was printed.
    fn new(filter: OpenedFilter) -> Self {
        PrintedCapture {
            conns: HashMap::new(),
            streams: ToldStreams::default(),
            filter,
            answers: AnswerClocks::default(),
            logs: HarLogs::default(),
        }
    }

    fn print(&mut self, batch: CaptureBatch, output: &mut Output) {
        self.conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
        let mut remarks = batch.remarks.into_iter().peekable();
        let mut found = batch.owners.into_iter().peekable();
        let (mut told_lines, mut made) =
            (batch.told.into_iter().peekable(), batch.made.into_iter().peekable());
        for (at, record) in batch.records.iter().enumerate() {
            while let Some(line) = told_lines.next_if(|line| line.before <= at) {
                self.print_told(&line.what, output);
            }
            while let Some(told) = found.next_if(|it| it.at < record.at) {
                self.print_owner(&told, output);
            }
            let conn = self.conns.get(&record.conn);
            let told = self.streams.tell(record);
            let remark = remarks.next_if(|remark| remark.of == at);
            let after = self.answers.next(record);
            // Of an exchange that is a line by itself its messages are none.
            let is_told = remark.as_ref().is_some_and(|it| it.comment.is_some());
            if made.next_if_eq(&at).is_some() && !is_told {
                continue;
            }
            if self.filter.record(record, conn, remark.as_ref()) {
                output.json(&ndjson::remarked(record, conn, &told, (after, remark.as_ref())));
            }
        }
        told_lines.for_each(|line| self.print_told(&line.what, output));
        found.for_each(|told| self.print_owner(&told, output));
    }

    /// A line that is no record: an exchange if the filter lets it through, losses where all is printed.
    fn print_told(&mut self, told: &ToldThing, output: &mut Output) {
        match told {
            ToldThing::Exchange(told) => {
                let conn = self.conns.get(&told.exchange.conn);
                let ndjson::Bodies { request, response } = told.bodies();
                let bodies = [request, response].map(|body| body.unwrap_or_default().to_vec());
                if self.filter.exchange(&told.exchange, conn, &bodies) {
                    let is_new = self.logs.meet(&told.exchange);
                    let (all, told_of) = (told.bodies(), &Disclosure::default());
                    output.json(&ndjson::exchange_of(&told.exchange, all, told_of, is_new));
                }
            }
            ToldThing::Lost(lost, at) if self.filter.is_everything() => {
                output.json(&ndjson::lost(*lost, *at));
            }
            ToldThing::Lost(..) => {}
        }
    }

    /// Whose a peer was, in its place where all is printed.
    fn print_owner(&self, told: &ToldOwner, output: &mut Output) {
        if self.filter.is_everything() {
            let conn = self.conns.get(&told.conn);
            output.json(&ndjson::peer(told.conn, conn, &told.owner, told.at));
        }
    }
}
