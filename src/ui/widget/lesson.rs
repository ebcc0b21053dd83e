//! What a pane says while it is empty: three lines at most, keys as caps. Gone as soon as there is
//! something to show.

use crate::app::overlay::Overlay;
use crate::ui::painter::Painter;

/// Writes the lines, each in a row; `[action-name]` stands for the key of an action.
pub(crate) fn put(painter: &mut Painter<'_>, lines: &[&str]) {
    let (app, palette) = (painter.app, painter.palette);
    // In a window its own keys hold.
    let contexts = app.overlays.last().map_or_else(|| app.contexts(), Overlay::contexts);
    for (row, line) in painter.area.rows().zip(lines) {
        let mut painter = painter.at(row);
        painter.skip(1);
        for (text, is_key) in app.shared.keymap.keyed_parts(&contexts, line) {
            if is_key {
                painter.put(&format!(" {text} "), palette.raised.patch(palette.key));
            } else {
                painter.put(&text, palette.dim);
            }
        }
    }
}
