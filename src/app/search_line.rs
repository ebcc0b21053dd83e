//! The search line above a list: a text field while it is typed, its text afterwards.

use super::cursor::CursorStep;
use super::editor::{Editor, LineMode};
use super::outcome::PaneInput;
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
    fn key(&mut self, key: Key) -> SearchKey {
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

/// Gives an input to the line while it is typed; `None` = it is not, or the input is not for it.
pub fn update(open: &mut Option<SearchLine>, input: PaneInput<'_>) -> Option<SearchKey> {
    let search = open.as_mut().filter(|search| search.typing)?;
    match input {
        PaneInput::Key(key) => Some(search.key(key)),
        PaneInput::Paste(_) => input.edit(&mut search.editor).then_some(SearchKey::Changed),
        PaneInput::Act(_) | PaneInput::Wheel(_) | PaneInput::Press(..) => None,
    }
}
