//! What people write who come from another tool, told as what to write here.

use super::fields::{FIELDS, QueryField};
use super::parser::names;

/// Names that other tools have for words that are whole tests here.
const WHOLE: &[(&str, &str)] = &[
    ("~tcp", "tcp"),
    ("~udp", "udp"),
    ("~http", "http"),
    ("~marked", "marked"),
    ("~e", "error"),
    ("~q", "not status"),
    ("~s", "status"),
    ("~all", "an empty filter"),
    ("~src", "peer == 127.0.0.1"),
    ("~dst", "peer == 127.0.0.1"),
    ("tcp.flags.reset", "reset"),
    ("tcp.analysis.retransmission", "error"),
];

/// Why a word is no text to find but a field that does not exist, and what to write instead; `None`
/// = it is text. `operator` and `value` are what stands behind it.
pub(super) fn meant(word: &str, operator: Option<&str>, value: &str) -> Option<String> {
    let ends = ["==", "!=", "<=", ">=", "=", "<", ">", ":"];
    let cut = ends.iter().filter_map(|sign| word.find(sign)).min();
    let (name, glued) = cut.map_or((word, ""), |at| word.split_at(at));
    let glued_value = glued.trim_start_matches(['=', '!', '<', '>', ':']);
    let has_value = !glued_value.is_empty();
    let is_mitm = name.len() > 1 && name.starts_with('~');
    if let Some((_, here)) = WHOLE.iter().find(|(other, _)| is_mitm_or_bare(name, other)) {
        return Some(format!("'{name}' is written as {here} here"));
    }
    if let Some(field) = QueryField::called(name)
        && (operator.is_some() || has_value || is_mitm || name.contains('.'))
    {
        let written = if has_value {
            let sign = glued.split_at(glued.len() - glued_value.len()).0;
            instead(field, Some(sign).filter(|sign| *sign != ":"), glued_value)
        } else {
            // A sign that has its value in quotes behind it.
            let sign = Some(glued).filter(|sign| !matches!(*sign, "" | ":"));
            instead(field, operator.or(sign), value)
        };
        return Some(format!(
            "'{name}' is called {} here; write {written} (or {word:?} in quotes to find the text)",
            field.title()
        ));
    }
    // `sensor=7` and `aGk==` are text, `stat==404` is not.
    let is_glued = ["==", "!="].iter().any(|sign| glued.starts_with(sign));
    if operator.is_none() && !(is_glued && (has_value || !value.is_empty())) {
        return None;
    }
    Some(format!("there is no field '{name}'; {}", nearest(name)))
}

fn is_mitm_or_bare(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// A test of the field with the operator and value that were written, where that is one; else its
/// example.
fn instead(field: &QueryField, operator: Option<&str>, value: &str) -> String {
    let plain = field.value.operators().iter().find(|it| **it == "==").copied();
    let operator = operator.or(plain).unwrap_or("contains");
    let written = format!("{} {operator} {value}", field.name);
    let is_one = !value.is_empty() && super::Filter::parse(&written).is_ok();
    if is_one { written } else { field.example.to_owned() }
}

/// The field whose name is nearly this, or all of them.
fn nearest(name: &str) -> String {
    let name: String = name.to_lowercase().chars().take(32).collect();
    let known = FIELDS.iter().map(|field| field.name);
    let near = |known: &'static str| {
        (strsim::osa_distance(&name, known), !known.starts_with(&*name), known)
    };
    match known.map(near).min() {
        Some((steps, _, known)) if steps <= 1 + name.chars().count() / 4 => {
            format!("did you mean '{known}'?")
        }
        _ => format!("fields are {}", names()),
    }
}
