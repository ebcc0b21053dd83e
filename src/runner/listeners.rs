//! Listeners and relays of a run: whether they are up, and where; what came to them, and whether that was looked at.

use std::collections::BTreeMap;

use crate::check::{Checks, Served};
use crate::compose::listening_names::listening_variables;
use crate::model::end_address::EndAddress;
use crate::model::id::SessionId;
use crate::model::secrets::Secrets;
use crate::model::timing::Stamp;

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
    /// Where it is, or was.
    pub(super) place: String,
    pub(super) watch: ListenerWatch,
}

/// What came to a listener, and what is expected of that.
#[derive(Debug)]
pub(super) struct ListenerWatch {
    pub(super) checks: Checks,
    pub(super) served: Served,
    pub(super) look: ListenerLook,
    /// By the engine's clock.
    pub(super) began: Stamp,
    pub(super) secrets: Secrets,
}

/// Whether what came to a listener was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListenerLook {
    /// It will be when the run is over.
    Due,
    /// The last body is being read.
    Reading,
    /// It was, or there is nothing to be looked at.
    Over,
}

impl RunningListener {
    /// Whether it is still to say whether it is up.
    pub(super) fn is_starting(&self) -> bool {
        matches!(self.state, ListenerState::Starting)
    }

    /// Whether it was there before.
    pub(super) fn is_lent(&self) -> bool {
        matches!(self.state, ListenerState::Lent(_))
    }

    /// Whether it is to be ended.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, ListenerState::Starting | ListenerState::Up(_))
    }

    /// Keeps what its state says for when it is gone: where it is, and that one that never was has nothing to
    /// be looked at.
    pub(super) fn settle(&mut self) {
        match &self.state {
            ListenerState::Up(addresses) | ListenerState::Lent(addresses) => {
                self.place = addresses.first().map(ToString::to_string).unwrap_or_default();
            }
            ListenerState::Starting => {}
            ListenerState::Down => self.watch.look = ListenerLook::Over,
        }
    }

    /// Where it is as variables.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let (ListenerState::Up(addresses) | ListenerState::Lent(addresses)) = &self.state else {
            return BTreeMap::new();
        };
        listening_variables(&self.path, addresses)
    }
}
