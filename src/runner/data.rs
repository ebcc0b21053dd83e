//! Rows of data for a run: CSV with a header, a JSON list of objects, or JSON Lines.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::rounds::RunRound;
use crate::model::braces::is_name;
use crate::model::secrets::{Disclosure, masked_name};

/// Rows of a file at most.
const ROWS: usize = 100_000;
/// Characters of a value that tell a row.
const TOLD: usize = 30;

/// What is wrong with rows of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFlaw {
    /// Counted from 1.
    pub line: usize,
    pub why: String,
}

fn flaw<T>(line: usize, why: impl Into<String>) -> Result<T, DataFlaw> {
    Err(DataFlaw { line, why: why.into() })
}

/// The rows of a file as rounds with names and variables.
///
/// # Errors
/// The first line that cannot be taken, and why.
pub fn data_rows(text: &str) -> Result<Vec<RunRound>, DataFlaw> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = match text.trim_start().chars().next() {
        Some('[') => of_list(text)?,
        Some('{') => of_lines(text)?,
        Some(_) => of_csv(text)?,
        None => Vec::new(),
    };
    if rows.is_empty() {
        return flaw(1, "there are no rows in it");
    }
    if let Some((_, line, _)) = rows.get(ROWS) {
        return flaw(*line, format!("more than {ROWS} rows"));
    }
    let round = |(at, (first, line, variables)): (usize, DataRow)| {
        if let Some(name) = variables.keys().find(|name| !is_name(name)) {
            let why =
                format!("'{name}' cannot be the name of a variable; letters, digits, _ - . can");
            return flaw(line, why);
        }
        let value = variables.get(&first).map(String::as_str).unwrap_or_default();
        let told = masked_name(&first, value, &Disclosure::default());
        let told: String = told.chars().take(TOLD).collect();
        let mark = if told.trim().is_empty() { "" } else { ": " };
        Ok(RunRound { name: format!("row {}{mark}{told}", at + 1), variables })
    };
    rows.into_iter().enumerate().map(round).collect()
}

/// The name of the first column, the line it stands in, and all values.
type DataRow = (String, usize, BTreeMap<String, String>);

fn of_object(object: Map<String, Value>, line: usize) -> DataRow {
    let first = object.keys().next().cloned().unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    (first, line, object.into_iter().map(|(name, value)| (name, text(value))).collect())
}

fn of_list(text: &str) -> Result<Vec<DataRow>, DataFlaw> {
    let all: Vec<Value> = serde_json::from_str(text).map_err(|error| DataFlaw {
        line: error.line(),
        why: format!("no list of JSON: {error}"),
    })?;
    let row = |(at, value): (usize, Value)| match value {
        Value::Object(object) => Ok(of_object(object, 1)),
        _ => flaw(1, format!("element {} is no object {{\"name\": \"value\"}}", at + 1)),
    };
    all.into_iter().enumerate().map(row).collect()
}

fn of_lines(text: &str) -> Result<Vec<DataRow>, DataFlaw> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(at, line): (usize, &str)| match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Ok(of_object(object, at + 1)),
        Ok(_) => flaw(at + 1, "no object {\"name\": \"value\"}"),
        Err(error) => flaw(at + 1, format!("no JSON: {error}")),
    };
    lines.map(row).collect()
}

fn of_csv(text: &str) -> Result<Vec<DataRow>, DataFlaw> {
    let mut records = csv_records(text)?.into_iter();
    let Some((line, header)) = records.next() else { return Ok(Vec::new()) };
    let header: Vec<String> = header.into_iter().map(|name| name.trim().to_owned()).collect();
    let mut seen = BTreeSet::new();
    for (at, name) in header.iter().enumerate() {
        if name.is_empty() {
            return flaw(line, format!("column {} has no name", at + 1));
        }
        if !seen.insert(name) {
            return flaw(line, format!("two columns are called '{name}'"));
        }
    }
    let first = header.first().cloned().unwrap_or_default();
    let row = |(line, values): (usize, Vec<String>)| {
        if values.len() != header.len() {
            let (has, wanted) = (values.len(), header.len());
            return flaw(line, format!("the header has {wanted} columns, this row {has}"));
        }
        Ok((first.clone(), line, header.iter().cloned().zip(values).collect()))
    };
    records.map(row).collect()
}

