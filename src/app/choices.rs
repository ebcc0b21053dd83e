//! A list to choose from by typing: the body of the palette and of the environment picker.
//!
//! ```text
//! ▸ echo▏             what is typed
//! TCP  tutorial/…     what fits, the best first
//! ```

use std::cmp::Reverse;
use std::ops::Range;

use ratatui::layout::Rect;

use super::action::Action;
use super::cursor::{Cursor, CursorStep};
use super::editor::{Editor, LineMode};
use super::fuzzy::Finder;
use super::message::{Mouse, MouseKind};
use super::outcome::OverlayInput;

/// One thing to choose.
#[derive(Debug, Clone)]
pub struct Choice<T> {
    pub value: T,
    pub title: String,
    /// Shown dimmed behind the title, and searched.
    pub detail: String,
    /// Shown at the right edge: a key or a kind.
    pub note: String,
    /// Searched, never shown.
    pub words: String,
}

/// How well a choice fits what is typed; later is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Only together with what is said about it.
    Sentence,
    Name(u32),
}

impl<T> Choice<T> {
    /// What is matched letter by letter; the title stands first.
    pub fn name(&self) -> String {
        format!("{} {}", self.title, self.words)
    }

    fn sentence(&self) -> String {
        format!("{} {} {}", self.title, self.detail, self.words)
    }
}

/// What an input did to the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// What is under the cursor is taken.
    Chosen,
    /// Other text stands in the field.
    Typed,
    /// The cursor moved, or nothing happened.
    Nothing,
    /// The list has no use for it.
    Unknown,
}

/// Choices, what is typed, and what fits.
#[derive(Debug)]
pub struct Choices<T> {
    pub editor: Editor,
    all: Vec<Choice<T>>,
    /// The last of all was made of what is typed.
    is_offered: bool,
    fitting: Vec<usize>,
    cursor: Cursor,
}

impl<T> Choices<T> {
    /// All of them fit until something is typed; the cursor is on the first.
    pub fn new(all: Vec<Choice<T>>) -> Self {
        let fitting = (0..all.len()).collect();
        let editor = Editor::new("", LineMode::One);
        Choices { editor, all, is_offered: false, fitting, cursor: Cursor::default() }
    }

    /// Line of the text field and area of the list.
    pub fn parts(inner: Rect) -> (Rect, Rect) {
        let field = Rect { height: inner.height.min(1), ..inner };
        (field, Rect { y: field.bottom(), height: inner.height - field.height, ..inner })
    }

    /// Number of choices that fit what is typed.
    pub fn len(&self) -> usize {
        self.fitting.len()
    }

    /// Whether nothing fits what is typed.
    pub fn is_empty(&self) -> bool {
        self.fitting.is_empty()
    }

    /// The choice under the cursor.
    pub fn selected(&self) -> Option<&Choice<T>> {
        self.all.get(*self.fitting.get(self.cursor.selected)?)
    }

    /// Puts the cursor on the first choice that is so.
    pub fn select(&mut self, is: impl Fn(&T) -> bool) {
        let at = self.fitting.iter().position(|at| self.all.get(*at).is_some_and(|c| is(&c.value)));
        self.cursor.selected = at.unwrap_or(0);
    }

    /// The choices shown in `height` rows, and whether each is under the cursor.
    pub fn shown(&self, height: u16) -> impl Iterator<Item = (&Choice<T>, bool)> {
        let rows = self.rows(usize::from(height));
        let selected = self.cursor.selected;
        rows.filter_map(move |row| Some((self.all.get(*self.fitting.get(row)?)?, row == selected)))
    }

    fn rows(&self, height: usize) -> Range<usize> {
        let mut cursor = self.cursor;
        cursor.settle(self.len(), height);
        cursor.offset..(cursor.offset + height).min(self.len())
    }

