//! Draws the window that changes how the addresses of a folder begin: the two texts, and what becomes of each preset.

use super::painter::{Painter, cells};
use super::widget::fit;
use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::overlay::readdress::{READDRESS_LABELS, ReaddressWindow};
use crate::codec::printable::printable_str;

/// Columns of the labels.
const LABEL: u16 = 6;
/// Columns of a preset's name at most.
const NAME: u16 = 30;

/// All of it.
pub(super) fn draw(mut painter: Painter<'_>, it: &ReaddressWindow) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let (lines, verdict, list) = ReaddressWindow::parts(painter.area);
    for (at, area) in lines.into_iter().enumerate() {
        let has_keys = at == it.row;
        let mut painter = painter.at(area);
        let label = if has_keys { palette.active } else { palette.dim };
        painter.column(READDRESS_LABELS[at], LABEL, label);
        painter.text_field(&it.editors[at], has_keys);
    }
    let enter = shared.keymap.key_of(&[Context::Export], Action::Choose);
    let (text, style) = match it.verdict() {
        Ok(words) => (format!("{enter}: {words}"), palette.success),
        Err(why) => (why, palette.error),
    };
    painter.at(verdict).put(&fit::start(&printable_str(&text), verdict.width), style);
    let rows = it.preview.as_deref().unwrap_or_default();
    let longest = rows.iter().map(|row| cells(row.path.as_str()) + 2).max().unwrap_or_default();
    let name = longest.min(NAME).min(list.width / 3);
    painter.at(list).scroll_bar(it.top as u64, rows.len() as u64);
    for (area, row) in list.rows().zip(rows.iter().skip(it.top)) {
        let mut painter = painter.at(area);
        let mark = if row.is_unsaved { "● " } else { "  " };
        painter.put(mark, palette.warning);
        painter.column(
            &fit::middle(&printable_str(row.path.as_str()), name),
            name + 2,
            palette.base,
        );
        painter.put(&printable_str(&row.from), palette.dim);
        painter.put(" → ", palette.dim);
        painter.put(&printable_str(&row.to), palette.base);
    }
}
