//! What a run prints while it goes on: a line for each preset that is over, and on a terminal one that says
//! how far it is.

use std::time::Duration;

use tokio::time::Instant;

use crate::args;
use crate::cli::headless::Headless;
use crate::cli::output::{self, Output, Style};
use crate::codec::printable::printable_str;
use crate::console;
use crate::interop::run_compared::RunCompared;
use crate::interop::run_report::{
    RunFacts, compared_lines, row_line, row_text, run_line, verdict_mark,
};
use crate::model::timing::Stamp;
use crate::runner::{Run, RunNews, RunRow, RunTally, RunVerdict};

/// Time between two states of the progress line.
const PACE: Duration = Duration::from_millis(100);
/// Lines of presets wait so long for others: each that is printed by itself wakes who prints, and who reads.
const TOGETHER: Duration = Duration::from_millis(10);
/// Bytes of lines that wait for others.
const HELD: usize = 16 * 1024;
/// Columns of a terminal that does not say how many it has.
const COLUMNS: u16 = 80;

/// How a run is told.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Telling {
    is_coloured: bool,
    /// Standard output is a terminal, which the progress line shares with the lines of the presets.
    is_terminal: bool,
    /// When the next state of the progress line is due.
    due: Option<Instant>,
    is_shown: bool,
    is_silent: bool,
    /// Lines that are printed together.
    held: String,
    /// When they are.
    held_until: Option<Instant>,
}

impl Telling {
    /// Nothing was told yet.
    pub(super) fn new(arguments: &args::RunArgs, headless: &Headless) -> Self {
        let is_terminal = console::output_is_terminal();
        let is_plain = headless.os.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        let shows = console::error_is_terminal() && !arguments.json;
        Telling {
            is_coloured: is_terminal && !is_plain,
            is_terminal,
            due: shows.then(Instant::now),
            is_shown: false,
            is_silent: false,
            held: String::new(),
            held_until: None,
        }
    }

    /// When lines are to be printed, or the progress line is to be shown anew.
    pub(super) fn due(&self) -> Option<Instant> {
        self.held_until.into_iter().chain(self.due).min()
    }

    /// Nothing is printed of single presets: a report goes to standard output.
    pub(super) fn leave_to_report(&mut self) {
        self.is_silent = true;
    }

    /// Says which of several runs begins.
    pub(super) fn begin(&mut self, name: &str, output: &mut Output) {
        if !name.is_empty() && !self.is_silent && output.style != Style::Json {
            output.line(&format!("--- {name}"));
        }
    }

    /// Prints what has happened.
    pub(super) fn tell(&mut self, run: &Run, news: &[RunNews], now: Stamp, output: &mut Output) {
        for news in news {
            match news {
                RunNews::Began(_) | RunNews::Looked(..) => {}
                RunNews::Said(words) => {
                    self.print(output);
                    self.clear(output);
                    output::note(words);
                }
                RunNews::Over(at) => {
                    let Some(row) = run.rows().get(*at) else { continue };
                    self.row(row, now, output.style);
                }
            }
        }
        if self.held.len() >= HELD || run.is_over() {
            self.print(output);
        } else if !self.held.is_empty() && self.held_until.is_none() {
            self.held_until = Some(Instant::now() + TOGETHER);
        }
    }

    /// Prints the lines that wait.
    fn print(&mut self, output: &mut Output) {
        self.held_until = None;
        if !self.held.is_empty() {
            self.clear(output);
            output.safe(&std::mem::take(&mut self.held));
        }
    }

    /// The lines of a preset that is over.
    fn row(&mut self, row: &RunRow, now: Stamp, style: Style) {
        if self.is_silent {
            return;
        }
        if style == Style::Json {
            self.held.push_str(&row_line(row, now));
            return self.held.push('\n');
        }
        for (at, line) in row_text(row).iter().enumerate() {
            let line = printable_str(line);
            let mark = verdict_mark(&row.verdict);
            match line.strip_prefix(mark).filter(|_| at == 0 && self.is_coloured) {
                Some(rest) => {
                    let colour = colour(&row.verdict);
                    self.held.extend([colour, mark, "\x1b[0m", rest, "\n"]);
                }
                None => self.held.extend([&line, "\n"]),
            }
        }
    }

    /// Prints what waits, and shows how far it is.
    pub(super) fn show(&mut self, run: &Run, output: &mut Output) {
        self.print(output);
        if self.due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        self.due = Some(Instant::now() + PACE);
        let tally = RunTally::of(run.rows());
        let last = run.rows().iter().rev().find(|row| row.verdict == RunVerdict::Running);
        let name = last.map(RunRow::name).unwrap_or_default();
        let (over, all) = (tally.all(), run.total());
        let bad = tally.not_met + tally.failed;
        let bad = if bad > 0 { format!(", {bad} not passed") } else { String::new() };
        let text = format!("[{over}/{all}{bad}] {}", printable_str(&name));
        let columns = console::error_columns().unwrap_or(COLUMNS).saturating_sub(1);
        let text: String = text.chars().take(columns.into()).collect();
        self.is_shown = true;
        self.put(&format!("\r{text}\x1b[K"), output);
    }

    /// Takes the progress line away.
    fn clear(&mut self, output: &mut Output) {
        if std::mem::take(&mut self.is_shown) {
            self.put("\r\x1b[K", output);
        }
    }

    fn put(&self, text: &str, output: &mut Output) {
        if self.is_terminal {
            output.safe(text);
        } else {
            console::show_progress(text);
        }
    }

    /// Prints what became of all.
    pub(super) fn finish(&mut self, facts: RunFacts<'_>, now: Stamp, output: &mut Output) {
        self.print(output);
        self.clear(output);
        if self.is_silent {
            return;
        }
        if output.style == Style::Json {
            return output.json(&run_line(facts, now));
        }
        output.line(&printable_str(&facts.summary()));
        for line in facts.covered.lines() {
            output.line(&printable_str(&line));
        }
    }
}

/// Prints what differs between runs.
pub(super) fn compared(compared: &[RunCompared], now: Stamp, output: &mut Output) {
    for compared in compared {
        if output.style == Style::Json {
            for line in compared_lines(compared, now) {
                output.json(&line);
            }
        } else {
            for line in compared.lines() {
                output.line(&printable_str(&line));
            }
        }
    }
}

/// The colour of the sign of a verdict.
fn colour(verdict: &RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Passed => "\x1b[32m",
        RunVerdict::NotMet(_) | RunVerdict::Failed(_) => "\x1b[31m",
        RunVerdict::Skipped(_) | RunVerdict::Running => "\x1b[33m",
    }
}
