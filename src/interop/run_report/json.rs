//! JSON Lines of a run: one for each preset that is over, and one at the end.

use serde_json::{Value, json};

use super::{RunFacts, covered, steps};
use crate::interop::ndjson;
use crate::interop::run_compared::{ComparedRow, RunCompared, RunDifference};
use crate::model::timing::Stamp;
use crate::runner::{RunRow, RunVerdict};

/// The line of a preset that is over, told at this time.
#[must_use]
pub fn row_line(row: &RunRow, at: Stamp) -> String {
    ndjson::line("preset", at, row_value(row))
}

/// A line of a dry run, in which nothing is sent.
#[must_use]
pub fn foreseen_line(kind: &str, at: Stamp, facts: Value) -> String {
    ndjson::line(kind, at, facts)
}

/// The last line.
#[must_use]
pub fn run_line(run: RunFacts<'_>, at: Stamp) -> String {
    ndjson::line("run", at, run_value(run))
}

/// The whole run as one document; new fields do not change its version.
pub(super) fn report(run: RunFacts<'_>) -> String {
    let presets: Vec<Value> = run.rows.iter().map(row_value).collect();
    let compared: Vec<Value> = run.compared.iter().map(compared_value).collect();
    let mut document = json!({
        "v": 1,
        "format": "wirebench-run",
        "began": run.began_at(),
        "summary": run_value(run),
        "presets": presets,
    });
    if !compared.is_empty() {
        document["compared"] = compared.into();
    }
    let text = serde_json::to_string_pretty(&document).unwrap_or_else(|_| document.to_string());
    format!("{text}\n")
}

/// The lines of a comparison: one for each thing that differs, and one at the end.
#[must_use]
pub fn compared_lines(compared: &RunCompared, at: Stamp) -> Vec<String> {
    let mut lines = Vec::new();
    for row in &compared.rows {
        for difference in &row.differences {
            let mut value = difference_value(difference);
            value["preset"] = row.preset.clone().into();
            value["round"] = row.round.clone().into();
            value["base"] = compared.base.clone().into();
            value["with"] = compared.other.clone().into();
            lines.push(ndjson::line("difference", at, known(value)));
        }
    }
    let (all, differ) = (compared.both, compared.rows.len());
    let value = json!({
        "base": compared.base,
        "with": compared.other,
        "presets": all,
        "differ": differ,
        "differences": compared.count(),
    });
    lines.push(ndjson::line("compared", at, value));
    lines
}

fn difference_value(difference: &RunDifference) -> Value {
    json!({ "what": difference.what, "old": difference.old, "new": difference.new })
}

/// A comparison in a document.
fn compared_value(compared: &RunCompared) -> Value {
    let row = |row: &ComparedRow| {
        let differences: Vec<Value> =
            row.differences.iter().map(|it| known(difference_value(it))).collect();
        json!({
            "preset": row.preset,
            "round": row.round,
            "differences": differences,
            "left_out": row.left_out,
        })
    };
    json!({
        "base": compared.base,
        "with": compared.other,
        "presets": compared.both,
        "differ": compared.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// What is known of a preset that is over; what is empty is left out.
pub(super) fn row_value(row: &RunRow) -> Value {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let checks: Vec<Value> = row
        .report
        .results
        .iter()
        .map(|result| {
            json!({
                "about": result.about,
                "wanted": result.wanted,
                "got": result.got,
                "met": result.is_met,
                "differences": result.differences,
            })
        })
        .collect();
    let captured: Vec<Value> = row
        .report
        .captured
        .iter()
        .map(|captured| {
            let (value, missing) = (captured.value.as_ref().ok(), captured.value.as_ref().err());
            known(json!({
                "name": captured.name,
                "of": captured.of,
                "value": value,
                "missing": missing,
            }))
        })
        .collect();
    let skipped = match &row.verdict {
        RunVerdict::Skipped(why) => Some(why),
        _ => None,
    };
    known(json!({
        "preset": row.path.as_str(),
        "place": text(&row.place),
        "round": text(&row.round),
        "verdict": row.verdict.word(),
        "why": text(&row.why),
        "target": text(&row.target),
        "tries": row.tries,
        "took_us": u64::try_from(row.took.as_micros()).unwrap_or(u64::MAX),
        "checks": checks,
        "captured": captured,
        "steps": steps::values(row),
        "failure": row.failure().map(ndjson::failure_value),
        "skipped": skipped,
    }))
}

/// What became of all.
pub(super) fn run_value(run: RunFacts<'_>) -> Value {
    let tally = run.tally();
    known(json!({
        "passed": tally.passed,
        "failed": tally.not_met,
        "errors": tally.failed,
        "skipped": tally.skipped,
        "retried": tally.retried,
        "all": tally.all(),
        "checks": tally.checks,
        "met": tally.met,
        "took_us": u64::try_from(run.took.as_micros()).unwrap_or(u64::MAX),
        "environment": run.environment,
        "stopped": run.stopped,
        "contracts": covered::value(run.covered),
    }))
}

fn known(mut facts: Value) -> Value {
    if let Value::Object(facts) = &mut facts {
        facts.retain(|_, value| !value.is_null());
    }
    facts
}
