//! Records and exchanges that were chosen, written for others: one table of formats, one writer for all.
//!
//! ```text
//! ExportPiece ─► ExportWriter::piece ─► what is secret is hidden ─► pcapng, HAR, JSON Lines, CSV, text, raw
//!                                                                    └► take(part): bytes for each file
//! ```
//! Called by the shell of the screen, off its loop. Records come in order and at the wall clock. What of
//! them is not chosen comes too where secrets are hidden, because a value may begin in it; it is looked at
//! and not written.

mod lost_totals;
mod table;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::Offset;

use super::har::{self, HarBodies, HarLogs};
use super::hidden_bytes::HiddenBytes;
use super::ndjson::{self, Bodies};
use super::pcapng::PcapngWriter;
use super::web_socket_talk::WebSocketTalks;
use crate::model::byte_size::size;
use crate::model::capture_origin::CaptureSecrets;
use crate::model::counts::counted;
use crate::model::exchange::Exchange;
use crate::model::id::{ConnId, RecordId};
use crate::model::loss_words::losses_in;
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{
    ConnInfo, Direction, LossTotals, Record, RecordKind, RecordOrigin, RecordRemark,
};
use crate::model::secrets::{Disclosure, masked};
use crate::model::timing::{Lapse, Stamp};
use lost_totals::LostTotals;
use table::ExportRow;

/// What records can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportFormat {
    #[default]
    Pcapng,
    Har,
    JsonLines,
    Csv,
    Text,
    Raw,
}

/// A row of the table of formats.
#[derive(Debug, Clone, Copy)]
pub struct ExportFormatInfo {
    pub format: ExportFormat,
    /// As it is called.
    pub name: &'static str,
    /// What names of its files end with, without the dot.
    pub extension: &'static str,
    pub help: &'static str,
    /// What stands before the extension in the name of each file it writes; one empty word = one file.
    pub parts: &'static [&'static str],
    /// It holds exchanges of HTTP, too, or alone.
    pub has_exchanges: bool,
}

/// Every format there is, in the order it is offered in.
pub const FORMATS: &[ExportFormatInfo] = &[
    ExportFormatInfo {
        format: ExportFormat::Pcapng,
        name: "pcapng",
        extension: "pcapng",
        help: "packets made of what crossed, for Wireshark and tshark",
        parts: &[""],
        has_exchanges: false,
    },
    ExportFormatInfo {
        format: ExportFormat::Har,
        name: "HAR 1.2",
        extension: "har",
        help: "requests and responses with their bodies; HTTP alone",
        parts: &[""],
        has_exchanges: true,
    },
    ExportFormatInfo {
        format: ExportFormat::JsonLines,
        name: "JSON Lines",
        extension: "jsonl",
        help: "an object for each record and exchange, for jq",
        parts: &[""],
        has_exchanges: true,
    },
    ExportFormatInfo {
        format: ExportFormat::Csv,
        name: "CSV",
        extension: "csv",
        help: "the columns of the list, for spreadsheets",
        parts: &[""],
        has_exchanges: false,
    },
    ExportFormatInfo {
        format: ExportFormat::Text,
        name: "text",
        extension: "txt",
        help: "a line for each record and its bytes below, to be read",
        parts: &[""],
        has_exchanges: false,
    },
    ExportFormatInfo {
        format: ExportFormat::Raw,
        name: "raw",
        extension: "bin",
        help: "the bytes alone: a file of what was sent, one of what came",
        parts: &["sent", "received"],
        has_exchanges: false,
    },
];

impl ExportFormat {
    /// Its row in the table.
    #[must_use]
    pub fn row(self) -> &'static ExportFormatInfo {
        &FORMATS[self as usize]
    }

    /// The names of the files it writes when this is the name that was typed.
    #[must_use]
    pub fn file_names(self, typed: &str) -> Vec<String> {
        let named = |part: &&str| match typed.rsplit_once('.') {
            _ if part.is_empty() => typed.to_owned(),
            Some((stem, extension)) if !extension.contains('/') && !stem.is_empty() => {
                format!("{stem}.{part}.{extension}")
            }
            _ => format!("{typed}.{part}"),
        };
        self.row().parts.iter().map(named).collect()
    }
}

