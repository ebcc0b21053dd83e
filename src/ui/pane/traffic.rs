//! Draws the traffic pane: the list, the record looked at, the filter line.

mod strip;

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use crate::app::column_set::PlacedColumn;
use crate::app::columns::{CellFacts, ColumnSide, TrafficColumn};
use crate::app::decoded_view;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::layout::pane_inner;
use crate::app::pane::traffic::{PROMPT, RATE_SECONDS};
use crate::app::shared::Shared;
use crate::codec::printable::printable_str;
use crate::model::id::RecordId;
use crate::model::record::{ConnInfo, Record, RecordKind};
use crate::model::secrets::masked;
use crate::model::theme::ThemeRole;
use crate::timeline::{Volume, stream_tail};
use crate::ui::painter::{Painter, cells};
use crate::ui::widget::bytes::{self, LINES, Marks};
use crate::ui::widget::record_view::answered_by;
use crate::ui::widget::{fit, frame, lesson, record_view};

/// Width from which the seconds before stand beside the rate as bars, and how many.
const BARRED: u16 = 100;
const BARS_SECONDS: u64 = 20;
/// Width of a summary from which the rule that answered stands at its end.
const RULED: u16 = 60;
/// What is shown, and on the right how fast it comes or what is held back.
pub(super) fn border(painter: &Painter<'_>) -> Block<'static> {
    let (traffic, inside) = (&painter.app.traffic, pane_inner(painter.area));
    let height = traffic.areas(inside).rows.height;
    let position = frame::position(traffic.cursor(height.into()).selected, traffic.len(), height);
    let right = right_title(painter);
    // Two corners, the number of the pane, and a cell between the two.
    let room = usize::from(painter.area.width).saturating_sub(right.width() + 4);
    let block = frame::of(Pane::Traffic, title(painter, room));
    let block = block.title(right.right_aligned());
    frame::with_foot(block, vec![(position, painter.palette.dim)], painter.area.width)
}

/// Draws the inside of the pane.
pub(super) fn draw(mut painter: Painter<'_>) {
    let traffic = &painter.app.traffic;
    let parts = traffic.areas(painter.area);
    header(painter.at(parts.header));
    if !parts.let_go.is_empty() {
        let count = format::counted(traffic.let_go, "older record");
        let (text, style) = (format!(" {count} had to make room "), painter.palette.warning);
        painter.at(parts.let_go).put(&text, style);
    }
    rows(painter.at(parts.rows));
    strip::draw(painter.at(parts.strip), parts.rows.height);
    if let Some(detail) = &traffic.detail {
        let areas = (parts.detail_title, parts.detail);
        record_view::draw(&mut painter, detail, traffic.pattern(), areas);
    }
    let mut place = painter.at(parts.filter);
    place.area = parts.filter;
    filter_line(place, parts.filter_words);
}

/// The pane folded into one line: totals, and what came last.
pub(super) fn folded(mut painter: Painter<'_>) {
    let palette = painter.palette;
    painter.put(&format!(" {}", Pane::Traffic as usize + 1), palette.dim);
    for span in title(&painter, painter.area.width.into()).spans {
        painter.put(&span.content, palette.dim.patch(span.style));
    }
    let shared = &painter.app.shared;
    let last = shared.timeline.next_id().0.checked_sub(1).map(RecordId);
    let Some((id, record)) = last.and_then(|id| Some((id, shared.timeline.get(id)?))) else {
        return;
    };
    let (glyph, style) = palette.direction(record.direction);
    painter.put(&format!(" {} ", shared.time_of_day(record.at)), palette.dim);
    painter.put(&ConnInfo::label(shared.timeline.conn(record.conn), record.conn), palette.dim);
    painter.put(&format!(" {glyph} "), style);
    summary(&mut painter, (id, &record), style);
}

/// Totals, what was evicted, what was lost. Where there is no room for all, the bars go, then the rates.
fn title(painter: &Painter<'_>, room: usize) -> Line<'static> {
    let (app, palette) = (painter.app, painter.palette);
    let records = format::counted(app.shared.timeline.crossed() as u64, "record");
    let mut spans = vec![Span::raw(format!(" Traffic ─ {records} "))];
    let mut rates = Vec::new();
    let rate = app.shared.timeline.rates.rate(app.shared.now, RATE_SECONDS);
    for (glyph, per_second, style) in
        [("▶", rate.sent, palette.sent), ("◀", rate.received, palette.received)]
    {
        if per_second > 0.0 {
            rates.push(Span::styled(format!(" {glyph} {} ", format::rate(per_second)), style));
        }
    }
    if painter.area.width >= BARRED {
        let counts = app.shared.timeline.rates.history(app.shared.now, BARS_SECONDS);
        let bars = strip::bars(&counts);
        if !bars.is_empty() {
            rates.push(Span::styled(format!(" {bars} "), palette.dim));
        }
    }
    let Volume { records, bytes } = app.shared.timeline.evicted;
    if records > 0 {
        let text = format!(" {} evicted ({}) ", format::count(records), format::size(bytes));
        spans.push(Span::styled(text, palette.warning));
    }
    let (mut by_app, mut by_kernel) = (0, 0);
    for lost in app.shared.timeline.losses() {
        by_app += lost.by_app;
        by_kernel += lost.by_kernel.unwrap_or(0);
    }
    for (count, by) in [(by_app, "us"), (by_kernel, "the kernel")] {
        if count > 0 {
            let text = format!(" {} dropped by {by} ", format::count(count));
            spans.push(Span::styled(text, palette.error));
        }
    }
    let width = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    while !rates.is_empty() && width(&spans) + width(&rates) > room {
        rates.pop();
    }
    let lost = spans.split_off(1);
    spans.into_iter().chain(rates).chain(lost).collect()
}

/// Filter, pause, follow.
fn right_title(painter: &Painter<'_>) -> Line<'static> {
    let (app, palette, traffic) = (painter.app, painter.palette, &painter.app.traffic);
    let mut spans = Vec::new();
    if let Some(words) = app.at_work() {
        spans.push(Span::styled(format!(" {words} "), palette.key));
    }
    if !traffic.filter.text.is_empty() && traffic.filter.editor.is_none() {
        let busy = if traffic.listing.is_complete() { "" } else { "…" };
        let shown = format::count(traffic.len() as u64);
        let text = printable_str(&traffic.filter.text);
        let text = fit::start(&text, painter.area.width * 2 / 5);
        spans.push(Span::styled(format!(" filter: {text}  {shown}{busy} shown "), palette.active));
    }
    if let Some(found) = &traffic.found {
        let (count, is_complete) = found.count();
        let here = traffic.selected(&app.shared).and_then(|id| found.place(id));
        let here = here.map_or_else(|| "–".to_owned(), |at| format::count(at as u64));
        let busy = if is_complete { "" } else { "…" };
        let text = printable_str(found.text()).into_owned();
        let text = format!(" find: {text}  {here} of {}{busy} ", format::count(count as u64));
        spans.push(Span::styled(text, palette.active));
    }
    if let Some(sorted) = &traffic.sorted {
        let name = sorted.order.column.row().name;
        let came = format::count(traffic.came_since_sorted() as u64);
        let text = if sorted.is_done() {
            app.keyed(&format!(" by {name}, +{came} since; [back] follows time "))
        } else {
            format!(" sorting by {name}… ")
        };
        spans.push(Span::styled(text, palette.warning));
    } else if traffic.paused.is_some() {
        let held = format::count(traffic.held_back() as u64);
        spans.push(Span::styled(format!(" paused +{held} "), palette.warning));
    } else if !traffic.is_following() {
        spans.push(Span::styled(app.keyed(" [bottom] follows "), palette.dim));
    }
    Line::from(spans)
}

/// The titles of the columns; that of the one in whose order the rows stand says which way.
fn header(mut painter: Painter<'_>) {
    let (app, style) = (painter.app, painter.palette.dim);
    let placed = app.shared.columns.placed(painter.area.width);
    let order = app.traffic.sorted.as_ref().map(|sorted| sorted.order);
    for PlacedColumn { column, width, .. } in &placed {
        let row = column.row();
        let title = match column {
            TrafficColumn::Time => app.shared.columns.times.title(),
            _ => row.title,
        };
        let order = order.filter(|order| order.column == *column);
        let arrow = order.map_or("", |order| if order.is_descending { "▾" } else { "▴" });
        let style = if order.is_some() { painter.palette.active } else { style };
        cell(&mut painter, &format!("{title}{arrow}"), row.side, *width, style);
    }
    painter.put("summary", style);
}

/// Text in a column, with a cell of air behind it.
fn cell(painter: &mut Painter<'_>, text: &str, side: ColumnSide, width: u16, style: Style) {
    let within = width.saturating_sub(1);
    match side {
        ColumnSide::Left => painter.column(text, within, style),
        ColumnSide::Right => painter.column_right(text, within, style),
    }
    painter.skip(width - within);
}

fn rows(mut painter: Painter<'_>) {
    let (app, traffic) = (painter.app, &painter.app.traffic);
    let len = traffic.len();
    if len == 0 {
        if traffic.filter.text.is_empty() {
            lesson::put(
                &mut painter,
                &[
                    "everything that crosses a socket appears here, byte for byte",
                    "[detail] looks at a row, [make-preset] makes something to send of it",
                    "[find] filters: port == 9000 and dir == in",
                ],
            );
        } else {
            nothing(&mut painter);
        }
        return;
    }
    let cursor = traffic.cursor(painter.area.height.into());
    let focused = app.shared.focus == Pane::Traffic;
    let has_keys = focused && traffic.detail.as_ref().is_none_or(|detail| !detail.inside);
    let is_marked = focused || traffic.detail.is_some();
    let selected = if is_marked { painter.palette.selection(has_keys) } else { Style::new() };
    let placed = app.shared.columns.placed(painter.area.width);
    painter.list(cursor, len, selected, |mut painter, at| {
        let Some(id) = traffic.row(at) else { return };
        match app.shared.timeline.get(id) {
            Some(shown) => match app.shared.color_rules.of(&app.shared.timeline, id, &shown) {
                Some(color) => {
                    let style = painter.palette.row(&app.shared.themes, color);
                    painter.tinted(style, |painter| row(painter, id, &shown, &placed));
                }
                None => row(painter, id, &shown, &placed),
            },
            None => painter.put(&format!(" {} was let go of", id.0), painter.palette.dim),
        }
    });
    painter.scroll_bar(cursor.offset as u64, len as u64);
}

/// What is said of a filter that lets nothing through.
fn nothing(painter: &mut Painter<'_>) {
    let traffic = &painter.app.traffic;
    if !traffic.listing.is_complete() {
        return lesson::put(painter, &["searching…"]);
    }
    let (style, area) = (painter.palette.dim, painter.area);
    let lines: Vec<_> = traffic.nothing.iter().map(|line| format!(" {line}")).collect();
    painter.lines(lines.iter().map(|line| printable_str(line)), style);
    let below = area.rows().nth(lines.len());
    lesson::put(&mut painter.at(below.unwrap_or_default()), &["[find] changes the filter"]);
}

/// A record in the list: its cells, then what crossed.
fn row(mut painter: Painter<'_>, id: RecordId, record: &Record, placed: &[PlacedColumn]) {
    let (app, palette) = (painter.app, painter.palette);
    let facts = CellFacts { shared: &app.shared, id, record };
    let (glyph, style) = palette.direction(record.direction);
    for PlacedColumn { column, width, .. } in placed {
        let row = column.row();
        match column {
            TrafficColumn::Way => painter.column(glyph, *width, style),
            TrafficColumn::Number => {
                let mark = if app.shared.timeline.is_pinned(id) { "◆" } else { " " };
                painter.column_right(&id.0.to_string(), width.saturating_sub(1), palette.dim);
                painter.put(mark, palette.key);
            }
            _ => {
                let text = facts.text(*column, app.shared.columns.times);
                cell(&mut painter, &text, row.side, *width, palette.ink(row.role));
            }
        }
    }
    let is_shown = placed.iter().any(|it| it.column == TrafficColumn::Comment);
    if let Some(comment) = app.shared.timeline.comment(id).filter(|_| !is_shown) {
        let width = painter.area.width / 2;
        let comment = fit::start(&printable_str(comment), width).into_owned();
        painter.right(&format!(" ✎ {comment} "), palette.warning);
    }
    if let Some(rule) = answered_by(painter.app, record).filter(|_| painter.area.width >= RULED) {
        let rule = printable_str(rule);
        painter.right(&format!(" by {} ", fit::start(&rule, RULED / 3)), palette.automatic);
    }
    if let Some(words) = differences(&app.shared, record) {
        painter.right(&words, palette.error);
    }
    if let Some(held) = app.shared.held.told_by(record.conn, record.at) {
        let waited = app.shared.now.since(held.at).as_secs();
        painter.right(&format!(" waits {waited} s "), palette.warning);
    } else {
        let marks = app.shared.timeline.marks_of(record);
        if !marks.is_empty() {
            painter.right(&format!(" {marks} "), palette.warning);
        }
    }
    summary(&mut painter, (id, record), style);
}

/// How much of a message is not as its contract says; told where its head is.
fn differences(shared: &Shared, record: &Record) -> Option<String> {
    let exchange = shared.timeline.exchange_of(record)?;
    let begins = if exchange.answers(record.direction) { "HTTP/" } else { exchange.method() };
    if record.kind != RecordKind::Data || !record.data.starts_with(begins.as_bytes()) {
        return None;
    }
    match exchange.differences(record.direction) {
        0 => None,
        1 => Some(" ✗ contract ".to_owned()),
        count => Some(format!(" ✗ contract {count} ")),
    }
}

fn summary(painter: &mut Painter<'_>, (id, record): (RecordId, &Record), style: Style) {
    let reach = usize::from(painter.area.width) * 4;
    let data = listed(painter, id, record);
    // Where something is hidden, what the bytes say is not told in other words.
    let known = decoded_view::line(&painter.app.shared, record, &record.data)
        .filter(|_| record.data.starts_with(&data));
    let data = data.get(..reach).unwrap_or(&data);
    let style = match record.kind {
        RecordKind::Data => style,
        RecordKind::Failed | RecordKind::Reset | RecordKind::Lost => painter.palette.error,
        _ => painter.palette.dim,
    };
    let is_data = record.kind == RecordKind::Data;
    if is_data && record.data.is_empty() {
        let text = if record.original_len == 0 { "(empty)" } else { "(kept as a body)" };
        painter.put(text, painter.palette.dim);
    } else {
        if !is_data && cells(&String::from_utf8_lossy(data)) > painter.area.width {
            painter.area.width = painter.area.width.saturating_sub(1);
            let last = Rect { x: painter.area.right(), width: 1, ..painter.area };
            painter.at(last).put("…", style);
        }
        let marks = Marks { pattern: painter.app.traffic.pattern(), here: None };
        let hits = marks.hits(0, data, &(0..data.len()));
        if let Some(line) = known.filter(|_| hits.is_empty()) {
            painter.put(&line, style);
            return;
        }
        let method = method(data).filter(|_| is_data && has_heads(painter, record));
        let method = method.map(|(range, role)| (range, painter.palette.ink(role)));
        bytes::text(painter, data, style, method.as_slice(), &hits, 0);
    }
}

/// Whether a record is of a connection on which requests and responses go.
fn has_heads(painter: &Painter<'_>, record: &Record) -> bool {
    let conn = painter.app.shared.timeline.conn(record.conn);
    conn.is_some_and(|conn| conn.capabilities().exchanges)
}

/// Where a request line has a method that has a colour of its own.
fn method(line: &[u8]) -> Option<(Range<usize>, ThemeRole)> {
    let end = line.iter().position(|byte| *byte == b' ')?;
    let role = ThemeRole::of_method(std::str::from_utf8(line.get(..end)?).ok()?);
    (role != ThemeRole::MethodOther).then_some((0..end, role))
}

/// The beginning of a record without secrets and, of HTTP, without credentials.
fn listed(painter: &Painter<'_>, id: RecordId, record: &Record) -> Vec<u8> {
    let (shared, told) = (&painter.app.shared, painter.app.shared.disclosure());
    let reach = usize::from(painter.area.width) * 4 + told.reach();
    let data = record.data.get(..reach).unwrap_or(&record.data);
    let is_head = record.kind == RecordKind::Data && has_heads(painter, record);
    let lines = if is_head { LINES } else { told.reach_of_stream() };
    let before = stream_tail::before(&shared.timeline, id, record, told.reach().max(lines));
    let hidden = if is_head {
        told.hidden_of_heads(&before, data)
    } else {
        told.hidden_of_stream(&before, data)
    };
    masked(data, &hidden)
}

/// The line that is typed, and below a filter what is said of it: what is wrong, how much it shows, or
/// what the field is that is being asked about.
fn filter_line(mut painter: Painter<'_>, words: Rect) {
    let (app, palette) = (painter.app, painter.palette);
    let filter = &app.traffic.filter;
    if let Some(line) = &app.traffic.line {
        painter.prompt(line.label(), &line.editor);
        return;
    }
    let Some(editor) = &filter.editor else { return };
    let style = match &filter.error {
        Some(_) => palette.error,
        None if editor.is_empty() => palette.key,
        None => palette.success,
    };
    painter.put(PROMPT, style);
    let text = editor.text();
    if words.is_empty()
        && let Some(error) = &filter.error
    {
        // Half of the line stays for what is typed.
        let text = fit::start(&format!(" {error}"), painter.area.width / 2).into_owned();
        painter.right(&text, palette.error);
    }
    painter.editor_with(editor, &[(0..text.len(), style)]);
    let mut painter = painter.at(words);
    let lines = filter.wrong(words.width);
    if lines.len() > 1 && usize::from(words.height) >= lines.len() {
        painter.lines(lines.iter(), palette.error);
        return;
    }
    if let Some(error) = &filter.error {
        let column = error.column.saturating_sub(1);
        let end = format!(" (column {})", error.column);
        let before = (PROMPT.len() + column).min(usize::from(words.width / 2));
        painter.put(&" ".repeat(before), Style::new());
        let length = cells(&error.message) + cells(&end);
        if length + 2 > painter.area.width {
            // Whole sentences come before their place.
            painter.area = words;
        }
        painter.put("^ ", palette.error);
        painter.put(&printable_str(&error.message), palette.error);
        painter.put(&end, palette.error);
        return;
    }
    let shown = format::count(app.traffic.len() as u64);
    let all = format::count(app.shared.timeline.len() as u64);
    let busy = if app.traffic.listing.is_complete() { "" } else { "…" };
    let keys =
        "[accept-completion] completes  [up] earlier ones  [help] the language  [back] restores";
    painter.put(&app.keyed(&format!(" {shown}{busy} of {all} shown   {keys}")), palette.dim);
}
