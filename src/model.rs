//! What things are: plain data shared by every layer.
//!
//! Nothing here does I/O, reads a clock or knows tokio. `model` imports no other module of
//! wirebench, so every other module may import it.

pub mod authority;
pub(crate) mod braces;
pub(crate) mod byte_size;
pub(crate) mod client;
pub(crate) mod counts;
pub mod endpoint;
pub mod exchange;
pub mod exchange_facts;
pub mod failure;
pub mod fault;
pub(crate) mod field;
pub mod field_access;
pub(crate) mod field_help;
pub mod field_id;
mod field_value;
mod fields;
pub(crate) mod file_error;
pub mod file_name;
pub(crate) mod fingerprint;
pub mod folds;
pub mod hold;
pub mod http;
pub mod http_relay;
pub mod id;
pub mod key;
pub(crate) mod listener;
pub(crate) mod name_order;
pub(crate) mod name_value;
pub mod payload;
mod payload_texts;
pub mod plan;
pub mod preset;
pub mod protocol;
pub mod recipe;
pub mod record;
pub(crate) mod relay;
pub mod relay_plan;
pub mod rewrite;
pub(crate) mod rule_tag;
pub mod secrets;
pub mod session_outcome;
pub(crate) mod shared_spec;
pub mod spec;
pub(crate) mod suggest;
pub mod theme;
pub mod timing;
pub mod tls;
pub mod trust;
pub(crate) mod url_text;
pub mod view;
pub mod wall_clock;
