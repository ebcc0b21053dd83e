//! Draws the presets pane.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Block;

use crate::app::drafts::Draft;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::layout::pane_inner;
use crate::app::preset_tree::{self, TreeItem, TreeRow};
use crate::model::url_text::UrlText;
use crate::ui::painter::{Painter, cells};
use crate::ui::widget::{badge, frame, lesson};

/// The name of the region, and whether the presets are the starter ones.
pub(super) fn border(painter: &Painter<'_>) -> Block<'static> {
    let (pane, shared) = (&painter.app.presets, &painter.app.shared);
    let is_starter = shared.workspace.is_starter;
    let read = format::count(shared.workspace.presets.len() as u64);
    let title = match (is_starter, shared.workspace.is_partial) {
        (true, _) => " Presets ─ starter ".to_owned(),
        (false, true) => format!(" Presets ─ {read} read so far "),
        (false, false) => " Presets ".to_owned(),
    };
    let height = pane.areas(shared, pane_inner(painter.area)).list.height;
    let at = pane.cursor(shared, height.into()).selected;
    let position = frame::position(at, pane.listing(shared).count(), height);
    frame::with_foot(
        frame::of(Pane::Presets, title),
        vec![(position, painter.palette.dim)],
        painter.area.width,
    )
}

/// Draws the inside of the pane.
pub(super) fn draw(mut painter: Painter<'_>) {
    let (app, palette) = (painter.app, painter.palette);
    let parts = app.presets.areas(&app.shared, painter.area);
    if let Some(search) = &app.presets.search {
        painter.at(parts.search).search_line(search);
    }
    if app.presets.listing(&app.shared).count() == 0 {
        let mut painter = painter.at(parts.list);
        match &app.presets.search {
            Some(_) => lesson::put(&mut painter, &["nothing found", "[back] ends the search"]),
            None => lesson::put(
                &mut painter,
                &["no presets yet", "[new] composes one", "[save] keeps it here"],
            ),
        }
    }
    let cursor = app.presets.cursor(&app.shared, usize::from(parts.list.height));
    let listing = app.presets.listing(&app.shared);
    let selected = palette.selection(app.shared.focus == Pane::Presets);
    painter.at(parts.list).list(cursor, listing.count(), selected, |painter, at| {
        if let Some(row) = listing.row(at) {
            draw_row(painter, &row);
        }
    });
    painter.at(parts.list).scroll_bar(cursor.offset as u64, listing.count() as u64);
    let broken = app.presets.selected(&app.shared).is_some_and(|item| match &item {
        TreeItem::Folder(folder) => app.shared.fault_of_folder(folder).is_some(),
        item => item.is_broken(&app.shared),
    });
    let about = app.presets.about(&app.shared, parts.about.width);
    painter.at(parts.about).lines(about, if broken { palette.error } else { palette.dim });
}

fn draw_row(mut painter: Painter<'_>, row: &TreeRow) {
    let (app, palette, line) = (painter.app, painter.palette, painter.area);
    if row.item.is_live(&app.shared) {
        let last = Rect { x: line.right().saturating_sub(1), width: line.width.min(1), ..line };
        let draft = row.item.draft(&app.shared);
        let is_there = draft.and_then(|draft| app.shared.edited_away(draft)).is_none();
        painter.at(last).put("◉", if is_there { palette.success } else { palette.warning });
        painter.area.width = line.width.saturating_sub(2);
    }
    // What is on screen is seen in the list, whatever has the keys.
    let is_open = match &row.item {
        TreeItem::Folder(folder) => app.presets.hides_open(&app.shared, folder),
        item => item.is_open(&app.shared),
    };
    let is_marked = matches!(&row.item, TreeItem::Preset(path) if app.presets.is_marked(path));
    let (sign, style) = match (is_marked, is_open) {
        (true, _) => ("✓", palette.active),
        (false, true) => ("▌", palette.focused_border),
        (false, false) => (" ", palette.focused_border),
    };
    painter.put(sign, style);
    painter.skip(row.depth.min(8) * 2);
    match &row.item {
        TreeItem::Folder(folder) => {
            let arrow = if app.presets.is_folded(folder) { "▸ " } else { "▾ " };
            painter.put(arrow, palette.dim);
            let name = folder.rsplit_once('/').map_or(folder.as_str(), |(_, name)| name);
            painter.put(name, palette.title);
            if app.shared.fault_of_folder(folder).is_some() {
                painter.put(" !", palette.error);
            }
        }
        item => draw_leaf(painter, item, is_open),
    }
}

fn draw_leaf(mut painter: Painter<'_>, item: &TreeItem, is_open: bool) {
    let (app, palette) = (painter.app, painter.palette);
    let draft = item.draft(&app.shared);
    if item.is_broken(&app.shared) {
        painter.put("!    ", palette.error);
    } else {
        let found = match item {
            TreeItem::Preset(path) => {
                app.shared.stored(path).and_then(|stored| stored.content.as_ref().ok())
            }
            _ => None,
        };
        let spec = draft.map(|draft| &*draft.spec).or(found.map(|preset| &preset.spec));
        badge::put(&mut painter, spec.map_or("", |spec| spec.badge()));
    }
    let name = match item {
        TreeItem::Preset(path) => path.name().to_owned(),
        _ => short_address(&draft.map(Draft::title).unwrap_or_default()).to_owned(),
    };
    let is_lost = draft.is_some_and(|draft| app.shared.has_lost_file(draft));
    let mark = match draft {
        // Where there is no room for the words, what the row is about says them.
        Some(_) if is_lost && painter.area.width >= cells(&name) + cells(LOST) => LOST,
        Some(_) if is_lost => " ✗",
        Some(draft) if draft.is_modified() => " ●",
        _ => "",
    };
    let width = painter.area.width.saturating_sub(cells(mark));
    let start = painter.area;
    let style = if is_open { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
    painter.put_within(&name, width, style);
    mark_hits(&mut painter, item, start);
    painter.put(mark, palette.warning);
}

/// Behind the name of a preset whose file went away.
const LOST: &str = " not on disk";

/// Marks what a search found in a name that begins here; else says dimmed behind it where it was.
fn mark_hits(painter: &mut Painter<'_>, item: &TreeItem, start: Rect) {
    let (app, palette) = (painter.app, painter.palette);
    let (text, TreeItem::Preset(path)) = (app.presets.search_text(), item) else { return };
    if text.trim().is_empty() {
        return;
    }
    let used = painter.area.x - start.x;
    let found = preset_tree::marks(path, &text);
    mark_at(painter, path.name(), &found, Rect { width: used, ..start });
    let elsewhere = app.shared.stored(path).filter(|_| found.is_empty());
    if let Some(context) = elsewhere.and_then(|stored| preset_tree::found_in(stored, &text)) {
        painter.skip(1);
        let there = painter.area;
        painter.put(&context, palette.dim);
        mark_at(painter, &context, &preset_tree::word_marks(&context, &text), there);
    }
}

/// Marks characters of a text that stands in an area, whatever cells they take.
fn mark_at(painter: &mut Painter<'_>, text: &str, found: &[usize], area: Rect) {
    let style = painter.palette.active;
    let mut x = 0_u16;
    for (at, c) in text.chars().enumerate() {
        let width = cells(c.encode_utf8(&mut [0; 4]));
        if x >= area.width {
            return;
        }
        if found.binary_search(&at).is_ok() {
            let cell = Rect { x: area.x + x, width: width.min(area.width - x), ..area };
            painter.at(cell).fill(style);
        }
        x = x.saturating_add(width);
    }
}

/// An address without the scheme its badge tells.
fn short_address(address: &str) -> &str {
    UrlText::of(address).bare
}
