//! Draws the draft as code.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::overlay::code::Code;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::text::put;

/// A tab per target and below them the chosen snippet, from its scroll position.
pub(super) fn draw(it: &Code, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let (tabs, area) = Code::parts(inner);
    for (at, name, start) in it.tabs() {
        let x = tabs.x.saturating_add(start);
        if x < tabs.right() {
            let style = if at == it.selected { palette.active } else { palette.dim };
            put(buffer, Rect { x, width: tabs.right() - x, ..tabs }, name, style);
        }
    }
    let Some(listing) = it.listing() else { return };
    for (y, line) in (area.y..area.bottom()).zip(listing.text.lines().skip(it.scroll)) {
        put(buffer, Rect { y, height: 1, ..area }, line, palette.base);
    }
}

/// What can be done, for the bottom border; keys by the names of their actions.
pub(super) fn hint(it: &Code) -> &'static str {
    if it.shows_secrets {
        "[copy] copy · ◂ ▸ language · [show-secrets] hide secrets · [back] close"
    } else {
        "[copy] copy · ◂ ▸ language · [show-secrets] show secrets · [back] close"
    }
}
