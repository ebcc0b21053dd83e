//! The popup of completions: what it offers, which of it is marked, and when it is open.
//!
//! Invariants: what was typed whole is never marked, so no key changes it unless the arrows chose
//! something; a word that was left alone with Esc stays alone until another one is begun.

use std::path::{Path, PathBuf};

use ratatui::layout::{Position, Rect};

use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::keymap::Context;
use crate::app::layout;
use crate::app::wrap_bytes::cells;
use crate::codec::printable::printable_str;
use crate::model::key::{Key, KeyCode};
use crate::store::job::{FolderListing, Job};

/// Rows of completions in sight at most.
const ROWS: u16 = 8;
/// Least and greatest width of the popup, its frame included. The least shows what its keys do, and
/// where it stands in a list that is longer than it.
const WIDTH: (u16, u16) = (26, 76);
const LEAST_OF_LONG: u16 = 38;
/// Cells of what is shown of a completion, before what is said about it.
const NAME: u16 = 36;

/// One thing that can be put in place of what is typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// What is put there.
    pub text: String,
    /// How it is shown.
    pub shown: String,
    /// Shown dimmed behind it.
    pub detail: String,
}

/// What can stand where the cursor is; never nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Offer {
    pub(crate) items: Vec<Completion>,
    /// Bytes before and behind the cursor that it replaces.
    pub(crate) typed: usize,
    pub(crate) behind: usize,
    /// The first is what was begun, so that the key that takes a completion takes it.
    pub(crate) is_marked: bool,
    /// What is typed cannot stand by itself: Enter takes what is marked, too.
    pub(crate) is_half: bool,
}

/// An open popup.
#[derive(Debug)]
pub struct Popup {
    offer: Offer,
    cursor: Cursor,
    /// Something is marked, and the arrows did it.
    is_marked: bool,
    is_chosen: bool,
}

impl Popup {
    /// What is in sight in so many rows, each with whether it is marked.
    pub fn shown(&self, rows: u16) -> impl Iterator<Item = (&Completion, bool)> {
        let marked = self.is_marked.then_some(self.cursor.selected);
        let items = self.offer.items.iter().enumerate().skip(self.first(rows));
        items.take(rows.into()).map(move |(at, item)| (item, Some(at) == marked))
    }

    /// The first in sight.
    pub fn first(&self, rows: u16) -> usize {
        let mut cursor = self.cursor;
        cursor.settle(self.len(), rows.into());
        cursor.offset
    }

    /// The one under the cursor.
    pub fn selected(&self) -> usize {
        self.cursor.selected
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.offer.items.len()
    }

    /// Bytes before the cursor that are replaced: it stands below their first.
    pub(crate) fn typed(&self) -> usize {
        self.offer.typed
    }

    /// Cells of the widest name.
    pub fn name_width(&self) -> u16 {
        let widest = self.offer.items.iter().map(|it| cells(&printable_str(&it.shown))).max();
        u16::try_from(widest.unwrap_or(0)).unwrap_or(NAME).min(NAME)
    }

    /// Where it is on a screen of this size, its frame included: below a cell, else above it.
    pub(crate) fn area(&self, at: Position, screen: (u16, u16)) -> Rect {
        let details = self.offer.items.iter().map(|it| cells(&printable_str(&it.detail))).max();
        let details = u16::try_from(details.unwrap_or(0)).unwrap_or(WIDTH.1).min(WIDTH.1);
        let is_long = self.len() > usize::from(ROWS);
        let least = if is_long { LEAST_OF_LONG } else { WIDTH.0 };
        let width = (self.name_width() + details + 6).clamp(least, WIDTH.1).min(screen.0);
        let rows = u16::try_from(self.len()).unwrap_or(ROWS).min(ROWS);
        let (above, below) = (at.y, screen.1.saturating_sub(at.y + 1));
        let height = (rows + 2).min(above.max(below));
        let y = if height <= below { at.y + 1 } else { at.y - height.min(above) };
        // The names stand below what is typed of them.
        let x = at.x.saturating_sub(1).min(screen.0 - width);
        Rect { x, y, width, height }
    }
}

