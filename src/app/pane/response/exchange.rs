//! An HTTP exchange as it is looked at: which one, which tab, which bytes.
//!
//! Of a client the pane shows the response and calls the request the other message; of a listener
//! it is the other way round. A listener has a list of requests above.

mod exchange_areas;
mod shape;
mod to_preset;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::CursorStep;
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::message::Mouse;
use crate::app::outcome::Handled;
use crate::app::sessions::Session;
use crate::app::state::App;
use crate::codec::disposition;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage, MessageFraming};
use crate::model::file_name::safe_file_name;
use crate::model::id::BodyId;
use crate::model::view::{Towards, ViewMode, ViewPart};

use super::body::{Room, SIDEWAYS};
use super::cookies::has_cookies;
use super::{ResponseKind, inner, kind, lines, place, place_mut, prompt, session};
pub use crate::app::pane::response::exchange::exchange_areas::{
    ExchangeAreas, StatusRemark, exchange_areas, failure, remarks, tab_strip,
};
pub use crate::app::pane::response::exchange::to_preset::Gather;
pub(super) use crate::app::pane::response::exchange::to_preset::gathered;
use shape::{default_mode, wide};
pub(super) use shape::{encoding, sniffed};

/// Text put on the clipboard at most.
const COPY_LIMIT: usize = 256 * 1024;

/// A page of the pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExchangeTab {
    #[default]
    Body,
    Headers,
    /// Only where the message has any.
    Cookies,
    Timing,
    Tls,
    /// The message exactly as it crossed the wire.
    Raw,
    /// The other message exactly as it crossed the wire.
    Other,
}

/// Bytes to be looked at through a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSubject {
    pub body: BodyId,
    pub part: ViewPart,
    /// How such bytes are shown unless the user chose otherwise.
    pub default: ViewMode,
}

impl ExchangeTab {
    pub fn title(self, kind: ResponseKind) -> &'static str {
        match (self, kind) {
            (ExchangeTab::Body, _) => "Body",
            (ExchangeTab::Headers, _) => "Headers",
            (ExchangeTab::Cookies, _) => "Cookies",
            (ExchangeTab::Timing, _) => "Timing",
            (ExchangeTab::Tls, _) => "TLS",
            (ExchangeTab::Raw, _) => "Raw",
            (ExchangeTab::Other, ResponseKind::Listener) => "Our answer",
            (ExchangeTab::Other, _) => "Request",
        }
    }
}

/// The exchange looked at.
pub fn shown(app: &App) -> Option<&Exchange> {
    let session = session(app)?;
    let chosen = place(app).and_then(|place| place.number);
    chosen.and_then(|number| exchange_of(session, number)).or_else(|| session.exchanges.back())
}

/// An exchange by its number; they are in order and mostly without gaps.
fn exchange_of(session: &Session, number: u32) -> Option<&Exchange> {
    session.exchanges.get(position(session, number)?)
}

fn position(session: &Session, number: u32) -> Option<usize> {
    let at = session.exchanges.partition_point(|exchange| exchange.number < number);
    session.exchanges.get(at).filter(|exchange| exchange.number == number).map(|_| at)
}

/// The message the pane is about: what came from the peer.
pub fn message(exchange: &Exchange, kind: ResponseKind) -> Option<&HttpMessage> {
    match kind {
        ResponseKind::Listener => Some(&exchange.request),
        _ => exchange.response.as_ref(),
    }
}

fn other(exchange: &Exchange, kind: ResponseKind) -> Option<&HttpMessage> {
    match kind {
        ResponseKind::Listener => exchange.response.as_ref(),
        _ => Some(&exchange.request),
    }
}

/// The tabs an exchange has.
pub fn tabs(exchange: &Exchange, kind: ResponseKind) -> Vec<ExchangeTab> {
    let mut tabs = vec![ExchangeTab::Body, ExchangeTab::Headers];
    if message(exchange, kind).is_some_and(has_cookies) {
        tabs.push(ExchangeTab::Cookies);
    }
    tabs.push(ExchangeTab::Timing);
    if exchange.tls.is_some() {
        tabs.push(ExchangeTab::Tls);
    }
    tabs.extend([ExchangeTab::Raw, ExchangeTab::Other]);
    tabs
}

