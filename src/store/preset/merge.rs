//! Carries a change into a hand-written file: three trees in, text out.
//!
//! `base` is what the previous text means, `mine` what the new text must mean; only where the two
//! differ is the document touched. New material is moved over from `fresh`, the new file as it
//! would be written from nothing, so there is one place that lays text out. Comments stay with
//! the line they stand on.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, TableLike, Value};

use super::node::{Node, Table};

/// Above this many comparisons a changed list is written anew instead of merged by element.
const LIST_COMPARISONS: usize = 1_000_000;

/// The previous text, parsed as `document`, with the difference between `base` and `mine` applied;
/// `None` when it is built in a way this cannot follow.
pub(super) fn update(
    previous: &str,
    mut document: DocumentMut,
    fresh: &str,
    (base, mine): (&Table, &Table),
) -> Option<String> {
    let mut fresh = fresh.parse::<DocumentMut>().ok()?;
    merge_table(document.as_table_mut(), fresh.as_table_mut(), base, mine)?;
    let text = document.to_string();
    let windows = previous.contains("\r\n") && !previous.replace("\r\n", "").contains('\n');
    Some(if windows { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text })
}

fn merge_table(
    document: &mut dyn TableLike,
    fresh: &mut dyn TableLike,
    base: &Table,
    mine: &Table,
) -> Option<()> {
    for (key, _) in &base.0 {
        if mine.get(key).is_none() {
            document.remove(key);
        }
    }
    for (key, wanted) in &mine.0 {
        let had = base.get(key);
        if had == Some(wanted) {
            continue;
        }
        let source = fresh.get_mut(key)?;
        match (document.get_mut(key), had, wanted) {
            (Some(target), Some(Node::Table(had)), Node::Table(wanted)) => {
                merge_table(target.as_table_like_mut()?, source.as_table_like_mut()?, had, wanted)?;
            }
            (Some(target), Some(Node::List(had)), Node::List(wanted)) => {
                merge_list(target, source, had, wanted)?;
            }
            (Some(Item::Value(target)), ..) if source.is_value() => {
                replace(target, take(source).into_value().ok()?);
            }
            _ => {
                document.remove(key);
                document.insert(key, unplaced(take(source)));
            }
        }
    }
    Some(())
}

fn take(item: &mut Item) -> Item {
    std::mem::take(item)
}

/// Puts a new value where the old one stood, comments around it kept.
fn replace(target: &mut Value, mut value: Value) {
    *value.decor_mut() = target.decor().clone();
    *target = value;
}

/// Forgets where tables stood in the fresh file, so that they follow their new neighbours.
fn unplaced(mut item: Item) -> Item {
    match &mut item {
        Item::Table(table) => {
            table.set_position(None);
            for (_, inner) in table.iter_mut() {
                *inner = unplaced(take(inner));
            }
        }
        Item::ArrayOfTables(tables) => {
            for table in tables.iter_mut() {
                table.set_position(None);
            }
        }
        Item::None | Item::Value(_) => {}
    }
    item
}

/// What happens to the elements of a list, in the order of the new one.
#[derive(Clone, Copy)]
enum Edit {
    Keep(usize),
    /// The old element gives its place and comments to the new one.
    Change(usize, usize),
    Insert(usize),
}

fn merge_list(target: &mut Item, source: &mut Item, base: &[Node], mine: &[Node]) -> Option<()> {
    let edits = edits(base, mine)?;
    match target {
        Item::Value(Value::Array(array)) if array.len() == base.len() => {
            let mut news = array_elements(take(source), mine.len())?;
            merge_array(array, &mut news, &edits, (base, mine))
        }
        Item::ArrayOfTables(tables) if tables.len() == base.len() => {
            let mut news = table_elements(take(source), mine.len())?;
            merge_tables(tables, &mut news, &edits, (base, mine))
        }
        _ => None,
    }
}

fn array_elements(item: Item, len: usize) -> Option<Vec<Value>> {
    let array = match item {
        Item::Value(Value::Array(array)) => array,
        Item::ArrayOfTables(tables) => tables.into_array(),
        _ => return None,
    };
    let values: Vec<Value> = array.into_iter().collect();
    (values.len() == len).then_some(values)
}

fn table_elements(item: Item, len: usize) -> Option<Vec<toml_edit::Table>> {
    let tables: Vec<toml_edit::Table> = match item {
        Item::ArrayOfTables(tables) => tables.into_iter().collect(),
        Item::Value(Value::Array(array)) => array
            .into_iter()
            .map(|value| match value {
                Value::InlineTable(table) => Some(table.into_table()),
                _ => None,
            })
            .collect::<Option<_>>()?,
        _ => return None,
    };
    (tables.len() == len).then_some(tables)
}

