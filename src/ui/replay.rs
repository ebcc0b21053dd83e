//! Draws the window that asks what is said again and where to, and how far that is.

use super::painter::Painter;
use super::widget::fit;
use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::overlay::replay::{REPLAY_LABELS, REPLAY_ROWS, ReplayWindow};
use crate::codec::printable::printable_str;

/// Columns of the labels.
const LABEL: u16 = 9;

/// The choices, the target and what the key would do; or how far it is.
pub(super) fn draw(mut painter: Painter<'_>, it: &ReplayWindow) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    if let Some(progress) = &it.progress {
        let width = painter.area.width;
        let lines =
            progress.iter().map(|line| fit::start(&printable_str(line), width).into_owned());
        return painter.lines(lines, palette.base);
    }
    let (rows, verdict) = ReplayWindow::parts(painter.area);
    for (at, area) in rows.into_iter().enumerate() {
        let has_keys = at == it.row;
        let mut painter = painter.at(area);
        let label = if has_keys { palette.active } else { palette.dim };
        painter.column(REPLAY_LABELS[at], LABEL, label);
        if at + 1 == REPLAY_ROWS {
            painter.text_field(&it.editor, has_keys);
            continue;
        }
        let (name, said) = it.chosen(at);
        let style = if has_keys { palette.selected } else { palette.base };
        painter.put(&format!("‹ {name} ›"), style);
        let said = printable_str(&said).into_owned();
        painter.put(&fit::start(&format!("  {said}"), painter.area.width), palette.dim);
    }
    let enter = shared.keymap.key_of(&[Context::Export], Action::Choose);
    let (text, style) = match it.verdict() {
        Ok(words) => (format!("{enter}: {words}"), palette.success),
        Err(why) => (why, palette.error),
    };
    painter.at(verdict).put(&fit::start(&printable_str(&text), verdict.width), style);
}