    /// Takes an input; `inner` is the window without its border.
    pub fn update(&mut self, inner: Rect, input: OverlayInput<'_>) -> Reaction {
        let (_, list) = Self::parts(inner);
        match input {
            OverlayInput::Act(Action::Choose) => Reaction::Chosen,
            OverlayInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.step(step, list.height),
                None => Reaction::Unknown,
            },
            OverlayInput::Key(key) if self.editor.key(key) => self.typed(),
            OverlayInput::Key(_) => Reaction::Nothing,
            OverlayInput::Paste(text) => {
                self.editor.insert(text);
                self.typed()
            }
            OverlayInput::Mouse(mouse) => self.mouse(list, mouse),
        }
    }

    fn typed(&mut self) -> Reaction {
        self.refit();
        Reaction::Typed
    }

    fn step(&mut self, step: CursorStep, height: u16) -> Reaction {
        self.cursor.step(step, self.len(), usize::from(height));
        Reaction::Nothing
    }

    fn mouse(&mut self, list: Rect, mouse: Mouse) -> Reaction {
        match mouse.kind {
            MouseKind::ScrollUp => self.step(CursorStep::Up, list.height),
            MouseKind::ScrollDown => self.step(CursorStep::Down, list.height),
            MouseKind::Press
                if list.contains((mouse.column, mouse.row).into())
                    && self.click(mouse.row - list.y, list.height) =>
            {
                Reaction::Chosen
            }
            _ => Reaction::Nothing,
        }
    }

    /// Puts a choice made of what is typed before all others, in place of the one before it.
    pub fn offer(&mut self, choice: Option<Choice<T>>) {
        if std::mem::replace(&mut self.is_offered, choice.is_some()) {
            self.all.pop();
        }
        self.all.extend(choice);
        self.refit();
        if self.is_offered {
            let last = self.all.len() - 1;
            self.fitting.retain(|at| *at != last);
            self.fitting.insert(0, last);
        }
    }

    /// Puts the cursor on the choice in a row of the list; tells whether there is one.
    fn click(&mut self, row: u16, height: u16) -> bool {
        let at = self.rows(usize::from(height)).start + usize::from(row);
        if at < self.len() {
            self.cursor.selected = at;
        }
        at < self.len()
    }

    fn refit(&mut self) {
        let text = self.editor.text();
        let (mut names, mut sentences) = (Finder::new(&text), Finder::of_words(&text));
        let mut fitting: Vec<(usize, Fit)> = Vec::new();
        for (at, choice) in self.all.iter().enumerate() {
            let fit = match names.score(&choice.name()) {
                Some(score) => Some(Fit::Name(score)),
                None => sentences.score(&choice.sentence()).map(|_| Fit::Sentence),
            };
            fitting.extend(fit.map(|fit| (at, fit)));
        }
        fitting.sort_by_key(|(_, fit)| Reverse(*fit));
        self.fitting = fitting.into_iter().map(|(at, _)| at).collect();
        self.cursor = Cursor::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::{Key, KeyCode};

    fn choices() -> Choices<u8> {
        let choice = |value, title: &str| Choice {
            value,
            title: title.into(),
            detail: String::new(),
            note: String::new(),
            words: String::new(),
        };
        Choices::new(vec![choice(1, "save"), choice(2, "send"), choice(3, "quit")])
    }

    #[test]
    fn typing_narrows_and_deleting_widens() {
        let inner = Rect::new(0, 0, 20, 3);
        let mut choices = choices();
        choices.update(inner, OverlayInput::Key(Key::char('q')));
        assert_eq!(choices.selected().map(|choice| choice.value), Some(3));
        choices.update(inner, OverlayInput::Key(Key::new(KeyCode::Backspace)));
        assert_eq!(choices.len(), 3);
        choices.update(inner, OverlayInput::Paste("zzz"));
        assert!(choices.selected().is_none());
    }

    #[test]
    fn a_click_below_the_last_row_hits_nothing() {
        let mut choices = choices();
        assert!(choices.click(2, 9));
        assert!(!choices.click(3, 9));
        assert_eq!(choices.selected().map(|choice| choice.value), Some(3));
    }
}
