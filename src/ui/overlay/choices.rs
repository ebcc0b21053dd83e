//! Draws a list to choose from.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::choices::{Choice, Choices, field_and_list};
use crate::app::fuzzy::Finder;
use crate::codec::printable::printable_str;
use crate::ui::pen::Pen;

/// What is typed and below it the choices that fit, matched letters marked.
pub(super) fn draw(mut pen: Pen<'_>, it: &Choices) {
    let palette = pen.palette;
    let (line, list) = field_and_list(pen.area);
    pen.at(line).prompt("› ", &it.editor);
    if it.shown(1).next().is_none() {
        pen.at(list).put("nothing matches", palette.dim);
        return;
    }
    let mut finder = Finder::new(&it.editor.text());
    for (row, (choice, selected)) in list.rows().zip(it.shown(list.height)) {
        let mut pen = pen.at(row);
        if selected {
            pen.fill(palette.selected);
        }
        draw_choice(pen, choice, &mut finder);
    }
}

fn draw_choice(mut pen: Pen<'_>, choice: &Choice, finder: &mut Finder) {
    let palette = pen.palette;
    let width = choice.note.chars().count() as u16;
    if width > 0 && pen.area.width > width + 8 {
        pen.area.width -= width;
        let note = Rect { x: pen.area.right(), width, ..pen.area };
        pen.at(note).put(&choice.note, palette.key);
        pen.area.width -= 1;
    }
    let title = printable_str(&choice.title);
    let start = pen.area;
    pen.put(&title, Style::new());
    // Wide characters would shift the marks, so only plain names get them.
    if title.is_ascii() {
        let used = pen.area.x - start.x;
        let hits = finder.hits(&choice.name()).into_iter();
        for at in hits.map_while(|at| u16::try_from(at).ok()).filter(|at| *at < used) {
            pen.at(Rect { x: start.x + at, width: 1, ..start }).fill(palette.active);
        }
    }
    if pen.area.width > 3 {
        pen.put_from(2, &choice.detail, palette.dim);
    }
}
