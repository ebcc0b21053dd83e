//! Text fields: single lines, areas and input lines.
//!
//! Every text field of the program is an [`Editor`]; panes give it keys that no action took. The
//! text is held and edited by a `TextModel`: by `tui-textarea` as long as it is of ordinary size
//! (`area_text`), beyond that by `large_text`, where a key costs what is in sight. Nobody outside
//! sees which: keys do the same in both, and undo goes back over the border.

mod area_text;
mod brackets;
mod code_keys;
mod coding;
mod difference;
mod edit_command;
mod inserted;
mod key_run;
mod large_text;
mod presses;
mod row_colors;
mod text_check;
mod text_model;
mod text_rows;
mod text_view;

use std::borrow::Cow;

use area_text::{AreaText, ORDINARY};
pub use coding::TextFlaw;
pub(crate) use difference::difference;
pub use edit_command::TEXT_KEYS;
use edit_command::{EditCommand, edit_command};
pub use inserted::Inserted;
use inserted::{joined, spelled, with_breaks};
use key_run::{KeyRun, RunKind};
use large_text::LargeText;
pub use row_colors::PieceKind;
use text_check::TextCheck;
use text_model::{Deletion, Motion, TextModel, TextPlace};
pub use text_model::{Splice, TextChange};
use text_rows::{TAB, column};
use text_view::TextView;
pub use text_view::{RowPiece, TextStyle};

use crate::app::format::start_of;
use crate::app::word_run::only_char;
use crate::model::key::{Key, KeyCode};

/// Largest paste taken into a field, in bytes; more is cut with a notice by the caller.
pub(crate) const PASTE_LIMIT: usize = 8 * 1024 * 1024;

/// Whether a field holds one line or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineMode {
    One,
    Many,
}

/// Where the cursor of a field goes when the field gets the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caret {
    /// Where it is.
    Keep,
    /// Before the first character of its line.
    Start,
    /// Behind the last character.
    End,
    /// Everything is selected, so that the next character replaces it.
    All,
    /// To a row and column of what is in sight, as far as the text reaches.
    At { row: usize, column: usize },
}

/// A text field with cursor, selection and undo.
#[derive(Debug)]
pub struct Editor {
    model: Box<dyn TextModel>,
    /// What held the text before it grew too large for it, when there is nothing left to undo;
    /// and what will hold it again when all is redone.
    earlier: Option<Box<dyn TextModel>>,
    later: Option<Box<dyn TextModel>>,
    /// The keys pressed last that are one change with the next ones.
    run: Option<KeyRun>,
    /// The column the cursor goes back to when rows are longer again.
    goal: Option<usize>,
    /// What the last key or insertion changed.
    changed: Option<TextChange>,
    view: TextView,
    /// How far a text that is to be JSON was looked at.
    check: Option<Box<TextCheck>>,
    /// Brackets and quotes right behind the cursor that came by themselves, the nearest last.
    closers: Vec<char>,
    /// The button of the mouse was pressed in it and is down.
    is_pressed: bool,
    /// Somebody typed or pasted in it.
    is_typed: bool,
}

impl Editor {
    /// A field holding `text`, the cursor at its end (one line) or start (many).
    pub fn new(text: &str, lines: LineMode) -> Self {
        Editor::with_room(text, lines, ORDINARY)
    }

    fn with_room(text: &str, lines: LineMode, room: usize) -> Self {
        let is_line = lines == LineMode::One;
        let text: Cow<'_, str> =
            if is_line { text.replace(['\n', '\r'], " ").into() } else { text.into() };
        let mut model: Box<dyn TextModel> = match text.len() {
            // The text area takes the CR of a line's end away.
            len if len <= room && !text.contains('\r') => Box::new(AreaText::new(&text, room)),
            _ => Box::new(LargeText::new(text.into_owned())),
        };
        if is_line {
            model.go(Motion::Bottom);
        }
        Editor {
            model,
            earlier: None,
            later: None,
            run: None,
            goal: None,
            changed: None,
            view: TextView::new(is_line),
            check: None,
            closers: Vec::new(),
            is_pressed: false,
            is_typed: false,
        }
    }

