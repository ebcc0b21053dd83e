//! The file of `--har`: an entry for each exchange that is over. It appears whole, when all is over.
//!
//! Who sends, serves or relays HTTP tells its exchanges. Those that are said over TCP without anybody
//! knowing of it, as by clients of SOCKS5, are put together from the bytes.

use std::collections::HashMap;

use super::capture_file::CaptureFile;
use crate::cli::exit;
use crate::cli::output;
use crate::cli::output_file::OutputFile;
use crate::engine::event::Batch;
use crate::interop::har::{self, HarBodies};
use crate::interop::opened_exchanges::OpenedExchanges;
use crate::model::counts::counted;
use crate::model::failure::Failure;
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Record};
use crate::model::secrets::Disclosure;

/// Entries so far, and where they go.
pub(super) struct HarCapture {
    pub(super) file: CaptureFile,
    /// What gives the file its name; `None` = it goes to standard output.
    place: Option<OutputFile>,
    is_first: bool,
    /// Connections that spoke something else.
    others: u64,
    /// What is said over TCP.
    streams: Box<OpenedExchanges>,
    /// What may be told of it.
    told: Disclosure,
}

impl HarCapture {
    /// Begins the file of this name.
    pub(super) fn begin(name: &str, told: &Disclosure) -> Result<Self, Failure> {
        let place = (name != "-").then(|| OutputFile::begin_private(name)).transpose()?;
        let mut file = match &place {
            Some(place) => CaptureFile::of("--har", name, place.file()?),
            None => CaptureFile::begin("--har", name)?,
        };
        file.push(har::begin().as_bytes());
        let (streams, told) = (Box::default(), told.clone());
        Ok(HarCapture { file, place, is_first: true, others: 0, streams, told })
    }

    /// From now on this may be told in it.
    pub(super) fn tell(&mut self, told: &Disclosure) {
        self.told = told.clone();
    }

    /// Adds the exchanges that are over by this and that nobody else tells of.
    pub(super) fn take_in(&mut self, batch: &Batch, conns: &HashMap<ConnId, ConnInfo>) {
        let is_stream = |conn: &ConnInfo| is_untold(conn) && conn.capabilities().connections;
        let met: Vec<ConnInfo> =
            batch.conns.iter().filter(|conn| is_stream(conn)).cloned().collect();
        let is_said = |record: &&Record| conns.get(&record.conn).is_some_and(is_stream);
        let said: Vec<Record> = batch.records.iter().filter(is_said).cloned().collect();
        let found = self.streams.take(&met, &said);
        for bodies in self.streams.take_bodies() {
            let is_it = |of: ConnId, number| (of, number) == (bodies.conn, bodies.number);
            let Some(exchange) = found.iter().find(|it| is_it(it.conn, it.number)) else {
                continue;
            };
            let both = HarBodies { request: &bodies.request, response: &bodies.response };
            let entry = har::entry(exchange, both, &self.told);
            // It was left out as long as nothing was known of it.
            self.others = self.others.saturating_sub(u64::from(bodies.number == 0));
            self.entry(&entry);
        }
        for conn in &batch.over {
            self.streams.over(*conn);
        }
    }

    /// Adds the entry of an exchange.
    pub(super) fn entry(&mut self, entry: &str) {
        self.file.push(har::separator(std::mem::take(&mut self.is_first)).as_bytes());
        self.file.push(entry.as_bytes());
    }

    /// A connection that has no exchanges.
    pub(super) fn leave_out(&mut self) {
        self.others += 1;
    }

    /// Nothing more happens.
    pub(super) fn finish(&mut self) {
        let others = self.others;
        let words = (others > 0).then(|| {
            format!(
                "{} without HTTP left out: HAR holds HTTP alone; --pcapng and --jsonl hold them",
                counted(others, "connection")
            )
        });
        if let Some(words) = &words {
            output::note(&format!("--har: {words}"));
        }
        self.file.push(har::end(words.as_deref()).as_bytes());
    }

    /// All was written, or not: gives the file its name, or leaves what there is of it beside. Whether
    /// it has its name.
    pub(super) async fn conclude(self: Box<Self>, is_whole: bool) -> bool {
        let Some(place) = self.place else { return is_whole };
        let written = if is_whole { exit::OK } else { exit::INTERRUPTED };
        place.conclude(Ok(written)).await == Ok(exit::OK)
    }
}

/// Whether nobody tells what is said on a connection as exchanges, and its bytes are: of a relay the
/// client's half has them.
pub(super) fn is_untold(conn: &ConnInfo) -> bool {
    conn.peer.is_some() && !conn.is_onward() && !conn.capabilities().exchanges
}
