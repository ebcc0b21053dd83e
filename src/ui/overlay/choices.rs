//! Draws a list to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::choices::{Choice, Choices, field_and_list};
use crate::app::fuzzy::Finder;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::{put, put_prompt};

/// What is typed and below it the choices that fit, matched letters marked.
pub(super) fn draw(it: &Choices, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let (line, list) = field_and_list(inner);
    put_prompt(buffer, line, palette, "› ", &it.editor);
    let mut finder = Finder::new(&it.editor.text());
    if it.shown(1).next().is_none() && !list.is_empty() {
        put(buffer, Rect { height: 1, ..list }, "nothing matches", palette.dim);
    }
    for (y, (choice, selected)) in (list.y..list.bottom()).zip(it.shown(list.height)) {
        let line = Rect { y, height: 1, ..list };
        if selected {
            buffer.set_style(line, palette.selected);
        }
        row(choice, &mut finder, palette, line, buffer);
    }
}

fn row(
    choice: &Choice,
    finder: &mut Finder,
    palette: &ThemeStyles,
    line: Rect,
    buffer: &mut Buffer,
) {
    let width = choice.note.chars().count() as u16;
    let mut left = line.width;
    if width > 0 && line.width > width + 8 {
        let x = line.right() - width;
        put(buffer, Rect { x, width, ..line }, &choice.note, palette.key);
        left = line.width - width - 1;
    }
    let title = crate::codec::printable::printable_str(&choice.title);
    let used = put(buffer, Rect { width: left, ..line }, &title, Style::new());
    // Wide characters would shift the marks, so only plain names get them.
    if title.is_ascii() {
        for at in finder.hits(&choice.name()) {
            let Ok(at) = u16::try_from(at) else { break };
            if at < used {
                buffer.set_style(Rect::new(line.x + at, line.y, 1, 1), palette.active);
            }
        }
    }
    if let Some(width) = left.checked_sub(used + 2).filter(|width| *width > 1) {
        put(buffer, Rect { x: line.x + used + 2, width, ..line }, &choice.detail, palette.dim);
    }
}
