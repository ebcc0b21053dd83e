//! What enters `App::update`: input, engine events, store replies, the passing of time.

use super::checking::Checked;
use super::edited_text::EditedText;
use super::exporting::{ExportId, ExportReport};
use super::wanted_values::ProgramAnswer;
use crate::engine::event::Event;
use crate::model::failure::Failure;
use crate::model::key::Key;
use crate::model::timing::Stamp;
use crate::store::job::Reply;

/// Anything that can change the application.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Input(Input),
    Engine(Event),
    Store(Reply),
    /// The terminal says whether its background is dark.
    Background {
        is_dark: bool,
    },
    /// A timer asked for with `Effect::After` went off.
    Timer(Timer),
    /// What became of a text for the clipboard.
    Copied(Copied),
    /// What became of a body that was to be opened outside.
    Opened(Copied),
    /// What came of what is expected and captured.
    Checked(Box<Checked>),
    /// What came of programs that were to give values.
    Programs(ProgramAnswer),
    /// How an export goes.
    Export(ExportId, ExportReport),
    /// The external editor came back with the text, or `None` when it was not changed.
    External(Result<Option<String>, Failure>),
    /// An editor of an earlier run saved this after that run had ended.
    EditedFound(EditedText),
    /// The shell could not perform an effect.
    Trouble(Failure),
}

/// What was copied and where it is, in words, or why it is not.
pub type Copied = Result<String, Failure>;

/// What the user did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Key(Key),
    Paste(String),
    Mouse(Mouse),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// SIGTERM or SIGHUP: leave without asking, drafts kept.
    Terminate,
    /// Back from a suspend: draw everything anew.
    Resumed,
}

/// A mouse event in screen cells from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
}

/// What a mouse did; the left button only, wheel steps one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    Press,
    /// Pressed again at once on the same cell, and once more. No terminal tells it: it is counted.
    SecondPress,
    ThirdPress,
    Drag,
    Release,
    ScrollUp,
    ScrollDown,
}

/// The timers there are; each is asked for with `Effect::After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A remark was shown long enough.
    Notice,
    /// Drafts changed and shall be written.
    Restore,
    /// Drafts that could not be written are tried again.
    RestoreAgain,
    /// The elapsed time of what runs in the response region.
    ResponseClock,
    /// Cutting a conversation anew goes on.
    ConversationFraming,
    /// A search in a conversation goes on.
    ConversationSearch,
    /// What was forgotten cannot be brought back any more.
    Forget,
    /// The secret that is shown since then was shown long enough.
    HideSecret(Stamp),
    /// Applying a new filter goes on.
    FilterRebuild,
    /// Putting the rows in another order goes on.
    TrafficSort,
    /// Exports go on.
    Export,
    /// A replay goes on.
    Replay,
    /// A run of presets goes on, or its time is told anew.
    Run,
    /// A text that is written goes on being looked at.
    TextCheck,
    /// Counting what crossed goes on.
    Statistics,
    /// The rate in the header has to be taken anew.
    TrafficRate,
    /// How long things are held already.
    Held,
}
