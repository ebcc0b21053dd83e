//! State of the pane: conversations as they are looked at. Which rows, where the cursor and a search
//! stand, what is open.
//!
//! Rows come from the session's `Conversation`. Looking at one peer of several keeps a list of row
//! numbers that belong to it, extended with every batch; numbers stay valid when old rows go.

use std::collections::{BTreeMap, VecDeque};

use super::input_line::{InputLine, SentLines};
use crate::app::completion::Completer;
use crate::app::cursor::Cursor;
use crate::app::prompt::Prompt;
use crate::app::record_view::Detail;
use crate::app::sessions::{Conn, Session};
use crate::app::shared::{Shared, Shown};
use crate::model::id::{ConnId, RecordId, SessionId};
use crate::model::view::SearchDirection;
use crate::timeline::conversation::{Conversation, MessageRow};
use crate::timeline::frames::Frames;

/// State of the pane.
#[derive(Debug, Default)]
pub struct ConversationPane {
    pub prompt: Option<Prompt>,
    /// What can stand where something is being typed.
    pub completer: Completer,
    pub(super) sent: SentLines,
    pub(super) views: BTreeMap<SessionId, ConversationView>,
    /// A step of cutting anew was asked for.
    pub(super) reframing_due: bool,
}

/// Connections and peers of a session, in order; the session itself is none, and of a relay the
/// client's half stands for both.
pub fn conns(session: &Session) -> impl DoubleEndedIterator<Item = &Conn> {
    let all = session.conns.range(session.id.conn(1)..).map(|(_, conn)| conn);
    all.filter(|conn| !conn.info.is_onward())
}

/// Whether there are several to choose from.
pub(crate) fn has_several(session: &Session) -> bool {
    conns(session).nth(1).is_some()
}

impl ConversationPane {
    /// Where the user is in the conversation shown.
    pub fn view(&self, shared: &Shared) -> Option<&ConversationView> {
        self.views.get(&shared.session()?.id)
    }

    /// Another conversation has the name of this session: nobody was anywhere in it yet.
    pub(crate) fn forget_view(&mut self, id: SessionId) {
        self.views.remove(&id);
    }

    /// The same, to change it.
    pub(super) fn view_mut(&mut self, shared: &Shared) -> Option<&mut ConversationView> {
        let session = shared.session().filter(|_| shared.shown() == Shown::Conversation)?;
        Some(self.views.entry(session.id).or_default())
    }

    /// Whether the input line has the keys.
    pub(crate) fn is_writing(&self, shared: &Shared) -> bool {
        self.view(shared).is_some_and(|view| view.writing)
    }
}

/// Where the user is in a conversation.
#[derive(Debug, Default)]
pub struct ConversationView {
    /// The connection looked at; `None` = all of them.
    pub chosen: Option<ConnId>,
    pub cursor: Cursor,
    /// The cursor stays on its row; otherwise the newest one is kept in view.
    pub is_held: bool,
    /// Rows show bytes as hex.
    pub hex: bool,
    pub detail: Option<Detail>,
    /// The input line has the keys.
    pub writing: bool,
    pub input: InputLine,
    pub search: RowSearch,
    /// What was received, cut anew; `None` = as it was read.
    pub frames: Option<Frames>,
    /// Row to go to once everything is cut anew: that of this record.
    pub(super) anchor: Option<RecordId>,
    /// Numbers of the rows of the chosen connection.
    numbers: VecDeque<u64>,
    /// Rows before this number are in `numbers` if they belong there.
    seen: u64,
    /// Rows that had gone when the cursor was last set.
    gone: u64,
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
    pub(super) fn place(&self, session: &Session, number: u64) -> usize {
        match self.chosen {
            Some(_) => self.numbers.partition_point(|known| *known < number),
            None => number.saturating_sub(self.rows(session).gone()) as usize,
        }
    }

    /// Takes in rows that came and lets go of those that went.
    pub(super) fn extend(&mut self, session: &Session, height: usize) {
        let conversation = self.frames.as_ref().map_or(&session.conversation, Frames::conversation);
        let (first, end) = (conversation.gone(), conversation.gone() + conversation.len() as u64);
        let mut went = first.saturating_sub(self.gone) as usize;
        if let Some(chosen) = self.chosen {
            for number in self.seen.max(first)..end {
                let row = conversation.row((number - first) as usize);
                if row.is_some_and(|row| session.told_under(row.conn) == chosen) {
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

    /// Keeps the cursor on a row and in view: on the newest one while it is followed.
    pub(super) fn settle(&mut self, session: &Session, height: usize) {
        let len = self.len(session);
        if !self.is_held {
            self.cursor.selected = len;
        }
        self.cursor.settle(len, height);
    }

    /// Shows the rows of one connection, or of all, from the newest on.
    pub(super) fn choose(&mut self, chosen: Option<ConnId>, session: &Session, height: usize) {
        self.chosen = chosen;
        self.is_held = false;
        self.begin_anew(session);
        self.extend(session, height);
    }

    /// The rows shown are other ones.
    pub(super) fn begin_anew(&mut self, session: &Session) {
        self.numbers.clear();
        (self.seen, self.gone) = (0, self.rows(session).gone());
        self.detail = None;
        self.search = RowSearch::default();
    }
}

/// Where the search stands.
#[derive(Debug, Default)]
pub struct RowSearch {
    /// Number of the row with the last hit, and the byte of it.
    pub hit: Option<(u64, usize)>,
    /// What is still to be looked at.
    pub(super) running: Option<RunningSearch>,
}

/// A search on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunningSearch {
    pub(super) direction: SearchDirection,
    /// Number of the row to look at next.
    pub(super) next: u64,
    /// Byte from which (or before which) hits count in that row.
    pub(super) from: Option<usize>,
    /// Rows still to be looked at.
    pub(super) left: usize,
    pub(super) wrapped: bool,
}

impl RowSearch {
    /// Whether it is still looking.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }
}
