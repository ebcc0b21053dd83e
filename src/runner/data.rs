//! Rows of data for a run: CSV with a header, a JSON list of objects, or JSON Lines.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

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
    let round = |(at, (first, _, variables)): (usize, DataRow)| {
        let value = variables.get(&first).map(String::as_str).unwrap_or_default();
        let told = masked_name(&first, value, &Disclosure::default());
        let told: String = told.chars().take(TOLD).collect();
        let mark = if told.trim().is_empty() { "" } else { ": " };
        RunRound { name: format!("row {}{mark}{told}", at + 1), variables }
    };
    Ok(rows.into_iter().enumerate().map(round).collect())
}

/// Names that variables cannot have are said where they stand.
fn check_name(name: &str, line: usize) -> Result<(), DataFlaw> {
    if is_name(name) {
        return Ok(());
    }
    flaw(line, format!("'{name}' cannot be the name of a variable; letters, digits, _ - . can"))
}

/// The name of the first column, the line it stands in, and all values.
type DataRow = (String, usize, BTreeMap<String, String>);

/// The members of an object in order, with their values as they are written: `1.50` and numbers that no machine has
/// stay what they are.
struct WrittenObject<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for WrittenObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = WrittenObject<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object {\"name\": \"value\"}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                let mut seen = BTreeSet::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if !seen.insert(name.clone()) {
                        return Err(A::Error::custom(format!("'{name}' is there twice")));
                    }
                    members.push((name, value));
                }
                Ok(WrittenObject(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn of_object(object: WrittenObject<'_>, line: usize) -> Result<DataRow, DataFlaw> {
    let first = object.0.first().map(|(name, _)| name.clone()).unwrap_or_default();
    let mut variables = BTreeMap::new();
    for (name, value) in object.0 {
        check_name(&name, line)?;
        variables.insert(name, value_text(value.get()));
    }
    Ok((first, line, variables))
}

/// What a value says: a string what is in it, anything else itself, without spaces between its parts.
fn value_text(written: &str) -> String {
    if written.starts_with('"') {
        return serde_json::from_str(written).unwrap_or_else(|_| written.to_owned());
    }
    let (mut is_string, mut is_escaped) = (false, false);
    let kept = |c: &char| {
        let is_kept = is_string || !c.is_ascii_whitespace();
        match c {
            _ if std::mem::take(&mut is_escaped) => {}
            '\\' => is_escaped = is_string,
            '"' => is_string = !is_string,
            _ => {}
        }
        is_kept
    };
    written.chars().filter(kept).collect()
}

fn of_list(text: &str) -> Result<Vec<DataRow>, DataFlaw> {
    let all: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| DataFlaw {
        line: error.line(),
        why: format!("no list of JSON: {error}"),
    })?;
    // The elements lie in the text, one behind the other.
    let (mut line, mut counted) = (1, 0);
    let mut rows = Vec::with_capacity(all.len());
    for (at, element) in all.into_iter().enumerate() {
        let from = (element.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        line += text.get(counted..from).map_or(0, |skipped| skipped.matches('\n').count());
        counted = from;
        if !element.get().starts_with('{') {
            return flaw(line, format!("element {} is no object {{\"name\": \"value\"}}", at + 1));
        }
        let object = serde_json::from_str(element.get()).map_err(|error| DataFlaw {
            line: line + error.line().saturating_sub(1),
            why: format!("element {}: {error}", at + 1),
        })?;
        rows.push(of_object(object, line)?);
    }
    Ok(rows)
}

fn of_lines(text: &str) -> Result<Vec<DataRow>, DataFlaw> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(at, line): (usize, &str)| match serde_json::from_str(line) {
        Ok(object) => of_object(object, at + 1),
        Err(_) if !line.trim_start().starts_with('{') => {
            flaw(at + 1, "no object {\"name\": \"value\"}")
        }
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
        check_name(name, line)?;
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
        for number in ["12345678901234567890123", "10.00", "1e3", "-0", "1e400"] {
            let rows = read(&format!("[{{\"n\": {number}, \"in\": [ {number} ]}}]")).unwrap();
            assert_eq!(rows[0].1, format!("in=[{number}] n={number}"));
        }
        let spaced = "{\"a\": {\"b c\": \"d \\\" e\", \"f\": [1, 2]}}\n";
        assert_eq!(read(spaced).unwrap()[0].1, "a={\"b c\":\"d \\\" e\",\"f\":[1,2]}");
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
            ("a b\n1\n", "1: 'a b' cannot be the name of a variable"),
            ("a\n1\n\"x\n", "3: a quote is opened and not closed"),
            ("a\n\"x\"y\n", "2: 'y' stands behind a closing quote"),
            ("[1]", "1: element 1 is no object"),
            ("[{\"a\": 1},\n{]", "2: no list of JSON"),
            ("{\"a\": 1}\n[1]\n", "2: no object"),
            ("{\"a\": 1}\n{\n", "2: no JSON"),
            ("[{\"a\": 1},\n {\"a b\": 1}]", "2: 'a b' cannot be"),
            ("[{\"a\": 1},\n {\"a\": 1, \"a\": 2}]", "2: element 2: 'a' is there twice"),
            ("{\"a\": 1}\n{\"b\": 1, \"b\": 2}\n", "2: no JSON: 'b' is there twice"),
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
