//! A run in the Test Anything Protocol, version 14, which readers of version 13 take, too.

use std::fmt::Write as _;

use serde_json::Value;

use super::json::row_value;
use super::words::json_line;
use super::{RunFacts, steps};
use crate::codec::printable::printable_str;
use crate::runner::RunVerdict;

/// The whole report.
pub(super) fn report(run: RunFacts<'_>) -> String {
    let points = run.compared.iter().map(|it| it.rows.len().max(1)).sum::<usize>();
    let mut out = format!("TAP version 14\n1..{}\n", run.rows.len() + points);
    for (at, row) in run.rows.iter().enumerate() {
        let (number, name) = (at + 1, plain(&row.name()));
        let remarks = row.remarks();
        let remarks = match remarks.as_slice() {
            [] => String::new(),
            remarks => format!(" ({})", plain(&remarks.join(", "))),
        };
        let _ = match &row.verdict {
            RunVerdict::Skipped(why) => {
                writeln!(out, "ok {number} - {name}{remarks} # SKIP {}", plain(why))
            }
            RunVerdict::Passed => writeln!(out, "ok {number} - {name}{remarks}"),
            _ => writeln!(out, "not ok {number} - {name}{remarks}"),
        };
        if matches!(row.verdict, RunVerdict::NotMet(_) | RunVerdict::Failed(_)) {
            let _ = writeln!(out, "  ---");
            // A text of JSON is one of YAML.
            let texts = [("message", row.lines().join("\n")), ("target", row.target.clone())];
            for (key, text) in texts {
                let _ = writeln!(out, "  {key}: {}", json_line(&Value::from(text)));
            }
            let mut value = row_value(row);
            let _ = writeln!(out, "  checks: {}", json_line(&value["checks"].take()));
            if !row.steps.is_empty() {
                let _ = writeln!(out, "  steps: {}", json_line(&value["steps"].take()));
            }
            let _ = writeln!(out, "  ...");
        } else if let Some(steps) = steps::values(row) {
            let _ = writeln!(out, "  ---\n  steps: {}\n  ...", json_line(&Value::from(steps)));
        }
    }
    compared(&mut out, run);
    let _ = writeln!(out, "# {}", plain(&run.summary()));
    for line in run.covered.lines() {
        let _ = writeln!(out, "# {}", plain(&line));
    }
    if let Some(why) = run.stopped.filter(|why| *why == "interrupted") {
        let _ = writeln!(out, "Bail out! {}", plain(why));
    }
    out
}

/// What differs from other runs: a point for each preset that does, or one that passed.
fn compared(out: &mut String, run: RunFacts<'_>) {
    let mut number = run.rows.len();
    for compared in run.compared {
        if compared.rows.is_empty() {
            number += 1;
            let _ = writeln!(out, "ok {number} - {}", plain(&compared.summary()));
        }
        for row in &compared.rows {
            number += 1;
            let name = format!("{} and {}: {}", compared.base, compared.other, row.name());
            let differences = json_line(&Value::from(row.lines()));
            let _ = writeln!(out, "not ok {number} - {}", plain(&name));
            let _ = writeln!(out, "  ---\n  differences: {differences}\n  ...");
        }
    }
}

/// On one line, without signs that begin something in TAP.
fn plain(text: &str) -> String {
    printable_str(text).replace('\\', "\\\\").replace('#', "\\#")
}
