//! Draws what several places of a run answered, side by side.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::painter::Painter;
use super::widget::{fit, lesson};
use crate::app::compared_table::ComparedTable;
use crate::app::overlay::run::RunWindow;
use crate::app::places_compared::{CellState, ComparedLine};
use crate::app::preset_runs::ShownRun;
use crate::codec::printable::printable_str;

/// The names of the places, and below them the lines.
pub(super) fn table(
    mut painter: Painter<'_>,
    it: &RunWindow,
    shown: &ShownRun,
    table: &ComparedTable,
) {
    let palette = painter.palette;
    let area = painter.area;
    if table.lines.is_empty() {
        let words: &[&str] =
            if it.search.is_some() { &["nothing found", "[back] shows all"] } else { &["…"] };
        return lesson::put(&mut painter, words);
    }
    let columns = it.columns(area);
    for (place, (column, of)) in columns.iter().zip(&shown.places.places).enumerate() {
        let style = if place == table.column { palette.active } else { palette.dim };
        let name = printable_str(&of.name).into_owned();
        let width = column.width.saturating_sub(1);
        painter.at(*column).put(&fit::middle(&name, width), style);
    }
    let (_, indent) = it.named(area);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let cursor = table.cursor(below.height);
    let selected = palette.selection(!it.is_large);
    painter.at(below).list(cursor, table.lines.len(), selected, |painter, at| {
        let Some(of) = table.lines.get(at) else { return };
        let is_chosen = at == cursor.selected;
        line(painter, of, (&columns, indent), is_chosen.then_some(table.column));
    });
    painter.at(below).scroll_bar(cursor.offset as u64, table.lines.len() as u64);
}

fn line(
    mut painter: Painter<'_>,
    of: &ComparedLine,
    (columns, indent): (&[Rect], u16),
    chosen: Option<usize>,
) {
    let palette = painter.palette;
    let area = painter.area;
    let left = columns.first().map_or(area.width, |first| first.x.saturating_sub(area.x));
    let is_head = of.what.is_empty();
    let (text, indent, style) =
        if is_head { (&of.name, 0, palette.base) } else { (&of.what, indent, palette.dim) };
    let text = printable_str(text).into_owned();
    let room = left.saturating_sub(indent + 1);
    painter.skip(indent);
    painter.put(&fit::middle(&text, room), style);
    for (place, (column, cell)) in columns.iter().zip(&of.cells).enumerate() {
        let style = match cell.state {
            CellState::Missing => palette.dim,
            CellState::Differs => palette.error,
            CellState::Same if is_head && cell.text.starts_with("passed") => palette.success,
            CellState::Same if is_head => palette.error,
            CellState::Same => palette.base,
        };
        let area = Rect { y: area.y, ..*column };
        let mark = if cell.state == CellState::Differs { "≠ " } else { "" };
        let text = printable_str(&cell.text).into_owned();
        let text = format!("{mark}{text}");
        let style = if chosen == Some(place) { underlined(style) } else { style };
        let width = column.width.saturating_sub(1);
        painter.at(area).put(&fit::start(&text, width), style);
    }
}

/// The cell the cursor is on, which no colour alone tells.
fn underlined(style: Style) -> Style {
    style.add_modifier(ratatui::style::Modifier::UNDERLINED)
}
