//! Draws the letters of the jump overlay on their targets.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::overlay::jump::Jump;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::put;

/// The labels that still fit what is typed, over the panes.
pub(super) fn draw(it: &Jump, palette: &ThemeStyles, screen: Rect, buffer: &mut Buffer) {
    for mark in it.marks.iter().filter(|mark| mark.label.starts_with(&it.typed)) {
        let width = mark.label.len() as u16;
        let area = Rect::new(mark.column, mark.row, width, 1).intersection(screen);
        put(buffer, area, &mark.label, palette.hit);
    }
}
