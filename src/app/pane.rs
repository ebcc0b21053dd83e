//! The panes: each file keeps the state of one pane and handles the actions that are its own.
//!
//! A pane takes an input with `update(&mut self, &Shared, PaneInput) -> Outcome` and never sees the
//! application or another pane; what it cannot do itself it asks for with intents.

pub(crate) mod conversation;
pub(crate) mod exchange;
pub(crate) mod history;
pub(crate) mod presets;
pub(crate) mod request;
pub(crate) mod traffic;
