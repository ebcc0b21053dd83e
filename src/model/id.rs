//! Newtypes for identities, so that no function takes two bare integers.

use std::fmt;

/// One opened [`Spec`](super::spec::Spec). Chosen by the application, never reused in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// One connection or peer inside a session. Index 0 is the session itself (bind, failures before
/// any connection); the engine numbers connections and peers from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId {
    pub session: SessionId,
    pub index: u32,
}

/// Place of a record in the timeline. Strictly increasing; survives eviction of older records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RecordId(pub u64);

/// A message body (or raw message) kept by the engine and looked at through windows; 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct BodyId(pub u64);

impl SessionId {
    /// Of no session of this run: traffic that was read from a file.
    pub const FOREIGN: SessionId = SessionId(0);

    /// The pseudo connection that carries facts about the session itself.
    #[must_use]
    pub fn itself(self) -> ConnId {
        self.conn(0)
    }

    /// The connection with this number inside the session.
    #[must_use]
    pub fn conn(self, index: u32) -> ConnId {
        ConnId { session: self, index }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.session.0, self.index)
    }
}
