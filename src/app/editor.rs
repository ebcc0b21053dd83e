//! Text fields: single lines, areas and input lines.
//!
//! Every text field of the program is an [`Editor`]; panes give it keys that no action took. What a
//! key costs does not grow with the text but for moving the bytes behind it: nothing is copied,
//! measured or made printable but the rows in sight.

use std::cell::Cell;
use std::fmt::Write as _;
use std::ops::Range;

use super::motion::{Motion, motion};
pub use super::text_buffer::Splice;
use super::text_buffer::TextBuffer;
use super::text_rows::{Glyphs, TAB, column_of, next_row, place_at, previous_row, row_at};
use crate::model::key::{Key, KeyCode};

/// Largest paste taken into a field, in bytes; more is cut with a notice by the caller.
pub const PASTE_LIMIT: usize = 8 * 1024 * 1024;

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

/// How a piece of a row looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Plain,
    Selected,
    Cursor,
}

/// A piece of a row as it is drawn: text of one look, so many cells from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPiece {
    pub text: String,
    pub column: usize,
    pub look: Look,
}

/// A text field with cursor, selection and undo.
#[derive(Debug, Clone)]
pub struct Editor {
    buffer: TextBuffer,
    /// Where the cursor is, in bytes.
    at: usize,
    /// The other end of the selection.
    anchor: Option<usize>,
    /// The column the cursor goes back to when rows are longer again.
    goal: Option<usize>,
    lines: LineMode,
    is_masked: bool,
    /// What was cut last.
    cut: String,
    /// What the last key or insertion changed.
    changed: Option<Splice>,
    /// What was drawn last; drawing moves it so that the cursor is in sight.
    view: Cell<View>,
}

/// The part of a text that is in sight.
#[derive(Debug, Clone, Copy, Default)]
struct View {
    /// Place of the first character.
    top: usize,
    width: usize,
    height: usize,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum CharKind {
    Space,
    Punctuation,
    Word,
}

impl Editor {
    /// A field holding `text`, the cursor at its end (one line) or start (many).
    pub fn new(text: &str, lines: LineMode) -> Self {
        let text = match lines {
            LineMode::One => text.replace(['\n', '\r'], " "),
            LineMode::Many => text.to_owned(),
        };
        let at = if lines == LineMode::One { text.len() } else { 0 };
        Editor {
            buffer: TextBuffer::new(text),
            at,
            anchor: None,
            goal: None,
            lines,
            is_masked: false,
            cut: String::new(),
            changed: None,
            view: Cell::default(),
        }
    }

    /// The same field, its characters shown as dots.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.is_masked = true;
        self
    }

    /// What was typed, lines joined with LF, hidden characters as they are.
    pub fn text(&self) -> &str {
        self.buffer.text()
    }

    /// What the last key or insertion changed.
    pub fn changed(&self) -> Option<&Splice> {
        self.changed.as_ref()
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.buffer.len() == 0
    }

    /// Whether it holds one line or many.
    pub fn lines(&self) -> LineMode {
        self.lines
    }

    /// Number of lines.
    pub fn line_count(&self) -> usize {
        self.buffer.line_count()
    }

    /// Row and column of the cursor, in lines and characters.
    pub fn cursor(&self) -> (usize, usize) {
        let before = self.text().get(..self.at).unwrap_or_default();
        let line = self.buffer.line(self.at);
        let column = self.buffer.slice(line.start..self.at).chars().count();
        (memchr::memchr_iter(b'\n', before.as_bytes()).count(), column)
    }

    /// Puts the cursor into a row in sight, as far as the text reaches.
    pub fn place(&mut self, row: usize, column: usize) {
        self.anchor = None;
        self.goal = None;
        if self.lines == LineMode::One {
            let start = self.view.get().top.min(self.buffer.len());
            self.at =
                place_at(&self.buffer, &(self.buffer.floor(start)..self.buffer.len()), column);
            return;
        }
        let width = self.width();
        let mut there = row_at(&self.buffer, self.top(), width);
        for _ in 0..row {
            let Some(below) = next_row(&self.buffer, &there, width) else { break };
            there = below;
        }
        self.at = place_at(&self.buffer, &there, column);
    }

