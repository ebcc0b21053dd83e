//! A table: CSV and the like, JSON Lines and lists of JSON, in columns that are aligned by the first
//! rows and widen where a later cell needs it. Rows that have other columns than the first are marked at their end.

mod cells;
mod cut_cells;
mod delimited;
mod found_rows;
mod json_rows;
mod reader;

use super::maker::{BodyMaker, RowMark};
use crate::model::counts::{count, counted};
use crate::model::view::{LINE_PIECE, ViewMode};
pub(crate) use cells::SEPARATOR;
use cells::{Columns, Row};
pub(crate) use cut_cells::CutCells;
pub(crate) use found_rows::RowFinder;
use reader::RowReader;

/// Rows by which the columns are measured.
const MEASURED: usize = 1000;
/// Bytes of cells by which they are measured at most.
const MEASURED_BYTES: usize = 4 << 20;

/// Makes a table.
#[derive(Debug, Default)]
pub(super) struct Tabulator {
    reader: Option<RowReader>,
    /// Bytes before it is known what they are.
    begin: Vec<u8>,
    /// Rows before the columns are measured.
    rows: Vec<Row>,
    bytes: usize,
    columns: Option<Columns>,
    count: u64,
    ragged: u64,
    /// Bytes read and made so far.
    read: u64,
    made: u64,
    marks: Vec<RowMark>,
    has_long_lines: bool,
}

impl Tabulator {
    fn take(&mut self, rows: Vec<Row>, made: &mut Vec<u8>) {
        for row in rows {
            if let Some(columns) = &mut self.columns {
                self.count += 1;
                let before = made.len();
                self.ragged += u64::from(columns.write(&row, made));
                self.has_long_lines |= made.len() - before > LINE_PIECE;
                continue;
            }
            self.bytes += row.len();
            self.rows.push(row);
        }
        if self.rows.len() > MEASURED || self.bytes > MEASURED_BYTES {
            self.measure(made);
        }
    }

    /// The columns are what the rows so far make them.
    fn measure(&mut self, made: &mut Vec<u8>) {
        if self.columns.is_some() || self.rows.is_empty() {
            return;
        }
        let mut rows = std::mem::take(&mut self.rows);
        let Some(reader) = &self.reader else { return };
        let (heads, kind) = (reader.heads(), reader.kind());
        let head = (heads > 0).then(|| rows.remove(0));
        self.marks.push(RowMark { rows: 0, made: 0, read: 0, heads, kind });
        self.columns = Some(Columns::of(head, &rows));
        self.take(rows, made);
    }

    /// The rows so far are made of what is marked here.
    fn mark(&mut self) {
        let reader = self.reader.as_ref().filter(|_| self.columns.is_some());
        if let Some((read, kind)) = reader.and_then(|reader| reader.place(self.read)) {
            let (rows, made) = (self.count, self.made);
            self.marks.push(RowMark { rows, made, read, heads: 0, kind });
        }
    }

    fn step(&mut self, bytes: &[u8], is_last: bool, made: &mut Vec<u8>) -> Result<(), String> {
        self.read += bytes.len() as u64;
        let before = made.len();
        let mut rows = Vec::new();
        let mut take = |row, _: &[u8]| rows.push(row);
        if let Some(reader) = &mut self.reader {
            reader.read(bytes, is_last, &mut take)?;
        } else {
            self.begin.extend_from_slice(bytes);
            self.reader = RowReader::of(&self.begin, is_last)?;
            let Some(reader) = &mut self.reader else { return Ok(()) };
            reader.read(&std::mem::take(&mut self.begin), is_last, &mut take)?;
        }
        self.take(rows, made);
        self.made += (made.len() - before) as u64;
        self.mark();
        Ok(())
    }
}

impl BodyMaker for Tabulator {
    fn push(&mut self, bytes: &[u8], made: &mut Vec<u8>) -> Result<(), String> {
        self.step(bytes, false, made)
    }

    fn finish(&mut self, made: &mut Vec<u8>) -> Result<(), String> {
        self.step(b"", true, made)?;
        self.measure(made);
        if self.columns.is_none() {
            return Err("there are no rows here".to_owned());
        }
        Ok(())
    }

    fn mode(&self) -> ViewMode {
        ViewMode::Text
    }

    fn take_marks(&mut self) -> (Vec<RowMark>, &[String]) {
        let columns = self.columns.as_ref().map_or(&[][..], Columns::names);
        (std::mem::take(&mut self.marks), columns)
    }

