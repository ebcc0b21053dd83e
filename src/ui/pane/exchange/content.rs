//! Draws what a tab of an exchange holds: a window onto a body, or lines.

use std::ops::Range;

use ratatui::style::{Modifier, Style};

use crate::app::cursor::Cursor;
use crate::app::focus::Pane;
use crate::app::pane::exchange::body_view::{BodyView, Viewport};
use crate::app::pane::exchange::exchange_areas::stands_above;
use crate::app::pane::exchange::shown_exchange::ExchangeTab;
use crate::app::pane::exchange::tab_lines::{TextLine, Tone};
use crate::app::{App, format, layout, wrap_bytes};
use crate::codec::highlight;
use crate::codec::printable::{printable, printable_str};
use crate::model::exchange::ExchangeState;
use crate::model::folds::FoldedLines;
use crate::model::theme::ThemeRole;
use crate::model::view::{ViewLine, ViewMode};
use crate::ui::painter::Painter;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::bytes::{self, MarkedRange, Marks};

/// Cells of the labels of header and timing lines.
const LABEL: u16 = 22;
/// Cells one byte takes at most.
const MOST_CELLS: usize = 10;
/// Cells between two guides of indents.
const GUIDE: usize = 2;

/// A body as a window with its scroll bar, else the lines of the tab.
pub(super) fn draw(painter: Painter<'_>) {
    let app = painter.app;
    if app.exchange.subject(&app.shared).is_some() {
        match app.exchange.view(&app.shared) {
            Some(view) if is_empty(view) => nothing_made(painter),
            Some(view) => body(painter, view),
            None => {}
        }
    } else if app.exchange.tab(&app.shared) == ExchangeTab::Body {
        no_body(painter);
    } else {
        text_lines(painter);
    }
}

/// The names of the columns above a table, moved sideways with it.
pub(super) fn header(mut painter: Painter<'_>) {
    let app = painter.app;
    let Some(derived) = app.exchange.derived(&app.shared) else { return };
    let Some(view) = app.exchange.view(&app.shared) else { return };
    let (left, style) = (view.left, painter.palette.title);
    painter.skip(view.gutter(painter.area.width, app.exchange.numbers));
    let chosen = app.exchange.column_on(&app.shared);
    let chosen = chosen.map(|range| (range, style.add_modifier(Modifier::UNDERLINED)));
    let spans: Vec<_> = chosen.into_iter().collect();
    bytes::text(&mut painter, derived.header.as_bytes(), style, &spans, &[], left);
}

/// Whether all of a body is here and nothing is in it.
fn is_empty(view: &BodyView) -> bool {
    view.window.as_ref().is_some_and(|window| window.complete && window.total_lines == 0)
}

/// What is said of a body that was made and is empty, in the whole room it leaves: why a command failed
/// is more than the frame holds.
fn nothing_made(mut painter: Painter<'_>) {
    let (app, style) = (painter.app, painter.palette.warning);
    let Some(derived) = app.exchange.derived(&app.shared) else { return };
    let width = usize::from(painter.area.width);
    let said = printable_str(&derived.remark);
    let rows = wrap_bytes::rows(said.as_bytes(), width.max(1));
    for (row, range) in painter.area.rows().zip(rows) {
        bytes::plain(&mut painter.at(row), &said.as_bytes()[range], style);
    }
}

fn no_body(mut painter: Painter<'_>) {
    let Some(shown) = painter.app.exchange.shown(&painter.app.shared) else { return };
    let text = match shown.message() {
        Some(_) => "no body",
        None if shown.exchange.state == ExchangeState::Active => "",
        None => "nothing arrived",
    };
    painter.put(text, painter.palette.dim);
}

