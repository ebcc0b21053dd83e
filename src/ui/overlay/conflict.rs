//! Draws a save conflict: what differs, and the ways out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::keymap::Context;
use crate::app::overlay::conflict::{Conflict, Difference, WAYS};
use crate::app::shared::Shared;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::put;

/// What differs between screen and disk, and the ways out of it.
pub(super) fn draw(
    shared: &Shared,
    it: &Conflict,
    palette: &ThemeStyles,
    inner: Rect,
    buffer: &mut Buffer,
) {
    let (differences, ways) = Conflict::parts(inner);
    let height = usize::from(differences.height);
    let hidden = it.differences.len().saturating_sub(height);
    if it.differences.is_empty() && height > 0 {
        let text = "only comments or spelling differ";
        put(buffer, Rect { height: 1, ..differences }, text, palette.dim);
    }
    let shown = if hidden > 0 { height.saturating_sub(1) } else { height };
    for (y, line) in (differences.y..).zip(it.differences.iter().take(shown)) {
        let (text, style) = match line {
            Difference::Theirs(text) => (format!("- file  {text}"), palette.error),
            Difference::Mine(text) => (format!("+ mine  {text}"), palette.success),
        };
        put(buffer, Rect { y, height: 1, ..differences }, &text, style);
    }
    if hidden > 0 && height > 0 {
        let y = differences.bottom() - 1;
        let text = format!("and {} more lines", hidden + 1);
        put(buffer, Rect { y, height: 1, ..differences }, &text, palette.dim);
    }
    for (y, (at, (_, action, text))) in (ways.y..ways.bottom()).zip(WAYS.into_iter().enumerate()) {
        let style = if at == it.selected { palette.selected } else { palette.base };
        let key = shared.keymap.key_of(&[Context::Conflict, Context::Global], action);
        put(buffer, Rect { y, height: 1, ..ways }, &format!("{key}  {text}"), style);
    }
}