    /// Whether somebody typed or pasted in it since it was made.
    pub(crate) fn is_typed(&self) -> bool {
        self.is_typed
    }

    /// The same field, its characters shown as dots.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.view.is_masked = true;
        self
    }

    /// Whether its characters are shown as dots.
    pub(crate) fn is_masked(&self) -> bool {
        self.view.is_masked
    }

    /// Shows the characters as dots, or as they are.
    pub(crate) fn set_masked(&mut self, is_masked: bool) {
        self.view.is_masked = is_masked;
    }

    /// What was typed, lines joined with LF, hidden characters as they are.
    pub fn text(&self) -> Cow<'_, str> {
        self.model.text()
    }

    /// What the last key or insertion changed.
    pub fn changed(&self) -> Option<&TextChange> {
        self.changed.as_ref()
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.at_end() && self.at_start()
    }

    /// Whether it holds one line or many.
    pub fn lines(&self) -> LineMode {
        if self.view.is_line { LineMode::One } else { LineMode::Many }
    }

    /// Number of lines.
    pub fn line_count(&self) -> usize {
        self.model.count()
    }

    /// Puts the cursor where it shall be in a field that got the focus.
    pub(crate) fn move_to(&mut self, caret: Caret) {
        self.closers.clear();
        match caret {
            Caret::Keep => {}
            Caret::Start => self.go(false, |model| model.go(Motion::Head)),
            Caret::End => self.go(false, |model| model.go(Motion::Bottom)),
            Caret::All => {
                self.go(false, |model| model.go(Motion::Top));
                self.go(true, |model| model.go(Motion::Bottom));
            }
            Caret::At { row, column } => self.place(row, column),
        }
    }

    /// Puts the cursor into a row in sight, as far as the text reaches.
    pub fn place(&mut self, row: usize, column: usize) {
        self.closers.clear();
        let place = self.view.place_at(&*self.model, row, column);
        self.go(false, |model| model.jump(place));
    }

    /// Whether the cursor is on the first row (`Up` leaves the field there).
    pub fn at_top(&self) -> bool {
        self.model.is_start(self.view.row(&*self.model, self.model.cursor()).start)
    }

    /// Whether the cursor is on the last row.
    pub(crate) fn at_bottom(&self) -> bool {
        let row = self.view.row(&*self.model, self.model.cursor());
        self.view.is_lowest(&*self.model, &row)
    }

    /// One row down or up; tells whether there is one.
    pub(crate) fn step_row(&mut self, down: bool) -> bool {
        let (code, is_edge) =
            if down { (KeyCode::Down, self.at_bottom()) } else { (KeyCode::Up, self.at_top()) };
        if !is_edge {
            self.key(Key::new(code));
        }
        !is_edge
    }

    /// Whether the cursor is before the first character.
    pub(crate) fn at_start(&self) -> bool {
        self.model.is_start(self.model.cursor())
    }

    /// Whether the cursor is after the last character.
    pub(crate) fn at_end(&self) -> bool {
        self.model.is_end(self.model.cursor())
    }

    /// The rows of an area of this size, moved so that the cursor is on one of them.
    pub fn rows(&self, width: u16, height: u16) -> Vec<Vec<RowPiece>> {
        self.view.rows(&*self.model, (width, height), self.wrong())
    }

    /// The line of each row that was drawn last, counted from 0, and whether it begins there.
    pub fn row_numbers(&self) -> Vec<(usize, bool)> {
        self.view.numbers(&*self.model)
    }

    /// The first row in sight and how many there are, about; `None` = all are in sight.
    pub fn extent(&self) -> Option<(u64, u64)> {
        self.view.extent(&*self.model)
    }

    /// So many cells and rows are there for it from now on.
    pub(crate) fn fit(&self, width: u16, height: u16) {
        self.view.fit(width, height);
    }

    /// The row and the column behind the last character, if that is in sight of what was drawn last.
    pub fn end_in_sight(&self) -> Option<(usize, usize)> {
        self.view.end_in_sight(&*self.model)
    }

    /// The text of the line before and behind the cursor, so many bytes of each at most.
    pub(crate) fn around(&self, most: usize) -> (&str, &str) {
        let at = self.model.cursor();
        let (before, behind) =
            self.model.line(at.line).split_at_checked(at.byte).unwrap_or_default();
        let cut = before.len().saturating_sub(most);
        let cut = (cut..before.len()).find(|cut| before.is_char_boundary(*cut));
        (before.split_at(cut.unwrap_or(before.len())).1, start_of(behind, most))
    }

    /// Where so many bytes before the cursor are in what was drawn last: row and column.
    pub fn in_sight(&self, before: usize) -> Option<(usize, usize)> {
        let at = self.model.cursor();
        let byte = at.byte.saturating_sub(before);
        self.view.in_sight(&*self.model, self.model.floor(TextPlace { byte, ..at }))
    }

    /// Puts text in place of so many bytes of the line before and behind the cursor.
    pub(crate) fn replace_around(&mut self, before: usize, behind: usize, text: &str) {
        let at = self.model.cursor();
        let start = TextPlace { byte: at.byte.saturating_sub(before), ..at };
        let end = TextPlace { byte: at.byte + behind, ..at };
        let (start, end) = (self.model.floor(start), self.model.floor(end));
        self.changed = None;
        self.go(false, |model| model.jump(start));
        if start != end {
            self.go(true, |model| model.jump(end));
        }
        self.put(text);
    }

    /// Moves the cursor to a place in sight, selecting what lies between.
    pub(crate) fn drag_to(&mut self, row: usize, column: usize) {
        self.closers.clear();
        let place = self.view.place_at(&*self.model, row, column);
        self.go(true, |model| model.jump(place));
    }

    /// Moves the visible part, down when positive; the cursor follows into it.
    pub fn scroll(&mut self, rows: i16) {
        if let Some(place) = self.view.scroll(&*self.model, rows.into()) {
            self.go(false, |model| model.jump(place));
        }
    }

    /// Gives the field a key; tells whether the text changed.
    pub fn key(&mut self, key: Key) -> bool {
        self.changed = None;
        let command = edit_command(key);
        if !matches!(command, Some(EditCommand::Type(_) | EditCommand::Delete(Deletion::Before))) {
            self.closers.clear();
        }
        match command {
            Some(EditCommand::NewLine) => self.break_line(),
            Some(EditCommand::Indent { is_out }) => self.move_lines(is_out),
            Some(EditCommand::SelectAll) => self.move_to(Caret::All),
            Some(EditCommand::Type(c)) => self.type_char(c),
            Some(EditCommand::Delete(Deletion::Before)) => self.delete_before(),
            Some(EditCommand::Delete(what)) => self.delete(what),
            Some(EditCommand::Copy) => self.model.copy(),
            Some(EditCommand::Paste) => self.paste(),
            Some(EditCommand::Undo) => self.undo(),
            Some(EditCommand::Redo) => self.redo(),
            Some(EditCommand::Go(motion)) => self.go(key.shift, |model| model.go(motion)),
            Some(EditCommand::Step { is_forward }) => {
                let at = self.model.cursor();
                let selected = self.model.selection().filter(|_| !key.shift);
                let place = match selected {
                    // To the end of what was selected.
                    Some(range) => {
                        if is_forward {
                            range.end
                        } else {
                            range.start
                        }
                    }
                    None if is_forward => self.model.behind(at),
                    None => self.model.before(at),
                };
                self.go(key.shift, |model| model.jump(place));
            }
            Some(EditCommand::Row { is_down, is_page }) => {
                let rows = if is_page { self.view.page() } else { 1 };
                self.vertical(if is_down { rows } else { -rows }, key.shift);
            }
            None => {}
        }
        self.look_again();
        self.is_typed |= self.changed.is_some();
        self.changed.is_some()
    }

    /// Cuts what is selected; tells whether something is.
    pub(crate) fn cut_selection(&mut self) -> bool {
        self.key(Key { ctrl: true, ..Key::char('x') })
    }

    /// The same field, with marks where its line breaks go out as they are.
    #[must_use]
    pub(crate) fn marked(mut self) -> Self {
        self.view.shows_breaks = true;
        self
    }

    /// Inserts text at the cursor. Line breaks become spaces in a single line and stay as they are
    /// in many, where control characters stay, too; a single line does without them. Tells what
    /// became another text or cannot be seen.
    pub fn insert(&mut self, text: &str) -> Inserted {
        let (clean, inserted) = if self.view.is_line { joined(text) } else { with_breaks(text) };
        (self.changed, self.is_typed) = (None, true);
        self.put(&clean);
        self.look_again();
        inserted
    }

    /// The same where escapes are read: whatever is no plain text becomes an escape, so that what
    /// was inserted is what goes out.
    pub(crate) fn insert_payload(&mut self, text: &str) -> Inserted {
        let (clean, inserted) = spelled(text, self.view.is_line);
        self.changed = None;
        self.put(&clean);
        inserted
    }

    /// Inserts a line break, in fields of many lines.
    pub(crate) fn new_line(&mut self) {
        if !self.view.is_line {
            self.put("\n");
        }
    }
}

