//! Foreign formats, both ways: what others wrote becomes ours, what is ours is written for others.
//!
//! | format | read | write |
//! |---|---|---|
//! | curl command | [`curl::parse`] | [`curl::write`] |
//! | request as text | `request_text` | |
//! | Python script | | [`python::write`] |
//! | JSON Lines | `ndjson_read` | `ndjson` |
//! | files of other tools | [`import`](import::import()): presets and environments | |
//! | presets for other tools | | [`preset_export`]: curl, .http, hurl, Postman, k6 and others |
//! | HAR 1.2 | [`har_read::read_har`] | [`har::entry`] |
//! | pcapng | [`pcap::CaptureReader`] | [`pcapng::PcapngWriter`] |
//! | pcap | [`pcap::CaptureReader`] | |
//! | seen traffic | [`from_traffic`] | [`export`]: the formats above, CSV, text, raw |
//! | recording | [`replay`]: said again, answers compared | [`mock`]: rules that answer so |
//!
//! Called by the application (paste, copy as, turn around) and the headless shell. Nothing here
//! opens a file a text names: a reference stays a reference.

pub(crate) mod answer_words;
pub mod curl;
pub mod export;
pub mod from_traffic;
pub mod har;
pub mod har_read;
mod har_web_socket;
pub mod hidden_bytes;
pub(crate) mod history_spec;
mod http_heads;
pub mod import;
pub(crate) mod kept_answer;
pub mod mock;
pub(crate) mod ndjson;
pub(crate) mod ndjson_events;
pub(crate) mod ndjson_exchange;
pub(crate) mod ndjson_read;
mod opened_bodies;
pub(crate) mod opened_exchanges;
pub mod pcap;
pub mod pcapng;
pub mod preset_export;
pub mod python;
pub mod replay;
pub(crate) mod request_text;
pub mod run_compared;
pub mod run_kept;
pub mod run_report;
pub mod secrets;
pub(crate) mod seen_request;
pub(crate) mod told_streams;
mod told_time;
pub(crate) mod typed_credentials;
mod typed_json;
pub(crate) mod unsaid_rules;
pub(crate) mod web_socket_talk;

mod network_words;
mod socket_options;
mod wire_request;
