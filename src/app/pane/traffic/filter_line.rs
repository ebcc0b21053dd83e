//! The filter of the traffic pane: as typed, and as it is in force.

use crate::app::editor::{Editor, LineMode};
use crate::codec::search::Pattern;
use crate::query::{Filter, QueryError};

/// The filter as typed.
#[derive(Debug, Default)]
pub struct FilterLine {
    /// Open while the filter is being typed.
    pub editor: Option<Editor>,
    /// The text in force.
    pub text: String,
    /// Why what is typed is no filter; the one before stays in force.
    pub error: Option<QueryError>,
    /// The bytes it looks for, to be marked.
    pub pattern: Option<Pattern>,
    /// The text before typing began.
    before: String,
}

impl FilterLine {
    /// Begins to type.
    pub(super) fn open(&mut self) {
        self.before = self.text.clone();
        self.editor = Some(Editor::new(&self.text, LineMode::One));
    }

    /// Reads what is typed, or what was in force before it if typing was given up. What is no filter
    /// (yet) leaves the one from before in force, so half a filter does not empty the list.
    pub(super) fn read(&mut self) -> Filter {
        let text = self.editor.as_ref().map_or((&self.before).into(), Editor::text).into_owned();
        let (filter, error) = match Filter::parse(&text) {
            Ok(filter) => (filter, None),
            Err(error) => (Filter::parse(&self.before).unwrap_or_default(), Some(error)),
        };
        self.text = if error.is_some() { self.before.clone() } else { text };
        self.error = error;
        self.pattern = Pattern::any(&filter.needles());
        filter
    }
}