/// Longest common subsequence, then removed and inserted neighbours paired into changes.
fn edits(base: &[Node], mine: &[Node]) -> Option<Vec<Edit>> {
    if base.len().checked_mul(mine.len())? > LIST_COMPARISONS {
        return None;
    }
    let width = mine.len() + 1;
    let mut common = vec![0u32; (base.len() + 1) * width];
    for i in (0..base.len()).rev() {
        for j in (0..mine.len()).rev() {
            common[i * width + j] = if base[i] == mine[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut gone) = (0, 0, Vec::new());
    let mut edits = Vec::new();
    let mut fresh = Vec::new();
    while i < base.len() || j < mine.len() {
        let same = i < base.len() && j < mine.len() && base[i] == mine[j];
        if same {
            pair(&mut edits, &mut gone, &mut fresh);
            edits.push(Edit::Keep(i));
            (i, j) = (i + 1, j + 1);
        } else if j == mine.len()
            || (i < base.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            gone.push(i);
            i += 1;
        } else {
            fresh.push(j);
            j += 1;
        }
    }
    pair(&mut edits, &mut gone, &mut fresh);
    Some(edits)
}

fn pair(edits: &mut Vec<Edit>, gone: &mut Vec<usize>, fresh: &mut Vec<usize>) {
    let mut gone = gone.drain(..);
    for new in fresh.drain(..) {
        edits.push(gone.next().map_or(Edit::Insert(new), |old| Edit::Change(old, new)));
    }
}

/// An element with the text around it: what stands before it since the line break, and what
/// follows it on its own line.
#[derive(Clone)]
struct ArrayElement {
    lead: String,
    value: Value,
    tail: String,
}

fn merge_array(
    array: &mut Array,
    news: &mut [Value],
    edits: &[Edit],
    (base, mine): (&[Node], &[Node]),
) -> Option<()> {
    let (slots, mut closing) = explode(array);
    let indent =
        slots.iter().find_map(|slot| slot.lead.rfind('\n').and_then(|at| slot.lead.get(at..)));
    let indent = indent.map(str::to_owned);
    let lead = indent.clone().unwrap_or_else(|| " ".into());
    let first_lead = slots.first().map_or_else(String::new, |slot| slot.lead.clone());
    let mut result: Vec<ArrayElement> = Vec::new();
    for edit in edits {
        result.push(match *edit {
            Edit::Keep(old) => slots.get(old)?.clone(),
            Edit::Insert(new) => {
                let value = take_value(news.get_mut(new)?);
                ArrayElement { lead: lead.clone(), value, tail: String::new() }
            }
            Edit::Change(old, new) => {
                let mut slot = slots.get(old)?.clone();
                change(&mut slot.value, news.get_mut(new)?, base.get(old)?, mine.get(new)?)?;
                slot
            }
        });
    }
    if let (Some(first), None) = (result.first_mut(), &indent) {
        first.lead = first_lead;
    }
    if indent.is_some() && !closing.contains('\n') {
        closing = "\n".into();
    }
    implode(array, result, &closing, indent.as_deref());
    Some(())
}

fn change(target: &mut Value, source: &mut Value, base: &Node, mine: &Node) -> Option<()> {
    if let (
        Node::Table(base),
        Node::Table(mine),
        Value::InlineTable(table),
        Value::InlineTable(new),
    ) = (base, mine, &mut *target, &mut *source)
    {
        return merge_table(table, new, base, mine);
    }
    replace(target, take_value(source));
    Some(())
}

fn take_value(value: &mut Value) -> Value {
    let mut value = std::mem::replace(value, Value::from(false));
    value.decor_mut().clear();
    value
}

/// Splits the text between elements: up to the line break it belongs to the element before.
fn split_line(text: &str) -> (String, String) {
    match text.find('\n').and_then(|at| text.split_at_checked(at)) {
        Some((tail, lead)) => (tail.into(), lead.into()),
        None => (String::new(), text.into()),
    }
}

fn explode(array: &Array) -> (Vec<ArrayElement>, String) {
    let text = |raw: Option<&toml_edit::RawString>| {
        raw.and_then(toml_edit::RawString::as_str).unwrap_or_default().to_owned()
    };
    let mut slots: Vec<ArrayElement> = Vec::new();
    let last = array.len().saturating_sub(1);
    let mut closing = String::new();
    for (index, value) in array.iter().enumerate() {
        let prefix = text(value.decor().prefix());
        let (tail, lead) = if index == 0 { (String::new(), prefix) } else { split_line(&prefix) };
        if let Some(before) = slots.last_mut() {
            before.tail.push_str(&tail);
        }
        let mut value = value.clone();
        if index == last && !array.trailing_comma() {
            closing = text(value.decor().suffix());
            value.decor_mut().set_suffix("");
        }
        slots.push(ArrayElement { lead, value, tail: String::new() });
    }
    closing.push_str(&text(Some(array.trailing())));
    if let Some(slot) = slots.last_mut() {
        (slot.tail, closing) = split_line(&closing);
    }
    (slots, closing)
}

fn implode(array: &mut Array, slots: Vec<ArrayElement>, closing: &str, indent: Option<&str>) {
    array.clear();
    let mut tail = String::new();
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

fn merge_tables(
    tables: &mut ArrayOfTables,
    news: &mut [toml_edit::Table],
    edits: &[Edit],
    (base, mine): (&[Node], &[Node]),
) -> Option<()> {
    let old: Vec<toml_edit::Table> = tables.iter().cloned().collect();
    tables.clear();
    for edit in edits {
        tables.push(match *edit {
            Edit::Keep(index) => old.get(index)?.clone(),
            Edit::Insert(new) => {
                let mut table = std::mem::take(news.get_mut(new)?);
                table.set_position(None);
                table
            }
            Edit::Change(index, new) => {
                let mut table = old.get(index)?.clone();
                let (Node::Table(base), Node::Table(mine)) = (base.get(index)?, mine.get(new)?)
                else {
                    return None;
                };
                merge_table(&mut table, news.get_mut(new)?, base, mine)?;
                table
            }
        });
    }
    Some(())
}
