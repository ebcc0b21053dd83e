//! From input to actions: overlays first, then the focused pane's contexts, then text fields.

use super::{program, response, restore};
use crate::app::action::Action;
use crate::app::cursor::CursorStep;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::intent::Intent;
use crate::app::keymap::Lookup;
use crate::app::layout::Splitter;
use crate::app::message::{Input, Mouse, MouseKind};
use crate::app::outcome::{Handled, PaneInput};
use crate::app::overlay;
use crate::app::state::App;
use crate::model::key::Key;

/// Smallest width of the presets column the mouse can drag it to.
const SIDE_LEAST: u16 = 12;

pub(in crate::app) fn apply(app: &mut App, input: Input) {
    let said = app.noticed;
    let is_act = match &input {
        Input::Key(_) | Input::Paste(_) => true,
        Input::Mouse(mouse) => mouse.kind == MouseKind::Press,
        _ => false,
    };
    perform(app, input);
    // A key that only begins a sequence does nothing yet.
    if is_act && said == app.noticed && app.pending.is_empty() {
        app.notice_was_seen();
    }
}

fn perform(app: &mut App, input: Input) {
    match input {
        Input::Key(key) => key_pressed(app, key),
        Input::Paste(text) => paste(app, &text),
        Input::Mouse(mouse) => mouse_event(app, mouse),
        Input::Resize { columns, rows } => {
            app.shared.size = (columns, rows);
            response::resized(app);
            app.traffic.resized(&app.shared);
        }
        Input::Terminate => leave(app),
        Input::Resumed => app.effects.push(Effect::Redraw),
    }
}

fn leave(app: &mut App) {
    restore::save_restore(app);
    app.effects.push(Effect::Quit);
}

fn key_pressed(app: &mut App, key: Key) {
    if app.overlays.last().is_some() {
        overlay::key(app, key);
        return;
    }
    app.pending.push(key);
    match app.shared.keymap.lookup(&app.contexts(), &app.pending) {
        Lookup::Matched(action) => {
            app.pending.clear();
            act(app, action);
        }
        Lookup::Pending => {}
        Lookup::Unbound => {
            let had_prefix = app.pending.len() > 1;
            app.pending.clear();
            if !had_prefix {
                type_key(app, key);
            }
        }
    }
}

/// Runs an action: the focused pane first, then the program.
pub(in crate::app) fn act(app: &mut App, action: Action) {
    if action != Action::Interrupt {
        app.leaving = false;
    }
    let handled = match app.shared.focus {
        Pane::Presets => to_presets(app, PaneInput::Act(action)),
        Pane::History => to_history(app, PaneInput::Act(action)),
        Pane::Request => to_request(app, PaneInput::Act(action)),
        Pane::Response => response::update(app, PaneInput::Act(action)),
        Pane::Traffic => to_traffic(app, PaneInput::Act(action)),
    };
    if handled == Handled::No {
        app.intents.push_back(Intent::Act(action));
    }
}

fn type_key(app: &mut App, key: Key) {
    match app.shared.focus {
        Pane::Presets => drop_handled(to_presets(app, PaneInput::Key(key))),
        Pane::Request => drop_handled(to_request(app, PaneInput::Key(key))),
        Pane::Response => drop_handled(response::update(app, PaneInput::Key(key))),
        Pane::Traffic => drop_handled(to_traffic(app, PaneInput::Key(key))),
        Pane::History => drop_handled(to_history(app, PaneInput::Key(key))),
    }
}

fn paste(app: &mut App, text: &str) {
    if app.overlays.last().is_some() {
        overlay::paste(app, text);
        return;
    }
    match app.shared.focus {
        Pane::Request => drop_handled(to_request(app, PaneInput::Paste(text))),
        Pane::Presets => drop_handled(to_presets(app, PaneInput::Paste(text))),
        Pane::Response => drop_handled(response::update(app, PaneInput::Paste(text))),
        Pane::Traffic => drop_handled(to_traffic(app, PaneInput::Paste(text))),
        Pane::History => drop_handled(to_history(app, PaneInput::Paste(text))),
    }
}

