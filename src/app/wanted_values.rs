//! Values that are got when something is sent: orders to run programs, what came of them, and answers to questions.

use super::action::Action;
use crate::compose::template::WantedValue;
use crate::model::failure::Failure;
use crate::model::id::SessionId;
use crate::model::value_source::ValueSource;

/// Programs that give values are to be run, the keyring is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramOrder {
    /// The workspace in whose files they stand, as it is shown.
    pub root: String,
    pub sources: Vec<ValueSource>,
    /// The user said just now that they may; remembered.
    pub is_allowed: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramAnswer {
    /// None was: the user has to be asked whether these may.
    Unanswered(Vec<ValueSource>),
    /// What each gave, or why it gave nothing.
    Given(Vec<(ValueSource, Result<String, String>)>),
    /// None was run.
    Failed(Failure),
}

/// What is answered to a question for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueWish {
    /// These may give their values, and do.
    Run(Vec<ValueSource>),
    /// This is the value.
    Answer(String),
    /// What was to be sent is not.
    Stop,
    /// What is typed in a conversation wants this before it can be sent.
    OfLine(WaitingLine, Box<WantedValue>),
}

/// A line typed in a conversation that waits for values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingLine {
    pub session: SessionId,
    /// How it is sent.
    pub how: Action,
}
