//! What panes and overlays ask for, as data. `flow` carries it out; nobody else has the whole
//! application in hand.

use std::time::Duration;

use super::action::Action;
use super::checking::CheckWish;
use super::column_set::ColumnSet;
use super::drafts::DraftId;
use super::editor::{Caret, TextChange};
use super::effect::Effect;
use super::exporting::{ExportId, ExportWish};
use super::focus::Pane;
use super::form::pasted_rows::PastedRows;
use super::form::{FormFieldId, FormTab};
use super::importing::ImportWish;
use super::message::Timer;
use super::preset_runs::RunAsk;
use super::preset_tree::TreeItem;
use super::replaying::ReplayWish;
use super::row_order::SortOrder;
use super::themes::ThemeWish;
use super::wanted_values::ValueWish;
use crate::model::cookie::CookieChange;
use crate::model::http::HttpRule;
use crate::model::id::{RecordId, SessionId};
use crate::model::key::Key;
use crate::model::payload::{LineEnding, PayloadFormat};
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::model::spec::Spec;
use crate::model::view::SearchDirection;
use crate::store::job::{HistoryName, Overwrite};
use crate::timeline::framing::StreamFraming;

/// Between two steps of work that would hold up a key.
const STEP_PAUSE: Duration = Duration::from_millis(1);

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
    /// Do this as if its key had been pressed.
    Act(Action),
    /// An action no pane took; the program may know it.
    PassOn(Action),
    /// The shell shall do this.
    Perform(Effect),
    /// Say this at the bottom of the screen; `[action-name]` stands for the key of an action.
    Say(String),
    /// The same as a warning.
    Warn(String),
    /// Say this, which quotes what somebody else wrote, so nothing in it stands for a key.
    Quote(String),
    /// Say which draft was put on screen, and that the key of this action sends it.
    SayOpened(Action),
    /// Give a pane the focus.
    Focus(Pane),
    /// Let this listener answer as was seen.
    AddRules(RuleHome, Box<MadeRules>),
    /// Compose this in a new draft.
    OpenDraft(Box<Spec>),
    /// Rename, duplicate, delete, revert or describe what a row of the presets pane stands for.
    ActOn(Action, TreeItem),
    /// Put this draft on screen.
    ShowDraft(DraftId),
    /// Put this preset on screen, or say why it cannot be read.
    OpenPreset(PresetPath),
    /// The same, and the keys go to its form.
    FindPreset(PresetPath),
    /// The same, and it is sent if it could be read.
    SendPreset(PresetPath),
    /// Move the cursor of the form to a field.
    GoToField(FormFieldId, Caret),
    /// Show a tab of the form.
    ShowTab(FormTab),
    /// Show this text and lay its JSON out.
    LayOut(FormFieldId),
    /// Change the text of a field as its editor has it now, as far as it is a value of it.
    EditField(FormFieldId, TextChange),
    /// Take the next (or previous) value of a choice or check.
    CycleField {
        field: FormFieldId,
        forward: bool,
    },
    /// Move, paste or choose something in the rows of the form.
    Rows(RowChange),
    /// Add a rule or step to what is composed.
    AddRow,
    /// Delete the row, rule or step the cursor is in.
    DeleteRow,
    /// Put a copy of the row, rule or step under the cursor behind it.
    DuplicateRow,
    /// Bring back what was deleted or thrown away last.
    UndoDelete,
    /// Take the last step with rows of the form back, or make it again.
    TurnRow {
        is_back: bool,
    },
    /// Type this into a field, into the row that a button adds or the body a choice begins, or
    /// take the value of a choice that begins with it.
    TypeInto(FormFieldId, Key),
    /// Paste this there.
    PasteInto(FormFieldId, String),
    /// Give this, which was typed at a question, to what has the keys now.
    TypeOn(String),
    /// An address that names a method or another protocol makes a request or session of that kind.
    AdoptAddress,
    /// Compose what this curl command does, or this request as text.
    FillFromCurl(String),
    /// Bring in presets of another tool.
    Import(ImportWish),
    /// Open the external editor on a text.
    EditExternal {
        text: String,
        extension: &'static str,
        target: EditTarget,
    },
    /// Search for this text in what the response region shows; empty = for the one before.
    LookFor(String),
    /// Choose how what is received is cut into messages.
    PickFraming,
    /// Cut what is received into messages like this.
    SetFraming(StreamFraming),
    /// Read the input line like this instead of as the form says.
    SetInputFormat(PayloadFormat),
    /// End lines like this from now on.
    SetLineEnding(LineEnding),
    /// Open an entry of the history as it was, then do this with it.
    OpenEntry(HistoryName, Action),
    /// Something about runs of presets.
    Runs(RunAsk),
    /// Something about records and filters of Traffic.
    Traffic(TrafficWish),
    /// Whether a record is looked at closely, which wants more of the screen.
    RecordOpen(bool),
    /// Close the topmost overlay: what it is for is done.
    CloseOverlay,
    /// Close the topmost overlay without doing what it is for.
    DismissOverlay,
    /// Do not leave after all.
    Stay,
    /// Ask before something is lost.
    Ask(Question),
    /// Whether the presets of the current project are used although another user owns them.
    UseProject(bool),
    /// Delete a preset, or the presets of a folder; what runs from them is closed.
    Delete(PresetPath),
    DeleteFolder(String, Vec<PresetPath>),
    /// Throw a draft away; what runs from it is closed.
    Discard(DraftId),
    /// Go back to what the file of a draft holds.
    Revert(DraftId),
    /// Put the cursor of a list of this pane on a row; the pane gets the focus.
    SelectRow(Pane, usize),
    /// Do what a click on this cell does.
    Press(u16, u16),
    /// Show a theme, for good or to be looked at.
    ShowTheme(ThemeWish),
    /// Put an environment into force, or none.
    ChooseEnvironment(Option<String>),
    /// Something about environments and unknown names.
    Environments(EnvironmentWish),
    /// Do this to the cookies of an environment (`None` = of what is sent without one).
    ChangeCookies(Option<String>, Vec<CookieChange>),
    /// Write what a preset or draft says about itself.
    Describe(TreeItem, String),
    /// Save a draft under this path.
    SaveDraft(DraftId, PresetPath, Overwrite),
    /// Save this in a draft and preset of its own.
    SaveCopy(PresetPath, CopiedPreset),
    /// Save a draft, credentials typed in place moved to the file of secrets before, or not.
    SaveCredentials(PendingSave, CredentialChoice),
    /// A file changed on disk since what was to be saved there was opened: go this way.
    Resolve {
        mine: Box<Preset>,
        theirs: Box<StoredPreset>,
        way: ConflictChoice,
    },
}