fn mouse_event(app: &mut App, mouse: Mouse) {
    if app.overlays.last().is_some() {
        overlay::mouse(app, mouse);
        return;
    }
    match mouse.kind {
        MouseKind::Press => press(app, mouse.column, mouse.row),
        MouseKind::Drag => drag(app, mouse),
        MouseKind::Release => app.dragging = None,
        MouseKind::ScrollUp | MouseKind::ScrollDown => wheel(app, mouse),
    }
}

/// A press of the mouse button on a cell.
pub(in crate::app) fn press(app: &mut App, column: u16, row: u16) {
    let mouse = Mouse { kind: MouseKind::Press, column, row };
    let areas = app.areas();
    app.dragging = areas.splitter_at(mouse.column, mouse.row);
    if areas.header.contains((mouse.column, mouse.row).into()) {
        program::click_header(app, mouse.column);
        return;
    }
    let Some(target) = areas.pane_at(mouse.column, mouse.row) else { return };
    program::focus(app, target);
    // The areas of the press, not those after the focus moved: what was seen was clicked.
    let area = areas.of(target);
    match target {
        Pane::Presets => drop_handled(to_presets(app, PaneInput::Press(area, mouse))),
        Pane::History => drop_handled(to_history(app, PaneInput::Press(area, mouse))),
        Pane::Request => drop_handled(to_request(app, PaneInput::Press(area, mouse))),
        Pane::Response => drop_handled(response::update(app, PaneInput::Press(area, mouse))),
        Pane::Traffic => drop_handled(to_traffic(app, PaneInput::Press(area, mouse))),
    }
}

fn drag(app: &mut App, mouse: Mouse) {
    let areas = app.areas();
    match app.dragging {
        Some(Splitter::Side) => {
            app.shared.splits.side = (mouse.column + 1).max(SIDE_LEAST);
        }
        Some(Splitter::Request) => {
            app.shared.splits.request = mouse.row.saturating_sub(areas.request.y).max(4);
        }
        Some(Splitter::Traffic) => {
            app.shared.splits.traffic = areas.traffic.bottom().saturating_sub(mouse.row).max(3);
        }
        None => return,
    }
    response::resized(app);
    app.traffic.resized(&app.shared);
    app.touched();
}

/// Rows a turn of the wheel moves.
const WHEEL: usize = 3;

fn wheel(app: &mut App, mouse: Mouse) {
    let Some(target) = app.areas().pane_at(mouse.column, mouse.row) else { return };
    let (action, step) = match mouse.kind {
        MouseKind::ScrollUp => (Action::Up, CursorStep::Up),
        _ => (Action::Down, CursorStep::Down),
    };
    for _ in 0..WHEEL {
        match target {
            Pane::Presets => to_presets(app, PaneInput::Act(action)),
            Pane::History => to_history(app, PaneInput::Act(action)),
            Pane::Request => {
                app.request.wheel(&app.shared, step);
                Handled::Yes
            }
            Pane::Response => response::scroll(app, step),
            Pane::Traffic => to_traffic(app, PaneInput::Act(action)),
        };
    }
}

fn to_presets(app: &mut App, input: PaneInput<'_>) -> Handled {
    let outcome = app.presets.update(&app.shared, input);
    app.take(outcome)
}

fn to_request(app: &mut App, input: PaneInput<'_>) -> Handled {
    let outcome = app.request.update(&app.shared, input);
    app.take(outcome)
}

fn to_history(app: &mut App, input: PaneInput<'_>) -> Handled {
    let outcome = app.history.update(&app.shared, input);
    app.take(outcome)
}

fn to_traffic(app: &mut App, input: PaneInput<'_>) -> Handled {
    let outcome = app.traffic.update(&app.shared, input);
    app.take(outcome)
}

/// Until every pane answers alike.
fn drop_handled(_: Handled) {}
