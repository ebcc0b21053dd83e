//! Rows of a table read again from the text it was made of: what stands in a cell whole, and the text of
//! rows as it came.

use super::cells::Row;
use super::reader::RowReader;
use crate::codec::recipe::maker::{RowKind, RowMark};

/// Reads a text from a mark on until the rows that are wanted are here.
#[derive(Debug)]
pub(crate) struct RowFinder {
    reader: RowReader,
    kind: RowKind,
    /// Rows before the first that is wanted.
    passed: u64,
    /// Rows that are wanted and are not here yet.
    wanted: u64,
    /// Bytes of text that are taken at most.
    limit: usize,
    first: Option<Row>,
    text: Vec<u8>,
}

impl RowFinder {
    /// Wants rows behind a mark, after `passed` of them, as long as their text has no more than `limit`
    /// bytes; the first is taken whatever its length.
    pub(crate) fn new(
        mark: RowMark,
        passed: u64,
        wanted: u64,
        limit: usize,
    ) -> Result<Self, String> {
        let (passed, kind) = (passed + mark.heads, mark.kind);
        let reader = RowReader::resumed(mark)?;
        Ok(RowFinder { reader, kind, passed, wanted, limit, first: None, text: Vec::new() })
    }

    /// Takes the next bytes; tells whether all that is wanted is here.
    pub(crate) fn push(&mut self, bytes: &[u8], is_last: bool) -> Result<bool, String> {
        let RowFinder { reader, kind, passed, wanted, limit, first, text } = self;
        reader.read(bytes, is_last, &mut |row, source| {
            if *passed > 0 {
                *passed -= 1;
            } else if *wanted > 0 {
                *wanted -= 1;
                text.extend_from_slice(source);
                if !matches!(kind, RowKind::Delimited(_)) {
                    text.push(b'\n');
                }
                first.get_or_insert(row);
                if text.len() > *limit {
                    *wanted = 0;
                }
            }
        })?;
        Ok(*wanted == 0)
    }

    /// The text of the rows, without the end of the last line.
    pub(crate) fn text(&self) -> String {
        let text = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        String::from_utf8_lossy(text).into_owned()
    }

    /// Name and value of the cell of the first row that stands at this place in the table; no value where
    /// the row has none.
    pub(crate) fn cell(&self, at: usize, columns: &[String]) -> Option<(String, Option<String>)> {
        self.first.as_ref()?.cell(at, columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::recipe::maker::BodyMaker as _;
    use crate::codec::recipe::table::Tabulator;

    /// The marks of a table that is made of a text in parts, its columns and its lines.
    fn table(text: &str, part: usize) -> (Vec<RowMark>, Vec<String>, Vec<String>) {
        let (mut maker, mut made, mut marks) = (Tabulator::default(), Vec::new(), Vec::new());
        for part in text.as_bytes().chunks(part) {
            maker.push(part, &mut made).unwrap();
            marks.extend(maker.take_marks().0);
        }
        maker.finish(&mut made).unwrap();
        marks.extend(maker.take_marks().0);
        let lines = String::from_utf8(made).unwrap().lines().map(str::to_owned).collect();
        (marks, maker.take_marks().1.to_vec(), lines)
    }

    fn find(text: &str, mark: RowMark, passed: u64, rows: u64) -> RowFinder {
        let mut finder = RowFinder::new(mark, passed, rows, 1 << 20).unwrap();
        for part in text.as_bytes()[usize::try_from(mark.read).unwrap()..].chunks(5) {
            if finder.push(part, false).unwrap() {
                return finder;
            }
        }
        finder.push(b"", true).unwrap();
        finder
    }

    #[test]
    fn a_row_is_found_from_every_mark_before_it() {
        let count = 1200;
        let delimited = (0..count).map(|n| format!("{n},\"a, {n}\nb\",{}\r\n", n % 7));
        let csv = format!("n,text,m\r\n{}", delimited.collect::<String>());
        let object = |n: u32| format!("{{\"n\": {n}, \"text\":\"a\\u0062 {n}\",\"m\":[1, {{}}]}}");
        let lines: String = (0..count).map(|n| object(n) + "\n").collect();
        let list = format!(" [{}]\n", (0..count).map(object).collect::<Vec<_>>().join(" , "));
        let spread = |n: u32| object(n).replace(", ", ",\n");
        let values: String = (0..count).map(|n| spread(n) + "\n").collect();
        for (text, value, source) in [
            (&csv, "a, 1150\nb", "1150,\"a, 1150\nb\",2"),
            (&lines, "ab 1150", &*object(1150)),
            (&list, "ab 1150", &*object(1150)),
            (&values, "ab 1150", &*spread(1150)),
        ] {
            let (marks, columns, drawn) = table(text, 997);
            assert_eq!((columns.len(), drawn.len()), (3, 1200), "{columns:?}");
            let before = marks.iter().filter(|mark| mark.rows <= 1150);
            assert!(before.clone().count() > 3, "{marks:?}");
            for mark in before {
                let made: usize = drawn[..mark.rows as usize].iter().map(|it| it.len() + 1).sum();
                assert_eq!(made as u64, mark.made);
                let found = find(text, *mark, 1150 - mark.rows, 1);
                let cell = found.cell(1, &columns).unwrap();
                assert_eq!(cell, ("text".to_owned(), Some(value.to_owned())));
                assert_eq!(found.text(), source);
            }
        }
    }

    #[test]
    fn cells_beyond_the_columns_and_rows_of_other_keys_are_found_where_they_are_drawn() {
        let (marks, columns, drawn) = table("a,b\n1,2,3,4\n5\n", 100);
        assert!(drawn[0].contains("│ 3 │ 4"), "{drawn:?}");
        let ragged = find("a,b\n1,2,3,4\n5\n", marks[0], 0, 2);
        assert_eq!(ragged.cell(3, &columns), Some(("cell 4".into(), Some("4".into()))));
        assert_eq!(ragged.text(), "1,2,3,4\n5");
        assert_eq!(
            find("a,b\n1,2,3,4\n5\n", marks[0], 1, 1).cell(1, &columns),
            Some(("b".into(), None))
        );
        let rest = "{\"a\":1}\n".repeat(2001);
        let text = format!("{{\"a\":1}}\n{rest}{{\"z\":9,\"y\":8}}\nno json\n");
        let (marks, columns, drawn) = table(&text, 512);
        assert!(drawn[2002].contains("│ z: 9 │ y: 8"), "{}", drawn[2002]);
        let odd = find(&text, marks[0], 2002, 1);
        assert_eq!(odd.cell(2, &columns), Some(("y".into(), Some("8".into()))));
        assert_eq!(odd.cell(0, &columns), Some(("a".into(), None)));
        let broken = find(&text, marks[0], 2003, 1);
        assert_eq!(broken.cell(1, &columns).unwrap().1, Some("no json".into()));
    }

    #[test]
    fn the_sign_between_cells_is_in_none() {
        let (_, _, drawn) = table("a,b\nx │ y,z\n", 100);
        assert_eq!(drawn[0].matches(super::super::SEPARATOR).count(), 1, "{drawn:?}");
    }
}
