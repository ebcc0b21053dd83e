//! What panes and overlays ask for, as data. `flow` carries it out; nobody else has the whole
//! application in hand.

use super::action::Action;
use super::effect::Effect;
use super::focus::Pane;
use crate::model::id::RecordId;
use crate::model::payload::PayloadFormat;
use crate::model::spec::Spec;
use crate::timeline::conversation::framing::StreamFraming;

/// One thing a pane or overlay cannot do by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// An action of the whole program, which no pane took.
    Act(Action),
    /// The shell shall do this.
    Perform(Effect),
    /// Say this at the bottom of the screen; `[action-name]` stands for the key of an action.
    Say(String),
    /// The same as a warning.
    Warn(String),
    /// Say this, which quotes what somebody else wrote, so nothing in it stands for a key.
    Quote(String),
    /// Give a pane the focus.
    Focus(Pane),
    /// Compose this in a new draft.
    OpenDraft(Box<Spec>),
    /// Search for this text in what the response region shows; empty = for the one before.
    LookFor(String),
    /// Choose how what is received is cut into messages.
    PickFraming,
    /// Cut what is received into messages like this.
    SetFraming(StreamFraming),
    /// Read the input line like this instead of as the form says.
    SetInputFormat(PayloadFormat),
    /// End lines in the next way there is.
    NextLineEnding,
    /// Write this text of the input line in the external editor.
    EditInputLine(String),
    /// Show this spec in a draft of its own, or the unsaved draft that is equal to it.
    OpenSpec(Box<Spec>),
    /// Mark a record, or take its mark away.
    ToggleMark(RecordId),
    /// Forget all records.
    ForgetTraffic,
    /// Whether a record is looked at closely, which wants more of the screen.
    RecordOpen(bool),
}
