//! Rows of CSV and the like (RFC 4180): cells between commas, tabs, semicolons or bars, in quotes where
//! they hold one of these, a quote or a line break.

use super::cells::Row;
use super::reader::RowTaker;
use crate::codec::printable::printable;

/// What may stand between cells; of two that part as much, the first.
const DELIMITERS: [u8; 4] = [b'\t', b',', b';', b'|'];
/// Longest row in bytes.
const LONGEST: usize = 1 << 20;

/// Reads rows from bytes that come in parts.
#[derive(Debug)]
pub(super) struct Delimited {
    delimiter: u8,
    rest: Vec<u8>,
    rows: u64,
    is_begun: bool,
}

impl Delimited {
    /// By what parts the first line most.
    pub(super) fn of(begin: &[u8]) -> Result<Self, String> {
        let line = begin.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |delimiter: &u8| {
            let mut in_quotes = false;
            let is_parting = |byte: &&u8| {
                in_quotes ^= **byte == b'"';
                **byte == *delimiter && !in_quotes
            };
            line.iter().filter(is_parting).count()
        };
        let best = DELIMITERS.iter().rev().max_by_key(|delimiter| count(delimiter));
        match best {
            Some(delimiter) if count(delimiter) > 0 => {
                let delimiter = *delimiter;
                Ok(Delimited { delimiter, rest: Vec::new(), rows: 0, is_begun: false })
            }
            _ => {
                let kinds = "neither CSV, TSV, JSON Lines nor a list of JSON";
                Err(format!("there are no columns here: this is {kinds}"))
            }
        }
    }

    /// Goes on between two rows, or at the beginning of the text.
    pub(super) fn resumed(delimiter: u8, is_begun: bool) -> Self {
        Delimited { delimiter, rest: Vec::new(), rows: 0, is_begun }
    }

    /// What stands between cells.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Bytes of the row whose end is not here yet.
    pub(super) fn held(&self) -> u64 {
        self.rest.len() as u64
    }

    /// Takes the next bytes and hands out the rows that are whole.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        take: &mut RowTaker<'_>,
    ) -> Result<(), String> {
        self.rest.extend_from_slice(bytes);
        let mut all = std::mem::take(&mut self.rest);
        let mut at = 0;
        if !std::mem::replace(&mut self.is_begun, true) && all.starts_with(b"\xef\xbb\xbf") {
            at = 3;
        }
        while let Some(rest) = all.get(at..).filter(|rest| !rest.is_empty()) {
            let Some((row, end)) = self.row(rest, is_last) else { break };
            at += end;
            if row.cells.len() > 1 || row.cells.iter().any(|cell| !cell.is_empty()) {
                self.rows += 1;
                take(row, rest.get(..end).unwrap_or(rest));
            }
        }
        all.drain(..at);
        if all.len() > LONGEST {
            let number = self.rows + 1;
            return Err(format!("row {number} has more than 1 MiB: a quote is not closed?"));
        }
        self.rest = all;
        Ok(())
    }

    /// The first row and where it ends, once it is whole.
    fn row(&self, bytes: &[u8], is_last: bool) -> Option<(Row, usize)> {
        let mut cells = Vec::new();
        let mut cell = Vec::new();
        let (mut in_quotes, mut at) = (false, 0);
        loop {
            let Some(&byte) = bytes.get(at) else {
                if !is_last {
                    return None;
                }
                cells.push(text(&cell));
                return Some((Row { names: None, cells }, at));
            };
            at += 1;
            match byte {
                b'"' if in_quotes && bytes.get(at) == Some(&b'"') => {
                    cell.push(b'"');
                    at += 1;
                }
                // Whether it is doubled is not known yet.
                b'"' if in_quotes && at == bytes.len() && !is_last => return None,
                b'"' if in_quotes => in_quotes = false,
                b'"' if cell.is_empty() => in_quotes = true,
                b'\n' if !in_quotes => {
                    if cell.last() == Some(&b'\r') {
                        cell.pop();
                    }
                    cells.push(text(&cell));
                    return Some((Row { names: None, cells }, at));
                }
                byte if byte == self.delimiter && !in_quotes => {
                    cells.push(text(&cell));
                    cell.clear();
                }
                byte => cell.push(byte),
            }
        }
    }
}

fn text(cell: &[u8]) -> String {
    // What is no UTF-8 is shown as its bytes.
    std::str::from_utf8(cell).map_or_else(|_| printable(cell), str::to_owned)
}
