//! A spec as TOML values, not laid out: only what differs from the defaults, in the order of its
//! table. What the writer lays out and the merge compares.

use toml_edit::{Array, InlineTable, Value};

use super::entries;
use crate::model::awaited;
use crate::model::field::{FieldInfo, FieldValue, Options, Presence, Spelling, ValueKind};
use crate::model::spec::Spec;

/// The whole file.
pub(super) fn preset(about: &str, spec: &Spec) -> InlineTable {
    let mut root = InlineTable::new();
    if !about.is_empty() {
        root.insert("about", about.into());
    }
    root.insert(spec.section(), table(spec.options()).into());
    let captured = spec.checks().map(|(_, capture)| ("capture", &capture.rows));
    let expected = spec.expected().map(|rows| ("expect", rows));
    for (key, rows) in captured.into_iter().chain(expected).filter(|(_, rows)| !rows.is_empty()) {
        root.insert(key, entries::written(rows).into());
    }
    root
}

/// Whether two values mean the same, however they are spelled.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.value() == b.value(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::InlineTable(a), Value::InlineTable(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        _ => a.to_string() == b.to_string(),
    }
}

/// A table with the defaults of its own left out.
pub(super) fn table(options: &dyn Options) -> InlineTable {
    let mut table = InlineTable::new();
    collect(options, &*options.fresh(), &mut table);
    table
}

/// `fresh` is what is not written: of a part, what the whole begins with.
fn collect(options: &dyn Options, fresh: &dyn Options, table: &mut InlineTable) {
    for (at, info) in options.fields().iter().enumerate() {
        let Some(value) = options.value(at) else { continue };
        if let Some(inner) = value.options().filter(|_| info.is_inline()) {
            let own = inner.fresh();
            let fresh = fresh.value(at).and_then(FieldValue::options).unwrap_or(&*own);
            collect(inner, fresh, table);
            continue;
        }
        let Some(written) = node(value, info) else { continue };
        let default = || match info.default {
            Some(text) => scalar(text, info),
            None => node(fresh.value(at)?, info),
        };
        if info.presence != Presence::Optional || !default().is_some_and(|d| same(&d, &written)) {
            put(table, info.key, written);
        }
    }
}

/// Sets the value of a dotted key.
pub(super) fn put(table: &mut InlineTable, path: &str, value: Value) {
    let Some((key, rest)) = path.split_once('.') else {
        table.insert(path, value);
        return;
    };
    if let Some(inner) = table.get_or_insert(key, InlineTable::new()).as_inline_table_mut() {
        put(inner, rest, value);
    }
}

/// What a file says of a value; `None` = nothing.
pub(super) fn node(value: &dyn FieldValue, info: &FieldInfo) -> Option<Value> {
    match info.kind {
        ValueKind::Table => switch(value.options()?),
        // A section of its own.
        ValueKind::List(Spelling::Entries) => None,
        ValueKind::List(spelling) => {
            let rows = value.rows()?;
            let row = |row: &dyn Options| {
                row.line(spelling).map_or_else(|| table(row).into(), Value::from)
            };
            let list: Array = (0..rows.count()).filter_map(|at| rows.row(at).map(row)).collect();
            // An empty list is the default, unless it says which alternative is meant.
            (!list.is_empty() || info.when.is_some()).then_some(list.into())
        }
        ValueKind::Payload => {
            let text = Value::from(value.show().into_owned());
            let format = value.options().and_then(|inner| inner.value(0));
            let format = format.map(FieldValue::show).filter(|format| format != "text");
            Some(match format {
                Some(format) => InlineTable::from_iter([(&*format, counted(&format, text))]).into(),
                None => text,
            })
        }
        _ => scalar(&value.show(), info),
    }
}

/// A number where the format of a payload is one; text that is none stays as it was typed.
fn counted(format: &str, text: Value) -> Value {
    let number = text.as_str().filter(|_| awaited::is_counted(format));
    let number = number.and_then(|text| {
        text.parse::<i64>().ok().filter(|number| *number >= 0 && number.to_string() == text)
    });
    number.map_or(text, Value::from)
}

fn scalar(text: &str, info: &FieldInfo) -> Option<Value> {
    Some(match info.kind {
        ValueKind::Flag => (text == "on").into(),
        ValueKind::Off => (text == "off").into(),
        ValueKind::Number { .. }
        | ValueKind::Size { .. }
        | ValueKind::Rate { .. }
        | ValueKind::Percent => text.parse::<i64>().ok()?.into(),
        ValueKind::Words => {
            let words = text.split(", ").filter(|word| !word.is_empty());
            words.collect::<Array>().into()
        }
        _ => text.into(),
    })
}

/// A table, or `true` where it is only switched on. Switched off it is not written.
fn switch(options: &dyn Options) -> Option<Value> {
    let inside = table(options);
    let switched = options.fields().iter().find_map(|info| match info.kind {
        ValueKind::Switch([off, ..]) => Some(options.variant() != *off),
        _ => None,
    });
    match switched {
        Some(true) if inside.is_empty() => Some(true.into()),
        Some(false) => None,
        None if inside.is_empty() => None,
        _ => Some(inside.into()),
    }
}
