//! What each preset of a run answered, kept so that another run can be compared with it. All of it is as it may
//! be told.

use std::time::Duration;

use super::row::{RunRow, RunVerdict};
use crate::check::Heard;
use crate::model::exchange::{Exchange, FieldLine};
use crate::model::secrets::Disclosure;

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

impl FoundAnswer {
    /// What an exchange answered, of whose body these bytes were read; `None` = it has no answer.
    #[must_use]
    pub fn of_exchange(exchange: &Exchange, bytes: &[u8], told: &Disclosure) -> Option<Self> {
        let answer = exchange.response.as_ref()?;
        let line = |line: &FieldLine| {
            let value = told.value(&line.name, &line.value);
            [&*line.name, &*value].map(|it| String::from_utf8_lossy(it).into_owned()).into()
        };
        let headers = answer.head.fields.iter().map(line).collect();
        Some(FoundAnswer::new(headers, bytes, answer.body.decoded_len, told))
    }

    /// All that was received of a conversation.
    #[must_use]
    pub fn of_conversation(heard: &Heard, told: &Disclosure) -> Self {
        let body = heard.body();
        FoundAnswer::new(Vec::new(), body.bytes, body.length, told)
    }

    /// It with more that nobody shall read.
    #[must_use]
    pub fn hiding(mut self, told: &Disclosure) -> Self {
        for (_, value) in &mut self.headers {
            *value = told.words(value);
        }
        let is_whole = self.body.len() as u64 == self.length;
        self.body = told.bytes(&self.body).into_owned();
        if is_whole {
            self.length = self.body.len() as u64;
        }
        self
    }

    fn new(headers: Vec<(String, String)>, bytes: &[u8], length: u64, told: &Disclosure) -> Self {
        let kept = bytes.get(..KEPT_BODY).unwrap_or(bytes);
        let body = told.bytes(kept).into_owned();
        // What is masked is not as long as it was, and whole nevertheless.
        let is_whole = kept.len() as u64 == length;
        let length = if is_whole { body.len() as u64 } else { length };
        FoundAnswer { headers, body, length }
    }
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
