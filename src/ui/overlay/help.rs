//! Draws the help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::choices::field_and_list;
use crate::app::overlay::help::{Help, HelpLine};
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::{put, put_prompt};

/// Columns of the keys.
const KEYS: u16 = 24;

/// What is typed and below it the keys it left, from the scroll position.
pub(super) fn draw(it: &Help, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let (line, area) = field_and_list(inner);
    put_prompt(buffer, line, palette, "/ ", &it.editor);
    let last = it.lines.len().saturating_sub(usize::from(area.height));
    let shown = it.lines.iter().skip(it.scroll.min(last));
    for (y, text) in (area.y..area.bottom()).zip(shown) {
        let line = Rect { y, height: 1, ..area };
        match text {
            HelpLine::Heading(text) => {
                put(buffer, line, text, palette.active);
            }
            HelpLine::Entry(keys, action) => {
                let keys_width = KEYS.min(line.width / 2);
                let left = Rect { width: keys_width.saturating_sub(1), ..line };
                put(buffer, left, &format!("  {keys}"), palette.key);
                let rest = Rect { x: line.x + keys_width, width: line.width - keys_width, ..line };
                put(buffer, rest, action.row().help, palette.base);
            }
        }
    }
}
