//! Text in the parts of cells that a table leaves out: its rows are read again from the text it was made
//! of, beside their lines in the table. Used by searches.

use super::cells::{CUT, RAGGED, Row, SEPARATOR, shown};
use super::reader::RowReader;
use crate::codec::recipe::maker::RowMark;
use crate::codec::search::Pattern;

/// Reads a text from a mark on and searches what the lines of its rows leave out.
#[derive(Debug)]
pub(crate) struct CutCells<'a> {
    reader: RowReader,
    /// Rows that have no line in the table and come first.
    heads: u64,
    columns: &'a [String],
    pattern: &'a Pattern,
}

impl<'a> CutCells<'a> {
    /// Searches behind a mark of a table with these columns.
    pub(crate) fn new(
        mark: RowMark,
        columns: &'a [String],
        pattern: &'a Pattern,
    ) -> Result<Self, String> {
        let (reader, heads) = (RowReader::resumed(mark)?, mark.heads);
        Ok(CutCells { reader, heads, columns, pattern })
    }

    /// Takes the next bytes. `line` hands out the next line of the table and where it begins, `None` where
    /// it ends; `hit` takes the place of each cut that hides a hit.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        line: &mut dyn FnMut() -> Option<(u64, String)>,
        hit: &mut dyn FnMut(u64),
    ) -> Result<(), String> {
        let CutCells { reader, heads, columns, pattern } = self;
        reader.read(bytes, is_last, &mut |row, _| {
            if *heads > 0 {
                *heads -= 1;
                return;
            }
            let Some((start, line)) = line() else { return };
            for at in hidden(&row, &line, columns, pattern) {
                hit(start + at as u64);
            }
        })
    }
}

/// Where a line has a mark that something is cut, and the text is in what is.
fn hidden(row: &Row, line: &str, columns: &[String], pattern: &Pattern) -> Vec<usize> {
    let mut found = Vec::new();
    if !line.contains(CUT) {
        return found;
    }
    let mut start = 0;
    for (at, cell) in line.split(SEPARATOR).enumerate() {
        let begin = start;
        start += cell.len() + SEPARATOR.len_utf8();
        let is_last = start > line.len();
        let told = if is_last { cell.rsplit_once(RAGGED).map(|(cell, _)| cell) } else { None };
        let Some(drawn) = told.unwrap_or(cell).trim_end().strip_suffix(CUT) else { continue };
        let mark = begin + drawn.len();
        // One cell of air is behind what stands between two.
        let drawn = if at > 0 { drawn.strip_prefix(' ').unwrap_or(drawn) } else { drawn };
        let Some(whole) = whole(row, at, columns) else { continue };
        let is_cut = whole.strip_prefix(drawn).is_some_and(|rest| rest != CUT.to_string());
        if is_cut && goes_beyond(pattern, whole.as_bytes(), drawn.len()) {
            found.push(mark);
        }
    }
    found
}

/// What a cell would be if it were not cut.
fn whole(row: &Row, at: usize, columns: &[String]) -> Option<String> {
    let (name, value) = row.cell(at, columns)?;
    let value = shown(&value?);
    let is_named = at >= columns.len() && row.names.is_some();
    Some(if is_named { format!("{name}: {value}") } else { value })
}

/// Whether a hit ends behind a place.
fn goes_beyond(pattern: &Pattern, text: &[u8], place: usize) -> bool {
    let mut from = place.saturating_sub(pattern.longest());
    while let Some(hit) = pattern.first(text, from) {
        if hit.end > place {
            return true;
        }
        from = hit.start + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::recipe::maker::BodyMaker as _;
    use crate::codec::recipe::table::Tabulator;

    /// What stands before each cut of a table of this text that hides the words.
    fn cuts(text: &str, words: &str) -> Vec<String> {
        let (mut maker, mut made) = (Tabulator::default(), Vec::new());
        maker.push(text.as_bytes(), &mut made).unwrap();
        maker.finish(&mut made).unwrap();
        let (marks, columns) = maker.take_marks();
        let (mark, columns) = (marks[0], columns.to_vec());
        let made = String::from_utf8(made).unwrap();
        let mut lines = made.split_inclusive('\n').map(|line| {
            let start = line.as_ptr() as usize - made.as_ptr() as usize;
            (start as u64, line.trim_end().to_owned())
        });
        let pattern = Pattern::parse(words).unwrap();
        let mut cells = CutCells::new(mark, &columns, &pattern).unwrap();
        let mut found = Vec::new();
        for part in text.as_bytes().chunks(7) {
            let hit = &mut |at| found.push(usize::try_from(at).unwrap());
            cells.push(part, false, &mut || lines.next(), hit).unwrap();
        }
        let hit = &mut |at| found.push(usize::try_from(at).unwrap());
        cells.push(b"", true, &mut || lines.next(), hit).unwrap();
        let told = |at: usize| {
            let (before, behind) = made.split_at(at);
            assert!(behind.starts_with(CUT), "{behind}");
            before.chars().rev().take(5).collect::<Vec<_>>().iter().rev().collect()
        };
        found.into_iter().map(told).collect()
    }

    #[test]
    fn text_behind_a_cut_is_found_whatever_the_table_is_made_of() {
        let long = "x".repeat(70);
        let csv = format!(
            "a,b,c\nAnn,{long}needle,{long}\nneedle,2,3\nBob,\"{long}\"\"q\",{long}needle\n"
        );
        assert_eq!(cuts(&csv, "needle"), ["xxxxx", "xxxxx"]);
        assert_eq!(cuts(&csv, "\"q"), ["xxxxx"], "as it is shown and not as it is written");
        assert_eq!(cuts(&csv, "Ann"), [""; 0], "what is drawn is found elsewhere");
        let lines = format!("{{\"a\":1,\"b\":\"{long}\\u00fcber\"}}\n{{\"a\":2,\"z\":\"no\"}}\n");
        assert_eq!(cuts(&lines, "über"), ["xxxxx"]);
        assert_eq!(cuts(&format!("[{}]", lines.trim().replace('\n', ",")), "über"), ["xxxxx"]);
    }

    #[test]
    fn a_hit_that_begins_before_the_cut_counts_and_one_that_ends_there_does_not() {
        let text = format!("a,b\n1,{}bcdef\n", "y".repeat(57));
        // 59 cells are drawn: up to the c.
        for (words, is_hidden) in [("bcd", true), ("bc", false), ("yb", false), ("def", true)] {
            assert_eq!(cuts(&text, words).len(), usize::from(is_hidden), "{words}");
        }
    }

    #[test]
    fn cells_of_no_column_are_searched_and_an_ellipsis_of_the_text_is_no_cut() {
        let long = "x".repeat(70);
        assert_eq!(cuts(&format!("a,b\n1,2,{long}needle\n"), "needle"), ["xxxxx"]);
        assert_eq!(cuts("a,b\n1,to be…\n", "…"), [""; 0]);
    }
}
