//! One line of text, and text fields: the only places that write foreign text into cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use crate::app::editor::Editor;
use crate::app::search_line::SearchLine;
use crate::codec::printable::printable_str;
use crate::ui::theme::ThemeStyles;

/// Writes one line of text into a row, cut at its end; returns the cells used.
pub(crate) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let safe = printable_str(text);
    let (x, _) = buffer.set_stringn(area.x, area.y, safe, usize::from(area.width), style);
    x - area.x
}

/// Draws a text field with its cursor.
pub(crate) fn put_editor(buffer: &mut Buffer, area: Rect, editor: &Editor) {
    if !area.is_empty() {
        editor.shown().render(area, buffer);
    }
}

/// A text field with a prompt before it.
pub(crate) fn put_prompt(
    buffer: &mut Buffer,
    area: Rect,
    palette: &ThemeStyles,
    prompt: &str,
    editor: &Editor,
) {
    let used = put(buffer, area, prompt, palette.key);
    put_editor(buffer, after(area, used), editor);
}

/// The search line of a list: a text field while it is typed, the text afterwards.
pub(crate) fn put_search(
    buffer: &mut Buffer,
    area: Rect,
    palette: &ThemeStyles,
    search: &SearchLine,
) {
    if search.typing {
        put_prompt(buffer, area, palette, "/ ", &search.editor);
    } else {
        let rest = after(area, put(buffer, area, "/ ", palette.key));
        put(buffer, rest, &search.editor.text(), palette.dim);
    }
}

/// What is left of a row behind the cells used.
fn after(area: Rect, used: u16) -> Rect {
    Rect { x: area.x + used, width: area.width.saturating_sub(used), ..area }
}
