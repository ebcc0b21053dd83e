//! A run as Markdown, for the description or a comment of a pull request.

use std::fmt::Write as _;

use super::steps::{self, step_lines};
use super::{RunFacts, took};
use crate::codec::printable::printable_str;
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
        fenced(&mut out, &lines);
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
            cell(&row.name()),
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
        let side = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), cell);
        for row in compared.rows.iter().take(ROWS) {
            for it in &row.differences {
                let (old, new) = (side(&it.old), side(&it.new));
                let _ =
                    writeln!(out, "| {} | {} | {old} | {new} |", cell(&row.name()), cell(&it.what));
            }
            if row.left_out > 0 {
                let _ = writeln!(out, "| {} | and {} more | | |", cell(&row.name()), row.left_out);
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
        fenced(out, &step_lines(row));
    }
    out.push_str("</details>\n");
}

/// Lines as they read, in a fence that none of them ends.
fn fenced(out: &mut String, lines: &[String]) {
    let lines: Vec<_> = lines.iter().map(|line| printable_str(line)).collect();
    let lines = lines.join("\n");
    let fence = "`".repeat(ticks(&lines).max(2) + 1);
    let _ = writeln!(out, "{fence}text\n{lines}\n{fence}\n");
}

/// How many backticks of a text stand side by side at most.
fn ticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text as code, between more backticks than it has.
fn code(text: &str) -> String {
    let text = printable_str(text);
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(ticks(&text) + 1);
    let blank = if fence.len() > 1 { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// The same in a table, where a bar would end the cell.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Text that means nothing but itself.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in printable_str(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '@' | '&' | '!' => {
                out.extend(['\\', c]);
            }
            c => out.push(c),
        }
    }
    out
}
