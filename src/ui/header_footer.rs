//! The header line and the footer line.

use ratatui::layout::Rect;

use super::painter::{Painter, cells};
use super::widget::fit;
use crate::app::flow::hints;
use crate::app::flow::program::environment_label;
use crate::app::layout::remark_room;
use crate::app::sessions::{Session, SessionState};
use crate::app::{App, Level};
use crate::model::protocol::Protocol;

/// Program name, modes, environment, what runs.
pub(super) fn header(mut painter: Painter<'_>) {
    let (app, palette, area) = (painter.app, painter.palette, painter.area);
    painter.put(" wirebench  ", palette.title);
    let current = app.shared.drafts.current().spec.protocol();
    for protocol in Protocol::ALL {
        let style = if protocol == current { palette.active } else { palette.inactive };
        painter.put(protocol.title(), style);
        painter.put("  ", palette.base);
    }
    painter.put("  ", palette.base);
    let chip = palette.chip(&app.shared.themes, app.shared.environment_color());
    let style = if app.shared.environment.is_some() { chip } else { palette.dim };
    painter.put(&environment_label(app), style);
    let cells = |(right, help): &(String, String)| {
        (right.chars().count() + help.chars().count() + 2) as u16
    };
    // What somebody waits for is said where there is room for nothing else.
    let choices = [(totals(app), hints::help(app)), (held(app).unwrap_or_default(), String::new())];
    let fits = |it: &(String, String)| {
        area.right().checked_sub(cells(it)).is_some_and(|x| x > painter.area.x)
    };
    let found = choices.into_iter().find(fits);
    if let Some((right, help)) = found {
        let width = (right.chars().count() + help.chars().count() + 2) as u16;
        let x = area.right().saturating_sub(width);
        let is_public = app.shared.sessions.live().any(Session::is_public);
        let is_urgent = is_public || !app.shared.held.is_empty();
        let style = if is_urgent { palette.warning } else { palette.success };
        painter.area = Rect { x, width, ..area };
        painter.put(&right, style);
        painter.skip(2);
        painter.put(&help, palette.dim);
    }
}

fn held(app: &App) -> Option<String> {
    let count = app.shared.held.len();
    (count > 0).then(|| app.keyed(&format!("◼ {count} held ([held])")))
}

fn totals(app: &App) -> String {
    // A listener counts once it is bound: until then nothing can reach it.
    let listens = |s: &&Session| s.side().listens() && s.state == SessionState::Live;
    let listening = app.shared.sessions.live().filter(listens).count();
    let live = app.shared.sessions.live().filter(|s| !s.side().listens()).count();
    // Wherever the user looks, it is seen that others can reach this machine.
    let public = match app.shared.sessions.live().filter(|session| session.is_public()).count() {
        0 => String::new(),
        1 if listening == 1 => " (public)".to_owned(),
        count => format!(" ({count} public)"),
    };
    let mut parts = Vec::new();
    // Somebody waits for an answer, wherever the user looks.
    parts.extend(held(app));
    if listening > 0 {
        parts.push(format!("● {listening} listening{public}"));
    }
    if live > 0 {
        parts.push(format!("● {live} live"));
    }
    parts.join("  ")
}

/// What was said last, until it is seen.
pub(super) fn remark(mut painter: Painter<'_>) {
    let (app, palette) = (painter.app, painter.palette);
    let Some(notice) = &app.notice else { return };
    let (mark, style) = match notice.level {
        Level::Info => ("·", palette.raised),
        Level::Done => ("✓", palette.success),
        Level::Warning => ("!", palette.warning),
    };
    let slot = painter.area;
    let lines = fit::lines(&notice.text, remark_room(slot.width), slot.height);
    let width = lines.iter().map(|line| cells(line)).max().unwrap_or(0);
    let width = (slot.width - remark_room(slot.width) + width).min(slot.width);
    let height = (lines.len() as u16).min(slot.height);
    let area = Rect { width, height, ..slot };
    painter.at(Rect { x: area.right(), width: slot.right() - area.right(), ..slot }).close_border();
    for (at, (row, line)) in area.rows().zip(&lines).enumerate() {
        let mut there = painter.at(row);
        there.blank();
        there.fill(palette.raised);
        let mark = if at == 0 { mark } else { " " };
        there.put(&format!(" {mark} {line} "), palette.raised.patch(style));
    }
}

/// The keys of what the cursor is on.
pub(super) fn footer(mut painter: Painter<'_>) {
    let (app, palette) = (painter.app, painter.palette);
    painter.put(" ", palette.base);
    let line = painter.area;
    for hint in hints::footer(app, line.width + 1) {
        // The line begins one cell in.
        painter.area = line;
        painter.skip(hint.column - 1);
        painter.put(&hint.key, palette.key);
        painter.put(" ", palette.base);
        painter.put(&hint.title, palette.dim);
    }
}