/// A window onto a body.
fn body(mut painter: Painter<'_>, view: &BodyView) {
    let (app, palette, area) = (painter.app, painter.palette, painter.area);
    let hit = app.exchange.search.hit.filter(|(body, _)| *body == view.body);
    let here = hit.map(|(_, offset)| offset);
    let marks = Marks { pattern: app.shared.search.pattern.as_ref(), here };
    let (shown, mut skip) = view.shown();
    // Until the answer to a new mode is here, the old window is drawn the old way.
    let mode = view.window.as_ref().map_or(view.mode, |window| window.query.mode);
    let cut = view.window.as_ref().map_or(view.mode, |window| window.cut);
    let wraps = app.exchange.wraps(&app.shared) && mode != ViewMode::Hex;
    let left = if wraps { 0 } else { view.left };
    let gutter = view.gutter(area.width, app.exchange.numbers);
    let width = usize::from(area.width.saturating_sub(gutter));
    let room = Viewport { width, height: area.height.into(), wrap: wraps };
    let mut rows = area.rows();
    let cell = view.cell_lines();
    let cell_on =
        |number| cell.iter().find(|(of, _)| *of == number).map(|(_, range)| range.clone());
    'lines: for line in shown.take(area.height.into()) {
        let number = line.number;
        let look = LineLook {
            spans: highlight(cut, palette, line),
            selected: view.selected(number, line),
            cell: cell_on(number),
            marks,
            left,
            wraps,
        };
        let above = if wraps { std::mem::take(&mut skip) } else { 0 };
        for (at, range) in view.ranges(line, room).into_iter().enumerate().skip(above) {
            let Some(row) = rows.next() else { break 'lines };
            let draw = |mut painter: Painter<'_>| {
                if mode == ViewMode::Hex {
                    let hits = hex_hits(view, line, marks);
                    let (whole, row) = (painter.area, bytes::HEX_ROW);
                    bytes::hex_row(&mut painter, line.offset, &line.bytes, row, &hits, left);
                    return hex_marks(painter.at(whole), left, line.bytes.len());
                }
                let goes_on = at > 0 || line.continued;
                let mark = match line.folded {
                    _ if goes_on => "↳",
                    Some(_) => "▸",
                    None if view.opens(line) => "▾",
                    None => "",
                };
                gutter_cells(&mut painter, gutter, (!goes_on).then_some(number + 1), mark);
                draw_line(painter, line, range, &look);
            };
            let mut painter = painter.at(row);
            if number == view.cursor() || (mode == ViewMode::Hex && look.selected.is_some()) {
                let style = palette.selection(has_keys(app));
                painter.row(if look.cell.is_some() { beside_cell(style) } else { style }, draw);
            } else {
                draw(painter);
            }
        }
    }
    painter.scroll_bar(view.drawn.line, view.total());
}

/// The row of the cell under the cursor: where no colour tells it, the cell alone is inside out.
fn beside_cell(row: Style) -> Style {
    if row.add_modifier.contains(Modifier::REVERSED) {
        return Style::new().add_modifier(Modifier::BOLD);
    }
    row
}

/// Whether keys go to what is drawn here.
fn has_keys(app: &App) -> bool {
    let listens = app.shared.session().is_some_and(|session| session.side().listens());
    app.shared.focus == Pane::Response && (!listens || app.exchange.is_inside(&app.shared))
}

/// The number of a line before its first row; before others that it goes on.
fn gutter_cells(painter: &mut Painter<'_>, gutter: u16, number: Option<u64>, mark: &str) {
    let dim = painter.palette.dim;
    if gutter > 2 {
        let text = number.map_or_else(String::new, |number| number.to_string());
        painter.column_right(&text, gutter - 2, dim);
    }
    if gutter > 0 {
        painter.column(mark, 2, dim);
    }
}

/// Says at the edges that a hex line of so many bytes goes on there.
fn hex_marks(mut painter: Painter<'_>, left: usize, bytes: usize) {
    let (width, key) = (painter.area.width, painter.palette.key);
    let row = bytes::HEX_ROW;
    let cells = row.cells() - row.bytes.saturating_sub(bytes);
    if left > 0 && left < cells {
        painter.put_from(0, "‹", key);
    }
    if cells > left + usize::from(width) && width > 0 {
        painter.put_from(width - 1, "›", key);
    }
}

/// The hits in a hex line, those that reach in from its neighbours included.
fn hex_hits(view: &BodyView, line: &ViewLine, marks: Marks<'_>) -> Vec<MarkedRange> {
    let (Some(pattern), Some(window)) = (marks.pattern, &view.window) else { return Vec::new() };
    let reach = pattern.longest() as u64 + line.bytes.len() as u64;
    let near = window
        .lines
        .iter()
        .filter(|other| other.offset + reach >= line.offset && other.offset <= line.offset + reach);
    let mut start = line.offset;
    let mut around = Vec::new();
    for other in near {
        if around.is_empty() {
            start = other.offset;
        }
        around.extend_from_slice(&other.bytes);
    }
    let at = line.offset.saturating_sub(start) as usize;
    marks.hits(start, &around, &(at..at + line.bytes.len()))
}

