//! Draws the window that asks for a value that is needed now.

use super::painter::Painter;
use crate::app::layout::cut_top;
use crate::app::overlay::ask::AskWindow;
use crate::codec::printable::printable_str;

/// What it is called.
pub(super) fn title(it: &AskWindow) -> String {
    format!(" {} ", printable_str(&it.asked.label))
}

/// What is typed.
pub(super) fn draw(mut painter: Painter<'_>, it: &AskWindow) {
    let palette = painter.palette;
    let mut rest = painter.area;
    let line = cut_top(&mut rest, 1);
    painter.at(line).fill(palette.field);
    painter.at(line).editor(&it.editor);
    painter.at(rest).put("what is sent needs this value", palette.dim);
}
