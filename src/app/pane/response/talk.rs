//! A TCP or UDP conversation: its rows, its peers, and where the keys go.
//!
//! Rows come from the session's `Conversation`. Looking at one peer of several keeps a list of row
//! numbers that belong to it, extended with every batch; numbers stay valid when old rows go.

mod conns;
mod conversation_areas;
pub(in crate::app) mod framing;
mod message;
pub mod search;

use std::collections::VecDeque;

use ratatui::layout::Rect;

use super::input::{self, Closing, InputLine};
use super::{inner, place, place_mut, session};
use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::effect::Effect;
use crate::app::message::Mouse;
use crate::app::outcome::Handled;
pub use crate::app::pane::response::talk::conversation_areas::{
    ConversationAreas, conversation_areas, failure, peer_rows, prefix,
};
use crate::app::record_view::Detail;
use crate::app::sessions::Session;
use crate::app::state::App;
use crate::engine::command::CloseMode;
use crate::model::id::{ConnId, RecordId};
use crate::model::protocol::Side;
use crate::model::view::Towards;
use crate::timeline::Timeline;
use crate::timeline::conversation::framing::Frames;
use crate::timeline::conversation::{self, Conversation, MessageRow};
pub use conns::{InputTarget, conns, has_several, target};
use conns::{choose, end, next_conn};

/// Where the user is in a conversation.
#[derive(Debug)]
pub struct ConversationView {
    /// The connection looked at; `None` = all of them.
    pub chosen: Option<ConnId>,
    pub cursor: Cursor,
    /// The newest row is kept in view.
    pub is_following: bool,
    /// Rows show bytes as hex.
    pub hex: bool,
    pub detail: Option<Detail>,
    /// The input line has the keys.
    pub writing: bool,
    pub input: InputLine,
    pub search: search::RowSearch,
    /// What was received, cut anew; `None` = as it was read.
    pub frames: Option<Frames>,
    /// Row to go to once everything is cut anew: that of this record.
    anchor: Option<RecordId>,
    /// Numbers of the rows of the chosen connection.
    numbers: VecDeque<u64>,
    /// Rows before this number are in `numbers` if they belong there.
    seen: u64,
    /// Rows that had gone when the cursor was last set.
    gone: u64,
}

impl Default for ConversationView {
    fn default() -> Self {
        ConversationView {
            chosen: None,
            cursor: Cursor::default(),
            is_following: true,
            hex: false,
            detail: None,
            writing: false,
            input: InputLine::default(),
            search: search::RowSearch::default(),
            frames: None,
            anchor: None,
            numbers: VecDeque::new(),
            seen: 0,
            gone: 0,
        }
    }
}

impl ConversationView {
    /// Number of rows shown.
    pub fn len(&self, session: &Session) -> usize {
        match self.chosen {
            Some(_) => self.numbers.len(),
            None => self.rows(session).len(),
        }
    }

    /// The rows as they are cut now, of all connections.
    pub fn rows<'a>(&'a self, session: &'a Session) -> &'a Conversation {
        self.frames.as_ref().map_or(&session.conversation, Frames::conversation)
    }

    /// A row by its place in what is shown.
    pub fn row<'a>(&'a self, session: &'a Session, at: usize) -> Option<&'a MessageRow> {
        let conversation = self.rows(session);
        let place = match self.chosen {
            Some(_) => self.numbers.get(at)?.checked_sub(conversation.gone())? as usize,
            None => at,
        };
        conversation.row(place)
    }

    /// What names a row for as long as it lives.
    pub fn number(&self, session: &Session, at: usize) -> Option<u64> {
        if self.chosen.is_some() {
            return self.numbers.get(at).copied();
        }
        let conversation = self.rows(session);
        (at < conversation.len()).then(|| conversation.gone() + at as u64)
    }

    /// The place of the row of this number, or of the next one that is shown.
    fn place(&self, session: &Session, number: u64) -> usize {
        match self.chosen {
            Some(_) => self.numbers.partition_point(|known| *known < number),
            None => number.saturating_sub(self.rows(session).gone()) as usize,
        }
    }

