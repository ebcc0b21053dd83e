//! Reads a file of traffic: a capture in pcapng or pcap, HAR, or our own JSON Lines.
//!
//! Called on a thread of its own by whoever shows or prints it, which gets pieces as they are read:
//! what came first can be looked at while the rest is still on the disk.

use std::path::Path;

use crate::interop::har_read::{may_be_har, read_har};
use crate::interop::ndjson_read::LineReader;
use crate::interop::opened_exchanges::OpenedExchanges;
use crate::interop::pcap::{CaptureBatch, CaptureCounts, CaptureFault, CaptureReader, ToldLine};
use crate::model::counts::counted;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::id::SessionId;
use crate::model::record::{Record, RecordOrigin, RecordRemark};
use crate::model::secrets::MASK;
use crate::named_file;

/// Bytes read at once: some hundred records.
const PIECE: usize = 64 * 1024;

/// Largest HAR file that is read.
const LARGEST_HAR: u64 = 512 * 1024 * 1024;
/// Records of one piece of it.
const RECORDS: usize = 256;
/// What can be read.
const OPENS: &str = "it opens pcapng, pcap, HAR and wirebench's own JSON Lines";

/// How much of a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaptureProgress {
    pub(crate) read: u64,
    /// Bytes it had when it was opened; 0 = it is no file with a size.
    pub(crate) of: u64,
}

impl CaptureProgress {
    /// In percent; a file that grows meanwhile is read to its new end.
    pub(crate) fn percent(self) -> Option<u8> {
        let percent = (self.read.saturating_mul(100)).checked_div(self.of)?;
        u8::try_from(percent.min(100)).ok()
    }
}

/// What reads it.
enum Reader {
    Packets(Box<CaptureReader>),
    Lines(Box<LineReader>),
}

/// Reads a file, whose connections are then of this session; `each` gets every piece and says whether
/// more is wanted. Returns what there is to say of the whole.
pub(crate) fn read_capture(
    path: &Path,
    session: SessionId,
    each: &mut dyn FnMut(CaptureBatch, CaptureProgress) -> bool,
) -> Result<String, Failure> {
    let is_input = named_file::is_input(path);
    let name = if is_input { "standard input".to_owned() } else { path.display().to_string() };
    let failed = |error: &std::io::Error| not_read((path, &name), error);
    let (mut file, of) = named_file::open_or_input(path).map_err(|error| failed(&error))?;
    let mut progress = CaptureProgress { read: 0, of };
    let mut piece = vec![0; PIECE];
    let (mut reader, mut records) = (None, 0);
    let mut opened = OpenedExchanges::default();
    loop {
        let len = named_file::read_on(&mut file, &mut piece).map_err(|error| failed(&error))?;
        let bytes = &piece[..len];
        progress.read += len as u64;
        if progress.read == 0 {
            let cause = "it is empty: there is not even the beginning of a capture";
            let failure = Failure::new(Stage::Storage, &*name, FailureKind::Usage, cause);
            return Err(failure.hint(OPENS));
        }
        if reader.is_none() && may_be_har(bytes) {
            let text = named_file::read_to_end(&mut file, bytes, LARGEST_HAR);
            return har((&name, &text.map_err(|error| failed(&error))?), session, each);
        }
        let reader = reader.get_or_insert_with(|| Reader::of(bytes, session));
        let mut out = CaptureBatch::default();
        let ended = if len == 0 { reader.finish(&mut out) } else { reader.push(bytes, &mut out) };
        records += out.records.len() - out.made.len();
        opened.knows(&out.exchanges);
        out.exchanges.splice(..0, opened.take(&out.conns, &out.records));
        out.bodies.extend(opened.take_bodies());
        let is_empty = out.records.is_empty()
            && out.owners.is_empty()
            && out.told.is_empty()
            && out.secrets.is_empty();
        if !is_empty && !each(out, progress) {
            return Ok(reader.words(&name, records));
        }
        match ended {
            Ok(()) if len == 0 => return Ok(reader.words(&name, records)),
            Ok(()) => {}
            Err(fault) if records == 0 => {
                let cause = fault.to_string();
                let failure = Failure::new(Stage::Storage, &*name, FailureKind::Usage, cause);
                return Err(failure.hint(OPENS));
            }
            Err(fault) => {
                let before = match records {
                    1 => "the record before that is here".to_owned(),
                    records => {
                        format!("the {} before that are here", counted(records as u64, "record"))
                    }
                };
                let cause = format!("{fault}; {before}");
                return Err(Failure::new(Stage::Storage, &*name, FailureKind::Io, cause));
            }
        }
    }
}

/// Why it cannot be read. Where a folder, a pipe or a device was named nothing is wrong with the storage.
fn not_read((path, name): (&Path, &str), error: &std::io::Error) -> Failure {
    if named_file::is_input(path) || named_file::regular_or_none(path).is_ok() {
        let (kind, cause) = file_error::words(error);
        return Failure::new(Stage::Storage, name, kind, cause);
    }
    Failure::new(Stage::Storage, name, FailureKind::Usage, error.to_string())
        .hint("name a file, or - for what is piped in")
}