/// How times are written where people read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportTimes {
    /// Date and time with microseconds, so far from UTC.
    At(Offset),
    /// Seconds since then.
    Since(Stamp),
}

/// A record on its way into a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedRecord {
    pub id: RecordId,
    pub record: Record,
    /// It is written; else it is only looked at for what is secret.
    pub is_chosen: bool,
    /// Since the record before on its connection.
    pub delta: Option<Duration>,
    /// Since the bytes the other way that it answers.
    pub latency: Lapse,
    pub comment: Option<String>,
    pub origin: RecordOrigin,
    /// What else the list says of it, as it may be told: of [`FURTHER_CELLS`] each; empty where nobody writes it.
    pub cells: Vec<String>,
}

/// Columns of CSV whose values come with each record.
pub const FURTHER_CELLS: [&str; 8] =
    ["peer", "local", "process", "host", "method", "path", "status", "contract"];

/// Records that follow each other, and what is known of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExportPiece {
    /// The connections of these records.
    pub conns: Vec<ConnInfo>,
    pub records: Vec<ExportedRecord>,
    /// Exchanges that are chosen.
    pub exchanges: Vec<Exchange>,
    pub lost: Vec<LossTotals>,
    /// Secrets of captures that were opened, each told once.
    pub secrets: Vec<CaptureSecrets>,
    /// Whose the peers of connections are, each told once.
    pub owners: Vec<(ConnId, Arc<PeerOwner>)>,
    /// Connections without further records.
    pub over: Vec<ConnId>,
    /// Exchanges that are chosen and not kept any more.
    pub forgotten: u64,
    /// Records that were evicted before they could be written.
    pub evicted: u64,
}

/// Bodies of an exchange after their content codings, as far as they are kept.
#[derive(Debug, Clone, Default)]
pub struct ExportedBodies {
    pub request: Vec<u8>,
    pub response: Vec<u8>,
}

/// Why an export with everything in it holds TLS decrypted all the same.
const NO_CIPHERTEXT: &str = "TLS is decrypted, since its ciphertext is not kept (a capture as it happens has it: \
     --pcapng FILE --with-secrets)";

/// What is not in packets of a capture that was opened.
const MADE_ANEW: &str = "packets of captures are made anew, without link layers, retransmissions and what is neither TCP nor UDP";

/// Writes one format.
#[derive(Debug)]
pub struct ExportWriter {
    format: ExportFormat,
    times: ExportTimes,
    told: Disclosure,
    hidden: HiddenBytes,
    conns: HashMap<ConnId, ConnInfo>,
    packets: Option<PcapngWriter>,
    out: [Vec<u8>; 2],
    written: ExportCounts,
    /// Connections whose bytes are in a file of bytes alone.
    mixed: HashSet<ConnId>,
    /// Connections of which there are exchanges.
    with_exchanges: HashSet<ConnId>,
    /// One of the connections was under TLS.
    has_tls: bool,
    /// One of them is of a capture that was opened.
    is_of_capture: bool,
    /// What the HAR files said that exchanges were read from.
    logs: HarLogs,
    lost: LostTotals,
    /// What is said where HTTP became `WebSocket`, for HAR.
    talks: WebSocketTalks,
    /// Exchanges that opened one, which is over when all is.
    opened: Vec<(Exchange, ExportedBodies)>,
}

/// What was written, and what could not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ExportCounts {
    records: u64,
    exchanges: u64,
    bytes: u64,
    no_http: u64,
    forgotten: u64,
    evicted: u64,
    cut: u64,
    bare: u64,
    cells: u64,
    hidden: u64,
    keys: u64,
}

