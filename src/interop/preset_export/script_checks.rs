//! Expectations and captures as JavaScript, for Postman's tests and k6's checks. Only what can be told truly:
//! what a facet or test has no counterpart for is said.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::checks::{ExportedFacet, captured, expected};
use super::names::ForeignNames;
use super::requests::ExportedRequest;
use crate::codec::json_path::PathPlace;
use crate::interop::secrets::{SecretRun, runs};
use crate::query::ToldTest;

/// Whose script it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckScript {
    Postman,
    K6,
}

impl CheckScript {
    fn title(self) -> &'static str {
        match self {
            CheckScript::Postman => "Postman",
            CheckScript::K6 => "k6",
        }
    }

    /// The expression of what is asked about.
    fn asked(self, about: &ExportedFacet) -> Option<String> {
        let is_postman = self == CheckScript::Postman;
        Some(match about {
            ExportedFacet::Status => {
                (if is_postman { "pm.response.code" } else { "r.status" }).to_owned()
            }
            ExportedFacet::Header(name) if is_postman => {
                format!("pm.response.headers.get({})", json!(name))
            }
            // k6 has names of headers as Go writes them.
            ExportedFacet::Header(name) => format!("r.headers[{}]", json!(canonical(name))),
            ExportedFacet::Cookie(name) if is_postman => format!("pm.cookies.get({})", json!(name)),
            ExportedFacet::Cookie(name) => format!("r.cookies[{}]?.[0]?.value", json!(name)),
            ExportedFacet::Body => {
                (if is_postman { "pm.response.text()" } else { "r.body" }).to_owned()
            }
            ExportedFacet::Json(path, call) => {
                let whole = if is_postman { "pm.response.json()" } else { "r.json()" };
                let length = match call {
                    None => "",
                    Some("length") => "?.length",
                    Some(_) => return None,
                };
                format!("{whole}{}{length}", path.iter().map(step).collect::<String>())
            }
            ExportedFacet::Total => {
                (if is_postman { "pm.response.responseTime" } else { "r.timings.duration" })
                    .to_owned()
            }
            ExportedFacet::Url if !is_postman => "r.url".to_owned(),
            ExportedFacet::Url
            | ExportedFacet::Size
            | ExportedFacet::Sha256
            | ExportedFacet::Other => return None,
        })
    }
}

/// A name of a header as Go writes it: `Content-Type`.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + &chars.as_str().to_ascii_lowercase()
        })
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

fn step(place: &PathPlace) -> String {
    match place {
        PathPlace::Member(name) => format!("?.[{}]", json!(name)),
        PathPlace::Element(number) if *number < 0 => format!("?.at({number})"),
        PathPlace::Element(number) => format!("?.[{number}]"),
    }
}

/// The lines of a script: tests, then captures.
pub(super) fn test_lines(
    request: &ExportedRequest<'_>,
    names: &mut ForeignNames,
    script: CheckScript,
) -> Vec<String> {
    let (spec, title) = (&request.preset.spec, script.title());
    let mut lines = Vec::new();
    for check in expected(spec, &request.scope) {
        let asked = script.asked(&check.about);
        let tests: Option<Vec<String>> = asked.as_ref().and_then(|asked| {
            let of =
                |(wanted, told): &(bool, ToldTest)| condition(asked, *wanted, told, &check.about);
            check.tests.iter().map(of).collect()
        });
        let Some(tests) = tests.filter(|tests| !tests.is_empty()) else {
            let place = format!("{} ({})", request.place(), check.line);
            names.remarks.say(format!("expectations that {title} is not told"), place);
            continue;
        };
        let code = with_names(&tests.join(" && "), request, names, script);
        let line = json!(check.line).to_string();
        lines.push(match script {
            CheckScript::Postman => {
                format!("pm.test({line}, () => pm.expect({code}).to.be.true);")
            }
            CheckScript::K6 => format!("{line}: (r) => {code},"),
        });
    }
    lines.extend(captures(request, names, script));
    lines
}

fn captures(
    request: &ExportedRequest<'_>,
    names: &mut ForeignNames,
    script: CheckScript,
) -> Vec<String> {
    if script == CheckScript::K6 {
        return Vec::new();
    }
    capture_values(request, names, script)
        .into_iter()
        .map(|(name, value)| format!("pm.collectionVariables.set({}, {value});", json!(name)))
        .collect()
}

