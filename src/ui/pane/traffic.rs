//! Draws the traffic pane: the list, the record looked at, the filter line.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::focus::Pane;
use crate::app::pane::traffic::{RATE_SECONDS, TrafficAreas};
use crate::app::{App, format};
use crate::model::id::RecordId;
use crate::model::protocol::Side;
use crate::model::record::{ConnInfo, Record, RecordKind};
use crate::timeline::Volume;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::bytes::{self, Marks};
use crate::ui::widget::frame::Titles;
use crate::ui::widget::record_view::{self, RecordView};
use crate::ui::widget::row_writer::RowWriter;
use crate::ui::widget::scrollbar::{self, Extent};
use crate::ui::widget::text::{put, put_editor, put_prompt};

/// Widths of the columns before the summary.
const NUMBER: u16 = 8;
const TIME: u16 = 13;
const CONN: u16 = 17;
const KIND: u16 = 10;
const LENGTH: u16 = 9;
const DELTA: u16 = 9;
/// Below this width kind and delta give way to the summary.
const ROOMY: u16 = 90;

/// What is shown, and on the right how fast it comes or what is held back.
pub(super) fn titles(app: &App, palette: &ThemeStyles) -> Titles {
    Titles::of(title(app, palette)).and_right(right_title(app, palette))
}

/// Draws the inside of the pane.
pub(super) fn draw(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let parts = app.traffic.areas(inner);
    header(palette, parts.header, buffer);
    rows(app, palette, &parts, buffer);
    if let Some(shown) = &app.traffic.detail {
        let (title, rows) = (parts.detail_title, parts.detail);
        let view = RecordView { detail: shown, pattern: app.traffic.pattern(), title, rows };
        record_view::draw(app, palette, &view, buffer);
    }
    filter_line(app, palette, parts.filter, buffer);
}

/// Totals, what was evicted, what was lost.
fn title(app: &App, palette: &ThemeStyles) -> Line<'static> {
    let records = format::counted(app.shared.timeline.len() as u64, "record");
    let mut spans = vec![Span::raw(format!(" Traffic ─ {records} "))];
    let rate = app.shared.timeline.rates.rate(app.shared.now, RATE_SECONDS);
    for (glyph, per_second, style) in
        [("▶", rate.sent, palette.sent), ("◀", rate.received, palette.received)]
    {
        if per_second > 0.0 {
            spans.push(Span::styled(format!(" {glyph} {} ", format::rate(per_second)), style));
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
    Line::from(spans)
}

/// Filter, pause, follow.
fn right_title(app: &App, palette: &ThemeStyles) -> Line<'static> {
    let traffic = &app.traffic;
    let mut spans = Vec::new();
    if !traffic.filter.text.is_empty() && traffic.filter.editor.is_none() {
        let busy = if traffic.listing.is_complete() { "" } else { "…" };
        let shown = format::count(traffic.len() as u64);
        let text = crate::codec::printable::printable_str(&traffic.filter.text).into_owned();
        spans.push(Span::styled(format!(" filter: {text}  {shown}{busy} shown "), palette.active));
    }
    if traffic.paused.is_some() {
        let held = format::count(traffic.held_back() as u64);
        spans.push(Span::styled(format!(" paused +{held} "), palette.warning));
    } else if !traffic.is_following() {
        spans.push(Span::styled(app.keyed(" [bottom] follows "), palette.dim));
    }
    Line::from(spans)
}

fn header(palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let mut run = RowWriter::new(area, buffer);
    let style = palette.dim;
    run.column_right("# ", NUMBER, style);
    run.column("time", TIME, style);
    run.column("conn", CONN, style);
    run.column("", 3, style);
    if area.width >= ROOMY {
        run.column("kind", KIND, style);
    }
    run.column_right("len ", LENGTH, style);
    if area.width >= ROOMY {
        run.column_right("Δms ", DELTA, style);
    }
    run.put("summary", style);
}

fn rows(app: &App, palette: &ThemeStyles, parts: &TrafficAreas, buffer: &mut Buffer) {
    let traffic = &app.traffic;
    let area = parts.rows;
    let cursor = traffic.cursor(area.height.into());
    let len = traffic.len();
    if len == 0 && area.height > 0 {
        let text = if traffic.filter.text.is_empty() {
            " everything that crosses a socket appears here"
        } else {
            " nothing matches the filter"
        };
        put(buffer, Rect { height: 1, ..area }, text, palette.dim);
        return;
    }
    let focused = app.shared.focus == Pane::Traffic;
    let has_keys = focused && traffic.detail.as_ref().is_none_or(|detail| !detail.inside);
    for (y, at) in (area.y..area.bottom()).zip(cursor.offset..len) {
        let Some(id) = traffic.listing.get(at) else { break };
        let Some(record) = app.shared.timeline.get(id) else { continue };
        let line = Rect { y, height: 1, ..area };
        if at == cursor.selected && (focused || traffic.detail.is_some()) {
            buffer.set_style(line, if has_keys { palette.selected } else { palette.selected_dim });
        }
        let before = at.checked_sub(1).and_then(|at| traffic.listing.get(at));
        let since = before
            .and_then(|id| app.shared.timeline.get(id))
            .map(|before| record.at.since(before.at));
        let shown = ListRow { id, record: &record, since };
        row(app, palette, &shown, &mut RowWriter::new(line, buffer));
    }
    let extent = Extent { top: cursor.offset as u64, total: len as u64 };
    scrollbar::draw(palette, area, extent, buffer);
}

