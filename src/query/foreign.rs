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
    ("tcp.flags.reset", "reset"),
    ("tcp.analysis.retransmission", "error"),
];

/// Names of who sent and of who got something. Here the ends are who is at the other end and our own, and
/// which of them sent says the direction.
const SENDER: &[&str] = &["src", "ip.src", "ipv6.src", "~src", "ip.src_host"];
const RECEIVER: &[&str] = &["dst", "ip.dst", "ipv6.dst", "~dst", "ip.dst_host", "destination"];

/// Names of headers that have fields of their own elsewhere.
const HEADERS: &[(&str, &str)] = &[
    ("~t", "content-type"),
    ("~tq", "content-type"),
    ("~ts", "content-type"),
    ("content-type", "content-type"),
    ("http.content_type", "content-type"),
    ("http.user_agent", "user-agent"),
    ("http.cookie", "cookie"),
    ("http.referer", "referer"),
    ("http.location", "location"),
    ("http.authorization", "authorization"),
];

/// Words with a value behind them and no operator between, as tcpdump has them, and what they ask here.
const WORDS: &[(&str, &str)] =
    &[("net", "addr == "), ("greater", "len >= "), ("less", "len <= "), ("portrange", "port == ")];

/// What to write for a word of tcpdump's with a value behind it; `None` = it is text, as these words may be.
fn word_with_value(word: &str, value: &str) -> Option<String> {
    let is_one = |list: &[&str]| list.iter().any(|it| word.eq_ignore_ascii_case(it));
    let is_value = |test: &String| super::Filter::parse(test).is_ok();
    if is_one(&["src", "dst"]) {
        // `src host x` and `src x` are the same; what stands behind the second word is not seen from here.
        let is_part = ["host", "port", "net"].iter().any(|it| value.eq_ignore_ascii_case(it));
        let end = if is_part { "127.0.0.1" } else { value };
        return by_direction(word, "==", end).filter(|_| is_part || is_address(value));
    }
    let (_, test) = WORDS.iter().find(|(other, _)| word.eq_ignore_ascii_case(other))?;
    let value =
        if is_one(&["portrange"]) { value.replacen('-', "..", 1) } else { value.to_owned() };
    let test = Some(format!("{test}{value}")).filter(is_value)?;
    Some(format!("'{word}' is written as {test} here (or {word:?} in quotes to find the text)"))
}

/// Whether this is an address, which hardly anybody means as text.
pub(super) fn is_address(value: &str) -> bool {
    value.contains(['.', ':']) && super::Filter::parse(&format!("addr == {value}")).is_ok()
}

/// What a name of one who sent or got something is here; `None` = it is no such name.
fn by_direction(name: &str, operator: &str, value: &str) -> Option<String> {
    let is_one = |list: &[&str]| list.iter().any(|it| name.eq_ignore_ascii_case(it));
    let (who, theirs, ours) = match (is_one(SENDER), is_one(RECEIVER)) {
        (true, _) => ("who sent it", "in", "out"),
        (_, true) => ("who got it", "out", "in"),
        _ => return None,
    };
    let asks = |end: &str| {
        let test = format!("{end} {operator} {value}");
        let is_read = !value.is_empty() && super::Filter::parse(&test).is_ok();
        if is_read { test } else { format!("{end} == 127.0.0.1") }
    };
    let (peer, local) = (asks("peer"), asks("local"));
    Some(format!("'{name}', {who}, is {peer} and {theirs} here, or {local} and {ours}"))
}

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
    let (sign, behind) = if has_value {
        (glued.split_at(glued.len() - glued_value.len()).0, glued_value)
    } else {
        (operator.unwrap_or(glued), value)
    };
    let sign = if matches!(sign, ":" | "") { "==" } else { sign };
    if (operator.is_some() || has_value || is_mitm || name.contains('.'))
        && let Some(told) = by_direction(name, sign, behind)
    {
        return Some(told);
    }
    if operator.is_none()
        && !has_value
        && let Some(told) = word_with_value(name, value)
    {
        return Some(told);
    }
    if let Some(field) = QueryField::called(name)
        && (operator.is_some() || has_value || is_mitm || name.contains('.'))
    {
        // mitmproxy searches: what is no number is a part of the whole. Of a method there is no part.
        let is_searched = field.value.operators().contains(&"contains") && field.name != "method";
        let plain = if is_mitm && is_searched { "contains" } else { "==" };
        let header = HEADERS.iter().find(|(other, _)| name.eq_ignore_ascii_case(other));
        let title = header.map_or_else(
            || field.title().to_owned(),
            |(_, header)| format!("{}.{header}", field.name),
        );
        let written = if has_value {
            let sign = glued.split_at(glued.len() - glued_value.len()).0;
            instead((field, &title), Some(sign).filter(|sign| *sign != ":"), plain, glued_value)
        } else {
            // A sign that has its value in quotes behind it.
            let sign = Some(glued).filter(|sign| !matches!(*sign, "" | ":"));
            instead((field, &title), operator.or(sign), plain, value)
        };
        return Some(format!(
            "'{name}' is called {title} here; write {written} (or {word:?} in quotes to find the text)"
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

/// A test of the field, by this title, with the operator and value that were written, where that is one;
/// else its example. Without an operator it is `plain`, if the field takes that.
fn instead(
    (field, title): (&QueryField, &str),
    operator: Option<&str>,
    plain: &str,
    value: &str,
) -> String {
    let plain = field.value.operators().iter().find(|it| **it == plain).copied();
    let operator = operator.or(plain).unwrap_or("contains");
    let written = format!("{title} {operator} {value}");
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
