//! The panes: each file keeps the state of one pane and handles the actions that are its own.
//!
//! A pane takes an input with `update(&mut self, &Shared, PaneInput) -> Outcome` and never sees the
//! application or another pane; what it cannot do itself it asks for with intents.

pub mod conversation;
pub mod exchange;
pub mod history;
pub mod presets;
pub mod request;
pub mod traffic;