/// Something done to rows of the form and what is chosen in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowChange {
    /// Move the row, rule or step the cursor is in by one.
    Move { is_down: bool },
    /// Put these rows where this cell of a list is.
    Paste(FormFieldId, Box<PastedRows>),
    /// Show what a choice can be.
    Pick(FormFieldId),
    /// A choice becomes this.
    Choose(FormFieldId, &'static str),
    /// A row more of what is captured or expected.
    Check(CheckWish),
}

/// What is done with records and filters of Traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrafficWish {
    /// Mark a record, or take its mark away.
    Mark(RecordId),
    /// Write this about a record.
    Comment(RecordId, String),
    /// Show the conversation or exchange that a record is of.
    OpenConversation(RecordId),
    /// Forget all records; for a while they can be brought back.
    Forget,
    /// Put this filter in force.
    UseFilter(String),
    /// It was taken: remember it.
    RememberFilter(String),
    /// Give the filter in force this name.
    NameFilter(String),
    /// No filter has this name any more.
    ForgetFilter(String),
    /// Write records to a file, or into a program.
    Export(Box<ExportWish>),
    /// Nothing of this export shall stay.
    CancelExport(ExportId),
    /// Say something again.
    Replay(Box<ReplayWish>),
    /// The next step of a replay, or nothing more of it.
    StepReplay,
    StopReplay,
    /// The relay of this session holds what fits this filter from now on; empty = nothing.
    HoldBy(SessionId, String),
    /// Pipe what is there and what comes into this command.
    PipeLive(String),
    /// Show these columns.
    Columns(Box<ColumnSet>),
    /// Put the rows in this order; `None` = that of time.
    Sort(Option<SortOrder>),
}

/// What the window of environments asks for, and questions about its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentWish {
    /// Throw away what is typed there, and leave the program then or not.
    DropTyped { leaves: bool },
    /// The secret of this unknown name takes its place.
    UseSecret(String),
    /// Ask for a value of this unknown name.
    AskForValue(String),
    /// What a question for a value was answered with.
    Value(ValueWish),
}

impl From<ValueWish> for Intent {
    fn from(wish: ValueWish) -> Self {
        Intent::Environments(EnvironmentWish::Value(wish))
    }
}

/// What a copy is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedPreset {
    pub spec: Box<Spec>,
    pub about: String,
    /// The preset whose file has comments and sections of the user's own.
    pub like: Option<PresetPath>,
}

/// A question before something is lost.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub text: String,
    /// What yes and no are called.
    pub answers: [&'static str; 2],
    /// What is done after a yes.
    pub then: Box<Intent>,
    /// What is done after a no, or when it is closed without an answer.
    pub otherwise: Option<Box<Intent>>,
}

impl Question {
    /// A question after whose no nothing happens.
    pub(crate) fn new(text: impl Into<String>, answers: [&'static str; 2], then: Intent) -> Self {
        Question { text: text.into(), answers, then: Box::new(then), otherwise: None }
    }

    /// The same, with something to be done after a no.
    pub(crate) fn otherwise(self, intent: Intent) -> Self {
        Question { otherwise: Some(Box::new(intent)), ..self }
    }
}

/// A save that waits for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSave {
    pub id: DraftId,
    pub path: PresetPath,
    pub overwrite: Overwrite,
}

/// What becomes of credentials that were typed in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialChoice {
    /// They move to the file of secrets.
    Move,
    /// They stay, and that is not asked again.
    Keep,
}

/// A way out when a file changed on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictChoice {
    /// The file is replaced by what was to be saved.
    Mine,
    /// The file is read; what was to be saved is lost.
    Theirs,
    /// What was to be saved gets another name.
    OtherName,
    /// Nothing is written: the draft stays as it is, unsaved.
    Later,
}

impl Intent {
    /// Go on with work that was put off, once other messages had their turn.
    pub(super) fn soon(timer: Timer) -> Intent {
        Intent::Perform(Effect::After { delay: STEP_PAUSE, timer })
    }

    /// Say that a search began anew at the other end.
    pub(super) fn say_wrapped(direction: SearchDirection) -> Intent {
        let edge = if direction == SearchDirection::Forward { "top" } else { "bottom" };
        Intent::Say(format!("the search went on from the {edge}"))
    }
}

/// Whose rules some become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleHome {
    Draft(DraftId),
    Preset(PresetPath),
    New,
}

/// Rules that answer as was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeRules {
    pub rules: Vec<HttpRule>,
    /// What of the answers is not in them.
    pub remarks: Vec<String>,
    /// A listener that has nothing else.
    pub alone: Spec,
}
