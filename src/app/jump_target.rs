//! Where a jump can lead.

use super::focus::Pane;
use super::form::{FormFieldId, FormTab};

/// Somewhere to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JumpTarget {
    Pane(Pane),
    Field(FormFieldId),
    Tab(FormTab),
    /// A row of the presets list.
    Preset(usize),
    /// A row of the history.
    Entry(usize),
    /// Whatever a click on this cell means to the pane there: tabs of the response, the input
    /// line and the peers of a conversation.
    Cell(u16, u16),
    /// The same for a row that can be opened: of the traffic, of a conversation, of a listener's
    /// requests.
    Row(u16, u16),
}

impl JumpTarget {
    /// Whether it is a row that can be opened.
    pub fn is_row(&self) -> bool {
        matches!(self, JumpTarget::Preset(_) | JumpTarget::Entry(_) | JumpTarget::Row(..))
    }
}