/// Changes of the text.
impl Editor {
    /// Puts text in place of the selection, or where the cursor is.
    fn put(&mut self, text: &str) {
        let is_grown = self.make_room(text);
        let typed = only_char(text);
        let at = self.model.cursor();
        let joined = self.run.filter(|run| {
            let is_free = !is_grown && self.model.selection().is_none();
            is_free && typed.is_some_and(|c| run.takes(RunKind::Typed, at, c))
        });
        let change = self.model.put(text, joined.is_some());
        self.took(change);
        let run = joined.unwrap_or(KeyRun::new(RunKind::Typed, at));
        self.run = typed.map(|c| run.with(c, self.model.cursor()));
    }

    fn paste(&mut self) {
        let kept = self.model.kept();
        self.make_room(&kept);
        let change = self.model.paste();
        self.took(change);
    }

    /// Gives the text to a model that takes it if it gets too large for this one; tells whether it
    /// did.
    fn make_room(&mut self, more: &str) -> bool {
        let room = self.model.room();
        let is_ordinary = room < usize::MAX;
        let is_grown = is_ordinary && (self.model.len() + more.len() > room || more.contains('\r'));
        if is_grown {
            let large = LargeText::of(&*self.model);
            let mut earlier = std::mem::replace(&mut self.model, Box::new(large));
            earlier.forget_undone();
            self.earlier = Some(earlier);
        }
        is_grown
    }

