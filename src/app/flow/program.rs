//! Actions of the whole program: focus, modes, saving, leaving.

use super::{draft, response, restore, send};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::outcome::Handled;
use crate::app::overlay;
use crate::app::sessions::SessionState;
use crate::app::shared::Theme;
use crate::app::state::App;
use crate::engine::command::{CloseMode, Command};
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::Spec;

/// Handles what no pane took.
pub(in crate::app) fn act(app: &mut App, action: Action) -> Handled {
    match action {
        Action::Send => send::send(app, send::Unknown::Refuse),
        Action::SendLiteral => send::send(app, send::Unknown::Literal),
        Action::ConnectAnyway => send::connect_anyway(app),
        Action::Interrupt => interrupt(app),
        Action::Stop => stop(app),
        Action::ModeHttp => mode(app, Protocol::Http),
        Action::ModeTcp => mode(app, Protocol::Tcp),
        Action::ModeUdp => mode(app, Protocol::Udp),
        Action::SwitchSide => switch_side(app),
        Action::NextEnvironment => next_environment(app),
        Action::NextPane => focus(app, next_shown(app, Pane::next)),
        Action::PreviousPane => focus(app, next_shown(app, Pane::previous)),
        Action::FocusAddress => {
            focus(app, Pane::Request);
            draft::focus_address(app);
        }
        Action::Back => back(app),
        Action::Zoom => zoom(app),
        Action::Grow => resize(app, 1),
        Action::Shrink => resize(app, -1),
        Action::ToggleTheme => next_theme(app),
        Action::New => new(app),
        Action::Redraw => app.effects.push(Effect::Redraw),
        Action::Suspend => app.effects.push(Effect::Suspend),
        Action::Quit => quit(app),
        Action::Save
        | Action::SaveAs
        | Action::Palette
        | Action::Help
        | Action::Jump
        | Action::PickEnvironment
        | Action::Rename
        | Action::Duplicate
        | Action::Delete
        | Action::Revert
        | Action::EditAbout
        | Action::ShowCode => return overlay::open(app, action),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Gives a pane the focus.
pub(in crate::app) fn focus(app: &mut App, target: Pane) {
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
    response::resized(app);
    app.traffic.resized(&app.shared);
}

fn next_shown(app: &App, step: fn(Pane) -> Pane) -> Pane {
    step(app.shared.focus)
}

fn interrupt(app: &mut App) {
    let running = app.shared.drafts.current().session.and_then(|id| app.shared.sessions.get(id));
    if let Some(session) = running.filter(|session| {
        !session.is_over()
            && session.side() == Side::Client
            && session.state != SessionState::Closing
    }) {
        let id = session.id;
        app.effects.push(Effect::Engine(Command::Close { id, how: CloseMode::Reset }));
        app.leaving = false;
        return;
    }
    if app.leaving {
        quit(app);
    } else {
        app.leaving = true;
        let live = app.shared.sessions.live().count();
        let what = match live {
            0 => String::new(),
            1 => " (1 session will be closed)".into(),
            n => format!(" ({n} sessions will be closed)"),
        };
        app.say(app.keyed(&format!("[interrupt] again leaves{what}; unsaved work is kept")));
    }
}

fn stop(app: &mut App) {
    let running = app.shared.drafts.current().session.and_then(|id| app.shared.sessions.get(id));
    let Some(session) = running.filter(|session| !session.is_over()) else {
        app.say("nothing runs here");
        return;
    };
    let how = if session.protocol() == Protocol::Http && session.side() == Side::Client {
        CloseMode::Reset
    } else {
        CloseMode::Close
    };
    let id = session.id;
    app.effects.push(Effect::Engine(Command::Close { id, how }));
    // Said here already, so that F5 right behind opens it again instead of finding it open.
    if let Some(session) = app.shared.sessions.get_mut(id) {
        session.state = SessionState::Closing;
    }
}

/// The client of a protocol; the other side is one key further.
fn mode(app: &mut App, protocol: Protocol) {
    compose(app, protocol, Side::Client);
}

fn switch_side(app: &mut App) {
    let draft = app.shared.drafts.current();
    let side = match draft.spec.side() {
        Side::Client => Side::Listener,
        Side::Listener => Side::Client,
    };
    let protocol = draft.spec.protocol();
    compose(app, protocol, side);
}

fn compose(app: &mut App, protocol: Protocol, side: Side) {
    draft::blur(app);
    app.shared.drafts.switch_kind(protocol, side);
    draft::draft_changed(app);
    focus(app, Pane::Request);
    draft::focus_address(app);
}

/// A client of the protocol on screen: that is what people compose most, and the only thing an
/// address with a path can be; F6 makes it a listener.
fn new(app: &mut App) {
    let protocol = app.shared.drafts.current().spec.protocol();
    draft::blur(app);
    app.shared.drafts.open(Spec::empty(protocol, Side::Client));
    draft::draft_changed(app);
    focus(app, Pane::Request);
    draft::focus_address(app);
}

fn next_environment(app: &mut App) {
    let names: Vec<String> =
        app.shared.workspace.environments.iter().map(|e| e.name.clone()).collect();
    if names.is_empty() {
        app.say("no environments yet: a file env/NAME.toml in the workspace makes one");
        return;
    }
    let at = names.iter().position(|name| Some(name) == app.shared.environment.as_ref());
    app.shared.environment = match at {
        None => names.first().cloned(),
        Some(at) => names.get(at + 1).cloned(),
    };
    let name = app.shared.environment.as_deref().unwrap_or("none");
    app.say(format!("environment: {name}"));
    app.touched();
}

fn back(app: &mut App) {
    if app.shared.zoom {
        zoom(app);
    } else if app.shared.focus == Pane::Request {
        draft::blur(app);
        focus(app, Pane::Presets);
    }
}

fn zoom(app: &mut App) {
    app.shared.zoom = !app.shared.zoom;
    response::resized(app);
    app.traffic.resized(&app.shared);
}

/// Cells a splitter moves by key.
const RESIZE_STEP: i32 = 2;

fn resize(app: &mut App, sign: i32) {
    let areas = app.areas();
    let moved = |now: u16, least: u16| {
        u16::try_from((i32::from(now) + sign * RESIZE_STEP).max(i32::from(least))).unwrap_or(least)
    };
    match app.shared.focus {
        Pane::Presets | Pane::History => app.shared.splits.side = moved(areas.presets.width, 12),
        Pane::Request => app.shared.splits.request = moved(areas.request.height, 4),
        Pane::Response => {
            let grown = moved(areas.response.height, 4);
            let both = areas.request.height + areas.response.height;
            app.shared.splits.request = both.saturating_sub(grown).max(4);
        }
        Pane::Traffic => app.shared.splits.traffic = moved(areas.traffic.height, 3),
    }
    response::resized(app);
    app.traffic.resized(&app.shared);
    app.touched();
}

fn next_theme(app: &mut App) {
    app.shared.theme = match app.shared.theme {
        Theme::Dark => Theme::Light,
        Theme::Light => Theme::Sixteen,
        Theme::Sixteen => Theme::Plain,
        Theme::Plain => Theme::Dark,
    };
}

fn quit(app: &mut App) {
    restore::save_restore(app);
    app.effects.push(Effect::Quit);
}

/// Columns of the mode names in the header: start, end, protocol.
pub const HEADER_MODES: [(u16, u16, Protocol); 3] =
    [(12, 18, Protocol::Http), (18, 23, Protocol::Tcp), (23, 28, Protocol::Udp)];

/// A click on the header line.
pub(in crate::app) fn click_header(app: &mut App, column: u16) {
    let hit = HEADER_MODES.iter().find(|(start, end, _)| (*start..*end).contains(&column));
    if let Some((_, _, protocol)) = hit {
        mode(app, *protocol);
    }
}
