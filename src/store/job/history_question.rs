//! What the list of the history asks, and where an entry holds what was looked for.

use jiff::tz::Offset;

use crate::model::secrets::Secrets;
use crate::model::timing::Stamp;

/// A question for the list: the newest entries that hold every word of a text and for which the tests in
/// it hold (`status >= 400`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryQuestion {
    pub text: String,
    /// Rows that are wanted.
    pub limit: u32,
    /// Now by the wall clock, for tests of times.
    pub now: Stamp,
    pub utc_offset: Option<Offset>,
    /// What nobody shall read, neither in what is told nor in what is searched from now on.
    pub hidden: Secrets,
}

/// Where an entry holds a word, beside the line it has in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HitPlace {
    /// What was sent, as a preset says it.
    Request,
    /// Head and body of what was answered.
    Answer,
}

impl HitPlace {
    /// Its name, as it is written in a search.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HitPlace::Request => "request",
            HitPlace::Answer => "answer",
        }
    }
}

/// What was found of an entry, with a little of what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryHit {
    pub place: HitPlace,
    pub before: String,
    pub found: String,
    pub after: String,
}