impl ExportWriter {
    /// A writer of nothing yet; `told` is what may be told.
    #[must_use]
    pub fn new(format: ExportFormat, told: Disclosure, times: ExportTimes) -> Self {
        let mut writer = ExportWriter {
            format,
            times,
            hidden: HiddenBytes::new(told.clone()),
            told,
            conns: HashMap::new(),
            packets: (format == ExportFormat::Pcapng).then(PcapngWriter::new),
            out: [Vec::new(), Vec::new()],
            written: ExportCounts::default(),
            mixed: HashSet::new(),
            with_exchanges: HashSet::new(),
            has_tls: false,
            is_of_capture: false,
            logs: HarLogs::default(),
            lost: LostTotals::default(),
            talks: WebSocketTalks::default(),
            opened: Vec::new(),
        };
        match format {
            ExportFormat::Har => writer.out[0].extend_from_slice(har::begin().as_bytes()),
            ExportFormat::Csv => writer.out[0].extend_from_slice(ExportRow::header().as_bytes()),
            _ => {}
        }
        writer
    }

    /// Writes what comes next; `bodies` tells those of an exchange.
    pub fn piece(&mut self, piece: ExportPiece, bodies: impl Fn(&Exchange) -> ExportedBodies) {
        for conn in piece.conns {
            if let Some(packets) = &mut self.packets {
                packets.conn(&conn);
            }
            self.has_tls |= conn.tls;
            self.is_of_capture |= conn.captured.is_some();
            self.conns.insert(conn.id, conn);
        }
        if let Some(packets) = &mut self.packets {
            piece.lost.iter().for_each(|lost| packets.lost_in_all(*lost));
            // Who must not see what TLS carried gets nothing to read it with.
            if self.told == Disclosure::Everything {
                piece.secrets.iter().for_each(|secrets| packets.secrets(secrets));
            } else {
                self.written.keys += piece.secrets.len() as u64;
            }
        }
        self.lost.know(&piece.lost);
        // Streams of captures are TCP, in which exchanges were found.
        self.with_exchanges.extend(piece.exchanges.iter().map(|it| it.conn));
        for exported in &piece.records {
            self.record(exported);
        }
        if self.format == ExportFormat::JsonLines {
            for (conn, owner) in &piece.owners {
                let said = piece.records.iter().find(|it| it.record.conn == *conn && it.is_chosen);
                let lines =
                    said.map(|it| ndjson::peer(*conn, self.conns.get(conn), owner, it.record.at));
                if let Some(line) = lines {
                    self.line(&line);
                }
            }
        }
        if self.format.row().has_exchanges {
            for exchange in piece.exchanges {
                let bodies = bodies(&exchange);
                if self.format == ExportFormat::Har && self.is_talk(&exchange) {
                    self.opened.push((exchange, bodies));
                } else {
                    self.exchange(&exchange, &bodies);
                }
            }
            self.written.forgotten += piece.forgotten;
        }
        self.written.evicted += piece.evicted;
        for conn in piece.over {
            if let Some(packets) = &mut self.packets {
                packets.over(conn);
            }
            self.hidden.over(conn);
            self.conns.remove(&conn);
        }
    }

    /// Bytes for the file of this part since the last time.
    #[must_use]
    pub fn take(&mut self, part: usize) -> Vec<u8> {
        let mut bytes = self.out.get_mut(part).map(std::mem::take).unwrap_or_default();
        if let Some(packets) = self.packets.as_mut().filter(|_| part == 0) {
            bytes.append(&mut packets.take());
        }
        self.written.bytes += bytes.len() as u64;
        bytes
    }

    /// Whether messages of a WebSocket follow it that no file tells already.
    fn is_talk(&self, exchange: &Exchange) -> bool {
        exchange.besides.is_none() && self.talks.has(exchange)
    }

