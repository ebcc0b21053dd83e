//! A run as Markdown, for the description or a comment of a pull request.

use std::fmt::Write as _;

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
        // A fence that no line of it ends.
        let lines = row.lines().join("\n");
        let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let _ = writeln!(out, "{fence}text\n{}\n{fence}\n", lines.replace('\r', " "));
    }
    out.push_str("| preset | verdict | time | remarks |\n| --- | --- | ---: | --- |\n");
    for row in run.rows.iter().take(ROWS) {
        let remarks = match &row.verdict {
            RunVerdict::Skipped(why) => why.clone(),
            _ => row.remarks().join(", "),
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
