//! Hurl files: entries of a request, and what its answer shall be.
//!
//! What is expected and captured becomes `[expect]` and `[capture]`, or a comment where those cannot say it.

mod answer;
mod sections;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::braces::{Dialect, ours};
use super::data::DataNode;
use super::gathered::{FoundPreset, Gathered, untyped};
use super::tree::ImportFault;
use crate::model::http::{HttpBody, HttpSpec};
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::spec::{NameValue, Spec};

/// How placeholders are written.
const DIALECT: Dialect = Dialect::Hurl;

/// An entry: where it begins, its request, and what its answer shall be.
#[derive(Default)]
struct Entry<'t> {
    line: usize,
    request: Vec<&'t str>,
    answer: Vec<&'t str>,
}

/// Whether a text looks like such a file: a request, and an answer that begins with `HTTP`.
pub(super) fn is_hurl(text: &str) -> bool {
    let mut lines = text.lines();
    let begins = lines.any(|line| {
        start(line).is_some_and(|(_, url)| url.contains("://") || url.starts_with("{{"))
    });
    begins && lines.any(is_answer)
}

/// Reads all entries.
pub(super) fn entries(text: &str, out: &mut Gathered) -> Result<(), ImportFault> {
    let (mut entry, mut found) = (Entry::default(), Vec::new());
    let mut fence = false;
    for (at, line) in text.lines().enumerate() {
        let is_start = !fence && start(line).is_some();
        let bare = line.trim();
        // Its end may stand behind the last line of the text.
        let is_end = bare.ends_with("```");
        fence = if fence { !is_end } else { bare.starts_with("```") && (bare == "```" || !is_end) };
        if is_start {
            let next = Entry { line: at + 1, request: vec![line], answer: Vec::new() };
            found.push(std::mem::replace(&mut entry, next));
        } else if entry.line == 0 {
            let bare = line.trim();
            if !(bare.is_empty() || bare.starts_with('#')) {
                return Err(ImportFault::at_line(at + 1, 1, "no request begins here"));
            }
        } else if !fence && is_answer(line) || !entry.answer.is_empty() {
            entry.answer.push(line);
        } else {
            entry.request.push(line);
        }
    }
    if fence {
        return Err(ImportFault::at_line(entry.line, 1, "a body that begins with ``` has no end"));
    }
    found.push(entry);
    for entry in found.iter().filter(|entry| entry.line > 0) {
        read(entry, out)?;
    }
    Ok(())
}

fn is_answer(line: &str) -> bool {
    let rest = line.strip_prefix("HTTP");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '/']))
}

/// Method and URL of a line that begins a request.
fn start(line: &str) -> Option<(&str, &str)> {
    let (method, url) = sections::uncommented(line).split_once([' ', '\t'])?;
    let is_method = !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase());
    let url = url.trim();
    let is_url = url.contains("://") || url.starts_with("{{") || url.starts_with('/');
    (is_method && is_url && method != "HTTP").then_some((method, url))
}

fn read(entry: &Entry<'_>, out: &mut Gathered) -> Result<(), ImportFault> {
    let place = format!("line {}", entry.line);
    let Some((method, url)) = entry.request.first().and_then(|line| start(line)) else {
        return Ok(());
    };
    let mut spec = HttpSpec {
        method: method.to_owned(),
        url: ours(url, DIALECT, out, &place),
        // Hurl follows none unless it is told to.
        redirects: 0,
        ..HttpSpec::default()
    };
    let mut lines = entry.request.iter().skip(1).copied().peekable();
    while let Some(line) = lines.peek() {
        let bare = sections::uncommented(line).trim();
        if bare.is_empty() {
            lines.next();
            continue;
        }
        if bare.starts_with('[') && bare.ends_with(']') && sections::is_section(bare) {
            let name = bare.trim_matches(['[', ']']).to_owned();
            lines.next();
            let mut rows = Vec::new();
            while let Some(row) = lines.next_if(|line| sections::is_row(line)) {
                rows.extend(sections::pair(row));
            }
            sections::section(&name, &rows, &mut spec, out, &place);
        } else if let Some((name, value)) = sections::header(bare) {
            let value = ours(&sections::unescaped(value), DIALECT, out, &place);
            spec.headers.push(NameValue::new(ours(name, DIALECT, out, &place), value));
            lines.next();
        } else {
            break;
        }
    }
    let rest: Vec<&str> = lines.collect();
    body(&rest, &mut spec, out, &place);
    untyped(&mut spec);
    let mut notes = Vec::new();
    let first = entry.line + entry.request.len();
    let wanted = answer::answer((first, &entry.answer), out, &place)?;
    let rest = wanted.put(&mut spec);
    if !rest.is_empty() {
        out.left_out(
            "expectations and captures that have no counterpart, kept as comments",
            place.as_str(),
        );
        notes.push(format!("expected of the answer:\n{}", rest.join("\n")));
    }
    out.preset(FoundPreset { notes, place, ..FoundPreset::default() }, Spec::Http(spec))
}

