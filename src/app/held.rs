//! What the relays hold until somebody decides about it: in the order in which it came.

use crate::engine::command::Command;
use crate::model::hold::{Decision, Held};
use crate::model::id::{ConnId, SessionId};
use crate::model::timing::Stamp;

/// Which of them: its session and its number there.
pub(crate) type HeldKey = (SessionId, u32);

/// All that waits. Its bounds are the engine's.
#[derive(Debug, Default)]
pub struct HeldThings {
    list: Vec<Held>,
    /// A timer shows how long they have waited.
    pub(super) is_ticking: bool,
}

/// The key of something that waits.
pub(crate) fn key(held: &Held) -> HeldKey {
    (held.conn.session, held.number)
}

/// The order to do this with it.
pub(crate) fn decide((id, number): HeldKey, decision: Decision) -> Command {
    Command::Decide { id, number, decision }
}

impl HeldThings {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Those that wait, the longest first.
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.list.iter()
    }

    /// The one at this place.
    pub fn at(&self, place: usize) -> Option<&Held> {
        self.list.get(place)
    }

    /// This one, if it still waits.
    pub(crate) fn get(&self, which: HeldKey) -> Option<&Held> {
        self.list.iter().find(|held| key(held) == which)
    }

    /// The place of this one.
    pub(crate) fn place(&self, which: HeldKey) -> Option<usize> {
        self.list.iter().position(|held| key(held) == which)
    }

    /// What a record tells of, while it waits.
    pub fn told_by(&self, conn: ConnId, at: Stamp) -> Option<&Held> {
        self.list.iter().find(|held| held.at == at && held.conn == conn)
    }

    /// One more.
    pub(super) fn put(&mut self, held: Held) {
        self.list.push(held);
    }

    /// One less.
    pub(super) fn take(&mut self, which: HeldKey) -> Option<Held> {
        let place = self.place(which)?;
        Some(self.list.remove(place))
    }

    /// Nothing of a session waits any more.
    pub(super) fn end_session(&mut self, id: SessionId) {
        self.list.retain(|held| held.conn.session != id);
    }
}
