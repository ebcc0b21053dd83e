//! A cell of a body that is shown as a table: what is asked of it and what it holds. The table is drawn
//! with cells that are cut; what they hold is read again from the text the table was made of.

use super::id::BodyId;

/// A request for what a cell of a table holds, or for the rows it is the first of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellQuery {
    /// The body that is the table.
    pub body: BodyId,
    /// A byte of it: the first of the cell.
    pub at: u64,
    /// Rows whose text is wanted, from that of the cell on.
    pub rows: u64,
}

/// What a cell holds, and its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCell {
    /// What its column is called.
    pub column: String,
    /// Number of its row, from 0.
    pub row: u64,
    /// What it holds, whole; `None` = its row has nothing there.
    pub value: Option<String>,
    /// The rows as they are written in the body.
    pub text: String,
}
