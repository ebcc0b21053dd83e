//! Draws what was added up: totals, a chart of the last seconds, sizes, and a row for each group.

use std::time::Duration;

use super::painter::{Painter, cells};
use super::widget::{fit, frame};
use crate::app::format;
use crate::app::layout::window_inner;
use crate::app::overlay::statistics::{BAR, KINDS, ROOMY, StatisticsWindow, TAB_GAP};
use crate::app::statistics_rows::{StatColumn, StatLatencies, StatRow};
use crate::timeline::short_spans::ShortCounts;
use crate::timeline::tally::{LATENCY_ERROR, SIZES};

/// Heights of a cell, from nothing to all of it.
const HEIGHTS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// Widths of a cell.
const WIDTHS: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// From this width on the chart says from when to when it is.
const SPANNED: u16 = 100;
/// Cells of the words before the charts.
const LABEL: u16 = 9;

/// The window; `hint` says what its keys do.
pub(super) fn draw(painter: Painter<'_>, it: &StatisticsWindow, hint: &str) {
    let height = StatisticsWindow::parts(window_inner(painter.area)).1.height;
    let position = frame::position(it.cursor(height.into()).selected, it.rows.len(), height);
    inside(frame::window(painter, " Statistics ", hint, &position), it);
}

fn inside(mut painter: Painter<'_>, it: &StatisticsWindow) {
    let (above, list) = StatisticsWindow::parts(painter.area);
    let shown = seconds(&painter, it);
    let mut lines = above.rows();
    let mut draw_line = |draw: &dyn Fn(Painter<'_>)| {
        if let Some(line) = lines.next() {
            draw(painter.at(line));
        }
    };
    draw_line(&|line| tabs(line, it));
    draw_line(&|line| totals(line, it));
    for row in 0..shown.height {
        draw_line(&|line| chart(line, &shown, row));
    }
    draw_line(&|line| sizes(line, it));
    draw_line(&|_| {});
    draw_line(&|line| heading(line, it));
    let mut painter = painter.at(list);
    let cursor = it.cursor(list.height.into());
    let (selected, most) = (painter.palette.selected, it.rows.iter().map(StatRow::bytes).max());
    painter.scroll_bar(cursor.offset as u64, it.rows.len() as u64);
    painter.list(cursor, it.rows.len(), selected, |painter, at| {
        if let Some(row) = it.rows.get(at) {
            row_of(painter, row, most.unwrap_or(0));
        }
    });
}

/// What the rows are of, and of which records.
fn tabs(mut painter: Painter<'_>, it: &StatisticsWindow) {
    let palette = painter.palette;
    let room = painter.area.width / 2;
    painter.right(&fit::start(&it.counted_of(), room), palette.dim);
    for (kind, title) in KINDS {
        let style = if kind == it.kind { palette.active } else { palette.dim };
        painter.put(title, style);
        painter.skip(TAB_GAP);
    }
}

fn totals(mut painter: Painter<'_>, it: &StatisticsWindow) {
    let (palette, all) = (painter.palette, &it.statistics.all);
    let is_counting = it.is_counting(&painter.app.shared);
    let more = if is_counting { "…" } else { "" };
    painter.put(&format!("{}{more}", format::counted(all.records, "record")), palette.base);
    painter.put(&format!("  ▶ {}", format::size(all.totals.sent.bytes)), palette.sent);
    painter.put(&format!("  ◀ {}", format::size(all.totals.received.bytes)), palette.received);
    painter.put(&format!("  {}", format::rate(all.rate())), palette.dim);
    if all.errors > 0 {
        painter.put(&format!("  {}", format::counted(all.errors, "error")), palette.error);
    }
    let gone = painter.app.shared.timeline.evicted.records;
    if gone > 0 {
        let counted = it.statistics.looked_at + it.statistics.missed;
        let kept = painter.app.shared.timeline.next_id().0;
        let missing = kept.saturating_sub(counted);
        if missing > 0 && !is_counting {
            let text = format!("  {} were evicted before", format::count(missing));
            painter.put(&text, palette.warning);
        }
    }
    let StatLatencies { median, ninety, ninety_nine, slowest } = StatLatencies::of(all);
    if let (Some(median), Some(ninety), Some(late), Some(slowest)) =
        (median, ninety, ninety_nine, slowest)
    {
        let [median, ninety, late, slowest] = [median, ninety, late, slowest].map(format::duration);
        let long = format!(
            "   answers after {median} p50, {ninety} p90, {late} p99 ({LATENCY_ERROR}), {slowest} max"
        );
        let short = format!("  p50 {median}  p99 {late}");
        let text = if cells(&long) <= painter.area.width { long } else { short };
        painter.put(&text, palette.base);
    }
}

/// The chart: how many records in each stretch of time, the most of them, and from when to when they are.
struct SecondsShown {
    counts: Vec<u64>,
    most: u64,
    span: String,
    /// How long a stretch is, where that is less than a second.
    unit: Option<Duration>,
    /// Rows of the chart.
    height: u16,
}

