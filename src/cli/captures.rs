//! The files of `--pcapng` and `--jsonl`: everything that happens, beside what is printed.
//!
//! ```text
//! Headless::next_event ─► Captures::ready (a disk that is behind makes the streams wait)
//!                      ─► Captures::take_in ─► PcapngWriter, JSON Lines ─► CaptureFile
//! ```
//! Written as it happens, so that each file can be read at any moment; a file that cannot be written
//! any more ends that capture with a word, and nothing else.

mod capture_file;

use std::collections::HashMap;

use tokio::time::timeout_at;

use super::exit;
use super::headless::Interrupts;
use super::output;
use crate::args::Common;
use crate::console::output_is_terminal;
use crate::engine::event::{Batch, Event};
use crate::interop::hidden_bytes::HiddenBytes;
use crate::interop::ndjson;
use crate::interop::pcapng::PcapngWriter;
use crate::interop::told_streams::ToldStreams;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::record::ConnInfo;
use crate::model::secrets::Disclosure;
use crate::model::timing::Stamp;
use capture_file::CaptureFile;

/// What is written where.
#[derive(Default)]
pub struct Captures {
    pcapng: Option<PacketCapture>,
    lines: Option<LineCapture>,
    /// Connections that are not over.
    conns: HashMap<ConnId, ConnInfo>,
}

struct PacketCapture {
    writer: PcapngWriter,
    hidden: HiddenBytes,
    file: CaptureFile,
}

struct LineCapture {
    streams: ToldStreams,
    file: CaptureFile,
}

impl Captures {
    /// Opens the files that were named.
    pub(super) fn begin(common: &Common) -> Result<Self, Failure> {
        let arguments = &common.captures;
        let outputs = arguments.names().filter(|name| *name == "-").count();
        let usage = |cause| Err(Failure::new(Stage::Compose, "-", FailureKind::Usage, cause));
        if outputs > 1 {
            return usage("standard output cannot be two captures");
        }
        if arguments.pcapng.as_deref() == Some("-") && output_is_terminal() && !common.force {
            return usage("a capture is no text for a terminal; pipe it, or name a file");
        }
        let packets = |name: &String| -> Result<_, Failure> {
            let file = CaptureFile::open("--pcapng", name)?;
            let (writer, hidden) = (PcapngWriter::new(), HiddenBytes::default());
            let mut capture = PacketCapture { writer, hidden, file };
            capture.write();
            Ok(capture)
        };
        let lines = |name: &String| -> Result<_, Failure> {
            let file = CaptureFile::open("--jsonl", name)?;
            Ok(LineCapture { streams: ToldStreams::default(), file })
        };
        Ok(Captures {
            pcapng: arguments.pcapng.as_ref().map(packets).transpose()?,
            lines: arguments.jsonl.as_ref().map(lines).transpose()?,
            conns: HashMap::new(),
        })
    }

    /// What may be told of secrets from now on.
    pub(super) fn tell(&mut self, told: &Disclosure) {
        if let Some(capture) = &mut self.pcapng {
            capture.hidden = HiddenBytes::new(told.clone());
        }
        if let Some(capture) = &mut self.lines {
            capture.streams = ToldStreams::new(told.clone());
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
        let lines = self.lines.as_mut().map(|capture| &mut capture.file);
        packets.into_iter().chain(lines)
    }

    /// Writes what happened. `line` is that of an exchange that is over.
    pub(super) fn take_in(&mut self, event: &Event, line: Option<String>, now: Stamp) {
        if let Event::Traffic(batch) = event {
            self.on_traffic(batch, now);
        }
        if let (Some(capture), Some(line)) = (&mut self.lines, line) {
            capture.file.push(format!("{line}\n").as_bytes());
        }
    }

    /// Whether lines of exchanges are wanted.
    pub(super) fn wants_lines(&self) -> bool {
        self.lines.is_some()
    }

    fn on_traffic(&mut self, batch: &Batch, now: Stamp) {
        if self.pcapng.is_none() && self.lines.is_none() {
            return;
        }
        for conn in &batch.conns {
            self.conns.insert(conn.id, conn.clone());
        }
        if let Some(capture) = &mut self.pcapng {
            capture.take_in(batch, &self.conns);
        }
        if let Some(capture) = &mut self.lines {
            capture.take_in(batch, &self.conns, now);
        }
        for conn in &batch.over {
            self.conns.remove(conn);
        }
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
    }

    /// Waits until all is written, a second at most after a signal; returns the exit status.
    pub(super) async fn conclude(
        mut self,
        ended: Result<u8, Failure>,
        interrupts: &mut Interrupts,
    ) -> Result<u8, Failure> {
        let mut is_whole = true;
        for file in self.files() {
            is_whole &= match interrupts.printing_ends() {
                Some(end) => timeout_at(end, file.drained()).await.unwrap_or(false),
                None => tokio::select! {
                    biased;
                    is_written = file.drained() => is_written,
                    () = interrupts.next() => false,
                },
            };
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
        batch.conns.iter().for_each(|conn| self.writer.conn(conn));
        for record in &batch.records {
            let hidden = self.hidden.of(record, conns.get(&record.conn));
            self.writer.record(record, &hidden);
        }
        for conn in &batch.over {
            self.writer.over(*conn);
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
            text.push_str(&ndjson::record(record, conns.get(&record.conn), &told));
            text.push('\n');
        }
        for lost in &batch.lost {
            text.push_str(&ndjson::lost(*lost, now));
            text.push('\n');
        }
        self.file.push(text.as_bytes());
        batch.over.iter().for_each(|conn| self.streams.over(*conn));
    }
}
