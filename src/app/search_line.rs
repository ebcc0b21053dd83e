//! The search line above a list: a text field while it is typed, its text afterwards.

use super::cursor::CursorStep;
use super::editor::{Editor, LineMode};
use crate::model::key::{Key, KeyCode};

/// State of the line; a pane without one shows its whole list.
#[derive(Debug)]
pub struct SearchLine {
    pub editor: Editor,
    /// Whether keys go into it.
    pub typing: bool,
}

/// What a key means to the list under the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchKey {
    /// Another text is searched.
    Changed,
    /// The cursor of the list moves.
    Move(CursorStep),
    /// Enter: what was found is wanted.
    Accept,
    /// Nothing.
    Ignored,
}

impl Default for SearchLine {
    /// An empty line that takes keys.
    fn default() -> Self {
        SearchLine { editor: Editor::new("", LineMode::One), typing: true }
    }
}

impl SearchLine {
    /// Takes a key while it is typed.
    pub(super) fn key(&mut self, key: Key) -> SearchKey {
        match key.code {
            KeyCode::Enter => SearchKey::Accept,
            KeyCode::Up => SearchKey::Move(CursorStep::Up),
            KeyCode::Down => SearchKey::Move(CursorStep::Down),
            KeyCode::PageUp => SearchKey::Move(CursorStep::PageUp),
            KeyCode::PageDown => SearchKey::Move(CursorStep::PageDown),
            _ if self.editor.key(key) => SearchKey::Changed,
            _ => SearchKey::Ignored,
        }
    }
}
