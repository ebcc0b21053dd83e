//! The rows of a run as they are shown: those that began, and behind them those that wait; those that did not
//! pass first, or all in their order.

use crate::app::keymap::{Context, Keymap};
use crate::app::preset_runs::ShownRun;
use crate::check::CheckResult;
use crate::codec::wrap_words::wrap;
use crate::interop::run_report::took as took_words;
use crate::model::counts::counted;
use crate::runner::{RunRow, RunVerdict, RunWatched, StepState, ToldStep};

/// Columns that what goes on of a line stands further to the right.
const HANGING: u16 = 2;
/// Characters of a line of the detail that are shown.
const LONGEST: usize = 4_000;

/// A row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunPlace {
    /// Among the rows of the run.
    Begun(usize),
    /// A listener that is looked at when the run is over.
    Watched(usize),
    /// A round and a step of it.
    Waiting(usize, usize),
}

/// What a line of the detail of a row is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailKind {
    Plain,
    Dim,
    Met,
    Unmet,
    /// What was expected, and what came.
    Wanted,
    Got,
}

/// A line of the detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailLine {
    pub kind: DetailKind,
    pub text: String,
}

/// Where a row stands when those that did not pass come first: then what runs, what was not tried, what passed.
fn rank(row: &RunRow) -> u8 {
    match row.verdict {
        RunVerdict::NotMet(_) | RunVerdict::Failed(_) => 0,
        RunVerdict::Running => 1,
        RunVerdict::Skipped(_) => 2,
        RunVerdict::Passed => 3,
    }
}

/// The rows of a run that fit a text.
pub(crate) fn places(shown: &ShownRun, failed_first: bool, text: &str) -> Vec<RunPlace> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let rows = shown.run.rows();
    let fits = |it: &RunRow| words.is_empty() || has(&searched(it), &words);
    let mut begun: Vec<usize> =
        (0..rows.len()).filter(|at| rows.get(*at).is_some_and(fits)).collect();
    if failed_first {
        begun.sort_by_key(|at| rows.get(*at).map(rank));
    }
    let watched = shown.run.watching().filter(|at| {
        words.is_empty()
            || shown.run.watched(*at).is_some_and(|it| {
                has(&format!("listens {} {}", it.path, it.target).to_lowercase(), &words)
            })
    });
    let mut begun: Vec<RunPlace> = begun.into_iter().map(RunPlace::Begun).collect();
    // They stand with what runs.
    let is_over = |place: &RunPlace| match place {
        RunPlace::Begun(at) => rows.get(*at).is_some_and(|row| rank(row) > 1),
        RunPlace::Watched(_) | RunPlace::Waiting(..) => false,
    };
    let end = begun.len();
    let at = if failed_first { begun.iter().position(is_over).unwrap_or(end) } else { end };
    begun.splice(at..at, watched.map(RunPlace::Watched));
    let waits = |place: &(usize, usize)| {
        words.is_empty()
            || shown.run.step_of(*place).is_some_and(|(path, round)| {
                has(&format!("waiting {path} {round}").to_lowercase(), &words)
            })
    };
    let waiting = shown.run.waiting().filter(waits);
    let waiting = waiting.map(|(round, step)| RunPlace::Waiting(round, step));
    begun.into_iter().chain(waiting).collect()
}

/// What a row is called: its preset, and the round it belongs to.
#[must_use]
pub fn name(shown: &ShownRun, place: RunPlace) -> Option<String> {
    match place {
        RunPlace::Begun(at) => Some(shown.run.rows().get(at)?.name()),
        RunPlace::Watched(at) => Some(shown.run.watched(at)?.path.to_string()),
        RunPlace::Waiting(round, step) => {
            let (path, round) = shown.run.step_of((round, step))?;
            let is_only = round.is_empty();
            Some(if is_only { path.to_string() } else { format!("{path} ({round})") })
        }
    }
}

fn has(text: &str, words: &[String]) -> bool {
    words.iter().all(|word| text.contains(word.as_str()))
}

