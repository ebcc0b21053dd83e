//! Values that are got when something is sent: what is asked for, what programs give, and what a send waits for
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::drafts::DraftId;
use crate::compose::UnknownNames;
use crate::compose::asked_value::AskedValue;
use crate::model::failure::Failure;

/// The words of a program.
pub type ProgramWords = Vec<String>;

/// Programs that give values are to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramOrder {
    /// The workspace in whose files they stand, as it is shown.
    pub root: String,
    pub programs: Vec<ProgramWords>,
    /// The user said just now that they may run; remembered.
    pub is_allowed: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramAnswer {
    /// None was run: the user has to be asked whether these may.
    Unanswered(Vec<ProgramWords>),
    /// What each gave, or why it gave nothing.
    Given(Vec<(ProgramWords, Result<String, String>)>),
    /// None was run.
    Failed(Failure),
}

/// What is answered to a question for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueWish {
    /// These programs may run, and do.
    Run(Vec<ProgramWords>),
    /// This is the value.
    Answer(String),
    /// What was to be sent is not.
    Stop,
}

/// A send that waits for values.
#[derive(Debug)]
pub(super) struct WaitingSend {
    pub(super) draft: DraftId,
    pub(super) unknown: UnknownNames,
    /// What is still asked for; the first is on the screen.
    pub(super) asked: Vec<AskedValue>,
    /// What was answered so far, by label.
    pub(super) typed: BTreeMap<String, String>,
    pub(super) veiled: BTreeSet<String>,
    /// Rounds of getting values so far.
    pub(super) rounds: usize,
}
