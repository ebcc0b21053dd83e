//! Carries a change into a hand-written file.
//!
//! `base` is what the previous text means, `mine` what the new text must mean; only where the two
//! differ is the document touched. New material is laid out by `render`, the one place that does.
//! Comments stay with the line they stand on.

use std::collections::VecDeque;

use toml_edit::{
    Array, ArrayOfTables, DocumentMut, InlineTable, Item, RawString, Table, TableLike, Value,
};

use super::line_ends;
use super::read::SECTIONS;
use super::render::{self, KeyPlace};
use super::tree::same;
use crate::store::toml_string::Lines;

/// Above this many comparisons a changed list is written anew instead of merged by element.
const LIST_COMPARISONS: usize = 1_000_000;

/// The previous text, parsed as `document`, with the difference between `base` and `mine` applied;
/// `None` when it is built in a way this cannot follow.
pub(super) fn update(
    previous: &str,
    mut document: DocumentMut,
    base: &InlineTable,
    mine: &InlineTable,
) -> Option<String> {
    merge_table(document.as_table_mut(), KeyPlace::File, base, mine)?;
    for key in SECTIONS {
        put_in_order(document.get_mut(key), mine.get(key));
    }
    let text = document.to_string();
    Some(if line_ends::is_of_windows(previous) { with_carriage_returns(text) } else { text })
}

/// The text with CRLF at every line's end, unless a value would become another one.
fn with_carriage_returns(text: String) -> String {
    let windows = line_ends::of_windows(&text);
    let read = |text: &str| toml::from_str::<toml::Table>(text).ok();
    if read(&windows) == read(&text) { windows } else { text }
}

fn merge_table(
    document: &mut dyn TableLike,
    place: KeyPlace,
    base: &InlineTable,
    mine: &InlineTable,
) -> Option<()> {
    for (key, _) in base.iter().filter(|(key, _)| !mine.contains_key(key)) {
        document.remove(key);
    }
    for (key, wanted) in mine {
        let had = base.get(key);
        if had.is_some_and(|had| same(had, wanted)) {
            continue;
        }
        match (document.get_mut(key), had, wanted) {
            (Some(target), Some(Value::InlineTable(had)), Value::InlineTable(wanted)) => {
                merge_table(target.as_table_like_mut()?, place.inside(key), had, wanted)?;
            }
            (Some(target), Some(Value::Array(had)), Value::Array(wanted)) => {
                let edits = edits(had, wanted)?;
                match target {
                    Item::Value(Value::Array(array)) if array.len() == had.len() => {
                        merge_array(array, &edits)?;
                    }
                    Item::ArrayOfTables(tables) if tables.len() == had.len() => {
                        merge_tables(tables, &edits)?;
                    }
                    _ => return None,
                }
            }
            (target, ..) => match (target, render::item(place, key, wanted.clone())) {
                (Some(Item::Value(target)), Item::Value(value)) => replace(target, value),
                (_, item) => {
                    document.remove(key);
                    document.insert(key, item);
                }
            },
        }
    }
    Some(())
}

/// The keys of a section whose order means something, in the order of the new one; comments go with the
/// line they stand before.
fn put_in_order(section: Option<&mut Item>, wanted: Option<&Value>) {
    let wanted = wanted.and_then(Value::as_inline_table);
    let (Some(section), Some(wanted)) = (section, wanted) else { return };
    let place = |key: &str| wanted.iter().position(|(name, _)| name == key);
    match section {
        Item::Table(table) if !table.iter().map(|(key, _)| place(key)).is_sorted() => {
            table.sort_values_by(|a, _, b, _| place(a.get()).cmp(&place(b.get())));
        }
        Item::Value(Value::InlineTable(table))
            if !table.iter().map(|(key, _)| place(key)).is_sorted() =>
        {
            table.sort_values_by(|a, _, b, _| place(a.get()).cmp(&place(b.get())));
        }
        _ => {}
    }
}

/// Puts a new value where the old one stood, comments around it kept.
fn replace(target: &mut Value, mut value: Value) {
    *value.decor_mut() = target.decor().clone();
    *target = value;
}

/// What happens to the elements of a list, in the order of the new one.
#[derive(Clone, Copy)]
enum Edit<'a> {
    Keep(usize),
    /// The old element, which meant the first value, gives its place and comments to the second.
    Change(usize, &'a Value, &'a Value),
    Insert(&'a Value),
}