fn body(lines: &[&str], spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let text = lines.join("\n");
    let bare = text.trim_end();
    if bare.is_empty() {
        return;
    }
    let between = |begin: &str, end: &str| bare.strip_prefix(begin)?.trim_end().strip_suffix(end);
    if let Some(inner) = between("```", "```") {
        let (kind, inner) = inner.split_once('\n').unwrap_or(("", inner));
        fenced(kind.trim().split(',').next().unwrap_or_default(), inner, spec, out, place);
    } else if let Some(file) = between("file,", ";") {
        out.changed("files that bodies name, read when they are sent", place, file.trim());
        spec.body = HttpBody::File(ours(file.trim(), DIALECT, out, place));
    } else if let Some(digits) = between("hex,", ";") {
        let payload = Payload { text: digits.trim().to_owned(), format: PayloadFormat::Hex };
        spec.body = HttpBody::Payload(payload);
    } else if let Some(digits) = between("base64,", ";") {
        base64(digits, spec, out, place);
    } else if let Some(line) = between("`", "`") {
        spec.body = HttpBody::Text(ours(&sections::unescaped(line), DIALECT, out, place));
    } else if bare.starts_with('<') {
        typed("application/xml", spec);
        spec.body = HttpBody::Text(ours(bare, DIALECT, out, place));
    } else if !bare.starts_with(|c: char| "{[\"-tfn".contains(c) || c.is_ascii_digit()) {
        out.left_out("lines that are neither a header nor a body, kept as a body", place);
        spec.body = HttpBody::Text(ours(bare, DIALECT, out, place));
    } else {
        spec.body = HttpBody::Json(ours(bare, DIALECT, out, place));
    }
}

/// A body between fences, of the kind that stands behind the first.
fn fenced(kind: &str, inner: &str, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    spec.body = match kind {
        "json" => HttpBody::Json(ours(inner, DIALECT, out, place)),
        "graphql" => HttpBody::Json(ours(&graphql(inner), DIALECT, out, place)),
        kind => {
            if kind == "xml" {
                typed("application/xml", spec);
            }
            HttpBody::Text(ours(inner, DIALECT, out, place))
        }
    };
}

/// The type that goes with a body, unless a header says one.
fn typed(kind: &str, spec: &mut HttpSpec) {
    if !spec.headers.iter().any(|row| row.name.eq_ignore_ascii_case("content-type")) {
        spec.headers.push(NameValue::new("Content-Type", kind));
    }
}

/// A query, and behind it its variables.
fn graphql(text: &str) -> String {
    let begins = |line: &&str| {
        line.strip_prefix("variables").is_some_and(|rest| rest.trim_start().starts_with('{'))
    };
    let at = text.split_inclusive('\n').take_while(|line| !begins(line)).map(str::len).sum();
    let (query, rest) = text.split_at(at);
    let query = DataNode::from(query).json(false);
    match rest.strip_prefix("variables") {
        Some(variables) => format!("{{\"query\":{query},\"variables\":{}}}", variables.trim()),
        None => format!("{{\"query\":{query}}}"),
    }
}

/// Bytes as digits; what is no base64 stays a text.
fn base64(digits: &str, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    if let Some(text) = bytes_of(digits) {
        spec.body = HttpBody::Payload(Payload { text, format: PayloadFormat::Hex });
    } else {
        out.left_out("bodies in base64, kept as text", place);
        spec.body = HttpBody::Text(ours(digits.trim(), DIALECT, out, place));
    }
}

/// What base64 says, in hex digits; `None` = it is none.
fn bytes_of(digits: &str) -> Option<String> {
    let bare: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(bare).ok()?;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}