/// Up to the last second of which there is something, and from the first one that has room.
fn seconds(painter: &Painter<'_>, it: &StatisticsWindow) -> SecondsShown {
    let beside = if painter.area.width < SPANNED { 24 } else { 48 };
    let room = usize::from(painter.area.width.saturating_sub(beside)).min(120);
    let height = StatisticsWindow::chart_rows(painter.area.height);
    let last = it.statistics.all.last().unwrap_or_default();
    if let Some(ShortCounts { unit, from, counts }) = it.statistics.short_spans(room) {
        let told = |at| painter.app.shared.time_of_day(at);
        let to = from + unit.saturating_mul(counts.len() as u32);
        let span =
            if beside == 24 { String::new() } else { format!("{} to {}", told(from), told(to)) };
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        return SecondsShown { counts, most, span, unit: Some(unit), height };
    }
    let mut counts = it.statistics.last_seconds(last, room);
    counts.drain(..counts.iter().position(|count| *count > 0).unwrap_or(0));
    let from = last.before(Duration::from_secs(counts.len().saturating_sub(1) as u64));
    let told = |at| {
        let time = painter.app.shared.time_of_day(at);
        time.split('.').next().unwrap_or_default().to_owned()
    };
    let span =
        if beside == 24 { String::new() } else { format!("{} to {}", told(from), told(last)) };
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    SecondsShown { counts, most, span, unit: None, height }
}

/// A row of the chart, the highest first.
fn chart(mut painter: Painter<'_>, it: &SecondsShown, row: u16) {
    let palette = painter.palette;
    let unit = it.unit.map(|unit| format!("{} ms", unit.as_millis()));
    let label = unit.as_deref().unwrap_or("seconds");
    painter.column(if row == 0 { label } else { "" }, LABEL, palette.dim);
    let below = u64::from(it.height - 1 - row) * 8;
    let line: String = it.counts.iter().map(|count| block(*count, it, below)).collect();
    painter.put(&line, palette.received);
    if row == 0 {
        let most = match &unit {
            Some(unit) => format!("{} in {unit}", format::count(it.most)),
            None => format::rate(it.most as f64),
        };
        painter.put(&format!("  at most {most}"), palette.dim);
    }
    if row + 1 == it.height {
        painter.put(&format!("  {}", it.span), palette.dim);
    }
}

/// What is seen of a bar above so many eighths; what is there at all is seen.
fn block(count: u64, it: &SecondsShown, below: u64) -> &'static str {
    let all = u64::from(it.height) * 8;
    let eighths = count.saturating_mul(all).div_ceil(it.most.max(1)).min(all);
    HEIGHTS.get(eighths.saturating_sub(below).min(8) as usize).copied().unwrap_or(" ")
}

/// A block as high as a part of the most; what is there at all is seen.
fn height(part: u64, most: u64) -> &'static str {
    let eighths = (part.saturating_mul(8)).div_ceil(most.max(1)).min(8);
    HEIGHTS.get(eighths as usize).copied().unwrap_or(" ")
}

/// How many data records are how large.
fn sizes(mut painter: Painter<'_>, it: &StatisticsWindow) {
    let palette = painter.palette;
    painter.column("sizes", LABEL, palette.dim);
    let counts = it.statistics.all.sizes;
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let name = match SIZES.get(at) {
            Some(size) => format!("≤{}", format::size(*size)),
            None => format!(">{}", format::size(SIZES[SIZES.len() - 1])),
        };
        painter.put(&name.replace(' ', ""), palette.dim);
        painter.put(height(*count, most), palette.received);
        painter.put(&format!("{}  ", format::count(*count)), palette.base);
    }
}

fn heading(mut painter: Painter<'_>, it: &StatisticsWindow) {
    let palette = painter.palette;
    for (column, width) in StatisticsWindow::columns(painter.area.width) {
        let is_sorted = column == it.sorted_by;
        let arrow = if it.is_rising { "↑" } else { "↓" };
        let title = column.title();
        let title = if is_sorted { format!("{title}{arrow}") } else { title.to_owned() };
        let style = if is_sorted { palette.active } else { palette.dim };
        if column == StatColumn::Name {
            painter.column(&title, width, style);
        } else {
            painter.column_right(&title, width, style);
        }
    }
}

fn row_of(mut painter: Painter<'_>, row: &StatRow, most: u64) {
    let (palette, width) = (painter.palette, painter.area.width);
    for (column, width) in StatisticsWindow::columns(width) {
        let text = row.cell(column);
        let style = match column {
            StatColumn::Errors if row.errors > 0 => palette.error,
            StatColumn::Sent => palette.sent,
            StatColumn::Received => palette.received,
            _ => palette.base,
        };
        if column == StatColumn::Name {
            painter.column(&fit::start(&text, width.saturating_sub(1)), width, style);
        } else {
            painter.column_right(&text, width, style);
        }
    }
    if width >= ROOMY {
        painter.skip(1);
        painter.put(&bar(row.bytes(), most), palette.received);
    }
}

/// A bar as long as a part of the most.
fn bar(part: u64, most: u64) -> String {
    let all = u64::from(BAR) * 8;
    let eighths = (u128::from(part) * u128::from(all) / u128::from(most.max(1))) as u64;
    let eighths = if part > 0 { eighths.max(1) } else { 0 };
    let rest = WIDTHS.get((eighths % 8) as usize).copied().unwrap_or("");
    format!("{}{rest}", "█".repeat((eighths / 8) as usize))
}