    /// Goes to the newest row and stays there.
    pub fn follow(&mut self) {
        self.is_following = true;
    }

    /// Takes in rows that came and lets go of those that went.
    fn extend(&mut self, session: &Session, height: usize) {
        let conversation = match &self.frames {
            Some(frames) => frames.conversation(),
            None => &session.conversation,
        };
        let (first, end) = (conversation.gone(), conversation.gone() + conversation.len() as u64);
        let mut went = first.saturating_sub(self.gone) as usize;
        if let Some(chosen) = self.chosen {
            for number in self.seen.max(first)..end {
                let row = conversation.row((number - first) as usize);
                if row.is_some_and(|row| row.conn == chosen) {
                    self.numbers.push_back(number);
                }
            }
            let before = self.numbers.len();
            while self.numbers.front().is_some_and(|number| *number < first) {
                self.numbers.pop_front();
            }
            went = before - self.numbers.len();
        }
        (self.seen, self.gone) = (end, first);
        self.cursor.selected = self.cursor.selected.saturating_sub(went);
        self.cursor.offset = self.cursor.offset.saturating_sub(went);
        self.settle(session, height);
    }

    fn settle(&mut self, session: &Session, height: usize) {
        let len = self.len(session);
        if self.is_following {
            self.cursor.step(CursorStep::Bottom, len, height);
        } else {
            self.cursor.settle(len, height);
        }
    }

    fn choose(&mut self, chosen: Option<ConnId>, session: &Session, height: usize) {
        self.chosen = chosen;
        self.is_following = true;
        self.begin_anew(session);
        self.extend(session, height);
    }

    /// The rows shown are other ones.
    fn begin_anew(&mut self, session: &Session) {
        self.numbers.clear();
        (self.seen, self.gone) = (0, self.rows(session).gone());
        self.detail = None;
        self.search = search::RowSearch::default();
    }
}

/// Session and talk together, to change the talk.
fn with_talk(app: &mut App, change: impl FnOnce(&mut ConversationView, &Session, usize)) {
    let height = usize::from(conversation_areas(app, inner(app)).rows.height);
    let App { response, shared, .. } = app;
    let crate::app::shared::Shared { sessions, drafts, .. } = shared;
    let Some(session) = drafts.current().session.and_then(|id| sessions.get(id)) else { return };
    let place = response.places.entry(session.id).or_default();
    change(&mut place.talk, session, height);
}

/// Whether the input line has the keys.
pub fn is_writing(app: &App) -> bool {
    place(app).is_some_and(|place| place.talk.writing)
}

/// Gives the keys to the input line.
pub(super) fn write(app: &mut App) {
    if let Some(place) = place_mut(app) {
        place.talk.writing = true;
    }
    resized(app);
}

/// Records came: conversations let go of rows whose bytes went, the talk follows.
pub(super) fn extended(app: &mut App) {
    let crate::app::shared::Shared { sessions, timeline, .. } = &mut app.shared;
    for session in sessions.iter_mut() {
        session.conversation.prune(timeline);
    }
    if super::kind(app) == super::ResponseKind::Conversation {
        framing::advance(app);
        with_talk(app, ConversationView::extend);
    }
}

pub(super) fn session_changed(app: &mut App) {
    if super::kind(app) == super::ResponseKind::Conversation {
        extended(app);
        resized(app);
    }
}

/// The room changed, or what takes part of it.
pub(super) fn resized(app: &mut App) {
    let width = usize::from(conversation_areas(app, inner(app)).detail.width);
    with_talk(app, |talk, session, height| {
        talk.settle(session, height);
        if let Some(detail) = &mut talk.detail {
            detail.fit(width);
        }
    });
}

pub(super) fn act(app: &mut App, action: Action) -> Handled {
    let handled = if is_writing(app) { act_writing(app, action) } else { act_list(app, action) };
    if handled == Handled::No { act_conn(app, action) } else { handled }
}

