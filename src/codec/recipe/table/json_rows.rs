//! Rows of JSON: each object of JSON Lines or of a list is one, its keys name the columns.

use super::cells::{BROKEN, Row};
use crate::codec::json_pieces::{JsonPiece, JsonPieces};
use crate::codec::lines::JsonCheck;
use crate::codec::recipe::walk::{JsonSlice, member, parts, text};

/// Longest row in bytes.
const LONGEST: usize = 16 << 20;

/// Reads JSON Lines: a row each, also for a line that is no JSON, which spoils only itself.
#[derive(Debug, Default)]
pub(super) struct JsonLines {
    /// The line whose end is not here yet.
    open: Vec<u8>,
}

impl JsonLines {
    /// Whether what begins so is that: its first line is an object, whole.
    pub(super) fn begins(bytes: &[u8]) -> bool {
        let line = bytes.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
        line.first() == Some(&b'{') && line.len() < bytes.len() && is_json(line)
    }

    /// Takes the next bytes; the rows that are whole.
    pub(super) fn read(&mut self, bytes: &[u8], is_last: bool) -> Result<Vec<Row>, String> {
        let mut rows = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.open.extend_from_slice(piece);
            if self.open.len() > LONGEST {
                return Err(format!("a line of more than {} MiB is no row", LONGEST >> 20));
            }
            if piece.ends_with(b"\n") {
                add_line(&self.open, &mut rows);
                self.open.clear();
            }
        }
        if is_last {
            add_line(&std::mem::take(&mut self.open), &mut rows);
        }
        Ok(rows)
    }
}

fn is_json(line: &[u8]) -> bool {
    let mut check = JsonCheck::default();
    check.push(line);
    check.flaw().is_none() && check.unfinished().is_none()
}

/// The row of a line.
fn add_line(line: &[u8], rows: &mut Vec<Row>) {
    let line = line.trim_ascii();
    if line.is_empty() {
        return;
    }
    if !is_json(line) {
        let cells = vec![String::from_utf8_lossy(line).into_owned()];
        rows.push(Row { names: Some(vec![BROKEN.to_owned()]), cells });
        return;
    }
    rows.push(row(line));
}

/// Reads rows from bytes that come in parts.
#[derive(Debug)]
pub(super) struct JsonRows {
    pieces: JsonPieces,
    check: JsonCheck,
}

impl Default for JsonRows {
    fn default() -> Self {
        JsonRows { pieces: JsonPieces::new(Some(Vec::new()), LONGEST), check: JsonCheck::default() }
    }
}

impl JsonRows {
    /// Takes the next bytes; the rows that are whole.
    pub(super) fn read(&mut self, bytes: &[u8], is_last: bool) -> Result<Vec<Row>, String> {
        self.check.push(bytes);
        if let Some(flaw) = self.check.flaw() {
            return Err(flaw.to_string());
        }
        let mut rows = Vec::new();
        let mut take = |piece: JsonPiece<'_>| {
            if let JsonPiece::Value(bytes, _) | JsonPiece::Element(bytes, _) = piece {
                rows.push(row(bytes));
            }
            Ok(())
        };
        self.pieces.push(bytes, &mut take)?;
        if is_last {
            if let Some(why) = self.check.unfinished() {
                return Err(why);
            }
            self.pieces.finish(&mut take)?;
        }
        Ok(rows)
    }
}

fn row(bytes: &[u8]) -> Row {
    match JsonSlice::of(bytes) {
        JsonSlice::Object(inner) => {
            let members = parts(inner).into_iter().map(member);
            let (names, cells) = members.map(|(key, value)| (text(key), cell(value))).unzip();
            Row { names: Some(names), cells }
        }
        JsonSlice::List(inner) => {
            Row { names: None, cells: parts(inner).into_iter().map(cell).collect() }
        }
        JsonSlice::Text(_) | JsonSlice::Other(_) => Row { names: None, cells: vec![cell(bytes)] },
    }
}

fn cell(value: &[u8]) -> String {
    match JsonSlice::of(value) {
        JsonSlice::Text(quoted) => text(quoted),
        _ => String::from_utf8_lossy(value.trim_ascii()).into_owned(),
    }
}
