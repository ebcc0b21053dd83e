//! What became of each preset of a run: data that both shells draw and reports are written of. All its
//! words are as they may be told.

use std::time::Duration;

use super::steps::ToldStep;
use crate::check::CheckReport;
use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind};
use crate::model::id::SessionId;
use crate::model::preset::PresetPath;
use crate::model::timing::{Stamp, Timing};

/// A preset that ran, runs, or was to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    pub path: PresetPath,
    /// Its description.
    pub about: String,
    /// The place it went to; empty where there is one.
    pub place: String,
    /// The row of data or the repetition it belongs to; empty where there is one.
    pub round: String,
    /// Why it ran although nobody named it; empty = it was named.
    pub why: String,
    /// What was sent where: `GET http://...`; empty = it did not come to that.
    pub target: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it began, by the wall clock.
    pub began: Stamp,
    pub took: Duration,
    pub verdict: RunVerdict,
    /// Of the answer, where it has one.
    pub status: Option<u16>,
    pub report: CheckReport,
    /// Of the last exchange, where it had one.
    pub wire: Option<Box<RunWire>>,
    /// The steps of its conversation as far as they are; none before it is connected.
    pub steps: Vec<ToldStep>,
    /// The last session of it.
    pub session: Option<SessionId>,
}

/// How an exchange went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunWire {
    /// From the beginning of its preset to its own.
    pub after: Duration,
    pub timing: Timing,
    pub peer: Option<EndAddress>,
    /// Of HTTP, as the answer says it.
    pub version: Option<&'static str>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunVerdict {
    Running,
    Passed,
    /// An expectation, a capture or a step was not met; of a step, which.
    NotMet(Option<Failure>),
    /// It could not be sent or nothing came back.
    Failed(Failure),
    /// It was not tried.
    Skipped(String),
}

/// How many came to which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunTally {
    pub passed: usize,
    pub not_met: usize,
    pub failed: usize,
    pub skipped: usize,
    /// Of those that passed, how many did not at first.
    pub retried: usize,
    /// Expectations and captures that were met, of how many.
    pub met: usize,
    pub checks: usize,
}

impl RunVerdict {
    /// The verdict that a failure is.
    #[must_use]
    pub(super) fn of(failure: Failure) -> Self {
        if failure.kind == FailureKind::NotMet {
            RunVerdict::NotMet(Some(failure))
        } else {
            RunVerdict::Failed(failure)
        }
    }

    /// One word, as JSON and texts have it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            RunVerdict::Running => "running",
            RunVerdict::Passed => "passed",
            RunVerdict::NotMet(_) => "failed",
            RunVerdict::Failed(_) => "error",
            RunVerdict::Skipped(_) => "skipped",
        }
    }
}

impl RunRow {
    /// Its name with the place and the round it belongs to.
    #[must_use]
    pub fn name(&self) -> String {
        match round_name(&self.place, &self.round).as_str() {
            "" => self.path.to_string(),
            round => format!("{} ({round})", self.path),
        }
    }

    /// What is wrong with it, a line each; none of one that passed.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match &self.verdict {
            RunVerdict::Running | RunVerdict::Passed => Vec::new(),
            RunVerdict::NotMet(step) => {
                let step = step.iter().map(ToString::to_string);
                step.chain(self.report.unmet_lines()).collect()
            }
            RunVerdict::Failed(failure) => vec![failure.to_string()],
            RunVerdict::Skipped(why) => vec![why.clone()],
        }
    }

    /// What there is to say beside its name: why it ran, how often it was tried.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let tries = (self.tries > 1).then(|| format!("tried {} times", self.tries));
        let why = Some(self.why.clone()).filter(|why| !why.is_empty());
        why.into_iter().chain(tries).collect()
    }

    /// The failure it ended with, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.verdict {
            RunVerdict::NotMet(failure) => failure.as_ref(),
            RunVerdict::Failed(failure) => Some(failure),
            RunVerdict::Running | RunVerdict::Passed | RunVerdict::Skipped(_) => None,
        }
    }
}

/// What tells runs of a preset apart: the place it went to, and the round.
pub(super) fn round_name(place: &str, round: &str) -> String {
    let parts = [place, round].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

impl RunTally {
    /// Counts these.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a RunRow>) -> Self {
        let mut tally = RunTally::default();
        for row in rows {
            let count = match &row.verdict {
                RunVerdict::Running => continue,
                RunVerdict::Passed => &mut tally.passed,
                RunVerdict::NotMet(_) => &mut tally.not_met,
                RunVerdict::Failed(_) => &mut tally.failed,
                RunVerdict::Skipped(_) => &mut tally.skipped,
            };
            *count += 1;
            tally.retried += usize::from(row.verdict == RunVerdict::Passed && row.tries > 1);
            tally.checks += row.report.count();
            tally.met += row.report.count() - row.report.unmet();
        }
        tally
    }

    /// All that are over.
    #[must_use]
    pub fn all(&self) -> usize {
        self.passed + self.not_met + self.failed + self.skipped
    }

    /// Whether all that ran passed, and something did.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.not_met + self.failed + self.skipped == 0
    }

    /// In words: `12 of 14 passed, 1 failed, 1 could not run`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut parts = vec![format!("{} of {} passed", self.passed, self.all())];
        for (count, what) in [
            (self.not_met, "failed"),
            (self.failed, "could not run"),
            (self.skipped, "skipped"),
            (self.retried, "only when tried again"),
        ] {
            parts.extend((count > 0).then(|| format!("{count} {what}")));
        }
        parts.join(", ")
    }
}
