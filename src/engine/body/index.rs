//! Line indexes: which display line begins at which byte.

use super::message::Body;
use crate::model::id::BodyId;
use crate::model::view::{ViewLine, ViewQuery};

/// The part of a body that a question wants to see.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) top: u64,
    pub(super) lines: Vec<ViewLine>,
    pub(super) total_lines: u64,
    pub(super) total_bytes: u64,
    pub(super) complete: bool,
    pub(super) note: Option<String>,
}

/// The indexes of the bodies that are looked at.
#[derive(Debug, Default)]
pub(super) struct Indexes {}

impl Indexes {
    pub(super) fn is_behind(&self, _: &Body, _: &ViewQuery) -> bool {
        false
    }
    pub(super) fn covers(&self, _: &Body, _: &ViewQuery) -> bool {
        true
    }
    pub(super) fn extend(&mut self, _: &Body, _: &ViewQuery, _: usize) {}
    pub(super) fn facts(&self, _: &Body, _: &ViewQuery) -> (u64, u64, bool) {
        (0, 0, false)
    }
    pub(super) fn window(&self, _: &Body, _: &ViewQuery) -> Window {
        Window::default()
    }
    pub(super) fn line_of(&self, _: &Body, _: &ViewQuery, _: u64) -> Option<u64> {
        None
    }
    pub(super) fn forget(&mut self, _: &[BodyId]) {}
}
