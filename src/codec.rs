//! Bytes in, values out: pure functions without I/O, clock or state beyond their arguments.
//!
//! Called by the engine, the application and the formats of `interop`. Everything here is total:
//! arbitrary bytes give a value or an error that names the place, never a panic.

pub(crate) mod aws_signature;
pub mod beside;
pub(crate) mod byte_regex;
pub(crate) mod caching;
pub(crate) mod charset;
pub mod color_rules;
pub mod compare;
pub mod content_coding;
pub mod cookies;
pub(crate) mod data_tree;
pub(crate) mod decoded;
pub(crate) mod digest_auth;
pub(crate) mod disposition;
pub(crate) mod dns;
pub mod escape;
pub mod event_stream;
pub mod hex;
pub mod highlight;
pub mod http1;
pub(crate) mod http2;
pub(crate) mod http_date;
pub(crate) mod image;
pub(crate) mod joiners;
pub(crate) mod jq_text;
pub(crate) mod json_halves;
pub(crate) mod json_messages;
pub(crate) mod json_path;
pub(crate) mod json_pieces;
pub(crate) mod json_string;
pub(crate) mod json_text;
pub(crate) mod json_weight;
pub mod lines;
pub(crate) mod message_deflate;
pub mod multipart;
pub(crate) mod netrc;
pub(crate) mod path_pattern;
pub mod printable;
pub(crate) mod reading;
pub(crate) mod recipe;
pub(crate) mod search;
pub(crate) mod server_timing;
pub(crate) mod socks5;
pub(crate) mod socks5_client;
pub(crate) mod strict_toml;
pub(crate) mod syntax;
pub mod theme_file;
pub(crate) mod web_socket;
pub(crate) mod wrap_words;
pub(crate) mod xml_tree;
pub(crate) mod yaml_tree;
pub(crate) mod zone;
