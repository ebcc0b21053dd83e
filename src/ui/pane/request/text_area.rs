//! Draws a field of many lines: numbers and signs of its lines, its text in the colours of its
//! language, and where it stands in what is longer.

use ratatui::layout::Rect;

use crate::app::editor::Editor;
use crate::app::form::access::{self, TextSpelling};
use crate::app::form::language::language;
use crate::app::form::{FormField, FormFieldId};
use crate::app::format::start_of;
use crate::app::pane::request::text_parts;
use crate::ui::painter::Painter;

/// Bytes of a line that are looked at where nobody writes.
const LINE: usize = 4096;

/// Draws the field; with its editor where the cursor of the form is.
pub(super) fn draw(mut painter: Painter<'_>, field: &FormField, editor: Option<&Editor>) {
    let palette = painter.palette;
    if let Some(editor) = editor {
        let (gutter, area) = text_parts(painter.area, editor.line_count());
        painter.at(area).fill(palette.field);
        painter.at(area).editor(editor);
        if editor.is_empty() {
            painter.at(area).put_from(1, field.placeholder, palette.placeholder);
        }
        if let Some((top, all)) = editor.extent() {
            painter.at(area).scroll_bar(top, all);
        }
        numbers(painter.at(gutter), editor);
        return;
    }
    let spec = &painter.app.shared.drafts.current().spec;
    let text = access::text(spec, field.id);
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
    let (gutter, area) = text_parts(painter.area, lines);
    painter.at(area).fill(palette.field);
    if text.is_empty() {
        painter.at(area).put(field.placeholder, palette.placeholder);
        return;
    }
    let editor = preview(&painter, field.id, &text);
    painter.at(area).text_field(&editor, false);
    if lines > usize::from(area.height) {
        painter.at(area).scroll_bar(0, lines as u64);
    }
    numbers(painter.at(gutter), &editor);
}

/// The beginning of a text that nobody writes, as much as can be in sight.
fn preview(painter: &Painter<'_>, id: FormFieldId, text: &str) -> Editor {
    let spec = &painter.app.shared.drafts.current().spec;
    let lines = text.split('\n').take(painter.area.height.into());
    let shown: Vec<&str> = lines.map(|line| start_of(line, LINE)).collect();
    let is_marked = access::spelling(spec, id) == TextSpelling::Escapes;
    Editor::preview(&shown.join("\n"), language(spec, id, text), is_marked)
}

/// The number of each line at its first row, and a sign at the one that is wrong.
fn numbers(mut painter: Painter<'_>, editor: &Editor) {
    let (palette, area) = (painter.palette, painter.area);
    if area.is_empty() {
        return;
    }
    let wrong = editor.flaw().map(|flaw| flaw.line - 1);
    for (row, (line, is_start)) in area.rows().zip(editor.row_numbers()) {
        let is_wrong = wrong == Some(line);
        if is_wrong {
            painter.at(row).put("✗", palette.error);
        }
        if is_start {
            let mut painter = painter.at(Rect { x: row.x + 1, width: row.width - 2, ..row });
            let style = if is_wrong { palette.error } else { palette.dim };
            painter.column_right(&(line + 1).to_string(), area.width - 2, style);
        }
    }
}
