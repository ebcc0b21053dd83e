//! Rows of JSON: each object of JSON Lines or of a list is one, its keys name the columns.

use super::cells::Row;
use crate::codec::json_pieces::{JsonPiece, JsonPieces};
use crate::codec::lines::JsonCheck;
use crate::codec::recipe::walk::{JsonSlice, member, parts, text};

/// Longest row in bytes.
const LONGEST: usize = 16 << 20;

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
