//! A text of ordinary size: the text area of `tui-textarea` holds it, edits it, undoes and yanks.
//!
//! Used by `editor`. The text area measures its whole text at every change, which 64 KiB allow
//! and megabytes do not (those are `large_text`'s). What is drawn is found by `text_rows`, since a
//! terminal must not get every character as it is and rows are as long as what stands for them.
//!
//! Invariants: a change is one or two edits of the text area, and `past` says how many; the text
//! area keeps as many edits as `past` needs.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use tui_textarea::{CursorMove, TextArea};

use super::text_model::{CHANGES_MAX, Deletion, Motion, TextChange, TextModel, TextPlace};

/// Bytes of a text of ordinary size. The text area can jump as far as that.
pub(super) const ORDINARY: usize = u16::MAX as usize;

/// A text in a text area.
#[derive(Debug)]
pub(super) struct AreaText {
    area: TextArea<'static>,
    room: usize,
    /// What was put in last.
    run: String,
    /// Edits of each change that can be taken back, and of each that was.
    past: VecDeque<usize>,
    undone: Vec<usize>,
    has_forgotten: bool,
}

impl AreaText {
    /// A text without a past that may grow to so many bytes, the cursor at its start.
    pub(super) fn new(text: &str, room: usize) -> Self {
        let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
        area.set_max_histories(2 * CHANGES_MAX);
        AreaText {
            area,
            room,
            run: String::new(),
            past: VecDeque::new(),
            undone: Vec::new(),
            has_forgotten: false,
        }
    }

    /// The place of a character of a line, as the text area counts.
    fn place(&self, (line, column): (usize, usize)) -> TextPlace {
        let text = self.line(line);
        let byte = text.char_indices().nth(column).map_or(text.len(), |(byte, _)| byte);
        TextPlace { line, byte }
    }

    /// What so many edits came to.
    fn changed(&mut self, edits: usize) -> Option<TextChange> {
        if edits == 0 {
            return None;
        }
        self.undone.clear();
        self.past.push_back(edits);
        if self.past.len() > CHANGES_MAX {
            self.past.pop_front();
            self.has_forgotten = true;
        }
        Some(TextChange::Whole)
    }

    /// Deletes one more character, in one edit with the last ones.
    fn delete_more(&mut self, what: Deletion) -> Option<TextChange> {
        let at = self.cursor();
        let start = if what == Deletion::Before { self.before(at) } else { at };
        if !self.area.undo() {
            return None;
        }
        // The text area is back behind what went before.
        let end = self.cursor();
        let end = if what == Deletion::Before { end } else { self.behind(end) };
        self.area.cancel_selection();
        self.jump(start);
        self.area.start_selection();
        self.jump(end);
        self.area.delete_char();
        self.undone.clear();
        Some(TextChange::Whole)
    }

    /// Deletes the selection; tells how many edits that took.
    fn clear_selection(&mut self) -> usize {
        usize::from(self.selection().is_some() && self.area.delete_char())
    }
}

impl TextModel for AreaText {
    fn text(&self) -> Cow<'_, str> {
        match self.area.lines() {
            [line] => line.into(),
            lines => lines.join("\n").into(),
        }
    }

    fn len(&self) -> usize {
        self.area.lines().iter().map(|line| line.len() + 1).sum::<usize>() - 1
    }

    fn room(&self) -> usize {
        self.room
    }

    fn count(&self) -> usize {
        self.area.lines().len()
    }

    fn line(&self, number: usize) -> &str {
        self.area.lines().get(number).map_or("", String::as_str)
    }

    fn cursor(&self) -> TextPlace {
        let cursor = self.area.cursor();
        self.place((cursor.0, cursor.1))
    }

    fn selection(&self) -> Option<Range<TextPlace>> {
        let (start, end) = self.area.selection_range().filter(|(start, end)| start != end)?;
        Some(self.place(start)..self.place(end))
    }

    fn select(&mut self, is_selecting: bool) {
        if !is_selecting {
            self.area.cancel_selection();
        } else if !self.area.is_selecting() {
            self.area.start_selection();
        }
    }

    fn jump(&mut self, to: TextPlace) {
        let before = self.line(to.line).split_at_checked(to.byte).map_or("", |(before, _)| before);
        let number = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let column = number(before.chars().count());
        self.area.move_cursor(CursorMove::Jump(number(to.line), column));
    }

    fn go(&mut self, motion: Motion) {
        let moves: &[CursorMove] = match motion {
            Motion::Head => &[CursorMove::Head],
            Motion::End => &[CursorMove::End],
            Motion::Top => &[CursorMove::Top, CursorMove::Head],
            Motion::Bottom => &[CursorMove::Bottom, CursorMove::End],
            Motion::WordLeft => &[CursorMove::WordBack],
            Motion::WordRight => &[CursorMove::WordForward],
            Motion::ParagraphUp => &[CursorMove::ParagraphBack],
            Motion::ParagraphDown => &[CursorMove::ParagraphForward],
        };
        for step in moves {
            self.area.move_cursor(*step);
        }
    }

    fn put(&mut self, text: &str, joins: bool) -> Option<TextChange> {
        if joins && self.area.undo() {
            self.run.push_str(text);
            self.area.insert_str(&self.run);
            self.undone.clear();
            return Some(TextChange::Whole);
        }
        text.clone_into(&mut self.run);
        let edits = self.clear_selection() + usize::from(self.area.insert_str(text));
        self.changed(edits)
    }

    fn delete(&mut self, what: Deletion, joins: bool) -> Option<TextChange> {
        if joins {
            return self.delete_more(what);
        }
        let is_done = match what {
            Deletion::Before => self.area.delete_char(),
            Deletion::Behind if self.selection().is_some() => self.area.delete_char(),
            // The text area steps over what takes no cells; a jump does not.
            Deletion::Behind => {
                self.area.cancel_selection();
                let at = self.cursor();
                let behind = self.behind(at);
                self.jump(behind);
                at != behind && self.area.delete_char()
            }
            Deletion::ToEnd => self.area.delete_line_by_end(),
            Deletion::ToHead => self.area.delete_line_by_head(),
            Deletion::WordLeft => self.area.delete_word(),
            Deletion::WordRight => self.area.delete_next_word(),
            Deletion::Selection => self.area.cut(),
        };
        self.changed(usize::from(is_done))
    }

    fn copy(&mut self) {
        self.area.copy();
    }

    fn paste(&mut self) -> Option<TextChange> {
        let edits = self.clear_selection() + usize::from(self.area.paste());
        self.changed(edits)
    }

    fn kept(&self) -> String {
        self.area.yank_text()
    }

    fn undo(&mut self) -> Option<TextChange> {
        let edits = self.past.pop_back()?;
        for _ in 0..edits {
            self.area.undo();
        }
        self.undone.push(edits);
        Some(TextChange::Whole)
    }

    fn redo(&mut self) -> Option<TextChange> {
        let edits = self.undone.pop()?;
        for _ in 0..edits {
            self.area.redo();
        }
        self.past.push_back(edits);
        Some(TextChange::Whole)
    }

    fn forget_undone(&mut self) {
        self.undone.clear();
    }

    fn has_forgotten(&self) -> bool {
        self.has_forgotten
    }
}
