//! Draws the window that asks what is exported, as what and where to.

use super::painter::Painter;
use super::widget::fit;
use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::overlay::export::{ExportVerdict, ExportWindow, LABELS, ROWS};
use crate::codec::printable::printable_str;

/// Columns of the labels.
const LABEL: u16 = 9;

/// The choices, the name, what the key would do, and names that fit.
pub(super) fn draw(mut painter: Painter<'_>, it: &ExportWindow) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let (rows, verdict, list) = ExportWindow::parts(painter.area);
    for (at, area) in rows.into_iter().enumerate() {
        let has_keys = at == it.row;
        let mut painter = painter.at(area);
        painter.column(LABELS[at], LABEL, if has_keys { palette.active } else { palette.dim });
        if at + 1 == ROWS {
            painter.text_field(&it.editor, has_keys);
            continue;
        }
        let (name, said) = it.chosen(at);
        let style = if has_keys { palette.selected } else { palette.base };
        painter.put(&format!("‹ {name} ›"), style);
        painter.put(&fit::start(&format!("  {said}"), painter.area.width), palette.dim);
    }
    let enter = shared.keymap.key_of(&[Context::Export], Action::Choose);
    let (text, style) = match it.verdict(shared) {
        ExportVerdict::Wrong(why) => (why.to_owned(), palette.error),
        ExportVerdict::Taken(name) => {
            (format!("{name} is there: {enter} asks before replacing it"), palette.warning)
        }
        ExportVerdict::Free(name) => {
            (format!("{enter}: {} to {name}", it.chosen(0).1), palette.success)
        }
    };
    painter.at(verdict).put(&fit::start(&printable_str(&text), verdict.width), style);
    let names = it.fitting(shared);
    let width = list.width;
    let shown = names.iter().map(|name| fit::start(&printable_str(name), width).into_owned());
    painter.at(list).lines(shown, palette.dim);
}
