//! From input to actions: overlays first, then the focused pane's contexts, then text fields.

use ratatui::layout::Position;

use super::{focus, hints, imports, overlays, program, response, restore};
use crate::app::action::Action;
use crate::app::cursor::CursorStep;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::form::FormFieldId;
use crate::app::intent::Intent;
use crate::app::keymap::{Lookup, show};
use crate::app::message::{Input, Mouse, MouseKind};
use crate::app::outcome::{Handled, PaneInput};
use crate::app::overlay::Overlay;
use crate::app::state::App;
use crate::interop::{curl, request_text};
use crate::model::key::Key;

/// Takes one input; a remark that was seen goes, unless the input made a new one.
pub(crate) fn apply(app: &mut App, input: Input) {
    let said = app.noticed;
    let is_act = matches!(
        input,
        Input::Key(_) | Input::Paste(_) | Input::Mouse(Mouse { kind: MouseKind::Press, .. })
    );
    perform(app, input);
    // A key that only begins a sequence does nothing yet.
    if is_act && said == app.noticed && app.pending.is_empty() {
        app.notice_was_seen();
    }
}

fn perform(app: &mut App, input: Input) {
    match input {
        Input::Key(key) if app.overlays.is_empty() => key_pressed(app, key),
        Input::Key(key) => {
            if let Some(action) = overlays::key(app, key) {
                act(app, action);
            }
        }
        Input::Paste(text) if app.overlays.is_empty() => {
            if to_pane(app, app.shared.focus, PaneInput::Paste(&text)) == Handled::No {
                pasted_outside(app, text);
            }
        }
        Input::Paste(text) => drop(overlays::update(app, PaneInput::Paste(&text))),
        Input::Mouse(mouse) if !app.overlays.is_empty() => overlays::mouse(app, mouse),
        Input::Mouse(mouse) => mouse_event(app, mouse),
        Input::Resize { columns, rows } => {
            app.shared.size = (columns, rows);
            // Letters to jump to would stand beside their targets.
            app.overlays.retain(|overlay| !matches!(overlay, Overlay::Jump(_)));
            for overlay in &mut app.overlays {
                if let Overlay::Help(help) = overlay {
                    help.resized(&app.shared);
                }
            }
            focus::resized(app);
        }
        Input::Terminate => restore::terminate(app),
        Input::Resumed => app.effects.push(Effect::Redraw),
    }
}

/// Gives a text that was typed at a question to what has the keys now.
pub(crate) fn type_on(app: &mut App, text: String) {
    perform(app, Input::Paste(text));
}

fn key_pressed(app: &mut App, key: Key) {
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
            let taken =
                !had_prefix && to_pane(app, app.shared.focus, PaneInput::Key(key)) == Handled::Yes;
            if !taken && key.printable().is_some() {
                let text = format!("{} does nothing here: [help] shows the keys", show(&[key]));
                app.say(app.keyed(&text));
            }
        }
    }
}

/// Runs an action: the focused pane first, then the program.
pub(crate) fn act(app: &mut App, action: Action) {
    if to_pane(app, app.shared.focus, PaneInput::Act(action)) == Handled::No {
        app.intents.push_back(Intent::PassOn(action));
    }
}

/// Gives a pane an input; tells whether it took it.
fn to_pane(app: &mut App, pane: Pane, input: PaneInput<'_>) -> Handled {
    // Whoever does something else in between does not mean to leave any more.
    app.leaving &= matches!(input, PaneInput::Act(Action::Cancel));
    let App { presets, history, request, traffic, shared, .. } = app;
    let outcome = match pane {
        Pane::Presets => presets.update(shared, input),
        Pane::History => history.update(shared, input),
        Pane::Request => request.update(shared, input),
        Pane::Traffic => traffic.update(shared, input),
        Pane::Response => return response::update(app, input),
    };
    app.take(outcome)
}

