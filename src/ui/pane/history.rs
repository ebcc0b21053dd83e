//! Draws the history pane: time, what was sent, what came of it.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Block;

use crate::app::focus::Pane;
use crate::app::layout::pane_inner;
use crate::app::pane::history::{HistoryAreas, when, when_exactly};
use crate::codec::printable::printable_str;
use crate::model::preset::PresetPath;
use crate::model::session_outcome::SessionOutcome;
use crate::store::job::{HistoryHit, HistoryRow};
use crate::ui::painter::{Painter, cells};
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::{badge, fit, frame, lesson};

/// Narrower panes show no outcome.
const OUTCOME_FROM: u16 = 22;
/// Wider panes show it in full words, when it was to the second, and the preset.
const WHOLE_FROM: u16 = 80;

/// The name of the region, and how many were found while searching.
pub(super) fn border(painter: &Painter<'_>) -> Block<'static> {
    let pane = &painter.app.history;
    let block = frame::of(
        Pane::History,
        if pane.search.is_some() {
            let shown = pane.entries.len() as u64;
            let over = if pane.total > shown { "over " } else { "" };
            format!(" History ─ {over}{} found ", pane.total.min(shown))
        } else {
            " History ".to_owned()
        },
    );
    let height = pane.areas(pane_inner(painter.area)).list.height;
    let at = pane.cursor(height.into()).selected;
    // What a search found beyond what is listed was not counted.
    let all = if pane.text.is_empty() { pane.total as usize } else { pane.entries.len() };
    let position = frame::position(at, all.max(pane.entries.len()), height);
    frame::with_foot(block, vec![(position, painter.palette.dim)], painter.area.width)
}

/// Draws the inside of the pane.
pub(super) fn draw(mut painter: Painter<'_>) {
    let (app, palette, pane) = (painter.app, painter.palette, &painter.app.history);
    let HistoryAreas { search, wrong, list } = pane.areas(painter.area);
    if let Some(line) = &pane.search {
        painter.at(search).search_line(line);
        painter.at(wrong).lines(pane.wrong(wrong.width).iter(), palette.error);
    }
    if pane.entries.is_empty() {
        let mut painter = painter.at(list);
        if pane.text.is_empty() {
            lesson::put(
                &mut painter,
                &["nothing sent yet", "what is sent is kept", "[open] opens it again"],
            );
        } else {
            let more = if pane.is_typing() {
                "[help] says what can be asked"
            } else {
                "[find] changes it"
            };
            lesson::put(&mut painter, &["nothing found", "[back] ends the search", more]);
        }
        return;
    }
    let cursor = pane.cursor(usize::from(list.height));
    let selected = palette.selection(app.shared.focus == Pane::History);
    let len = pane.entries.len();
    let rows = pane.entry_rows();
    painter.at(list).list_of(cursor, (len, rows), selected, |mut painter, at| {
        let (area, entry) = (painter.area, &pane.entries[at]);
        draw_entry(painter.at(Rect { height: 1, ..area }), entry);
        if let Some(hit) = &entry.hit {
            let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
            draw_hit(painter.at(below), hit);
        }
    });
    let rows = u64::from(rows);
    painter.at(list).scroll_bar(cursor.offset as u64 * rows, len as u64 * rows);
}

/// What was found in an entry, and a little of what stands around it.
fn draw_hit(mut painter: Painter<'_>, hit: &HistoryHit) {
    let (dim, key) = (painter.palette.dim, painter.palette.hit);
    painter.skip(2);
    painter.put(hit.place.name(), dim);
    painter.put(" ", dim);
    // A third of what is left is what stands before it.
    let before = printable_str(&hit.before);
    let room = usize::from(painter.area.width / 3);
    let skipped = before.chars().count().saturating_sub(room);
    painter.put(&before.chars().skip(skipped).collect::<String>(), dim);
    painter.put(&printable_str(&hit.found), key);
    painter.put(&printable_str(&hit.after), dim);
}

fn draw_entry(mut painter: Painter<'_>, entry: &HistoryRow) {
    let line = painter.area;
    let is_wide = line.width >= WHOLE_FROM;
    let shown = if is_wide { when_exactly } else { when };
    let time = shown(&painter.app.shared, entry.name.at);
    if entry.is_pinned {
        painter.put(&time, painter.palette.dim);
        painter.put("◆", painter.palette.key);
    } else {
        painter.put(&format!("{time} "), painter.palette.dim);
    }
    let style = style(&entry.outcome, painter.palette);
    let outcome = if is_wide {
        printable_str(&entry.outcome.words()).chars().take(40).collect()
    } else {
        entry.outcome.brief()
    };
    let width = cells(&outcome).min(line.width);
    if line.width >= OUTCOME_FROM && width > 0 {
        painter.at(Rect { x: line.right() - width, width, ..line }).put(&outcome, style);
        painter.area.width = painter.area.width.saturating_sub(width + 1);
    }
    badge::put(&mut painter, &entry.badge);
    let preset = entry.preset.as_ref().filter(|_| is_wide).map(PresetPath::as_str);
    let preset = fit::start(preset.unwrap_or_default(), painter.area.width / 3);
    let beside = if preset.is_empty() { 0 } else { cells(&preset) + 2 };
    let room = painter.area.width.saturating_sub(beside);
    let target = fit::address(address(&entry.summary), room);
    painter.put(&target, Style::new());
    if !preset.is_empty() {
        painter.skip(2);
        painter.put(&preset, painter.palette.dim);
    }
}

/// The summary without what the badge says already.
fn address(summary: &str) -> &str {
    if let Some(rest) = summary.strip_prefix("listen ") {
        return rest;
    }
    let rest = summary.split_once(' ').map_or(summary, |(_, rest)| rest);
    rest.strip_prefix("http://").unwrap_or(rest)
}

/// How an outcome looks.
fn style(outcome: &SessionOutcome, palette: &ThemeStyles) -> Style {
    match outcome {
        SessionOutcome::Status { code, .. } => palette.status(*code),
        SessionOutcome::Failed(_) => palette.error,
        SessionOutcome::Unknown | SessionOutcome::Bytes { .. } | SessionOutcome::Requests(_) => {
            palette.dim
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_does_not_repeat_its_badge() {
        assert_eq!(address("GET http://h:1/a b"), "h:1/a b");
        assert_eq!(address("GET https://h/"), "https://h/");
        assert_eq!(address("listen tcp :9000"), "tcp :9000");
        assert_eq!(address("udp h:1"), "h:1");
        assert_eq!(address(""), "");
    }
}