/// What a key that takes a completion does to the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) typed: usize,
    pub(crate) behind: usize,
    pub(crate) text: String,
}

/// What became of an action while the popup may be open.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PopupAct {
    /// It is nothing to the popup, which is closed now.
    Passed,
    Done,
    /// Nothing is marked: the key that takes a completion does what it does without one.
    Unmarked,
    Taken(Taken),
}

/// The popup of a text field, if it is open, and what is known for it.
#[derive(Debug, Default)]
pub struct Completer {
    open: Option<Popup>,
    /// Where the word begins that was left alone.
    left_alone: Option<usize>,
    /// The folder whose names are known, and the one that was asked for.
    folder: Option<(PathBuf, FolderListing)>,
    asked: Option<PathBuf>,
    /// What is typed waits for a folder; with whether it was asked for although nothing is begun.
    waits: Option<bool>,
}

impl Completer {
    /// The popup, if it is open.
    #[must_use]
    pub fn popup(&self) -> Option<&Popup> {
        self.open.as_ref()
    }

    /// Whether a key begins or goes on with a word, or takes back a bit of it.
    pub(crate) fn begins(key: Key) -> bool {
        let is_plain = !key.ctrl && !key.alt;
        key.printable().is_some() || key.code == KeyCode::Backspace && is_plain
    }

