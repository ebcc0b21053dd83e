//! Draws the presets pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::drafts::Draft;
use crate::app::focus::Pane;
use crate::app::preset_tree::{TreeItem, TreeRow};
use crate::codec::printable::printable_str;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::badge;
use crate::ui::widget::frame::Titles;
use crate::ui::widget::row_writer::{RowWriter, cells};
use crate::ui::widget::text::{put, put_search};

/// The name of the region, and whether the presets are the starter ones.
pub(super) fn titles(app: &App) -> Titles {
    Titles::of(if app.shared.workspace.is_starter { " Presets ─ starter " } else { " Presets " })
}

/// Draws the inside of the pane.
pub(super) fn draw(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let parts = app.presets.areas(&app.shared, inner);
    if let Some(search) = &app.presets.search {
        put_search(buffer, parts.search, palette, search);
    }
    let cursor = app.presets.cursor(&app.shared, usize::from(parts.list.height));
    let listing = app.presets.listing(&app.shared);
    for y in 0..parts.list.height {
        let at = cursor.offset + usize::from(y);
        let Some(row) = listing.row(at) else { break };
        let line = Rect { y: parts.list.y + y, height: 1, ..parts.list };
        if at == cursor.selected {
            let here = app.shared.focus == Pane::Presets;
            buffer.set_style(line, if here { palette.selected } else { palette.selected_dim });
        }
        draw_row(app, palette, &row, line, buffer);
    }
    draw_about(app, palette, parts.about, buffer);
}

fn draw_row(app: &App, palette: &ThemeStyles, row: &TreeRow, line: Rect, buffer: &mut Buffer) {
    let runs = row.item.is_live(&app.shared);
    let end = line.width.saturating_sub(if runs { 2 } else { 0 });
    let mut rest = RowWriter::new(Rect { width: end, ..line }, buffer);
    rest.skip(row.depth.min(8) * 2);
    match &row.item {
        TreeItem::Folder(folder) => {
            let arrow = if app.presets.is_folded(folder) { "▸ " } else { "▾ " };
            rest.put(arrow, palette.dim);
            let name = folder.rsplit_once('/').map_or(folder.as_str(), |(_, name)| name);
            rest.put(name, palette.title);
        }
        item => draw_leaf(app, palette, item, &mut rest),
    }
    if runs {
        let mark = Rect { x: line.right().saturating_sub(1), width: line.width.min(1), ..line };
        put(buffer, mark, "◉", palette.success);
    }
}

fn draw_leaf(app: &App, palette: &ThemeStyles, item: &TreeItem, rest: &mut RowWriter<'_>) {
    let draft = item.draft(&app.shared);
    if item.is_broken(&app.shared) {
        rest.put("!    ", palette.error);
    } else {
        let found = match item {
            TreeItem::Preset(path) => {
                app.shared.stored(path).and_then(|stored| stored.content.as_ref().ok())
            }
            _ => None,
        };
        let spec = draft.map(|draft| &draft.spec).or(found.map(|preset| &preset.spec));
        badge::put(rest, spec.map_or("", |spec| spec.badge()), palette);
    }
    let name = match item {
        TreeItem::Preset(path) => path.name().to_owned(),
        _ => short_address(&draft.map(Draft::title).unwrap_or_default()).to_owned(),
    };
    let modified = draft.is_some_and(Draft::is_modified);
    let width = rest.area.width.saturating_sub(if modified { 2 } else { 0 });
    let wide = cells(&printable_str(&name)) > width;
    rest.put_within(&name, if wide { width.saturating_sub(1) } else { width }, Style::new());
    if wide {
        rest.put("…", palette.dim);
    }
    if modified {
        rest.put(" ●", palette.warning);
    }
}

/// An address without the scheme its badge tells.
fn short_address(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

fn draw_about(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    let broken = app.presets.selected(&app.shared).is_some_and(|item| item.is_broken(&app.shared));
    let style = if broken { palette.error } else { palette.dim };
    let lines = app.presets.about(&app.shared, area.width);
    for (y, text) in (area.y..area.bottom()).zip(&lines) {
        put(buffer, Rect { y, height: 1, ..area }, text, style);
    }
}