/// How the text of a line looks.
struct LineLook<'a> {
    spans: Vec<(Range<usize>, Style)>,
    /// Bytes that are selected.
    selected: Option<Range<usize>>,
    /// Those of the cell of a table the cursor is on.
    cell: Option<Range<usize>>,
    marks: Marks<'a>,
    /// Cells scrolled to the right.
    left: usize,
    wraps: bool,
}

fn draw_line(mut painter: Painter<'_>, line: &ViewLine, range: Range<usize>, look: &LineLook<'_>) {
    let (area, palette) = (painter.area, painter.palette);
    let indent = usize::from(line.indent);
    let shown = indent.saturating_sub(look.left).min(usize::from(u16::MAX)) as u16;
    for column in (0..indent).step_by(GUIDE).filter_map(|at| at.checked_sub(look.left)) {
        painter.put_from(column.min(usize::from(u16::MAX)) as u16, "│", palette.border);
    }
    painter.skip(shown);
    let left = look.left.saturating_sub(indent);
    let part = &line.bytes[range.clone()];
    let within = |span: &Range<usize>| {
        let start = span.start.clamp(range.start, range.end) - range.start;
        start..span.end.clamp(range.start, range.end) - range.start
    };
    let moved: Vec<(Range<usize>, Style)> = look
        .spans
        .iter()
        .filter(|(span, _)| span.end > range.start && span.start < range.end)
        .map(|(span, style)| (within(span), *style))
        .collect();
    let mut hits = look.marks.hits(line.offset, &line.bytes, &range);
    if let Some(selected) = look.selected.as_ref().map(within).filter(|it| !it.is_empty()) {
        hits = bytes::selected(selected);
    } else if let Some(cell) = look.cell.as_ref().map(within).filter(|it| !it.is_empty()) {
        hits = bytes::selected_around(hits, cell);
    }
    bytes::text(&mut painter, part, palette.base, &moved, &hits, left);
    // A row ends before the air of a last cell that is empty.
    if look.cell.as_ref().is_some_and(|cell| cell.is_empty() && cell.end == range.end) {
        painter.put(" ", palette.base.add_modifier(Modifier::REVERSED));
    }
    if let Some(folded) = line.folded {
        painter.put(&behind_fold(line, folded), palette.dim);
    }
    if !look.wraps {
        cut_marks(painter.at(area), shown, left, part);
    }
}

/// `… 12 keys}`: what is behind a bracket that is folded.
fn behind_fold(line: &ViewLine, folded: FoldedLines) -> String {
    let (one, several, end) = match line.bytes.last() {
        Some(b'{') => ("key", "keys", '}'),
        _ => ("item", "items", ']'),
    };
    let what = if folded.members == 1 { one } else { several };
    format!("… {} {what}{end}", format::count(folded.members))
}

/// Says at the edges that a line goes on there; `left` cells of its text lie before them.
fn cut_marks(mut painter: Painter<'_>, indent: u16, left: usize, part: &[u8]) {
    let (width, key) = (painter.area.width, painter.palette.key);
    if width < 4 {
        return;
    }
    if left > 0 && !part.is_empty() {
        painter.put_from(0, "‹", key);
    }
    let room = left + usize::from(width.saturating_sub(indent));
    // No byte takes more cells than `‹U+10FFFF›`, and most one.
    if part.len() * MOST_CELLS > room && wrap_bytes::cells(&printable(part)) > room {
        painter.put_from(width - 1, "›", key);
    }
}

/// Colours of a line; only JSON that was laid out anew is known to be JSON.
fn highlight(mode: ViewMode, palette: &ThemeStyles, line: &ViewLine) -> Vec<(Range<usize>, Style)> {
    if mode != ViewMode::Pretty {
        return Vec::new();
    }
    let tokens = if line.continued {
        highlight::json_continued(&line.bytes)
    } else {
        highlight::json(&line.bytes)
    };
    tokens.into_iter().map(|(range, token)| (range, palette.token(token))).collect()
}

fn text_lines(mut painter: Painter<'_>) {
    let (app, area) = (painter.app, painter.area);
    let Some(lines) = app.exchange.lines(&app.shared) else { return };
    let place = app.exchange.place(&app.shared);
    let (cursor, left) = place.map_or((Cursor::default(), 0), |place| (place.cursor, place.left));
    let reach = left + usize::from(area.width) * 4;
    let (count, top) = (lines.count(), cursor.offset);
    let texts = lines.some(top, area.height.into(), reach);
    painter.list(cursor, count, painter.palette.selection(has_keys(app)), |painter, at| {
        if let Some(line) = texts.get(at - top) {
            text_line(painter, line, left);
        }
    });
    painter.scroll_bar(top as u64, count as u64);
}