/// Longest common subsequence; of what lies between, removed and inserted elements are paired.
fn edits<'a>(base: &'a Array, mine: &'a Array) -> Option<Vec<Edit<'a>>> {
    if base.len().checked_mul(mine.len())? > LIST_COMPARISONS {
        return None;
    }
    let (base, mine): (Vec<_>, Vec<_>) = (base.iter().collect(), mine.iter().collect());
    let width = mine.len() + 1;
    let mut common = vec![0u32; (base.len() + 1) * width];
    for (i, old) in base.iter().enumerate().rev() {
        for (j, new) in mine.iter().enumerate().rev() {
            common[i * width + j] = if same(old, new) {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut edits = Vec::new();
    // What is gone since the last element that stays: it always comes before what is new there.
    let mut gone = VecDeque::new();
    while let Some(new) = mine.get(j) {
        match base.get(i) {
            Some(old) if same(old, new) => {
                gone.clear();
                edits.push(Edit::Keep(i));
                (i, j) = (i + 1, j + 1);
            }
            Some(old) if common[(i + 1) * width + j] >= common[i * width + j + 1] => {
                gone.push_back((i, *old));
                i += 1;
            }
            _ => {
                let change = gone.pop_front().map(|(at, old)| Edit::Change(at, old, new));
                edits.push(change.unwrap_or(Edit::Insert(new)));
                j += 1;
            }
        }
    }
    Some(edits)
}

/// An element with the text around it: what stands before it since the line break, and what
/// follows it on its own line.
#[derive(Clone)]
struct ArrayElement {
    lead: String,
    value: Value,
    tail: String,
}

/// The new list: what stays, what changed in its place, what is made of new material.
fn edited<T: Clone>(
    old: &[T],
    edits: &[Edit<'_>],
    make: impl Fn(&Value) -> Option<T>,
    change: impl Fn(&mut T, &Value, &Value) -> Option<()>,
) -> Option<Vec<T>> {
    let element = |edit: &Edit<'_>| match *edit {
        Edit::Keep(at) => old.get(at).cloned(),
        Edit::Insert(new) => make(new),
        Edit::Change(at, base, mine) => {
            let mut element = old.get(at)?.clone();
            change(&mut element, base, mine)?;
            Some(element)
        }
    };
    edits.iter().map(element).collect()
}

fn merge_array(array: &mut Array, edits: &[Edit<'_>]) -> Option<()> {
    let (opening, old, mut closing) = explode(array);
    let indent =
        old.iter().find_map(|slot| slot.lead.rfind('\n').and_then(|at| slot.lead.get(at..)));
    let make = |new: &Value| {
        let (lead, value) = (indent.unwrap_or(" "), render::value(new.clone(), Lines::One));
        Some(ArrayElement { lead: lead.into(), value, tail: String::new() })
    };
    let change = |slot: &mut ArrayElement, base: &Value, mine: &Value| {
        let tables = (&mut slot.value, base, mine);
        if let (Value::InlineTable(table), Value::InlineTable(base), Value::InlineTable(mine)) =
            tables
        {
            return merge_table(table, KeyPlace::Inline, base, mine);
        }
        replace(&mut slot.value, render::value(mine.clone(), Lines::One));
        Some(())
    };
    let mut result = edited(&old, edits, make, change)?;
    if let (Some(first), None) = (result.first_mut(), indent) {
        first.lead = old.first().map_or_else(String::new, |slot| slot.lead.clone());
    }
    if indent.is_some() && !closing.contains('\n') {
        closing = "\n".into();
    }
    implode(array, opening, result, &closing, indent);
    Some(())
}

/// Splits the text between elements: up to the line break it belongs to the element before.
fn split_line(text: &str) -> (String, String) {
    match text.find('\n').and_then(|at| text.split_at_checked(at)) {
        Some((tail, lead)) => (tail.into(), lead.into()),
        None => (String::new(), text.into()),
    }
}

/// Takes an array apart: what stands on the line of its bracket, its elements, and what stands
/// before the closing one.
fn explode(array: &Array) -> (String, Vec<ArrayElement>, String) {
    let text =
        |raw: Option<&RawString>| raw.and_then(RawString::as_str).unwrap_or_default().to_owned();
    let mut values: Vec<Value> = array.iter().cloned().collect();
    let mut gaps: Vec<String> = values.iter().map(|value| text(value.decor().prefix())).collect();
    let mut end = String::new();
    if let (Some(last), false) = (values.last_mut(), array.trailing_comma()) {
        end = text(last.decor().suffix());
        last.decor_mut().set_suffix("");
    }
    gaps.push(end + &text(Some(array.trailing())));
    let mut gaps = gaps.iter().map(|gap| split_line(gap));
    let (opening, mut lead) = gaps.next().unwrap_or_default();
    let mut slots = Vec::new();
    for (value, (tail, next)) in values.into_iter().zip(gaps) {
        slots.push(ArrayElement { lead: std::mem::replace(&mut lead, next), value, tail });
    }
    (opening, slots, lead)
}

fn implode(
    array: &mut Array,
    opening: String,
    slots: Vec<ArrayElement>,
    closing: &str,
    indent: Option<&str>,
) {
    array.clear();
    let mut tail = opening;
    for slot in slots {
        let broken = tail.contains('#') && !slot.lead.contains('\n');
        let lead = if broken { indent.unwrap_or("\n  ").to_owned() } else { slot.lead };
        let mut value = slot.value;
        value.decor_mut().set_prefix(format!("{tail}{lead}"));
        array.push_formatted(value);
        tail = slot.tail;
    }
    let broken = tail.contains('#') && !closing.contains('\n');
    array.set_trailing_comma(!array.is_empty() && (indent.is_some() || broken));
    array.set_trailing(format!("{tail}{}", if broken { "\n" } else { closing }));
}

fn merge_tables(tables: &mut ArrayOfTables, edits: &[Edit<'_>]) -> Option<()> {
    let old: Vec<Table> = std::mem::take(tables).into_iter().collect();
    let make = |new: &Value| Some(render::table(KeyPlace::Section, new.as_inline_table()?.clone()));
    let change = |table: &mut Table, base: &Value, mine: &Value| {
        merge_table(table, KeyPlace::Section, base.as_inline_table()?, mine.as_inline_table()?)
    };
    *tables = edited(&old, edits, make, change)?.into_iter().collect();
    Some(())
}
