//! The response pane: what came back, or the live conversation.
//!
//! What it shows follows from the session of the draft on screen:
//!
//! ```text
//!   HTTP client     exchange     status, redirect hops, tabs, a window onto a body
//!   HTTP listener   exchange     the same below a list of requests
//!   TCP and UDP     talk         rows of the conversation, peers, the input line
//! ```
//! This file routes, keeps what is remembered of each session, and asks for body windows and for
//! the clock; the rest is in the files named above.

pub mod body;
mod cookies;
pub mod exchange;
pub mod input;
pub mod lines;
pub mod prompt;
pub mod session_words;
pub mod talk;

use std::collections::BTreeMap;
use std::time::Duration;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::keymap::Context;
use crate::app::message::{Mouse, Timer};
use crate::app::outcome::Handled;
use crate::app::sessions::{Session, SessionState};
use crate::app::state::App;
use crate::codec::charset;
use crate::model::id::SessionId;
use crate::model::key::Key;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::view::{SearchHit, View};
use body::BodyViews;
use exchange::ExchangeTab;
use prompt::{Prompt, TextSearch};
use talk::ConversationView;

/// While something shown runs, its elapsed time is drawn this often.
const TICK: Duration = Duration::from_millis(100);

/// State of the pane.
#[derive(Debug, Default)]
pub struct ResponsePane {
    pub tab: ExchangeTab,
    /// Long lines go on in the next row.
    pub wrap: bool,
    pub views: BodyViews,
    pub search: TextSearch,
    pub prompt: Option<Prompt>,
    pub histories: input::Histories,
    /// Bytes sent and received by each session.
    pub totals: BTreeMap<SessionId, (u64, u64)>,
    places: BTreeMap<SessionId, SessionPlace>,
    clock_due: bool,
    framing_due: bool,
    pub(super) gather: Option<exchange::Gather>,
}

/// Where the user is in a session.
#[derive(Debug, Default)]
pub struct SessionPlace {
    /// The exchange looked at; `None` = the newest.
    pub number: Option<u32>,
    /// First row of a tab that is no body.
    pub scroll: usize,
    pub left: usize,
    /// The keys go to the exchange below the list of requests.
    pub inside: bool,
    pub talk: ConversationView,
}

impl ResponsePane {
    /// Adds a record to the totals of its session.
    pub(in crate::app) fn count(&mut self, record: &Record) {
        if record.kind != RecordKind::Data {
            return;
        }
        let (sent, received) = self.totals.entry(record.conn.session).or_default();
        match record.direction {
            Direction::Sent => *sent += record.original_len,
            Direction::Received => *received += record.original_len,
            Direction::Local => {}
        }
    }
}

/// What the pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseKind {
    /// Nothing was opened yet.
    Nothing,
    Client,
    Listener,
    Conversation,
}

/// The session of the draft on screen.
pub fn session(app: &App) -> Option<&Session> {
    app.shared.sessions.get(app.shared.drafts.current().session?)
}

/// What the pane shows now.
pub fn kind(app: &App) -> ResponseKind {
    match session(app).map(|session| (session.protocol(), session.side())) {
        None => ResponseKind::Nothing,
        Some((Protocol::Http, Side::Client)) => ResponseKind::Client,
        Some((Protocol::Http, Side::Listener)) => ResponseKind::Listener,
        Some(_) => ResponseKind::Conversation,
    }
}

/// Where the user is in the session shown.
pub fn place(app: &App) -> Option<&SessionPlace> {
    app.response.places.get(&app.shared.drafts.current().session?)
}

/// The same, to change it.
pub(super) fn place_mut(app: &mut App) -> Option<&mut SessionPlace> {
    let id = session(app)?.id;
    Some(app.response.places.entry(id).or_default())
}

/// The pane without its border.
pub fn inner(app: &App) -> Rect {
    crate::app::layout::inner(app.areas().response)
}

pub fn contexts(app: &App) -> Vec<Context> {
    if app.response.prompt.is_some() {
        return vec![Context::Global];
    }
    match kind(app) {
        ResponseKind::Conversation if talk::is_writing(app) => {
            vec![Context::Input, Context::Global]
        }
        ResponseKind::Conversation => vec![
            Context::Conversation,
            Context::Response,
            Context::List,
            Context::Plain,
            Context::Global,
        ],
        _ => vec![Context::Response, Context::List, Context::Plain, Context::Global],
    }
}

/// A window of a body arrived.
pub fn view_arrived(app: &mut App, mut view: View) {
    if exchange::gathered(app, &view) {
        sync(app);
        return;
    }
    let room = exchange::room(app);
    let sniffed = exchange::sniffed(app, &view);
    if let Some(encoding) = exchange::encoding(app, &view.query) {
        for line in &mut view.lines {
            line.bytes = charset::to_utf8(&line.bytes, Some(encoding)).into_owned().into();
        }
    }
    if let Some(known) = app.response.views.get_mut(view.query.body, view.query.part) {
        known.arrived(view, room);
        if let Some(mode) = sniffed {
            known.begin_with(mode);
        }
    }
    sync(app);
}

