//! What the mouse does in a text: the first press puts the cursor there, the second selects the word, the
//! third the line, and moving with the button down selects. Used by whoever has an editor on the screen,
//! which knows where it was drawn.

use std::ops::Range;

use ratatui::layout::Rect;

use super::Editor;
use super::text_model::TextPlace;
use crate::app::message::{Mouse, MouseKind};

impl Editor {
    /// It is drawn here now.
    pub fn drawn_at(&self, area: Rect) {
        self.view.area.set(area);
    }

    /// Gives it a press or a move of the mouse; tells whether that is in its text, where it was drawn
    /// last, or goes on with what began there.
    pub(crate) fn mouse(&mut self, mouse: Mouse) -> bool {
        let area = self.view.area.get();
        let is_inside = area.contains((mouse.column, mouse.row).into());
        let row = mouse.row.clamp(area.y, area.bottom().max(area.y + 1) - 1) - area.y;
        let column = mouse.column.saturating_sub(area.x);
        match mouse.kind {
            MouseKind::Press | MouseKind::SecondPress | MouseKind::ThirdPress => {
                self.is_pressed = is_inside;
                if is_inside {
                    self.press(mouse.kind, row.into(), column.into());
                }
                is_inside
            }
            MouseKind::Drag if self.is_pressed => {
                self.drag_to(row.into(), column.into());
                true
            }
            MouseKind::Release => std::mem::take(&mut self.is_pressed),
            MouseKind::Drag | MouseKind::ScrollUp | MouseKind::ScrollDown => false,
        }
    }

    /// A press of the mouse on a place in sight: the cursor goes there, and the second and third press
    /// select the word and the line.
    pub(crate) fn press(&mut self, kind: MouseKind, row: usize, column: usize) {
        self.place(row, column);
        let at = self.model.cursor();
        let end = self.model.line(at.line).len();
        let piece = match kind {
            MouseKind::SecondPress if !self.view.is_masked => {
                word_at(self.model.line(at.line), at.byte)
            }
            MouseKind::SecondPress | MouseKind::ThirdPress => 0..end,
            _ => return,
        };
        self.go(false, |model| model.jump(TextPlace { byte: piece.start, ..at }));
        if !piece.is_empty() {
            self.go(true, |model| model.jump(TextPlace { byte: piece.end, ..at }));
        }
    }
}

/// The run of characters of one kind around a byte of a line: letters and digits, blanks, or signs.
fn word_at(line: &str, byte: usize) -> Range<usize> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let (before, behind) = line.split_at_checked(byte).unwrap_or((line, ""));
    let Some(own) = behind.chars().next().or(before.chars().next_back()).map(kind) else {
        return 0..0;
    };
    let start = before.trim_end_matches(|c| kind(c) == own).len();
    let end = line.len() - behind.trim_start_matches(|c| kind(c) == own).len();
    start..end
}

#[cfg(test)]
mod tests {
    use super::super::LineMode;
    use super::*;
    use MouseKind::{Press, SecondPress, ThirdPress};

    #[test]
    fn a_second_press_selects_the_word_and_a_third_the_line() {
        let mut editor = Editor::new("one two_3, é\n\nlast", LineMode::Many);
        editor.fit(40, 5);
        let mut press = |kind, row, column| {
            editor.press(kind, row, column);
            editor.selected().unwrap_or_default()
        };
        assert_eq!(press(Press, 0, 5), "");
        assert_eq!(press(SecondPress, 0, 5), "two_3");
        assert_eq!(press(SecondPress, 0, 3), " ");
        assert_eq!(press(SecondPress, 0, 9), ",");
        assert_eq!(press(SecondPress, 0, 30), "é", "behind the end is its last word");
        assert_eq!(press(ThirdPress, 0, 5), "one two_3, é");
        assert_eq!(press(ThirdPress, 1, 0), "");
        let mut secret = Editor::new("pass word", LineMode::One).masked();
        secret.press(SecondPress, 0, 2);
        assert_eq!(secret.selected().unwrap(), "pass word", "where it is parted is not told");
    }
}