/// The tab shown; the chosen one unless this exchange has none such.
pub fn tab(app: &App) -> ExchangeTab {
    match (app.response.tab, shown(app)) {
        (ExchangeTab::Tls, Some(exchange)) if exchange.tls.is_none() => ExchangeTab::Body,
        (ExchangeTab::Cookies, Some(exchange))
            if !message(exchange, kind(app)).is_some_and(has_cookies) =>
        {
            ExchangeTab::Body
        }
        // Why there is no body is written in the certificates.
        (ExchangeTab::Body, Some(exchange)) if is_distrusted(exchange) => ExchangeTab::Tls,
        (tab, _) => tab,
    }
}

/// The peer's certificate was refused, so nothing was asked.
pub fn is_distrusted(exchange: &Exchange) -> bool {
    let refused = matches!(&exchange.state,
        ExchangeState::Failed(failure) if failure.is_distrust());
    refused && exchange.response.is_none() && exchange.tls.is_some()
}

/// The bytes the tab shows through a window; `None` for tabs of lines and for empty bodies.
pub fn subject(app: &App) -> Option<WindowSubject> {
    let kind = kind(app);
    if !matches!(kind, ResponseKind::Client | ResponseKind::Listener) {
        return None;
    }
    let exchange = shown(app)?;
    let (message, part) = match tab(app) {
        ExchangeTab::Body => (message(exchange, kind)?, ViewPart::Decoded),
        ExchangeTab::Raw => (message(exchange, kind)?, ViewPart::Raw),
        ExchangeTab::Other => (other(exchange, kind)?, ViewPart::Raw),
        ExchangeTab::Headers | ExchangeTab::Cookies | ExchangeTab::Timing | ExchangeTab::Tls => {
            return None;
        }
    };
    if part == ViewPart::Decoded && has_no_body(message) {
        return None;
    }
    let default = match part {
        ViewPart::Raw => ViewMode::Text,
        ViewPart::Decoded => default_mode(message),
    };
    Some(WindowSubject { body: message.body.id, part, default })
}

/// Whether it is certain that there is nothing to show.
pub fn has_no_body(message: &HttpMessage) -> bool {
    let body = &message.body;
    matches!(body.framing, MessageFraming::None | MessageFraming::Length(0))
        || (body.complete && body.decoded_len == 0)
}

/// The room the content of the tab has.
pub fn room(app: &App) -> Room {
    let content = match kind(app) {
        ResponseKind::Client | ResponseKind::Listener => exchange_areas(app, inner(app)).content,
        _ => Rect::default(),
    };
    Room { width: content.width.into(), height: content.height.into(), wrap: app.response.wrap }
}

pub(super) fn act(app: &mut App, action: Action) -> Handled {
    match action {
        Action::NextTab => switch_tab(app, true),
        Action::PreviousTab => switch_tab(app, false),
        Action::NextItem => step_exchange(app, true),
        Action::PreviousItem => step_exchange(app, false),
        Action::ViewMode => next_mode(app),
        Action::ViewHex => toggle_hex(app),
        Action::Wrap => {
            app.response.wrap = !app.response.wrap;
            app.say(if app.response.wrap { "long lines wrap" } else { "long lines are cut" });
        }
        Action::Find => prompt::open_search(app),
        Action::FindNext => prompt::search(app, Towards::End, true),
        Action::FindPrevious => prompt::search(app, Towards::Start, true),
        Action::SaveBody => prompt::open_save(app),
        Action::Copy => copy(app),
        Action::TurnAround => to_preset::turn_around(app),
        Action::Left => sideways(app, false),
        Action::Right => sideways(app, true),
        Action::Open => return enter(app, true),
        Action::Back => return enter(app, false),
        _ => return move_by(app, action),
    }
    Handled::Yes
}

fn move_by(app: &mut App, action: Action) -> Handled {
    let Some(step) = CursorStep::of(action) else { return Handled::No };
    let inside = place(app).is_some_and(|place| place.inside);
    if kind(app) == ResponseKind::Listener && !inside {
        step_list(app, step);
    } else {
        step_content(app, step);
    }
    Handled::Yes
}

