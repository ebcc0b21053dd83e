//! Draws what was added up: totals, a chart of the last seconds, sizes, and a row for each group.

use super::painter::{Painter, cells};
use super::widget::{fit, frame};
use crate::app::format;
use crate::app::layout::window_inner;
use crate::app::overlay::statistics::{BAR, KINDS, ROOMY, StatisticsWindow, TAB_GAP};
use crate::app::statistics_rows::{StatColumn, StatLatencies, StatRow};
use crate::timeline::tally::{LATENCY_ERROR, SIZES};

/// Heights of a cell, from nothing to all of it.
const HEIGHTS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// Widths of a cell.
const WIDTHS: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
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
    let mut lines = above.rows();
    let mut draw_line = |draw: &dyn Fn(Painter<'_>)| {
        if let Some(line) = lines.next() {
            draw(painter.at(line));
        }
    };
    draw_line(&|line| tabs(line, it));
    draw_line(&|line| totals(line, it));
    draw_line(&|line| chart(line, it));
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

/// Records of each second up to the last of which there are some.
fn chart(mut painter: Painter<'_>, it: &StatisticsWindow) {
    let palette = painter.palette;
    painter.column("seconds", LABEL, palette.dim);
    let room = usize::from(painter.area.width.saturating_sub(24)).min(120);
    let last = it.statistics.all.last().unwrap_or_default();
    let seconds = it.statistics.last_seconds(last, room);
    let most = seconds.iter().copied().max().unwrap_or(0).max(1);
    let line: String = seconds.iter().map(|count| height(*count, most)).collect();
    painter.put(&line, palette.received);
    painter.put(&format!("  at most {}", format::rate(most as f64)), palette.dim);
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
