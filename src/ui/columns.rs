//! Draws the window in which the columns of Traffic are chosen.

use ratatui::style::Style;

use super::painter::Painter;
use super::widget::fit;
use super::widget::frame::{position, window};
use crate::app::layout::window_inner;
use crate::app::overlay::column_window::ColumnWindow;

/// Cells of the names and the widths.
const NAME: u16 = 12;
const WIDTH: u16 = 5;

/// A row for each column: whether it is shown, its name, its width, what it shows.
pub(super) fn draw(painter: Painter<'_>, it: &ColumnWindow, hint: &str) {
    let height = window_inner(painter.area).height;
    let cursor = it.cursor(height);
    let mut painter =
        window(painter, " Columns ", hint, &position(cursor.selected, it.len(), height));
    let palette = painter.palette;
    painter.list(cursor, it.len(), palette.selection(true), |mut painter, at| {
        let Some(chosen) = it.set.all.get(at) else { return };
        let row = chosen.column.row();
        let is_shown = chosen.is_shown(it.room);
        let style = if is_shown { Style::new() } else { palette.dim };
        painter.put(if is_shown { " [x] " } else { " [ ] " }, style);
        painter.column(row.name, NAME, style);
        painter.column_right(&it.set.width(*chosen).to_string(), WIDTH, palette.dim);
        painter.skip(2);
        let width = painter.area.width;
        painter.put(&fit::start(row.about, width), palette.dim);
    });
    painter.scroll_bar(cursor.offset as u64, it.len() as u64);
}