/// A search in a body ended.
pub fn found(app: &mut App, hit: &SearchHit) {
    prompt::found(app, hit);
    sync(app);
}

/// New records arrived.
pub fn extended(app: &mut App) {
    talk::extended(app);
}

/// An exchange of this session began, changed or ended.
pub fn exchange_changed(app: &mut App, id: SessionId) {
    if app.shared.drafts.current().session == Some(id) {
        sync(app);
    }
}

/// Another draft, hence another session, is on screen.
pub fn session_changed(app: &mut App) {
    app.response.prompt = None;
    let App { response, shared, .. } = app;
    let crate::app::shared::Shared { sessions, .. } = shared;
    response.places.retain(|id, _| sessions.get(*id).is_some());
    response.totals.retain(|id, _| sessions.get(*id).is_some());
    talk::session_changed(app);
    sync(app);
}

/// The pane has another size.
pub fn resized(app: &mut App) {
    talk::resized(app);
    sync(app);
}

/// The focus belongs on the input line: a conversation was just opened.
pub fn focus_input(app: &mut App) {
    if kind(app) == ResponseKind::Conversation {
        crate::app::flow::program::focus(app, Pane::Response);
        talk::write(app);
    }
}

/// Replaces the input line (from the external editor).
pub fn set_input(app: &mut App, text: &str) {
    input::set(app, text);
}

/// Asks for what is missing on screen, and for the clock while something shown runs.
pub(super) fn sync(app: &mut App) {
    let room = exchange::room(app);
    if let Some(subject) = exchange::subject(app) {
        let view = app.response.views.open(subject.body, subject.part, subject.default);
        if let Some(query) = view.settle(room) {
            app.effects.push(Effect::View(query));
        }
    }
    if is_ticking(app) && !app.response.clock_due {
        app.response.clock_due = true;
        app.effects.push(Effect::After { delay: TICK, timer: Timer::ResponseClock });
    }
}

/// Whether the pane shows a time that runs.
fn is_ticking(app: &App) -> bool {
    if app.areas().response.is_empty() {
        return false;
    }
    session(app).is_some_and(|session| match kind(app) {
        ResponseKind::Client => !session.is_over(),
        _ => matches!(session.state, SessionState::Opening | SessionState::Closing),
    })
}

pub fn timer(app: &mut App, timer: Timer) {
    match timer {
        Timer::ResponseClock => {
            app.response.clock_due = false;
            sync(app);
        }
        Timer::ConversationFraming => talk::framing::go_on(app),
        Timer::ConversationSearch => talk::search::advance(app),
        _ => {}
    }
}

pub fn act(app: &mut App, action: Action) -> Handled {
    if app.response.prompt.is_some() {
        return prompt::act(app, action);
    }
    let handled = match kind(app) {
        ResponseKind::Nothing => Handled::No,
        ResponseKind::Client | ResponseKind::Listener => exchange::act(app, action),
        ResponseKind::Conversation => talk::act(app, action),
    };
    sync(app);
    handled
}

/// The wheel over the pane moves what is shown, wherever the keys go.
pub fn wheel(app: &mut App, action: Action) -> Handled {
    match kind(app) {
        ResponseKind::Nothing => {}
        ResponseKind::Client | ResponseKind::Listener => exchange::scroll(app, action),
        ResponseKind::Conversation => talk::scroll(app, action),
    }
    sync(app);
    Handled::Yes
}

pub fn key(app: &mut App, key: Key) {
    if app.response.prompt.is_some() {
        prompt::key(app, key);
        sync(app);
    } else if kind(app) == ResponseKind::Conversation && talk::is_writing(app) {
        input::key(app, key);
    }
}

pub fn paste(app: &mut App, text: &str) {
    if let Some(prompt) = &mut app.response.prompt {
        prompt.editor.insert(text);
    } else if kind(app) == ResponseKind::Conversation {
        talk::write(app);
        input::paste(app, text);
    }
}

pub fn click(app: &mut App, area: Rect, mouse: Mouse) {
    let inner = crate::app::layout::inner(area);
    match kind(app) {
        ResponseKind::Nothing => {}
        ResponseKind::Client | ResponseKind::Listener => exchange::click(app, inner, mouse),
        ResponseKind::Conversation => talk::click(app, inner, mouse),
    }
    sync(app);
}

/// Actions worth naming in the footer while the pane has the focus.
pub fn hints(app: &App) -> Vec<Action> {
    match kind(app) {
        ResponseKind::Nothing => vec![Action::Send],
        ResponseKind::Client | ResponseKind::Listener => exchange::hints(app),
        ResponseKind::Conversation => talk::hints(app),
    }
}
