//! The files of `--pcapng`, `--har` and `--jsonl`: everything that happens, beside what is printed.
//!
//! ```text
//! Headless::next_event ─► Captures::ready (a disk that is behind makes the streams wait)
//!                      ─► Captures::take_in ─► PcapngWriter, HAR, JSON Lines ─► CaptureFile
//! ```
//! Written as it happens, so that the file can be read at any moment, but for HAR, which appears whole; a file that cannot be written
//! any more ends that capture with a word, and nothing else.

mod both_ends;
mod capture_file;
mod har_capture;
mod seen_exchanges;
mod seen_traffic;

use std::collections::HashMap;

use tokio::time::timeout_at;

use super::exit;
use super::interrupts::Interrupts;
use super::output;
use crate::args::{CaptureArgs, Common};
use crate::console::output_is_terminal;
use crate::engine::event::{Batch, Event};
use crate::interop::hidden_bytes::HiddenBytes;
use crate::interop::ndjson;
use crate::interop::pcapng::PcapngWriter;
use crate::interop::told_streams::ToldStreams;
use crate::interop::web_socket_talk::{WebSocketTalk, WebSocketTalks};
use crate::model::answer_clock::AnswerClocks;
use crate::model::exchange::Exchange;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::record::ConnInfo;
use crate::model::secrets::Disclosure;
use crate::model::timing::Stamp;
use both_ends::BothEnds;
use capture_file::CaptureFile;
use har_capture::HarCapture;
pub use seen_exchanges::SeenExchanges;
pub use seen_traffic::SeenTraffic;

/// What is written where.
#[derive(Default)]
pub struct Captures {
    files: CaptureArgs,
    pcapng: Option<PacketCapture>,
    har: Option<Box<HarCapture>>,
    lines: Option<LineCapture>,
    /// Kept to be looked at afterwards, where that is wanted.
    pub(super) seen: Option<Box<SeenTraffic>>,
    /// Connections that are not over.
    conns: HashMap<ConnId, ConnInfo>,
    /// What is said where HTTP became `WebSocket`, for HAR.
    talks: WebSocketTalks,
}

struct PacketCapture {
    writer: PcapngWriter,
    ends: BothEnds,
    hidden: HiddenBytes,
    file: CaptureFile,
}

struct LineCapture {
    streams: ToldStreams,
    answers: AnswerClocks,
    file: CaptureFile,
}

/// An exchange that is over, in the words of each file that wants it.
#[derive(Default)]
pub(super) struct ExchangeWords {
    pub(super) entry: Option<String>,
    pub(super) line: Option<String>,
}

impl Captures {
    /// Those that were named; nothing is opened before something happens.
    pub(super) fn named(common: &Common) -> Result<Self, Failure> {
        let files = common.captures.clone();
        let outputs = files.names().filter(|name| *name == "-").count();
        let usage = |cause| Err(Failure::new(Stage::Compose, "-", FailureKind::Usage, cause));
        if outputs > 1 {
            return usage("standard output cannot be two captures");
        }
        if files.pcapng.as_deref() == Some("-") && output_is_terminal() && !common.force {
            return usage("a capture is no text for a terminal; pipe it, or name a file");
        }
        Ok(Captures { files, ..Captures::default() })
    }

    /// Opens the files; `told` is what may be told in them.
    pub(super) fn begin(&mut self, told: &Disclosure) -> Result<(), Failure> {
        if let Some(name) = &self.files.pcapng {
            let file = CaptureFile::begin("--pcapng", name)?;
            let writer = match told {
                Disclosure::Everything => PcapngWriter::with_ciphertext(),
                Disclosure::Hiding(_) => PcapngWriter::new(),
            };
            let hidden = HiddenBytes::new(told.clone());
            let ends = BothEnds::default();
            let capture = self.pcapng.insert(PacketCapture { writer, ends, hidden, file });
            capture.write();
        }
        if let Some(name) = &self.files.har {
            self.har = Some(Box::new(HarCapture::begin(name, told)?));
        }
        if let Some(name) = &self.files.jsonl {
            let file = CaptureFile::begin("--jsonl", name)?;
            let (streams, answers) = (ToldStreams::new(told.clone()), AnswerClocks::default());
            self.lines = Some(LineCapture { streams, answers, file });
        }
        Ok(())
    }

    /// From now on this may be told in them.
    pub(super) fn tell(&mut self, told: &Disclosure) {
        if let Some(capture) = &mut self.pcapng {
            capture.hidden.tell(told);
        }
        if let Some(capture) = &mut self.lines {
            capture.streams.told_from_now_on(told);
        }
        if let Some(capture) = &mut self.har {
            capture.tell(told);
        }
    }

    /// Waits until the files have room for more. Cancel-safe.
    pub(super) async fn ready(&mut self) {
        for file in self.files() {
            file.ready().await;
        }
    }

    fn files(&mut self) -> impl Iterator<Item = &mut CaptureFile> {
        let packets = self.pcapng.as_mut().map(|capture| &mut capture.file);
        let har = self.har.as_mut().map(|capture| &mut capture.file);
        let lines = self.lines.as_mut().map(|capture| &mut capture.file);
        packets.into_iter().chain(har).chain(lines)
    }

    /// Whether what happens is kept anywhere.
    pub(super) fn is_asked_for(&self) -> bool {
        self.files.names().next().is_some() || self.seen.is_some()
    }

    /// The program that was watched is over, by this signal where it did not end by itself.
    pub(super) fn program_ended(&mut self, signal: Option<i32>) {
        if let Some(seen) = &mut self.seen {
            seen.program_ended(signal);
        }
    }

