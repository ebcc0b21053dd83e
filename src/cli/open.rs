//! `wirebench open FILE` where there is no screen: prints a file of traffic as JSON Lines.

use std::collections::HashMap;
use std::path::Path;

use tokio::sync::mpsc;

use super::exit;
use super::interrupts::Interrupts;
use super::let_through::LetThrough;
use super::output::{self, Output, RunOutcome};
use crate::args;
use crate::engine::clock;
use crate::interop::ndjson;
use crate::interop::pcap::CaptureBatch;
use crate::interop::told_streams::ToldStreams;
use crate::model::answer_clock::AnswerClocks;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::failure::{Failure, FailureKind};
use crate::model::id::{ConnId, SessionId};
use crate::model::record::ConnInfo;
use crate::store;
use crate::timeline::Timeline;

/// Pieces that were read and not printed; the reader waits.
const PIECES: usize = 4;

/// Prints the file.
pub(super) async fn run(
    arguments: &args::Open,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> Result<RunOutcome, Failure> {
    let let_through = LetThrough::read(arguments.filter.as_deref(), clock::now())?;
    let (sender, mut pieces) = mpsc::channel(PIECES);
    let path = arguments.file.clone();
    let looks_ahead = let_through.reads_exchanges() && path.is_file();
    let exchanges = looks_ahead.then(|| {
        tokio::task::spawn_blocking({
            let path = path.clone();
            move || exchanges(&path)
        })
    });
    let exchanges = match exchanges {
        Some(read) => tokio::select! {
            biased;
            () = interrupts.next() => return Ok(RunOutcome::Interrupted),
            read = read => read.unwrap_or_default(),
        },
        None => Timeline::default(),
    };
    let reading = tokio::task::spawn_blocking(move || {
        let mut each = |batch: CaptureBatch, _| sender.blocking_send(batch).is_ok();
        store::read_capture(&path, SessionId(0), &mut each)
    });
    let mut printed = PrintedCapture { let_through, exchanges, ..PrintedCapture::default() };
    loop {
        tokio::select! {
            biased;
            () = interrupts.next() => return Ok(RunOutcome::Interrupted),
            piece = output.taking(pieces.recv()) => match piece? {
                Some(batch) => printed.print(batch, output),
                None => break,
            },
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
#[derive(Default)]
struct PrintedCapture {
    conns: HashMap<ConnId, ConnInfo>,
    streams: ToldStreams,
    let_through: LetThrough,
    answers: AnswerClocks,
    /// What the whole file tells of exchanges, when the filter asks; no records.
    exchanges: Timeline,
}

/// What a file tells of exchanges: whether a request is let through may depend on its answer, far
/// behind it. What is wrong with the file is told when it is printed.
fn exchanges(path: &Path) -> Timeline {
    let mut known = Timeline::default();
    let mut each = |batch: CaptureBatch, _| {
        batch.exchanges.iter().for_each(|it| known.exchange(ExchangeFacts::of(it)));
        true
    };
    let _ = store::read_capture(path, SessionId(0), &mut each);
    known
}

impl PrintedCapture {
    fn print(&mut self, batch: CaptureBatch, output: &mut Output) {
        self.conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
        let mut remarks = batch.remarks.into_iter().peekable();
        for (at, record) in batch.records.iter().enumerate() {
            let conn = self.conns.get(&record.conn);
            let told = self.streams.tell(record);
            let remark = remarks.next_if(|remark| remark.of == at);
            let after = self.answers.next(record);
            // A file does not tell whose a peer was.
            let exchange = self.exchanges.exchange_of(record);
            if self.let_through.record_of(record, conn, None, exchange) {
                output.json(&ndjson::remarked(record, conn, &told, (after, remark.as_ref())));
            }
        }
    }
}
