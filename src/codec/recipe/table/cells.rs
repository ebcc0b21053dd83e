//! Rows and the columns they stand in.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::codec::printable::printable;

/// Widest column in cells of the screen.
const WIDEST: usize = 60;
/// Columns at most; what is more stands behind as if it belonged to none.
const MOST: usize = 256;
/// Names the cell of a line that is no row; never a column.
pub(super) const BROKEN: &str = "✗ not JSON";
/// Stands between two cells, and in none of them.
pub(crate) const SEPARATOR: char = '│';
/// Stands for it in a cell.
const BAR: &str = "¦";
/// The same with air around it.
const BETWEEN: &str = " │ ";
/// Ends a cell that is drawn in part.
pub(super) const CUT: char = '…';
/// Ends the line of a row that has other columns, before how many they are.
pub(super) const RAGGED: &str = " ◂";

/// A row: its cells in the order they came, with the names of their columns where each has its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    /// `None` = the cell belongs to the column at its place.
    pub(super) names: Option<Vec<String>>,
    pub(super) cells: Vec<String>,
}

impl Row {
    /// Bytes of its cells.
    pub(super) fn len(&self) -> usize {
        self.cells.iter().map(String::len).sum::<usize>() + 1
    }

    /// Name and value of the cell that stands at this place in a table with these columns; no value where
    /// the row has none.
    pub(super) fn cell(&self, at: usize, columns: &[String]) -> Option<(String, Option<String>)> {
        let column = columns.get(at);
        let Some(names) = &self.names else {
            let name = column.cloned().unwrap_or_else(|| format!("cell {}", at + 1));
            return Some((name, self.cells.get(at).cloned()));
        };
        let names: Vec<String> = names.iter().map(|name| shown(name)).collect();
        if let Some(column) = column {
            let found = names.iter().position(|name| name == column);
            return Some((column.clone(), found.and_then(|at| self.cells.get(at).cloned())));
        }
        // What belongs to no column, or to one that has a cell already, stands behind them in order.
        let mut others = names
            .iter()
            .enumerate()
            .filter(|(place, name)| !columns.contains(name) || names[..*place].contains(name));
        let (place, name) = others.nth(at - columns.len())?;
        Some((name.clone(), self.cells.get(place).cloned()))
    }
}

/// The columns, measured.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    /// The names above the columns, as wide as the first rows made these.
    header: String,
    widths: Vec<usize>,
    /// Numbers stand at the right.
    are_numbers: Vec<bool>,
}

impl Columns {
    /// Columns for these rows; their names are the cells of `head`, or those the rows bring.
    pub(super) fn of(head: Option<Row>, rows: &[Row]) -> Self {
        let mut names = head.map_or_else(|| names_of(rows), |head| head.cells);
        names.truncate(MOST);
        for name in &mut names {
            *name = shown(name);
        }
        let widths = names.iter().map(|name| name.width()).collect();
        let are_numbers = vec![false; names.len()];
        let mut columns = Columns { names, header: String::new(), widths, are_numbers };
        let mut texts = vec![false; columns.names.len()];
        for row in rows {
            for (at, cell) in row.cells.iter().enumerate() {
                let Some(column) = columns.column(row, at) else { continue };
                columns.widen(column, &shown(cell));
                if !cell.is_empty() {
                    columns.are_numbers[column] = true;
                    texts[column] |= cell.parse::<f64>().is_err();
                }
            }
        }
        for (column, is_text) in texts.into_iter().enumerate() {
            columns.are_numbers[column] &= !is_text;
        }
        let above = columns.names.iter().map(String::as_str).map(Some).collect::<Vec<_>>();
        columns.header = columns.line(&above);
        columns
    }

    /// A column is as wide as its widest cell so far: what comes later is read whole too, and the rows
    /// around it stay in line.
    fn widen(&mut self, column: usize, cell: &str) {
        self.widths[column] = self.widths[column].max(cell.width().min(WIDEST));
    }