/// What the input line does with an action.
fn act_writing(app: &mut App, action: Action) -> Handled {
    match action {
        Action::SendLine => input::send(app, Closing::LineEnding, InputTarget::Chosen),
        Action::SendBare => input::send(app, Closing::Bare, InputTarget::Chosen),
        Action::SendAll => input::send(app, Closing::LineEnding, InputTarget::All),
        Action::NewLine => input::new_line(app),
        Action::HistoryUp => input::recall(app, true),
        Action::HistoryDown => input::recall(app, false),
        Action::PageUp => step(app, CursorStep::PageUp),
        Action::PageDown => step(app, CursorStep::PageDown),
        Action::EditExternal => edit_external(app),
        Action::Back => {
            if let Some(place) = place_mut(app) {
                place.talk.writing = false;
            }
        }
        _ => return Handled::No,
    }
    Handled::Yes
}

/// What the list of rows does with an action.
fn act_list(app: &mut App, action: Action) -> Handled {
    match action {
        Action::WriteLine => write(app),
        Action::Open => open_detail(app),
        Action::Back => return close_detail(app),
        Action::ViewHex | Action::ViewMode => toggle_hex(app),
        Action::Copy => message::copy(app),
        Action::CopyHex => message::copy_hex(app),
        Action::CopyEscaped => message::copy_escaped(app),
        Action::Resend => message::resend(app),
        Action::TakeUp => message::take_up(app),
        Action::SaveBody => message::save(app),
        Action::Find => super::prompt::open_search(app),
        Action::FindNext => super::prompt::search(app, Towards::End, true),
        Action::FindPrevious => super::prompt::search(app, Towards::Start, true),
        Action::TurnAround => message::turn_around(app),
        Action::EditExternal => edit_external(app),
        _ => match CursorStep::of(action) {
            Some(way) => step(app, way),
            None => return Handled::No,
        },
    }
    Handled::Yes
}

