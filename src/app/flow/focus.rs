//! Which pane has the keys and how much of the screen each has.

use super::{draft, response};
use crate::app::editor::Caret;
use crate::app::focus::Pane;
use crate::app::form::FormFieldId;
use crate::app::keymap::Context;
use crate::app::layout;
use crate::app::shared::Shown;
use crate::app::state::App;
use crate::model::preset::PresetPath;

/// Gives a pane the focus.
pub(crate) fn focus(app: &mut App, target: Pane) {
    if app.shared.focus == target {
        return;
    }
    match app.shared.focus {
        Pane::Request => {
            draft::blur(app);
            draft::leave_address(app);
        }
        Pane::Presets => app.presets.blur(),
        Pane::History => app.history.blur(),
        Pane::Response | Pane::Traffic => {}
    }
    if app.shared.focus == Pane::Response {
        response::look_away(app);
    }
    app.shared.focus = target;
    resized(app);
}

/// Puts the cursor into the address line: as in a browser all of it is selected, or at its end.
pub(crate) fn focus_address(app: &mut App, caret: Caret) {
    focus(app, Pane::Request);
    draft::go(app, FormFieldId::Address, caret);
}

/// Puts the cursor of a list of a pane on a row.
pub(crate) fn select_row(app: &mut App, pane: Pane, at: usize) {
    focus(app, pane);
    match pane {
        Pane::Presets => app.presets.select(&app.shared, at),
        Pane::History => app.history.select(&app.shared, at),
        Pane::Request | Pane::Response | Pane::Traffic => {}
    }
}

/// The keys belong on the input line: a conversation was just opened.
pub fn focus_input(app: &mut App) {
    if app.shared.shown() == Shown::Conversation {
        focus(app, Pane::Response);
        app.conversation.write(&app.shared);
        response::settle(app);
    }
}

/// Panes have other sizes.
pub(crate) fn resized(app: &mut App) {
    draft::settle(app);
    app.exchange.resized(&app.shared);
    response::settle(app);
    app.traffic.resized(&app.shared);
}

/// Gives what is said as many rows as it needs; tells whether panes have other sizes then.
pub(crate) fn fit_remark(app: &mut App) -> bool {
    let columns = app.shared.size.0;
    let rows = app.notice.as_ref().map_or(1, |notice| layout::remark_rows(&notice.text, columns));
    let is_new = std::mem::replace(&mut app.shared.remark_rows, rows).max(1) != rows;
    if is_new {
        resized(app);
    }
    is_new
}

/// A record is looked at closely, or no more.
pub(crate) fn record_open(app: &mut App, is_open: bool) {
    app.shared.is_record_open = is_open;
    resized(app);
}

/// Gives the whole screen to the focused pane, and back.
pub(crate) fn zoom(app: &mut App) {
    app.shared.zoom = !app.shared.zoom;
    resized(app);
}

/// The pane `Tab` goes to, hidden ones left out.
pub(crate) fn neighbour(app: &App, step: fn(Pane) -> Pane) -> Pane {
    let mut pane = step(app.shared.focus);
    while app.shared.arrangement.hides(pane) && pane != app.shared.focus {
        pane = step(pane);
    }
    pane
}

/// Hides the side bar, or shows it again.
pub(crate) fn toggle_side(app: &mut App) {
    let is_shown = !app.shared.areas().presets.is_empty();
    app.shared.arrangement.hides_side = is_shown;
    rearranged(app, Pane::Presets, is_shown);
}

/// Hides the history, or shows it again.
pub(crate) fn toggle_history(app: &mut App) {
    let is_shown = !app.shared.areas().history.is_empty();
    let arrangement = &mut app.shared.arrangement;
    arrangement.hides_history = is_shown;
    arrangement.hides_side &= is_shown;
    rearranged(app, Pane::History, is_shown);
}

/// Hides the traffic, or shows it again.
pub(crate) fn toggle_traffic(app: &mut App) {
    let is_shown = !app.shared.areas().traffic.is_empty();
    app.shared.arrangement.hides_traffic = is_shown;
    rearranged(app, Pane::Traffic, is_shown);
}

/// Folds the traffic into one line, or unfolds it.
pub(crate) fn fold_traffic(app: &mut App) {
    let areas = app.shared.areas();
    let is_open = !areas.traffic.is_empty() && !areas.is_strip();
    let automatic = app.shared.is_quiet();
    app.shared.arrangement.fold_traffic(is_open, automatic);
    app.shared.arrangement.hides_traffic = false;
    rearranged(app, Pane::Traffic, is_open);
}

/// What is hidden has no keys; what was asked for is seen, by the focus if the screen is small.
fn rearranged(app: &mut App, pane: Pane, is_gone: bool) {
    let has_focus = match pane {
        Pane::Presets => matches!(app.shared.focus, Pane::Presets | Pane::History),
        pane => app.shared.focus == pane,
    };
    if is_gone && has_focus {
        give_keys_away(app);
    } else if !is_gone && app.shared.areas().of(pane).is_empty() {
        focus(app, pane);
    }
    resized(app);
    app.touched();
}

/// What is hidden is seen while it has the keys; at the start nobody gave them to it.
pub(crate) fn leave_hidden(app: &mut App) {
    if app.shared.arrangement.hides(app.shared.focus) {
        give_keys_away(app);
    }
}

/// The keys go where the letter that hid a pane shows it again, instead of being typed into a text.
fn give_keys_away(app: &mut App) {
    for pane in [Pane::Response, Pane::Presets, Pane::Request] {
        if !app.shared.arrangement.hides(pane) {
            focus(app, pane);
            if app.contexts().contains(&Context::Plain) {
                break;
            }
        }
    }
}

/// Cells a splitter moves by key.
const RESIZE_STEP: i16 = 2;

/// Makes the focused pane larger or smaller.
pub(crate) fn resize(app: &mut App, sign: i16) {
    let areas = app.shared.areas();
    areas.resize(app.shared.focus, sign * RESIZE_STEP, &mut app.shared.arrangement);
    resized(app);
    app.touched();
}

/// Puts a preset on screen and gives it the keys; tells whether it could be read.
pub(crate) fn find_preset(app: &mut App, path: &PresetPath) -> bool {
    let is_open = draft::open_preset(app, path);
    if is_open {
        focus(app, Pane::Request);
    }
    is_open
}
