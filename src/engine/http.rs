//! What the HTTP client and the HTTP listener share: reading sockets for the timeline, taking
//! bodies into the store, and the exchange in the making.

pub(crate) mod answer;
pub(crate) mod asked_rules;
pub(crate) mod body_receiver;
pub(crate) mod body_source;
pub(crate) mod decoding;
pub(crate) mod ending_order;
pub(crate) mod event_tap;
pub(crate) mod exchange_recorder;
pub(crate) mod failure;
pub(crate) mod faulted_answer;
pub(crate) mod faulted_write;
pub(crate) mod filled_answer;
pub(crate) mod folder_file;
pub(crate) mod made_answer;
pub(crate) mod message_writer;
pub(crate) mod tap;
