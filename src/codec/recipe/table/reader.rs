//! Reads the rows of a table, whatever it is written as, from the beginning of the text or from a place
//! between two rows.

use super::cells::Row;
use super::delimited::Delimited;
use super::json_rows::{JsonLines, JsonRows};
use crate::codec::recipe::maker::{RowKind, RowMark};

/// Bytes by which it is decided what a text is at the latest.
const DECIDED: usize = 64 * 1024;

/// Takes a row with the text it was read from.
pub(super) type RowTaker<'a> = dyn FnMut(Row, &[u8]) + 'a;

/// What the body is.
#[derive(Debug)]
pub(super) enum RowReader {
    Delimited(Delimited),
    Json(JsonRows),
    Lines(JsonLines),
}

impl RowReader {
    /// By the first line, once it is here.
    pub(super) fn of(begin: &[u8], is_last: bool) -> Result<Option<Self>, String> {
        let is_open = !is_last && begin.len() < DECIDED && !begin.contains(&b'\n');
        match begin.trim_ascii_start().first() {
            None => Ok(None),
            // Whether its first line is whole decides what an object begins.
            Some(b'{') if is_open => Ok(None),
            Some(b'{') if JsonLines::begins(begin) => {
                Ok(Some(RowReader::Lines(JsonLines::default())))
            }
            Some(b'{' | b'[') => Ok(Some(RowReader::Json(JsonRows::default()))),
            Some(b'<') => Err("this is a text of tags and no table".to_owned()),
            Some(_) if is_open => Ok(None),
            Some(_) => Delimited::of(begin).map(|it| Some(RowReader::Delimited(it))),
        }
    }

    /// Goes on behind a mark.
    pub(super) fn resumed(mark: RowMark) -> Result<Self, String> {
        Ok(match mark.kind {
            RowKind::Delimited(delimiter) => {
                RowReader::Delimited(Delimited::resumed(delimiter, mark.read > 0))
            }
            RowKind::Lines => RowReader::Lines(JsonLines::default()),
            RowKind::Values => RowReader::Json(JsonRows::default()),
            RowKind::Elements => RowReader::Json(JsonRows::within_list()?),
        })
    }

    /// Takes the next bytes and hands out the rows that are whole.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        take: &mut RowTaker<'_>,
    ) -> Result<(), String> {
        match self {
            RowReader::Delimited(reader) => reader.read(bytes, is_last, take),
            RowReader::Json(reader) => reader.read(bytes, is_last, take),
            RowReader::Lines(reader) => reader.read(bytes, is_last, take),
        }
    }

    /// Rows at the beginning that name the columns.
    pub(super) fn heads(&self) -> u64 {
        u64::from(matches!(self, RowReader::Delimited(_)))
    }

    /// What the rows are before the first byte was read.
    pub(super) fn kind(&self) -> RowKind {
        match self {
            RowReader::Delimited(reader) => RowKind::Delimited(reader.delimiter()),
            RowReader::Json(_) => RowKind::Values,
            RowReader::Lines(_) => RowKind::Lines,
        }
    }

    /// Where the row begins whose end is not here yet, after so many bytes; `None` = it cannot be gone on
    /// from there.
    pub(super) fn place(&self, read: u64) -> Option<(u64, RowKind)> {
        match self {
            RowReader::Delimited(reader) => Some((read - reader.held(), self.kind())),
            RowReader::Lines(reader) => Some((read - reader.held(), self.kind())),
            RowReader::Json(reader) => reader.place(),
        }
    }
}
