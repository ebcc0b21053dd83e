//! Draws what differs between two answers.

use ratatui::style::Style;

use super::painter::{Painter, cells};
use super::widget::fit;
use crate::app::compare_rows::{CompareRow, RowTone};
use crate::app::overlay::compare::Compare;

/// The rows in sight; the one under the cursor has a style.
pub(super) fn draw(mut painter: Painter<'_>, it: &Compare) {
    let height = usize::from(painter.area.height);
    let cursor = it.cursor(height);
    let selected = painter.palette.selected;
    painter.scroll_bar(cursor.offset as u64, it.rows.len() as u64);
    painter.list(cursor, it.rows.len(), selected, |painter, at| {
        if let Some(row) = it.rows.get(at) {
            row_of(painter, row);
        }
    });
}

fn row_of(mut painter: Painter<'_>, row: &CompareRow) {
    let palette = painter.palette;
    let style = match row.tone {
        RowTone::Heading => palette.title,
        RowTone::Plain => palette.base,
        RowTone::Quiet => palette.dim,
        RowTone::Removed => palette.error,
        RowTone::Added | RowTone::Equal => palette.success,
        RowTone::Changed | RowTone::Warning => palette.warning,
    };
    painter.put(row.sign(), style);
    let (label, text) = match row.tone {
        // Names are read, their colour is that of the sign.
        RowTone::Changed => (style, palette.base),
        RowTone::Heading => (style, palette.dim),
        _ => (style, style),
    };
    put(&mut painter, &row.label, label);
    if !row.label.is_empty() && !row.text.is_empty() {
        painter.put("  ", Style::new());
    }
    put(&mut painter, &row.text, text);
}

/// Text that is cut with a mark at the end of the row.
fn put(painter: &mut Painter<'_>, text: &str, style: Style) {
    let width = painter.area.width;
    if cells(text) > width {
        painter.put(&fit::start(text, width), style);
    } else {
        painter.put(text, style);
    }
}
