//! What became of a run, for people and programs. Everything in it is told already: secrets are masked in
//! the rows.

mod covered;
mod html;
mod json;
mod junit;
mod markdown;
mod otlp;
mod steps;
mod tap;
mod words;

pub use json::{compared_lines, foreseen_line, row_line, run_line};
pub use words::took;

use std::time::Duration;

use otlp::SpannedRun;
use steps::step_lines;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::ndjson;
use super::run_compared::RunCompared;
use crate::codec::printable::printable_str;
use crate::model::covered_operations::CoveredOperations;
use crate::model::timing::Stamp;
use crate::runner::{RunRow, RunTally, RunVerdict};

/// A format of reports; by name as the command line has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum RunReportKind {
    Text,
    Json,
    Junit,
    Tap,
    Html,
    Md,
    Otlp,
}

/// A run that is over.
#[derive(Debug, Clone, Copy)]
pub struct RunFacts<'a> {
    /// In the order in which they began.
    pub rows: &'a [RunRow],
    /// When it began, by the wall clock, and how long it took.
    pub began: Stamp,
    pub took: Duration,
    pub environment: Option<&'a str>,
    /// Why it ended before its last preset.
    pub stopped: Option<&'a str>,
    /// What it was compared with.
    pub compared: &'a [RunCompared],
    /// What was called of its contracts.
    pub covered: &'a CoveredOperations,
}

impl RunFacts<'_> {
    /// How many came to which end.
    #[must_use]
    pub fn tally(&self) -> RunTally {
        RunTally::of(self.rows)
    }

    /// A report of it.
    #[must_use]
    pub fn report(self, kind: RunReportKind) -> String {
        match kind {
            RunReportKind::Text => text(self),
            RunReportKind::Json => json::report(self),
            RunReportKind::Junit => junit::report(self),
            RunReportKind::Tap => tap::report(self),
            RunReportKind::Html => html::report(self),
            RunReportKind::Md => markdown::report(self),
            RunReportKind::Otlp => {
                let RunFacts { rows, began, took, environment, stopped, .. } = self;
                otlp::report(&SpannedRun { rows, began, took, environment, stopped })
            }
        }
    }

    /// When it began, as RFC 3339 says it.
    fn began_at(&self) -> String {
        ndjson::time(self.began)
    }

    /// The last line of a report in text.
    #[must_use]
    pub fn summary(&self) -> String {
        let tally = self.tally();
        let checks = match tally.checks {
            0 => String::new(),
            all => format!("; {} of {all} expectations met", tally.met),
        };
        let stopped = self.stopped.map(|why| format!("; stopped: {why}")).unwrap_or_default();
        format!("{}{checks}; {}{stopped}", tally.words(), took(self.took))
    }
}

fn text(run: RunFacts<'_>) -> String {
    let mut out = String::new();
    for row in run.rows {
        for line in row_text(row) {
            out.push_str(&printable_str(&line));
            out.push('\n');
        }
    }
    out.push_str(&printable_str(&run.summary()));
    out.push('\n');
    for line in run.covered.lines() {
        out.push_str(&printable_str(&line));
        out.push('\n');
    }
    for line in run.compared.iter().flat_map(RunCompared::lines) {
        out.push_str(&printable_str(&line));
        out.push('\n');
    }
    out
}

/// The sign of a verdict in texts.
#[must_use]
pub fn verdict_mark(verdict: &RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Passed => "ok  ",
        RunVerdict::NotMet(_) => "FAIL",
        RunVerdict::Failed(_) => "ERR ",
        RunVerdict::Skipped(_) => "skip",
        RunVerdict::Running => "... ",
    }
}

/// A preset that is over, and below it what is wrong with it.
#[must_use]
pub fn row_text(row: &RunRow) -> Vec<String> {
    let remarks: Vec<String> = row.remarks().into_iter().chain(steps::remark(row)).collect();
    let remarks =
        if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join(", ")) };
    let time = if row.tries > 0 { format!("  {}", took(row.took)) } else { String::new() };
    let first = format!("{} {}{time}{remarks}", verdict_mark(&row.verdict), row.name());
    let is_bad = matches!(row.verdict, RunVerdict::NotMet(_) | RunVerdict::Failed(_));
    let steps = if is_bad { step_lines(row) } else { Vec::new() };
    let below = row.lines().into_iter().chain(steps).map(|line| format!("    {line}"));
    std::iter::once(first).chain(below).collect()
}

#[cfg(test)]
mod odd_tests;