    /// Puts the cursor where it shall be in a field that got the focus.
    pub fn move_to(&mut self, caret: Caret) {
        match caret {
            Caret::Keep => {}
            Caret::Start => self.go(Motion::Head, false),
            Caret::End => self.go(Motion::Bottom, false),
            Caret::All if self.is_empty() => {}
            Caret::All => {
                self.anchor = Some(0);
                self.at = self.buffer.len();
            }
            Caret::At { row, column } => self.place(row, column),
        }
    }

    /// Whether the cursor is on the first row (`Up` leaves the field there).
    pub fn at_top(&self) -> bool {
        row_at(&self.buffer, self.at, self.width()).start == 0
    }

    /// Whether the cursor is on the last row.
    pub fn at_bottom(&self) -> bool {
        let row = row_at(&self.buffer, self.at, self.width());
        next_row(&self.buffer, &row, self.width()).is_none()
    }

    /// Whether the cursor is before the first character.
    pub fn at_start(&self) -> bool {
        self.at == 0
    }

    /// Whether the cursor is after the last character.
    pub fn at_end(&self) -> bool {
        self.at == self.buffer.len()
    }

    /// Gives the field a key; tells whether the text changed.
    pub fn key(&mut self, key: Key) -> bool {
        self.changed = None;
        if let Some(motion) = motion(key) {
            self.go(motion, key.shift);
            return false;
        }
        let is_many = self.lines == LineMode::Many;
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Enter, ..) | (KeyCode::Char('m'), true, false) if is_many => self.put("\n"),
            (KeyCode::Tab, false, false) if is_many => {
                let line = self.buffer.line(self.at);
                let column = column_of(&self.buffer, &line, self.at);
                self.put(&" ".repeat(TAB - column % TAB));
            }
            (KeyCode::Char(c), false, false) => self.put(c.encode_utf8(&mut [0; 4])),
            (KeyCode::Char('z'), false, true) => {
                let undone = self.buffer.undo();
                self.came_back(undone);
            }
            (KeyCode::Char('Z'), false, true) | (KeyCode::Char('r'), true, false) => {
                let redone = self.buffer.redo();
                self.came_back(redone);
            }
            (KeyCode::Char('y'), true, false) => {
                let cut = self.cut.clone();
                self.put(&cut);
            }
            (KeyCode::Char('c'), true, false) => {
                self.cut = self.buffer.slice(self.selection().unwrap_or_default()).to_owned();
            }
            _ => {
                if let Some((range, is_cut)) = self.deleted(key) {
                    if is_cut {
                        self.cut = self.buffer.slice(range.clone()).to_owned();
                    }
                    self.replace(range, "");
                }
            }
        }
        self.changed.is_some()
    }

    /// Inserts text at the cursor. Line breaks become spaces in a single line; control characters
    /// other than line breaks and tabs become `\xNN`, so nothing invisible slips in. Tells how
    /// many were rewritten.
    pub fn insert(&mut self, text: &str) -> usize {
        self.changed = None;
        let mut rewritten = 0;
        let mut clean = String::with_capacity(text.len());
        let unix = text.replace("\r\n", "\n").replace('\r', "\n");
        for c in unix.chars() {
            match c {
                '\n' if self.lines == LineMode::One => clean.push(' '),
                '\n' | '\t' => clean.push(c),
                c if c.is_control() => {
                    rewritten += 1;
                    let _ = write!(clean, "\\x{:02x}", u32::from(c));
                }
                c => clean.push(c),
            }
        }
        let clean = if self.lines == LineMode::One { clean.trim_end() } else { clean.as_str() };
        self.put(clean);
        rewritten
    }

    /// Inserts a line break, in fields of many lines.
    pub fn new_line(&mut self) {
        if self.lines == LineMode::Many {
            self.put("\n");
        }
    }

    /// Moves the visible part, down when positive; the cursor follows into it.
    pub fn scroll(&mut self, rows: i16) {
        let view = self.view.get();
        let width = self.width();
        let mut top = row_at(&self.buffer, self.top(), width);
        for _ in 0..rows.unsigned_abs() {
            let next = if rows > 0 { next_row } else { previous_row };
            top = next(&self.buffer, &top, width).unwrap_or(top);
        }
        let mut last = top.clone();
        for _ in 1..view.height.max(1) {
            last = next_row(&self.buffer, &last, width).unwrap_or(last);
        }
        let row = row_at(&self.buffer, self.at, width);
        if row.start < top.start || row.start > last.start {
            let column = column_of(&self.buffer, &row, self.at);
            let there = if row.start < top.start { &top } else { &last };
            self.at = place_at(&self.buffer, there, column);
            self.anchor = None;
        }
        self.view.set(View { top: top.start, ..view });
    }

    /// The selected piece, from front to back.
    fn selection(&self) -> Option<Range<usize>> {
        let anchor = self.anchor.filter(|anchor| *anchor != self.at)?;
        Some(anchor.min(self.at)..anchor.max(self.at))
    }

    /// Puts text in place of the selection, or where the cursor is.
    fn put(&mut self, text: &str) {
        self.replace(self.selection().unwrap_or(self.at..self.at), text);
    }

    fn replace(&mut self, range: Range<usize>, with: &str) {
        if range.is_empty() && with.is_empty() {
            return;
        }
        self.at = range.start + with.len();
        self.anchor = None;
        self.goal = None;
        self.changed = Some(self.buffer.replace(range, with));
    }

    fn came_back(&mut self, change: Option<(Splice, usize)>) {
        if let Some((splice, cursor)) = change {
            self.at = cursor;
            self.anchor = None;
            self.goal = None;
            self.changed = Some(splice);
        }
    }

    /// What a key deletes, and whether it can be put elsewhere afterwards.
    fn deleted(&self, key: Key) -> Option<(Range<usize>, bool)> {
        let line = self.buffer.line(self.at);
        let at = self.at;
        let head = if at > line.start { line.start } else { self.buffer.previous(at) };
        let end = if at < line.end { line.end } else { self.buffer.next(at) };
        let (range, is_cut) = match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char('h'), true, false) | (KeyCode::Backspace, false, false) => {
                (self.buffer.previous(at)..at, false)
            }
            (KeyCode::Char('d'), true, false) | (KeyCode::Delete, false, false) => {
                (at..self.buffer.next(at), false)
            }
            (KeyCode::Char('k'), true, false) => (at..end, true),
            // As in a shell.
            (KeyCode::Char('u' | 'j'), true, false) => (head..at, true),
            (KeyCode::Char('w'), true, false)
            | (KeyCode::Char('h') | KeyCode::Backspace, false, true) => {
                (self.word_left()..at, true)
            }
            (KeyCode::Char('d') | KeyCode::Delete, false, true) => (at..self.word_end(), true),
            (KeyCode::Char('x'), true, false) => (self.selection()?, true),
            _ => return None,
        };
        Some((self.selection().unwrap_or(range), is_cut))
    }
}

