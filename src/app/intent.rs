//! What panes and overlays ask for, as data. `flow` carries it out; nobody else has the whole
//! application in hand.

use super::action::Action;
use super::drafts::DraftId;
use super::editor::Caret;
use super::effect::Effect;
use super::focus::Pane;
use super::form::{FormFieldId, FormTab};
use super::preset_tree::TreeItem;
use crate::model::id::RecordId;
use crate::model::payload::PayloadFormat;
use crate::model::preset::PresetPath;
use crate::model::spec::Spec;
use crate::timeline::framing::StreamFraming;

/// Where the text of the external editor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditTarget {
    Field(FormFieldId),
    /// The input line of the conversation.
    InputLine,
}

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
    /// Rename, duplicate, delete, revert or describe what a row of the presets pane stands for.
    ActOn(Action, TreeItem),
    /// Put this draft on screen.
    ShowDraft(DraftId),
    /// Put this preset on screen, or say why it cannot be read.
    OpenPreset(PresetPath),
    /// Move the cursor of the form to a field.
    GoToField(FormFieldId, Caret),
    /// Show a tab of the form.
    ShowTab(FormTab),
    /// Write this text of a field, as far as it is a value of it.
    EditField(FormFieldId, String),
    /// Take the next (or previous) value of a choice or check.
    CycleField { field: FormFieldId, forward: bool },
    /// Add a rule or step to what is composed.
    AddRow,
    /// Delete the row, rule or step the cursor is in.
    DeleteRow,
    /// Compose what this curl command does.
    FillFromCurl(String),
    /// Open the external editor on a text.
    EditExternal { text: String, extension: &'static str, target: EditTarget },
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
    /// Show this spec in a draft of its own, or the unsaved draft that is equal to it.
    OpenSpec(Box<Spec>),
    /// Mark a record, or take its mark away.
    ToggleMark(RecordId),
    /// Forget all records.
    ForgetTraffic,
    /// Whether a record is looked at closely, which wants more of the screen.
    RecordOpen(bool),
}
