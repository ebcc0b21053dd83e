//! Which keys are one change: characters that are typed or deleted one by one, a word at a time
//! (`app/word_run.rs`).
//!
//! Used by `editor` for what is typed; what is deleted is done here.

use super::Editor;
use super::text_model::{Deletion, TextPlace};
use crate::app::word_run::{WordRun, only_char};

/// What a run of keys does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunKind {
    Typed,
    Deleted(Deletion),
}

/// The keys pressed last, as far as they are one change.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyRun {
    kind: RunKind,
    /// Where the cursor is behind it.
    at: TextPlace,
    word: WordRun,
}

impl KeyRun {
    /// A run that has not begun, the cursor being here.
    pub(super) fn new(kind: RunKind, at: TextPlace) -> Self {
        KeyRun { kind, at, word: WordRun::NONE }
    }

    /// Whether the next key does the same with this character, here, in the same change.
    pub(super) fn takes(&self, kind: RunKind, at: TextPlace, c: char) -> bool {
        self.kind == kind && self.at == at && self.word.takes(c)
    }

    /// The same run with one character more, and where the cursor is now.
    pub(super) fn with(self, c: char, at: TextPlace) -> Self {
        KeyRun { at, word: self.word.with(c), ..self }
    }
}

impl Editor {
    /// Deletes something; characters that go one by one are one change, too.
    pub(super) fn delete(&mut self, what: Deletion) {
        let at = self.model.cursor();
        let (start, end) = match what {
            Deletion::Before => (self.model.before(at), at),
            Deletion::Behind => (at, self.model.behind(at)),
            _ => (at, at),
        };
        let gone = self.model.line(at.line).get(start.byte..end.byte).and_then(only_char);
        let is_in_line = start.line == end.line && self.model.selection().is_none();
        let gone = gone.filter(|_| is_in_line);
        let kind = RunKind::Deleted(what);
        let joined = self.run.filter(|run| gone.is_some_and(|c| run.takes(kind, at, c)));
        let change = self.model.delete(what, joined.is_some());
        self.took(change);
        let run = joined.unwrap_or(KeyRun::new(kind, at));
        self.run = gone.map(|c| run.with(c, self.model.cursor()));
    }
}