/// What concerns a connection or the way lines are sent, wherever the keys go.
fn act_conn(app: &mut App, action: Action) -> Handled {
    match action {
        Action::Payload => input::next_format(app),
        Action::Framing => crate::app::overlay::framing::open(app),
        Action::LineEnding => input::next_ending(app),
        Action::NextItem => next_conn(app, true),
        Action::PreviousItem => next_conn(app, false),
        Action::HalfClose => end(app, CloseMode::HalfClose),
        Action::CloseConn => end(app, CloseMode::Close),
        Action::ResetConn => end(app, CloseMode::Reset),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// The wheel: scrolls what is under it without taking the keys.
pub(super) fn scroll(app: &mut App, action: Action) {
    if let Some(way) = CursorStep::of(action) {
        step(app, way);
    }
}

fn step(app: &mut App, way: CursorStep) {
    let room = conversation_areas(app, inner(app)).detail.height.into();
    let mut moved = false;
    with_talk(app, |talk, session, height| {
        if let Some(detail) = talk.detail.as_mut().filter(|detail| detail.inside) {
            detail.step(way, room);
            return;
        }
        let len = talk.len(session);
        talk.cursor.step(way, len, height);
        talk.is_following = match way {
            CursorStep::Bottom => true,
            CursorStep::Up | CursorStep::PageUp | CursorStep::HalfUp | CursorStep::Top => false,
            _ => talk.cursor.selected + 1 >= len,
        };
        moved = talk.detail.is_some();
    });
    if moved {
        show_detail(app);
    }
}

/// The row under the cursor.
pub fn selected(app: &App) -> Option<MessageRow> {
    let talk = &place(app)?.talk;
    talk.row(session(app)?, talk.cursor.selected).copied()
}

/// Enter: opens the row, then gives it the keys, then closes it.
fn open_detail(app: &mut App) {
    let Some(place) = place_mut(app) else { return };
    match &mut place.talk.detail {
        None => show_detail(app),
        Some(detail) if !detail.inside => detail.inside = true,
        Some(_) => place.talk.detail = None,
    }
    resized(app);
}

/// Esc: takes the keys back from the row, then closes it.
fn close_detail(app: &mut App) -> Handled {
    let Some(place) = place_mut(app) else { return Handled::No };
    match &mut place.talk.detail {
        None => return Handled::No,
        Some(detail) if detail.inside => detail.inside = false,
        Some(_) => place.talk.detail = None,
    }
    resized(app);
    Handled::Yes
}

/// Shows the bytes of the row under the cursor.
fn show_detail(app: &mut App) {
    let Some(row) = selected(app) else { return };
    let bytes = bytes_of(&app.shared.timeline, &row);
    let Some(place) = place_mut(app) else { return };
    place.talk.detail = Some(match place.talk.detail.take() {
        Some(detail) if detail.of == row.first && detail.bytes == bytes => detail,
        Some(detail) => detail.instead(row.first, bytes).of_kind(row.kind),
        None => Detail::new(row.first, bytes).of_kind(row.kind),
    });
    resized(app);
    search::show_hit(app);
}

fn bytes_of(timeline: &Timeline, row: &MessageRow) -> bytes::Bytes {
    conversation::bytes(timeline, row)
}

fn toggle_hex(app: &mut App) {
    let height = conversation_areas(app, inner(app)).detail.height;
    let Some(place) = place_mut(app) else { return };
    match &mut place.talk.detail {
        Some(detail) => detail.toggle_hex(height.into()),
        None => place.talk.hex = !place.talk.hex,
    }
}

fn edit_external(app: &mut App) {
    let Some(text) = place(app).map(|place| place.talk.input.editor.text()) else { return };
    super::super::request::editing(app, super::super::request::EditTarget::InputLine);
    app.effects.push(Effect::Edit { text, extension: "txt" });
}

pub(super) fn click(app: &mut App, inner: Rect, mouse: Mouse) {
    let parts = conversation_areas(app, inner);
    let at = (mouse.column, mouse.row).into();
    if parts.input.contains(at) {
        write(app);
        let column = usize::from(mouse.column - parts.input.x).saturating_sub(parts.prefix.into());
        if let Some(place) = place_mut(app) {
            place.talk.input.editor.place(usize::from(mouse.row - parts.input.y), column);
        }
        return;
    }
    if let Some(place) = place_mut(app) {
        place.talk.writing = false;
    }
    if parts.peers.contains(at) {
        let row = usize::from(mouse.row - parts.peers.y);
        let hit = peer_rows(app, parts.peers.height.into()).into_iter().nth(row);
        if let Some(conn) = hit {
            choose(app, conn);
        }
    } else if parts.rows.contains(at) {
        let row = usize::from(mouse.row - parts.rows.y);
        with_talk(app, |talk, session, height| {
            let len = talk.len(session);
            talk.cursor.selected = talk.cursor.offset + row;
            talk.is_following = talk.cursor.selected + 1 >= len;
            talk.cursor.settle(len, height);
        });
        if place(app).is_some_and(|place| place.talk.detail.is_some()) {
            show_detail(app);
        }
    } else if parts.detail.contains(at)
        && let Some(detail) = place_mut(app).and_then(|place| place.talk.detail.as_mut())
    {
        detail.inside = true;
    }
}

pub(super) fn hints(app: &App) -> Vec<Action> {
    if is_writing(app) {
        let mut hints = vec![Action::SendLine, Action::SendBare, Action::LineEnding];
        hints.extend([Action::Payload, Action::HistoryUp, Action::Back]);
        if session(app).is_some_and(|session| session.side() == Side::Listener) {
            hints.insert(1, Action::SendAll);
        }
        return hints;
    }
    let Some(session) = session(app) else { return vec![Action::Send] };
    if session.is_over() {
        return vec![Action::Send, Action::Open, Action::Find, Action::ViewHex, Action::Copy];
    }
    let mut hints = vec![Action::WriteLine, Action::Open, Action::Find, Action::ViewHex];
    if has_several(session) {
        hints.insert(1, Action::NextItem);
    }
    hints.extend([Action::Resend, Action::TurnAround]);
    if session.protocol().capabilities().connections {
        hints.extend([Action::HalfClose, Action::CloseConn, Action::ResetConn]);
    }
    hints
}