    fn has_long_lines(&self) -> bool {
        self.has_long_lines
    }

    fn header(&self) -> String {
        self.columns.as_ref().map_or_else(String::new, Columns::header)
    }

    fn remark(&self) -> String {
        let ragged = match self.ragged {
            0 => String::new(),
            1 => ", 1 of them has other columns ◂".to_owned(),
            ragged => format!(", {} of them have other columns ◂", count(ragged)),
        };
        format!("{}{ragged}", counted(self.count, "row"))
    }

    fn warns(&self) -> bool {
        self.ragged > 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::maker::made_of;
    use super::*;

    /// The header and the lines of a table.
    fn table(text: &str) -> Vec<String> {
        let (mut maker, mut made) = (Tabulator::default(), Vec::new());
        for part in text.as_bytes().chunks(3) {
            maker.push(part, &mut made).unwrap();
        }
        maker.finish(&mut made).unwrap();
        let text = String::from_utf8(made).unwrap();
        std::iter::once(maker.header()).chain(text.lines().map(str::to_owned)).collect()
    }

    #[test]
    fn csv_is_aligned_with_quotes_breaks_and_odd_rows() {
        let text = "\u{feff}name,n,note\r\nAnn,1,\"a, \"\"b\"\"\r\nc\"\r\nLongname,100,\r\nx,2\r\ny,3,z,w\n";
        assert_eq!(
            table(text),
            [
                "name     │   n │ note",
                "Ann      │   1 │ a, \"b\"⏎c",
                "Longname │ 100 │",
                "x        │   2 │          ◂ 2 of 3",
                "y        │   3 │ z        │ w ◂ 4 of 3",
            ]
        );
    }

    #[test]
    fn tabs_semicolons_and_bars_part_columns_too() {
        for text in ["a\tb\n1\t2,5", "a;b\n1;2,5\n", "a|b\n1|2,5"] {
            assert_eq!(table(text), ["a │ b", "1 │ 2,5"], "{text}");
        }
        for text in ["one column\nonly\n", "", "  \n"] {
            made_of::<Tabulator>(text, 100).unwrap_err();
        }
    }

    #[test]
    fn lines_and_lists_of_json_have_a_column_for_each_key() {
        let lines = "{\"id\":1,\"n\":\"Ann\"}\n{\"n\":null,\"id\":20.0,\"x\":{\"a\": [1]}}\n{}";
        let expected =
            ["  id │ n    │ x", "   1 │ Ann  │", "20.0 │ null │ {\"a\": [1]}", "     │      │"];
        assert_eq!(table(lines), expected);
        let list = format!("[{}]", lines.replace('\n', ","));
        assert_eq!(table(&list), expected);
        // A line that is no JSON spoils only itself.
        assert_eq!(
            table("{\"a\":1}\n{\"a\":2\n\n{\"a\":33}\nplain\n"),
            [" a", " 1", "   │ ✗ not JSON: {\"a\":2 ◂", "33", "   │ ✗ not JSON: plain ◂",]
        );
        made_of::<Tabulator>("{\"a\":1,\n}\n{\"a\":2}", 100).unwrap_err();
        assert_eq!(table("[[1,2],[3,4]]"), ["1 │ 2", "1 │ 2", "3 │ 4"]);
        assert_eq!(table("[\"a\\nb\",2]"), ["value", "a⏎b", "2"]);
        made_of::<Tabulator>("[{\"a\":1},{]", 100).unwrap_err();
    }

    #[test]
    fn a_cell_wider_than_the_first_rows_is_read_whole_and_the_rows_behind_it_stay_in_line() {
        let rows = (0..2 * MEASURED).map(|_| "7,x\n").collect::<String>();
        let lines = table(&format!("id,n\n{rows}1234567,ab\n8,y\n"));
        assert_eq!(lines[..2], ["id │ n", " 7 │ x"]);
        assert_eq!(lines[lines.len() - 2..], ["1234567 │ ab", "      8 │ y"]);
        let list = (0..2 * MEASURED).map(|_| "{\"id\":1}\n").collect::<String>();
        let lines = table(&format!("{list}{{\"id\":1000000}}\n"));
        assert_eq!(lines[lines.len() - 1], "1000000");
    }

    #[test]
    fn a_wide_cell_is_cut_and_controls_are_made_visible() {
        let long = "x".repeat(200);
        let lines = table(&format!("a,b\n{long},\x1b[31m\n"));
        assert_eq!(lines[1], format!("{}… │ \\e[31m", "x".repeat(59)));
    }
}