/// Records of CSV (RFC 4180) with the lines they begin in; empty lines are none.
fn csv_records(text: &str) -> Result<Vec<(usize, Vec<String>)>, DataFlaw> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut began) = (1, 1);
    let mut quoted: Option<usize> = None;
    let mut was_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        if quoted.is_some() {
            match c {
                '"' if chars.next_if_eq(&'"').is_some() => field.push('"'),
                '"' => quoted = None,
                c => field.push(c),
            }
            continue;
        }
        match c {
            '"' if field.is_empty() && !was_quoted => (quoted, was_quoted) = (Some(line), true),
            ',' => {
                record.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                if !record.is_empty() || !field.is_empty() || was_quoted {
                    record.push(std::mem::take(&mut field));
                    records.push((began, std::mem::take(&mut record)));
                }
                (began, was_quoted) = (line, false);
            }
            _ if was_quoted => return flaw(line, format!("'{c}' stands behind a closing quote")),
            c => field.push(c),
        }
    }
    if let Some(line) = quoted {
        return flaw(line, "a quote is opened and not closed");
    }
    if !record.is_empty() || !field.is_empty() || was_quoted {
        record.push(field);
        records.push((began, record));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let rows = data_rows(text).map_err(|flaw| format!("{}: {}", flaw.line, flaw.why))?;
        let values = |row: &RunRound| {
            let pairs = row.variables.iter().map(|(name, value)| format!("{name}={value}"));
            (row.name.clone(), pairs.collect::<Vec<_>>().join(" "))
        };
        Ok(rows.iter().map(values).collect())
    }

    #[test]
    fn rows_come_from_csv_json_and_json_lines() {
        let two = [
            ("row 1: ann".to_owned(), "age=7 name=ann".to_owned()),
            ("row 2: bob, jr".to_owned(), "age=8 name=bob, jr".to_owned()),
        ];
        for text in [
            "name,age\nann,7\n\n\"bob, jr\",8\n",
            "\u{feff}name,age\r\nann,7\r\n\"bob, jr\",8",
            r#"[{"name": "ann", "age": 7}, {"name": "bob, jr", "age": "8"}]"#,
            "{\"name\": \"ann\", \"age\": 7}\n\n{\"name\": \"bob, jr\", \"age\": 8}\n",
        ] {
            assert_eq!(read(text).unwrap(), two, "{text}");
        }
        assert_eq!(read("a\n\"x\"\"y\nz\"\n").unwrap()[0].1, "a=x\"y\nz");
        assert_eq!(read("token\nabc\n").unwrap()[0].0, "row 1: ********");
        assert_eq!(
            read("[{\"a\": {\"b\": [1]}, \"c\": true}]").unwrap()[0].1,
            "a={\"b\":[1]} c=true"
        );
    }

    #[test]
    fn a_bad_row_is_said_with_its_line() {
        for (text, says) in [
            ("", "1: there are no rows"),
            ("a,b\n", "1: there are no rows"),
            ("a,b\n1,2\n3\n", "3: the header has 2 columns, this row 1"),
            ("a,b\n\n\"x\n\",1\n2,3,4\n", "5: the header has 2 columns, this row 3"),
            ("a,\n1,2\n", "1: column 2 has no name"),
            ("a,a\n1,2\n", "1: two columns are called 'a'"),
            ("a b\n1\n", "2: 'a b' cannot be the name of a variable"),
            ("a\n1\n\"x\n", "3: a quote is opened and not closed"),
            ("a\n\"x\"y\n", "2: 'y' stands behind a closing quote"),
            ("[1]", "1: element 1 is no object"),
            ("[{\"a\": 1},\n{]", "2: no list of JSON"),
            ("{\"a\": 1}\n[1]\n", "2: no object"),
            ("{\"a\": 1}\n{\n", "2: no JSON"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(says), "{text}: {said}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn csv_that_is_written_reads_again(values in prop::collection::vec("\\PC{0,8}|[\"\n,\r]{1,4}", 1..8)) {
            let quoted = |value: &String| format!("\"{}\"", value.replace('"', "\"\""));
            let rows: Vec<String> = values.iter().map(quoted).collect();
            let read = data_rows(&format!("v\n{}", rows.join("\n"))).unwrap();
            let read: Vec<String> = read.into_iter().map(|row| row.variables["v"].clone()).collect();
            prop_assert_eq!(read, values);
        }
    }
}
