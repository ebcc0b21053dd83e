//! Draws what a tab of an exchange holds: a window onto a body, or lines.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::pane::exchange::body_view::BodyView;
use crate::app::pane::exchange::shown_exchange::ExchangeTab;
use crate::app::pane::exchange::text_line::{TextLine, Tone};
use crate::app::{App, format, wrap_bytes};
use crate::codec::highlight::{self, HighlightToken};
use crate::model::exchange::ExchangeState;
use crate::model::view::{ViewLine, ViewMode};
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::bytes::{self, MarkedRange, Marks};
use crate::ui::widget::row_writer::RowWriter;
use crate::ui::widget::scrollbar::{self, Extent};
use crate::ui::widget::text::put;

/// Cells of the labels of header and timing lines.
const LABEL: u16 = 22;

/// A body as a window with its scroll bar, else the lines of the tab.
pub(super) fn draw(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    if app.exchange.subject(&app.shared).is_none() {
        if app.exchange.tab(&app.shared) == ExchangeTab::Body {
            no_body(app, palette, area, buffer);
        } else {
            text_lines(app, palette, area, buffer);
        }
        return;
    }
    let Some(view) = app.exchange.view(&app.shared) else { return };
    body(app, palette, view, (area, buffer));
}

fn no_body(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    let Some(shown) = app.exchange.shown(&app.shared) else { return };
    let text = match shown.message() {
        Some(_) => "no body",
        None if shown.exchange.state == ExchangeState::Active => "",
        None => "nothing arrived",
    };
    put(buffer, Rect { height: area.height.min(1), ..area }, text, palette.dim);
}

/// A window onto a body.
fn body(app: &App, palette: &ThemeStyles, view: &BodyView, (area, buffer): (Rect, &mut Buffer)) {
    let hit = app.exchange.search.hit.filter(|(body, _)| *body == view.body);
    let here = hit.map(|(_, offset)| offset);
    let marks = Marks { pattern: app.shared.search.pattern.as_ref(), here };
    let (shown, mut skip) = view.shown();
    // Until the answer to a new mode is here, the old window is drawn the old way.
    let mode = view.window.as_ref().map_or(view.mode, |window| window.query.mode);
    let is_laid_out = view.window.as_ref().is_some_and(|window| window.note.is_none());
    let mut y = area.y;
    for line in shown {
        if y >= area.bottom() {
            break;
        }
        let row = Rect { y, height: 1, ..area };
        if mode == ViewMode::Hex {
            let hits = hex_hits(view, line, marks);
            bytes::hex_row(palette, row, (line.offset, &line.bytes), &hits, buffer);
            y += 1;
            continue;
        }
        let spans = if is_laid_out { highlight(mode, palette, line) } else { Vec::new() };
        if !app.exchange.wrap {
            draw_line(
                palette,
                (row, buffer),
                (line, 0..line.bytes.len()),
                &spans,
                (marks, view.left),
            );
            y += 1;
            continue;
        }
        let width = usize::from(area.width).saturating_sub(line.indent.into()).max(1);
        for range in
            wrap_bytes::rows(&line.bytes, width).into_iter().skip(std::mem::take(&mut skip))
        {
            if y >= area.bottom() {
                break;
            }
            let row = Rect { y, height: 1, ..area };
            draw_line(palette, (row, buffer), (line, range), &spans, (marks, 0));
            y += 1;
        }
    }
    let extent = Extent { top: view.drawn.line, total: view.total() };
    scrollbar::draw(palette, area, extent, buffer);
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
    palette: &ThemeStyles,
    (row, buffer): (Rect, &mut Buffer),
    (line, range): (&ViewLine, Range<usize>),
    spans: &[(Range<usize>, Style)],
    (marks, left): (Marks<'_>, usize),
) {
    let mut run = RowWriter::new(row, buffer);
    let indent = usize::from(line.indent);
    run.skip(indent.saturating_sub(left).min(usize::from(u16::MAX)) as u16);
    let left = left.saturating_sub(indent);
    let part = line.bytes.get(range.clone()).unwrap_or_default();
    let moved: Vec<(Range<usize>, Style)> = spans
        .iter()
        .filter(|(span, _)| span.end > range.start && span.start < range.end)
        .map(|(span, style)| {
            let start = span.start.max(range.start) - range.start;
            (start..span.end.min(range.end) - range.start, *style)
        })
        .collect();
    let hits = marks.hits(line.offset, &line.bytes, &range);
    bytes::text(&mut run, palette, (part, palette.base), (&moved, &hits), left);
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
    let style = |token| match token {
        HighlightToken::Plain => palette.base,
        HighlightToken::Key => palette.json_key,
        HighlightToken::String => palette.string,
        HighlightToken::Number => palette.number,
        HighlightToken::Literal => palette.literal,
        HighlightToken::Punctuation => palette.punctuation,
        HighlightToken::Error => palette.error,
    };
    tokens.into_iter().map(|(range, token)| (range, style(token))).collect()
}

fn text_lines(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    let Some(lines) = app.exchange.lines(&app.shared) else { return };
    let place = app.exchange.place(&app.shared);
    let (top, left) = place.map_or((0, 0), |place| (place.scroll, place.left));
    let reach = left + usize::from(area.width) * 4;
    let shown = lines.some(top, area.height.into(), reach);
    for (y, line) in (area.y..area.bottom()).zip(&shown) {
        text_line(palette, Rect { y, height: 1, ..area }, (line, left), buffer);
    }
    let extent = Extent { top: top as u64, total: lines.count() as u64 };
    scrollbar::draw(palette, area, extent, buffer);
}

fn text_line(
    palette: &ThemeStyles,
    row: Rect,
    (line, left): (&TextLine, usize),
    buffer: &mut Buffer,
) {
    let (label, value) = match line.tone {
        Tone::Pair => (palette.json_key, palette.base),
        Tone::Heading => (palette.title, palette.title),
        Tone::Dim => (palette.dim, palette.dim),
        Tone::Warning => (palette.warning, palette.warning),
        Tone::Failure => (palette.json_key, palette.error),
    };
    let mut run = RowWriter::new(row, buffer);
    if let Some((start, end)) = line.bar {
        run.column(&line.label, LABEL, label);
        run.column_right(&line.value.text, 11, value);
        run.skip(2);
        let width = f64::from(run.area.width);
        let from = (start * width).floor();
        let cells = ((end * width).ceil() - from).max(1.0) as usize;
        run.skip(from as u16);
        run.put(&"━".repeat(cells), palette.received);
        return;
    }
    if !line.label.is_empty() {
        let is_plain = left == 0;
        let width = wrap_bytes::cells(&line.label).max(usize::from(LABEL) - 1) as u16;
        if is_plain {
            run.column(&line.label, width.min(run.area.width), label);
            run.skip(1);
        }
    }
    let mut left = left;
    bytes::shown(&mut run, palette, (&line.value, value), &mut left);
}

/// What stands on the bottom border: note, mode, sizes, place.
pub(super) fn foot(app: &App, palette: &ThemeStyles) -> Vec<(String, Style)> {
    let mut parts = Vec::new();
    let Some(view) = app.exchange.view(&app.shared) else { return parts };
    let Some(window) = &view.window else { return parts };
    if let Some(note) = &window.note {
        parts.push((crate::codec::printable::printable_str(note).into_owned(), palette.warning));
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
