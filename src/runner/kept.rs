//! What each preset of a run answered, kept so that another run can be compared with it. All of it is as it may
//! be told.

use std::time::Duration;

use super::row::{RunRow, RunVerdict};

/// Bytes of an answer that are kept; of a longer one its length is.
pub const KEPT_BODY: usize = 1024 * 1024;

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptRun {
    /// How it is told apart: an environment, a value, a name.
    pub name: String,
    pub answers: Vec<KeptAnswer>,
}

/// What became of one preset, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptAnswer {
    pub preset: String,
    pub round: String,
    pub verdict: String,
    /// Expectations and captures, as written, and whether they were met.
    pub checks: Vec<(String, bool)>,
    /// Why it did not come to an answer.
    pub failure: Option<String>,
    pub status: Option<u16>,
    pub headers: Vec<(String, String)>,
    /// The body, or all that was received.
    pub body: Vec<u8>,
    /// How long that is, also where less is kept.
    pub length: u64,
    pub took: Duration,
}

/// An answer as a shell found it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundAnswer {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub length: u64,
}

impl KeptAnswer {
    /// What became of a row, with what it answered.
    #[must_use]
    pub fn of(row: &RunRow, found: FoundAnswer) -> Self {
        let results = row.report.results.iter().map(|it| (it.about.clone(), it.is_met));
        let captured = row.report.captured.iter();
        let captured = captured.map(|it| (format!("captured {}", it.name), it.value.is_ok()));
        let why = match &row.verdict {
            RunVerdict::Skipped(why) => Some(why.clone()),
            verdict => {
                row.failure().filter(|_| *verdict != RunVerdict::Passed).map(ToString::to_string)
            }
        };
        KeptAnswer {
            preset: row.path.to_string(),
            round: row.round.clone(),
            verdict: row.verdict.word().to_owned(),
            checks: results.chain(captured).collect(),
            failure: why,
            status: row.status,
            headers: found.headers,
            body: found.body,
            length: found.length,
            took: row.took,
        }
    }

    /// Its name with the round it belongs to.
    #[must_use]
    pub fn name(&self) -> String {
        match self.round.as_str() {
            "" => self.preset.clone(),
            round => format!("{} ({round})", self.preset),
        }
    }
}
