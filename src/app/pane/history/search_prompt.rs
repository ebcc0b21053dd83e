//! The search of the history while it is typed: what can stand at its cursor, and why what is typed is no search.
//!
//! What is no test (yet) is left out: the list shows what stands before it.

use ratatui::layout::{Position, Rect};

use super::HistoryPane;
use crate::app::action::Action;
use crate::app::completion::PopupAct;
use crate::app::history_words;
use crate::app::keymap::Context;
use crate::app::layout::pane_inner;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::codec::printable::printable_str;
use crate::codec::wrap_words::wrap;
use crate::query::HistorySearch;

/// What stands before the search.
const PROMPT: u16 = 2;
/// Bytes before the cursor that are looked at.
const AROUND: usize = 4096;

impl HistoryPane {
    /// Whether a search is typed.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.typing)
    }

    /// Contexts in which its keys are looked up, the most specific first.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        if !self.is_typing() {
            return vec![Context::History, Context::List, Context::Plain, Context::Global];
        }
        let offered = self.completer.contexts().iter().copied();
        offered.chain([Context::FilterLine, Context::Line, Context::Global]).collect()
    }

    /// Begins to type; what the list showed without a search is what is offered.
    pub(super) fn start_search(&mut self, shared: &Shared) -> Outcome {
        if self.text.is_empty() {
            self.unsearched.clone_from(&self.entries);
        }
        self.search.get_or_insert_default().typing = true;
        self.offer(shared);
        Outcome::yes()
    }

    /// What is wrong with what is typed, in lines so wide.
    pub(crate) fn wrong(&self, width: u16) -> Vec<String> {
        let told = |error: &_| wrap(&format!("^ {}", printable_str(&format!("{error}"))), width);
        self.error.as_ref().map_or_else(Vec::new, told)
    }

    /// What is typed is the search from now on, up to what is none in it; tells whether it is to be asked for.
    pub(super) fn read_search(&mut self, shared: &Shared) -> bool {
        let typed = self.search.as_ref().map(|search| search.editor.text().into_owned());
        let (typed, clock) = (typed.unwrap_or_default(), shared.askers_clock());
        self.error = HistorySearch::read(&typed, clock).err();
        let text = HistorySearch::before_error(&typed, clock);
        let is_asked = self.error.is_none() || text != self.text;
        text.clone_into(&mut self.text);
        is_asked
    }

    /// The search in force, as of now.
    pub(super) fn search_now(&self, shared: &Shared) -> HistorySearch {
        HistorySearch::read(&self.text, shared.askers_clock()).unwrap_or_default()
    }

    /// Shows what can stand where the cursor is.
    pub(super) fn offer(&mut self, shared: &Shared) {
        let Some(search) = &self.search else { return };
        let (before, behind) = search.editor.around(AROUND);
        let offer = history_words::offer(shared, &self.unsearched, before, behind);
        self.completer.offer(offer, before.len());
    }

    /// What an input does to the completions; `None` = it is for somebody else.
    pub(super) fn complete(&mut self, shared: &Shared, input: PaneInput<'_>) -> Option<Outcome> {
        let search = self.search.as_ref().filter(|search| search.typing)?;
        let before = search.editor.around(AROUND).0.len();
        let done = match input {
            PaneInput::Act(action) => {
                let is_list = self.completer.contexts().contains(&Context::Chosen);
                match (self.completer.popup(), action) {
                    (None, Action::AcceptCompletion) => {
                        self.offer(shared);
                        return Some(Outcome::yes());
                    }
                    (None, _) => return None,
                    // What was only offered keeps nobody from leaving.
                    (Some(_), Action::Back) if !is_list => return None,
                    (Some(_), action) => self.completer.act(action, before),
                }
            }
            PaneInput::Press(_, mouse) => {
                let at = (mouse.column, mouse.row).into();
                self.completer.press(self.popup_area(shared), at)?
            }
            PaneInput::Wheel(_) | PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => {
                return None;
            }
        };
        match done {
            PopupAct::Passed => None,
            PopupAct::Done => Some(Outcome::yes()),
            PopupAct::Unmarked => {
                // The first is what the key that takes a completion begins with.
                self.offer(shared);
                self.completer.act(Action::Down, before);
                Some(Outcome::yes())
            }
            PopupAct::Taken(taken) => {
                if let Some(search) = &mut self.search {
                    search.editor.replace_around(taken.typed, taken.behind, &taken.text);
                }
                self.offer(shared);
                Some(self.ask(shared))
            }
        }
    }

    /// Where the completions are on the screen, if there are any.
    pub(crate) fn popup_area(&self, shared: &Shared) -> Option<Rect> {
        let popup = self.completer.popup()?;
        let editor = &self.search.as_ref().filter(|search| search.typing)?.editor;
        let area = self.areas(pane_inner(shared.areas().history)).search;
        let (_, column) = editor.in_sight(popup.typed())?;
        let x = area.x + PROMPT + u16::try_from(column).ok()?;
        let at = Position { x: x.min(area.right()), y: area.y };
        Some(popup.area(at, shared.size))
    }
}