    /// Contexts of its keys, before those of the field.
    pub(crate) fn contexts(&self) -> &'static [Context] {
        match &self.open {
            None => &[],
            Some(open) if open.is_marked && (open.is_chosen || open.offer.is_half) => {
                &[Context::Chosen, Context::Completion]
            }
            Some(_) => &[Context::Completion],
        }
    }

    /// What can stand at the cursor, behind so many bytes of its line, after something was typed.
    pub(crate) fn offer(&mut self, offer: Option<Offer>, before: usize) {
        let Some(offer) = offer else {
            self.open = None;
            return;
        };
        let begins = before.saturating_sub(offer.typed);
        if self.left_alone == Some(begins) {
            return;
        }
        self.left_alone = None;
        let is_marked = offer.is_marked;
        let cursor = Cursor::default();
        self.open = Some(Popup { offer, cursor, is_marked, is_chosen: false });
    }

    /// Closes the popup because the cursor went elsewhere.
    pub(crate) fn close(&mut self) {
        self.open = None;
        self.left_alone = None;
        self.waits = None;
        // Read anew next time.
        self.folder = None;
    }

    /// Closes it because the user wants no completion of this word; tells whether it was open.
    fn leave_alone(&mut self, before: usize) -> bool {
        self.waits = None;
        let open = self.open.take();
        if let Some(open) = &open {
            self.left_alone = Some(before.saturating_sub(open.offer.typed));
        }
        open.is_some()
    }

    /// Does an action to the popup; the cursor is behind so many bytes of its line.
    pub(crate) fn act(&mut self, action: Action, before: usize) -> PopupAct {
        use Action::{AcceptCompletion, Back, Down, OfferCompletions, PageDown, PageUp, Up};
        match action {
            AcceptCompletion => self.take().map_or(PopupAct::Unmarked, PopupAct::Taken),
            Back if self.leave_alone(before) => PopupAct::Done,
            Up | Down | PageUp | PageDown
                if CursorStep::of(action).is_some_and(|step| self.step(step)) =>
            {
                PopupAct::Done
            }
            OfferCompletions => PopupAct::Passed,
            _ => {
                self.close();
                PopupAct::Passed
            }
        }
    }

    /// A press of the mouse on the popup at this place takes what is there; `None` = it is elsewhere.
    pub(crate) fn press(&mut self, area: Option<Rect>, at: Position) -> Option<PopupAct> {
        let area = area.filter(|area| area.contains(at))?;
        let inner = layout::window_inner(area);
        let open = self.open.as_mut().filter(|_| inner.contains(at));
        let Some(open) = open else { return Some(PopupAct::Done) };
        let row = open.first(inner.height) + usize::from(at.y - inner.y);
        open.cursor.selected = row;
        open.is_marked = true;
        Some(self.take().map_or(PopupAct::Done, PopupAct::Taken))
    }

    /// Marks another one; tells whether there is a popup.
    fn step(&mut self, step: CursorStep) -> bool {
        let Some(open) = &mut self.open else { return false };
        let len = open.offer.items.len();
        match (open.is_marked, step) {
            (false, CursorStep::Up) => open.cursor.selected = len,
            (false, _) => {}
            (true, step) => open.cursor.step(step, len, ROWS.into()),
        }
        open.cursor.settle(len, ROWS.into());
        (open.is_marked, open.is_chosen) = (true, true);
        true
    }

    /// Takes what is marked, if something is, and closes the popup.
    fn take(&mut self) -> Option<Taken> {
        let mut open = self.open.take()?;
        if !open.is_marked || open.cursor.selected >= open.offer.items.len() {
            return None;
        }
        let text = open.offer.items.swap_remove(open.cursor.selected).text;
        Some(Taken { typed: open.offer.typed, behind: open.offer.behind, text })
    }

    /// The names in a folder, if they are known.
    pub(super) fn listing(&self, folder: &Path) -> Option<&FolderListing> {
        self.folder.as_ref().filter(|(known, _)| known == folder).map(|(_, listing)| listing)
    }

    /// Asks for the names in a folder, one folder at a time.
    pub(super) fn ask(&mut self, folder: &Path, is_asked: bool) -> Option<Intent> {
        self.waits = Some(is_asked);
        if self.asked.is_some() {
            return None;
        }
        let folder = folder.to_owned();
        self.asked = Some(folder.clone());
        Some(Intent::Perform(Effect::Store(Job::ListFolder { folder })))
    }

    /// The names in a folder were read, or could not be; tells whether what is typed waits for them,
    /// and whether it was asked for although nothing is begun.
    pub(crate) fn listed(&mut self, folder: PathBuf, listing: FolderListing) -> Option<bool> {
        self.asked = None;
        self.folder = Some((folder, listing));
        self.waits.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(words: &[&str], is_marked: bool) -> Offer {
        let item = |word: &&str| Completion {
            text: (*word).into(),
            shown: (*word).into(),
            ..Completion::default()
        };
        let items = words.iter().map(item).collect();
        Offer { items, typed: 2, behind: 0, is_marked, is_half: false }
    }

    #[test]
    fn what_was_typed_whole_is_left_unless_the_arrows_choose() {
        let mut completer = Completer::default();
        completer.offer(Some(offer(&["Accept", "Accept-Encoding"], false)), 6);
        assert_eq!(completer.contexts(), [Context::Completion]);
        assert_eq!(completer.take(), None);
        completer.offer(Some(offer(&["Accept", "Accept-Encoding"], false)), 6);
        completer.step(CursorStep::Up);
        assert_eq!(completer.contexts()[0], Context::Chosen);
        assert_eq!(completer.take().unwrap().text, "Accept-Encoding", "from the end up");
    }

    #[test]
    fn a_word_left_alone_stays_alone_until_another_is_begun() {
        let mut completer = Completer::default();
        completer.offer(Some(offer(&["a"], true)), 5);
        assert!(completer.leave_alone(5));
        completer.offer(Some(offer(&["a"], true)), 5);
        assert!(completer.popup().is_none());
        completer.offer(Some(offer(&["a"], true)), 9);
        assert!(completer.popup().is_some());
        assert!(completer.leave_alone(9) && !completer.leave_alone(9));
        completer.close();
        completer.offer(Some(offer(&["a"], true)), 9);
        assert!(completer.popup().is_some());
    }

    #[test]
    fn one_folder_is_asked_for_at_a_time() {
        let mut completer = Completer::default();
        assert!(completer.ask(Path::new("/a"), false).is_some());
        assert!(completer.ask(Path::new("/b"), false).is_none());
        assert_eq!(completer.listed("/a".into(), FolderListing::default()), Some(false));
        assert!(completer.listing(Path::new("/a")).is_some());
        assert!(completer.listing(Path::new("/b")).is_none());
        assert!(completer.ask(Path::new("/b"), false).is_some());
    }
}