/// Where the cursor goes.
impl Editor {
    fn go(&mut self, motion: Motion, selects: bool) {
        self.anchor = selects.then(|| self.anchor.unwrap_or(self.at));
        let line = self.buffer.line(self.at);
        let page = self.view.get().height.max(1);
        let goal = self.goal.take();
        self.at = match motion {
            Motion::Left => self.buffer.previous(self.at),
            Motion::Right => self.buffer.next(self.at),
            Motion::Head => line.start,
            Motion::End => line.end,
            Motion::Top => 0,
            Motion::Bottom => self.buffer.len(),
            Motion::WordLeft => self.word_left(),
            Motion::WordRight => self.word_right(),
            Motion::ParagraphUp => self.paragraph(line, |buffer, line| {
                line.start.checked_sub(1).map(|at| buffer.line(at))
            }),
            Motion::ParagraphDown => self.paragraph(line, |buffer, line| {
                (line.end < buffer.len()).then(|| buffer.line(line.end + 1))
            }),
            Motion::Up => return self.vertical(previous_row, 1, goal),
            Motion::Down => return self.vertical(next_row, 1, goal),
            Motion::PageUp => return self.vertical(previous_row, page, goal),
            Motion::PageDown => return self.vertical(next_row, page, goal),
        };
    }

