//! Reading and writing a spec by the paths of its fields.
//!
//! Called by the form, `--set`, the reader of preset files and the history. Invariant: what [`text`] shows after
//! a [`set`] that succeeded is what was set, in canonical form; after one that was refused the
//! spec holds what it held, save that rows and alternatives on the way to the field may be there.

use std::borrow::Cow;

use super::byte_size::{parse_rate, parse_size};
use super::field::{FieldInfo, FieldValue, FormTab, Options, Rows, Spelling, ValueKind};
use super::field_id::FieldId;
use super::suggest::suggest;

/// A field in its table.
#[derive(Clone, Copy)]
pub struct FoundField<'a> {
    pub table: &'a dyn Options,
    pub at: usize,
}

impl<'a> FoundField<'a> {
    /// What is known of the field.
    #[must_use]
    pub fn info(self) -> &'static FieldInfo {
        &self.table.fields()[self.at]
    }

    /// Its value as text; `None` where it belongs to another alternative.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        if self.info().is_variant() {
            return Some(self.table.variant().into());
        }
        self.table.value(self.at).map(FieldValue::show)
    }
}

/// The row that says which alternative a table is.
fn variant_row(table: &dyn Options) -> Option<usize> {
    table.fields().iter().position(FieldInfo::is_variant)
}

/// The row of this key, in the table itself or in one whose rows stand among its own (then the
/// row of that one, and `false`).
fn row_of(table: &dyn Options, key: &str) -> Option<(usize, bool)> {
    table.fields().iter().enumerate().find_map(|(at, info)| {
        let inside = || table.value(at)?.options().and_then(|inner| row_of(inner, key));
        if info.is_inline() {
            return inside().map(|_| (at, false));
        }
        (info.key == key && !info.is_variant()).then_some((at, true))
    })
}

/// All keys that can stand here.
fn keys(table: &dyn Options) -> Vec<&'static str> {
    let rows = table.fields().iter().enumerate().filter(|(_, info)| !info.is_variant());
    let inside = |at| table.value(at).and_then(FieldValue::options).map_or_else(Vec::new, keys);
    rows.flat_map(|(at, info)| if info.is_inline() { inside(at) } else { vec![info.key] }).collect()
}

/// The field a path leads to.
#[must_use]
pub fn find<'a>(table: &'a dyn Options, id: &FieldId) -> Option<FoundField<'a>> {
    let Some((key, row, rest)) = id.split_first() else {
        return Some(FoundField { table, at: variant_row(table)? });
    };
    let (at, here) = row_of(table, key)?;
    let value = table.value(at);
    match row {
        _ if !here => find(value?.options()?, id),
        Some(row) => find(value?.rows()?.row(row)?, &rest),
        None if rest == FieldId::default() && !is_table(table.fields()[at].kind) => {
            Some(FoundField { table, at })
        }
        None => find(value?.options()?, &rest),
    }
}

/// Whether a path that ends here means the alternative of the table.
fn is_table(kind: ValueKind) -> bool {
    matches!(kind, ValueKind::Table | ValueKind::Phrase)
}

/// The text of a field; empty when there is none at this path.
#[must_use]
pub fn text<'a>(table: &'a dyn Options, id: &FieldId) -> Cow<'a, str> {
    find(table, id).and_then(FoundField::text).unwrap_or_default()
}

/// The list at a path.
#[must_use]
pub fn rows<'a>(table: &'a dyn Options, id: &FieldId) -> Option<&'a dyn Rows> {
    let found = find(table, id)?;
    found.table.value(found.at)?.rows()
}

/// The page of the form a field is on; `None` = the address line, or no field.
#[must_use]
pub fn tab(table: &dyn Options, id: &FieldId) -> Option<FormTab> {
    let (key, ..) = id.split_first()?;
    row_of(table, key).and_then(|(at, _)| table.fields()[at].tab)
}

/// Writes the text of a field. On the way an alternative it belongs to is chosen, and a list one
/// row too short gets the row.
///
/// # Errors
/// A sentence for the user: the path leads nowhere, or the text is no value of the field.
pub fn set(table: &mut dyn Options, id: &FieldId, text: &str) -> Result<(), String> {
    assign(table, &id.to_string(), text)
}

