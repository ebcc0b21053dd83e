//! A cell of a table on its way to the clipboard, with its row or rows.

use crate::app::copying;
use crate::app::format;
use crate::app::intent::Intent;
use crate::model::table_cell::{CellQuery, TableCell};

/// What is asked of the engine, and what is to be copied of the answer.
#[derive(Debug)]
pub(super) struct CellDue {
    pub(super) query: CellQuery,
    pub(super) aim: CellAim,
}

/// What of a cell and its row goes onto the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellAim {
    Value,
    Rows,
}

impl CellDue {
    /// Copies what was asked for, or says why there is nothing.
    pub(super) fn copied(&self, outcome: Result<Box<TableCell>, String>) -> Vec<Intent> {
        let cell = match outcome {
            Ok(cell) => *cell,
            Err(why) => return vec![Intent::Quote(format!("not copied: {why}"))],
        };
        let row = format!("row {}", format::count(cell.row + 1));
        let (what, text) = match self.aim {
            CellAim::Rows if self.query.rows > 1 => {
                let last = format::count(cell.row + self.query.rows);
                (
                    format!("rows {} to {last} as in the body", format::count(cell.row + 1)),
                    cell.text,
                )
            }
            CellAim::Rows => (format!("{row} as in the body"), cell.text),
            CellAim::Value => match cell.value {
                Some(value) if !value.is_empty() => (format!("{}, {row}", cell.column), value),
                _ => {
                    let empty = format!("there is nothing in {}, {row}", cell.column);
                    return vec![Intent::Quote(empty)];
                }
            },
        };
        if let Some(too_long) = copying::too_long(&what, text.len() as u64) {
            return vec![too_long];
        }
        vec![copying::put(what, text)]
    }
}
