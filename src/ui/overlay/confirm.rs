//! Draws a yes-or-no question.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::overlay::confirm::Confirm;
use crate::app::shared::Shared;
use crate::app::wrap_words::wrap;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::put;

/// The question, wrapped, and the two answers in the last row.
pub(super) fn draw(
    shared: &Shared,
    it: &Confirm,
    palette: &ThemeStyles,
    inner: Rect,
    buffer: &mut Buffer,
) {
    let text = Rect { height: inner.height.saturating_sub(1), ..inner };
    for (y, line) in (text.y..text.bottom()).zip(wrap(&it.question.text, text.width)) {
        put(buffer, Rect { y, height: 1, ..text }, &line, palette.base);
    }
    let answers = it.answers(shared);
    for (at, area) in it.buttons(shared, inner).into_iter().enumerate() {
        let chosen = (at == 0) == it.yes;
        put(buffer, area, &answers[at], if chosen { palette.selected } else { palette.key });
    }
}
