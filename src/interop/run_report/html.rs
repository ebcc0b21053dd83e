//! A run as one page of HTML: nothing is loaded from elsewhere, nothing in it runs.

use std::fmt::Write as _;

use super::steps::step_lines;
use super::words::escaped;
use super::{RunFacts, covered, took};
use crate::interop::run_compared::RunCompared;
use crate::runner::{RunRow, RunVerdict};

const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td.time{text-align:right;white-space:nowrap}
code,pre{font:13px/1.45 ui-monospace,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0}
.passed{color:#187a2f}.failed,.error{color:#c3282d}.skipped{color:#8a6a00}
@media(prefers-color-scheme:dark){.passed{color:#5fd07c}.failed,.error{color:#ff7b7f}.skipped{color:#e0bd4f}}";

/// The whole page, what did not pass first.
pub(super) fn report(run: RunFacts<'_>) -> String {
    let summary = escaped(&run.summary());
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{summary}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>{summary}</h1>\n"
    );
    let environment = run.environment.map(|name| format!(", environment {}", escaped(name)));
    let _ = writeln!(out, "<p>{}{}</p>", run.began_at(), environment.unwrap_or_default());
    out.push_str("<table>\n<tr><th>preset<th>verdict<th>time</tr>\n");
    let mut rows: Vec<&RunRow> = run.rows.iter().collect();
    rows.sort_by_key(|row| rank(&row.verdict));
    for row in rows {
        cells(&mut out, row);
    }
    out.push_str("</table>\n");
    for it in run.compared {
        compared(&mut out, it);
    }
    out.push_str(&covered::html(run.covered));
    out.push_str("</body>\n</html>\n");
    out
}

/// What differs from another run, side by side.
fn compared(out: &mut String, compared: &RunCompared) {
    let _ = writeln!(out, "<h2>{}</h2>", escaped(&compared.summary()));
    if compared.rows.is_empty() {
        return;
    }
    let (base, other) = (escaped(&compared.base), escaped(&compared.other));
    let _ = writeln!(out, "<table>\n<tr><th>preset<th>what<th>{base}<th>{other}</tr>");
    let side = |value: &Option<String>| match value {
        Some(text) => format!("<code>{}</code>", escaped(text)),
        None => "nothing".to_owned(),
    };
    for row in &compared.rows {
        let name = escaped(&row.name());
        for it in &row.differences {
            let (what, old, new) = (escaped(&it.what), side(&it.old), side(&it.new));
            let _ = writeln!(
                out,
                "<tr><td>{name}<td>{what}<td class=\"failed\">{old}<td class=\"passed\">{new}</tr>"
            );
        }
        if row.left_out > 0 {
            let _ = writeln!(out, "<tr><td>{name}<td>and {} more<td><td></tr>", row.left_out);
        }
    }
    out.push_str("</table>\n");
}

fn rank(verdict: &RunVerdict) -> u8 {
    match verdict {
        RunVerdict::NotMet(_) => 0,
        RunVerdict::Failed(_) => 1,
        RunVerdict::Skipped(_) => 2,
        RunVerdict::Running | RunVerdict::Passed => 3,
    }
}

fn cells(out: &mut String, row: &RunRow) {
    let word = row.verdict.word();
    let _ = write!(out, "<tr><td><strong>{}</strong>", escaped(&row.name()));
    if !row.about.is_empty() {
        let _ = write!(out, "<br>{}", escaped(&row.about));
    }
    if !row.target.is_empty() {
        let _ = write!(out, "<br><code>{}</code>", escaped(&row.target));
    }
    let remarks = row.remarks().join(", ");
    if !remarks.is_empty() {
        let _ = write!(out, "<br>{}", escaped(&remarks));
    }
    let lines = row.lines().join("\n");
    if !lines.is_empty() {
        let _ = write!(out, "<pre>{}</pre>", escaped(&lines));
    }
    if !row.report.results.is_empty() {
        let _ = write!(out, "<details><summary>expectations</summary><pre>");
        for result in &row.report.results {
            let mark = if result.is_met { "met" } else { "NOT" };
            let _ = writeln!(out, "{mark}  {}", escaped(&result.line()));
        }
        out.push_str("</pre></details>");
    }
    let steps = step_lines(row).join("\n");
    if !steps.is_empty() {
        let open = if row.verdict == RunVerdict::Passed { "" } else { " open" };
        let steps = escaped(&steps);
        let _ = write!(out, "<details{open}><summary>steps</summary><pre>{steps}</pre></details>");
    }
    let time = took(row.took);
    let _ =
        writeln!(out, "</td><td class=\"{word}\">{word}</td><td class=\"time\">{time}</td></tr>");
}
