//! Which pane has the keys and how much of the screen each has.

use super::{draft, response};
use crate::app::editor::Caret;
use crate::app::focus::Pane;
use crate::app::form::FormFieldId;
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
    app.shared.focus = target;
    resized(app);
}

/// Puts the cursor into the address line. As in a browser: typing replaces the address, an arrow
/// key goes on editing it.
pub(crate) fn focus_address(app: &mut App) {
    focus(app, Pane::Request);
    draft::go(app, FormFieldId::Address, Caret::All);
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
    response::settle(app);
    app.traffic.resized(&app.shared);
}

/// Gives the whole screen to the focused pane, and back.
pub(crate) fn zoom(app: &mut App) {
    app.shared.zoom = !app.shared.zoom;
    resized(app);
}

/// Cells a splitter moves by key.
const RESIZE_STEP: i16 = 2;

/// Makes the focused pane larger or smaller.
pub(crate) fn resize(app: &mut App, sign: i16) {
    let areas = app.shared.areas();
    let by = sign * RESIZE_STEP;
    let moved = |now: u16, by, least: u16| now.saturating_add_signed(by).max(least);
    let splits = &mut app.shared.splits;
    match app.shared.focus {
        Pane::Presets | Pane::History => splits.side = moved(areas.presets.width, by, 12),
        Pane::Request => splits.request = moved(areas.request.height, by, 4),
        // It grows by what the request loses.
        Pane::Response => splits.request = moved(areas.request.height, -by, 4),
        Pane::Traffic => splits.traffic = moved(areas.traffic.height, by, 3),
    }
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
