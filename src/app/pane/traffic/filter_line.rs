//! The filter of the traffic pane: as typed, and as it is in force.

use crate::app::action::Action;
use crate::app::completion::{Completer, PopupAct};
use crate::app::editor::{Editor, LineMode};
use crate::app::filter_words;
use crate::app::keymap::Context;
use crate::app::shared::Shared;
use crate::codec::printable::printable_str;
use crate::codec::search::Pattern;
use crate::codec::wrap_words::wrap;
use crate::model::key::Key;
use crate::query::{Filter, QueryError};

/// Bytes before the cursor that are looked at.
const AROUND: usize = 4096;

/// The filter as typed.
#[derive(Debug, Default)]
pub struct FilterLine {
    /// Open while the filter is being typed.
    pub editor: Option<Editor>,
    /// What can stand at its cursor.
    pub completer: Completer,
    /// The text in force.
    pub text: String,
    /// Why what is typed is no filter; the one before stays in force.
    pub error: Option<QueryError>,
    /// The bytes it looks for, to be marked.
    pub pattern: Option<Pattern>,
    /// The text before typing began.
    before: String,
    /// Which of those used before is in the line, and what was typed before it.
    recalled: Option<(usize, String)>,
}

impl FilterLine {
    /// What is wrong with what is typed, with its column, in lines so wide.
    pub(crate) fn wrong(&self, width: u16) -> Vec<String> {
        let told =
            |error: &QueryError| wrap(&format!("^ {}", printable_str(&error.to_string())), width);
        self.error.as_ref().map_or_else(Vec::new, told)
    }

    /// Begins to type.
    pub(super) fn open(&mut self, shared: &Shared) {
        self.before = self.text.clone();
        self.begin(&self.text.clone());
        self.offer(shared);
    }

    fn begin(&mut self, text: &str) {
        self.recalled = None;
        self.completer.close();
        self.editor = Some(Editor::new(text, LineMode::One));
    }

    /// Ends typing.
    pub(super) fn close(&mut self) {
        self.editor = None;
        self.recalled = None;
        self.completer.close();
    }

    /// Puts a filter in the place of the one in force; one that cannot be read is typed on.
    pub(super) fn put(&mut self, shared: &Shared, text: &str) -> Filter {
        self.before = self.text.clone();
        self.begin(text);
        let filter = self.read(shared);
        if self.error.is_none() {
            self.close();
        }
        filter
    }

    /// Reads what is typed, or what was in force before it if typing was given up. What is no filter
    /// (yet) leaves the one from before in force, so half a filter does not empty the list.
    pub(super) fn read(&mut self, shared: &Shared) -> Filter {
        let parse = |text: &str| Filter::parse_at(text, shared.clock_ahead());
        let text = self.editor.as_ref().map_or((&self.before).into(), Editor::text).into_owned();
        let (filter, error) = match parse(&text) {
            Ok(filter) => (filter, None),
            Err(error) => (parse(&self.before).unwrap_or_default(), Some(error)),
        };
        self.text = if error.is_some() { self.before.clone() } else { text };
        self.error = error;
        self.pattern = filter.pattern();
        filter
    }

    /// A key for the text; tells whether it changed.
    pub(super) fn key(&mut self, shared: &Shared, key: Key) -> bool {
        let Some(editor) = &mut self.editor else { return false };
        let is_changed = editor.key(key);
        if is_changed {
            self.recalled = None;
            self.offer(shared);
        } else {
            self.completer.close();
        }
        is_changed
    }

    /// Shows what can stand where the cursor is.
    pub(super) fn offer(&mut self, shared: &Shared) {
        let Some(editor) = &self.editor else { return };
        let (before, behind) = editor.around(AROUND);
        let offer = filter_words::offer(shared, before, behind);
        self.completer.offer(offer, before.len());
    }

    /// What an action does to the completions; `None` = it is for somebody else. Tells whether the
    /// text changed.
    pub(super) fn complete(&mut self, shared: &Shared, action: Action) -> Option<bool> {
        let before = self.editor.as_ref()?.around(AROUND).0.len();
        if self.completer.popup().is_none() {
            if action == Action::AcceptCompletion {
                self.offer(shared);
                return Some(false);
            }
            return None;
        }
        let is_list = self.completer.contexts().contains(&Context::Chosen);
        let is_recall = action == Action::Up && self.is_recall_line();
        if !is_list && (is_recall || action == Action::Back) {
            return None;
        }
        match self.completer.act(action, before) {
            PopupAct::Passed => None,
            PopupAct::Done => Some(false),
            PopupAct::Unmarked => {
                // The first is what the key that takes a completion begins with.
                self.offer(shared);
                self.completer.act(Action::Down, before);
                Some(false)
            }
            PopupAct::Taken(taken) => {
                if let Some(editor) = &mut self.editor {
                    editor.replace_around(taken.typed, taken.behind, &taken.text);
                }
                self.recalled = None;
                self.offer(shared);
                Some(true)
            }
        }
    }

    /// Whether the arrows go through those used before: nothing is typed, or one of them is here.
    fn is_recall_line(&self) -> bool {
        self.recalled.is_some() || self.editor.as_ref().is_some_and(Editor::is_empty)
    }

    /// Puts the next older or newer of those used before into the line.
    pub(super) fn recall(&mut self, shared: &Shared, is_older: bool) -> bool {
        let Some(editor) = &self.editor else { return false };
        let typed = editor.text().into_owned();
        let (at, typed) = match self.recalled.take() {
            Some((at, typed)) if is_older => (at + 1, typed),
            Some((0, typed)) => {
                self.editor = Some(Editor::new(&typed, LineMode::One));
                return true;
            }
            Some((at, typed)) => (at - 1, typed),
            None if is_older => (0, typed),
            None => return false,
        };
        let mut used = shared.filters.used().filter(|used| *used != typed);
        let Some(text) = used.nth(at) else {
            self.recalled = at.checked_sub(1).map(|at| (at, typed));
            return false;
        };
        self.editor = Some(Editor::new(text, LineMode::One));
        self.recalled = Some((at, typed));
        self.completer.close();
        true
    }
}
