//! What the edges of the screen offer as keys, and where: drawn by `ui`, and pressed by the mouse.

use std::borrow::Cow;

use super::availability::why_not;
use crate::app::action::Action;
use crate::app::focus::Pane;
use crate::app::form::access;
use crate::app::keymap::Context;
use crate::app::layout::pane_inner;
use crate::app::overlay::Overlay;
use crate::app::pane::request::{RequestPane, send_area, send_block, send_word, send_words};
use crate::app::shared::Shown;
use crate::app::state::App;

/// Cells before the first hint of the footer.
const FOOTER_START: u16 = 1;
/// Cells between two hints.
const GAP: u16 = 2;

/// A key and what it does, at a column of its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHint {
    pub action: Action,
    pub key: String,
    pub title: Cow<'static, str>,
    pub column: u16,
}

impl KeyHint {
    /// Cells it takes: the key, a space, the title.
    pub fn width(&self) -> u16 {
        (self.key.chars().count() + 1 + self.title.chars().count()) as u16
    }
}

/// The hints of the footer in a line of this width.
pub fn footer(app: &App, width: u16) -> Vec<KeyHint> {
    let mut hints = Vec::new();
    // A window says its own, and takes none of these.
    if app.overlays.last().is_some_and(Overlay::has_keys) {
        return hints;
    }
    let contexts = app.contexts();
    let mut column = FOOTER_START;
    for action in wanted(app) {
        let Some(key) = app.shared.keymap.hint(&contexts, action) else { continue };
        let hint = KeyHint { action, key, title: title(app, action), column };
        if hint.width() <= width.saturating_sub(column) {
            column += hint.width() + GAP;
            hints.push(hint);
        }
    }
    hints
}

/// The actions worth naming where the focus is, the most useful first; none that can do nothing.
pub fn wanted(app: &App) -> Vec<Action> {
    let pane = app.shared.focus;
    // A line that is typed has the keys, whatever the pane shows.
    let is_asked = app.contexts().first() == Some(&Context::Line);
    let mut hints = match pane {
        _ if is_asked => vec![Action::Choose, Action::Back],
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
    hints.extend(next(app));
    hints.extend([Action::Palette, Action::Zoom, Action::Jump, Action::Quit]);
    if pane == Pane::Traffic {
        hints.extend(app.traffic.more_hints(&app.shared));
    }
    hints.retain(|action| why_not(app, *action, pane).is_none());
    hints.retain(|action| *action != Action::Send || !is_elsewhere(app));
    hints
}

/// What an action is called: sending has the word its button has.
fn title(app: &App, action: Action) -> Cow<'static, str> {
    let word = if action == Action::Send { send_word(&app.shared) } else { None };
    let Some(word) = word else { return action.row().title.into() };
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase()).into()
}

/// Whether the cursor of the presets is on another row than what is open: sending would open that
/// only, which has a key of its own.
fn is_elsewhere(app: &App) -> bool {
    let row = app.presets.selected(&app.shared);
    app.shared.focus == Pane::Presets && row.is_some_and(|row| !row.is_open(&app.shared))
}

/// What Tab does in the form, and elsewhere.
fn next(app: &App) -> Option<Action> {
    let is_form = app.shared.focus == Pane::Request;
    let draft = app.shared.drafts.current();
    // In a text of many lines it is an indent.
    // There it completes.
    let completes = match app.shared.focus {
        Pane::Traffic => app.traffic.filter.editor.is_some(),
        Pane::History => app.history.is_typing(),
        Pane::Presets | Pane::Request | Pane::Response => false,
    };
    if completes {
        return None;
    }
    let is_indent = is_form && access::is_area(&draft.spec, draft.at);
    let is_row = is_form && RequestPane::has_next(&app.shared);
    let action = if is_row { Action::NextField } else { Action::NextPane };
    (!is_indent).then_some(action)
}

/// The key of the help, at the right end of the header.
pub fn help(app: &App) -> String {
    let key = app.shared.keymap.hint(&app.contexts(), Action::Help).unwrap_or_default();
    format!("{key} help ")
}

/// What sending will do: the buttons on the border of the request, each with its text. Where the
/// address line has a block for it, only what else can be done.
pub fn buttons(app: &App) -> Vec<(Action, String)> {
    let shared = &app.shared;
    let block = send_area(shared, pane_inner(shared.areas().request));
    let is_shown = |action| !block.is_empty() && action == send_block(shared).action;
    let words = send_words(shared).into_iter().filter(|(action, _)| !is_shown(*action));
    words.map(|(action, text)| (action, format!(" {text} "))).collect()
}

/// The action of the hint or button on a cell of an edge of the screen, if there is one.
pub(crate) fn at(app: &App, column: u16, row: u16) -> Option<Action> {
    let areas = app.shared.areas();
    let here = (column, row).into();
    if areas.footer.contains(here) {
        let hints = footer(app, areas.footer.width);
        let hit =
            hints.into_iter().find(|it| (it.column..it.column + it.width()).contains(&column));
        return hit.map(|hint| hint.action);
    }
    if areas.header.contains(here) {
        let from = areas.header.right().saturating_sub(help(app).chars().count() as u16);
        return (column >= from).then_some(Action::Help);
    }
    if areas.request.contains(here) && row == areas.request.y {
        let buttons = buttons(app);
        let width: usize = buttons.iter().map(|(_, text)| text.chars().count()).sum();
        let mut from = areas.request.right().checked_sub(width as u16 + 1)?;
        for (action, text) in buttons {
            let to = from + text.chars().count() as u16;
            if (from..to).contains(&column) {
                return Some(action);
            }
            from = to;
        }
    }
    None
}
