//! Foreign formats, both ways: what others wrote becomes ours, what is ours is written for others.
//!
//! | format | read | write |
//! |---|---|---|
//! | curl command | [`curl::parse`] | [`curl::write`] |
//! | request as text | `request_text` | |
//! | Python script | | [`python::write`] |
//! | JSON Lines | | `ndjson` |
//! | seen traffic | [`from_traffic`] | |
//!
//! Called by the application (paste, copy as, turn around) and the headless shell. Nothing here
//! opens a file a text names: a reference stays a reference.

pub mod curl;
pub mod from_traffic;
pub(crate) mod history_spec;
pub(crate) mod kept_answer;
pub(crate) mod ndjson;
pub mod python;
pub(crate) mod request_text;
pub mod secrets;
pub(crate) mod told_streams;
pub(crate) mod typed_credentials;
mod typed_json;

mod socket_options;
mod wire_request;
