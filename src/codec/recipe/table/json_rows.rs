//! Rows of JSON: each object of JSON Lines or of a list is one, its keys name the columns.

use super::cells::{BROKEN, Row};
use super::reader::RowTaker;
use crate::codec::json_pieces::{JsonPiece, JsonPieces};
use crate::codec::lines::JsonCheck;
use crate::codec::recipe::maker::RowKind;
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

    /// Bytes of the line whose end is not here yet.
    pub(super) fn held(&self) -> u64 {
        self.open.len() as u64
    }

    /// Takes the next bytes and hands out the rows that are whole.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        take: &mut RowTaker<'_>,
    ) -> Result<(), String> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.open.extend_from_slice(piece);
            if self.open.len() > LONGEST {
                return Err(format!("a line of more than {} MiB is no row", LONGEST >> 20));
            }
            if piece.ends_with(b"\n") {
                take_line(&self.open, take);
                self.open.clear();
            }
        }
        if is_last {
            take_line(&std::mem::take(&mut self.open), take);
        }
        Ok(())
    }
}

fn is_json(line: &[u8]) -> bool {
    let mut check = JsonCheck::default();
    check.push(line);
    check.flaw().is_none() && check.unfinished().is_none()
}

/// Hands out the row of a line.
fn take_line(line: &[u8], take: &mut RowTaker<'_>) {
    let line = line.trim_ascii();
    if line.is_empty() {
        return;
    }
    if is_json(line) {
        return take(row(line), line);
    }
    let cells = vec![String::from_utf8_lossy(line).into_owned()];
    take(Row { names: Some(vec![BROKEN.to_owned()]), cells }, line);
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
    /// Goes on between two elements of a list.
    pub(super) fn within_list() -> Result<Self, String> {
        let mut reader = JsonRows::default();
        reader.read(b"[", false, &mut |_, _| {})?;
        Ok(reader)
    }

    /// Where the row begins whose end is not here yet, and what it is.
    pub(super) fn place(&self) -> Option<(u64, RowKind)> {
        let (at, is_element) = self.pieces.open_piece()?;
        Some((at, if is_element { RowKind::Elements } else { RowKind::Values }))
    }

    /// Takes the next bytes and hands out the rows that are whole.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        take: &mut RowTaker<'_>,
    ) -> Result<(), String> {
        self.check.push(bytes);
        if let Some(flaw) = self.check.flaw() {
            return Err(flaw.to_string());
        }
        let mut take = |piece: JsonPiece<'_>| {
            if let JsonPiece::Value(bytes, _) | JsonPiece::Element(bytes, _) = piece {
                take(row(bytes), bytes.trim_ascii());
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
        Ok(())
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