/// What of a row is looked through.
fn searched(row: &RunRow) -> String {
    let status = row.status.map(|status| status.to_string()).unwrap_or_default();
    let parts =
        [row.name(), row.verdict.word().into(), status, row.target.clone(), row.about.clone()];
    [&parts[..], &row.lines(), &row.remarks()].concat().join(" ").to_lowercase()
}

/// What is said of a row behind its figures: what is wrong with it, else what there is to remark.
pub fn said(row: &RunRow) -> String {
    let open = row.steps.iter().position(|step| step.state == StepState::Open);
    let open = open.filter(|_| row.verdict == RunVerdict::Running);
    let waits = open.and_then(|at| Some((at, row.steps.get(at)?)));
    let waits =
        waits.map(|(at, step)| format!("step {} of {}: {}", at + 1, row.steps.len(), step.about));
    let first = row.lines().into_iter().next().or(waits);
    let checked = || match (row.report.count() - row.report.unmet(), row.report.count()) {
        (_, 0) if !row.steps.is_empty() => {
            format!("{}  {}", counted(row.steps.len() as u64, "step"), row.target)
        }
        (_, 0) => row.target.clone(),
        (met, all) => format!("{met} of {all} as expected  {}", row.target),
    };
    let words = first.unwrap_or_else(checked);
    let remarks = row.remarks();
    if remarks.is_empty() { words } else { format!("{words} ({})", remarks.join(", ")) }
}

/// All that is known of a row, a line each.
pub(crate) fn detail(row: &RunRow, keymap: &Keymap) -> Vec<DetailLine> {
    let line = |kind, text: String| DetailLine { kind, text };
    let mut lines = Vec::new();
    let head = [row.target.clone(), row.remarks().join(", ")];
    let head: Vec<String> = head.into_iter().filter(|text| !text.is_empty()).collect();
    if !head.is_empty() {
        lines.push(line(DetailKind::Plain, head.join("  ·  ")));
    }
    if !row.about.is_empty() {
        let about = keymap.keyed(&[Context::Global, Context::Input], &row.about);
        lines.push(line(DetailKind::Dim, about));
    }
    match &row.verdict {
        RunVerdict::NotMet(Some(failure)) | RunVerdict::Failed(failure) => {
            lines.push(line(DetailKind::Unmet, format!("✗ {failure}")));
        }
        RunVerdict::Skipped(why) => lines.push(line(DetailKind::Dim, format!("- {why}"))),
        RunVerdict::NotMet(None) | RunVerdict::Running | RunVerdict::Passed => {}
    }
    lines.extend((1..).zip(&row.steps).flat_map(|(number, step)| step_lines(number, step)));
    let (unmet, met): (Vec<&CheckResult>, Vec<&CheckResult>) =
        row.report.results.iter().partition(|result| !result.is_met);
    for result in unmet {
        lines.push(line(DetailKind::Unmet, format!("✗ {}", result.about)));
        lines.push(line(DetailKind::Wanted, format!("  - expected {}", result.wanted)));
        lines.push(line(DetailKind::Got, format!("  + got      {}", result.got)));
        lines.extend(result.differences.iter().map(|it| difference(it)));
    }
    for captured in &row.report.captured {
        lines.push(match &captured.value {
            Ok(value) => line(
                DetailKind::Met,
                format!("→ {{{{{}}}}} = {value}  (of {})", captured.name, captured.of),
            ),
            Err(why) => line(
                DetailKind::Unmet,
                format!("✗ {} was not captured from {}: {why}", captured.name, captured.of),
            ),
        });
    }
    let met = met.into_iter().map(|result| format!("✓ {}: {}", result.about, result.got));
    lines.extend(met.map(|text| line(DetailKind::Met, text)));
    lines
}

/// What is said of a listener that is looked at in the end.
#[must_use]
pub fn said_so_far(it: &RunWatched<'_>) -> String {
    let (report, all) = (&it.report, it.report.count() + it.later.len());
    let met = report.count() - report.unmet();
    let called = report.results.iter().find(|result| result.about == "called");
    let called = called.map(|it| format!("called {} of {}  ", it.got, it.wanted));
    let called = called.unwrap_or_default();
    format!("{called}{met} of {all} as expected so far  {}", it.target)
}

