//! Completion in the input line: names that have a value.

use ratatui::layout::{Position, Rect};

use super::conversation_areas::prefix;
use super::conversation_view::ConversationPane;
use crate::app::action::Action;
use crate::app::completion::offers::{AROUND, Around, complete};
use crate::app::completion::places::WordPlace;
use crate::app::completion::{Completer, PopupAct};
use crate::app::intent::Intent;
use crate::app::layout::pane_inner;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::model::key::Key;

impl ConversationPane {
    /// A key changed the text, or only moved in it: what can stand there now?
    pub(super) fn complete(&mut self, shared: &Shared, key: Key, is_changed: bool) {
        if is_changed && Completer::begins(key) {
            self.offer(shared, false);
        } else {
            self.completer.close();
        }
    }

    fn offer(&mut self, shared: &Shared, is_asked: bool) {
        let place = WordPlace::of_input(self.mode(shared).format);
        let Some(session) = shared.session() else { return };
        let Some(view) = self.views.get(&session.id) else { return };
        let (before, behind) = view.input.editor.around(AROUND);
        let around = Around { before, behind };
        // No folder is looked into for this line.
        let _ = complete(&mut self.completer, Some(&place), around, shared, is_asked);
    }

    /// What an action does to the completions; `None` = it is for the line.
    pub(super) fn act_on_completions(
        &mut self,
        shared: &Shared,
        action: Action,
    ) -> Option<Outcome> {
        let view = self.view(shared);
        let before = view.map_or(0, |view| view.input.editor.around(AROUND).0.len());
        let done = self.completer.act(action, before);
        match done {
            PopupAct::Passed if action == Action::OfferCompletions => {
                self.offer(shared, true);
                let none = || Intent::Say("{{ begins a name that has a value".into());
                Some(self.completer.popup().is_none().then(none).into())
            }
            PopupAct::Passed => None,
            PopupAct::Unmarked => Some(Intent::Act(Action::NextField).into()),
            done => Some(self.put(shared, &done)),
        }
    }

    /// A press of the mouse on the completions.
    pub(super) fn press_completion(&mut self, shared: &Shared, at: Position) -> Option<Outcome> {
        let area = self.popup_area(shared);
        let done = self.completer.press(area, at)?;
        Some(self.put(shared, &done))
    }

    fn put(&mut self, shared: &Shared, done: &PopupAct) -> Outcome {
        if let (PopupAct::Taken(taken), Some(view)) = (done, self.view_mut(shared)) {
            view.input.editor.replace_around(taken.typed, taken.behind, &taken.text);
            self.input_changed(shared);
        }
        Outcome::yes()
    }

    /// Where the completions are on the screen, if there are any.
    pub(crate) fn popup_area(&self, shared: &Shared) -> Option<Rect> {
        let popup = self.completer.popup()?;
        let view = self.view(shared).filter(|view| view.writing)?;
        let area = self.areas(shared, pane_inner(shared.areas().response)).input;
        let (row, column) = view.input.editor.in_sight(popup.typed())?;
        let x = area.x + prefix(self.mode(shared)).chars().count() as u16;
        let x = (x + u16::try_from(column).ok()?).min(area.right());
        let at = Position { x, y: area.y + u16::try_from(row).ok()? };
        Some(popup.area(at, shared.size))
    }
}
