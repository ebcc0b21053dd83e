//! Actions of the whole program: focus, modes, saving, leaving.

use super::{
    compare, cookies, draft, environments, exports, faults, focus, held, imports, kept, made_rules,
    overlays, replay, restore, rewrites, runs, save, send, statistics, traffic, unknown_names,
};
use crate::app::action::Action;
use crate::app::editor::Caret;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::importing::ImportWish;
use crate::app::intent::{Intent, Question};
use crate::app::sessions::{Session, SessionState};
use crate::app::state::App;
use crate::compose::UnknownNames;
use crate::compose::anew::{anew, next_relay};
use crate::engine::command::{CloseMode, Command};
use crate::model::protocol::{Protocol, Side};

/// Handles what no pane took.
pub(crate) fn act(app: &mut App, action: Action) {
    match action {
        Action::Send => send::send(app, UnknownNames::Refused),
        Action::SendLiteral => send::send(app, UnknownNames::Literal),
        Action::ConnectAnyway => send::connect_anyway(app),
        Action::Cancel => interrupt(app),
        Action::Stop => stop(app),
        // The client of a protocol; the other side is one key further.
        Action::Http => compose(app, Protocol::Http, Side::Client),
        Action::Tcp => compose(app, Protocol::Tcp, Side::Client),
        Action::Udp => compose(app, Protocol::Udp, Side::Client),
        Action::Ws => compose(app, Protocol::Ws, Side::Client),
        Action::Relay => compose_relay(app),
        Action::ToggleFaults => faults::toggle(app),
        Action::ToggleRewrites => rewrites::toggle(app),
        Action::Held => held::open(app),
        Action::SwitchSide => switch_side(app),
        Action::NextEnvironment => next_environment(app),
        Action::EditEnvironments => environments::open(app),
        Action::Cookies => cookies::open(app),
        Action::DefineName => unknown_names::define(app),
        Action::NextPane | Action::NextField => {
            focus::focus(app, focus::neighbour(app, Pane::next));
        }
        Action::PreviousPane | Action::PreviousField => {
            focus::focus(app, focus::neighbour(app, Pane::previous));
        }
        Action::GoToPresets
        | Action::GoToHistory
        | Action::GoToRequest
        | Action::GoToResponse
        | Action::GoToTraffic => go_to(app, action),
        Action::FocusAddress => focus::focus_address(app, Caret::All),
        // A letter that was meant for a text shall not have the next one replace the address.
        Action::EditAddress => focus::focus_address(app, Caret::End),
        Action::Back => back(app),
        // Where nothing else is meant by it.
        Action::FindText => app.intents.push_back(Intent::Act(Action::Find)),
        Action::Zoom => focus::zoom(app),
        Action::ToggleSideBar | Action::ToggleHistory | Action::ToggleTraffic => {
            toggle(app, action);
        }
        Action::FoldTraffic => focus::fold_traffic(app),
        Action::Grow => focus::resize(app, 1),
        Action::Shrink => focus::resize(app, -1),
        Action::New => new(app),
        Action::Redraw => app.effects.push(Effect::Redraw),
        Action::Suspend => app.effects.push(Effect::Suspend),
        Action::Quit => quit(app),
        Action::Save => save::save(app),
        Action::NextItem | Action::PreviousItem => kept::go(app, action == Action::NextItem),
        Action::Compare | Action::MarkAnswer => compare::act(app, action),
        Action::Export => exports::act(app),
        Action::Import => imports::wished(app, ImportWish::Asked),
        Action::Statistics => statistics::open(app),
        Action::Replay => replay::act(app),
        Action::RunPresets | Action::ComparePlaces | Action::ShowRun => runs::act(app, action),
        Action::MakeMock => replay::make_mock(app),
        Action::MakeRule => made_rules::make(app),
        Action::PipeLive => exports::end_live(app),
        Action::Clear => traffic::clear(app),
        Action::UndoClear => traffic::undo_clear(app),
        _ => overlays::open(app, action),
    }
}

/// Goes to the pane that an action names.
fn go_to(app: &mut App, action: Action) {
    let pane = match action {
        Action::GoToPresets => Pane::Presets,
        Action::GoToHistory => Pane::History,
        Action::GoToRequest => Pane::Request,
        Action::GoToResponse => Pane::Response,
        _ => Pane::Traffic,
    };
    focus::focus(app, pane);
}

/// Shows what an action names, or hides it.
fn toggle(app: &mut App, action: Action) {
    match action {
        Action::ToggleSideBar => focus::toggle_side(app),
        Action::ToggleHistory => focus::toggle_history(app),
        _ => focus::toggle_traffic(app),
    }
}

fn quit(app: &mut App) {
    if !environments::asks_to_leave(app) {
        restore::leave(app);
    }
}