/// All that is known of it so far, a line each.
pub(crate) fn detail_so_far(it: &RunWatched<'_>) -> Vec<DetailLine> {
    let line = |kind, text: String| DetailLine { kind, text };
    let mut lines = vec![line(DetailKind::Plain, it.target.clone())];
    if !it.about.is_empty() {
        lines.push(line(DetailKind::Dim, it.about.to_owned()));
    }
    lines.extend(it.report.results.iter().map(|result| {
        if result.is_met {
            line(DetailKind::Met, format!("✓ {}: {}", result.about, result.got))
        } else {
            let words =
                format!("… {}: expected {}, {} so far", result.about, result.wanted, result.got);
            line(DetailKind::Plain, words)
        }
    }));
    lines.extend(it.later.iter().map(|(about, wanted)| {
        line(DetailKind::Dim, format!("… {about}: expected {wanted}; it is looked at in the end"))
    }));
    lines
}

/// A step of a conversation, and what it did not get.
fn step_lines(number: usize, step: &ToldStep) -> Vec<DetailLine> {
    let line = |kind, text: String| DetailLine { kind, text };
    let took = step.took.map(|took| format!("  {}", took_words(took))).unwrap_or_default();
    let about = format!("step {number}: {}{took}", step.about);
    match &step.state {
        StepState::Done => vec![line(DetailKind::Met, format!("✓ {about}"))],
        StepState::Open => vec![line(DetailKind::Plain, format!("… {about} (waited for)"))],
        StepState::NotReached => vec![line(DetailKind::Dim, format!("· {about} (not reached)"))],
        StepState::NotMet(instead) => {
            let wanted = step.about.strip_prefix("expect ").unwrap_or(&step.about);
            vec![
                line(DetailKind::Unmet, format!("✗ {about}")),
                line(DetailKind::Wanted, format!("  - expected {wanted}")),
                line(DetailKind::Got, format!("  + got      {instead}")),
            ]
        }
    }
}

/// The lines broken where they are longer than this; what goes on stands below what it begins with.
pub(crate) fn wrapped(lines: Vec<DetailLine>, width: u16) -> Vec<DetailLine> {
    let broken = |line: DetailLine| {
        let kind = line.kind;
        let mut text: String = line.text.chars().take(LONGEST).collect();
        if text.len() < line.text.len() {
            text.push('…');
        }
        let told = text.trim_start_matches(' ');
        let indent = (text.len() - told.len()).min(usize::from(width) / 2);
        let room = width.saturating_sub(indent as u16 + HANGING).max(1);
        let part = move |(at, part): (usize, String)| {
            let deep = if at == 0 { indent } else { indent + usize::from(HANGING) };
            DetailLine { kind, text: format!("{:deep$}{part}", "") }
        };
        wrap(told, room).into_iter().enumerate().map(part).collect::<Vec<_>>()
    };
    lines.into_iter().flat_map(broken).collect()
}

/// A line of what differs, which says itself which side it is of.
fn difference(text: &str) -> DetailLine {
    let kind = match text.trim_start().chars().next() {
        Some('-') => DetailKind::Wanted,
        Some('+') => DetailKind::Got,
        _ => DetailKind::Plain,
    };
    DetailLine { kind, text: format!("    {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_told_whole_below_what_it_begins_with() {
        let line = |text: &str| DetailLine { kind: DetailKind::Unmet, text: text.to_owned() };
        let told = wrapped(vec![line("    + got a long value"), line("short")], 16);
        let texts: Vec<&str> = told.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["    + got a", "      long value", "short"]);
        let told = wrapped(vec![line(&"x".repeat(2 * LONGEST))], 100);
        assert!(told.last().unwrap().text.ends_with('…'), "what is left out is said");
        assert_eq!(wrapped(vec![line("")], 0).len(), 1);
    }
}
