//! Reads a file of traffic: a capture in pcapng or pcap, HAR, or our own JSON Lines.
//!
//! Called on a thread of its own by whoever shows or prints it, which gets pieces as they are read:
//! what came first can be looked at while the rest is still on the disk.

use std::io::Read as _;
use std::path::Path;

use crate::interop::har_read::{may_be_har, read_har};
use crate::interop::ndjson_read::LineReader;
use crate::interop::pcap::{CaptureBatch, CaptureFault, CaptureReader};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::id::SessionId;
use crate::named_file;

/// Bytes read at once: some hundred records.
const PIECE: usize = 64 * 1024;

/// Largest HAR file that is read.
const LARGEST_HAR: u64 = 512 * 1024 * 1024;
/// Records of one piece of it.
const RECORDS: usize = 256;
/// What can be read.
const OPENS: &str = "it opens pcapng, pcap, HAR and wirebench's own JSON Lines";

/// What reads it.
enum Reader {
    Packets(Box<CaptureReader>),
    Lines(LineReader),
}

/// Reads a file, whose connections are then of this session; `each` gets every piece and says whether
/// more is wanted. Returns what there is to say of the whole.
pub(crate) fn read_capture(
    path: &Path,
    session: SessionId,
    each: &mut dyn FnMut(CaptureBatch) -> bool,
) -> Result<String, Failure> {
    let name = path.display().to_string();
    let failed = |error: &std::io::Error| {
        let (kind, cause) = file_error::words(error);
        Failure::new(Stage::Storage, &*name, kind, cause)
    };
    let (mut file, _) = named_file::open(path).map_err(|error| failed(&error))?;
    let mut piece = vec![0; PIECE];
    let (mut reader, mut records) = (None, 0);
    loop {
        let len = match file.read(&mut piece) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read.map_err(|error| failed(&error))?,
        };
        let bytes = &piece[..len];
        if reader.is_none() && may_be_har(bytes) {
            return har(path, session, each);
        }
        let reader = reader.get_or_insert_with(|| Reader::of(bytes, session));
        let mut out = CaptureBatch::default();
        let ended = if len == 0 { reader.finish(&mut out) } else { reader.push(bytes, &mut out) };
        records += out.records.len();
        if !out.records.is_empty() && !each(out) {
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
                let cause = format!("{fault}; the {records} records before that are here");
                return Err(Failure::new(Stage::Storage, &*name, FailureKind::Io, cause));
            }
        }
    }
}

/// The same of a HAR file, which can be understood as a whole alone.
fn har(
    path: &Path,
    session: SessionId,
    each: &mut dyn FnMut(CaptureBatch) -> bool,
) -> Result<String, Failure> {
    let name = path.display().to_string();
    let failed = |kind, cause| Failure::new(Stage::Storage, &*name, kind, cause);
    let text = named_file::read(path, LARGEST_HAR).map_err(|error| {
        let (kind, cause) = file_error::words(&error);
        failed(kind, cause)
    })?;
    let (CaptureBatch { mut conns, mut records }, entries) = read_har(&text, session)
        .map_err(|fault| failed(FailureKind::Usage, fault.cause).hint(OPENS))?;
    drop(text);
    while !records.is_empty() {
        let later = records.split_off(records.len().min(RECORDS));
        let piece = CaptureBatch { conns: std::mem::take(&mut conns), records };
        if !each(piece) {
            break;
        }
        records = later;
    }
    Ok(format!("{name}: {entries} entries; heads and bodies are as HAR tells them"))
}

impl Reader {
    /// The one that understands a file that begins so.
    fn of(first: &[u8], session: SessionId) -> Self {
        if first.trim_ascii_start().starts_with(b"{") {
            Reader::Lines(LineReader::new(session))
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
                let (frames, others) = (counts.frames, counts.others);
                let other = (others > 0).then(|| {
                    format!("; {others} that are no TCP or UDP, or in parts, are left out")
                });
                let unread = counts.unread_link.map(|link| {
                    let unread = counts.unread;
                    format!(
                        "; {unread} of a link layer that is not read (link type {link}) are left out"
                    )
                });
                let left = [other, unread].into_iter().flatten().collect::<String>();
                format!("{name}: {records} records of {frames} packets{left}")
            }
            Reader::Lines(_) => format!("{name}: {records} records"),
        }
    }
}