    /// Nothing more comes.
    pub fn finish(&mut self) {
        for (exchange, bodies) in std::mem::take(&mut self.opened) {
            self.exchange(&exchange, &bodies);
        }
        if let Some(packets) = &mut self.packets {
            packets.finish();
        }
        if self.format == ExportFormat::JsonLines {
            self.lost.lines().iter().for_each(|line| self.line(line));
        }
        if self.format == ExportFormat::Har {
            let remarks = self.remarks();
            let remarks = (!remarks.is_empty()).then(|| remarks.join("; "));
            let end = self.logs.end(remarks.as_deref(), &self.told);
            self.out[0].extend_from_slice(end.as_bytes());
        }
    }

    /// What was written, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let ExportCounts { records, exchanges, bytes, .. } = self.written;
        let written = match self.format {
            ExportFormat::Har => counted(exchanges, "exchange"),
            _ if records == 0 && exchanges > 0 => counted(exchanges, "exchange"),
            _ if exchanges > 0 => {
                format!("{} and {}", counted(records, "record"), counted(exchanges, "exchange"))
            }
            _ => counted(records, "record"),
        };
        format!("{written} ({})", size(bytes))
    }

    /// What could not be written, or only in part.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let counts = &self.written;
        let mixed = if self.format == ExportFormat::Raw { self.mixed.len() as u64 } else { 0 };
        let parts = [
            (counts.no_http, "record", "not HTTP and left out"),
            (counts.forgotten, "exchange", "no longer kept and left out"),
            (counts.evicted, "record", "evicted before"),
            (counts.cut, "record", "longer than what is kept of one, and cut"),
            (counts.bare, "record", "past the first MiB of a message, whose bytes are not kept"),
            (counts.cells, "cell", "cut at 32,000 characters"),
        ];
        let said = parts.into_iter().filter(|(count, ..)| *count > 0);
        let mut said: Vec<String> = said
            .map(|(count, what, how)| {
                let is = if count == 1 { "is" } else { "are" };
                format!("{} {is} {how}", counted(count, what))
            })
            .collect();
        if let Some(packets) = &self.packets {
            let without = packets.left_out().without_address;
            if without > 0 {
                said.push(format!("{} without addresses left out", counted(without, "record")));
            }
            if self.is_of_capture {
                said.push(MADE_ANEW.to_owned());
            }
            if counts.keys > 0 {
                let keys = counted(counts.keys, "block");
                said.push(format!(
                    "{keys} of secrets of the file left out (with secrets it has them)"
                ));
            }
            if self.has_tls && self.told == Disclosure::Everything {
                said.push(NO_CIPHERTEXT.to_owned());
            }
        }
        if mixed > 1 {
            said.push(format!(
                "bytes of {} in the order they crossed",
                counted(mixed, "connection")
            ));
        }
        if counts.hidden > 0 {
            said.push(format!("secrets in {} are masked", counted(counts.hidden, "record")));
        }
        said
    }

    fn record(&mut self, exported: &ExportedRecord) {
        let record = &exported.record;
        let conn = self.conns.get(&record.conn);
        if self.format == ExportFormat::Har {
            self.talks.record(record, conn, exported.is_chosen);
        }
        let hidden = self.hidden.of(record, conn);
        // The line of an exchange tells all of what was made of it, but what somebody wrote about that.
        let is_made = exported.origin.is_made && exported.comment.is_none();
        let is_told = is_made && self.with_exchanges.contains(&record.conn);
        if !exported.is_chosen || is_told && self.format == ExportFormat::JsonLines {
            return;
        }
        self.count(exported, &hidden);
        self.lost.meet(record);
        match self.format {
            ExportFormat::Har => {}
            ExportFormat::Pcapng => {
                let lost = losses_in(&record.data).filter(|_| record.kind == RecordKind::Lost);
                if let (Some(packets), Some(lost)) = (&mut self.packets, lost) {
                    packets.lost_here(record.conn.session, lost);
                }
                if let Some(packets) = &mut self.packets {
                    packets.commented(record, &hidden, exported.comment.as_deref());
                }
            }
            ExportFormat::JsonLines => {
                let told = self.shown(record, &hidden);
                let (conn, after) = (self.conns.get(&record.conn), exported.latency);
                let (comment, origin) = (exported.comment.clone(), exported.origin);
                let remark = RecordRemark { of: 0, comment, origin };
                let line = ndjson::remarked(record, conn, &told, (after, Some(&remark)));
                self.line(&line);
            }
            ExportFormat::Csv | ExportFormat::Text => {
                let told = self.shown(record, &hidden);
                let conn = self.conns.get(&record.conn);
                let row = ExportRow { exported, conn, told: &told, times: self.times };
                if self.format == ExportFormat::Text {
                    self.out[0].extend_from_slice(row.text().as_bytes());
                } else {
                    let (line, is_cut) = row.csv();
                    self.written.cells += u64::from(is_cut);
                    self.out[0].extend_from_slice(line.as_bytes());
                }
            }
            ExportFormat::Raw => self.raw(record, &hidden),
        }
    }

    fn count(&mut self, exported: &ExportedRecord, hidden: &[Range<usize>]) {
        let ExportedRecord { record, origin, .. } = exported;
        let counts = &mut self.written;
        if self.format == ExportFormat::Har {
            let conn = self.conns.get(&record.conn);
            let is_http = conn.is_some_and(|conn| conn.capabilities().exchanges);
            if !is_http && !self.with_exchanges.contains(&record.conn) {
                counts.no_http += 1;
            }
            return;
        }
        let (is_data, kept) = (record.kind == RecordKind::Data, record.data.len() as u64);
        // A mask may be shorter than what it hides.
        let is_short = kept < record.original_len;
        let is_cut = is_data && origin.lens.map_or(is_short, |lens| lens.kept.is_some());
        if self.format == ExportFormat::Raw && !is_data {
            return;
        }
        counts.records += 1;
        counts.cut += u64::from(is_cut && kept > 0);
        counts.bare += u64::from(is_cut && kept == 0);
        counts.hidden += u64::from(!hidden.is_empty());
    }

    /// Payload with a mask in place of what is secret, or words.
    fn shown(&self, record: &Record, hidden: &[Range<usize>]) -> Vec<u8> {
        if record.kind == RecordKind::Data {
            return masked(&record.data, hidden);
        }
        self.told.words(&String::from_utf8_lossy(&record.data)).into_bytes()
    }

    fn raw(&mut self, record: &Record, hidden: &[Range<usize>]) {
        let part = match (record.kind, record.direction) {
            (RecordKind::Data, Direction::Sent) => 0,
            (RecordKind::Data, Direction::Received) => 1,
            _ => return,
        };
        self.mixed.insert(record.conn);
        let out = &mut self.out[part];
        let begin = out.len();
        out.extend_from_slice(&record.data);
        // As many other bytes, so that lengths and places stay true.
        for place in hidden {
            if let Some(bytes) = out.get_mut(begin + place.start..begin + place.end) {
                bytes.fill(b'*');
            }
        }
    }

    fn exchange(&mut self, exchange: &Exchange, bodies: &ExportedBodies) {
        let ExportedBodies { request, response } = bodies;
        let with_log = self.logs.meet(exchange);
        if self.format == ExportFormat::Har {
            let is_first = self.written.exchanges == 0;
            self.out[0].extend_from_slice(har::separator(is_first).as_bytes());
            let talk = self.talks.of(exchange);
            let bodies = HarBodies { request, response };
            let entry = har::talk_entry(exchange, bodies, talk.as_ref(), &self.told);
            self.out[0].extend_from_slice(entry.as_bytes());
        } else {
            let answered = exchange.response.is_some().then_some(&response[..]);
            let bodies = Bodies { request: Some(request), response: answered };
            let line = ndjson::exchange_of(exchange, bodies, &self.told, with_log);
            self.line(&line);
        }
        self.written.exchanges += 1;
    }

    fn line(&mut self, line: &str) {
        self.out[0].extend_from_slice(line.as_bytes());
        self.out[0].push(b'\n');
    }
}

#[cfg(test)]
mod capture_again_tests;
#[cfg(test)]
mod export_tests;
