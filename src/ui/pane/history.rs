//! Draws the history pane: time, what was sent, what came of it.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Widget};

use crate::app::App;
use crate::app::focus::Pane;
use crate::app::pane::history::{cursor, parts, when};
use crate::model::failure::Stage;
use crate::store::job::HistoryEntry;
use crate::ui::theme::Palette;
use crate::ui::{badge, put, search_line};

/// Narrower panes show no outcome.
const OUTCOME_FROM: u16 = 22;

pub(super) fn draw(
    app: &App,
    palette: &Palette,
    block: Block<'_>,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let pane = &app.history;
    let title = if pane.search.is_some() {
        format!(" History ─ {} found ", pane.total)
    } else {
        " History ".to_owned()
    };
    let block = block.title(title);
    let inner = block.inner(area);
    let buffer = frame.buffer_mut();
    block.render(area, buffer);
    let (search, list) = parts(app, inner);
    if let Some(line) = &pane.search {
        search_line(line, palette, search, buffer);
    }
    if pane.entries.is_empty() {
        let text = if pane.text.is_empty() { "nothing sent yet" } else { "nothing found" };
        put(buffer, Rect { height: list.height.min(1), ..list }, text, palette.dim);
        return;
    }
    let cursor = cursor(app, usize::from(list.height));
    for (y, at) in (list.y..list.bottom()).zip(cursor.offset..) {
        let Some(entry) = pane.entries.get(at) else { break };
        let line = Rect { y, height: 1, ..list };
        if at == cursor.selected {
            let here = app.focus == Pane::History;
            buffer.set_style(line, if here { palette.selected } else { palette.selected_dim });
        }
        draw_entry(app, palette, entry, line, buffer);
    }
}

fn draw_entry(app: &App, palette: &Palette, entry: &HistoryEntry, line: Rect, buffer: &mut Buffer) {
    let mut rest = line;
    write(&mut rest, &format!("{} ", when(app, entry.at)), palette.dim, buffer);
    let outcome = brief(&entry.outcome);
    let width = outcome.chars().count() as u16;
    if line.width >= OUTCOME_FROM && width > 0 {
        let x = line.right().saturating_sub(width);
        let style = outcome_style(&entry.outcome, palette);
        put(buffer, Rect { x, width, ..line }, &outcome, style);
        rest.width = rest.width.saturating_sub(width + 1);
    }
    let name = entry.spec.badge();
    let style = badge::style(name, palette);
    let padded = format!("{:<1$}", badge::short(name), usize::from(badge::WIDTH));
    write(&mut rest, &padded, style, buffer);
    let summary = entry.summary.strip_prefix(name).unwrap_or(&entry.summary).trim_start();
    write(&mut rest, summary, Style::new(), buffer);
}

/// The outcome in a word: the status, or how it failed.
fn brief(outcome: &str) -> String {
    let first = outcome.split([',', ' ']).next().unwrap_or_default();
    if is_failure(outcome) {
        "failed".into()
    } else if first.parse::<u16>().is_ok_and(|status| (100..1000).contains(&status)) {
        first.to_owned()
    } else {
        outcome.chars().take(8).collect()
    }
}

fn is_failure(outcome: &str) -> bool {
    const STAGES: [Stage; 10] = [
        Stage::Compose,
        Stage::Lookup,
        Stage::Bind,
        Stage::Connect,
        Stage::Tls,
        Stage::Send,
        Stage::Head,
        Stage::Body,
        Stage::Session,
        Stage::Storage,
    ];
    STAGES.iter().any(|stage| outcome.starts_with(stage.title()))
}

fn outcome_style(outcome: &str, palette: &Palette) -> Style {
    if is_failure(outcome) {
        return palette.error;
    }
    let status = outcome.split([',', ' ']).next().and_then(|word| word.parse().ok());
    status.map_or(palette.dim, |status| palette.status(status))
}

fn write(rest: &mut Rect, text: &str, style: Style, buffer: &mut Buffer) {
    let used = put(buffer, *rest, text, style).min(rest.width);
    rest.x += used;
    rest.width -= used;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_one_short_word() {
        assert_eq!(brief("201 Created, 12 ms"), "201");
        assert_eq!(brief("cannot connect: h:1: connection refused"), "failed");
        assert_eq!(brief(""), "");
        assert_eq!(brief("closed after 3 messages"), "closed a");
    }
}
