//! The panes: each file keeps the state of one pane and handles the actions that are its own.
//!
//! A pane offers `act(&mut App, Action) -> Handled`, and, where text is typed, `key(&mut App,
//! Key)` for keys no action took and `paste(&mut App, &str)`.

pub mod conversation;
pub mod exchange;
pub mod history;
pub mod presets;
pub mod request;
pub mod traffic;