fn interrupt(app: &mut App) {
    if runs::stop_first(app) {
        app.leaving = false;
        return;
    }
    let can_end = |session: &&Session| {
        !session.is_over() && !session.side().listens() && session.state != SessionState::Closing
    };
    if let Some(session) = app.shared.session().filter(can_end) {
        let is_talking = session.state == SessionState::Live && session.capabilities().conversation;
        let reset = Command::Close { id: session.id, how: CloseMode::Reset };
        app.leaving = false;
        if is_talking {
            return ask_to_close(app);
        }
        return app.effects.push(Effect::Engine(reset));
    }
    if app.leaving {
        restore::leave(app);
    } else {
        app.leaving = true;
        let what = match app.shared.sessions.live().count() {
            0 => String::new(),
            1 => " (1 session will be closed)".into(),
            n => format!(" ({n} sessions will be closed)"),
        };
        app.say(app.keyed(&format!("[cancel] again leaves{what}; unsaved work is kept")));
    }
}

/// Nothing is under way that could be cancelled, so a slip of the hand shall not end what is open.
fn ask_to_close(app: &mut App) {
    let has_connection = app.shared.session().is_some_and(|it| it.capabilities().connections);
    let what = if has_connection { "connection" } else { "socket" };
    let text = app.keyed(&format!("Close this {what}? [quit] leaves the program."));
    overlays::ask(app, Question::new(text, ["Close", "Keep"], Intent::Act(Action::Stop)));
}

fn stop(app: &mut App) {
    if runs::stop_first(app) {
        return;
    }
    let Some(session) = app.shared.session().filter(|session| !session.is_over()) else {
        app.say("nothing runs here");
        return;
    };
    let how = match session.side() {
        // Nobody waits for the rest of a request that is given up.
        Side::Client if !session.capabilities().lasting => CloseMode::Reset,
        Side::Client | Side::Listener | Side::Relay => CloseMode::Close,
    };
    let id = session.id;
    app.effects.push(Effect::Engine(Command::Close { id, how }));
    // Said here already, so that F5 right behind opens it again instead of finding it open.
    if let Some(session) = app.shared.sessions.get_mut(id) {
        session.state = SessionState::Closing;
    }
}

fn switch_side(app: &mut App) {
    let spec = &app.shared.drafts.current().spec;
    let side = if spec.side().listens() { Side::Client } else { Side::Listener };
    compose(app, spec.protocol(), side);
}

/// A relay beside the draft on screen.
fn compose_relay(app: &mut App) {
    // An address may say what is spoken.
    if app.request.refused.is_none() {
        draft::leave_address(app);
    }
    compose(app, next_relay(&app.shared.drafts.current().spec), Side::Relay);
}

/// Something new of this kind, always; it leads where the draft on screen does, which stays as it
/// is. A text that is no value of its field would be lost, so it is to be mended first.
fn compose(app: &mut App, protocol: Protocol, side: Side) {
    if let Some((_, why)) = &app.request.refused {
        return app.warn(format!("this field is not taken yet: {why}"));
    }
    draft::blur(app);
    draft::leave_address(app);
    let draft = app.shared.drafts.current();
    let sockets = app.shared.session().filter(|session| !session.is_over());
    let listens_on = sockets.and_then(|session| session.listens_on().first());
    let spec = anew(&draft.spec, listens_on, protocol, side);
    app.shared.drafts.compose(spec);
    draft::draft_changed(app);
    focus::focus_address(app, Caret::All);
}

/// A client of the protocol on screen: that is what people compose most, and the only thing an
/// address with a path can be; F6 makes it a listener.
fn new(app: &mut App) {
    let protocol = app.shared.drafts.current().spec.protocol();
    compose(app, protocol, Side::Client);
}

fn next_environment(app: &mut App) {
    let all = &app.shared.workspace.environments;
    if all.is_empty() {
        return app.say(app.keyed("no environments yet: [edit-environments] makes one"));
    }
    let at = all.iter().position(|known| Some(&known.name) == app.shared.environment.as_ref());
    let next = all.get(at.map_or(0, |at| at + 1)).map(|next| next.name.clone());
    choose_environment(app, next);
}

/// Puts an environment into force, or none.
pub(crate) fn choose_environment(app: &mut App, name: Option<String>) {
    app.say(format!("environment: {}", name.as_deref().unwrap_or("none")));
    environments::put_in_force(app, name);
}

fn back(app: &mut App) {
    if runs::stop_first(app) {
        return;
    }
    if traffic::comes_back(app) {
        return;
    }
    if app.shared.zoom {
        focus::zoom(app);
    } else if app.shared.focus == Pane::Request {
        draft::blur(app);
        focus::focus(app, Pane::Presets);
    }
}

/// Column where the mode names begin in the header.
const HEADER_MODES: u16 = 12;
/// Blank columns behind each of them, which belong to it.
const MODE_GAP: usize = 2;

/// A click on the header line.
pub(crate) fn click_header(app: &mut App, column: u16) {
    let Some(mut within) = column.checked_sub(HEADER_MODES).map(usize::from) else { return };
    for protocol in Protocol::ALL {
        let width = protocol.title().len() + MODE_GAP;
        if within < width {
            compose(app, protocol, Side::Client);
            return;
        }
        within -= width;
    }
    // Behind them the environment.
    if within < environment_label(app).chars().count() + MODE_GAP {
        overlays::open(app, Action::PickEnvironment);
    }
}

/// The environment in force, as the header names it.
pub fn environment_label(app: &App) -> String {
    format!(" env {} ", app.shared.environment.as_deref().unwrap_or("none"))
}