/// Names that a request captures, and the expressions of their values.
pub(super) fn capture_values(
    request: &ExportedRequest<'_>,
    names: &mut ForeignNames,
    script: CheckScript,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for capture in captured(&request.preset.spec) {
        let asked = script.asked(&capture.about);
        let regex = capture.part.as_ref().map(|part| regex(part));
        let value = match (asked, regex) {
            (Some(asked), None) => Some(asked),
            (Some(asked), Some(Some(regex))) => {
                Some(format!("((m) => m && (m[1] ?? m[0]))(String({asked}).match({regex}))"))
            }
            _ => None,
        };
        let Some(value) = value else {
            let place = format!("{} ({})", request.place(), capture.line);
            names.remarks.say(format!("captures that {} is not told", script.title()), place);
            continue;
        };
        found.push((names.meet(&capture.name, &request.preset.scope), value));
    }
    found
}

/// A test as a condition of JavaScript; `None` = it would not be the same test.
fn condition(asked: &str, wanted: bool, told: &ToldTest, about: &ExportedFacet) -> Option<String> {
    let is_body = matches!(about, ExportedFacet::Body | ExportedFacet::Url);
    let made = match told {
        ToldTest::Exists if is_body => return None,
        ToldTest::Exists => format!("({asked} ?? undefined) !== undefined"),
        ToldTest::Numbers(ranges) => {
            let scale = if *about == ExportedFacet::Total { 1_000_000 } else { 1 };
            let of = |(from, to): &(Option<u64>, Option<u64>)| match (from, to) {
                (Some(from), Some(to)) if from == to && scale == 1 => format!("{asked} === {from}"),
                (from, to) => {
                    let from = from
                        .filter(|it| *it > 0)
                        .map(|it| format!("{asked} >= {}", it.div_ceil(scale)));
                    let to = to.map(|it| format!("{asked} <= {}", it.div_ceil(scale)));
                    let both: Vec<String> = from.into_iter().chain(to).collect();
                    if both.is_empty() { "true".to_owned() } else { both.join(" && ") }
                }
            };
            let all: Vec<String> = ranges.iter().map(of).collect();
            if all.len() == 1 { all.concat() } else { format!("({})", all.join(" || ")) }
        }
        ToldTest::Is(texts) => {
            let all: Vec<String> =
                texts.iter().map(|it| format!("{asked} === {}", json!(it))).collect();
            if all.len() == 1 { all.concat() } else { format!("({})", all.join(" || ")) }
        }
        ToldTest::Contains(text, true) => {
            let text = text.to_lowercase();
            format!("String({asked}).toLowerCase().includes({})", json!(text))
        }
        ToldTest::Contains(text, false) => format!("String({asked}).includes({})", json!(text)),
        ToldTest::Matches(source, is_any_case) => {
            let flag = if *is_any_case { "(?i)" } else { "" };
            format!("{}.test(String({asked}))", regex(&format!("{flag}{source}"))?)
        }
        ToldTest::Json(values) => {
            let [value] = values.as_slice() else { return None };
            match value {
                Value::Array(_) | Value::Object(_) => return None,
                value => format!("{asked} === {value}"),
            }
        }
        ToldTest::JsonNumber(sign, number) => format!("{asked} {sign} {number}"),
        ToldTest::YesNo(_) | ToldTest::Other => return None,
    };
    Some(if wanted { made } else { format!("!({made})") })
}

/// An expression of ours as one of JavaScript, where both read it alike.
fn regex(source: &str) -> Option<String> {
    let (source, flags) = match source.strip_prefix("(?i)") {
        Some(rest) => (rest, ", \"i\""),
        None => (source.strip_prefix("(?-i)").unwrap_or(source), ""),
    };
    // What only one of both knows: flags inside, classes by name, anchors of texts.
    let foreign = ["(?", "[[:", "\\p", "\\P", "\\A", "\\z", "\\x{", "&&", "--", "~~"];
    let is_fine = !foreign.iter().any(|mark| source.contains(mark));
    is_fine.then(|| format!("new RegExp({}{flags})", json!(source)))
}

/// Names within texts of JavaScript in the place of their marks.
fn with_names(
    code: &str,
    request: &ExportedRequest<'_>,
    names: &mut ForeignNames,
    script: CheckScript,
) -> String {
    let mut made = String::new();
    for run in runs(code.as_bytes()) {
        match run {
            SecretRun::Text(text) => made.push_str(&String::from_utf8_lossy(text)),
            SecretRun::Variable { name, .. } => {
                let name = names.meet(name, &request.preset.scope);
                // It stands in a text, which ends before it and goes on behind it.
                let _ = match script {
                    CheckScript::Postman => {
                        write!(made, "\" + pm.variables.get({}) + \"", json!(name))
                    }
                    CheckScript::K6 => write!(made, "\" + {name} + \""),
                };
            }
        }
    }
    made
}
