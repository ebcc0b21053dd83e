//! What a pane or overlay answers to an input: whether it took it, and what it asks for.

use ratatui::layout::Rect;

use super::action::Action;
use super::cursor::CursorStep;
use super::editor::Editor;
use super::intent::Intent;
use super::message::Mouse;
use crate::model::key::Key;

/// What a pane or the topmost overlay is given to handle.
#[derive(Debug, Clone, Copy)]
pub enum PaneInput<'a> {
    /// An action bound to a key.
    Act(Action),
    /// A step of the wheel over the pane, which need not have the focus.
    Wheel(CursorStep),
    /// A key whose action was not taken, or that has none.
    Key(Key),
    /// Pasted text.
    Paste(&'a str),
    /// A press of the mouse, with the area of the pane or overlay on the screen as it was then.
    Press(Rect, Mouse),
    /// The mouse moved since, with its button down, or let it go.
    Drag(Rect, Mouse),
}

impl PaneInput<'_> {
    /// Gives the mouse to a text field; tells whether it was in its text.
    pub(super) fn point(self, editor: &mut Editor) -> bool {
        match self {
            PaneInput::Press(_, mouse) | PaneInput::Drag(_, mouse) => editor.mouse(mouse),
            PaneInput::Act(_) | PaneInput::Wheel(_) | PaneInput::Key(_) | PaneInput::Paste(_) => {
                false
            }
        }
    }

    /// Gives a key or pasted text to a text field; tells whether its text changed.
    pub(super) fn edit(self, editor: &mut Editor) -> bool {
        match self {
            PaneInput::Key(key) => editor.key(key),
            PaneInput::Paste(text) => {
                editor.insert(text);
                true
            }
            PaneInput::Act(_)
            | PaneInput::Wheel(_)
            | PaneInput::Press(..)
            | PaneInput::Drag(..) => false,
        }
    }
}

/// Whether a pane or overlay took an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    Yes,
    No,
}

/// The answer of a pane or overlay: what it asks for is carried out in this order.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub handled: Handled,
    pub intents: Vec<Intent>,
}

impl Outcome {
    /// Not taken: somebody else may know what to do.
    pub fn no() -> Self {
        Outcome { handled: Handled::No, intents: Vec::new() }
    }

    /// Taken, nothing else to do.
    pub fn yes() -> Self {
        Outcome::from([])
    }

    /// Taken, and this remark is made; `[action-name]` in it stands for a key.
    pub fn say(text: impl Into<String>) -> Self {
        Intent::Say(text.into()).into()
    }

    /// The same as a warning.
    pub fn warn(text: impl Into<String>) -> Self {
        Intent::Warn(text.into()).into()
    }

    /// Adds something to be done.
    #[must_use]
    pub fn with(mut self, intent: Intent) -> Self {
        self.intents.push(intent);
        self
    }
}

impl From<Intent> for Outcome {
    /// Taken, and this is to be done.
    fn from(intent: Intent) -> Self {
        Outcome::from([intent])
    }
}

impl<I: IntoIterator<Item = Intent>> From<I> for Outcome {
    /// Taken, and these are to be done, if any.
    fn from(intents: I) -> Self {
        Outcome { handled: Handled::Yes, intents: intents.into_iter().collect() }
    }
}