/// The wheel moves the content.
pub(super) fn scroll(app: &mut App, action: Action) {
    if let Some(step) = CursorStep::of(action) {
        step_content(app, step);
    }
}

fn step_content(app: &mut App, step: CursorStep) {
    let room = room(app);
    if let Some(subject) = subject(app) {
        if let Some(view) = app.response.views.get_mut(subject.body, subject.part) {
            view.step(step, room);
        }
        return;
    }
    let last = lines::count(app).saturating_sub(room.height);
    let Some(place) = place_mut(app) else { return };
    let mut cursor = crate::app::cursor::Cursor { selected: place.scroll, offset: place.scroll };
    cursor.step(step, last + 1, room.height);
    place.scroll = cursor.selected;
}

fn sideways(app: &mut App, right: bool) {
    let room = room(app);
    if let Some(subject) = subject(app) {
        if let Some(view) = app.response.views.get_mut(subject.body, subject.part) {
            view.sideways(SIDEWAYS, right, room);
        }
    } else if let Some(place) = place_mut(app) {
        place.left =
            if right { place.left + SIDEWAYS } else { place.left.saturating_sub(SIDEWAYS) };
    }
}

/// In a listener, Enter gives the keys to the exchange and Esc takes them back to the list.
fn enter(app: &mut App, inside: bool) -> Handled {
    let is_listener = kind(app) == ResponseKind::Listener;
    match place_mut(app) {
        Some(place) if is_listener && place.inside != inside => {
            place.inside = inside;
            Handled::Yes
        }
        _ => Handled::No,
    }
}

fn switch_tab(app: &mut App, forward: bool) {
    let Some(exchange) = shown(app) else { return };
    let all = tabs(exchange, kind(app));
    let at = all.iter().position(|t| *t == tab(app)).unwrap_or(0);
    let step = if forward { 1 } else { all.len() - 1 };
    if let Some(tab) = all.get((at + step) % all.len()) {
        show_tab(app, *tab);
    }
}

fn show_tab(app: &mut App, tab: ExchangeTab) {
    app.response.tab = tab;
    if let Some(place) = place_mut(app) {
        (place.scroll, place.left) = (0, 0);
    }
}

fn step_exchange(app: &mut App, forward: bool) {
    step_list(app, if forward { CursorStep::Down } else { CursorStep::Up });
}

/// Moves in the list of requests, or over the redirect hops. The last place follows the newest.
fn step_list(app: &mut App, step: CursorStep) {
    let Some(session) = session(app) else { return };
    let len = session.exchanges.len();
    let at = place(app).and_then(|place| place.number).and_then(|n| position(session, n));
    let height = usize::from(exchange_areas(app, inner(app)).list.height);
    let selected = at.unwrap_or(len.saturating_sub(1));
    let mut cursor = crate::app::cursor::Cursor { selected, offset: 0 };
    cursor.step(step, len, height);
    choose(app, cursor.selected);
}

/// Looks at the exchange at this place of the list.
fn choose(app: &mut App, at: usize) {
    let Some(session) = session(app) else { return };
    let is_last = at + 1 >= session.exchanges.len();
    let number = session.exchanges.get(at).map(|exchange| exchange.number);
    let Some(place) = place_mut(app) else { return };
    let number = number.filter(|_| !is_last);
    if place.number != number {
        (place.scroll, place.left) = (0, 0);
    }
    place.number = number;
}

/// Place in the list of the exchange looked at, and of the first row shown.
pub fn list_cursor(app: &App, height: usize) -> (usize, usize) {
    let Some(session) = session(app) else { return (0, 0) };
    let len = session.exchanges.len();
    let number = place(app).and_then(|place| place.number);
    let selected =
        number.and_then(|n| position(session, n)).unwrap_or_else(|| len.saturating_sub(1));
    let height = height.max(1);
    // The chosen row stands in the middle unless the list ends before.
    let offset = selected.saturating_sub(height / 2).min(len.saturating_sub(height));
    (selected, offset)
}

