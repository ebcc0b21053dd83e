//! Draws what the rows are spread over by time, and the seconds before as bars.

use std::time::Duration;

use ratatui::style::Style;

use crate::app::pane::traffic::{LABEL, cells_of};
use crate::timeline::SpanCount;
use crate::ui::painter::Painter;

const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The bar of a count where the greatest is `most`; one of many is still a bar.
fn bar(count: u64, most: u64) -> &'static str {
    let steps = u128::from(count) * BARS.len() as u128;
    let height = steps.div_ceil(u128::from(most.max(1))) as usize;
    height.checked_sub(1).and_then(|at| BARS.get(at)).copied().unwrap_or(" ")
}

/// How long less than a second is, in as many cells as a time of day has.
fn length(span: Duration) -> String {
    let (millis, micros) = (span.as_millis(), span.as_micros());
    let told = if millis > 0 { format!("+{millis} ms") } else { format!("+{micros} µs") };
    format!("{told:>8}")
}

/// Counts as a line of bars; nothing when there is none.
pub(super) fn bars(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    // What was before the first is nothing to be seen.
    let begun = counts.iter().skip_while(|count| **count == 0);
    begun.map(|count| bar(*count, most)).collect()
}

/// The strip: a bar for each span of time, in the colour of errors where something went wrong, and what of it
/// the `height` rows above show.
pub(super) fn draw(mut painter: Painter<'_>, height: u16) {
    let (app, palette, strip) = (painter.app, painter.palette, painter.area);
    let cells = cells_of(strip);
    let Some(times) = app.traffic.time_strip(&app.shared, cells.width, height) else { return };
    if cells != strip {
        let [first, last] = [times.from, times.to].map(|at| app.shared.local_time(at));
        // Over days, a time of day says nothing.
        let written = match (first.date() == last.date(), first.year() == last.year()) {
            (true, _) => "%H:%M:%S",
            (false, true) => "%b %d",
            (false, false) => "%b %Y",
        };
        let time = |at| app.shared.local_time(at).strftime(written).to_string();
        let (from, to) = (time(times.from), time(times.to));
        painter.at(strip).put(&format!(" {from}"), palette.dim);
        // The second may begin in between.
        let span = times.to.since(times.from);
        let end = if from == to || span < Duration::from_secs(1) { length(span) } else { to };
        painter.at(strip).put_from(strip.width - LABEL + 1, &end, palette.dim);
    }
    let most = times.cells.iter().map(|cell| cell.records).max().unwrap_or(0);
    let mut painter = painter.at(cells);
    let base = palette.selection(true);
    for (at, SpanCount { records, errors }) in times.cells.iter().enumerate() {
        let is_seen = (times.seen.0..=times.seen.1).contains(&at);
        let style = if *errors > 0 { palette.error } else { palette.received };
        let ground = if is_seen { base } else { Style::new() };
        painter.put(bar(*records, most), ground.patch(style));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_its_row_and_the_lowest_is_still_seen() {
        assert_eq!(bars(&[0, 1, 0, 500, 1000]), "▁ ▄█");
        assert_eq!(bars(&[1, 1]), "██");
        assert_eq!(bars(&[u64::MAX, 0]), "█ ");
        assert_eq!((bars(&[0, 0]), bars(&[])), (String::new(), String::new()));
    }
}