/// As [`set`], by the path as text. A line given to a list adds the row it means.
///
/// # Errors
/// As [`set`], with the word that was meant where one is near.
pub fn assign(table: &mut dyn Options, path: &str, text: &str) -> Result<(), String> {
    reach(table, path, &mut |table, at| {
        let info = &table.fields()[at];
        if let ValueKind::List(spelling) = info.kind {
            let rows = table.value_mut(at).and_then(FieldValue::rows_mut);
            let added = rows.is_some_and(|rows| rows.push_line(text, spelling));
            let refusal = "no line means a row of this list; name the row and a field of it";
            return if added { Ok(()) } else { Err(format!("'{path}': {refusal}")) };
        }
        let trimmed = match info.kind {
            ValueKind::Text | ValueKind::Secret | ValueKind::Area | ValueKind::Payload => text,
            _ => text.trim(),
        };
        put(table, at, trimmed)
    })
}

/// Changes the text of a field that is nothing but text; tells whether it is and `change` could.
pub(crate) fn with_text(
    table: &mut dyn Options,
    id: &FieldId,
    change: impl Fn(&mut String) -> bool,
) -> bool {
    let done = reach(table, &id.to_string(), &mut |table, at| {
        let is_plain = matches!(table.fields()[at].kind, ValueKind::Text | ValueKind::Area);
        let text = table.value_mut(at).and_then(FieldValue::text_mut).filter(|_| is_plain);
        if text.is_some_and(&change) { Ok(()) } else { Err(String::new()) }
    });
    done.is_ok()
}

/// Changes the list at a path; tells whether there is one.
pub(crate) fn with_rows(
    table: &mut dyn Options,
    id: &FieldId,
    change: impl Fn(&mut dyn Rows),
) -> bool {
    let done = reach(table, &id.to_string(), &mut |table, at| {
        let rows = table.value_mut(at).and_then(FieldValue::rows_mut);
        rows.map(&change).ok_or_else(String::new)
    });
    done.is_ok()
}

/// Shows every value of a table to `visit`, those of the tables and rows inside it too.
pub(crate) fn each_value(
    table: &mut dyn Options,
    visit: &mut dyn FnMut(&FieldInfo, &mut dyn FieldValue),
) {
    for (at, info) in table.fields().iter().enumerate() {
        let Some(value) = table.value_mut(at) else { continue };
        visit(info, value);
        if let Some(inner) = value.options_mut() {
            each_value(inner, visit);
        }
        if let Some(rows) = value.rows_mut() {
            each_row(rows, &mut |row| each_value(row, visit));
        }
    }
}

/// Shows every row of a list to `visit`.
pub(crate) fn each_row(rows: &mut dyn Rows, visit: &mut dyn FnMut(&mut dyn Options)) {
    for at in 0..rows.count() {
        if let Some(row) = rows.row_mut(at) {
            visit(row);
        }
    }
}

type Visit<'v> = &'v mut dyn FnMut(&mut dyn Options, usize) -> Result<(), String>;

/// Goes to the field at a path and does something there.
fn reach(table: &mut dyn Options, path: &str, visit: Visit<'_>) -> Result<(), String> {
    let split = |path: &'_ str| path.split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned()));
    let (mut key, mut rest) = split(path).unwrap_or((path.to_owned(), String::new()));
    // `basic.user` is one key.
    let (next, tail) = split(&rest).unwrap_or((rest.clone(), String::new()));
    let longer = format!("{key}.{next}");
    if row_of(table, &longer).is_some() {
        (key, rest) = (longer, tail);
    }
    let Some((at, here)) = row_of(table, &key) else {
        return Err(format!("there is no '{key}' here; {}", suggest(&key, &keys(table))));
    };
    let info = &table.fields()[at];
    if let Some(when) = info.when {
        table.choose(when);
    }
    let inside = if here { rest.as_str() } else { path };
    let is_list = matches!(info.kind, ValueKind::List(_));
    if here && (inside.is_empty() && !is_table(info.kind)) {
        return visit(table, at);
    }
    let nowhere = || format!("there is no '{path}' here");
    let value = table.value_mut(at).ok_or_else(nowhere)?;
    if info.kind == ValueKind::List(Spelling::Entries) && !inside.starts_with(is_digit) {
        let row = value.rows_mut().and_then(|rows| entry(rows, inside)).ok_or_else(nowhere)?;
        let at = row.fields().iter().position(|info| info.key == "value").ok_or_else(nowhere)?;
        return visit(row, at);
    }
    let (inner, rest): (&mut dyn Options, &str) = if is_list {
        let (number, rest) = inside.split_once('.').unwrap_or((inside, ""));
        let rows = value.rows_mut().ok_or_else(nowhere)?;
        let row = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if row == Some(rows.count()) {
            rows.push();
        }
        let none = || format!("'{number}' is no row of '{key}'; rows are counted from 1");
        (row.and_then(|row| rows.row_mut(row)).ok_or_else(none)?, rest)
    } else {
        (value.options_mut().ok_or_else(nowhere)?, inside)
    };
    match (rest, variant_row(inner)) {
        ("", Some(variant)) => visit(inner, variant),
        ("", None) => Err(nowhere()),
        (rest, _) => reach(inner, rest, visit),
    }
}

