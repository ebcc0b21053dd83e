//! Completion in the form: what is offered for the field under the cursor, and taken.

use std::path::PathBuf;

use ratatui::layout::{Position, Rect};

use super::field_areas::label_width;
use super::form_editor::RequestPane;
use crate::app::action::Action;
use crate::app::completion::offers::{AROUND, Around, complete};
use crate::app::completion::places::WordPlace;
use crate::app::completion::{Completer, PopupAct, Taken};
use crate::app::editor::Editor;
use crate::app::intent::Intent;
use crate::app::layout::pane_inner;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::model::key::Key;
use crate::store::job::FolderListing;

impl RequestPane {
    /// A key changed the text, or only moved in it: what can stand there now?
    pub(super) fn complete(&mut self, shared: &Shared, key: Key) -> Option<Intent> {
        if !Completer::begins(key) {
            self.completer.close();
            return None;
        }
        self.offer(shared, false)
    }

    fn offer(&mut self, shared: &Shared, is_asked: bool) -> Option<Intent> {
        let draft = shared.drafts.current();
        let Some((at, editor)) = self.editor.as_ref().filter(|(at, _)| *at == draft.at) else {
            self.completer.close();
            return None;
        };
        let place = WordPlace::of_field(&draft.spec, *at);
        let (before, behind) = editor.around(AROUND);
        let around = Around { before, behind };
        complete(&mut self.completer, place.as_ref(), around, shared, is_asked)
    }

    /// What an action does to the completions; `None` = it is for the form.
    pub(super) fn act_on_completions(
        &mut self,
        shared: &Shared,
        action: Action,
    ) -> Option<Outcome> {
        let editor = self.editor.as_ref().map(|(_, editor)| editor);
        let before = editor.map_or(0, |editor| editor.around(AROUND).0.len());
        match self.completer.act(action, before) {
            PopupAct::Passed if action == Action::OfferCompletions => {
                self.open_editor(shared);
                let asked = self.offer(shared, true);
                let is_shown = self.completer.popup().is_some() || asked.is_some();
                let none = || Intent::Say("nothing that is known can stand here".into());
                Some(asked.or_else(|| (!is_shown).then(none)).into())
            }
            PopupAct::Passed => None,
            PopupAct::Done => Some(Outcome::yes()),
            PopupAct::Unmarked => Some(Intent::Act(Action::NextField).into()),
            PopupAct::Taken(taken) => Some(self.put(shared, &taken)),
        }
    }

    /// A press of the mouse on the completions.
    pub(super) fn press_completion(&mut self, shared: &Shared, at: Position) -> Option<Outcome> {
        let area = self.popup_area(shared);
        match self.completer.press(area, at)? {
            PopupAct::Taken(taken) => Some(self.put(shared, &taken)),
            _ => Some(Outcome::yes()),
        }
    }

    fn put(&mut self, shared: &Shared, taken: &Taken) -> Outcome {
        let Some(editor) = self.open_editor(shared) else { return Outcome::yes() };
        editor.replace_around(taken.typed, taken.behind, &taken.text);
        let outcome = self.written_line(shared);
        // What is in the folder comes next.
        let asked = taken.text.ends_with('/').then(|| self.offer(shared, false)).flatten();
        asked.into_iter().fold(outcome, Outcome::with)
    }

    /// The names in a folder are known.
    pub(crate) fn folder_listed(
        &mut self,
        shared: &Shared,
        folder: PathBuf,
        listing: FolderListing,
    ) -> Option<Intent> {
        let is_asked = self.completer.listed(folder, listing)?;
        self.offer(shared, is_asked)
    }

    /// Where the completions are on the screen, if there are any.
    pub(crate) fn popup_area(&self, shared: &Shared) -> Option<Rect> {
        let popup = self.completer.popup()?;
        let at = shared.drafts.current().at;
        let (_, editor) = self.editor.as_ref().filter(|(id, _)| *id == at)?;
        let placed = self.place(shared, pane_inner(shared.areas().request));
        let placed = placed.iter().find(|placed| placed.field.id == at)?;
        let label = label_width(&placed.field);
        Some(popup.area(below(editor, popup.typed(), placed.area, label)?, shared.size))
    }
}

/// The cell of a field where the word before the cursor begins.
fn below(editor: &Editor, typed: usize, area: Rect, label: u16) -> Option<Position> {
    let (row, column) = editor.in_sight(typed)?;
    let x = area.x + label + u16::try_from(column).ok()?;
    Some(Position { x: x.min(area.right()), y: area.y + u16::try_from(row).ok()? })
}
