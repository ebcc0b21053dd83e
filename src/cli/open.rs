//! `wirebench open FILE` where there is no screen: prints a file of traffic as JSON Lines.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::exit;
use super::interrupts::Interrupts;
use super::output::{self, Output, RunOutcome};
use crate::args;
use crate::interop::ndjson;
use crate::interop::pcap::CaptureBatch;
use crate::interop::told_streams::ToldStreams;
use crate::model::failure::{Failure, FailureKind};
use crate::model::id::{ConnId, SessionId};
use crate::model::record::ConnInfo;
use crate::store;

/// Pieces that were read and not printed; the reader waits.
const PIECES: usize = 4;

/// Prints the file.
pub(super) async fn run(
    arguments: &args::Open,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> Result<RunOutcome, Failure> {
    let (sender, mut pieces) = mpsc::channel(PIECES);
    let path = arguments.file.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let mut each = |batch: CaptureBatch, _| sender.blocking_send(batch).is_ok();
        store::read_capture(&path, SessionId(0), &mut each)
    });
    let mut printed = PrintedCapture::default();
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
}

impl PrintedCapture {
    fn print(&mut self, batch: CaptureBatch, output: &mut Output) {
        self.conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
        for record in &batch.records {
            let told = self.streams.tell(record);
            output.json(&ndjson::record(record, self.conns.get(&record.conn), &told));
        }
    }
}