    fn vertical(
        &mut self,
        next: impl Fn(&TextBuffer, &Range<usize>, usize) -> Option<Range<usize>>,
        rows: usize,
        goal: Option<usize>,
    ) {
        if self.lines == LineMode::One {
            return;
        }
        let width = self.width();
        let mut row = row_at(&self.buffer, self.at, width);
        let goal = goal.unwrap_or_else(|| column_of(&self.buffer, &row, self.at));
        for _ in 0..rows {
            let Some(there) = next(&self.buffer, &row, width) else { break };
            row = there;
        }
        self.at = place_at(&self.buffer, &row, goal);
        self.goal = Some(goal);
    }

    /// The start of the word before the cursor; the end of the line before when there is none.
    fn word_left(&self) -> usize {
        let line = self.buffer.line(self.at);
        if self.at == line.start {
            return self.buffer.previous(self.at);
        }
        let before = self.buffer.slice(line.start..self.at);
        let trimmed = before.trim_end();
        let kind = trimmed.chars().next_back().map(CharKind::of);
        let rest = trimmed.trim_end_matches(|c| Some(CharKind::of(c)) == kind);
        line.start + rest.len()
    }

    /// The end of the word behind the cursor; the start of the next line when there is none.
    fn word_end(&self) -> usize {
        let line = self.buffer.line(self.at);
        if self.at == line.end {
            return self.buffer.next(self.at);
        }
        let behind = self.buffer.slice(self.at..line.end);
        let trimmed = behind.trim_start();
        let kind = trimmed.chars().next().map(CharKind::of);
        line.end - trimmed.trim_start_matches(|c| Some(CharKind::of(c)) == kind).len()
    }

    /// The start of the next word.
    fn word_right(&self) -> usize {
        let line = self.buffer.line(self.at);
        if self.at == line.end {
            return self.buffer.next(self.at);
        }
        let behind = self.buffer.slice(self.at..line.end);
        let kind = behind.chars().next().map(CharKind::of);
        let rest = behind.trim_start_matches(|c| Some(CharKind::of(c)) == kind);
        line.end - rest.trim_start().len()
    }

    /// The start of the next line that follows or precedes an empty one.
    fn paragraph(
        &self,
        from: Range<usize>,
        next: impl Fn(&TextBuffer, Range<usize>) -> Option<Range<usize>>,
    ) -> usize {
        let mut line = from.clone();
        let mut was_empty = false;
        while let Some(there) = next(&self.buffer, line.clone()) {
            line = there;
            if was_empty && !line.is_empty() {
                return line.start;
            }
            was_empty |= line.is_empty();
        }
        if line.start < from.start { 0 } else { self.buffer.len() }
    }
}

/// What is in sight.
impl Editor {
    /// The rows of an area of this size, moved so that the cursor is on one of them.
    pub fn rows(&self, width: u16, height: u16) -> Vec<Vec<RowPiece>> {
        let (width, height) = (usize::from(width).max(1), usize::from(height).max(1));
        self.view.set(View { width, height, ..self.view.get() });
        let rows = match self.lines {
            LineMode::One => vec![self.line_in_sight(width)],
            LineMode::Many => self.rows_in_sight(width, height),
        };
        let top = rows.first().map_or(0, |row| row.start);
        self.view.set(View { top, width, height });
        rows.into_iter().map(|row| self.pieces(row, width)).collect()
    }

