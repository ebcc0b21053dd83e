//! A run as `JUnit` XML: a suite for each folder, a case for each preset.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::RunFacts;
use super::steps::step_lines;
use super::words::{escaped, seconds};
use crate::interop::run_compared::RunCompared;
use crate::runner::{RunRow, RunTally, RunVerdict};

/// The whole document.
pub(super) fn report(run: RunFacts<'_>) -> String {
    let tally = run.tally();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"wirebench\" {} time=\"{}\">",
        counts(&tally, run.compared),
        seconds(run.took)
    );
    let mut suites: BTreeMap<&str, Vec<&RunRow>> = BTreeMap::new();
    for row in run.rows {
        suites.entry(row.path.folder()).or_default().push(row);
    }
    for (folder, rows) in suites {
        suite(&mut out, folder, &rows, run);
    }
    for compared in run.compared {
        compared_suite(&mut out, compared, run);
    }
    out.push_str("</testsuites>\n");
    out
}

/// The counts of cases: of presets, and of what was compared.
fn counts(tally: &RunTally, compared: &[RunCompared]) -> String {
    let tests = tally.all() + compared.iter().map(|it| it.rows.len().max(1)).sum::<usize>();
    let failures = tally.not_met + compared.iter().map(|it| it.rows.len()).sum::<usize>();
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{}\"", tally.failed)
}

/// A comparison as a suite: a case that failed for each preset that differs, or one that passed.
fn compared_suite(out: &mut String, compared: &RunCompared, run: RunFacts<'_>) {
    let (summary, name) = (compared.summary(), format!("{} and {}", compared.base, compared.other));
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" {} skipped=\"0\" time=\"0.000\" timestamp=\"{}\">",
        escaped(&name),
        counts(&RunTally::default(), std::slice::from_ref(compared)),
        run.began_at()
    );
    let case = |name: &str| {
        let classname = escaped(&format!("compared.{}", compared.other));
        format!("    <testcase classname=\"{classname}\" name=\"{}\" time=\"0.000\"", escaped(name))
    };
    if compared.rows.is_empty() {
        let _ = writeln!(out, "{}/>", case(&summary));
    }
    for row in &compared.rows {
        let lines = row.lines();
        let first = lines.first().map(|line| escaped(line)).unwrap_or_default();
        let all = escaped(&lines.join("\n"));
        let _ = writeln!(
            out,
            "{}>\n      <failure message=\"{first}\" type=\"difference\">{all}</failure>\n    </testcase>",
            case(&row.name())
        );
    }
    out.push_str("  </testsuite>\n");
}

fn suite(out: &mut String, folder: &str, rows: &[&RunRow], run: RunFacts<'_>) {
    let tally = RunTally::of(rows.iter().copied());
    let took: Duration = rows.iter().map(|row| row.took).sum();
    let name = if folder.is_empty() { "presets" } else { folder };
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" {} skipped=\"{}\" time=\"{}\" timestamp=\"{}\">",
        escaped(name),
        counts(&tally, &[]),
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
    let remarks: Vec<String> = row.remarks().into_iter().chain(step_lines(row)).collect();
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
    let whole = row.name();
    let behind_folder = whole.strip_prefix(row.path.as_str()).unwrap_or(&whole);
    format!("{}{behind_folder}", row.path.name())
}
