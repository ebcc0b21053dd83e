//! A run as `JUnit` XML: a suite for each folder, a case for each preset.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::RunFacts;
use super::words::{escaped, seconds};
use crate::runner::{RunRow, RunTally, RunVerdict};

/// The whole document.
pub(super) fn report(run: RunFacts<'_>) -> String {
    let tally = run.tally();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"wirebench\" {} time=\"{}\">",
        counts(&tally),
        seconds(run.took)
    );
    let mut suites: BTreeMap<&str, Vec<&RunRow>> = BTreeMap::new();
    for row in run.rows {
        suites.entry(row.path.folder()).or_default().push(row);
    }
    for (folder, rows) in suites {
        suite(&mut out, folder, &rows, run);
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(tally: &RunTally) -> String {
    let RunTally { not_met, failed, .. } = tally;
    format!("tests=\"{}\" failures=\"{not_met}\" errors=\"{failed}\"", tally.all())
}

fn suite(out: &mut String, folder: &str, rows: &[&RunRow], run: RunFacts<'_>) {
    let tally = RunTally::of(rows.iter().copied());
    let took: Duration = rows.iter().map(|row| row.took).sum();
    let name = if folder.is_empty() { "presets" } else { folder };
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" {} skipped=\"{}\" time=\"{}\" timestamp=\"{}\">",
        escaped(name),
        counts(&tally),
        tally.skipped,
        seconds(took),
        run.began_at()
    );
    if let Some(environment) = run.environment {
        let environment = escaped(environment);
        let _ = writeln!(
            out,
            "    <properties>\n      <property name=\"environment\" value=\"{environment}\"/>\n    \
             </properties>"
        );
    }
    for row in rows {
        case(out, name, row);
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, suite: &str, row: &RunRow) {
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        escaped(&suite.replace('/', ".")),
        escaped(&case_name(row)),
        seconds(row.took)
    );
    let lines = row.lines();
    let first = lines.first().map(|line| escaped(line)).unwrap_or_default();
    let all = escaped(&lines.join("\n"));
    let inside = match &row.verdict {
        RunVerdict::Skipped(_) => format!("<skipped message=\"{first}\"/>"),
        RunVerdict::NotMet(_) => {
            format!("<failure message=\"{first}\" type=\"expectation\">{all}</failure>")
        }
        RunVerdict::Failed(failure) => {
            let kind = escaped(failure.title());
            format!("<error message=\"{first}\" type=\"{kind}\">{all}</error>")
        }
        RunVerdict::Passed | RunVerdict::Running => String::new(),
    };
    let remarks = row.remarks();
    if inside.is_empty() && remarks.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    for part in [inside, remarked(&remarks)].into_iter().filter(|part| !part.is_empty()) {
        let _ = writeln!(out, "      {part}");
    }
    out.push_str("    </testcase>\n");
}

fn remarked(remarks: &[String]) -> String {
    match remarks {
        [] => String::new(),
        remarks => format!("<system-out>{}</system-out>", escaped(&remarks.join("\n"))),
    }
}

fn case_name(row: &RunRow) -> String {
    match row.round.as_str() {
        "" => row.path.name().to_owned(),
        round => format!("{} ({round})", row.path.name()),
    }
}
