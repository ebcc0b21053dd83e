//! The header line and the footer line.

use ratatui::layout::Rect;

use super::pen::Pen;
use crate::app::action::Action;
use crate::app::focus::Pane;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shown;
use crate::app::{App, Level};
use crate::model::protocol::Protocol;

/// Program name, modes, environment, what runs.
pub(super) fn header(mut pen: Pen<'_>) {
    let (app, palette, area) = (pen.app, pen.palette, pen.area);
    pen.put(" wirebench  ", palette.title);
    let current = app.shared.drafts.current().spec.protocol();
    for protocol in Protocol::ALL {
        let style = if protocol == current { palette.active } else { palette.dim };
        pen.put(protocol.title(), style);
        pen.put("  ", palette.base);
    }
    let environment = app.shared.environment.as_deref().unwrap_or("none");
    pen.put(&format!("  env {environment}"), palette.dim);
    let right = totals(app);
    let key = app.shared.keymap.hint(&app.contexts(), Action::Help).unwrap_or_default();
    let help = format!("{key} help ");
    let width = (right.chars().count() + help.chars().count() + 2) as u16;
    if let Some(x) = area.right().checked_sub(width).filter(|x| *x > pen.area.x) {
        let is_public = app.shared.sessions.live().any(Session::is_public);
        let style = if is_public { palette.warning } else { palette.success };
        pen.area = Rect { x, width, ..area };
        pen.put(&right, style);
        pen.skip(2);
        pen.put(&help, palette.dim);
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

/// A remark, or the keys of where the focus is.
pub(super) fn footer(mut pen: Pen<'_>) {
    let (app, palette) = (pen.app, pen.palette);
    pen.put(" ", palette.base);
    if let Some(notice) = &app.notice {
        let style = match notice.level {
            Level::Info => palette.success,
            Level::Warning => palette.error,
        };
        pen.put(&notice.text, style);
        return;
    }
    let contexts = app.contexts();
    for action in hints(app) {
        let Some(key) = app.shared.keymap.hint(&contexts, action) else { continue };
        let title = action.row().title;
        if usize::from(pen.area.width) < key.chars().count() + title.chars().count() + 1 {
            continue;
        }
        pen.put(&key, palette.key);
        pen.put(" ", palette.base);
        pen.put(title, palette.dim);
        pen.put("  ", palette.base);
    }
}

/// The actions worth naming where the focus is, the most useful first.
fn hints(app: &App) -> Vec<Action> {
    let mut hints = match app.shared.focus {
        Pane::Presets | Pane::History => vec![Action::Open, Action::Send, Action::Find],
        Pane::Request => vec![Action::Send, Action::NextTab, Action::Save, Action::AddRow],
        Pane::Response => match app.shared.shown() {
            Shown::Nothing => vec![Action::Send],
            Shown::Exchange => app.exchange.hints(&app.shared),
            Shown::Conversation => app.conversation.hints(&app.shared),
        },
        Pane::Traffic => vec![Action::Detail, Action::Find, Action::Pause, Action::MakePreset],
    };
    hints.extend([Action::NextPane, Action::Palette, Action::Zoom, Action::Jump, Action::Quit]);
    hints
}
