//! Sections whose keys are free: `[expect]` and `[capture]`. A row is a line of them, in order. And what a file
//! has to say in the expression language, so that it is refused at its place.
//!
//! What a value is in the form is the text of the expression language, what it is in the file is TOML: a
//! number or truth value is written as one, a text that looks like one in quotes of its own (`'42'`).
//! What is read and written again is the same in both. A row that is off has a `~` before its name.

use toml_edit::{Document, InlineTable, Value};

use crate::check;
use crate::codec::strict_toml::{Fields, NamedItem, Trouble};
use crate::compose::{condition_flaw, conditioned};
use crate::model::inherit;
use crate::model::name_value::NameValue;
use crate::model::spec::Spec;

/// The rows of a section.
pub(super) fn read(section: Fields<'_>) -> Result<Vec<NameValue>, Trouble> {
    section.free().map(|entry| row(&entry)).collect()
}

/// Enters rows of its own among those that are inherited; one takes the place of those of its name.
pub(super) fn merge(rows: &mut Vec<NameValue>, own: Vec<NameValue>) {
    if rows.is_empty() {
        *rows = own;
        return;
    }
    let named = |rows: Vec<NameValue>| {
        rows.into_iter().map(|row| (row.name.trim().to_owned(), row)).collect::<Vec<_>>()
    };
    *rows = inherit::merged(named(std::mem::take(rows)), named(own));
}

/// The rows of a section that a spec of this kind can be asked, with their names in the file.
pub(super) fn fitting(
    section: Fields<'_>,
    spec: &Spec,
) -> Result<Vec<(String, NameValue)>, Trouble> {
    if spec.expected().is_none() {
        return Ok(Vec::new());
    }
    let rows = section.free().map(|entry| Ok((entry.name.clone(), row(&entry)?)));
    let rows: Vec<_> = rows.collect::<Result<_, Trouble>>()?;
    Ok(rows.into_iter().filter(|(_, row)| check::flaw(row, spec).is_none()).collect())
}

/// Rows as a section. Names of which there are several are told apart by spaces behind them, which
/// mean nothing, so that a row that is being written is not lost.
pub(super) fn written(rows: &[NameValue]) -> InlineTable {
    let mut section = InlineTable::new();
    for row in rows {
        let mut key = format!("{}{}", if row.enabled { "" } else { "~" }, row.name);
        while section.contains_key(&key) {
            key.push(' ');
        }
        section.insert(key, value(&row.value));
    }
    section
}

/// Whether all that is expected and captured, held and asked can be read: a file that says what is not known is refused,
/// a draft is not.
pub(super) fn check(document: &Document<&str>, spec: &Spec) -> Result<(), Trouble> {
    let mut flaws = conditions(document, spec)?;
    let mut root = Fields::root(document);
    let of_expectations = spec.expected().map(|_| ("expect", check::flaw as Flaw));
    let of_captures = spec.checks().map(|_| ("capture", check::capture_flaw as Flaw));
    for (section, flaw) in of_expectations.into_iter().chain(of_captures) {
        let Some(entry) = root.get(section) else { continue };
        for entry in entry.table()?.free() {
            let row = match row(&entry) {
                Ok(row) => row,
                Err(trouble) => {
                    flaws.push(trouble);
                    continue;
                }
            };
            let flaw = flaw(&row, spec).filter(|_| row.is_used());
            flaws.extend(flaw.map(|why| entry.wrong(&format!("in '{section}': {why}"))));
        }
    }
    Trouble::all(flaws).map_or(Ok(()), Err)
}

/// What of what a relay holds, and of what faults and rules are about, cannot be read. A row that is off is
/// left alone.
fn conditions(document: &Document<&str>, spec: &Spec) -> Result<Vec<Trouble>, Trouble> {
    let mut root = Fields::root(document);
    let Some(section) = root.get(spec.section()) else { return Ok(Vec::new()) };
    let mut section = section.table()?;
    let mut flaws = Vec::new();
    let mut judge = |list: &str, entry: Option<NamedItem<'_>>, place: &str| {
        let Some(entry) = entry else { return };
        let flaw = condition_flaw(list, entry.as_text().unwrap_or_default());
        flaws.extend(flaw.map(|why| entry.wrong(&format!("{place}: {why}"))));
    };
    judge("hold", section.get("hold"), "cannot be this");
    for list in conditioned(spec) {
        let Some(rows) = section.get(list) else { continue };
        for row in rows.list()? {
            let mut fields = row.table()?;
            let is_off = fields.get("off").and_then(|off| off.as_flag()).unwrap_or_default();
            let when = fields.get("when").filter(|_| !is_off);
            judge(list, when, &format!("of {} cannot be this", row.name));
        }
    }
    Ok(flaws)
}

type Flaw = fn(&NameValue, &Spec) -> Option<String>;

fn row(entry: &NamedItem<'_>) -> Result<NameValue, Trouble> {
    let (name, enabled) = match entry.name.strip_prefix('~') {
        Some(name) => (name.to_owned(), false),
        None => (entry.name.clone(), true),
    };
    let value = match entry.value() {
        Some(Value::String(text)) if is_plain(text.value()) => format!("'{}'", text.value()),
        Some(Value::String(text)) => text.value().clone(),
        Some(value @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_))) => {
            plain(value).unwrap_or_default()
        }
        Some(Value::Datetime(time)) => time.value().to_string(),
        Some(Value::Array(_) | Value::InlineTable(_)) | None => json(entry)?.to_string(),
    };
    Ok(NameValue { enabled, name, value })
}

/// A list or a table as JSON.
fn json(entry: &NamedItem<'_>) -> Result<serde_json::Value, Trouble> {
    if let Some(value) = entry.value() {
        return of_toml(value).ok_or_else(|| entry.wrong("is no value of JSON"));
    }
    let mut object = serde_json::Map::new();
    for inner in entry.table()?.free() {
        object.insert(inner.name.clone(), json(&inner)?);
    }
    Ok(object.into())
}

fn of_toml(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::String(text) => text.value().clone().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => serde_json::Number::from_f64(*number.value())?.into(),
        Value::Boolean(flag) => (*flag.value()).into(),
        Value::Datetime(time) => time.value().to_string().into(),
        Value::Array(list) => list.iter().map(of_toml).collect::<Option<Vec<_>>>()?.into(),
        Value::InlineTable(table) => {
            let pair = |(name, value): (&str, &Value)| Some((name.to_owned(), of_toml(value)?));
            let pairs = table.iter().map(pair).collect::<Option<serde_json::Map<_, _>>>()?;
            pairs.into()
        }
    })
}

/// Whether a text is written as a number or truth value: one that means the same is written otherwise.
fn is_plain(text: &str) -> bool {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if !is_number && !["true", "false"].contains(&text) {
        return false;
    }
    text.parse().is_ok_and(|value: Value| plain(&value).is_some_and(|plain| plain == text))
}

/// A number or truth value as it is written by us.
fn plain(value: &Value) -> Option<String> {
    Some(match value {
        Value::Integer(number) => number.value().to_string(),
        Value::Float(number) => Value::from(*number.value()).to_string().trim().to_owned(),
        Value::Boolean(flag) => flag.value().to_string(),
        Value::String(_) | Value::Datetime(_) | Value::Array(_) | Value::InlineTable(_) => {
            return None;
        }
    })
}

fn value(text: &str) -> Value {
    if is_plain(text) {
        return text.parse().unwrap_or_else(|_| text.into());
    }
    let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    quoted.filter(|text| is_plain(text)).unwrap_or(text).into()
}
