//! A record as a row of a table: comma-separated values (RFC 4180), and text to be read.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::{ExportTimes, ExportedRecord, FURTHER_CELLS};
use crate::codec::printable::{printable, printable_str};
use crate::model::counts::counted;
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::timing::Stamp;

/// The names of the columns, which are those of the list: up to what stands in each record's own cells, and
/// behind it.
const FIRST: &str =
    "number,time,connection,direction,kind,length,delta_ms,summary,comment,answer_ms";
/// Most characters of a cell; spreadsheets cut what has more, and say nothing.
const CELL: usize = 32_000;
/// What makes a spreadsheet take a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A record and what is shown of it.
pub(super) struct ExportRow<'a> {
    pub(super) exported: &'a ExportedRecord,
    pub(super) conn: Option<&'a ConnInfo>,
    /// Payload or words as they may be told.
    pub(super) told: &'a [u8],
    pub(super) times: ExportTimes,
}

impl ExportRow<'_> {
    /// The line of names.
    pub(super) fn header() -> String {
        format!("{FIRST},{}\r\n", FURTHER_CELLS.join(","))
    }

    /// Its line of values, and whether a cell of it is cut.
    pub(super) fn csv(&self) -> (String, bool) {
        let ExportedRecord { id, record, delta, comment, latency, .. } = self.exported;
        let is_data = record.kind == RecordKind::Data;
        let reach = self.told.get(..CELL).unwrap_or(self.told);
        let (summary, is_cut) = cut(&printable(reach));
        let is_cut = is_cut || reach.len() < self.told.len();
        let length = is_data.then(|| record.original_len.to_string());
        let millis = |time: Duration| format!("{:.3}", time.as_secs_f64() * 1000.0);
        let answer = latency.get().filter(|_| is_data).map(millis);
        let cells = [
            id.0.to_string(),
            time(self.times, record.at),
            ConnInfo::label(self.conn, record.conn),
            record.direction.into_str().to_owned(),
            record.kind.into_str().to_owned(),
            length.unwrap_or_default(),
            delta.map(millis).unwrap_or_default(),
            no_formula(summary),
            no_formula(printable_str(comment.as_deref().unwrap_or_default()).into_owned()),
            answer.unwrap_or_default(),
        ];
        let further = (0..FURTHER_CELLS.len()).map(|at| {
            let cell = self.exported.cells.get(at).map(String::as_str).unwrap_or_default();
            no_formula(cut(&printable_str(cell)).0)
        });
        let line: Vec<String> = cells.into_iter().chain(further).map(|it| quoted(&it)).collect();
        (line.join(",") + "\r\n", is_cut)
    }

    /// A line that says what it is, and its bytes below as visible text, a line for each of theirs.
    pub(super) fn text(&self) -> String {
        let ExportedRecord { id, record, comment, .. } = self.exported;
        let is_data = record.kind == RecordKind::Data;
        let arrow = match record.direction {
            Direction::Sent => "▶",
            Direction::Received => "◀",
            Direction::Local => "·",
        };
        let time = time(self.times, record.at);
        let conn = ConnInfo::label(self.conn, record.conn);
        let mut out = format!("#{} {time} {conn} {arrow} ", id.0);
        if is_data {
            out.push_str(&counted(record.original_len, "byte"));
        } else {
            out.push_str(record.kind.into_str());
        }
        if let Some(comment) = comment {
            let _ = write!(out, "  ({})", printable_str(comment));
        }
        out.push('\n');
        for line in self.told.split_inclusive(|byte| *byte == b'\n') {
            let _ = writeln!(out, "    {}", printable(line.strip_suffix(b"\n").unwrap_or(line)));
        }
        let kept = record.data.len() as u64;
        if is_data && kept < record.original_len {
            let missing = counted(record.original_len - kept, "byte");
            let _ = writeln!(out, "    … {missing} not kept");
        }
        out
    }
}

/// As it is written; dates, because a file is read on another day.
fn time(times: ExportTimes, at: Stamp) -> String {
    match times {
        ExportTimes::Since(began) => format!("{:.6}", at.since(began).as_secs_f64()),
        ExportTimes::At(offset) => Timestamp::from_nanosecond(at.0.into())
            .map(|time| format!("{:.6}", time.display_with_offset(offset)))
            .unwrap_or_default(),
    }
}

/// The beginning of a text that fits into a cell, and whether that is less than all.
fn cut(text: &str) -> (String, bool) {
    match text.char_indices().nth(CELL) {
        Some((end, _)) => (format!("{}…", text.split_at(end).0), true),
        None => (text.to_owned(), false),
    }
}

/// What somebody else wrote is no formula of a spreadsheet.
fn no_formula(text: String) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}