/// The same of a HAR file, which can be understood as a whole alone.
fn har(
    (name, text): (&str, &[u8]),
    session: SessionId,
    each: &mut dyn FnMut(CaptureBatch, CaptureProgress) -> bool,
) -> Result<String, Failure> {
    let (
        CaptureBatch { mut conns, mut records, mut exchanges, mut bodies, made, told, .. },
        entries,
    ) = read_har(text, session).map_err(|fault| {
        Failure::new(Stage::Storage, name, FailureKind::Usage, fault.cause).hint(OPENS)
    })?;
    let (of, mut told) = (records.len() as u64, told.into_iter().peekable());
    let mut before = 0;
    while !records.is_empty() {
        let later = records.split_off(records.len().min(RECORDS));
        let after = before + records.len();
        let is_last = later.is_empty();
        let made: Vec<usize> = {
            let here =
                made.partition_point(|at| *at < before)..made.partition_point(|at| *at < after);
            made[here].iter().map(|at| at - before).collect()
        };
        let told = std::iter::from_fn(|| told.next_if(|it| is_last || it.before < after));
        let told = told.map(|it| ToldLine { before: it.before - before, ..it }).collect();
        let remarks = remarks_of_har(&records, &made);
        before = after;
        // Those that begin with its records; they stand in the order of their beginnings.
        let begun = later.first().map_or(exchanges.len(), |next| {
            exchanges.partition_point(|exchange| exchange.started < next.at)
        });
        let next = exchanges.split_off(begun);
        let next_bodies = bodies.split_off(begun);
        let piece = CaptureBatch {
            conns: std::mem::take(&mut conns),
            records,
            remarks,
            exchanges: std::mem::replace(&mut exchanges, next),
            bodies: std::mem::replace(&mut bodies, next_bodies),
            made,
            told,
            ..CaptureBatch::default()
        };
        let progress = CaptureProgress { read: of - later.len() as u64, of };
        if !each(piece, progress) {
            break;
        }
        records = later;
    }
    let entries = counted(entries as u64, "entry");
    Ok(format!("{name}: {entries}; heads and bodies are as HAR tells them"))
}

/// Which messages of a HAR file have a mask where a credential was, and which were made of its entries.
fn remarks_of_har(records: &[Record], made: &[usize]) -> Vec<RecordRemark> {
    let remark = |(of, record): (usize, &Record)| {
        let is_masked = memchr::memmem::find(&record.data, MASK.as_bytes()).is_some();
        let is_made = made.binary_search(&of).is_ok();
        let origin = RecordOrigin { is_masked, is_made, lens: None };
        (origin != RecordOrigin::default()).then_some(RecordRemark { of, comment: None, origin })
    };
    records.iter().enumerate().filter_map(remark).collect()
}

impl Reader {
    /// The one that understands a file that begins so.
    fn of(first: &[u8], session: SessionId) -> Self {
        if first.trim_ascii_start().starts_with(b"{") {
            Reader::Lines(Box::new(LineReader::new(session)))
        } else {
            Reader::Packets(Box::new(CaptureReader::new(session)))
        }
    }

    fn push(&mut self, bytes: &[u8], out: &mut CaptureBatch) -> Result<(), CaptureFault> {
        match self {
            Reader::Packets(reader) => reader.push(bytes, out, &mut |_| {}),
            Reader::Lines(reader) => reader.push(bytes, out),
        }
    }

    fn finish(&mut self, out: &mut CaptureBatch) -> Result<(), CaptureFault> {
        match self {
            Reader::Packets(reader) => reader.finish(out).map(drop),
            Reader::Lines(reader) => reader.finish(out),
        }
    }

    fn words(&self, name: &str, records: usize) -> String {
        match self {
            Reader::Packets(reader) => {
                let counts = reader.counts();
                let left = left_out(&counts);
                let frames = counted(counts.frames, "packet");
                let records = counted(records as u64, "record");
                format!("{name}: {records} of {frames}{left}")
            }
            Reader::Lines(reader) => {
                let other = match reader.passed_over {
                    0 => String::new(),
                    lines => format!("; {} of other kinds passed over", counted(lines, "line")),
                };
                let exchanges = match reader.exchanges {
                    0 => String::new(),
                    told => format!(" and {}", counted(told, "exchange")),
                };
                format!("{name}: {}{exchanges}{other}", counted(records as u64, "record"))
            }
        }
    }
}

/// What of the packets of a file is not among the records, in words.
fn left_out(counts: &CaptureCounts) -> String {
    let told = |number: u64, what: &str, how: &str| match number {
        0 => String::new(),
        number => format!("; {} {how}", counted(number, what)),
    };
    let link = counts.unread_link.map_or_else(String::new, |link| {
        let how = format!("of a link layer that is not read (link type {link}) left out");
        told(counts.unread, "packet", &how)
    });
    [
        told(counts.others, "packet", "without TCP or UDP left out"),
        told(
            counts.unfinished,
            "IP fragment",
            "left out, the others of the same datagram not being there",
        ),
        told(counts.overlaps, "IP fragment", "lying over others"),
        told(counts.differing, "retransmission", "saying other bytes"),
        link,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_how_much_of_it_is_read_up_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let line = r#"{"v":1,"type":"record","time":"2023-11-14T22:13:20Z","conn":"1/1","proto":"tcp","side":"client","dir":"in","kind":"data","len":2,"text":"ok"}"#;
        std::fs::write(&path, format!("{line}\n").repeat(5_000)).unwrap();
        let (mut told, mut records) = (Vec::new(), 0);
        let outcome = read_capture(&path, SessionId(0), &mut |piece, progress| {
            records += piece.records.len();
            told.extend(progress.percent());
            true
        });
        assert_eq!(records, 5_000, "{outcome:?}");
        assert!(told.len() > 5 && told.is_sorted() && told.last() == Some(&100), "{told:?}");
        let nothing = CaptureProgress { read: 1, of: 0 };
        assert_eq!(nothing.percent(), None);
        assert_eq!(CaptureProgress { read: 9, of: 3 }.percent(), Some(100), "it grew");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_a_mistake_of_who_names_it_and_a_pipe_has_another_way_in() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
        for path in [folder.path(), pipe.as_path()] {
            let failure = read_capture(path, SessionId(0), &mut |_, _| true).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Usage, "{failure}");
            assert!(failure.hint.contains("- for what is piped in"));
        }
    }
}
