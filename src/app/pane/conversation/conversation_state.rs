//! State of the conversation pane.

use std::collections::BTreeMap;

use super::conversation_view::ConversationView;
use super::input_line::SentLines;
use crate::app::prompt::Prompt;
use crate::app::sessions::{Conn, Session};
use crate::app::shared::{Shared, Shown};
use crate::model::id::SessionId;

/// State of the pane.
#[derive(Debug, Default)]
pub struct ConversationPane {
    pub prompt: Option<Prompt>,
    pub(super) sent: SentLines,
    pub(super) views: BTreeMap<SessionId, ConversationView>,
    /// A step of cutting anew was asked for.
    pub(super) reframing_due: bool,
}

/// Connections and peers of a session, in order; the session itself is none.
pub fn conns(session: &Session) -> impl DoubleEndedIterator<Item = &Conn> {
    session.conns.range(session.id.conn(1)..).map(|(_, conn)| conn)
}

/// Whether there are several to choose from.
pub fn has_several(session: &Session) -> bool {
    conns(session).nth(1).is_some()
}

impl ConversationPane {
    /// Where the user is in the conversation shown.
    pub fn view(&self, shared: &Shared) -> Option<&ConversationView> {
        self.views.get(&shared.drafts.current().session?)
    }

    /// The same, to change it.
    pub(super) fn view_mut(&mut self, shared: &Shared) -> Option<&mut ConversationView> {
        let session = shared.session().filter(|_| shared.shown() == Shown::Conversation)?;
        Some(self.views.entry(session.id).or_default())
    }

    /// Whether the input line has the keys.
    pub fn is_writing(&self, shared: &Shared) -> bool {
        self.view(shared).is_some_and(|view| view.writing)
    }
}