fn text_line(mut painter: Painter<'_>, line: &TextLine, mut left: usize) {
    let palette = painter.palette;
    let (label, value) = match line.tone {
        Tone::Pair => (palette.ink(ThemeRole::JsonKey), palette.base),
        Tone::Heading => (palette.title, palette.title),
        Tone::Dim => (palette.dim, palette.dim),
        Tone::Warning => (palette.warning, palette.warning),
        Tone::Failure => (palette.ink(ThemeRole::JsonKey), palette.error),
    };
    if let Some((start, end)) = line.bar {
        painter.column(&line.label, LABEL, label);
        painter.column_right(&line.value.text, 11, value);
        painter.skip(2);
        let width = f64::from(painter.area.width);
        let from = (start * width).floor();
        let cells = ((end * width).ceil() - from).max(1.0) as usize;
        painter.put_from(from as u16, &"━".repeat(cells), palette.received);
        return;
    }
    if !line.label.is_empty() && left == 0 {
        let width = wrap_bytes::cells(&line.label).max(usize::from(LABEL) - 1) as u16;
        painter.column(&line.label, width, label);
        painter.skip(1);
    }
    bytes::shown(&mut painter, &line.value, value, &mut left);
}

/// By what a body was made of another, what is to be said of it, and of what is being made.
fn of_derived(painter: &Painter<'_>) -> Vec<(String, Style)> {
    let (app, palette) = (painter.app, painter.palette);
    let mut parts = Vec::new();
    let (making, trouble) = app.exchange.making();
    if let Some(derived) = app.exchange.derived(&app.shared) {
        let title = printable_str(&derived.recipe.title()).into_owned();
        parts.push((format!("⇒ {title}"), palette.key));
    }
    if making.is_some() {
        parts.push((app.keyed("being made, [cancel] stops"), palette.warning));
    } else if !trouble.is_empty() && app.exchange.line.is_none() {
        parts.push((printable_str(trouble).into_owned(), palette.error));
    }
    parts
}

/// What stands on the bottom border: note, mode, sizes, place.
pub(super) fn foot(painter: &Painter<'_>) -> Vec<(String, Style)> {
    let (app, palette) = (painter.app, painter.palette);
    let mut parts = of_derived(painter);
    let told = app.exchange.told_of_body(&app.shared).into_iter().flatten();
    let inside = layout::pane_inner(painter.area).width;
    let told = told.filter(|(text, _)| !stands_above(text, inside));
    parts.extend(told.map(|(text, warns)| {
        (printable_str(text).into_owned(), if warns { palette.warning } else { palette.dim })
    }));
    if let Some(image) = app.exchange.image(&app.shared) {
        parts.push((image.words(), palette.key));
    }
    let Some(view) = app.exchange.view(&app.shared) else { return parts };
    let Some(window) = &view.window else { return parts };
    if app.exchange.search.is_running {
        parts.push(("searching".to_owned(), palette.dim));
    } else if app.exchange.search.hit.is_some_and(|(body, _)| body == view.body)
        && let Some(place) = app.exchange.search.place(&app.shared)
    {
        parts.push((format!("hit {place}"), palette.base));
    }
    if let Some(path) = view.path().or_else(|| app.exchange.cell_place(&app.shared)) {
        parts.push((printable_str(&path).into_owned(), palette.ink(ThemeRole::JsonKey)));
    }
    let mode = match view.mode {
        ViewMode::Pretty => "pretty",
        ViewMode::Text => "text",
        ViewMode::Wide(wide) => wide.into_str(),
        ViewMode::Hex => "hex",
    };
    let wrap = if app.exchange.wraps(&app.shared) { ", wrapped" } else { "" };
    parts.push((format!("{mode}{wrap}"), palette.dim));
    let growing = if window.complete { "" } else { "+" };
    let size = format::size(window.total_bytes);
    let line = (view.cursor() + 1).min(window.total_lines);
    let lines = format::count(window.total_lines);
    parts.push((
        format!("line {} of {lines}{growing}  {size}{growing}", format::count(line)),
        palette.dim,
    ));
    parts
}
