//! The tab of what was expected and captured: what is not met first, expected against got, then what
//! was captured, with its age, then what is met.

use std::time::Duration;

use super::tab_lines::{TabLines, TextLine, Tone};
use crate::app::{format, shared::Shared};
use crate::check::{Captured, CheckReport, CheckResult};
use crate::codec::printable::{Marked, marked};
use crate::model::id::SessionId;
use crate::model::secrets::masked_name;
use crate::model::timing::show_duration;

/// A line for each, and more where more is to be said.
pub(super) fn checks(report: &CheckReport, lines: TabLines<'_>) -> Vec<TextLine> {
    let (shared, session) = (lines.shared, lines.shown.exchange.conn.session);
    let told = |text: &str| marked(shared.disclosure().words(text).as_bytes());
    let mut found = Vec::new();
    for result in report.results.iter().filter(|result| !result.is_met) {
        failed(result, &told, &mut found);
    }
    for captured in &report.captured {
        found.push(value(captured, shared, session));
    }
    let met: Vec<&CheckResult> = report.results.iter().filter(|result| result.is_met).collect();
    if !met.is_empty() && !found.is_empty() {
        found.push(TextLine::new(Tone::Dim, "", ""));
    }
    for result in met {
        found.push(TextLine::pair(&format!("✓ {}", told(&result.about).text), told(&result.got)));
    }
    found
}

fn failed(result: &CheckResult, told: &dyn Fn(&str) -> Marked, found: &mut Vec<TextLine>) {
    let about = told(&result.about).text;
    found.push(TextLine::new(Tone::Failure, format!("✗ {about}"), ""));
    found.push(TextLine::new(Tone::Dim, "    expected", told(&result.wanted)));
    found.push(TextLine::new(Tone::Failure, "    got", told(&result.got)));
    for difference in &result.differences {
        let tone = match difference.trim_start().chars().next() {
            Some('-') => Tone::Pair,
            Some('+') => Tone::Failure,
            _ => Tone::Warning,
        };
        found.push(TextLine::new(tone, "", told(&format!("    {difference}"))));
    }
}

/// How long the ages that are shown of captured values stay true; `None` = none is shown.
pub(super) fn ages_last(
    report: &CheckReport,
    shared: &Shared,
    session: SessionId,
) -> Option<Duration> {
    let environment = shared.sessions.get(session).and_then(|it| it.environment.as_deref());
    let names = report.captured.iter().filter(|captured| captured.value.is_ok());
    let values = names.filter_map(|captured| shared.captured.get(environment, &captured.name));
    values.map(|value| format::age_lasts(shared.now.since(value.at))).min()
}

/// Where the value landed, and what has become of it since.
fn value(captured: &Captured, shared: &Shared, session: SessionId) -> TextLine {
    let (name, of) = (&captured.name, &captured.of);
    let value = match &captured.value {
        Ok(value) => value,
        Err(why) => {
            let text = format!("not captured from {of}: {why}");
            return TextLine::new(
                Tone::Failure,
                format!("✗ {{{{{name}}}}}"),
                marked(text.as_bytes()),
            );
        }
    };
    let environment = shared.sessions.get(session).and_then(|it| it.environment.clone());
    let place = environment.as_deref().unwrap_or("no environment");
    let now = shared.captured.get(environment.as_deref(), name);
    let age = match now {
        Some(it) if it.value == *value => {
            let age = shared.now.since(it.at);
            let old = shared.captured_for(it).filter(|longest| age > *longest);
            let old = old.map(|longest| {
                format!(
                    ", older than its max-age of {}: it is captured anew before it is used",
                    show_duration(longest)
                )
            });
            format!("{} ago{}, in {place}", format::age(age), old.unwrap_or_default())
        }
        Some(_) => "captured anew since".to_owned(),
        None => "gone".to_owned(),
    };
    let shown = masked_name(name, value, &shared.disclosure());
    let text = format!("{shown}   ({age}; {of})");
    TextLine::pair(&format!("↓ {{{{{name}}}}}"), marked(text.as_bytes()))
}