/// A record in the list.
struct ListRow<'a> {
    id: RecordId,
    record: &'a Record,
    /// Time since the row before.
    since: Option<Duration>,
}

fn row(app: &App, palette: &ThemeStyles, shown: &ListRow<'_>, run: &mut RowWriter<'_>) {
    let ListRow { id, record, since } = *shown;
    let roomy = run.area.width >= ROOMY;
    let mark = if app.shared.timeline.is_pinned(id) { "◆" } else { " " };
    run.column_right(&id.0.to_string(), NUMBER - 1, palette.dim);
    run.put(mark, palette.key);
    run.column(&format::clock(record.at, app.shared.utc_offset), TIME, palette.dim);
    run.column(&conn_label(app.shared.timeline.conn(record.conn), record), CONN, Style::new());
    let (glyph, style) = palette.direction(record.direction);
    run.column(glyph, 3, style);
    if roomy {
        run.column(record.kind.name(), KIND, palette.dim);
    }
    let is_data = record.kind == RecordKind::Data;
    let len = if is_data { format::count(record.original_len) } else { String::new() };
    run.column_right(&len, LENGTH - 1, palette.number);
    run.skip(1);
    if roomy {
        let delta = since.map_or_else(String::new, millis);
        run.column_right(&delta, DELTA - 1, palette.dim);
        run.skip(1);
    }
    let marks = Marks { pattern: app.traffic.pattern(), here: None };
    summary(palette, (record, style), marks, run);
}

fn summary(
    palette: &ThemeStyles,
    (record, style): (&Record, Style),
    marks: Marks<'_>,
    run: &mut RowWriter<'_>,
) {
    let reach = usize::from(run.area.width) * 4;
    let data = record.data.get(..reach).unwrap_or(&record.data);
    let style = match record.kind {
        RecordKind::Data => style,
        RecordKind::Failed | RecordKind::Reset => palette.error,
        _ => palette.dim,
    };
    if record.kind == RecordKind::Data && record.data.is_empty() {
        let text = if record.original_len == 0 { "(empty)" } else { "(kept as a body)" };
        run.put(text, palette.dim);
    } else {
        let hits = marks.hits(0, &record.data, &(0..data.len()));
        bytes::text(run, palette, (data, style), (&[], &hits), 0);
    }
}

/// Milliseconds since the row before.
fn millis(since: Duration) -> String {
    let millis = since.as_secs_f64() * 1000.0;
    match millis {
        m if m < 0.05 => "0".into(),
        m if m < 1000.0 => format!("{m:.1}"),
        m => format!("{m:.0}"),
    }
}

/// `udp:9000 4/7`: protocol, the port of the listening end, session and connection as the filter
/// takes them. An arrow instead of the colon marks the client's end, so that both ends of one
/// connection can be told apart.
fn conn_label(conn: Option<&ConnInfo>, record: &Record) -> String {
    let Some(conn) = conn else { return record.conn.to_string() };
    let (mark, end) = match conn.side {
        Side::Listener => (':', conn.local),
        Side::Client => ('→', conn.peer.or(conn.local)),
    };
    let tls = if conn.tls { "s" } else { "" };
    let port = end.map_or_else(|| "?".into(), |end| end.port().to_string());
    let protocol = conn.protocol.name();
    match record.conn.index {
        0 => format!("{protocol}{tls}{mark}{port} {}", record.conn.session),
        _ => format!("{protocol}{tls}{mark}{port} {}", record.conn),
    }
}

/// The filter while it is typed, with what is wrong about it.
fn filter_line(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    if let Some(editor) = &app.traffic.search.editor {
        put_prompt(buffer, area, palette, "search: ", editor);
        return;
    }
    let Some(editor) = &app.traffic.filter.editor else { return };
    let mut run = RowWriter::new(area, buffer);
    run.put("filter: ", palette.key);
    if let Some(error) = &app.traffic.filter.error {
        // Half of the line stays for what is typed.
        let room = usize::from(run.area.width / 2);
        let text: String = format!(" {error}").chars().take(room).collect();
        run.right(&text, palette.error);
    } else {
        let shown = format::count(app.traffic.len() as u64);
        run.right(&app.keyed(&format!(" {shown} shown  [back] restores")), palette.dim);
    }
    let rest = run.area;
    put_editor(buffer, rest, editor);
}
