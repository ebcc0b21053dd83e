//! What hurl says of an answer: its status, captures and asserts.

use std::fmt::Write as _;

use serde_json::Value;

use super::checks::{ExportedFacet, captured, expected};
use super::names::ForeignNames;
use super::requests::ExportedRequest;
use crate::codec::json_path::PathPlace;
use crate::query::ToldTest;

/// The lines from `HTTP` on; none where nothing is expected or captured.
pub(super) fn answer(request: &ExportedRequest<'_>, names: &mut ForeignNames) -> String {
    let (spec, scope, place) = (&request.preset.spec, &request.preset.scope, request.place());
    let (mut status, mut captures, mut asserts) = (None, String::new(), String::new());
    for capture in captured(spec) {
        let query = query(&capture.about).filter(|_| capture.about != ExportedFacet::Total);
        let part = capture.part.as_ref().map(|regex| format!(" regex {}", quoted(regex)));
        let Some(query) = query else {
            names
                .remarks
                .say("captures that hurl has no word for", format!("{place} ({})", capture.line));
            continue;
        };
        let name = names.meet(&capture.name, scope);
        let _ = writeln!(captures, "{name}: {query}{}", part.unwrap_or_default());
    }
    for check in expected(spec, &request.scope) {
        if check.about == ExportedFacet::Status
            && let [(true, ToldTest::Numbers(ranges))] = check.tests.as_slice()
            && let [(Some(from), Some(to))] = ranges.as_slice()
            && from == to
        {
            status = Some(*from);
            continue;
        }
        let lines: Option<Vec<String>> =
            check.tests.iter().map(|(wanted, told)| lines(&check.about, *wanted, told)).collect();
        if let Some(lines) = lines.filter(|lines| !lines.is_empty()) {
            for line in lines.concat().lines() {
                let _ = writeln!(asserts, "{}", names.text(line, scope));
            }
        } else {
            let place = format!("{place} ({})", check.line);
            names.remarks.say("expectations that hurl has no word for", place);
        }
    }
    let mut out = String::new();
    if status.is_some() || !captures.is_empty() || !asserts.is_empty() {
        let status = status.map_or_else(|| "*".to_owned(), |status| status.to_string());
        let _ = writeln!(out, "HTTP {status}");
    }
    if !captures.is_empty() {
        let _ = write!(out, "[Captures]\n{captures}");
    }
    if !asserts.is_empty() {
        let _ = write!(out, "[Asserts]\n{asserts}");
    }
    out
}

/// What is asked about.
fn query(about: &ExportedFacet) -> Option<String> {
    Some(match about {
        ExportedFacet::Status => "status".to_owned(),
        ExportedFacet::Header(name) => format!("header {}", quoted(name)),
        ExportedFacet::Cookie(name) => format!("cookie {}", quoted(name)),
        ExportedFacet::Body => "body".to_owned(),
        ExportedFacet::Json(path, None) => format!("jsonpath {}", quoted(&json_path(path))),
        ExportedFacet::Json(path, Some("length")) => {
            format!("jsonpath {} count", quoted(&json_path(path)))
        }
        ExportedFacet::Size => "bytes count".to_owned(),
        ExportedFacet::Sha256 => "sha256".to_owned(),
        ExportedFacet::Total => "duration".to_owned(),
        ExportedFacet::Url => "url".to_owned(),
        ExportedFacet::Json(_, Some(_)) | ExportedFacet::Other => return None,
    })
}

/// `$.a['b c'][0]`
fn json_path(path: &[PathPlace]) -> String {
    let step = |place: &PathPlace| match place {
        PathPlace::Member(name) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let is_plain = !name.is_empty() && name.chars().all(plain);
            if is_plain { format!(".{name}") } else { format!("['{}']", name.replace('\'', "\\'")) }
        }
        PathPlace::Element(number) => format!("[{number}]"),
    };
    format!("${}", path.iter().map(step).collect::<String>())
}

/// The asserts of a test, each a line; `None` = there is no such predicate.
fn lines(about: &ExportedFacet, wanted: bool, told: &ToldTest) -> Option<String> {
    let query = query(about)?;
    let not = if wanted { "" } else { "not " };
    let line = |predicate: String| Some(format!("{query} {not}{predicate}\n"));
    match told {
        ToldTest::Exists => line("exists".to_owned()),
        ToldTest::Numbers(ranges) => {
            let [(from, to)] = ranges.as_slice() else { return None };
            numbers(&query, about, wanted, (*from, *to))
        }
        ToldTest::Is(texts) => {
            let [text] = texts.as_slice() else { return None };
            if *about == ExportedFacet::Sha256 {
                return line(format!("== hex,{text};"));
            }
            line(format!("== {}", quotable(text)?))
        }
        ToldTest::Contains(text, is_any_case) => {
            let has_letters = text.chars().any(char::is_alphabetic);
            if *is_any_case && has_letters {
                return line(format!(
                    "matches {}",
                    quotable(&format!("(?i){}", regex::escape(text)))?
                ));
            }
            line(format!("contains {}", quotable(text)?))
        }
        ToldTest::Matches(regex, is_any_case) => {
            let flag = if *is_any_case { "(?i)" } else { "" };
            line(format!("matches {}", quotable(&format!("{flag}{regex}"))?))
        }
        ToldTest::Json(values) => {
            let [value] = values.as_slice() else { return None };
            match value {
                Value::String(text) => line(format!("== {}", quotable(text)?)),
                Value::Array(_) | Value::Object(_) => None,
                value => line(format!("== {value}")),
            }
        }
        ToldTest::JsonNumber(sign, number) if wanted => line(format!("{sign} {number}")),
        ToldTest::JsonNumber(..) | ToldTest::YesNo(_) | ToldTest::Other => None,
    }
}

/// A range of numbers, of the time in milliseconds.
fn numbers(
    query: &str,
    about: &ExportedFacet,
    wanted: bool,
    (from, to): (Option<u64>, Option<u64>),
) -> Option<String> {
    const MILLI: u64 = 1_000_000;
    let is_time = *about == ExportedFacet::Total;
    let unit = |number: u64| if is_time { number.div_ceil(MILLI) } else { number };
    match (from, to) {
        (Some(from), Some(to)) if from == to && !is_time => {
            let sign = if wanted { "==" } else { "!=" };
            Some(format!("{query} {sign} {from}\n"))
        }
        _ if !wanted => None,
        (from, to) => {
            let from = from.filter(|from| *from > 0);
            let from = from.map(|from| format!("{query} >= {}\n", unit(from)));
            let to = to.map(|to| format!("{query} <= {}\n", unit(to)));
            Some(format!("{}{}", from.unwrap_or_default(), to.unwrap_or_default()))
        }
    }
}

/// A text in quotes, where it is one line.
fn quotable(text: &str) -> Option<String> {
    let is_line = !text.chars().any(char::is_control);
    is_line.then(|| quoted(text))
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