    /// Takes the last change back.
    fn undo(&mut self) {
        let mut change = self.model.undo();
        if change.is_none()
            && !self.model.has_forgotten()
            && let Some(earlier) = &mut self.earlier
        {
            change = earlier.undo();
            if change.is_some() {
                std::mem::swap(&mut self.model, earlier);
                self.later = self.earlier.take();
            }
        }
        self.came_back(change);
    }

    /// Makes the change again that was taken back last.
    fn redo(&mut self) {
        let mut change = self.model.redo();
        if change.is_none()
            && let Some(later) = &mut self.later
        {
            change = later.redo();
            if change.is_some() {
                std::mem::swap(&mut self.model, later);
                self.earlier = self.later.take();
            }
        }
        self.came_back(change);
    }

    /// Takes over what a key did to the text.
    fn took(&mut self, change: Option<TextChange>) {
        if change.is_some() {
            self.later = None;
            self.came_back(change);
        }
    }

    fn came_back(&mut self, change: Option<TextChange>) {
        self.run = None;
        self.goal = None;
        self.changed = change;
    }
}

/// Moves of the cursor.
impl Editor {
    fn go(&mut self, selects: bool, step: impl FnOnce(&mut dyn TextModel)) {
        self.goal = None;
        self.model.select(selects);
        step(&mut *self.model);
    }

    fn vertical(&mut self, rows: isize, selects: bool) {
        if self.view.is_line {
            self.model.select(selects);
            return;
        }
        let row = self.view.row(&*self.model, self.model.cursor());
        let goal = self.goal.unwrap_or_else(|| row.column_of(self.model.cursor()));
        let place = self.view.row_from(&*self.model, row, rows).place_at(goal);
        self.go(selects, |model| model.jump(place));
        self.goal = Some(goal);
    }
}

#[cfg(test)]
mod coding_tests;
#[cfg(test)]
mod editor_tests;
