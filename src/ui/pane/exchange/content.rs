//! Draws what a tab of an exchange holds: a window onto a body, or lines.

use std::ops::Range;

use ratatui::style::Style;

use crate::app::pane::exchange::body_view::BodyView;
use crate::app::pane::exchange::shown_exchange::ExchangeTab;
use crate::app::pane::exchange::tab_lines::{TextLine, Tone};
use crate::app::{format, wrap_bytes};
use crate::codec::highlight;
use crate::codec::printable::printable_str;
use crate::model::exchange::ExchangeState;
use crate::model::theme::ThemeRole;
use crate::model::view::{ViewLine, ViewMode};
use crate::ui::painter::Painter;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::bytes::{self, MarkedRange, Marks};

/// Cells of the labels of header and timing lines.
const LABEL: u16 = 22;

/// A body as a window with its scroll bar, else the lines of the tab.
pub(super) fn draw(painter: Painter<'_>) {
    let app = painter.app;
    if app.exchange.subject(&app.shared).is_some() {
        if let Some(view) = app.exchange.view(&app.shared) {
            body(painter, view);
        }
    } else if app.exchange.tab(&app.shared) == ExchangeTab::Body {
        no_body(painter);
    } else {
        text_lines(painter);
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
    let wraps = app.exchange.wrap && mode != ViewMode::Hex;
    let left = if wraps { 0 } else { view.left };
    let mut rows = area.rows();
    'lines: for line in shown.take(area.height.into()) {
        let ranges = if wraps {
            let width = usize::from(area.width).saturating_sub(line.indent.into()).max(1);
            wrap_bytes::rows(&line.bytes, width)
        } else {
            let whole = 0..line.bytes.len();
            vec![whole]
        };
        let spans = highlight(cut, palette, line);
        let above = if wraps { std::mem::take(&mut skip) } else { 0 };
        for range in ranges.into_iter().skip(above) {
            let Some(row) = rows.next() else { break 'lines };
            if mode == ViewMode::Hex {
                let hits = hex_hits(view, line, marks);
                bytes::hex_row(&mut painter.at(row), (line.offset, &line.bytes), &hits);
            } else {
                draw_line(painter.at(row), (line, range), &spans, (marks, left));
            }
        }
    }
    painter.scroll_bar(view.drawn.line, view.total());
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

fn draw_line(
    mut painter: Painter<'_>,
    (line, range): (&ViewLine, Range<usize>),
    spans: &[(Range<usize>, Style)],
    (marks, left): (Marks<'_>, usize),
) {
    let indent = usize::from(line.indent);
    painter.skip(indent.saturating_sub(left).min(usize::from(u16::MAX)) as u16);
    let left = left.saturating_sub(indent);
    let part = &line.bytes[range.clone()];
    let moved: Vec<(Range<usize>, Style)> = spans
        .iter()
        .filter(|(span, _)| span.end > range.start && span.start < range.end)
        .map(|(span, style)| {
            let start = span.start.max(range.start) - range.start;
            (start..span.end.min(range.end) - range.start, *style)
        })
        .collect();
    let hits = marks.hits(line.offset, &line.bytes, &range);
    let base = painter.palette.base;
    bytes::text(&mut painter, (part, base), (&moved, &hits), left);
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
    let (top, left) = place.map_or((0, 0), |place| (place.scroll, place.left));
    let reach = left + usize::from(area.width) * 4;
    for (row, line) in area.rows().zip(&lines.some(top, area.height.into(), reach)) {
        text_line(painter.at(row), line, left);
    }
    painter.scroll_bar(top as u64, lines.count() as u64);
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

/// What stands on the bottom border: note, mode, sizes, place.
pub(super) fn foot(painter: &Painter<'_>) -> Vec<(String, Style)> {
    let (app, palette) = (painter.app, painter.palette);
    let mut parts = Vec::new();
    let Some(view) = app.exchange.view(&app.shared) else { return parts };
    let Some(window) = &view.window else { return parts };
    if let Some(note) = &window.note {
        parts.push((printable_str(note).into_owned(), palette.warning));
    }
    if app.exchange.search.is_running {
        parts.push(("searching".to_owned(), palette.dim));
    }
    let mode = match view.mode {
        ViewMode::Pretty => "pretty",
        ViewMode::Text => "text",
        ViewMode::Wide(wide) => wide.into_str(),
        ViewMode::Hex => "hex",
    };
    let wrap = if app.exchange.wrap { ", wrapped" } else { "" };
    parts.push((format!("{mode}{wrap}"), palette.dim));
    let growing = if window.complete { "" } else { "+" };
    let size = format::size(window.total_bytes);
    let line = (view.drawn.line + 1).min(window.total_lines);
    let lines = format::count(window.total_lines);
    parts.push((
        format!("line {} of {lines}{growing}  {size}{growing}", format::count(line)),
        palette.dim,
    ));
    parts
}
