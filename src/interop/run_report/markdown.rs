//! A run as Markdown, for the description or a comment of a pull request.

use std::fmt::Write as _;

use super::steps::{self, step_lines};
use super::{RunFacts, took};
use crate::runner::{RunRow, RunVerdict};

/// Rows of the table; the others are counted.
const ROWS: usize = 200;

/// The whole report: what did not pass first.
pub(super) fn report(run: RunFacts<'_>) -> String {
    let mut out = format!("## {}\n\n", plain(&run.summary()));
    if let Some(environment) = run.environment {
        let _ = writeln!(out, "Environment: {}\n", code(environment));
    }
    let is_bad =
        |row: &&RunRow| matches!(row.verdict, RunVerdict::NotMet(_) | RunVerdict::Failed(_));
    for row in run.rows.iter().filter(is_bad).take(ROWS) {
        let _ = writeln!(out, "### {}: {}\n", code(&row.name()), row.verdict.word());
        if !row.target.is_empty() {
            let _ = writeln!(out, "{}\n", code(&row.target));
        }
        let lines: Vec<String> = row.lines().into_iter().chain(step_lines(row)).collect();
        fenced(&mut out, &lines.join("\n"));
    }
    out.push_str("| preset | verdict | time | remarks |\n| --- | --- | ---: | --- |\n");
    for row in run.rows.iter().take(ROWS) {
        let remarks = match &row.verdict {
            RunVerdict::Skipped(why) => why.clone(),
            _ => row.remarks().into_iter().chain(steps::remark(row)).collect::<Vec<_>>().join(", "),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            code(&row.name()),
            row.verdict.word(),
            took(row.took),
            plain(&remarks)
        );
    }
    if run.rows.len() > ROWS {
        let _ = writeln!(out, "\n{} more rows are left out here.", run.rows.len() - ROWS);
    }
    passed_steps(&mut out, run);
    for document in run.covered.documents() {
        let _ = writeln!(out, "\n{}", plain(&document.line()));
    }
    for compared in run.compared {
        let _ = writeln!(out, "\n### {}\n", plain(&compared.summary()));
        if compared.rows.is_empty() {
            continue;
        }
        let (base, other) = (plain(&compared.base), plain(&compared.other));
        let _ = writeln!(out, "| preset | what | {base} | {other} |\n| --- | --- | --- | --- |");
        let side = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), code);
        for row in compared.rows.iter().take(ROWS) {
            for it in &row.differences {
                let (old, new) = (side(&it.old), side(&it.new));
                let _ =
                    writeln!(out, "| {} | {} | {old} | {new} |", code(&row.name()), code(&it.what));
            }
            if row.left_out > 0 {
                let _ = writeln!(out, "| {} | and {} more | | |", code(&row.name()), row.left_out);
            }
        }
    }
    out
}

/// The steps of conversations that passed, folded.
fn passed_steps(out: &mut String, run: RunFacts<'_>) {
    let has_steps = |row: &&RunRow| row.verdict == RunVerdict::Passed && !row.steps.is_empty();
    let rows: Vec<&RunRow> = run.rows.iter().filter(has_steps).take(ROWS).collect();
    if rows.is_empty() {
        return;
    }
    out.push_str("\n<details><summary>Steps of conversations that passed</summary>\n\n");
    for row in rows {
        let _ = writeln!(out, "{}\n", code(&row.name()));
        fenced(out, &step_lines(row).join("\n"));
    }
    out.push_str("</details>\n");
}

/// Lines as they are, in a fence that none of them ends.
fn fenced(out: &mut String, lines: &str) {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}text\n{}\n{fence}\n", lines.replace('\r', " "));
}

/// Text as code, also in a table.
fn code(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect();
    format!("`{}`", text.replace('|', "\\|"))
}

/// Text that means nothing but itself.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_control() => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '@' | '&' | '!' => {
                out.extend(['\\', c]);
            }
            c => out.push(c),
        }
    }
    out
}