    /// The column of a cell.
    fn column(&self, row: &Row, at: usize) -> Option<usize> {
        match &row.names {
            None => Some(at).filter(|at| *at < self.names.len()),
            Some(names) => {
                let name = names.get(at)?;
                // Rows mostly come with the same keys in the same order.
                if self.names.get(at) == Some(name) {
                    return Some(at);
                }
                self.names.iter().position(|other| other == name)
            }
        }
    }

    /// What the columns are called.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The names, as they stand above the columns.
    pub(super) fn header(&self) -> String {
        self.header.clone()
    }

    /// Appends the line of a row; whether it has other columns.
    pub(super) fn write(&mut self, row: &Row, made: &mut Vec<u8>) -> bool {
        let mut cells: Vec<Option<String>> = vec![None; self.names.len()];
        let mut others = Vec::new();
        for (at, cell) in row.cells.iter().enumerate() {
            match self.column(row, at) {
                Some(column) if cells[column].is_none() => {
                    let cell = shown(cell);
                    self.widen(column, &cell);
                    cells[column] = Some(cell);
                }
                _ => {
                    let name = row.names.as_ref().and_then(|names| names.get(at));
                    let name = name.map(|name| format!("{}: ", shown(name))).unwrap_or_default();
                    others.push(cut(&format!("{name}{}", shown(cell)), WIDEST));
                }
            }
        }
        let is_ragged = match &row.names {
            None => row.cells.len() != self.names.len(),
            Some(_) => !others.is_empty(),
        };
        let cells: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
        let mut line = self.line(&cells);
        if is_ragged {
            let width = self.widths.iter().sum::<usize>()
                + BETWEEN.width() * self.widths.len().saturating_sub(1);
            line += &" ".repeat(width.saturating_sub(line.width()));
            for other in &others {
                line += BETWEEN;
                line += other;
            }
            line += RAGGED;
            if row.names.is_none() {
                let _ = write!(line, " {} of {}", row.cells.len(), self.names.len());
            }
        }
        made.extend_from_slice(line.as_bytes());
        made.push(b'\n');
        is_ragged
    }

    fn line(&self, cells: &[Option<&str>]) -> String {
        let mut line = String::new();
        for (at, cell) in cells.iter().enumerate() {
            let width = self.widths.get(at).copied().unwrap_or(0).min(WIDEST);
            let cell = cut(cell.unwrap_or_default(), width);
            let blank = " ".repeat(width.saturating_sub(cell.width()));
            line += if at > 0 { BETWEEN } else { "" };
            if self.are_numbers.get(at) == Some(&true) {
                line += &blank;
                line += &cell;
            } else {
                line += &cell;
                line += &blank;
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Names in the order the rows bring them; of rows without names their numbers.
fn names_of(rows: &[Row]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for row in rows {
        for name in row.names.iter().flatten().filter(|name| *name != BROKEN) {
            if names.len() < MOST && known.insert(name.clone()) {
                names.push(name.clone());
            }
        }
    }
    let most = rows.iter().filter(|row| row.names.is_none()).map(|row| row.cells.len()).max();
    match most {
        Some(1) if names.is_empty() => vec!["value".to_owned()],
        Some(most) if names.is_empty() => (1..=most.min(MOST)).map(|at| at.to_string()).collect(),
        _ => names,
    }
}

/// A cell as one line of visible text.
pub(super) fn shown(cell: &str) -> String {
    let cell = cell.replace("\r\n", "⏎").replace('\n', "⏎").replace(SEPARATOR, BAR);
    printable(cell.as_bytes())
}

/// So much of a text as fits, with a mark where it goes on.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut room = width.saturating_sub(1);
    for c in text.chars() {
        let cells = c.width().unwrap_or(0);
        if cells > room {
            break;
        }
        room -= cells;
        cut.push(c);
    }
    cut.push(CUT);
    cut
}
