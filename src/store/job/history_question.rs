//! What the list of the history asks, and what of an entry was looked for.

use crate::model::secrets::Secrets;
use crate::query::{HistorySearch, HitPlace};

/// A question for the list: the newest entries that hold every word of a search and for which its tests
/// hold (`status >= 400`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryQuestion {
    /// As it was typed; the answer names it.
    pub text: String,
    pub search: HistorySearch,
    /// Rows that are wanted.
    pub limit: u32,
    /// What nobody shall read, neither in what is told nor in what is searched from now on.
    pub hidden: Secrets,
}

/// What was found of an entry, with a little of what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryHit {
    pub place: HitPlace,
    pub before: String,
    pub found: String,
    pub after: String,
}
