//! Draws the history pane: time, what was sent, what came of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::focus::Pane;
use crate::app::pane::history::when;
use crate::codec::printable::printable_str;
use crate::store::job::HistoryEntry;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::frame::Titles;
use crate::ui::widget::row_writer::{RowWriter, cells};
use crate::ui::widget::text::{put, put_search};
use crate::ui::widget::{badge, fit};

/// Narrower panes show no outcome.
const OUTCOME_FROM: u16 = 22;
/// Wider panes show it in full words.
const WHOLE_FROM: u16 = 80;

/// The name of the region, and how many were found while searching.
pub(super) fn titles(app: &App) -> Titles {
    let pane = &app.history;
    Titles::of(if pane.search.is_some() {
        format!(" History ─ {} found ", pane.total)
    } else {
        " History ".to_owned()
    })
}

/// Draws the inside of the pane.
pub(super) fn draw(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let pane = &app.history;
    let (search, list) = pane.areas(inner);
    if let Some(line) = &pane.search {
        put_search(buffer, search, palette, line);
    }
    if pane.entries.is_empty() {
        let text = if pane.text.is_empty() { "nothing sent yet" } else { "nothing found" };
        put(buffer, Rect { height: list.height.min(1), ..list }, text, palette.dim);
        return;
    }
    let cursor = pane.cursor(usize::from(list.height));
    for (y, at) in (list.y..list.bottom()).zip(cursor.offset..) {
        let Some(entry) = pane.entries.get(at) else { break };
        let line = Rect { y, height: 1, ..list };
        if at == cursor.selected {
            let here = app.shared.focus == Pane::History;
            buffer.set_style(line, if here { palette.selected } else { palette.selected_dim });
        }
        draw_entry(app, palette, entry, line, buffer);
    }
}

fn draw_entry(
    app: &App,
    palette: &ThemeStyles,
    entry: &HistoryEntry,
    line: Rect,
    buffer: &mut Buffer,
) {
    let mut row = RowWriter::new(line, buffer);
    row.put(&format!("{} ", when(&app.shared, entry.at)), palette.dim);
    let mut rest = row.area;
    let outcome = if line.width >= WHOLE_FROM {
        printable_str(&entry.outcome).chars().take(40).collect()
    } else {
        brief(&entry.outcome)
    };
    let width = cells(&outcome).min(line.width);
    if line.width >= OUTCOME_FROM && width > 0 {
        let x = line.right().saturating_sub(width);
        let style = outcome_style(&entry.outcome, palette);
        put(buffer, Rect { x, width, ..line }, &outcome, style);
        rest.width = rest.width.saturating_sub(width + 1);
    }
    let mut row = RowWriter::new(rest, buffer);
    badge::put(&mut row, entry.spec.badge(), palette);
    let target = fit::address(address(&entry.summary), row.area.width);
    row.put(&target, Style::new());
}

/// The summary without what the badge says already.
fn address(summary: &str) -> &str {
    if let Some(rest) = summary.strip_prefix("listen ") {
        return rest;
    }
    let rest = summary.split_once(' ').map_or(summary, |(_, rest)| rest);
    rest.strip_prefix("http://").unwrap_or(rest)
}

/// What an outcome says about how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OutcomeKind {
    Status(u16),
    /// Bytes sent and received, or requests answered.
    Count,
    Failure,
}

fn kind(outcome: &str) -> OutcomeKind {
    let first = outcome.split([',', ' ']).next().and_then(|word| word.parse::<u16>().ok());
    // A failure's words may end so too ("the peer reset the connection after 13 bytes received").
    let is_count = outcome.starts_with(|c: char| c.is_ascii_digit())
        && (outcome.ends_with(" received") || outcome.ends_with(" requests"));
    if outcome.is_empty() || is_count {
        return OutcomeKind::Count;
    }
    first
        .filter(|status| (100..1000).contains(status))
        .map_or(OutcomeKind::Failure, OutcomeKind::Status)
}

/// The outcome in a word: the status, how many bytes, or that it failed.
fn brief(outcome: &str) -> String {
    match kind(outcome) {
        OutcomeKind::Status(status) => status.to_string(),
        OutcomeKind::Failure => "failed".into(),
        OutcomeKind::Count => outcome
            .replace(" B sent, ", "↑ ")
            .replace(" B received", "↓")
            .replace(" requests", " req"),
    }
}

fn outcome_style(outcome: &str, palette: &ThemeStyles) -> Style {
    match kind(outcome) {
        OutcomeKind::Status(status) => palette.status(status),
        OutcomeKind::Failure => palette.error,
        OutcomeKind::Count => palette.dim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_counts_bytes_is_a_failure() {
        assert_eq!(brief("the peer reset the connection after 13 bytes received"), "failed");
        assert_eq!(brief("5 B sent, 13 B received"), "5↑ 13↓");
    }

    #[test]
    fn a_summary_does_not_repeat_its_badge() {
        assert_eq!(address("GET http://h:1/a b"), "h:1/a b");
        assert_eq!(address("GET https://h/"), "https://h/");
        assert_eq!(address("listen tcp :9000"), "tcp :9000");
        assert_eq!(address("udp h:1"), "h:1");
        assert_eq!(address(""), "");
    }

    #[test]
    fn outcomes_are_one_short_word() {
        assert_eq!(brief("201 Created, 12 ms"), "201");
        assert_eq!(brief("connection refused"), "failed");
        assert_eq!(brief(""), "");
        assert_eq!(brief("12 B sent, 3 B received"), "12↑ 3↓");
        assert_eq!(brief("4 requests"), "4 req");
    }
}