    /// Whether an entry, and a line, is wanted of an exchange.
    pub(super) fn wants(&self) -> (bool, bool) {
        (self.har.is_some(), self.lines.is_some())
    }

    /// Writes what happened; `words` are those of an exchange that is over.
    pub(super) fn take_in(&mut self, event: &Event, words: &ExchangeWords, now: Stamp) {
        if let Event::Traffic(batch) = event {
            self.on_traffic(batch, now);
        }
        if let Some(seen) = &mut self.seen {
            seen.take_in(event);
        }
        if let (Some(capture), Event::Ciphertext(pieces)) = (&mut self.pcapng, event) {
            for piece in pieces.iter().filter(|piece| !capture.ends.is_other(piece.conn())) {
                capture.writer.ciphertext(piece);
            }
            capture.write();
        }
        if let (Some(capture), Event::PeerFound { conn, info, owner, .. }) =
            (&mut self.lines, event)
        {
            // One that is over is not known here any more.
            let info = self.conns.get(conn).or(info.as_deref());
            let line = ndjson::peer(*conn, info, owner, now);
            capture.file.push(format!("{line}\n").as_bytes());
        }
        if let (Some(capture), Some(entry)) = (&mut self.har, &words.entry) {
            capture.entry(entry);
        }
        if let (Some(capture), Some(line)) = (&mut self.lines, &words.line) {
            capture.file.push(format!("{line}\n").as_bytes());
        }
    }

    fn on_traffic(&mut self, batch: &Batch, now: Stamp) {
        if self.files().next().is_none() {
            return;
        }
        for conn in &batch.conns {
            let is_new = self.conns.insert(conn.id, conn.clone()).is_none();
            let is_other = har_capture::is_untold(conn);
            if let Some(capture) = self.har.as_mut().filter(|_| is_new && is_other) {
                capture.leave_out();
            }
        }
        if let Some(capture) = &mut self.pcapng {
            capture.take_in(batch, &self.conns);
        }
        if let Some(capture) = &mut self.lines {
            capture.take_in(batch, &self.conns, now);
        }
        if let Some(capture) = &mut self.har {
            capture.take_in(batch, &self.conns);
            for record in &batch.records {
                self.talks.record(record, self.conns.get(&record.conn), true);
            }
        }
        for conn in &batch.over {
            self.conns.remove(conn);
            self.talks.over(*conn);
        }
    }

    /// What was said on the WebSocket that this exchange opened.
    pub(super) fn talk_of(&mut self, exchange: &Exchange) -> Option<WebSocketTalk> {
        self.talks.of(exchange)
    }

    /// Nothing more happens: the end of each file.
    pub(super) fn finish(&mut self) {
        if let Some(capture) = &mut self.pcapng {
            capture.writer.finish();
            capture.write();
            if let Some(words) = capture.writer.left_out().words() {
                output::note(&format!("--pcapng: {words}"));
            }
        }
        if let Some(capture) = &mut self.har {
            capture.finish();
        }
    }

    /// Waits until all is written, a second at most after a signal; returns the exit status.
    pub(super) async fn conclude(
        mut self,
        ended: Result<u8, Failure>,
        interrupts: &mut Interrupts,
    ) -> Result<u8, Failure> {
        let mut is_whole = true;
        let mut is_har_whole = true;
        for file in self.files() {
            let is_written = if let Some(end) = interrupts.printing_ends() {
                timeout_at(end, file.drained()).await.unwrap_or(false)
            } else {
                tokio::select! {
                    biased;
                    is_written = file.drained() => is_written,
                    () = interrupts.next() => false,
                }
            };
            is_whole &= is_written;
            is_har_whole &= is_written || !file.is_of("--har");
        }
        if let Some(capture) = self.har {
            is_whole &= capture.conclude(is_har_whole).await;
        }
        match ended {
            Ok(exit::OK) if !is_whole => Ok(exit::INTERRUPTED),
            ended => ended,
        }
    }
}

impl PacketCapture {
    fn take_in(&mut self, batch: &Batch, conns: &HashMap<ConnId, ConnInfo>) {
        batch.lost.iter().for_each(|lost| self.writer.lost(*lost));
        batch.conns.iter().for_each(|conn| self.ends.met(conn));
        let conns_of_ours = batch.conns.iter().filter(|conn| !self.ends.is_other(conn.id));
        conns_of_ours.for_each(|conn| self.writer.conn(conn));
        let written = batch.records.iter().filter(|record| !self.ends.is_other(record.conn));
        for record in written {
            let hidden = self.hidden.of(record, conns.get(&record.conn));
            self.writer.record(record, &hidden);
        }
        for conn in &batch.over {
            if !self.ends.is_other(*conn) {
                self.writer.over(*conn);
            }
            self.ends.over(*conn);
            self.hidden.over(*conn);
        }
        self.write();
    }

    fn write(&mut self) {
        self.file.push(&self.writer.take());
    }
}

impl LineCapture {
    fn take_in(&mut self, batch: &Batch, conns: &HashMap<ConnId, ConnInfo>, now: Stamp) {
        let mut text = String::new();
        for record in &batch.records {
            let told = self.streams.tell(record);
            let (conn, after) = (conns.get(&record.conn), self.answers.next(record));
            text.push_str(&ndjson::record(record, conn, &told, after));
            text.push('\n');
        }
        for lost in &batch.lost {
            text.push_str(&ndjson::lost(*lost, now));
            text.push('\n');
        }
        self.file.push(text.as_bytes());
        for conn in &batch.over {
            self.streams.over(*conn);
            self.answers.over(*conn);
        }
    }
}
