//! From a draft to a running session: expand, check, open; and what follows its end.

use super::App;
use crate::model::id::SessionId;

/// What happens to template names nobody defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The send is blocked and shows where.
    Refuse,
    /// They are sent as they stand.
    Literal,
}

pub(super) fn send(_app: &mut App, _unknown: Unknown) {}

/// A session is over.
pub(super) fn finished(_app: &mut App, _id: SessionId) {}