    fn rows_in_sight(&self, width: usize, height: usize) -> Vec<Range<usize>> {
        let cursor = row_at(&self.buffer, self.at, width);
        let below = |top: Range<usize>| -> Vec<Range<usize>> {
            let rows = std::iter::successors(Some(top), |row| next_row(&self.buffer, row, width));
            rows.take(height).collect()
        };
        let rows = below(row_at(&self.buffer, self.top(), width));
        let last = rows.last().map_or(0, |row| row.start);
        let first = rows.first().map_or(0, |row| row.start);
        if (first..=last).contains(&cursor.start) {
            return rows;
        }
        let steps = if cursor.start < first { 1 } else { height };
        let above =
            std::iter::successors(Some(cursor), |row| previous_row(&self.buffer, row, width));
        above.take(steps).last().map(below).unwrap_or_default()
    }

    /// The part of a single line that is in sight.
    fn line_in_sight(&self, width: usize) -> Range<usize> {
        let left = self.top().min(self.at);
        let cells = |text| Glyphs::new(text, self.is_masked).map(|it| it.cells);
        // The cursor takes a cell of its own.
        let mut room = width.saturating_sub(1);
        let fits = cells(self.buffer.slice(left..self.at)).all(|cells| {
            let is_room = cells <= room;
            room = room.saturating_sub(cells);
            is_room
        });
        let mut start = self.at;
        if fits {
            start = left;
        } else {
            let mut room = width.saturating_sub(1);
            while start > 0 {
                let before = self.buffer.previous(start);
                let cells: usize = cells(self.buffer.slice(before..start)).sum();
                if cells > room {
                    break;
                }
                room -= cells;
                start = before;
            }
        }
        start..self.buffer.len()
    }

    fn pieces(&self, row: Range<usize>, width: usize) -> Vec<RowPiece> {
        let selection = self.selection().unwrap_or_default();
        let look = |at: usize| match at {
            at if at == self.at => Look::Cursor,
            at if selection.contains(&at) => Look::Selected,
            _ => Look::Plain,
        };
        let mut pieces: Vec<RowPiece> = Vec::new();
        let mut column = 0;
        for glyph in Glyphs::new(self.buffer.slice(row.clone()), self.is_masked) {
            if glyph.column >= width {
                return pieces;
            }
            column = glyph.column + glyph.cells;
            let look = look(row.start + glyph.at);
            match pieces.last_mut() {
                Some(last) if last.look == look || glyph.cells == 0 => last.text += &glyph.text,
                _ => {
                    let text = glyph.text.into_owned();
                    pieces.push(RowPiece { text, column: glyph.column, look });
                }
            }
        }
        let is_line_end = self.buffer.line(row.start).end == row.end;
        if is_line_end && look(row.end) != Look::Plain {
            // At the end of a row that is full, the cursor stands on its last cell.
            let column = column.min(width - 1);
            pieces.push(RowPiece { text: " ".into(), column, look: look(row.end) });
        }
        pieces
    }

    fn top(&self) -> usize {
        self.buffer.floor(self.view.get().top)
    }

    /// Cells of a row; before anything was drawn there is no end to it.
    fn width(&self) -> usize {
        match self.view.get().width {
            0 => usize::MAX,
            width => width,
        }
    }
}

impl CharKind {
    fn of(c: char) -> Self {
        match c {
            c if c.is_whitespace() => CharKind::Space,
            '_' => CharKind::Word,
            c if c.is_ascii_punctuation() => CharKind::Punctuation,
            _ => CharKind::Word,
        }
    }
}

#[cfg(test)]
mod editor_tests;
