//! A run in the Test Anything Protocol, version 14, which readers of version 13 take, too.

use std::fmt::Write as _;

use super::RunFacts;
use super::json::row_value;
use crate::runner::RunVerdict;

/// The whole report.
pub(super) fn report(run: RunFacts<'_>) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", run.rows.len());
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
                let _ = writeln!(out, "  {key}: {}", serde_json::Value::from(text));
            }
            let checks = row_value(row)["checks"].take();
            let _ = writeln!(out, "  checks: {checks}");
            let _ = writeln!(out, "  ...");
        }
    }
    let _ = writeln!(out, "# {}", plain(&run.summary()));
    for line in run.covered.lines() {
        let _ = writeln!(out, "# {}", plain(&line));
    }
    if let Some(why) = run.stopped.filter(|why| *why == "interrupted") {
        let _ = writeln!(out, "Bail out! {}", plain(why));
    }
    out
}

/// On one line, without signs that begin something in TAP.
fn plain(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('#', "\\#");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
