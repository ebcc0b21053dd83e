//! Search in the record that is open: what was typed, and from hit to hit.
//!
//! The bytes of one record are bounded, so a search is over before the next frame.

use crate::app::editor::{Editor, LineMode};
use crate::app::record_view::Detail;
use crate::codec::search::Pattern;
use crate::model::key::{Key, KeyCode};
use crate::model::view::Towards;

/// What is searched for in an open record.
#[derive(Debug, Default)]
pub struct RecordSearch {
    /// Open while it is typed.
    pub editor: Option<Editor>,
    text: String,
    pub pattern: Option<Pattern>,
}

/// What a key made of a search that is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// It is still being typed.
    More,
    /// It is over; another text is looked for now.
    Another,
    /// It is over and looks for the same as before.
    Same,
}

impl RecordSearch {
    /// Begins to type a new one.
    pub(super) fn start(&mut self) {
        self.editor = Some(Editor::new("", LineMode::One));
    }

    /// Takes a key while it is typed.
    pub(super) fn key(&mut self, key: Key) -> Typed {
        let Some(editor) = &mut self.editor else { return Typed::More };
        if key.code != KeyCode::Enter {
            editor.key(key);
            return Typed::More;
        }
        let text = editor.text();
        self.editor = None;
        if text.is_empty() || text == self.text {
            return Typed::Same;
        }
        self.pattern = Pattern::parse(&text);
        self.text = text;
        Typed::Another
    }
}

/// The next hit in a record or the one before, from where the search or the screen stands; and
/// whether it went on round the end.
pub(super) fn find(detail: &Detail, pattern: &Pattern, towards: Towards) -> Option<(usize, bool)> {
    let bytes = &detail.bytes;
    let first = detail.row(detail.top).map_or(0, |(at, _)| at);
    let (ahead, round) = match towards {
        Towards::End => {
            let from = detail.here.map_or(first, |at| at + 1);
            (pattern.first(bytes, from), pattern.first(bytes, 0))
        }
        Towards::Start => {
            let before = detail.here.unwrap_or(first);
            (pattern.last(bytes, before), pattern.last(bytes, bytes.len()))
        }
    };
    ahead.map(|hit| (hit.start, false)).or(round.map(|hit| (hit.start, true)))
}
