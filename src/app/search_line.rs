//! The search line above a list: a text field while it is typed, its text afterwards.

use super::action::Action;
use super::cursor::CursorStep;
use super::editor::{Editor, LineMode};
use super::outcome::PaneInput;

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
    /// What was found is wanted.
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

/// Gives an input to the line while it is typed; `None` = it is not, or the input is not for it.
pub fn update(open: &mut Option<SearchLine>, input: PaneInput<'_>) -> Option<SearchKey> {
    let search = open.as_mut().filter(|search| search.typing)?;
    if input.point(&mut search.editor) {
        return Some(SearchKey::Ignored);
    }
    match input {
        PaneInput::Key(_) | PaneInput::Paste(_) => {
            let is_changed = input.edit(&mut search.editor);
            Some(if is_changed { SearchKey::Changed } else { SearchKey::Ignored })
        }
        PaneInput::Act(Action::Choose) => Some(SearchKey::Accept),
        PaneInput::Act(action) => CursorStep::of(action).map(SearchKey::Move),
        PaneInput::Wheel(_) | PaneInput::Press(..) | PaneInput::Drag(..) => None,
    }
}
