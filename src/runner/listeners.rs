//! Listeners and relays of a run: whether they are up, and where.

use std::collections::BTreeMap;

use crate::compose::listening_names::listening_variables;
use crate::model::end_address::EndAddress;
use crate::model::id::SessionId;

/// Where a listener of a run is.
#[derive(Debug)]
pub(super) enum ListenerState {
    Starting,
    Up(Vec<EndAddress>),
    /// It was there before, and stays when the run is over.
    Lent(Vec<EndAddress>),
    /// It failed, or has ended.
    Down,
}

/// One listener.
#[derive(Debug)]
pub(super) struct RunningListener {
    pub(super) path: String,
    pub(super) session: SessionId,
    pub(super) state: ListenerState,
}

impl RunningListener {
    /// Whether it is still to say whether it is up.
    pub(super) fn is_starting(&self) -> bool {
        matches!(self.state, ListenerState::Starting)
    }

    /// Whether it is to be ended.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, ListenerState::Starting | ListenerState::Up(_))
    }

    /// Where it is as variables.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let (ListenerState::Up(addresses) | ListenerState::Lent(addresses)) = &self.state else {
            return BTreeMap::new();
        };
        listening_variables(&self.path, addresses)
    }
}