/// A paste where no text is: an address or a curl command is composed in a draft of its own, and what other tools
/// keep is imported.
fn pasted_outside(app: &mut App, text: String) {
    if let Some(wish) = imports::pasted(&text) {
        return app.intents.push_back(Intent::Import(wish));
    }
    if curl::is_command(&text) || request_text::is_request(&text) {
        return app.intents.push_back(Intent::FillFromCurl(text));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let (method, address) = match *words.as_slice() {
        [address] => ("", address),
        [method, address] => (method, address),
        _ => ("", ""),
    };
    let names_port = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let is_address = address.contains("://") || address.split(':').skip(1).any(names_port);
    if !is_address || !method.chars().all(|c| c.is_ascii_alphabetic()) {
        let hint = "paste an address, commands or a document of another tool here, or go to a text first: [new] composes";
        return app.say(app.keyed(hint));
    }
    let paste = Intent::PasteInto(FormFieldId::Address, text);
    app.intents.extend([Intent::PassOn(Action::New), paste]);
}

fn mouse_event(app: &mut App, mouse: Mouse) {
    match mouse.kind {
        MouseKind::Press | MouseKind::SecondPress | MouseKind::ThirdPress => {
            let kind = app.clicks.count(app.shared.now, (mouse.column, mouse.row).into());
            press_cell(app, Mouse { kind, ..mouse });
        }
        MouseKind::Drag | MouseKind::Release => drag(app, mouse),
        MouseKind::ScrollUp | MouseKind::ScrollDown => wheel(app, mouse),
    }
}

/// A press of the mouse button on a cell.
pub(crate) fn press(app: &mut App, column: u16, row: u16) {
    press_cell(app, Mouse { kind: MouseKind::Press, column, row });
}

fn press_cell(app: &mut App, mouse: Mouse) {
    if app.popup().is_some_and(|(_, area)| area.contains(mouse_at(mouse))) {
        let focus = app.shared.focus;
        to_pane(app, focus, PaneInput::Press(app.shared.areas().of(focus), mouse));
        return;
    }
    let areas = app.shared.areas();
    app.dragging = areas.splitter_at(mouse.column, mouse.row);
    app.pressed = None;
    if let Some(action) = hints::at(app, mouse.column, mouse.row) {
        app.dragging = None;
        return act(app, action);
    }
    if areas.header.contains((mouse.column, mouse.row).into()) {
        program::click_header(app, mouse.column);
        return;
    }
    let Some(target) = areas.pane_at(mouse.column, mouse.row) else { return };
    focus::focus(app, target);
    // The areas of the press, not those after the focus moved: what was seen was clicked.
    let area = areas.of(target);
    app.pressed = Some(target);
    to_pane(app, target, PaneInput::Press(area, mouse));
}

fn mouse_at(mouse: Mouse) -> Position {
    (mouse.column, mouse.row).into()
}

fn drag(app: &mut App, mouse: Mouse) {
    let areas = app.shared.areas();
    if mouse.kind == MouseKind::Release {
        app.dragging = None;
    }
    let Some(splitter) = app.dragging else {
        let is_over = mouse.kind == MouseKind::Release;
        let pressed = if is_over { app.pressed.take() } else { app.pressed };
        if let Some(pane) = pressed {
            to_pane(app, pane, PaneInput::Drag(areas.of(pane), mouse));
        }
        return;
    };
    areas.drag(splitter, (mouse.column, mouse.row), &mut app.shared.arrangement);
    focus::resized(app);
    app.touched();
}

/// Rows a turn of the wheel moves.
const WHEEL: usize = 3;

fn wheel(app: &mut App, mouse: Mouse) {
    let is_on_popup = app.popup().is_some_and(|(_, area)| area.contains(mouse_at(mouse)));
    if is_on_popup {
        let is_up = mouse.kind == MouseKind::ScrollUp;
        let step = if is_up { Action::Up } else { Action::Down };
        let focus = app.shared.focus;
        to_pane(app, focus, PaneInput::Act(step));
        return;
    }
    let Some(target) = app.shared.areas().pane_at(mouse.column, mouse.row) else { return };
    let step = match mouse.kind {
        MouseKind::ScrollUp => CursorStep::Up,
        _ => CursorStep::Down,
    };
    for _ in 0..WHEEL {
        to_pane(app, target, PaneInput::Wheel(step));
    }
}