/// The row that goes by this name, made where there is none.
fn entry<'a>(rows: &'a mut dyn Rows, name: &str) -> Option<&'a mut dyn Options> {
    let key = FieldId::new("name");
    let is_it = |at: &usize| rows.row(*at).is_some_and(|row| text(row, &key) == name);
    let at = (0..rows.count()).find(is_it);
    if at.is_none() {
        rows.push();
    }
    let row = rows.row_mut(at.unwrap_or(rows.count() - 1))?;
    set(row, &key, name).ok().map(|()| row)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Writes the text of one field of a table, exactly as it is.
///
/// # Errors
/// A sentence for the user when it is no value of the field.
pub fn put(table: &mut dyn Options, at: usize, text: &str) -> Result<(), String> {
    let info = &table.fields()[at];
    match info.kind {
        ValueKind::Choice(words) => known(text, words)?,
        ValueKind::Variant(words) | ValueKind::Switch(words) => {
            let flag =
                |word: &str, index: usize| (text == word).then(|| words.get(index)).flatten();
            let word = flag("false", 0).or_else(|| flag("true", 1)).unwrap_or(&text);
            known(word, words)?;
            table.choose(word);
            return Ok(());
        }
        // Whether there may be none, the value knows.
        ValueKind::Number { min, max } if !text.is_empty() => {
            let number = text.parse().ok().filter(|number| (min..=max).contains(number));
            number.ok_or_else(|| format!("'{text}' is not a number from {min} to {max}"))?;
        }
        ValueKind::Size { min, max } | ValueKind::Rate { min, max } if !text.is_empty() => {
            let is_rate = matches!(info.kind, ValueKind::Rate { .. });
            let bytes = if is_rate { parse_rate(text)? } else { parse_size(text)? };
            let is_right = i64::try_from(bytes).is_ok_and(|bytes| (min..=max).contains(&bytes));
            if !is_right {
                return Err(format!("'{text}' is not from {min} to {max} bytes"));
            }
            return write(table, at, &bytes.to_string());
        }
        ValueKind::Percent if !text.is_empty() => {
            let number = text.strip_suffix('%').unwrap_or(text).trim_end();
            let is_right = number.parse::<u8>().is_ok_and(|number| (1..=100).contains(&number));
            if !is_right {
                return Err(format!("'{text}' is not a number from 1 to 100"));
            }
            return write(table, at, number);
        }
        _ => {}
    }
    write(table, at, text)
}

fn write(table: &mut dyn Options, at: usize, text: &str) -> Result<(), String> {
    table.value_mut(at).map_or_else(|| Err("this field does not apply".into()), |v| v.set(text))
}

fn known(word: &str, words: &[&str]) -> Result<(), String> {
    if words.contains(&word) {
        return Ok(());
    }
    Err(format!("'{word}' is not known; {}", suggest(word, words)))
}

/// The next (or previous) of the values that are offered for a field; `None` for a field that
/// offers none.
#[must_use]
pub(crate) fn neighbour(table: &dyn Options, id: &FieldId, forward: bool) -> Option<&'static str> {
    let found = find(table, id)?;
    let words: &[&str] = match found.info().kind {
        ValueKind::Flag | ValueKind::Off => &["off", "on"],
        ValueKind::Choice(words)
        | ValueKind::Variant(words)
        | ValueKind::Switch(words)
        | ValueKind::Word(words) => words,
        _ => &[],
    };
    let now = found.text()?;
    let at = words.iter().position(|word| *word == now);
    let step = if forward { 1 } else { words.len().checked_sub(1)? };
    words.get(at.map_or(0, |at| (at + step) % words.len())).copied()
}
