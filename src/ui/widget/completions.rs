//! Draws what can stand where something is being typed: a small window at the cursor.

use super::{fit, frame};
use crate::app::action::Action;
use crate::app::completion::Popup;
use crate::app::keymap::Context;
use crate::codec::printable::printable_str;
use crate::ui::painter::Painter;

/// The popup in its frame; the painter's area is all of it.
pub(crate) fn draw(painter: Painter<'_>, popup: &Popup) {
    let (palette, keymap) = (painter.palette, &painter.app.shared.keymap);
    let contexts = [Context::Completion, Context::Global];
    let keyed = |text: &str| keymap.keyed(&contexts, text);
    let key = keymap.hint(&contexts, Action::AcceptCompletion);
    let hint = key.map_or(String::new(), |key| keyed(&format!("{key} take · [back] close")));
    let position =
        frame::position(popup.selected(), popup.len(), painter.area.height.saturating_sub(2));
    let mut inside = frame::window(painter, "", &hint, &position);
    let rows = inside.area.height;
    let names = popup.name_width();
    for (row, (item, is_marked)) in inside.area.rows().zip(popup.shown(rows)) {
        let mut line = inside.at(row);
        let draw = |mut line: Painter<'_>| {
            let name = printable_str(&item.shown).into_owned();
            line.column(&fit::start(&name, names), names, palette.base);
            line.skip(2);
            let detail = printable_str(&item.detail).into_owned();
            let width = line.area.width;
            line.put(&fit::start(&detail, width), palette.dim);
        };
        if is_marked {
            line.row(palette.selected, draw);
        } else {
            draw(line);
        }
    }
    inside.scroll_bar(popup.first(rows) as u64, popup.len() as u64);
}
