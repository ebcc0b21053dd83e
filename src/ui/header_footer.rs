//! The header line and the footer line.

use ratatui::layout::Rect;

use super::painter::{Painter, cells};
use super::widget::fit;
use crate::app::action::Action;
use crate::app::focus::Pane;
use crate::app::pane::request::RequestPane;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shown;
use crate::app::{App, Level};
use crate::codec::printable::printable_str;
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
    let name = app.shared.environment.as_deref();
    let style = if name.is_some() { chip } else { palette.dim };
    painter.put(&format!(" env {} ", name.unwrap_or("none")), style);
    let right = totals(app);
    let key = app.shared.keymap.hint(&app.contexts(), Action::Help).unwrap_or_default();
    let help = format!("{key} help ");
    let width = (right.chars().count() + help.chars().count() + 2) as u16;
    if let Some(x) = area.right().checked_sub(width).filter(|x| *x > painter.area.x) {
        let is_public = app.shared.sessions.live().any(Session::is_public);
        let style = if is_public { palette.warning } else { palette.success };
        painter.area = Rect { x, width, ..area };
        painter.put(&right, style);
        painter.skip(2);
        painter.put(&help, palette.dim);
    }
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
        Level::Info => ("✓", palette.success),
        Level::Warning => ("!", palette.warning),
    };
    let room = painter.area.width.saturating_sub(4);
    let text = fit::start(&printable_str(&notice.text), room).into_owned();
    painter.area.width = cells(&text) + 4.min(painter.area.width);
    painter.fill(palette.raised);
    painter.put(&format!(" {mark} {text} "), palette.raised.patch(style));
}

/// The keys of what the cursor is on.
pub(super) fn footer(mut painter: Painter<'_>) {
    let (app, palette) = (painter.app, painter.palette);
    painter.put(" ", palette.base);
    let contexts = app.contexts();
    for action in hints(app) {
        let Some(key) = app.shared.keymap.hint(&contexts, action) else { continue };
        let title = action.row().title;
        if usize::from(painter.area.width) < key.chars().count() + title.chars().count() + 1 {
            continue;
        }
        painter.put(&key, palette.key);
        painter.put(" ", palette.base);
        painter.put(title, palette.dim);
        painter.put("  ", palette.base);
    }
}

/// The actions worth naming where the focus is, the most useful first.
fn hints(app: &App) -> Vec<Action> {
    let mut hints = match app.shared.focus {
        Pane::Presets => app.presets.hints(&app.shared),
        Pane::History => app.history.hints(),
        Pane::Request => RequestPane::hints(&app.shared),
        Pane::Response => match app.shared.shown() {
            Shown::Nothing => vec![Action::Send],
            Shown::Exchange => app.exchange.hints(&app.shared),
            Shown::Conversation => app.conversation.hints(&app.shared),
        },
        Pane::Traffic => app.traffic.hints(),
    };
    hints.extend([Action::NextPane, Action::Palette, Action::Zoom, Action::Jump, Action::Quit]);
    hints
}
