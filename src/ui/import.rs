//! Draws the window of an import: what is named, what the key would do, and what would come.

use super::painter::Painter;
use super::widget::fit;
use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::overlay::import::{IMPORT_LABELS, ImportLineKind, ImportVerdict, ImportWindow};
use crate::codec::printable::printable_str;

/// Columns of the labels.
const LABEL: u16 = 7;

/// The two rows, the verdict, and the list below it.
pub(super) fn draw(mut painter: Painter<'_>, it: &ImportWindow) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let (rows, verdict, list) = ImportWindow::parts(painter.area);
    for (at, area) in rows.into_iter().enumerate() {
        let has_keys = at == it.row;
        let mut painter = painter.at(area);
        painter.column(
            IMPORT_LABELS[at],
            LABEL,
            if has_keys { palette.active } else { palette.dim },
        );
        painter.text_field(&it.editors[at], has_keys);
        if it.editors[at].is_empty() {
            painter.skip(1);
            let width = painter.area.width;
            painter.put(&fit::start(&it.said(at), width), palette.placeholder);
        }
    }
    let enter = shared.keymap.key_of(&[Context::Import], Action::Choose);
    let (text, style) = match it.verdict() {
        ImportVerdict::Wrong(why) => (why, palette.error),
        ImportVerdict::Busy(what) => (format!("{what} ..."), palette.warning),
        ImportVerdict::Looks => (format!("{enter}: look at what is in it"), palette.success),
        ImportVerdict::Writes(what) => (format!("{enter}: {what}"), palette.success),
    };
    painter.at(verdict).put(&fit::start(&printable_str(&text), verdict.width), style);
    let lines = it.lines(shared, list.width);
    let top = it.top(lines.len(), list.height);
    for (row, (kind, text)) in list.rows().zip(lines.iter().skip(top)) {
        let style = match kind {
            ImportLineKind::Name => palette.dim,
            ImportLineKind::Heading => palette.active,
            ImportLineKind::Comes => palette.base,
            ImportLineKind::Differs => palette.warning,
            ImportLineKind::Wrong => palette.error,
        };
        painter.at(row).put(&fit::start(&printable_str(text), row.width), style);
    }
    painter.at(list).scroll_bar(top as u64, lines.len() as u64);
}