fn next_mode(app: &mut App) {
    let wide = wide(app);
    set_mode(app, |mode, part| match (mode, part) {
        (ViewMode::Pretty, _) | (ViewMode::Hex, ViewPart::Raw) => ViewMode::Text,
        (ViewMode::Text | ViewMode::Wide(_), _) => ViewMode::Hex,
        (ViewMode::Hex, ViewPart::Decoded) => wide.map_or(ViewMode::Pretty, ViewMode::Wide),
    });
}

fn toggle_hex(app: &mut App) {
    let wide = wide(app).map(ViewMode::Wide);
    let default = wide.or_else(|| subject(app).map(|subject| subject.default));
    set_mode(app, |mode, _| match mode {
        ViewMode::Hex => default.filter(|mode| *mode != ViewMode::Hex).unwrap_or(ViewMode::Text),
        _ => ViewMode::Hex,
    });
}

fn set_mode(app: &mut App, next: impl Fn(ViewMode, ViewPart) -> ViewMode) {
    let Some(subject) = subject(app) else { return };
    let views = &mut app.response.views;
    let Some(view) = views.get_mut(subject.body, subject.part) else { return };
    let mode = next(view.mode, view.part);
    view.choose_mode(mode);
    views.choose(subject.default, mode);
}

/// The lines on screen go to the clipboard.
fn copy(app: &mut App) {
    let height = room(app).height;
    let text = match subject(app) {
        Some(subject) => match app.response.views.get(subject.body, subject.part) {
            Some(view) => lines::of_body(view, height),
            None => return,
        },
        None => lines::all(app).join("\n"),
    };
    let mut end = text.len().min(COPY_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default().to_owned();
    app.say(format!("{} copied", format::size(text.len() as u64)));
    app.effects.push(Effect::Copy(text));
}

/// A name for the file a body is saved to: the one the peer proposes, else the last part of the
/// URL's path.
pub(super) fn file_name(app: &App, part: ViewPart) -> String {
    let message = shown(app).and_then(|exchange| message(exchange, kind(app)));
    let proposed = message.and_then(|message| message.head.field("content-disposition"));
    let proposed = proposed.and_then(|value| disposition::file_name(value));
    if let Some(name) = proposed.filter(|name| part == ViewPart::Decoded && !name.is_empty()) {
        return safe_file_name(&name);
    }
    let url = shown(app).map_or("", |exchange| exchange.url.as_str());
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let last = path.split_once('/').and_then(|(_, path)| path.rsplit('/').next());
    let name = match last {
        Some(last) if !last.is_empty() => safe_file_name(last),
        _ => "response".to_owned(),
    };
    match part {
        ViewPart::Raw => format!("{name}.http"),
        ViewPart::Decoded => name,
    }
}

pub(super) fn click(app: &mut App, inner: Rect, mouse: Mouse) {
    let parts = exchange_areas(app, inner);
    let at = (mouse.column, mouse.row).into();
    if parts.list.contains(at) {
        let (_, offset) = list_cursor(app, parts.list.height.into());
        choose(app, offset + usize::from(mouse.row - parts.list.y));
        let _ = enter(app, false);
        return;
    }
    if parts.tabs.contains(at) {
        let column = mouse.column - parts.tabs.x;
        let hit = tab_strip(app)
            .into_iter()
            .find(|(_, title, start)| {
                (*start..*start + title.chars().count() as u16 + 2).contains(&column)
            })
            .map(|(tab, ..)| tab);
        if let Some(tab) = hit {
            show_tab(app, tab);
        }
    }
    let _ = enter(app, true);
}

pub(super) fn hints(app: &App) -> Vec<Action> {
    let running = session(app).is_some_and(|session| !session.is_over());
    let is_client = kind(app) == ResponseKind::Client;
    let mut hints = Vec::new();
    if running && is_client {
        hints.push(Action::Interrupt);
    }
    if !is_client && place(app).is_none_or(|place| !place.inside) {
        hints.extend([Action::Open, Action::TurnAround]);
    }
    if session(app).is_some_and(|session| session.exchanges.len() > 1) {
        hints.push(Action::NextItem);
    }
    hints.extend([Action::NextTab, Action::Find, Action::ViewMode, Action::SaveBody, Action::Copy]);
    hints
}
