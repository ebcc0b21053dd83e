//! The presets pane: the workspace as a tree of folders, above it what was never saved.
//!
//! ```text
//! / user▏                 search line, while there is a search
//! TCP 127.0.0.1:9000      drafts without a file
//! ▾ users                 folders and presets, by name
//!   POST create ●      ◉  ● = unsaved changes, ◉ = runs
//! Create a user           about the selected row
//! ```
//! Rows and selection are kept by `list`; here is what keys, clicks and the search line do.

mod list;

pub use list::PresetsPane;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::copying;
use crate::app::cursor::CursorStep;
use crate::app::drafts::Draft;
use crate::app::focus::Pane;
use crate::app::intent::Intent;
use crate::app::layout::pane_inner;
use crate::app::message::Mouse;
use crate::app::outcome::{Handled, Outcome, PaneInput};
use crate::app::preset_tree::TreeItem;
use crate::app::search_line::{self, SearchKey};
use crate::app::shared::Shared;
use crate::model::id::SessionId;
use crate::model::preset::PresetPath;

impl PresetsPane {
    /// Takes an input while the pane has the focus, or the wheel over it.
    pub fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        match search_line::update(&mut self.search, input) {
            Some(SearchKey::Accept) => return self.accept(shared),
            Some(SearchKey::Move(step)) => self.step(shared, step),
            Some(SearchKey::Changed) => self.search_changed(shared),
            Some(SearchKey::Ignored) => {}
            None => match input {
                PaneInput::Act(action) => return self.act(shared, action),
                PaneInput::Wheel(step) => self.step(shared, step),
                PaneInput::Press(area, mouse) => return self.press(shared, area, mouse),
                PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => {
                    return Outcome::no();
                }
            },
        }
        Outcome::yes()
    }

    /// The focus leaves: the search stays, but takes no more keys.
    pub(crate) fn blur(&mut self) {
        if let Some(search) = &mut self.search {
            search.typing = false;
        }
    }

    /// What is worth doing with the row under the cursor.
    pub fn hints(&self, shared: &Shared) -> Vec<Action> {
        let mut hints = match self.selected(shared) {
            Some(TreeItem::Folder(_)) => {
                vec![
                    Action::Toggle,
                    Action::RunPresets,
                    Action::Rename,
                    Action::Move,
                    Action::NewFolder,
                    Action::Delete,
                ]
            }
            Some(item) if item.is_broken(shared) => vec![Action::Rename, Action::Delete],
            Some(item @ TreeItem::Draft(_)) => {
                let live = item.is_live(shared).then_some(Action::Stop);
                [Action::Open, Action::Send, Action::Save].into_iter().chain(live).collect()
            }
            Some(item) => {
                let live = item.is_live(shared).then_some(Action::Stop);
                let changed = item.draft(shared).is_some_and(Draft::is_modified);
                let kept = changed.then_some(Action::Save);
                let more = [live, kept].into_iter().flatten();
                [Action::Open, Action::Send].into_iter().chain(more).collect()
            }
            None => vec![Action::New, Action::Import],
        };
        hints.push(Action::Find);
        hints
    }

    /// A listener is up. In the starter workspace the client that talks to it is opened, so that the
    /// same key once more shows both ends. Not before: were the port taken, the client would talk to
    /// somebody else.
    pub fn listening(&self, shared: &Shared, id: SessionId) -> Outcome {
        let is_meant = |draft: &&Draft| {
            let item = TreeItem::of(shared, draft);
            shared.focus == Pane::Presets
                && item.is_open(shared)
                && self.selected(shared) == Some(item)
        };
        let listener = shared.drafts.of_session(id).filter(is_meant);
        let partner = listener.and_then(|draft| partner(shared, draft.preset.as_ref()?));
        let Some(partner) = partner else { return Outcome::no() };
        let said = format!("listening: [send] again sends to it from {}", partner.name());
        Outcome::from(Intent::OpenPreset(partner)).with(Intent::Say(said))
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        if let Some(step) = CursorStep::of(action) {
            self.step(shared, step);
            return Outcome::yes();
        }
        match action {
            Action::Open => return self.open(shared),
            Action::Toggle => self.toggle(shared),
            Action::Undo => return Intent::UndoDelete.into(),
            Action::FoldAll => self.fold_all(shared),
            Action::Left => self.fold(shared),
            Action::Right => self.unfold(shared),
            Action::Find => self.start_search(shared),
            Action::Back if self.search.is_some() => self.end_search(shared),
            Action::Copy => return self.copy(shared),
            Action::MoveUp | Action::MoveDown if self.search.is_some() => {
                return Outcome::say("[back] ends the search, then rows can be moved");
            }
            Action::NewFolder if self.selected(shared).is_none() => {
                return Intent::ActOn(action, TreeItem::Folder(String::new())).into();
            }
            Action::Rename
            | Action::NewFolder
            | Action::Move
            | Action::MoveUp
            | Action::MoveDown
            | Action::Duplicate
            | Action::Delete
            | Action::Revert
            | Action::Readdress
            | Action::Describe => {
                let item = self.selected(shared);
                return item.map(|item| Intent::ActOn(action, item)).into();
            }
            Action::Send | Action::SendLiteral => return self.send(shared, action),
            // These mean the selected row; then the program does them to what is on screen.
            Action::ShowCode if matches!(self.selected(shared), Some(TreeItem::Folder(_))) => {
                return self.selected(shared).map(|item| Intent::ActOn(action, item)).into();
            }
            Action::SaveAs | Action::ShowCode => return self.show_first(shared, |_| true),
            Action::Stop => return self.show_first(shared, |item| item.is_live(shared)),
            // What was just edited is saved before what happens to be selected.
            Action::Save if !shared.drafts.current().is_modified() => {
                let is_modified =
                    |item: &TreeItem| item.draft(shared).is_some_and(Draft::is_modified);
                return self.show_first(shared, is_modified);
            }
            _ => return Outcome::no(),
        }
        Outcome::yes()
    }

    fn open(&mut self, shared: &Shared) -> Outcome {
        match self.selected(shared) {
            Some(TreeItem::Folder(_)) => {
                self.toggle(shared);
                Outcome::yes()
            }
            Some(item) if item.is_broken(shared) => Outcome::from(show(item)),
            Some(item) => Outcome::from(show(item)).with(Intent::Focus(Pane::Request)),
            None => Outcome::yes(),
        }
    }

    /// What is sent is what is on screen: another row is put there, and sent by the same key once
    /// more.
    fn send(&self, shared: &Shared, action: Action) -> Outcome {
        let is_other =
            |item: &TreeItem| !matches!(item, TreeItem::Folder(_)) && !item.is_open(shared);
        match self.selected(shared).filter(is_other) {
            Some(item) if item.is_broken(shared) => Outcome::from(show(item)),
            Some(item) => Outcome::from(show(item)).with(Intent::SayOpened(action)),
            None => Outcome::no(),
        }
    }

    /// Puts the selected row on screen, if it is so, before the program does the action to it. A row
    /// that cannot be put there says why, and nothing is done to another one.
    fn show_first(&self, shared: &Shared, is: impl Fn(&TreeItem) -> bool) -> Outcome {
        match self.selected(shared).filter(is) {
            Some(TreeItem::Folder(folder)) => {
                Intent::Quote(format!("{folder}/ is a folder: select a preset")).into()
            }
            Some(item) if item.is_broken(shared) => Outcome::from(show(item)),
            Some(item) if !item.is_open(shared) => {
                Outcome { handled: Handled::No, intents: show(item) }
            }
            Some(_) | None => Outcome::no(),
        }
    }

    fn copy(&self, shared: &Shared) -> Outcome {
        let text = match self.selected(shared) {
            Some(TreeItem::Preset(path)) => path.to_string(),
            Some(TreeItem::Folder(folder)) => folder,
            Some(TreeItem::Draft(_)) | None => return Outcome::yes(),
        };
        copying::put(text.clone(), text).into()
    }

    fn start_search(&mut self, shared: &Shared) {
        if self.search.is_none() {
            self.note_selection(shared);
        }
        self.search.get_or_insert_default().typing = true;
        self.rebuild(shared);
    }

    /// Shows all rows again, the cursor on what was found, else where it was before.
    fn end_search(&mut self, shared: &Shared) {
        let item = self.selected(shared);
        self.search = None;
        match item {
            Some(TreeItem::Preset(path)) => self.reveal(shared, &path),
            Some(_) => self.rebuild(shared),
            None => self.restore_selection(shared),
        }
    }

    /// What was found is wanted: opens what was found.
    fn accept(&mut self, shared: &Shared) -> Outcome {
        let is_found = self.selected(shared).is_some();
        self.end_search(shared);
        if is_found { self.open(shared) } else { Outcome::yes() }
    }

    /// A press of the mouse: selects a row; on the selected one it opens, on a folder it folds.
    fn press(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let parts = self.areas(shared, pane_inner(area));
        let at = (mouse.column, mouse.row).into();
        if parts.search.contains(at) {
            self.start_search(shared);
            return Outcome::yes();
        }
        self.blur();
        if !parts.list.contains(at) {
            return Outcome::no();
        }
        let before = self.cursor(shared, usize::from(parts.list.height));
        let row = before.offset + usize::from(mouse.row - parts.list.y);
        let Some(hit) = self.listing(shared).row(row) else { return Outcome::no() };
        let again = self.chosen.as_ref() == Some(&hit.item);
        self.select(shared, row);
        if again || matches!(hit.item, TreeItem::Folder(_)) {
            return self.open(shared);
        }
        Outcome::yes()
    }
}

/// Puts what a row stands for on screen.
fn show(item: TreeItem) -> Vec<Intent> {
    match item {
        TreeItem::Folder(_) => Vec::new(),
        TreeItem::Draft(id) => vec![Intent::ShowDraft(id)],
        TreeItem::Preset(path) => vec![Intent::OpenPreset(path)],
    }
}

/// The client that talks to a listener of the starter workspace.
fn partner(shared: &Shared, path: &PresetPath) -> Option<PresetPath> {
    let client = path.as_str().strip_suffix("-server").filter(|_| shared.workspace.is_starter)?;
    let client = PresetPath::parse(&format!("{client}-client")).ok()?;
    shared.stored(&client).filter(|stored| stored.content.is_ok()).map(|_| client)
}
